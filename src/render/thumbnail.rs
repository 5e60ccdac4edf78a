//! All maps of a run in one small picture, for a page of many runs: no text,
//! a palette, and nothing painted between the maps, so that it sits on light
//! and dark paper alike.

use super::colormap::{Color, ColorTable};
use super::deflate::RowCompressor;
use super::palette::IndexedColors;
use super::png::{cell_line, cell_steps, file, length};
use super::{Picture, RenderError};
use crate::analysis::Maps;
use crate::figure::layout::{Ink, Item, Layout, thumbnail as lay_out, thumbnail_size};
use crate::figure::{self, Body, FigureOptions};
use crate::run::Run;

/// Stands for "nothing painted"; it is not seen.
const TRANSPARENT: Color = [254, 1, 253];

/// Draws all maps of a run without any text, coloured as in its overview. Its
/// size is that of [`size`], whatever the number of tokens.
///
/// # Errors
/// When the run's tensor does not fit its tokens, there are more layers or
/// heads than pixels, or drawing or encoding fails.
pub fn thumbnail(
    run: &Run,
    maps: &Maps<'_>,
    options: &FigureOptions,
) -> Result<Picture, RenderError> {
    let figure = figure::overview(run, maps, options)?;
    let layout = match &figure.body {
        Body::Grid(grid) => lay_out(grid, figure.palette)?,
        Body::Map(_) | Body::Profile(_) => {
            let message = "an overview is a grid".to_owned();
            return Err(RenderError::Drawing { message });
        }
    };
    let steps = cell_steps(&layout, &ColorTable::new(layout.palette));
    let colors = IndexedColors::new(&layout, &steps, TRANSPARENT);
    let pixels = draw(&layout, &steps, &colors);
    let (width, height) = (length(layout.width), length(layout.height));
    Ok(Picture {
        bytes: compress(&pixels, &colors, (width, height))?,
        width,
        height,
        missing_glyphs: Default::default(),
    })
}

/// Width and height of the thumbnail of so many layers and heads, in pixels.
pub fn size(layer_count: usize, head_count: usize) -> (u32, u32) {
    let (width, height) = thumbnail_size(layer_count, head_count);
    (length(width), length(height))
}

/// The pixels, row after row.
fn draw(layout: &Layout<'_>, steps: &[Vec<u16>], colors: &IndexedColors) -> Vec<u8> {
    let width = length(layout.width) as usize;
    let transparent = colors.ink(Ink::Paper);
    let mut pixels = vec![transparent; width * length(layout.height) as usize];
    let mut line = Vec::new();
    for (item, steps) in layout.items.iter().zip(steps) {
        let Item::Cells(cells) = item else {
            continue;
        };
        // Every cell is a pixel.
        let start = length(cells.origin.1) as usize * width + length(cells.origin.0) as usize;
        let rows = pixels.get_mut(start..).unwrap_or_default();
        let lines = steps.chunks_exact(cells.columns.count.max(1));
        for (steps, place) in lines.zip(rows.chunks_mut(width.max(1))) {
            cell_line(cells, steps, colors, &mut line);
            if let Some(place) = place.get_mut(..line.len()) {
                place.copy_from_slice(&line);
            }
        }
    }
    pixels
}

/// A file of pixels whose first colour is none.
fn compress(
    pixels: &[u8],
    colors: &IndexedColors,
    (width, height): (u32, u32),
) -> Result<Vec<u8>, RenderError> {
    let mut compressor = RowCompressor::new();
    compressor.start(width as usize);
    let mut rows = pixels.chunks_exact((width as usize).max(1)).peekable();
    let mut above = None;
    while let Some(row) = rows.next() {
        let mut count = 1;
        while rows.next_if(|next| *next == row).is_some() {
            count += 1;
        }
        compressor.push(row, above, count);
        above = Some(row);
    }
    file((width, height), compressor.finish(), |encoder| {
        encoder.set_color(::png::ColorType::Indexed);
        encoder.set_palette(colors.to_bytes());
        encoder.set_trns([0].as_slice());
    })
}
