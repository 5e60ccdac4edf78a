//! A figure as a PNG.
//!
//! A picture is drawn and compressed a band of rows at a time, so that it stays
//! where the CPU reaches it fast, and of rows that repeat only the first is
//! ever made.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};

use super::backend::{Band, Lettering, Stripe};
use super::colormap::ColorTable;
use super::deflate::RowCompressor;
use super::folding::{Changes, Folding};
use super::palette::IndexedColors;
use super::text::{ShapedText, TextShaper};
use super::{Picture, RenderError};
use crate::figure::Figure;
use crate::figure::layout::{self, CellMatrix, Ink, Item, Layout, Rect, Rotation};

type Canvas<'pixels> = DrawingArea<Band<'pixels>, Shift>;

/// What a band takes at most, in bytes, unless a few rows take more.
const BAND_SIZE: usize = 1 << 18;
/// The fewest rows of a band.
const SHORTEST_BAND: usize = 8;

thread_local! {
    /// What a thread draws on and compresses with: fresh memory for every
    /// picture costs as much as drawing.
    static WORKSHOP: Cell<Option<Box<Workshop>>> = const { Cell::new(None) };
}

#[derive(Default)]
struct Workshop {
    /// The row above a band, then the band.
    pixels: Vec<u8>,
    compressor: RowCompressor,
}

/// Draws a figure. The same figure gives the same bytes, whatever the shaper
/// drew before.
///
/// # Errors
/// When the figure does not fit a canvas, or drawing or encoding fails.
pub fn encode(figure: &Figure<'_>, shaper: &mut TextShaper) -> Result<Picture, RenderError> {
    let layout = layout::layout(figure, shaper)?;
    let texts = shape(&layout, shaper);
    let size = (length(layout.width), length(layout.height));
    let missing = texts.iter().flatten().flat_map(|text| &text.missing);
    let missing_glyphs = missing.copied().collect();
    let mut workshop = WORKSHOP.take().unwrap_or_default();
    let sheet = Sheet::new(&layout, &texts);
    let bytes = sheet.draw(&mut workshop).and_then(|()| {
        file(size, workshop.compressor.finish(), |encoder| {
            encoder.set_color(::png::ColorType::Indexed);
            encoder.set_palette(sheet.colors.to_bytes());
        })
    });
    WORKSHOP.set(Some(workshop));
    Ok(Picture {
        bytes: bytes?,
        width: size.0,
        height: size.1,
        missing_glyphs,
    })
}

/// The lines of text of a layout, for each of its items.
fn shape(layout: &Layout<'_>, shaper: &mut TextShaper) -> Vec<Option<Arc<ShapedText>>> {
    let items = layout.items.iter();
    let shaped = items.map(|item| match item {
        Item::Text(text) => Some(shaper.shape(&text.text, text.font)),
        _ => None,
    });
    shaped.collect()
}

/// A file around compressed rows.
pub(super) fn file(
    (width, height): (u32, u32),
    stream: &[u8],
    describe: impl FnOnce(&mut ::png::Encoder<'_, &mut Vec<u8>>),
) -> Result<Vec<u8>, RenderError> {
    // The rest is a few dozen bytes, and a palette.
    let mut bytes = Vec::with_capacity(stream.len() + 1_024);
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_depth(::png::BitDepth::Eight);
    describe(&mut encoder);
    let mut writer = encoder.write_header()?;
    writer.write_chunk(::png::chunk::IDAT, stream)?;
    writer.finish()?;
    Ok(bytes)
}

/// A layout ready to be drawn.
struct Sheet<'layout> {
    layout: &'layout Layout<'layout>,
    texts: &'layout [Option<Arc<ShapedText>>],
    colors: IndexedColors,
    /// The steps of the cells of each item; none for what has no cells.
    steps: Vec<Vec<u16>>,
    folding: Folding,
    /// Bytes a row, one a pixel.
    stride: usize,
}

impl<'layout> Sheet<'layout> {
    fn new(layout: &'layout Layout<'_>, texts: &'layout [Option<Arc<ShapedText>>]) -> Self {
        let table = ColorTable::new(layout.palette);
        let steps = cell_steps(layout, &table);
        let colors = IndexedColors::new(layout, &steps, table.background());
        let mut changes = Changes::new(length(layout.height));
        for (item, text) in layout.items.iter().zip(texts) {
            add_changes(item, text.as_deref(), &colors, &mut changes);
        }
        Self {
            layout,
            texts,
            colors,
            steps,
            folding: changes.fold(),
            stride: length(layout.width) as usize,
        }
    }

