//! A figure as a PNG.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::Write;

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

/// The file is written in chunks of so many bytes.
const CHUNK: usize = 1 << 16;

thread_local! {
    /// The thread's canvas: fresh memory for every picture costs as much as
    /// drawing on it.
    static PIXELS: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Makes a canvas of blank paper.
fn fill(pixels: &mut Vec<u8>, (width, height): (u32, u32), paper: Color) {
    pixels.resize(width as usize * height as usize * 3, 0);
    match paper {
        // One byte can be set many times at once.
        [level, green, blue] if level == green && level == blue => pixels.fill(level),
        _ => pixels
            .as_chunks_mut::<3>()
            .0
            .iter_mut()
            .for_each(|pixel| *pixel = paper),
    }
}

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
    let mut pixels = PIXELS.take();
    fill(&mut pixels, (width, height), colors.background());
    let bytes = draw(&layout, &colors, &mut pixels, (width, height), shaper)
        .and_then(|()| compress(&pixels, (width, height)));
    PIXELS.set(pixels);
    Ok(Picture {
        bytes: bytes?,
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
    let canvas = LetteredBackend::new(pixels, size, shaper).into_drawing_area();
    for item in &layout.items {
        match item {
            Item::Rectangle { rect, ink } => {
                let color = rgb(colors.ink(*ink));
                let corners = [(rect.x, rect.y), (rect.right(), rect.bottom())];
                canvas
                    .draw(&Rectangle::new(corners, color.filled()))
                    .map_err(failed)?;
            }
            Item::Cells(cells) => draw_cells(&canvas, cells, colors)?,
            Item::ColorBar(rect) => draw_color_bar(&canvas, *rect, colors)?,
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

/// Draws the cells of a map. Gaps between segments are paper.
pub(super) fn draw_cells<B: DrawingBackend>(
    canvas: &DrawingArea<B, Shift>,
    cells: &CellMatrix<'_>,
    colors: &ColorTable,
) -> Result<(), RenderError> {
    let (left, top) = cells.origin;
    let cell = length(cells.cell) as usize;
    let paper = colors.background();
    let gap = paper.repeat(length(cells.gap) as usize);
    let blank = paper.repeat(length(cells.extent()) as usize);
    let mut line = Vec::with_capacity(blank.len());
    for row in 0..cells.side {
        line.clear();
        for column in 0..cells.side {
            if cells.gaps.contains(&column) {
                line.extend_from_slice(&gap);
            }
            let color = colors.color(cells.fraction(row, column));
            line.extend(std::iter::repeat_n(color, cell).flatten());
        }
        let y = top + cells.offset(row);
        if cells.gaps.contains(&row) {
            for y in y - cells.gap..y {
                draw_line(canvas, (left, y), &blank)?;
            }
        }
        for y in y..y + cells.cell {
            draw_line(canvas, (left, y), &line)?;
        }
    }
    Ok(())
}

/// Draws a colour bar, the last colour at the top.
fn draw_color_bar(canvas: &Canvas<'_>, rect: Rect, colors: &ColorTable) -> Result<(), RenderError> {
    let last = (rect.height - 1).max(1) as f32;
    for row in 0..rect.height {
        let color = colors.color(1.0 - row as f32 / last);
        let line = color.repeat(length(rect.width) as usize);
        draw_line(canvas, (rect.x, rect.y + row), &line)?;
    }
    Ok(())
}

/// Draws a row of pixels.
fn draw_line<B: DrawingBackend>(
    canvas: &DrawingArea<B, Shift>,
    corner: (i32, i32),
    line: &[u8],
) -> Result<(), RenderError> {
    let width = u32::try_from(line.len() / 3).unwrap_or(0);
    if width == 0 {
        return Ok(());
    }
    let element = BitMapElement::with_ref(corner, (width, 1), line);
    let element = element.ok_or_else(|| RenderError::Drawing {
        message: format!("a row of pixels does not fill its width of {width}"),
    })?;
    canvas.draw(&element).map_err(failed)
}

/// Most rows of a heatmap repeat the row above them: as differences they are
/// zeros, which fdeflate turns into a few bytes faster than memory delivers
/// them. The filter of any other row is the one that suits it best.
fn compress(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, RenderError> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_depth(::png::BitDepth::Eight);
    encoder.set_deflate_compression(::png::DeflateCompression::FdeflateUltraFast);
    let mut writer = encoder.write_header()?;
    let mut stream = writer.stream_writer_with_size(CHUNK)?;
    let mut above: &[u8] = &[];
    for row in pixels.chunks_exact(width as usize * 3) {
        stream.set_filter(match row == above {
            true => ::png::Filter::Up,
            false => ::png::Filter::Paeth,
        });
        stream.write_all(row).map_err(::png::EncodingError::from)?;
        above = row;
    }
    stream.finish()?;
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
