//! The layout of a single map: keys along the top, queries down the side.

use std::borrow::Cow;

use super::color_bar::color_bar;
use super::head::{Lines, heading, notes};
use super::links::link_list;
use super::positions::Positions;
use super::text::{elide_middle, place};
use super::value::{unwritten_note, value_text};
use super::{
    ANNOTATION_SIZE, CellAxis, CellMatrix, Figure, Ink, Item, LABEL_GAP, LARGEST_LABEL,
    LINE_HEIGHT, Layout, MARGIN, MeasureText, Rect, Role, Rotation, SMALLEST_LABEL, TextFont,
    pixels,
};
use crate::figure::resample::{Join, blocks, resample};
use crate::figure::{ColorRange, LabelledMap, Progression, UnitLabel, ValueRange};

/// The side that a map of a few dozen tokens gets, in pixels.
const COMFORTABLE_SIDE: i32 = 1_440;
/// The greatest side that gives every token a label: 135 tokens, in pixels.
const LABELLED_SIDE: i32 = 2_300;
/// The side that a map of hundreds of tokens gets, in pixels.
const LARGE_SIDE: i32 = 2_048;
/// Beyond this side several tokens share a pixel, in pixels.
pub(super) const SIDE_LIMIT: i32 = 5_600;
/// The longest label, in pixels: 60 letters of the largest size.
const LABEL_LIMIT: i32 = 800;
/// Length of a tick, in pixels.
pub(super) const TICK: i32 = 8;
/// What separates two segments, in pixels.
pub(super) const SEGMENT_GAP: i32 = 8;

/// No map is so low that its colour bar has no room for numbers, in pixels.
const SHORTEST_COLOR_BAR: i32 = 180;
/// Between the colour bar and the list of links, in pixels.
const LINKS_GAP: i32 = 48;

/// Puts a single map in its place.
pub(super) fn layout<'figure>(
    figure: &'figure Figure<'_>,
    map: &'figure LabelledMap<'_>,
    measure: &mut dyn MeasureText,
) -> Layout<'figure> {
    let longest = map.rows.len().max(map.columns.len());
    let block = longest.div_ceil(SIDE_LIMIT as usize).max(1);
    let mut cells = cells(figure, map, block);
    let axes = Axes::new(map, cells.cell, block, measure);

    let name_font = TextFont::regular(ANNOTATION_SIZE);
    let name_line = name_font.line_height();
    let left = MARGIN + name_line + LABEL_GAP + axes.row_extent() + LABEL_GAP + TICK;
    // The heading breaks its lines over the whole width, which is known before
    // the height is: the colour bar is laid out twice, first for its width.
    let bar_gap = 40;
    let bar_height = cells.height().max(SHORTEST_COLOR_BAR.min(cells.width()));
    let bar_width = color_bar(&figure.color_scale, (0, 0), bar_height, measure).right;
    let bar_right = left + cells.width() + bar_gap + bar_width;
    let links_left = bar_right + LINKS_GAP;
    let links = link_list(map, (links_left, 0), cells.height(), measure);
    let body_right = match map.links.is_empty() {
        true => bar_right,
        false => links.lines.right,
    };
    let heading = heading(figure, body_right - MARGIN, measure);
    let top = heading.bottom + 28 + name_line + LABEL_GAP + axes.column_extent() + LABEL_GAP + TICK;
    cells.origin = (left, top);
    let bar = color_bar(
        &figure.color_scale,
        (left + cells.width() + bar_gap, top),
        bar_height,
        measure,
    );
    let links = link_list(map, (links_left, top), cells.height(), measure);
    let mut all_notes = figure.notes.clone();
    all_notes.extend(axes.note(map, block));
    let (values, values_note) = value_texts(&cells, measure);
    all_notes.extend(values_note);
    all_notes.extend(links.notes);
    let body_bottom = bar.bottom.max(links.lines.bottom);
    let names = axis_names(&cells, &axes, name_font, heading.bottom + 28, measure);
    let body_bottom = body_bottom.max(names.bottom);
    let notes = notes(&all_notes, body_bottom + 24, body_right - MARGIN, measure);
    let width = body_right
        .max(heading.right)
        .max(notes.right)
        .max(names.right)
        + MARGIN;
    let bottom = if all_notes.is_empty() {
        body_bottom
    } else {
        notes.bottom
    };

    let mut items: Vec<Item<'figure>> = heading.items;
    items.reserve(values.len() + 4 * longest + 64);
    items.extend(names.items);
    axes.push_labels(&cells, &mut items);
    let segment_lines = segment_lines(&cells, &axes);
    items.push(cells.rect().frame());
    items.push(Item::Cells(cells));
    items.extend(segment_lines);
    items.extend(values);
    items.extend(bar.items);
    items.extend(links.lines.items);
    items.extend(notes.items);
    Layout {
        width,
        height: bottom + MARGIN,
        palette: figure.palette,
        items,
    }
}

