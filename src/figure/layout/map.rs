//! The layout of a single map: keys along the top, queries down the side.

use std::borrow::Cow;

use super::color_bar::color_bar;
use super::head::{heading, notes};
use super::links::link_list;
use super::text::{elide_middle, place};
use super::{
    ANNOTATION_SIZE, CellMatrix, Figure, Ink, Item, LABEL_GAP, LARGEST_LABEL, LINE_HEIGHT, Layout,
    MARGIN, MeasureText, Rect, Role, Rotation, SMALLEST_LABEL, TextFont, pixels,
};
use crate::figure::resample::{Join, blocks, resample};
use crate::figure::{ColorRange, LabelledMap, Progression, TokenLabel, ValueRange};

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

/// Between the colour bar and the list of links, in pixels.
const LINKS_GAP: i32 = 48;

/// Puts a single map in its place.
pub(super) fn layout<'figure>(
    figure: &'figure Figure<'_>,
    map: &'figure LabelledMap<'_>,
    measure: &mut dyn MeasureText,
) -> Layout<'figure> {
    let token_count = map.tokens.len();
    let block = token_count.div_ceil(SIDE_LIMIT as usize).max(1);
    let mut cells = cells(figure, map, block);
    let axis = Axis::new(map, cells.cell, block, measure);

    let name_font = TextFont::regular(ANNOTATION_SIZE);
    let name_line = name_font.line_height();
    let left = MARGIN + name_line + LABEL_GAP + axis.row_extent + LABEL_GAP + TICK;
    // The heading breaks its lines over the whole width, which is known before
    // the height is: the colour bar is laid out twice, first for its width.
    let bar_gap = 40;
    let bar_width = color_bar(&figure.color_scale, (0, 0), cells.extent(), measure).right;
    let bar_right = left + cells.extent() + bar_gap + bar_width;
    let links_left = bar_right + LINKS_GAP;
    let links = link_list(map, (links_left, 0), cells.extent(), measure);
    let body_right = match map.links.is_empty() {
        true => bar_right,
        false => links.lines.right,
    };
    let heading = heading(figure, body_right - MARGIN, measure);
    let top = heading.bottom + 28 + name_line + LABEL_GAP + axis.column_extent() + LABEL_GAP + TICK;
    cells.origin = (left, top);
    let bar = color_bar(
        &figure.color_scale,
        (left + cells.extent() + bar_gap, top),
        cells.extent(),
        measure,
    );
    let links = link_list(map, (links_left, top), cells.extent(), measure);
    let mut all_notes = figure.notes.clone();
    all_notes.extend(axis.note(token_count, block));
    all_notes.extend(links.notes);
    let body_bottom = bar.bottom.max(links.lines.bottom);
    let notes = notes(&all_notes, body_bottom + 24, body_right - MARGIN, measure);
    let width = body_right.max(heading.right).max(notes.right) + MARGIN;
    let bottom = if all_notes.is_empty() {
        body_bottom
    } else {
        notes.bottom
    };

    let mut items: Vec<Item<'figure>> = heading.items;
    let values = value_texts(&cells, measure);
    items.reserve(values.len() + 4 * axis.labels.len() + 64);
    items.extend(axis_names(
        &cells,
        &axis,
        name_font,
        heading.bottom + 28,
        measure,
    ));
    axis.push_labels(&cells, &mut items);
    let segment_lines = segment_lines(&cells, &axis);
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

/// The side of a cell for a number of tokens, in pixels: as large as helps
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
    let (values, side) = if block > 1 {
        let blocks = blocks(matrix.columns, block);
        let maxima = resample(
            &matrix.values,
            matrix.columns,
            &blocks,
            &blocks,
            Join::Greatest,
        );
        (Cow::Owned(maxima), blocks.len())
    } else {
        (Cow::Borrowed(matrix.values.as_ref()), matrix.columns)
    };
    let range = match figure.color_scale.range {
        ColorRange::Shared(range) => range,
        ColorRange::PerPanel => {
            let maximum = values.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
            ValueRange::up_to(maximum, Progression::Linear)
        }
    };
    let gaps = if block > 1 {
        Vec::new()
    } else {
        map.segment_starts.clone()
    };
    CellMatrix {
        origin: (0, 0),
        cell: cell_side(side),
        values,
        side,
        gaps,
        gap: SEGMENT_GAP,
        range,
    }
}

