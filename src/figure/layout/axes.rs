//! The axes of a single map: their labels, positions and ticks, and what is
//! said of those that have no room. Each axis is on its own, since the map of
//! two sequences may be long and narrow.

use super::cells::TICK;
use super::positions::Positions;
use super::text::{elide_middle, place};
use super::{
    CellAxis, CellMatrix, Ink, Item, LABEL_GAP, LARGEST_LABEL, LINE_HEIGHT, MeasureText, Rect,
    Role, Rotation, SMALLEST_LABEL, TextFont,
};
use crate::figure::{LabelledMap, MapKind, UnitLabel};

/// The longest label, in pixels: 60 letters of the largest size.
const LABEL_LIMIT: i32 = 800;

/// A label with its width and its ink.
type Label = (String, i32, Ink);

/// The labels along one side.
struct Side {
    font: TextFont,
    /// Every so many cells have a label.
    stride: usize,
    /// So many units share a cell.
    block: usize,
    labels: Vec<Label>,
    /// Between the labels and the map, where positions are shown.
    positions: Positions,
}

impl Side {
    fn new(
        units: &[UnitLabel],
        axis: &CellAxis,
        shows_positions: bool,
        measure: &mut dyn MeasureText,
    ) -> Self {
        let cell = axis.cell;
        let largest = (cell as f32 / LINE_HEIGHT).floor();
        let font = TextFont::regular(largest.clamp(SMALLEST_LABEL, LARGEST_LABEL));
        let stride = usize::try_from((font.line_height() + cell - 1) / cell).unwrap_or(1);
        let block = units.len().div_ceil(axis.count.max(1)).max(1);
        let labelled = || units.iter().step_by(stride * block);
        let labels = labelled().map(|unit| label(unit, font, measure)).collect();
        let positions = Positions::new(labelled().filter(|_| shows_positions), font, measure);
        Self {
            font,
            stride,
            block,
            labels,
            positions,
        }
    }

    fn widest(&self) -> i32 {
        let widths = self.labels.iter().map(|&(_, width, _)| width);
        widths.max().unwrap_or(0)
    }

    /// Every so many units have a label.
    fn every(&self) -> usize {
        self.stride * self.block
    }
}

/// The labels of both axes: level down the side, level or upward along the
/// top.
pub(super) struct Axes {
    rows: Side,
    columns: Side,
    /// How the labels along the top run.
    rotation: Rotation,
}

impl Axes {
    pub(super) fn new(
        map: &LabelledMap<'_>,
        cells: &CellMatrix<'_>,
        measure: &mut dyn MeasureText,
    ) -> Self {
        let rows = Side::new(&map.rows, &cells.rows, map.shows_positions, measure);
        let columns = Side::new(&map.columns, &cells.columns, map.shows_positions, measure);
        let widest = columns.widest().max(columns.positions.widest());
        let rotation = match columns.stride == 1 && widest + 10 <= cells.columns.cell {
            true => Rotation::Level,
            false => Rotation::Upward,
        };
        Self {
            rows,
            columns,
            rotation,
        }
    }

    /// The room that labels down the side take to the left.
    pub(super) fn row_extent(&self) -> i32 {
        self.rows.widest() + self.rows.positions.length()
    }

    /// The room that labels along the top take upwards.
    pub(super) fn column_extent(&self) -> i32 {
        let labels = match self.rotation {
            Rotation::Level => self.columns.font.line_height(),
            Rotation::Upward => self.columns.widest(),
        };
        labels + self.column_position_extent()
    }

    /// What of it is between the labels along the top and their axis.
    fn column_position_extent(&self) -> i32 {
        match self.rotation {
            Rotation::Level => self.columns.positions.height(),
            Rotation::Upward => self.columns.positions.length(),
        }
    }

    /// The same without labels down the side, where another map beside this one
    /// has them.
    pub(super) fn without_row_labels(mut self) -> Self {
        self.rows.labels.clear();
        self.rows.positions = Positions::none();
        self
    }

