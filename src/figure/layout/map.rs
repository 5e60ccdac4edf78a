//! The layout of a single map: keys along the top, queries down the side.

use super::axes::Axes;
use super::cells::{SEGMENT_GAP, TICK, block, cell_sides, drawn_values};
use super::color_bar::color_bar;
use super::head::{Lines, heading, notes};
use super::links::link_list;
use super::marks::pointed_out;
use super::text::place;
use super::value::{Numbers, unwritten_note};
use super::{
    ANNOTATION_SIZE, CellAxis, CellMatrix, Figure, Ink, Item, LABEL_GAP, LARGEST_LABEL, Layout,
    MARGIN, MeasureText, Rect, Role, Rotation, SMALLEST_LABEL, TextFont,
};
use crate::figure::{ColorPart, ColorRange, LabelledMap, MapKind, Progression, ValueRange};

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
    let mut cells = cells(figure, map);
    let axes = Axes::new(map, &cells, measure);

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
    all_notes.extend(axes.note(map));
    let (values, values_note) = value_texts(&cells, SMALLEST_LABEL, measure);
    all_notes.extend(values_note);
    all_notes.extend(links.notes);
    let body_bottom = bar.bottom.max(links.lines.bottom);
    let names = axis_names(
        map.kind,
        &cells,
        &axes,
        (MARGIN, heading.bottom + 28),
        measure,
    );
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
    let counts = [map.rows.len(), map.columns.len()];
    let (ticks, frame) = pointed_out(&cells, counts, map.pointed_out);
    items.extend(ticks);
    items.push(cells.rect().frame());
    items.push(Item::Cells(cells));
    items.extend(segment_lines);
    items.extend(frame);
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

fn cells<'figure>(figure: &Figure<'_>, map: &'figure LabelledMap<'_>) -> CellMatrix<'figure> {
    let matrix = &map.matrix;
    let counts = [matrix.rows, matrix.columns];
    let values = drawn_values(&matrix.values, counts);
    let drawn = counts.map(|count| count.div_ceil(block(count)));
    let [row_side, column_side] = cell_sides(drawn);
    let range = match figure.color_scale.range {
        ColorRange::Shared(range) => range,
        ColorRange::PerPanel { .. } => {
            let maximum = values.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
            ValueRange::up_to(maximum, Progression::Linear)
        }
    };
    let axis = |count: usize, cell: i32, starts: &Vec<usize>| CellAxis {
        count: count.div_ceil(block(count)),
        cell,
        gaps: match block(count) {
            1 => starts.clone(),
            _ => Vec::new(),
        },
    };
    CellMatrix {
        origin: (0, 0),
        values,
        rows: axis(matrix.rows, row_side, &map.row_segment_starts),
        columns: axis(matrix.columns, column_side, &map.column_segment_starts),
        gap: SEGMENT_GAP,
        range,
        part: figure.color_scale.part,
    }
}

/// The names of both axes: of the columns above the map, of the rows beside it.
pub(super) fn axis_names(
    kind: MapKind,
    cells: &CellMatrix<'_>,
    axes: &Axes,
    (query_left, key_top): (i32, i32),
    measure: &mut dyn MeasureText,
) -> Lines {
    let font = TextFont::regular(ANNOTATION_SIZE);
    let (left, top) = cells.origin;
    let mut name = |long: &str, short: &str, extent: i32| {
        let width = measure.width(long, font);
        if width <= extent {
            (long.to_owned(), width)
        } else {
            (short.to_owned(), measure.width(short, font))
        }
    };
    let widest = axes.row_extent();
    let [[query, short_query], [key, short_key]] = match kind {
        MapKind::Attention => [["query (attends)", "query"], ["key (attended to)", "key"]],
        MapKind::Rollout => [["token after the layer", "token"], ["input token", "input"]],
        MapKind::Link | MapKind::Change => [["layer"; 2], ["head"; 2]],
        MapKind::Similarity => [["head (layer.head)", "head"]; 2],
    };
    let kind = (Ink::Medium, Role::AxisName);
    let (key, key_width) = name(key, short_key, cells.width().max(widest));
    let key_corner = (left + ((cells.width() - key_width) / 2).max(0), key_top);
    let (query, query_width) = name(query, short_query, cells.height().max(widest));
    // Above its middle where the map is lower than the name is long.
    let query_top = (top + (cells.height() - query_width) / 2).max(key_top + font.line_height());
    let query_corner = (query_left, query_top);
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
pub(super) fn segment_lines(cells: &CellMatrix<'_>, axes: &Axes) -> Vec<Item<'static>> {
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

/// The values of the cells, where they are large enough to hold them in letters
/// of some size, and what has to be said of those that have none.
pub(super) fn value_texts(
    cells: &CellMatrix<'_>,
    least_size: f32,
    measure: &mut dyn MeasureText,
) -> (Vec<Item<'static>>, Option<String>) {
    let Some((font, numbers)) = value_format(cells, least_size, measure) else {
        return (Vec::new(), None);
    };
    let (rows, columns) = (cells.rows.count, cells.columns.count);
    let mut items = Vec::with_capacity(rows * columns);
    let mut note = None;
    for row in 0..rows {
        // A cell that is not there has no number.
        for column in (0..columns).filter(|&column| !cells.value(row, column).is_nan()) {
            let value = cells.value(row, column);
            let text = match cells.part {
                ColorPart::All | ColorPart::Magnitudes => numbers.text(value),
                ColorPart::Differences => numbers.signed_text(value),
            };
            let Some(text) = text else {
                if let Numbers::Decimals(decimals) = numbers {
                    note = Some(unwritten_note(decimals));
                }
                continue;
            };
            let fraction = cells.fraction(row, column);
            let width = measure.width(&text, font);
            let corner = (
                cells.origin.0 + cells.column_offset(column) + (cells.columns.cell - width) / 2,
                cells.origin.1 + cells.row_offset(row) + (cells.rows.cell - font.line_height()) / 2,
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

/// The size of values in cells and how they are written, `None` where not even
/// the shortest can be read.
fn value_format(
    cells: &CellMatrix<'_>,
    least_size: f32,
    measure: &mut dyn MeasureText,
) -> Option<(TextFont, Numbers)> {
    let cell = cells.rows.cell.min(cells.columns.cell);
    let decimals = if cell >= 72 { 3 } else { 2 };
    let size = (cell as f32 * 0.4).floor().min(LARGEST_LABEL);
    let mut fits = |size: f32, text: &str| {
        let font = TextFont::regular(size);
        let is_legible = size >= least_size;
        (is_legible && measure.width(text, font) + 4 <= cell).then_some(font)
    };
    let sign = match cells.part {
        ColorPart::All => {
            let numbers = Numbers::Decimals(decimals);
            return Some((fits(size, numbers.widest())?, numbers));
        }
        ColorPart::Magnitudes => "",
        ColorPart::Differences => "+",
    };
    let shortest = Numbers::of(&cells.values, 2, 0);
    [Numbers::of(&cells.values, decimals, 1), shortest]
        .into_iter()
        .find_map(|numbers| {
            let text = format!("{sign}{}", numbers.widest());
            let sizes = (0..).map(|less| size - less as f32);
            let mut sizes = sizes.take_while(|&size| size >= least_size);
            let font = sizes.find_map(|size| fits(size, &text))?;
            Some((font, numbers))
        })
}
