//! The layout of one map on two sides: left, right, and right − left, beside one
//! another while all of their labels can be read so, otherwise under one another.

use std::borrow::Cow;

use super::axes::Axes;
use super::cells::{SEGMENT_GAP, TICK, cell_sides, smallest_labelled};
use super::color_bar::color_bar;
use super::head::{heading, notes};
use super::map::{axis_names, segment_lines, value_texts};
use super::marks::{marks, pointed_out};
use super::text::{elide_middle, place};
use super::{
    ANNOTATION_SIZE, CANVAS_LIMIT, CellAxis, CellMatrix, Figure, Ink, Item, LABEL_GAP, Layout,
    MARGIN, MeasureText, Role, Rotation, TextFont, Weight, pixels,
};
use crate::figure::resample::{Join, blocks, resample};
use crate::figure::{
    ColorRange, ColorScale, LabelledMap, MapDifference, Progression, UnitLabel, ValueRange,
};

/// The side of a map beside others, and of its largest cells, in pixels.
const SIDE: i32 = 912;
const LARGEST_CELL: i32 = 76;
/// Wider maps are under one another, in pixels.
const WIDEST: i32 = 1_020;
/// The greatest sides of maps under one another, from the most comfortable on
/// to one for which there is room whatever the labels, in pixels.
const SIDES: [i32; 6] = [2_176, 1_900, 1_600, 1_300, 1_000, 700];
/// A name has so much room at least, and a colour bar, in pixels.
const NAME_ROOM: i32 = 260;
const SHORTEST_COLOR_BAR: i32 = 180;
/// Between a map and its colour bar, between both sides, and before what is
/// between them, in pixels.
const BAR_GAP: i32 = 32;
const SIDE_GAP: i32 = 44;
const CHANGE_GAP: i32 = 76;
/// Between maps under one another, in pixels.
const STACK_GAP: i32 = 64;
/// The smallest letters of values, in pixels: three maps of them are looked at
/// together.
const SMALLEST_VALUE: f32 = 14.0;

/// One of the three maps.
struct Panel<'figure> {
    name: &'figure str,
    map: &'figure LabelledMap<'figure>,
    scale: &'figure ColorScale,
    cells: CellMatrix<'figure>,
    axes: Axes,
    has_row_labels: bool,
    /// Width and height of its colour bar, where it has one.
    bar: Option<(i32, i32)>,
    /// Upper left corner with names and labels.
    corner: (i32, i32),
}

/// Puts three maps in their places.
pub(super) fn layout<'figure>(
    figure: &'figure Figure<'_>,
    maps: &'figure MapDifference<'_>,
    measure: &mut dyn MeasureText,
) -> Layout<'figure> {
    let counts = [maps.maps[0].rows.len(), maps.maps[0].columns.len()];
    let beside = sides_beside(counts);
    let (is_beside, mut panels) = match beside[1] * pixels(counts[1]) <= WIDEST {
        true => (true, panels(figure, maps, ([1, 1], beside), true, measure)),
        false => (false, stacked(figure, maps, counts, measure)),
    };
    // The heading breaks its lines over the whole width, which is known before
    // the height is: the maps are put in their places twice, first for that.
    let (right, _) = arrange(&mut panels, 0, is_beside);
    let heading = heading(figure, right - MARGIN, measure);
    let (right, bottom) = arrange(&mut panels, heading.bottom + 28, is_beside);

    let mut all_notes = figure.notes.clone();
    all_notes.extend(panels.first().and_then(|panel| panel.axes.note(panel.map)));
    let mut items: Vec<Item<'figure>> = heading.items;
    let (mut right, mut bottom) = (right.max(heading.right), bottom);
    for (index, panel) in panels.into_iter().enumerate() {
        let (drawn, note) = draw(panel, index, &maps.differing, measure);
        // All three may have to say the same.
        all_notes.extend(note.filter(|note| !all_notes.contains(note)));
        (right, bottom) = (right.max(drawn.right), bottom.max(drawn.bottom));
        items.extend(drawn.items);
    }
    let notes = notes(&all_notes, bottom + 28, right - MARGIN, measure);
    items.extend(notes.items);
    Layout {
        width: right.max(notes.right) + MARGIN,
        height: notes.bottom + MARGIN,
        palette: figure.palette,
        items,
    }
}