/// The side of a cell for a number of units, in pixels: as large as helps
/// reading, then large enough for a label each, then at least one pixel.
pub(super) fn cell_side(cell_count: usize) -> i32 {
    let count = pixels(cell_count).max(1);
    let smallest_labelled = (SMALLEST_LABEL * LINE_HEIGHT).ceil() as i32;
    if count * smallest_labelled <= LABELLED_SIDE {
        (COMFORTABLE_SIDE / count).clamp(smallest_labelled, 120)
    } else {
        (LARGE_SIDE / count).max(1)
    }
}

fn cells<'figure>(
    figure: &Figure<'_>,
    map: &'figure LabelledMap<'_>,
    block: usize,
) -> CellMatrix<'figure> {
    let matrix = &map.matrix;
    let (values, [rows, columns]) = if block > 1 {
        let [rows, columns] = [matrix.rows, matrix.columns].map(|count| blocks(count, block));
        let maxima = resample(
            &matrix.values,
            matrix.columns,
            &rows,
            &columns,
            Join::Greatest,
        );
        (Cow::Owned(maxima), [rows.len(), columns.len()])
    } else {
        let counts = [matrix.rows, matrix.columns];
        (Cow::Borrowed(matrix.values.as_ref()), counts)
    };
    let range = match figure.color_scale.range {
        ColorRange::Shared(range) => range,
        ColorRange::PerPanel { .. } => {
            let maximum = values.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
            ValueRange::up_to(maximum, Progression::Linear)
        }
    };
    let axis = |count: usize, starts: &Vec<usize>| CellAxis {
        count,
        gaps: match block {
            1 => starts.clone(),
            _ => Vec::new(),
        },
    };
    CellMatrix {
        origin: (0, 0),
        cell: cell_side(rows.max(columns)),
        values,
        rows: axis(rows, &map.row_segment_starts),
        columns: axis(columns, &map.column_segment_starts),
        gap: SEGMENT_GAP,
        range,
    }
}

/// A label with its width and its ink.
type Label = (String, i32, Ink);

/// The labels of both axes: level down the side, level or upward along the
/// top.
struct Axes {
    font: TextFont,
    /// Every so many cells have a label.
    stride: usize,
    rows: Vec<Label>,
    columns: Vec<Label>,
    /// Beside the labels down the side, where positions are shown.
    row_positions: Positions,
    /// Beside the labels along the top, likewise.
    column_positions: Positions,
    /// How the labels along the top run.
    rotation: Rotation,
}

fn widest(labels: &[Label]) -> i32 {
    labels.iter().map(|&(_, width, _)| width).max().unwrap_or(0)
}

impl Axes {
    fn new(map: &LabelledMap<'_>, cell: i32, block: usize, measure: &mut dyn MeasureText) -> Self {
        let largest = (cell as f32 / LINE_HEIGHT).floor();
        let font = TextFont::regular(largest.clamp(SMALLEST_LABEL, LARGEST_LABEL));
        let stride = usize::try_from((font.line_height() + cell - 1) / cell).unwrap_or(1);
        let mut labels = |units: &[UnitLabel]| -> Vec<Label> {
            let labelled = units.iter().step_by(stride * block);
            labelled.map(|unit| label(unit, font, measure)).collect()
        };
        let (rows, columns) = (labels(&map.rows), labels(&map.columns));
        let mut positions = |units: &[UnitLabel]| {
            let labelled = units.iter().step_by(stride * block);
            Positions::new(labelled.filter(|_| map.shows_positions), font, measure)
        };
        let row_positions = positions(&map.rows);
        let column_positions = positions(&map.columns);
        let widest_column = widest(&columns).max(column_positions.widest());
        let rotation = if stride == 1 && widest_column + 10 <= cell {
            Rotation::Level
        } else {
            Rotation::Upward
        };
        Self {
            font,
            stride,
            rows,
            columns,
            row_positions,
            column_positions,
            rotation,
        }
    }

