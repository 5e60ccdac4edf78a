//! Marks at the axes of a map, and around a cell of it.

use super::cells::TICK;
use super::{CellAxis, CellMatrix, Ink, Item, Rect};

/// The thickest mark of a unit, in pixels.
const MARK: i32 = 8;
/// The thinnest mark of a unit that is pointed out, in pixels.
const THINNEST: i32 = 3;
/// A smaller cell has no room for a frame, in pixels.
const SMALLEST_FRAMED: i32 = 12;

/// Thick ticks at units, whether they have a label or not. `counts` are those of
/// the units of rows and of columns, of which several may share a cell.
pub(super) fn marks(
    cells: &CellMatrix<'_>,
    counts: [usize; 2],
    [rows, columns]: &[Vec<usize>; 2],
) -> Vec<Item<'static>> {
    ticks(cells, counts, [rows, columns], 1)
}

/// What points a cell out: ticks at its row and its column, and a frame that lies
/// on it, to be drawn after the cells.
pub(super) fn pointed_out(
    cells: &CellMatrix<'_>,
    counts: [usize; 2],
    cell: Option<[usize; 2]>,
) -> (Vec<Item<'static>>, Vec<Item<'static>>) {
    let Some([row, column]) = cell.filter(|[row, column]| *row < counts[0] && *column < counts[1])
    else {
        return (Vec::new(), Vec::new());
    };
    let ticks = ticks(cells, counts, [&[row], &[column]], THINNEST);
    let row = step(&cells.rows, counts[0], row);
    let column = step(&cells.columns, counts[1], column);
    (ticks, frame(cells, [row, column]))
}

/// The cell in which a unit is drawn.
fn step(axis: &CellAxis, units: usize, place: usize) -> usize {
    place / units.div_ceil(axis.count.max(1)).max(1)
}

fn ticks(
    cells: &CellMatrix<'_>,
    counts: [usize; 2],
    [rows, columns]: [&[usize]; 2],
    thinnest: i32,
) -> Vec<Item<'static>> {
    let (left, top) = cells.origin;
    let thickness = |axis: &CellAxis| axis.cell.clamp(thinnest, MARK);
    let rows = rows.iter().map(|&row| {
        let height = thickness(&cells.rows);
        let offset = cells.row_offset(step(&cells.rows, counts[0], row));
        Rect {
            x: left - TICK - 2,
            y: top + offset + (cells.rows.cell - height) / 2,
            width: TICK,
            height,
        }
    });
    let columns = columns.iter().map(|&column| {
        let width = thickness(&cells.columns);
        let offset = cells.column_offset(step(&cells.columns, counts[1], column));
        Rect {
            x: left + offset + (cells.columns.cell - width) / 2,
            y: top - TICK - 2,
            width,
            height: TICK,
        }
    });
    rows.chain(columns)
        .map(|rect| Item::Rectangle {
            rect,
            ink: Ink::Strong,
        })
        .collect()
}

/// A frame within a cell, which can be seen on its colour.
fn frame(cells: &CellMatrix<'_>, [row, column]: [usize; 2]) -> Vec<Item<'static>> {
    let (width, height) = (cells.columns.cell, cells.rows.cell);
    let least = width.min(height);
    if least < SMALLEST_FRAMED {
        return Vec::new();
    }
    let thickness = (least / 16).clamp(2, 5);
    let ink = match cells.value(row, column).is_nan() {
        true => Ink::Strong,
        false => Ink::OnColor(cells.fraction(row, column)),
    };
    // The cell's own colour around it tells it from cells beside.
    let x = cells.origin.0 + cells.column_offset(column) + thickness;
    let y = cells.origin.1 + cells.row_offset(row) + thickness;
    let (width, height) = (width - 2 * thickness, height - 2 * thickness);
    let rect = |x, y, width, height| Rect {
        x,
        y,
        width,
        height,
    };
    let sides = [
        rect(x, y, width, thickness),
        rect(x, y + height - thickness, width, thickness),
        rect(x, y, thickness, height),
        rect(x + width - thickness, y, thickness, height),
    ];
    sides.map(|rect| Item::Rectangle { rect, ink }).to_vec()
}
