//! All maps of a run in one small picture, for a page of many runs: no text,
//! a palette, and nothing painted between the maps, so that it sits on light
//! and dark paper alike.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::colormap::{Color, ColorTable};
use super::deflate::RowCompressor;
use super::png::{cell_line, file, length};
use super::{Picture, RenderError};
use crate::analysis::Shown;
use crate::figure::layout::{Item, Layout, thumbnail as lay_out, thumbnail_size};
use crate::figure::{self, Body, FigureOptions};
use crate::run::Run;

/// Stands for "nothing painted" while drawing. No colour map has it.
const TRANSPARENT: Color = [254, 1, 253];

/// Draws all maps of a run without any text, coloured as in its overview. Its
/// size is that of [`size`], whatever the number of tokens.
///
/// # Errors
/// When the run's tensor does not fit its tokens, there are more layers or
/// heads than pixels, or drawing or encoding fails.
pub fn thumbnail(
    run: &Run,
    shown: &Shown<'_>,
    options: &FigureOptions,
) -> Result<Picture, RenderError> {
    let figure = figure::overview(run, shown, options)?;
    let layout = match &figure.body {
        Body::Grid(grid) => lay_out(grid, figure.palette)?,
        Body::Map(_) | Body::Profile(_) => {
            let message = "an overview is a grid".to_owned();
            return Err(RenderError::Drawing { message });
        }
    };
    let pixels = draw(&layout);
    let (width, height) = (length(layout.width), length(layout.height));
    Ok(Picture {
        bytes: compress(&pixels, (width, height))?,
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
fn draw(layout: &Layout<'_>) -> Vec<u8> {
    let width = length(layout.width) as usize;
    let mut pixels = TRANSPARENT.repeat(width * length(layout.height) as usize);
    let colors = ColorTable::new(layout.palette);
    let mut line = Vec::new();
    for item in &layout.items {
        let Item::Cells(cells) = item else {
            continue;
        };
        // Every cell is a pixel.
        let start = length(cells.origin.1) as usize * width + length(cells.origin.0) as usize;
        let rows = pixels.get_mut(start * 3..).unwrap_or_default();
        for (row, place) in (0..cells.side).zip(rows.chunks_mut(width.max(1) * 3)) {
            cell_line(cells, row, &colors, &[], &mut line);
            if let Some(place) = place.get_mut(..line.len()) {
                place.copy_from_slice(&line);
            }
        }
    }
    pixels
}

/// A byte a pixel: the layout leaves fewer colours than a palette holds.
fn compress(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, RenderError> {
    let mut indices: BTreeMap<Color, u8> = BTreeMap::from([(TRANSPARENT, 0)]);
    let mut palette: Vec<u8> = TRANSPARENT.to_vec();
    let mut indexed = Vec::with_capacity(pixels.len() / 3);
    // What was found last among the colours that look alike to a sum.
    let mut found = [(TRANSPARENT, 0); 256];
    for &color in pixels.as_chunks::<3>().0 {
        let [red, green, blue] = color;
        let sum = red.wrapping_mul(31).wrapping_add(green).wrapping_add(blue);
        let found = &mut found[usize::from(sum)];
        if found.0 != color {
            let next = indices.len();
            let index = match indices.entry(color) {
                Entry::Occupied(entry) => *entry.get(),
                Entry::Vacant(entry) => {
                    let index = u8::try_from(next).map_err(|_| RenderError::Drawing {
                        message: "a thumbnail has more colours than a palette".to_owned(),
                    })?;
                    palette.extend_from_slice(&color);
                    *entry.insert(index)
                }
            };
            *found = (color, index);
        }
        indexed.push(found.1);
    }
    let mut compressor = RowCompressor::new();
    compressor.start(width as usize, 1);
    let mut rows = indexed.chunks_exact((width as usize).max(1)).peekable();
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
        encoder.set_palette(palette);
        encoder.set_trns([0].as_slice());
    })
}
