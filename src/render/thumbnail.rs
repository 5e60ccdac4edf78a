//! All maps of a run in one small picture, for a page of many runs: no text,
//! a palette, and nothing painted between the maps, so that it sits on light
//! and dark paper alike.

use std::collections::BTreeMap;

use plotters::backend::BitMapBackend;
use plotters::drawing::IntoDrawingArea;

use super::colormap::{Color, ColorTable};
use super::png::{draw_cells, failed, length};
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
    let pixels = draw(&layout)?;
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

fn draw(layout: &Layout<'_>) -> Result<Vec<u8>, RenderError> {
    let size = (length(layout.width), length(layout.height));
    let mut pixels = TRANSPARENT.repeat(size.0 as usize * size.1 as usize);
    let canvas = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
    let colors = ColorTable::new(layout.palette);
    for item in &layout.items {
        if let Item::Cells(cells) = item {
            draw_cells(&canvas, cells, &colors)?;
        }
    }
    canvas.present().map_err(failed)?;
    drop(canvas);
    Ok(pixels)
}

/// A byte a pixel: the layout leaves fewer colours than a palette holds.
fn compress(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, RenderError> {
    let mut indices: BTreeMap<Color, u8> = BTreeMap::from([(TRANSPARENT, 0)]);
    let mut palette: Vec<u8> = TRANSPARENT.to_vec();
    let mut indexed = Vec::with_capacity(pixels.len() / 3);
    for &[red, green, blue] in pixels.as_chunks::<3>().0 {
        let color = [red, green, blue];
        let index = match indices.get(&color) {
            Some(&index) => index,
            None => {
                let index = u8::try_from(indices.len()).map_err(|_| RenderError::Drawing {
                    message: "a thumbnail has more colours than a palette".to_owned(),
                })?;
                palette.extend_from_slice(&color);
                indices.insert(color, index);
                index
            }
        };
        indexed.push(index);
    }
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(::png::ColorType::Indexed);
    encoder.set_depth(::png::BitDepth::Eight);
    encoder.set_palette(palette);
    encoder.set_trns([0].as_slice());
    encoder.set_deflate_compression(::png::DeflateCompression::Level(6));
    encoder.set_filter(::png::Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&indexed)?;
    writer.finish()?;
    Ok(bytes)
}