/// The sides of cells beside one another: as large as helps reading.
fn sides_beside(counts: [usize; 2]) -> [i32; 2] {
    let longest = pixels(counts[0].max(counts[1])).max(1);
    match longest * smallest_labelled() <= SIDES[0] {
        true => [(SIDE / longest).clamp(smallest_labelled(), LARGEST_CELL); 2],
        false => cell_sides(counts),
    }
}

/// The panels under one another, as large as there is room for.
fn stacked<'figure>(
    figure: &'figure Figure<'_>,
    maps: &'figure MapDifference<'_>,
    counts: [usize; 2],
    measure: &mut dyn MeasureText,
) -> Vec<Panel<'figure>> {
    let mut found = Vec::new();
    for limit in SIDES {
        let block = counts.map(|count| count.div_ceil(limit.unsigned_abs() as usize).max(1));
        let drawn = [0, 1].map(|axis| counts[axis].div_ceil(block[axis]));
        let sides = cell_sides(drawn);
        let most = limit / pixels(drawn[0].max(drawn[1])).max(1);
        let sides = sides.map(|side| side.min(most.max(1)));
        found = panels(figure, maps, (block, sides), false, measure);
        // Heading and notes need room, too.
        let (_, height) = arrange(&mut found, 0, false);
        if height + SIDE <= CANVAS_LIMIT {
            break;
        }
    }
    found
}

/// The three maps with their axes, nowhere yet: so many units share a row and a
/// column, which have these sides.
fn panels<'figure>(
    figure: &'figure Figure<'_>,
    maps: &'figure MapDifference<'_>,
    (block, sides): ([usize; 2], [i32; 2]),
    is_beside: bool,
    measure: &mut dyn MeasureText,
) -> Vec<Panel<'figure>> {
    let [first, ..] = &maps.maps;
    let is_like = |rows: &[UnitLabel]| {
        let mut pairs = first.rows.iter().zip(rows);
        pairs.all(|(left, right)| left.text == right.text)
    };
    let are_alike = maps.maps.iter().all(|map| is_like(&map.rows));
    let scales = [
        &figure.color_scale,
        &figure.color_scale,
        &maps.difference_scale,
    ];
    let of_maps = maps.maps.iter().zip(&maps.names).zip(scales).enumerate();
    of_maps
        .map(|(index, ((map, name), scale))| {
            let cells = cells(map, scale, (block, sides));
            let axes = Axes::new(map, &cells, measure);
            let has_row_labels = index == 0 || !is_beside || !are_alike;
            let bar_height = cells.height().max(SHORTEST_COLOR_BAR);
            // Both sides have the same one, after the second where that is beside.
            let bar = (index > 0 || !is_beside).then(|| {
                let bar = color_bar(scale, (0, 0), bar_height, measure);
                (bar.right, bar.bottom)
            });
            Panel {
                name,
                map,
                scale,
                axes: match has_row_labels {
                    true => axes,
                    false => axes.without_row_labels(),
                },
                cells,
                has_row_labels,
                bar,
                corner: (0, 0),
            }
        })
        .collect()
}

fn cells<'figure>(
    map: &'figure LabelledMap<'_>,
    scale: &ColorScale,
    (block, sides): ([usize; 2], [i32; 2]),
) -> CellMatrix<'figure> {
    let matrix = &map.matrix;
    let values = match block {
        [1, 1] => Cow::Borrowed(matrix.values.as_ref()),
        _ => Cow::Owned(resample(
            &matrix.values,
            matrix.columns,
            &blocks(matrix.rows, block[0]),
            &blocks(matrix.columns, block[1]),
            Join::Furthest,
        )),
    };
    let axis = |count: usize, side: usize, starts: &[usize]| CellAxis {
        count: count.div_ceil(block[side]),
        cell: sides[side],
        gaps: match block[side] {
            1 => starts.to_vec(),
            _ => Vec::new(),
        },
    };
    CellMatrix {
        origin: (0, 0),
        values,
        rows: axis(matrix.rows, 0, &map.row_segment_starts),
        columns: axis(matrix.columns, 1, &map.column_segment_starts),
        gap: SEGMENT_GAP,
        range: match scale.range {
            ColorRange::Shared(range) => range,
            ColorRange::PerPanel { .. } => ValueRange::up_to(1.0, Progression::Linear),
        },
        part: scale.part,
    }
}