    /// What the picture leaves out, as a sentence.
    pub(super) fn note(&self, map: &LabelledMap<'_>) -> Option<String> {
        let blocks = [self.rows.block, self.columns.block];
        let shared = match blocks {
            [1, 1] => String::new(),
            [rows, columns] => {
                format!(" Each pixel shows the greatest of {rows} × {columns} values.")
            }
        };
        let counts = match (map.rows.len(), map.columns.len()) {
            (rows, columns) if rows == columns => format!("{rows} {}", map.noun),
            (rows, columns) => match map.kind {
                MapKind::Attention | MapKind::Rollout => {
                    format!("{rows} queries and {columns} keys")
                }
                MapKind::Link | MapKind::Similarity | MapKind::Change => {
                    format!("{rows} layers with up to {columns} heads")
                }
            },
        };
        let [query, key] = match map.kind {
            MapKind::Attention | MapKind::Rollout => ["query", "key"],
            MapKind::Link | MapKind::Similarity | MapKind::Change => ["layer", "head"],
        };
        let labelled = match [self.rows.every(), self.columns.every()] {
            [1, 1] => return None,
            [rows, columns] if rows == columns => format!("every {} is", ordinal(rows)),
            [1, columns] => format!("every {} {key} is", ordinal(columns)),
            [rows, 1] => format!("every {} {query} is", ordinal(rows)),
            [rows, columns] => format!(
                "every {} {query} and every {} {key} are",
                ordinal(rows),
                ordinal(columns)
            ),
        };
        Some(format!("{counts}; {labelled} labelled.{shared}"))
    }

    pub(super) fn push_labels(&self, cells: &CellMatrix<'_>, items: &mut Vec<Item<'_>>) {
        let (left, top) = cells.origin;
        // A row and its column behind one another, as they were always drawn.
        for place in 0..self.rows.labels.len().max(self.columns.labels.len()) {
            let row = self.rows.labels.get(place).map(|label| {
                let index = place * self.rows.stride;
                let middle = top + cells.row_offset(index) + cells.rows.cell / 2;
                (label, index, middle)
            });
            let column = self.columns.labels.get(place).map(|label| {
                let index = place * self.columns.stride;
                let middle = left + cells.column_offset(index) + cells.columns.cell / 2;
                (label, index, middle)
            });
            if let Some((label, index, middle)) = row {
                items.push(self.row_label(label, index, left, middle));
            }
            if let Some((label, index, middle)) = column {
                items.push(self.column_label(label, index, top, middle));
            }
            if let Some((_, _, middle)) = row {
                let right = left - TICK - LABEL_GAP;
                let corner = |width: i32, height: i32| (right - width, middle - height / 2);
                items.extend(self.rows.positions.item(place, Rotation::Level, corner));
            }
            if let Some((_, _, middle)) = column {
                let bottom = top - TICK - LABEL_GAP;
                let corner = |width: i32, height: i32| (middle - width / 2, bottom - height);
                items.extend(self.columns.positions.item(place, self.rotation, corner));
            }
            if let Some((_, _, middle)) = row {
                let thickness = cells.rows.cell.min(2);
                let y = middle - thickness / 2;
                items.push(tick(left - TICK - 2, y, TICK, thickness));
            }
            if let Some((_, _, middle)) = column {
                let thickness = cells.columns.cell.min(2);
                let x = middle - thickness / 2;
                items.push(tick(x, top - TICK - 2, thickness, TICK));
            }
        }
    }

    fn row_label(&self, label: &Label, index: usize, left: i32, middle: i32) -> Item<'static> {
        let (text, width, ink) = label;
        let corner = (
            left - TICK - LABEL_GAP - self.rows.positions.length() - width,
            middle - self.rows.font.line_height() / 2,
        );
        let kind = (*ink, Role::RowLabel(index));
        let font = self.rows.font;
        place(text.clone(), font, *width, corner, Rotation::Level, kind)
    }

    fn column_label(&self, label: &Label, index: usize, top: i32, middle: i32) -> Item<'static> {
        let (text, width, ink) = label;
        let font = self.columns.font;
        let line = font.line_height();
        let bottom = top - TICK - LABEL_GAP - self.column_position_extent();
        let corner = match self.rotation {
            Rotation::Level => (middle - width / 2, bottom - line),
            Rotation::Upward => (middle - line / 2, bottom - width),
        };
        let kind = (*ink, Role::ColumnLabel(index));
        place(text.clone(), font, *width, corner, self.rotation, kind)
    }
}

fn tick(x: i32, y: i32, width: i32, height: i32) -> Item<'static> {
    Item::Rectangle {
        rect: Rect {
            x,
            y,
            width,
            height,
        },
        ink: Ink::Hairline,
    }
}

/// What is written of a unit, its width, and with what.
pub(super) fn label(
    unit: &UnitLabel,
    font: TextFont,
    measure: &mut dyn MeasureText,
) -> (String, i32, Ink) {
    let (text, width) = elide_middle(&unit.text, font, LABEL_LIMIT, measure);
    let ink = if unit.special {
        Ink::Light
    } else {
        Ink::Strong
    };
    (text, width, ink)
}

/// 2nd, 3rd, 4th, 11th, 21st.
fn ordinal(number: usize) -> String {
    let suffix = match (number % 10, number % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}