    fn draw(&self, workshop: &mut Workshop) -> Result<(), RenderError> {
        let Workshop { pixels, compressor } = workshop;
        compressor.start(self.stride);
        let band_rows = (BAND_SIZE / self.stride.max(1)).max(SHORTEST_BAND);
        let size = (band_rows + 1) * self.stride;
        if pixels.len() < size {
            pixels.resize(size, 0);
        }
        let bands = self.folding.counts().chunks(band_rows);
        let items = self.items_by_band(band_rows, bands.len());
        let mut start = 0;
        for (counts, items) in bands.zip(&items) {
            let size = self.stride..(counts.len() + 1) * self.stride;
            let band = pixels.get_mut(size.clone()).unwrap_or_default();
            let rows = start..start + pixel_count(counts.len());
            self.draw_band(band, rows, items)?;
            for (index, &count) in counts.iter().enumerate() {
                let rows = pixels.get(index * self.stride..).unwrap_or_default();
                let Some((above, rows)) = rows.split_at_checked(self.stride) else {
                    continue;
                };
                let above = (start > 0 || index > 0).then_some(above);
                compressor.push(rows.get(..self.stride).unwrap_or_default(), above, count);
            }
            // The last row is the one above the next band.
            pixels.copy_within(size.end - self.stride..size.end, 0);
            start += pixel_count(counts.len());
        }
        Ok(())
    }

    /// The items that touch each band, in their order.
    fn items_by_band(&self, band_rows: usize, band_count: usize) -> Vec<Vec<usize>> {
        let mut bands = vec![Vec::new(); band_count];
        for (index, (item, text)) in self.layout.items.iter().zip(self.texts).enumerate() {
            let rows = self.folding.rows(extent(item, text.as_deref()));
            if rows.is_empty() {
                continue;
            }
            let [first, last] = [rows.start, rows.end - 1].map(|row| length(row) as usize);
            let touched = bands.iter_mut().take(last / band_rows + 1);
            for band in touched.skip(first / band_rows) {
                band.push(index);
            }
        }
        bands
    }

    /// Draws on some folded rows.
    fn draw_band(
        &self,
        pixels: &mut [u8],
        rows: Range<i32>,
        items: &[usize],
    ) -> Result<(), RenderError> {
        let size = (length(self.layout.width), length(rows.end - rows.start));
        pixels.fill(self.colors.ink(Ink::Paper));
        let canvas = Band::new(pixels, size, &self.colors).into_drawing_area();
        for &index in items {
            let (item, text) = (self.layout.items.get(index), self.texts.get(index));
            match (item, text) {
                (Some(Item::Rectangle { rect, ink }), _) => {
                    let place = self.folding.rows(rect.y..rect.bottom());
                    let line = vec![self.colors.ink(*ink); length(rect.width) as usize];
                    let corner = (rect.x, place.start - rows.start);
                    stripe(&canvas, corner, place.end - place.start, &line)?;
                }
                (Some(Item::Cells(cells)), _) => {
                    let steps = self.steps.get(index).map_or(&[][..], Vec::as_slice);
                    self.draw_cells(&canvas, cells, steps, &rows)?;
                }
                (Some(Item::ColorBar(bar)), _) => self.draw_color_bar(&canvas, *bar, &rows)?,
                (Some(Item::Text(item)), Some(Some(text))) => {
                    let (x, y) = match item.rotation {
                        Rotation::Level => (item.rect.x, item.rect.y),
                        Rotation::Upward => (item.rect.x, item.rect.bottom()),
                    };
                    let inked = ink_rows(item.rect, item.rotation, text);
                    let y = y - inked.start + self.folding.row(inked.start) - rows.start;
                    let lettering = Lettering {
                        corner: (x, y),
                        text,
                        rotation: item.rotation,
                        shades: self.colors.shades(item.ink),
                    };
                    canvas.draw(&lettering).map_err(failed)?;
                }
                _ => {}
            }
        }
        canvas.present().map_err(failed)
    }

    /// Draws the cells of a map. Gaps between segments are paper.
    fn draw_cells(
        &self,
        canvas: &Canvas<'_>,
        cells: &CellMatrix<'_>,
        steps: &[u16],
        rows: &Range<i32>,
    ) -> Result<(), RenderError> {
        let (left, top) = cells.origin;
        let paper = self.colors.ink(Ink::Paper);
        let mut line = Vec::new();
        let lines = steps.chunks_exact(cells.columns.count.max(1)).enumerate();
        for (row, steps) in lines {
            let y = top + cells.row_offset(row);
            let place = self.folding.rows(y..y + cells.cell);
            if place.start < rows.end && rows.start < place.end {
                cell_line(cells, steps, &self.colors, &mut line);
                let height = place.end - place.start;
                stripe(canvas, (left, place.start - rows.start), height, &line)?;
            }
            if cells.rows.gaps.contains(&row) {
                let place = self.folding.rows(y - cells.gap..y);
                let gap = vec![paper; length(cells.width()) as usize];
                let height = place.end - place.start;
                stripe(canvas, (left, place.start - rows.start), height, &gap)?;
            }
        }
        Ok(())
    }

    /// Draws a colour bar, the last colour at the top.
    fn draw_color_bar(
        &self,
        canvas: &Canvas<'_>,
        bar: Rect,
        rows: &Range<i32>,
    ) -> Result<(), RenderError> {
        for row in 0..bar.height {
            let place = self.folding.row(bar.y + row);
            if rows.contains(&place) {
                let color = bar_color(&bar, row, &self.colors);
                let line = vec![color; length(bar.width) as usize];
                stripe(canvas, (bar.x, place - rows.start), 1, &line)?;
            }
        }
        Ok(())
    }
}