/// Says where each panel goes, from a row on; the first free column and row.
fn arrange(panels: &mut [Panel<'_>], top: i32, is_beside: bool) -> (i32, i32) {
    let line = TextFont::regular(ANNOTATION_SIZE).line_height();
    let above = |panel: &Panel<'_>| {
        name_font().line_height() + line + 2 * LABEL_GAP + panel.axes.column_extent() + TICK
    };
    let before = |panel: &Panel<'_>| match panel.has_row_labels {
        true => line + 2 * LABEL_GAP + panel.axes.row_extent() + TICK,
        false => TICK,
    };
    let highest = panels.iter().map(above).max().unwrap_or(0);
    let widest = panels.iter().map(before).max().unwrap_or(0);
    let (mut x, mut y) = (MARGIN, top);
    let (mut right, mut bottom) = (MARGIN, top);
    for (index, panel) in panels.iter_mut().enumerate() {
        panel.corner = (x, y);
        panel.cells.origin = match is_beside {
            true => (x + before(panel), y + highest),
            false => (x + widest, y + above(panel)),
        };
        let (left, upper) = panel.cells.origin;
        let cells_right = left + panel.cells.width();
        let (bar_right, bar_bottom) = panel.bar.map_or((cells_right, upper), |(width, height)| {
            (cells_right + BAR_GAP + width, upper + height)
        });
        let own_right = bar_right.max(left + NAME_ROOM);
        let own_bottom = bar_bottom.max(upper + panel.cells.height());
        (right, bottom) = (right.max(own_right), bottom.max(own_bottom));
        match is_beside {
            true => x = own_right + if index == 0 { SIDE_GAP } else { CHANGE_GAP },
            false => y = own_bottom + STACK_GAP,
        }
    }
    (right, bottom)
}

fn name_font() -> TextFont {
    TextFont {
        size: ANNOTATION_SIZE,
        weight: Weight::Bold,
    }
}

/// What a panel is made of, and the first free column and row.
struct Drawn<'figure> {
    items: Vec<Item<'figure>>,
    right: i32,
    bottom: i32,
}

fn draw<'figure>(
    panel: Panel<'figure>,
    index: usize,
    differing: &[Vec<usize>; 2],
    measure: &mut dyn MeasureText,
) -> (Drawn<'figure>, Option<String>) {
    let Panel { cells, axes, .. } = &panel;
    let (x, y) = panel.corner;
    let (left, top) = cells.origin;
    let font = name_font();
    let room = cells.width().max(NAME_ROOM);
    let (name, extent) = elide_middle(panel.name, font, room, measure);
    let kind = (Ink::Strong, Role::PanelName(index));
    let mut items = vec![place(name, font, extent, (left, y), Rotation::Level, kind)];

    let key_top = y + font.line_height() + LABEL_GAP / 2;
    let mut names = axis_names(panel.map.kind, cells, axes, (x, key_top), measure);
    if !panel.has_row_labels {
        // That of the rows is the second.
        names.items.truncate(1);
        names.bottom = top;
    }
    let mut drawn = Drawn {
        right: names.right,
        bottom: names.bottom,
        items: Vec::new(),
    };
    items.extend(names.items);
    axes.push_labels(cells, &mut items);
    let counts = [panel.map.rows.len(), panel.map.columns.len()];
    items.extend(marks(cells, counts, differing));
    let cell = panel.map.pointed_out;
    let (ticks, frame) = pointed_out(cells, counts, cell);
    items.extend(ticks);
    let segment_lines = segment_lines(cells, axes);
    let (values, note) = value_texts(cells, SMALLEST_VALUE, measure);
    if panel.bar.is_some() {
        let corner = (left + cells.width() + BAR_GAP, top);
        let height = cells.height().max(SHORTEST_COLOR_BAR);
        let bar = color_bar(panel.scale, corner, height, measure);
        drawn.right = drawn.right.max(bar.right);
        drawn.bottom = drawn.bottom.max(bar.bottom);
        items.extend(bar.items);
    }
    items.push(cells.rect().frame());
    items.push(Item::Cells(panel.cells));
    items.extend(segment_lines);
    items.extend(frame);
    items.extend(values);
    drawn.items = items;
    (drawn, note)
}
