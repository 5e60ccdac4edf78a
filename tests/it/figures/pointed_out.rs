//! A cell of a map that is pointed out: ticks, a frame that can be seen on its
//! colour, and a note.

use attnviz::figure::layout::{self, CellMatrix, Ink, Item, Layout, Rect};
use attnviz::figure::{Figure, FigureOptions};
use attnviz::render::TextShaper;

use super::differences::map_difference;
use super::{Decoded, check, encode, grid, map, matrices, run, words};

fn cell(cells: &CellMatrix<'_>, [row, column]: [usize; 2]) -> Rect {
    Rect {
        x: cells.origin.0 + cells.column_offset(column),
        y: cells.origin.1 + cells.row_offset(row),
        width: cells.columns.cell,
        height: cells.rows.cell,
    }
}

fn rectangles(layout: &Layout<'_>) -> Vec<(Rect, Ink)> {
    let items = layout.items.iter();
    let all = items.filter_map(|item| match item {
        Item::Rectangle { rect, ink } => Some((*rect, *ink)),
        _ => None,
    });
    all.collect()
}

/// A figure with a cell pointed out, and the same without marks: its notes are
/// as long, so that everything is in its place.
fn pair(figure: Figure<'static>, place: [usize; 2]) -> [Figure<'static>; 2] {
    let mut with = figure.clone();
    with.point_out(place);
    assert!(with.notes[0].starts_with("Pointed out: from "), "{with:?}");
    let without = Figure {
        notes: with.notes.clone(),
        ..figure
    };
    [with, without]
}

/// The marks are ticks outside of the cells and, where `has_frame`, four sides
/// within the cell of every map.
fn check_marks(figure: Figure<'static>, place: [usize; 2], has_frame: bool) {
    let mut shaper = TextShaper::new();
    let [with, without] = pair(figure, place);
    let layout = layout::layout(&with, &mut shaper).unwrap();
    check(&layout);
    let before = rectangles(&layout::layout(&without, &mut shaper).unwrap());
    let mut marks = rectangles(&layout);
    marks.retain(|mark| !before.contains(mark));
    let maps: Vec<&CellMatrix<'_>> = matrices(&layout).collect();
    let (inside, outside): (Vec<_>, Vec<_>) = marks
        .iter()
        .partition(|(rect, _)| maps.iter().any(|map| map.rect().contains(rect)));
    assert_eq!(outside.len(), 2 * maps.len(), "{outside:?}");
    let sides = if has_frame { 4 } else { 0 };
    assert_eq!(inside.len(), sides * maps.len(), "{inside:?}");
    for map in maps {
        let cell = cell(map, place);
        let of_cell = |(rect, _): &&(Rect, Ink)| cell.contains(rect);
        assert_eq!(inside.iter().copied().filter(of_cell).count(), sides);
        let is_beside = |(rect, _): &&&(Rect, Ink)| {
            rect.y >= cell.y && rect.bottom() <= cell.bottom().max(cell.y + 3)
                || rect.x >= cell.x && rect.right() <= cell.right().max(cell.x + 3)
        };
        assert!(outside.iter().filter(is_beside).count() >= 2, "{outside:?}");
    }
}

#[test]
fn a_cell_is_pointed_out_by_ticks_and_a_frame() {
    for (segments, place) in [(1, [2, 1]), (2, [6, 5])] {
        check_marks(map(&run(&words(7), segments, 1, 1)), place, true);
    }
    check_marks(map_difference(8, &FigureOptions::default()), [1, 3], true);
    // A cell of a few pixels keeps its colour.
    check_marks(map(&run(&words(600), 1, 1, 1)), [400, 20], false);
}

#[test]
fn the_frame_can_be_seen_on_every_colour() {
    let mut shaper = TextShaper::new();
    for place in [[0, 0], [3, 2], [6, 6]] {
        let [with, without] = pair(map(&run(&words(7), 1, 1, 1)), place);
        let corner = {
            let layout = layout::layout(&with, &mut shaper).unwrap();
            let cells = matrices(&layout).next().unwrap();
            cell(cells, place)
        };
        let [with, without] =
            [with, without].map(|figure| Decoded::new(&encode(&figure, &mut shaper).unwrap()));
        let difference = |x: i32, y: i32| -> i32 {
            let (one, other) = (with.at(x, y), without.at(x, y));
            let channels = one.iter().zip(other);
            channels
                .map(|(one, other)| (i32::from(*one) - i32::from(other)).abs())
                .sum()
        };
        // Of a large cell it is as far from the edge as it is thick.
        let inset = 5;
        assert!(
            difference(corner.x + inset, corner.y + inset) > 150,
            "{place:?}"
        );
        let end = (corner.right() - 1 - inset, corner.bottom() - 1 - inset);
        assert!(difference(end.0, end.1) > 150);
        assert_eq!(difference(corner.x + 1, corner.y + 1), 0, "{place:?}");
        let middle = (corner.x + corner.width / 2, corner.y + 16);
        assert_eq!(difference(middle.0, middle.1), 0, "{place:?}");
    }
}

#[test]
fn what_is_no_map_of_units_stays_as_it_is() {
    let before = grid(&run(&words(7), 1, 2, 2));
    let mut after = before.clone();
    after.point_out([1, 1]);
    assert_eq!(before, after);
    // Nor is there a cell beyond the last.
    let before = map(&run(&words(3), 1, 1, 1));
    let mut after = before.clone();
    after.point_out([3, 0]);
    assert_eq!(before.notes, after.notes);
}