    /// The room that labels down the side take to the left.
    fn row_extent(&self) -> i32 {
        widest(&self.rows) + self.row_positions.length()
    }

    /// The room that labels along the top take upwards.
    fn column_extent(&self) -> i32 {
        let labels = match self.rotation {
            Rotation::Level => self.font.line_height(),
            Rotation::Upward => widest(&self.columns),
        };
        labels + self.column_position_extent()
    }

    /// What of it is between the labels along the top and their axis.
    fn column_position_extent(&self) -> i32 {
        match self.rotation {
            Rotation::Level => self.column_positions.height(),
            Rotation::Upward => self.column_positions.length(),
        }
    }

    /// What the picture leaves out, as a sentence.
    fn note(&self, map: &LabelledMap<'_>, block: usize) -> Option<String> {
        let every = self.stride * block;
        let shared = if block > 1 {
            format!(" Each pixel shows the greatest of {block} × {block} values.")
        } else {
            String::new()
        };
        let counts = match (map.rows.len(), map.columns.len()) {
            (rows, columns) if rows == columns => format!("{rows} tokens"),
            (rows, columns) => format!("{rows} queries and {columns} keys"),
        };
        (every > 1).then(|| format!("{counts}; every {} is labelled.{shared}", ordinal(every)))
    }

    fn push_labels(&self, cells: &CellMatrix<'_>, items: &mut Vec<Item<'_>>) {
        // A row and its column behind one another, as they were always drawn.
        for position in 0..self.rows.len().max(self.columns.len()) {
            let index = position * self.stride;
            if let Some(label) = self.rows.get(position) {
                items.push(self.row_label(label, index, cells));
            }
            if let Some(label) = self.columns.get(position) {
                items.push(self.column_label(label, index, cells));
            }
            let positions = self.position_items(position, index, cells);
            items.extend(positions.into_iter().flatten());
            let thickness = cells.cell.min(2);
            let (left, top) = cells.origin;
            if position < self.rows.len() {
                let y = top + cells.row_offset(index) + cells.cell / 2 - thickness / 2;
                items.push(tick(left - TICK - 2, y, TICK, thickness));
            }
            if position < self.columns.len() {
                let x = left + cells.column_offset(index) + cells.cell / 2 - thickness / 2;
                items.push(tick(x, top - TICK - 2, thickness, TICK));
            }
        }
    }

    /// The positions of a row and of its column.
    fn position_items(
        &self,
        position: usize,
        index: usize,
        cells: &CellMatrix<'_>,
    ) -> [Option<Item<'static>>; 2] {
        let right = cells.origin.0 - TICK - LABEL_GAP;
        let bottom = cells.origin.1 - TICK - LABEL_GAP;
        let row_middle = cells.origin.1 + cells.row_offset(index) + cells.cell / 2;
        let column_middle = cells.origin.0 + cells.column_offset(index) + cells.cell / 2;
        let row = self
            .row_positions
            .item(position, Rotation::Level, |width, height| {
                (right - width, row_middle - height / 2)
            });
        let column = self
            .column_positions
            .item(position, self.rotation, |width, height| {
                (column_middle - width / 2, bottom - height)
            });
        [row, column]
    }

