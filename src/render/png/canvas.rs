//! The backend of plotters that PNGs are drawn with: pixels that are indices of
//! a palette.

use std::convert::Infallible;
use std::ops::Range;

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};

use super::super::colormap::Color;
use super::super::draw::{Grid, GridBackend, length};
use super::palette::IndexedColors;
use super::pixels::PixelRows;

/// The pixels of a picture and its palette. What is outside is cut off.
pub(super) struct Canvas<'pixels> {
    pixels: &'pixels mut PixelRows,
    size: (u32, u32),
    colors: &'pixels IndexedColors,
}

impl<'pixels> Canvas<'pixels> {
    /// A canvas of nothing but paper.
    pub(super) fn new(
        pixels: &'pixels mut PixelRows,
        size: (u32, u32),
        colors: &'pixels IndexedColors,
    ) -> Self {
        pixels.clear(size, IndexedColors::PAPER);
        Self {
            pixels,
            size,
            colors,
        }
    }
}

type Outcome = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Canvas<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Outcome {
        Ok(())
    }

    fn present(&mut self) -> Outcome {
        Ok(())
    }

    /// plotters demands it; a pixel is the smallest rectangle.
    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome {
        self.draw_rect(point, point, &color, true)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        _fill: bool,
    ) -> Outcome {
        let index = self.colors.index(channels(style.color()));
        let (rows, columns) = (top..bottom + 1, left..right + 1);
        self.pixels
            .change(rows, columns, |pixels| pixels.fill(index));
        Ok(())
    }

    /// Lays the pixels of the letters, which their style has, over what is below.
    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (left, top): BackendCoord,
    ) -> Outcome {
        let layout_box = style.layout_box(text);
        let ((start, ascent), (end, descent)) =
            layout_box.map_err(|error| DrawingErrorKind::FontError(Box::new(error)))?;
        let is_upward = match style.transform() {
            FontTransform::Rotate270 => true,
            FontTransform::None | FontTransform::Rotate90 | FontTransform::Rotate180 => false,
        };
        let pen = self.colors.pen((left, top), channels(style.color()));
        let rows = match is_upward {
            true => top + 1 - (end - start)..top + 1,
            false => top..top + descent - ascent,
        };
        let width = self.pixels.width() as u64;
        let pixels = self.pixels.write_rows(rows);
        let drawn = style.draw(text, (-start, -ascent), |along, down, color| {
            let (x, y) = match is_upward {
                true => (left + down, top - along),
                false => (left + along, top + down),
            };
            // What is negative is beyond the last pixel, too.
            let [x, y] = [x, y].map(|place| u32::try_from(place).unwrap_or(u32::MAX));
            let place = usize::try_from(u64::from(y) * width + u64::from(x));
            let pixel = place.ok().and_then(|place| pixels.get_mut(place));
            if let (true, Some(pixel)) = (u64::from(x) < width, pixel) {
                *pixel = pen.cover(*pixel, color.alpha);
            }
            Ok::<(), Infallible>(())
        });
        match drawn {
            Ok(Ok(())) => Ok(()),
            Err(error) => Err(DrawingErrorKind::FontError(Box::new(error))),
        }
    }
}

impl GridBackend for Canvas<'_> {
    fn draw_grid(&mut self, (left, top): BackendCoord, grid: &Grid<'_>) -> Outcome {
        let colors = self.colors;
        let end = grid.columns.last().map_or(0, |column| column.end);
        let steps = grid.steps.chunks(grid.columns.len().max(1));
        let rows: Vec<_> = grid.rows.iter().zip(steps).collect();
        // A colour bar has more rows than there are steps.
        let is_more = |(row, steps): &(&Range<i32>, &[u16]), next: &(&Range<i32>, &[u16])| {
            row.end == next.0.start && *steps == next.1
        };
        for alike in rows.chunk_by(is_more) {
            let (Some((first, steps)), Some((last, _))) = (alike.first(), alike.last()) else {
                continue;
            };
            let rows = top + first.start..top + last.end;
            self.pixels.change(rows, left..left + end, |pixels| {
                for (columns, &step) in grid.columns.iter().zip(*steps) {
                    let columns = length(columns.start) as usize..length(columns.end) as usize;
                    match pixels.get_mut(columns).unwrap_or_default() {
                        // Filling takes longer than that.
                        [pixel] => *pixel = colors.step(step),
                        cell => cell.fill(colors.step(step)),
                    }
                }
            });
        }
        Ok(())
    }
}

fn channels(color: BackendColor) -> Color {
    let (red, green, blue) = color.rgb;
    [red, green, blue]
}
