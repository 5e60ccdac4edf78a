//! Cells of the colour scale in rows and columns: maps and colour bars.

use std::iter::{Once, once};
use std::ops::Range;

use plotters::element::{Drawable, PointCollection};
use plotters_backend::{BackendCoord, DrawingBackend, DrawingErrorKind};

use super::super::colormap::ColorTable;
use crate::figure::ColorPart;
use crate::figure::layout::{CellMatrix, Rect};

/// A backend that draws many cells at once.
///
/// plotters has a rectangle and a bitmap whose pixels are those of the canvas,
/// and nothing between. With a rectangle for every cell an overview of 12 × 12
/// maps would be an SVG of many megabytes, and a PNG of a map of hundreds of
/// tokens would take several times as long; with a bitmap of all pixels either
/// would hold every cell hundreds of times.
pub(in crate::render) trait GridBackend: DrawingBackend {
    /// Draws a grid from its upper left corner on. Between its cells nothing is
    /// changed.
    fn draw_grid(
        &mut self,
        corner: BackendCoord,
        grid: &Grid<'_>,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>>;
}

/// Cells in rows and columns, as an element of plotters.
pub(in crate::render) struct Grid<'drawing> {
    corner: BackendCoord,
    /// From where to where each column reaches, in pixels from the corner on.
    pub(in crate::render) columns: Vec<Range<i32>>,
    /// The same of each row.
    pub(in crate::render) rows: Vec<Range<i32>>,
    /// The step of the figure's colour scale of each cell, row after row.
    pub(in crate::render) steps: &'drawing [u16],
}

impl<'drawing> Grid<'drawing> {
    /// The cells of a map, whose steps are known.
    pub(super) fn of_cells(cells: &CellMatrix<'_>, steps: &'drawing [u16]) -> Self {
        let column = |index| {
            let start = cells.column_offset(index);
            start..start + cells.columns.cell
        };
        let row = |index| {
            let start = cells.row_offset(index);
            start..start + cells.rows.cell
        };
        Self {
            corner: cells.origin,
            columns: (0..cells.columns.count).map(column).collect(),
            rows: (0..cells.rows.count).map(row).collect(),
            steps,
        }
    }

    /// A colour bar, whose steps are known: a cell for every row of pixels.
    #[expect(
        clippy::single_range_in_vec_init,
        reason = "a colour bar is a single column"
    )]
    pub(super) fn of_bar(bar: Rect, steps: &'drawing [u16]) -> Self {
        Self {
            corner: (bar.x, bar.y),
            columns: vec![0..bar.width],
            rows: (0..bar.height).map(|row| row..row + 1).collect(),
            steps,
        }
    }

    /// Whether there is something between cells.
    pub(super) fn has_gaps(&self) -> bool {
        stretches(&self.rows).len() > 1 || stretches(&self.columns).len() > 1
    }
}

/// The rows, or columns, from one gap to the next.
pub(in crate::render) fn stretches(places: &[Range<i32>]) -> Vec<&[Range<i32>]> {
    let touches = |before: &Range<i32>, next: &Range<i32>| before.end == next.start;
    places.chunk_by(touches).collect()
}

impl<'element> PointCollection<'element, BackendCoord> for &'element Grid<'_> {
    type Point = &'element BackendCoord;
    type IntoIter = Once<&'element BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        once(&self.corner)
    }
}

impl<B: GridBackend> Drawable<B> for Grid<'_> {
    fn draw<Points: Iterator<Item = BackendCoord>>(
        &self,
        mut points: Points,
        backend: &mut B,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<B::ErrorType>> {
        match points.next() {
            Some(corner) => backend.draw_grid(corner, self),
            None => Ok(()),
        }
    }
}

/// The step of each cell of a map, row after row.
pub(super) fn steps_of_cells(cells: &CellMatrix<'_>, colors: &ColorTable) -> Vec<u16> {
    let values = cells.values.iter();
    values
        .map(|&value| short(colors.step(cells.fraction_of(value))))
        .collect()
}

/// The step of each row of pixels of a colour bar, the last at the top.
pub(super) fn steps_of_bar(bar: Rect, part: ColorPart, colors: &ColorTable) -> Vec<u16> {
    let last = (bar.height - 1).max(1) as f32;
    (0..bar.height)
        .map(|row| short(colors.step(part.place(1.0 - row as f32 / last))))
        .collect()
}

/// A step is at most the number of steps.
pub(super) fn short(step: usize) -> u16 {
    step as u16
}