/// The labels of both axes: the same tokens, level down the side, level or
/// upward along the top.
struct Axis {
    font: TextFont,
    /// Every so many cells have a label.
    stride: usize,
    /// Text, width and ink of each label.
    labels: Vec<(String, i32, Ink)>,
    /// The widest label.
    row_extent: i32,
    rotation: Rotation,
}

impl Axis {
    fn new(map: &LabelledMap<'_>, cell: i32, block: usize, measure: &mut dyn MeasureText) -> Self {
        let largest = (cell as f32 / LINE_HEIGHT).floor();
        let font = TextFont::regular(largest.clamp(SMALLEST_LABEL, LARGEST_LABEL));
        let stride = usize::try_from((font.line_height() + cell - 1) / cell).unwrap_or(1);
        let labels: Vec<_> = map
            .tokens
            .iter()
            .step_by(stride * block)
            .map(|token| label(token, font, measure))
            .collect();
        let row_extent = labels.iter().map(|&(_, width, _)| width).max().unwrap_or(0);
        let rotation = if stride == 1 && row_extent + 10 <= cell {
            Rotation::Level
        } else {
            Rotation::Upward
        };
        Self {
            font,
            stride,
            labels,
            row_extent,
            rotation,
        }
    }

    /// The room that labels along the top take upwards.
    fn column_extent(&self) -> i32 {
        match self.rotation {
            Rotation::Level => self.font.line_height(),
            Rotation::Upward => self.row_extent,
        }
    }

    /// What the picture leaves out, as a sentence.
    fn note(&self, token_count: usize, block: usize) -> Option<String> {
        let every = self.stride * block;
        let shared = if block > 1 {
            format!(" Each pixel shows the greatest of {block} × {block} values.")
        } else {
            String::new()
        };
        (every > 1).then(|| {
            format!(
                "{token_count} tokens; every {} is labelled.{shared}",
                ordinal(every)
            )
        })
    }

    fn push_labels(&self, cells: &CellMatrix<'_>, items: &mut Vec<Item<'_>>) {
        let (left, top) = cells.origin;
        let line = self.font.line_height();
        for (position, (text, width, ink)) in self.labels.iter().enumerate() {
            let index = position * self.stride;
            let middle = cells.offset(index) + cells.cell / 2;
            let row_corner = (left - TICK - LABEL_GAP - width, top + middle - line / 2);
            items.push(place(
                text.clone(),
                self.font,
                *width,
                row_corner,
                Rotation::Level,
                (*ink, Role::RowLabel(index)),
            ));
            let column_corner = match self.rotation {
                Rotation::Level => (left + middle - width / 2, top - TICK - LABEL_GAP - line),
                Rotation::Upward => (left + middle - line / 2, top - TICK - LABEL_GAP - width),
            };
            items.push(place(
                text.clone(),
                self.font,
                *width,
                column_corner,
                self.rotation,
                (*ink, Role::ColumnLabel(index)),
            ));
            items.extend(ticks(cells, middle));
        }
    }
}

fn ticks(cells: &CellMatrix<'_>, middle: i32) -> [Item<'static>; 2] {
    let (left, top) = cells.origin;
    let thickness = cells.cell.min(2);
    let start = middle - thickness / 2;
    let rects = [
        Rect {
            x: left - TICK - 2,
            y: top + start,
            width: TICK,
            height: thickness,
        },
        Rect {
            x: left + start,
            y: top - TICK - 2,
            width: thickness,
            height: TICK,
        },
    ];
    rects.map(|rect| Item::Rectangle {
        rect,
        ink: Ink::Hairline,
    })
}

