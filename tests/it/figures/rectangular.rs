//! Maps whose queries and keys are two sequences.

use attnviz::analysis::Direction;
use attnviz::attention::HeadId;
use attnviz::checkpoint::ModelSource;
use attnviz::figure::layout::{self, Role};
use attnviz::figure::{Body, Figure, FigureOptions, overview_in_steps, unit_profile};
use attnviz::input::{Input, StreamRole};
use attnviz::render::TextShaper;
use attnviz::run::Run;
use proptest::prelude::*;

use super::{FIRST, check, grid, head_map, matrices, whole};
use crate::runs::{foreign, run_of, source, unit};

/// Two layers of three heads from a target to a source.
fn cross(queries: &[&str], keys: &[&str]) -> Run {
    let units = |texts: &[&str]| {
        let units = texts.iter().map(|text| unit(text, text.starts_with('[')));
        source(units.collect())
    };
    let mut streams = units(keys);
    let mut target = units(queries);
    target[0].role = StreamRole::Target;
    streams.extend(target);
    let (rows, columns) = (queries.len(), keys.len());
    let values = (0..2 * 3 * rows * columns).map(|index| (index * 7 % 31) as f32 / 310.0);
    run_of(
        ("translator", ModelSource::Elsewhere),
        Input::Translation {
            source: keys.join(" "),
            target: queries.join(" "),
        },
        streams,
        foreign(values.collect(), [2, 3, rows, columns]),
    )
}

const QUERIES: [&str; 3] = ["Guten", "Tag", "</s>"];
const KEYS: [&str; 5] = ["[CLS]", "Good", "morning", "!", "[SEP]"];

fn labels(figure: &Figure<'_>, role: fn(usize) -> Role) -> Vec<String> {
    let layout = layout::layout(figure, &mut TextShaper::new()).unwrap();
    check(&layout);
    (0..)
        .map_while(|index| {
            let mut texts = layout.texts();
            let text = texts.find(|text| text.role == role(index))?;
            Some(text.text.clone())
        })
        .collect()
}

#[test]
fn rows_have_the_labels_of_the_queries_and_columns_those_of_the_keys() {
    let run = cross(&QUERIES, &KEYS);
    let head = HeadId { layer: 1, head: 2 };
    let figure = head_map(&run, head, &FigureOptions::default()).unwrap();
    assert_eq!(labels(&figure, Role::RowLabel), QUERIES);
    assert_eq!(labels(&figure, Role::ColumnLabel), KEYS);
    assert_eq!(figure.captions, [KEYS.join(" "), QUERIES.join(" ")]);
    let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
    let cells = matrices(&layout).next().unwrap();
    assert_eq!((cells.rows.count, cells.columns.count), (3, 5));
    assert_eq!(cells.value(2, 4), cells.values[14]);
}

#[test]
fn an_overview_has_panels_of_their_shape() {
    let figure = grid(&cross(&QUERIES, &KEYS));
    let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
    check(&layout);
    let mut count = 0;
    for cells in matrices(&layout) {
        assert_eq!((cells.rows.count, cells.columns.count), (3, 5));
        count += 1;
    }
    assert_eq!(count, 6);
}

#[test]
fn profiles_run_along_the_other_sequence_and_mark_nothing_of_it() {
    let run = cross(&QUERIES, &KEYS);
    let options = FigureOptions::default();
    for (direction, position, expected) in [
        (Direction::From, 2, KEYS.as_slice()),
        (Direction::To, 4, QUERIES.as_slice()),
    ] {
        let figure = unit_profile(&run, whole(&run), direction, position, &options).unwrap();
        assert_eq!(labels(&figure, Role::ColumnLabel), expected);
        let Body::Profile(profile) = &figure.body else {
            panic!("a profile is a profile");
        };
        assert_eq!(
            (profile.position, profile.bars.len()),
            (None, expected.len())
        );
        assert!(
            !figure.notes[0].contains("itself is marked"),
            "{:?}",
            figure.notes
        );
        let outside = unit_profile(&run, whole(&run), direction, 5, &options);
        assert!(outside.is_err());
    }
}

#[test]
fn a_map_of_one_query_leaves_both_ends_of_the_colour_bar_room() {
    let run = cross(&["w"], &["w"; 46]);
    let head = HeadId { layer: 0, head: 0 };
    labels(
        &head_map(&run, head, &FigureOptions::default()).unwrap(),
        Role::RowLabel,
    );
}

#[test]
fn the_short_side_of_a_long_map_keeps_its_labels() {
    let long = ["word"; 400];
    let short = ["Guten", "Tag", "</s>"];
    for (queries, keys, note) in [
        (
            &short[..],
            &long[..],
            "3 queries and 400 keys; every 4th key is labelled.",
        ),
        (
            &long[..],
            &short[..],
            "400 queries and 3 keys; every 4th query is labelled.",
        ),
    ] {
        let figure = head_map(&cross(queries, keys), FIRST, &FigureOptions::default()).unwrap();
        let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
        check(&layout);
        let count = |is_wanted: fn(Role) -> bool| {
            layout.texts().filter(|text| is_wanted(text.role)).count()
        };
        let rows = count(|role| matches!(role, Role::RowLabel(_)));
        let columns = count(|role| matches!(role, Role::ColumnLabel(_)));
        assert_eq!(rows.min(columns), 3);
        assert_eq!(rows.max(columns), 400 / 4);
        let cells = matrices(&layout).next().unwrap();
        assert!(cells.height().min(cells.width()) >= 3 * 15);
        assert!(layout.texts().any(|text| text.text == note), "{note}");
    }
}

