//! The backend of plotters that PNGs are drawn with: pixels that are indices of
//! a palette.

use std::convert::Infallible;
use std::ops::Range;

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};

use super::super::colormap::Color;
use super::super::draw::{Grid, GridBackend, LineBackend, Lines, length};
use super::palette::IndexedColors;
use super::pixels::PixelRows;
use crate::figure::layout::Line;

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

impl LineBackend for Canvas<'_> {
    /// Mixes the edges of lines with what is below them by the steps of the scale,
    /// of which the first is the paper.
    fn draw_lines(&mut self, lines: &Lines<'_>) -> Outcome {
        let area = lines.bundle.area;
        let [width, height] = [area.width, area.height].map(|side| length(side) as usize);
        let mut steps = vec![0.0_f32; width * height];
        for (line, &step) in lines.bundle.lines.iter().zip(lines.steps) {
            cover(&mut steps, [width, height], line, f32::from(step));
        }
        let colors = self.colors;
        for (row, steps) in steps.chunks_exact(width.max(1)).enumerate() {
            let y = area.y + i32::try_from(row).unwrap_or(i32::MAX);
            self.pixels
                .change(y..y + 1, area.x..area.right(), |pixels| {
                    for (pixel, &step) in pixels.iter_mut().zip(steps) {
                        let step = (step + 0.5) as u16;
                        if step > 0 {
                            *pixel = colors.step(step);
                        }
                    }
                });
        }
        Ok(())
    }
}

/// Lays a line over the steps of an area, row after row; of a pixel as much as the
/// line covers of it.
fn cover(steps: &mut [f32], [width, height]: [usize; 2], line: &Line, step: f32) {
    let (left, right) = (line.left as f32, line.right as f32);
    let slope = (right - left) / width.max(1) as f32;
    // How much nearer the middle of a line is than it is above or below.
    let nearness = 1.0 / libm::sqrtf(1.0 + slope * slope);
    let reach = (line.thickness / 2.0 + 0.5) / nearness;
    for x in 0..width {
        let middle = left + slope * (x as f32 + 0.5);
        let first = (middle - reach).max(0.0) as usize;
        let last = ((middle + reach).max(0.0) as usize).min(height.saturating_sub(1));
        for y in first..=last {
            let distance = libm::fabsf(y as f32 + 0.5 - middle) * nearness;
            let covered = (line.thickness / 2.0 + 0.5 - distance).clamp(0.0, 1.0);
            if let Some(below) = steps.get_mut(y * width + x) {
                *below += covered * (step - *below);
            }
        }
    }
}

fn channels(color: BackendColor) -> Color {
    let (red, green, blue) = color.rgb;
    [red, green, blue]
}