/// Marks the rows in which an item begins, changes or ends.
fn add_changes(
    item: &Item<'_>,
    text: Option<&ShapedText>,
    colors: &IndexedColors,
    changes: &mut Changes,
) {
    let rows = extent(item, text);
    match item {
        Item::Rectangle { .. } => {}
        Item::Cells(cells) => {
            for row in 0..cells.rows.count {
                let y = cells.origin.1 + cells.row_offset(row);
                changes.add(y);
                if cells.rows.gaps.contains(&row) {
                    changes.add(y - cells.gap);
                }
            }
        }
        Item::ColorBar(bar) => {
            let mut above = None;
            for row in 0..bar.height {
                let color = Some(bar_color(bar, row, colors));
                if color != above {
                    changes.add(bar.y + row);
                }
                above = color;
            }
        }
        Item::Text(_) => changes.add_all(rows.clone()),
    }
    if !rows.is_empty() {
        changes.add(rows.start);
        changes.add(rows.end);
    }
}

/// The rows of an item.
fn extent(item: &Item<'_>, text: Option<&ShapedText>) -> Range<i32> {
    let rect = match item {
        Item::Rectangle { rect, .. } | Item::ColorBar(rect) => *rect,
        Item::Cells(cells) => cells.rect(),
        Item::Text(item) => {
            let rows = text.map(|text| ink_rows(item.rect, item.rotation, text));
            return rows.unwrap_or(0..0);
        }
    };
    rect.y..rect.bottom()
}

/// The rows that the ink of a text touches.
fn ink_rows(rect: Rect, rotation: Rotation, text: &ShapedText) -> Range<i32> {
    let ink = &text.ink;
    match rotation {
        Rotation::Level => rect.y + ink.top..rect.y + ink.top + ink.height,
        Rotation::Upward if ink.height == 0 => rect.y..rect.y,
        Rotation::Upward => {
            let width = i32::try_from(ink.width).unwrap_or(0);
            let first = rect.bottom() - ink.left - width;
            first.max(rect.y)..rect.bottom() - ink.left
        }
    }
}

/// The steps of the scale that cells have, for each item of a layout.
pub(super) fn cell_steps(layout: &Layout<'_>, table: &ColorTable) -> Vec<Vec<u16>> {
    let items = layout.items.iter();
    let steps = items.map(|item| match item {
        Item::Cells(cells) => {
            // A step is at most the number of steps.
            let step = |&value: &f32| table.step(cells.range.fraction(value)) as u16;
            cells.values.iter().map(step).collect()
        }
        _ => Vec::new(),
    });
    steps.collect()
}

/// Pixels of a cell that are made together.
const PATTERN: usize = 16;

/// The pixels of a row of cells with some steps. Gaps between segments are
/// paper.
pub(super) fn cell_line(
    cells: &CellMatrix<'_>,
    steps: &[u16],
    colors: &IndexedColors,
    line: &mut Vec<u8>,
) {
    let [extent, cell, gap] = [cells.width(), cells.cell, cells.gap].map(|it| length(it) as usize);
    line.clear();
    // Some too many pixels are faster than knowing where a cell ends.
    line.resize(extent + PATTERN, colors.ink(Ink::Paper));
    let mut gaps = cells.columns.gaps.iter().peekable();
    let mut start = 0;
    for (column, &step) in steps.iter().enumerate() {
        if gaps.next_if(|&&gap| gap == column).is_some() {
            let paper = line.get_mut(start..start + gap).unwrap_or_default();
            paper.fill(colors.ink(Ink::Paper));
            start += gap;
        }
        let index = colors.step(step);
        let place = line.get_mut(start..).unwrap_or_default();
        if let Some(pattern) = place.first_chunk_mut::<PATTERN>() {
            *pattern = [index; PATTERN];
        }
        if cell > PATTERN {
            place.get_mut(PATTERN..cell).unwrap_or_default().fill(index);
        }
        start += cell;
    }
    line.truncate(extent);
}

/// The index of a row of a colour bar.
fn bar_color(bar: &Rect, row: i32, colors: &IndexedColors) -> u8 {
    let last = (bar.height - 1).max(1) as f32;
    colors.fraction(1.0 - row as f32 / last)
}

fn stripe(
    canvas: &Canvas<'_>,
    corner: (i32, i32),
    height: i32,
    line: &[u8],
) -> Result<(), RenderError> {
    let stripe = Stripe {
        corner,
        line,
        height,
    };
    canvas.draw(&stripe).map_err(failed)
}

/// What a layout measures is never negative.
pub(super) fn length(pixels: i32) -> u32 {
    u32::try_from(pixels).unwrap_or(0)
}

/// A number of rows as a coordinate.
fn pixel_count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX / 2)
}

fn failed<E: std::error::Error + Send + Sync>(error: DrawingAreaErrorKind<E>) -> RenderError {
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
