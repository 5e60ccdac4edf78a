//! A figure as a PNG of palette colours.

mod canvas;
mod palette;
mod pixels;
mod rows;

use std::cell::Cell;
use std::io::{self, Write};

use flate2::write::ZlibEncoder;
use plotters::drawing::IntoDrawingArea;

use super::colormap::{Color, STEPS};
use super::draw::{Drawing, draw};
use super::{Picture, RenderError};
use crate::figure::Body;
use canvas::Canvas;
use palette::IndexedColors;
use pixels::PixelRows;
use rows::filter_rows;

/// Stands for "nothing painted"; it is not seen.
const TRANSPARENT: Color = [254, 1, 253];

/// What a file takes beside its pixels, about, in bytes.
const HEAD_SIZE: usize = 1_024;

/// From so many texts for each colour on, a map is repetitive: there fdeflate
/// makes files twice as long as zlib does.
const MOST_TEXTS_PER_COLOR: usize = 16;

thread_local! {
    /// What a thread draws on: fresh memory for every picture costs as much as
    /// drawing.
    static PIXELS: Cell<PixelRows> = Cell::default();
}

/// Encodes a drawing. The same figure gives the same bytes on every machine.
///
/// # Errors
/// When drawing or encoding fails.
pub fn encode(drawing: &Drawing<'_>) -> Result<Picture, RenderError> {
    encode_on(drawing, drawing.colors.background(), |_| {})
}

/// The same with nothing where there would be paper.
pub(super) fn encode_transparent(drawing: &Drawing<'_>) -> Result<Picture, RenderError> {
    encode_on(drawing, TRANSPARENT, |encoder| {
        encoder.set_trns([0].as_slice());
    })
}

fn encode_on(
    drawing: &Drawing<'_>,
    paper: Color,
    describe: impl FnOnce(&mut ::png::Encoder<'_, &mut Vec<u8>>),
) -> Result<Picture, RenderError> {
    let (width, height) = drawing.size();
    let colors = IndexedColors::new(drawing, paper);
    let mut pixels = PIXELS.take();
    let canvas = Canvas::new(&mut pixels, (width, height), &colors);
    let bytes = draw(drawing, &canvas.into_drawing_area()).and_then(|()| {
        let stream = compress(&pixels, drawing)?;
        let mut bytes = Vec::with_capacity(stream.len() + HEAD_SIZE);
        let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
        encoder.set_depth(::png::BitDepth::Eight);
        encoder.set_color(::png::ColorType::Indexed);
        encoder.set_palette(colors.to_bytes());
        describe(&mut encoder);
        let mut writer = encoder.write_header()?;
        writer.write_chunk(::png::chunk::IDAT, &stream)?;
        writer.finish()?;
        Ok(bytes)
    });
    PIXELS.set(pixels);
    Ok(drawing.picture(bytes?))
}

/// The zlib stream of pixels, as measured: fdeflate is the fastest by far, and
/// what is made by the hundred is small enough with it. It has no words for
/// what comes again and again, as the cells of grids do: there zlib's level 2
/// makes files a third shorter.
fn compress(pixels: &PixelRows, drawing: &Drawing<'_>) -> io::Result<Vec<u8>> {
    let stream = Vec::with_capacity(pixels.pixel_count() / 16);
    let is_repetitive = match drawing.figure.body {
        Body::Map(_) | Body::Profile(_) | Body::Difference(_) | Body::Lines(_) | Body::Text(_) => {
            repeats_numbers(drawing)
        }
        Body::Grid(_) | Body::Scores(_) => true,
    };
    match is_repetitive {
        false => {
            let mut compressor = fdeflate::Compressor::new(stream)?;
            filter_rows(pixels, |row| compressor.write_data(row))?;
            compressor.finish()
        }
        true => {
            let mut compressor = ZlibEncoder::new(stream, flate2::Compression::new(2));
            filter_rows(pixels, |row| compressor.write_all(row))?;
            compressor.finish()
        }
    }
}

/// Whether the same numbers stand in cells of the same colours again and again:
/// there are many texts for each colour of the map, which is drawn first.
fn repeats_numbers(drawing: &Drawing<'_>) -> bool {
    let mut is_used = [false; STEPS + 1];
    for &step in drawing.steps.iter().take(1).flatten() {
        if let Some(is_used) = is_used.get_mut(usize::from(step)) {
            *is_used = true;
        }
    }
    let color_count = is_used.into_iter().filter(|&is_used| is_used).count();
    color_count > 0 && drawing.layout.texts().count() > MOST_TEXTS_PER_COLOR * color_count
}