pub(super) fn label(
    token: &TokenLabel,
    font: TextFont,
    measure: &mut dyn MeasureText,
) -> (String, i32, Ink) {
    let (text, width) = elide_middle(&token.text, font, LABEL_LIMIT, measure);
    let ink = if token.special {
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

fn axis_names(
    cells: &CellMatrix<'_>,
    axis: &Axis,
    font: TextFont,
    key_top: i32,
    measure: &mut dyn MeasureText,
) -> [Item<'static>; 2] {
    let (left, top) = cells.origin;
    let name = |long: &str, short: &str, measure: &mut dyn MeasureText| {
        let width = measure.width(long, font);
        if width <= cells.extent().max(axis.row_extent) {
            (long.to_owned(), width)
        } else {
            (short.to_owned(), measure.width(short, font))
        }
    };
    let kind = (Ink::Medium, Role::AxisName);
    let (key, key_width) = name("key (attended to)", "key", measure);
    let key_corner = (left + ((cells.extent() - key_width) / 2).max(0), key_top);
    let (query, query_width) = name("query (attends)", "query", measure);
    let query_corner = (MARGIN, top + (cells.extent() - query_width) / 2);
    [
        place(key, font, key_width, key_corner, Rotation::Level, kind),
        place(
            query,
            font,
            query_width,
            query_corner,
            Rotation::Upward,
            kind,
        ),
    ]
}

/// A line between the segments, in a gap of its own so that no value is
/// covered, and out between the labels so that they are told apart too.
fn segment_lines(cells: &CellMatrix<'_>, axis: &Axis) -> Vec<Item<'static>> {
    let (left, top) = cells.origin;
    let row_reach = TICK + LABEL_GAP + axis.row_extent;
    let column_reach = TICK + LABEL_GAP + axis.column_extent();
    let across = |&start: &usize| {
        let middle = cells.offset(start) - SEGMENT_GAP / 2 - 1;
        let row = Rect {
            x: left - row_reach,
            y: top + middle,
            width: row_reach + cells.extent(),
            height: 2,
        };
        let column = Rect {
            x: left + middle,
            y: top - column_reach,
            width: 2,
            height: column_reach + cells.extent(),
        };
        [row, column].map(|rect| Item::Rectangle {
            rect,
            ink: Ink::Medium,
        })
    };
    cells.gaps.iter().flat_map(across).collect()
}

/// The values of the cells, where they are large enough to hold them.
fn value_texts(cells: &CellMatrix<'_>, measure: &mut dyn MeasureText) -> Vec<Item<'static>> {
    let Some((font, decimals)) = value_format(cells.cell, measure) else {
        return Vec::new();
    };
    let mut items = Vec::with_capacity(cells.side * cells.side);
    for row in 0..cells.side {
        for column in 0..cells.side {
            let fraction = cells.fraction(row, column);
            let text = value_text(cells.value(row, column), decimals);
            let width = measure.width(&text, font);
            let corner = (
                cells.origin.0 + cells.offset(column) + (cells.cell - width) / 2,
                cells.origin.1 + cells.offset(row) + (cells.cell - font.line_height()) / 2,
            );
            // What rounds to nothing steps back behind what does not.
            let ink = if text == NOTHING {
                Ink::FaintOnColor(fraction)
            } else {
                Ink::OnColor(fraction)
            };
            let kind = (ink, Role::Value(row, column));
            items.push(place(text, font, width, corner, Rotation::Level, kind));
        }
    }
    items
}

/// The size and the number of decimals of values in cells, `None` where not
/// even two decimals can be read.
fn value_format(cell: i32, measure: &mut dyn MeasureText) -> Option<(TextFont, usize)> {
    let decimals = if cell >= 72 { 3 } else { 2 };
    let size = (cell as f32 * 0.4).floor().min(LARGEST_LABEL);
    let font = TextFont::regular(size);
    let fits =
        size >= SMALLEST_LABEL && measure.width(&value_text(0.888, decimals), font) + 4 <= cell;
    fits.then_some((font, decimals))
}

/// What stands for a value that rounds to nothing.
pub(super) const NOTHING: &str = "0";

/// A probability as short as its decimals allow: `.07`, `1.0`, and `0` for
/// what rounds to nothing.
pub(super) fn value_text(value: f32, decimals: usize) -> String {
    // The product is exact, since both have few digits: the same rounding as
    // that of a number that is written with so many decimals.
    let unit = 10_u32.pow(u32::try_from(decimals).unwrap_or(0).min(3));
    let scaled = (f64::from(value) * f64::from(unit)).round_ties_even();
    if (0.0..f64::from(unit)).contains(&scaled) && value >= 0.0 && decimals <= 3 {
        // Less than a thousand.
        return match scaled as u32 {
            0 => NOTHING.into(),
            scaled => decimal(scaled, unit),
        };
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix("0.") {
        Some(digits) if digits.bytes().all(|digit| digit == b'0') => NOTHING.into(),
        Some(digits) => format!(".{digits}"),
        None if text.starts_with("1.") => "1.0".into(),
        None => text,
    }
}

/// So many parts of a unit that is a power of ten, without the zero before the
/// point. A map has hundreds of these.
fn decimal(parts: u32, unit: u32) -> String {
    let mut text = String::with_capacity(4);
    text.push('.');
    let mut rest = unit / 10;
    while rest > 0 {
        text.extend(char::from_digit(parts / rest % 10, 10));
        rest /= 10;
    }
    text
}
