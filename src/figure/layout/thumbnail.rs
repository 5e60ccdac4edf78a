//! The layout of a thumbnail: the maps of an overview and nothing else, in a
//! picture whose size does not depend on the number of tokens, so that a page
//! knows it ahead and does not jump while pictures load.

use std::borrow::Cow;

use super::{CANVAS_LIMIT, CellAxis, CellMatrix, FigureError, Item, Layout, pixels};
use crate::figure::{ColorPart, Palette, Panel, PanelGrid, Progression, ValueRange};

/// What the longer side of a thumbnail comes close to, in pixels.
const TARGET: i32 = 320;
/// The largest map, in pixels.
const LARGEST_PANEL: i32 = 160;
/// The shorter side of a map at the least, in pixels.
const LEAST_SIDE: i32 = 8;
/// Values are told apart in so many steps: more than the eye sees at this
/// size, and few enough that the file stays small.
const STEPS: f32 = 63.0;

/// What all maps of a thumbnail share, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mosaic {
    panel: i32,
    gap: i32,
}

impl Mosaic {
    fn new(rows: usize, columns: usize) -> Self {
        let most = pixels(rows.max(columns)).max(1);
        let gap = match most {
            ..=24 => 2,
            25..=64 => 1,
            _ => 0,
        };
        let panel = ((TARGET - (most - 1) * gap) / most).clamp(1, LARGEST_PANEL);
        Self { panel, gap }
    }

    /// Of so many maps in a row or column.
    fn extent(self, count: usize) -> i32 {
        let count = pixels(count).max(1);
        count * self.panel + (count - 1) * self.gap
    }
}

/// Width and height of the thumbnail of so many layers and heads, in pixels.
pub fn thumbnail_size(layer_count: usize, head_count: usize) -> (i32, i32) {
    let mosaic = Mosaic::new(layer_count, head_count);
    (mosaic.extent(head_count), mosaic.extent(layer_count))
}

/// Puts the maps of a grid side by side, which have at most
/// [`thumbnail_side`] rows and columns.
///
/// # Errors
/// When they do not fit [`CANVAS_LIMIT`].
pub fn thumbnail(grid: &PanelGrid<'_>, palette: Palette) -> Result<Layout<'static>, FigureError> {
    let (rows, columns) = (grid.row_labels.len(), grid.column_labels.len());
    if rows.max(columns) > CANVAS_LIMIT as usize {
        return Err(FigureError::TooManyPanels {
            rows,
            columns,
            limit: CANVAS_LIMIT,
        });
    }
    let mosaic = Mosaic::new(rows, columns);
    let pitch = mosaic.panel + mosaic.gap;
    let sides = panel_sides(mosaic.panel, [grid.queries.count, grid.keys.count]);
    // In the middle of its place, where it is shorter than that.
    let [below, beside] = sides.map(|side| (mosaic.panel - side) / 2);
    let place = |(index, panel): (usize, &Option<Panel<'_>>)| {
        let (row, column) = (index / columns.max(1), index % columns.max(1));
        let corner = (pixels(column) * pitch, pixels(row) * pitch);
        let origin = (corner.0 + beside, corner.1 + below);
        Some(Item::Cells(enlarged(panel.as_ref()?, sides, origin)))
    };
    let (width, height) = thumbnail_size(rows, columns);
    Ok(Layout {
        width,
        height,
        palette,
        items: grid.panels.iter().enumerate().filter_map(place).collect(),
    })
}

/// The rows or columns of every map in the thumbnail of so many layers and
/// heads at most: its pixels.
pub fn thumbnail_side(layer_count: usize, head_count: usize) -> usize {
    let panel = Mosaic::new(layer_count, head_count).panel;
    usize::try_from(panel).unwrap_or(1).max(1)
}

/// Height and width of a map of so many queries and keys, in pixels: in
/// proportion, but no side too short to be seen.
fn panel_sides(panel: i32, counts: [usize; 2]) -> [i32; 2] {
    let longest = counts.into_iter().max().unwrap_or(1).max(1);
    let side = usize::try_from(panel).unwrap_or(1);
    counts.map(|count| pixels((count * side).div_ceil(longest)).clamp(LEAST_SIDE.min(panel), panel))
}

/// A map with one value a pixel, which shows one row and column of it.
fn enlarged(panel: &Panel<'_>, sides: [i32; 2], origin: (i32, i32)) -> CellMatrix<'static> {
    let matrix = &panel.matrix;
    let [height, width] = sides.map(|side| usize::try_from(side).unwrap_or(1).max(1));
    let step = |row: usize, column: usize| {
        let place = row * matrix.rows / height * matrix.columns + column * matrix.columns / width;
        let value = matrix.values.get(place).copied().unwrap_or(f32::NAN);
        let fraction = panel.range.fraction(value).clamp(0.0, 1.0);
        (fraction * STEPS).round() / STEPS
    };
    let values = (0..height).flat_map(|row| (0..width).map(move |column| step(row, column)));
    let axis = |count: usize| CellAxis {
        count,
        cell: 1,
        gaps: Vec::new(),
    };
    CellMatrix {
        origin,
        values: Cow::Owned(values.collect()),
        rows: axis(height),
        columns: axis(width),
        gap: 0,
        range: ValueRange::up_to(1.0, Progression::Linear),
        part: ColorPart::All,
    }
}