    fn row_label(&self, label: &Label, index: usize, cells: &CellMatrix<'_>) -> Item<'static> {
        let (text, width, ink) = label;
        let (left, top) = cells.origin;
        let middle = top + cells.row_offset(index) + cells.cell / 2;
        let corner = (
            left - TICK - LABEL_GAP - self.row_positions.length() - width,
            middle - self.font.line_height() / 2,
        );
        let kind = (*ink, Role::RowLabel(index));
        place(
            text.clone(),
            self.font,
            *width,
            corner,
            Rotation::Level,
            kind,
        )
    }

    fn column_label(&self, label: &Label, index: usize, cells: &CellMatrix<'_>) -> Item<'static> {
        let (text, width, ink) = label;
        let (left, top) = cells.origin;
        let middle = left + cells.column_offset(index) + cells.cell / 2;
        let line = self.font.line_height();
        let bottom = top - TICK - LABEL_GAP - self.column_position_extent();
        let corner = match self.rotation {
            Rotation::Level => (middle - width / 2, bottom - line),
            Rotation::Upward => (middle - line / 2, bottom - width),
        };
        let kind = (*ink, Role::ColumnLabel(index));
        place(text.clone(), self.font, *width, corner, self.rotation, kind)
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

/// The names of both axes: keys above the map, queries beside it.
fn axis_names(
    cells: &CellMatrix<'_>,
    axes: &Axes,
    font: TextFont,
    key_top: i32,
    measure: &mut dyn MeasureText,
) -> Lines {
    let (left, top) = cells.origin;
    let mut name = |long: &str, short: &str, extent: i32| {
        let width = measure.width(long, font);
        if width <= extent {
            (long.to_owned(), width)
        } else {
            (short.to_owned(), measure.width(short, font))
        }
    };
    let kind = (Ink::Medium, Role::AxisName);
    let widest = axes.row_extent();
    let (key, key_width) = name("key (attended to)", "key", cells.width().max(widest));
    let key_corner = (left + ((cells.width() - key_width) / 2).max(0), key_top);
    let (query, query_width) = name("query (attends)", "query", cells.height().max(widest));
    // Above its middle where the map is lower than the name is long.
    let query_top = (top + (cells.height() - query_width) / 2).max(key_top + font.line_height());
    let query_corner = (MARGIN, query_top);
    let level = Rotation::Level;
    let upward = Rotation::Upward;
    Lines {
        items: vec![
            place(key, font, key_width, key_corner, level, kind),
            place(query, font, query_width, query_corner, upward, kind),
        ],
        bottom: query_top + query_width,
        right: key_corner.0 + key_width,
    }
}

/// A line between the segments, in a gap of its own so that no value is
/// covered, and out between the labels so that they are told apart too.
fn segment_lines(cells: &CellMatrix<'_>, axes: &Axes) -> Vec<Item<'static>> {
    let (left, top) = cells.origin;
    let row_reach = TICK + LABEL_GAP + axes.row_extent();
    let column_reach = TICK + LABEL_GAP + axes.column_extent();
    let middle = |offset: i32| offset - SEGMENT_GAP / 2 - 1;
    let rows = cells.rows.gaps.iter().map(|&start| Rect {
        x: left - row_reach,
        y: top + middle(cells.row_offset(start)),
        width: row_reach + cells.width(),
        height: 2,
    });
    let columns = cells.columns.gaps.iter().map(|&start| Rect {
        x: left + middle(cells.column_offset(start)),
        y: top - column_reach,
        width: 2,
        height: column_reach + cells.height(),
    });
    rows.chain(columns)
        .map(|rect| Item::Rectangle {
            rect,
            ink: Ink::Medium,
        })
        .collect()
}

/// The values of the cells, where they are large enough to hold them, and what
/// has to be said of those that have none.
fn value_texts(
    cells: &CellMatrix<'_>,
    measure: &mut dyn MeasureText,
) -> (Vec<Item<'static>>, Option<String>) {
    let Some((font, decimals)) = value_format(cells.cell, measure) else {
        return (Vec::new(), None);
    };
    let (rows, columns) = (cells.rows.count, cells.columns.count);
    let mut items = Vec::with_capacity(rows * columns);
    let mut note = None;
    for row in 0..rows {
        for column in 0..columns {
            let value = cells.value(row, column);
            if value.is_nan() {
                // A cell that is not there.
                continue;
            }
            let Some(text) = value_text(value, decimals) else {
                note = Some(unwritten_note(decimals));
                continue;
            };
            let fraction = cells.fraction(row, column);
            let width = measure.width(&text, font);
            let corner = (
                cells.origin.0 + cells.column_offset(column) + (cells.cell - width) / 2,
                cells.origin.1 + cells.row_offset(row) + (cells.cell - font.line_height()) / 2,
            );
            // What is nothing steps back behind what is not.
            let ink = match value == 0.0 {
                true => Ink::FaintOnColor(fraction),
                false => Ink::OnColor(fraction),
            };
            let kind = (ink, Role::Value(row, column));
            items.push(place(text, font, width, corner, Rotation::Level, kind));
        }
    }
    (items, note)
}

/// The size and the number of decimals of values in cells, `None` where not
/// even two decimals can be read.
fn value_format(cell: i32, measure: &mut dyn MeasureText) -> Option<(TextFont, usize)> {
    let decimals = if cell >= 72 { 3 } else { 2 };
    let size = (cell as f32 * 0.4).floor().min(LARGEST_LABEL);
    let font = TextFont::regular(size);
    let fits = size >= SMALLEST_LABEL && measure.width(&widest_text(decimals), font) + 4 <= cell;
    fits.then_some((font, decimals))
}

fn widest_text(decimals: usize) -> String {
    value_text(0.888, decimals).unwrap_or_default()
}