#[test]
fn counts_of_what_is_clipped_in_a_map_are_of_its_pixels() {
    let run = cross(&["a", "b"], &["word"; 6_000]);
    let options = FigureOptions {
        maximum: Some(0.05),
        ..FigureOptions::default()
    };
    let map = head_map(&run, FIRST, &options).unwrap();
    let profile = unit_profile(&run, whole(&run), Direction::From, 0, &options).unwrap();
    for figure in [map, profile] {
        let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
        let drawn: Vec<f32> = match &figure.body {
            Body::Map(_) => matrices(&layout).next().unwrap().values.to_vec(),
            Body::Profile(profile) => {
                let pairs = profile.rows.iter().flat_map(|row| row.chunks(2));
                pairs.map(|pair| pair[0].max(pair[1])).collect()
            }
            Body::Grid(_)
            | Body::Scores(_)
            | Body::Difference(_)
            | Body::Lines(_)
            | Body::Text(_) => {
                panic!("no overview was asked for")
            }
        };
        assert_eq!(drawn.len(), 2 * 3_000);
        let above = drawn.iter().filter(|&&value| value > 0.05).count();
        let expected = format!("{above} of {} values are above 0.05", drawn.len());
        let notes = figure.notes.join("\n");
        assert!(notes.contains(&expected), "{notes}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn maps_of_any_shape_neither_overlap_nor_leave_the_canvas(
        queries in 1_usize..300, keys in 1_usize..300, length in 1_usize..20,
    ) {
        let text = "w".repeat(length);
        let run = cross(&vec![text.as_str(); queries], &vec![text.as_str(); keys]);
        let options = FigureOptions { top_links: 3, ..FigureOptions::default() };
        let head = head_map(&run, HeadId { layer: 0, head: 0 }, &options).unwrap();
        let from = unit_profile(&run, whole(&run), Direction::From, queries - 1, &options).unwrap();
        let to = unit_profile(&run, whole(&run), Direction::To, keys - 1, &options).unwrap();
        for figure in [head, grid(&run), from, to] {
            check(&layout::layout(&figure, &mut TextShaper::new()).unwrap());
        }
    }
}

/// Height and width of the panels of an overview, in pixels, with its notes.
fn panels(queries: usize, keys: usize) -> ([i32; 2], String) {
    let run = cross(&vec!["w"; queries], &vec!["w"; keys]);
    let figure = grid(&run);
    let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
    check(&layout);
    let mut sizes: Vec<[i32; 2]> = matrices(&layout)
        .map(|cells| [cells.height(), cells.width()])
        .collect();
    sizes.dedup();
    let notes = layout.texts().filter(|text| text.role == Role::Note);
    let notes: Vec<&str> = notes.map(|text| text.text.as_str()).collect();
    assert_eq!(sizes.len(), 1, "every panel has the same size");
    (sizes[0], notes.join(" "))
}

#[test]
fn panels_of_few_queries_or_keys_are_high_and_wide_enough_to_be_seen() {
    for (queries, keys) in [
        (3, 400),
        (400, 3),
        (1, 3_000),
        (3_000, 1),
        (20, 60),
        (300, 900),
    ] {
        let ([height, width], _) = panels(queries, keys);
        let (shorter, longer) = (height.min(width), height.max(width));
        assert!(
            shorter >= 48 || shorter == longer,
            "{queries} × {keys}: {height} × {width}"
        );
        assert_eq!(height < width, queries < keys, "{height} × {width}");
        assert!(longer <= 1_000);
    }
    // Cells are square where that shows all of them.
    let ([height, width], _) = panels(20, 60);
    assert_eq!(height * 3, width);
    // Few queries keep a row each, and the picture says how many share one.
    let (_, notes) = panels(3, 4_000);
    assert!(
        notes.contains("3 queries and 4000 keys; each cell shows the mean of 1 × "),
        "{notes}"
    );
}

#[test]
fn thumbnails_keep_the_shape_of_their_maps() {
    for (queries, keys, is_wide) in [(10, 40, true), (40, 10, false)] {
        let run = cross(&vec!["w"; queries], &vec!["w"; keys]);
        let side = layout::thumbnail_side(2, 3);
        let options = FigureOptions::default();
        let figure = overview_in_steps(&run, whole(&run), &options, [side, side]).unwrap();
        let Body::Grid(panels) = &figure.body else {
            panic!("an overview is a grid");
        };
        let layout = layout::thumbnail(panels, figure.palette).unwrap();
        let (width, height) = layout::thumbnail_size(2, 3);
        assert_eq!((layout.width, layout.height), (width, height));
        for cells in matrices(&layout) {
            let (long, short) = match is_wide {
                true => (cells.width(), cells.height()),
                false => (cells.height(), cells.width()),
            };
            assert_eq!((long as usize, short as usize), (side, side.div_ceil(4)));
            let rect = cells.rect();
            assert!(rect.right() <= width && rect.bottom() <= height);
        }
    }
}
