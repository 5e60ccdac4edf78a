//! The backend of plotters that PNGs are drawn with: pixels that are indices of
//! a palette.

use std::convert::Infallible;

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};

use super::super::colormap::Color;
use super::super::draw::{Grid, GridBackend, length};
use super::palette::IndexedColors;

/// Indices of a palette, row after row. What is outside is cut off.
pub(super) struct Canvas<'pixels> {
    pixels: &'pixels mut [u8],
    size: (u32, u32),
    colors: &'pixels IndexedColors,
}

impl<'pixels> Canvas<'pixels> {
    /// A canvas of nothing but paper. `pixels` holds a byte for each of `size`.
    pub(super) fn new(
        pixels: &'pixels mut [u8],
        size: (u32, u32),
        colors: &'pixels IndexedColors,
    ) -> Self {
        pixels.fill(IndexedColors::PAPER);
        Self {
            pixels,
            size,
            colors,
        }
    }

    fn width(&self) -> usize {
        self.size.0 as usize
    }

    /// The pixels of a row from one column to another, of which the latter is
    /// not among them.
    fn row(&mut self, y: i32, start: i32, end: i32) -> &mut [u8] {
        let width = self.width();
        let [start, end] = [start, end].map(|x| (length(x) as usize).min(width));
        let line = usize::try_from(y)
            .unwrap_or(usize::MAX)
            .saturating_mul(width);
        let range = line.saturating_add(start)..line.saturating_add(end);
        self.pixels.get_mut(range).unwrap_or_default()
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
        for y in top..=bottom {
            self.row(y, left, right + 1).fill(index);
        }
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
        let ((start, ascent), _) =
            layout_box.map_err(|error| DrawingErrorKind::FontError(Box::new(error)))?;
        let is_upward = match style.transform() {
            FontTransform::Rotate270 => true,
            FontTransform::None | FontTransform::Rotate90 | FontTransform::Rotate180 => false,
        };
        let pen = self.colors.pen((left, top), channels(style.color()));
        let width = self.width();
        let pixels = &mut *self.pixels;
        let drawn = style.draw(text, (-start, -ascent), |along, down, color| {
            let (x, y) = match is_upward {
                true => (left + down, top - along),
                false => (left + along, top + down),
            };
            // What is negative is beyond the last pixel, too.
            let [x, y] = [x, y].map(|place| usize::try_from(place).unwrap_or(usize::MAX));
            let place = y.saturating_mul(width).saturating_add(x);
            if let (true, Some(pixel)) = (x < width, pixels.get_mut(place)) {
                pen.cover(pixel, color.alpha);
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
        let width = self.width();
        for (rows, steps) in grid
            .rows
            .iter()
            .zip(grid.steps.chunks(grid.columns.len().max(1)))
        {
            let first = self.row(top + rows.start, left, left + end);
            for (columns, &step) in grid.columns.iter().zip(steps) {
                let columns = length(columns.start) as usize..length(columns.end) as usize;
                match first.get_mut(columns).unwrap_or_default() {
                    // Filling takes longer than that.
                    [pixel] => *pixel = colors.step(step),
                    cell => cell.fill(colors.step(step)),
                }
            }
            // What is between cells is the same in all rows of pixels, too.
            let start = length(top + rows.start) as usize * width + length(left) as usize;
            let line = start..start + length(end) as usize;
            for row in 1..length(rows.end - rows.start) as usize {
                let place = start + row * width;
                if place + line.len() <= self.pixels.len() {
                    self.pixels.copy_within(line.clone(), place);
                }
            }
        }
        Ok(())
    }
}

fn channels(color: BackendColor) -> Color {
    let (red, green, blue) = color.rgb;
    [red, green, blue]
}
