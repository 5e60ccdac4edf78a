//! A figure as a PNG.

use std::collections::BTreeSet;

use plotters::backend::BitMapBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{BitMapElement, Rectangle, Text};
use plotters::style::{
    Color as _, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, TextStyle,
};
use plotters_backend::DrawingBackend;

use super::backend::LetteredBackend;
use super::colormap::{Color, ColorTable};
use super::text::TextShaper;
use super::{Picture, RenderError};
use crate::figure::Figure;
use crate::figure::layout::{
    self, CellMatrix, Item, Layout, Rect, Rotation, TextFont, TextItem, Weight,
};

type Canvas<'picture> = DrawingArea<LetteredBackend<'picture>, Shift>;

/// Draws a figure. The same figure gives the same bytes, whatever the shaper
/// drew before.
///
/// # Errors
/// When the figure does not fit a canvas, or drawing or encoding fails.
pub fn encode(figure: &Figure<'_>, shaper: &mut TextShaper) -> Result<Picture, RenderError> {
    let layout = layout::layout(figure, shaper)?;
    let missing_glyphs = missing_glyphs(&layout, shaper);
    let (width, height) = (length(layout.width), length(layout.height));
    let colors = ColorTable::new(layout.palette);
    let mut pixels = colors.background().repeat(width as usize * height as usize);
    draw(&layout, &colors, &mut pixels, (width, height), shaper)?;
    let bytes = compress(&pixels, (width, height))?;
    Ok(Picture {
        bytes,
        width,
        height,
        missing_glyphs,
    })
}

/// Letters of a layout that no font has.
pub(super) fn missing_glyphs(layout: &Layout<'_>, shaper: &mut TextShaper) -> BTreeSet<char> {
    layout
        .texts()
        .flat_map(|text| shaper.shape(&text.text, text.font).missing.clone())
        .collect()
}

fn draw(
    layout: &Layout<'_>,
    colors: &ColorTable,
    pixels: &mut [u8],
    size: (u32, u32),
    shaper: &mut TextShaper,
) -> Result<(), RenderError> {
    let bitmap = BitMapBackend::with_buffer(pixels, size);
    let canvas = LetteredBackend::new(bitmap, shaper).into_drawing_area();
    for item in &layout.items {
        match item {
            Item::Rectangle { rect, ink } => {
                let color = rgb(colors.ink(*ink));
                let corners = [(rect.x, rect.y), (rect.right(), rect.bottom())];
                canvas
                    .draw(&Rectangle::new(corners, color.filled()))
                    .map_err(failed)?;
            }
            Item::Cells(cells) => blit(&canvas, cells.rect(), cell_pixels(cells, colors))?,
            Item::ColorBar(rect) => blit(&canvas, *rect, color_bar_pixels(*rect, colors))?,
            Item::Text(text) => draw_text(&canvas, text, colors)?,
        }
    }
    canvas.present().map_err(failed)
}

fn draw_text(canvas: &Canvas<'_>, item: &TextItem, colors: &ColorTable) -> Result<(), RenderError> {
    let rect = item.rect;
    let (transform, corner) = match item.rotation {
        Rotation::Level => (FontTransform::None, (rect.x, rect.y)),
        Rotation::Upward => (FontTransform::Rotate270, (rect.x, rect.bottom())),
    };
    let TextFont { size, weight } = item.font;
    let style = match weight {
        Weight::Regular => FontStyle::Normal,
        Weight::Bold => FontStyle::Bold,
    };
    let font = FontDesc::new(FontFamily::SansSerif, f64::from(size), style).transform(transform);
    let color = rgb(colors.ink(item.ink));
    let style = TextStyle::from(font).color(&color);
    canvas
        .draw(&Text::new(item.text.as_str(), corner, style))
        .map_err(failed)
}

/// The pixels of a map, row after row. Gaps between segments are paper.
pub(super) fn cell_pixels(cells: &CellMatrix<'_>, colors: &ColorTable) -> Vec<u8> {
    let extent = length(cells.extent()) as usize;
    let cell = length(cells.cell) as usize;
    let mut pixels = Vec::with_capacity(extent * extent * 3);
    let mut line = Vec::with_capacity(extent * 3);
    let background = colors.background();
    for row in 0..cells.side {
        while pixels.len() < length(cells.offset(row)) as usize * extent * 3 {
            pixels.extend_from_slice(&background);
        }
        line.clear();
        for column in 0..cells.side {
            if cells.gaps.contains(&column) {
                while line.len() < length(cells.offset(column)) as usize * 3 {
                    line.extend_from_slice(&background);
                }
            }
            let color = colors.color(cells.fraction(row, column));
            for _ in 0..cell {
                line.extend_from_slice(&color);
            }
        }
        for _ in 0..cell {
            pixels.extend_from_slice(&line);
        }
    }
    pixels
}

/// The pixels of a colour bar, the last colour at the top.
fn color_bar_pixels(rect: Rect, colors: &ColorTable) -> Vec<u8> {
    let last = (rect.height - 1).max(1) as f32;
    (0..rect.height)
        .flat_map(|row| {
            let color = colors.color(1.0 - row as f32 / last);
            std::iter::repeat_n(color, length(rect.width) as usize).flatten()
        })
        .collect()
}

pub(super) fn blit<B: DrawingBackend>(
    canvas: &DrawingArea<B, Shift>,
    rect: Rect,
    pixels: Vec<u8>,
) -> Result<(), RenderError> {
    let size = (length(rect.width), length(rect.height));
    let element = BitMapElement::with_owned_buffer((rect.x, rect.y), size, pixels);
    let element: BitMapElement<'_, _> = element.ok_or_else(|| RenderError::Drawing {
        message: format!("a bitmap does not fill its {} × {} pixels", size.0, size.1),
    })?;
    canvas.draw(&element).map_err(failed)
}

/// Row differences turn cells and paper into zeros, so that the lightest
/// compression makes half of what the png crate's fastest does, in a few
/// milliseconds; stronger ones take thrice the time for a fifth less.
fn compress(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, RenderError> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_depth(::png::BitDepth::Eight);
    encoder.set_deflate_compression(::png::DeflateCompression::Level(1));
    encoder.set_filter(::png::Filter::Up);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// What a layout measures is never negative.
pub(super) fn length(pixels: i32) -> u32 {
    u32::try_from(pixels).unwrap_or(0)
}

fn rgb([red, green, blue]: Color) -> RGBColor {
    RGBColor(red, green, blue)
}

pub(super) fn failed<E: std::error::Error + Send + Sync>(
    error: DrawingAreaErrorKind<E>,
) -> RenderError {
    let message = error.to_string();
    RenderError::Drawing { message }
}

/// Whether bytes are a PNG to the last byte; its checksums tell.
pub fn is_whole(bytes: &[u8]) -> bool {
    let decode = || {
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .ok()?;
        let mut pixels = vec![0; reader.output_buffer_size()?];
        reader.next_frame(&mut pixels).ok()?;
        reader.finish().ok()
    };
    decode().is_some()
}
