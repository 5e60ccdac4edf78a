//! The views `lines` and `text`: which lines and shades there are, where they are
//! drawn, and the numbers that are saved with them.

use std::collections::BTreeMap;
use std::fs;

use attnviz::analysis::Direction;
use attnviz::analysis::{Maps, ReshapeOptions, profile, received_profile, reshape};
use attnviz::attention::{Attention, HeadId};
use attnviz::checkpoint::ModelSource;
use attnviz::figure::layout::{Ink, Item, Layout, LineBundle, Role, layout};
use attnviz::figure::{Body, Figure, FigureOptions, Scale, line_figure, shaded_text};
use attnviz::input::Input;
use attnviz::render::TextShaper;
use attnviz::run::Run;
use serde_json::Value;

use crate::binary::Workplace;
use crate::runs::{own, run_of, source, unit};
use crate::saved::only_folder;

fn run_of_units(names: &[&str], attention: Vec<Attention>) -> Run {
    let units = names.iter().map(|name| unit(name, name.starts_with('[')));
    let input = Input::text(names.join(" "));
    run_of(
        ("a model", ModelSource::Elsewhere),
        input,
        source(units.collect()),
        attention,
    )
}

/// A head whose queries attend so.
const ROWS: [[f32; 3]; 3] = [[0.7, 0.29, 0.01], [0.1, 0.8, 0.1], [0.0, 0.5, 0.5]];

fn run(attention: Vec<Attention>) -> Run {
    run_of_units(&["[CLS]", "animal", "it"], attention)
}

fn with_maps<T>(check: impl FnOnce(&Run, &Maps<'_>) -> T) -> T {
    let run = run(own(ROWS.concat(), [1, 1, 3, 3]));
    let maps = reshape(&run, &run.attention[0], &ReshapeOptions::default()).expect("maps");
    check(&run, &maps)
}

const HEAD: HeadId = HeadId { layer: 0, head: 0 };

fn laid_out<'figure>(figure: &'figure Figure<'_>) -> Layout<'figure> {
    layout(figure, &mut TextShaper::new()).expect("it fits")
}

fn bundle(layout: &Layout<'_>) -> LineBundle {
    let mut bundles = layout.items.iter().filter_map(|item| match item {
        Item::Lines(bundle) => Some(bundle.clone()),
        Item::Rectangle { .. } | Item::Cells(_) | Item::ColorBar(..) | Item::Text(_) => None,
    });
    bundles.next().expect("there are lines")
}

#[test]
fn every_attention_that_can_be_seen_is_a_line_and_the_strongest_lies_on_top() {
    with_maps(|run, maps| {
        let figure = line_figure(run, maps, HEAD, &FigureOptions::default()).expect("a head");
        let Body::Lines(lines) = &figure.body else {
            panic!("{:?}", figure.body)
        };
        let found: Vec<(usize, usize)> = lines
            .links
            .iter()
            .map(|link| (link.query, link.key))
            .collect();
        let expected = [(1, 2), (1, 0), (0, 1), (2, 2), (2, 1), (0, 0), (1, 1)];
        assert_eq!(found, expected);
        // What is left out is said.
        let note = figure.notes.iter().find(|note| note.contains("no line"));
        assert!(note.expect("a note").contains("0.01"), "{:?}", figure.notes);
    });
}

#[test]
fn lines_end_at_the_labels_of_their_units_and_grow_with_the_attention() {
    with_maps(|run, maps| {
        let figure = line_figure(run, maps, HEAD, &FigureOptions::default()).expect("a head");
        let layout = laid_out(&figure);
        let bundle = bundle(&layout);
        let middle = |role: Role| {
            let text = layout.texts().find(|text| text.role == role);
            let rect = text.expect("every unit has a label").rect;
            rect.y + rect.height / 2
        };
        let Body::Lines(lines) = &figure.body else {
            panic!("{:?}", figure.body)
        };
        for (line, link) in bundle.lines.iter().zip(&lines.links) {
            let ends = [line.left, line.right].map(|end| bundle.area.y + end);
            let labels = [Role::RowLabel(link.query), Role::ColumnLabel(link.key)];
            for (end, label) in ends.into_iter().zip(labels) {
                assert!((end - middle(label)).abs() <= 2, "{link:?}: {end}");
            }
        }
        for pair in bundle.lines.windows(2) {
            assert!(pair[0].thickness <= pair[1].thickness);
            assert!(pair[0].fraction <= pair[1].fraction);
        }
        assert!(bundle.lines.iter().all(|line| line.thickness > 0.0));
    });
}

#[test]
fn of_many_lines_the_strongest_are_drawn_and_labels_do_not_touch() {
    let count = 300;
    let row = |query: usize| {
        let of_key = move |key: usize| if key == query { 0.5 } else { 0.5 / 299.0 };
        (0..count).map(of_key)
    };
    let values: Vec<f32> = (0..count).flat_map(row).collect();
    let names: Vec<String> = (0..count).map(|unit| format!("unit{unit}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let run = run_of_units(&names, own(values, [1, 1, count, count]));
    let maps = reshape(&run, &run.attention[0], &ReshapeOptions::default()).expect("maps");
    let options = FigureOptions {
        maximum: Some(0.01),
        ..FigureOptions::default()
    };
    let figure = line_figure(&run, &maps, HEAD, &options).expect("a head");
    let layout = laid_out(&figure);
    let lines = bundle(&layout).lines;
    assert_eq!(lines.len(), 1_500);
    let strong = lines.iter().rev().take(count);
    assert!(strong.clone().all(|line| line.left == line.right));
    for is_of_side in [
        |role: Role| matches!(role, Role::RowLabel(_)),
        |role: Role| matches!(role, Role::ColumnLabel(_)),
    ] {
        let labels = layout.texts().filter(|text| is_of_side(text.role));
        let rects: Vec<_> = labels.map(|text| text.rect).collect();
        assert!(rects.len() > 100);
        for pair in rects.windows(2) {
            assert!(pair[0].bottom() <= pair[1].y, "{pair:?}");
        }
    }
    let canvas = attnviz::figure::layout::Rect {
        x: 0,
        y: 0,
        width: layout.width,
        height: layout.height,
    };
    assert!(layout.texts().all(|text| canvas.contains(&text.rect)));
}

#[test]
fn a_text_is_shaded_by_what_a_unit_gives_or_by_what_units_get() {
    with_maps(|run, maps| {
        let cases = [
            (Some(2), [0.0, 0.5, 0.5], Some(2)),
            (None, [0.8 / 3.0, 1.59 / 3.0, 0.61 / 3.0], None),
        ];
        for (row, expected, marked) in cases {
            let figure = shaded_text(run, maps, row, &FigureOptions::default()).expect("a text");
            let Body::Text(text) = &figure.body else {
                panic!("{:?}", figure.body)
            };
            for (found, expected) in text.values.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{:?}", text.values);
            }
            assert_eq!(text.marked, marked);
        }
        let beyond = shaded_text(run, maps, Some(3), &FigureOptions::default());
        assert!(beyond.is_err());
    });
}

#[test]
fn a_shaded_text_wraps_and_every_unit_stands_on_its_shade() {
    let count = 200;
    let names: Vec<String> = (0..count).map(|unit| format!("word{unit}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let values = vec![1.0 / count as f32; count * count];
    let run = run_of_units(&names, own(values, [1, 1, count, count]));
    let maps = reshape(&run, &run.attention[0], &ReshapeOptions::default()).expect("maps");
    let options = FigureOptions {
        scale: Some(Scale::Unit),
        ..FigureOptions::default()
    };
    let figure = shaded_text(&run, &maps, Some(7), &options).expect("a text");
    let layout = laid_out(&figure);
    let shades: Vec<_> = layout
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Rectangle {
                rect,
                ink: Ink::OnScale(_),
            } => Some(*rect),
            Item::Rectangle { .. }
            | Item::Cells(_)
            | Item::ColorBar(..)
            | Item::Lines(_)
            | Item::Text(_) => None,
        })
        .collect();
    let labels = layout.texts();
    let labels = labels.filter(|text| matches!(text.role, Role::ColumnLabel(_)));
    let labels: Vec<_> = labels.map(|text| text.rect).collect();
    assert_eq!((shades.len(), labels.len()), (count, count));
    for (shade, label) in shades.iter().zip(&labels) {
        assert!(shade.contains(label), "{shade:?} {label:?}");
        assert!(shade.right() < layout.width);
    }
    let lines: std::collections::BTreeSet<i32> = shades.iter().map(|shade| shade.y).collect();
    assert!(lines.len() > 5, "{lines:?}");
    // The unit itself is framed.
    let frame = layout.items.iter().any(|item| match item {
        Item::Rectangle {
            rect,
            ink: Ink::Strong,
        } => rect.contains(&shades[7]) && !rect.contains(&shades[8]),
        Item::Rectangle { .. }
        | Item::Cells(_)
        | Item::ColorBar(..)
        | Item::Lines(_)
        | Item::Text(_) => false,
    });
    assert!(frame);
}

#[test]
fn keys_that_nobody_may_attend_to_count_only_those_who_may() {
    with_maps(|_, maps| {
        let received = received_profile(maps).expect("there is a map");
        let column: f32 = ROWS.iter().map(|row| row[1]).sum();
        assert!((received.mean[1] - column / 3.0).abs() < 1e-6);
        let given = profile(maps, Direction::From, 0).expect("there is a row");
        assert_eq!(given.mean, ROWS[0]);
    });
}

#[test]
fn lines_and_texts_are_drawn_and_the_numbers_of_texts_saved() {
    let workplace = Workplace::new();
    workplace.succeed(&[
        "encode",
        "The animal was tired, so it slept.",
        "-m",
        "builtin",
        "--layers",
        "1,3",
        "--heads",
        "2",
        "--views",
        "lines,text,text:it,from:it",
        "-f",
        "png,svg,json,csv",
        "-o",
        "out",
    ]);
    let folder = only_folder(&workplace, "out");
    for stem in [
        "lines/layer-01-head-02",
        "lines/layer-03-head-02",
        "text",
        "text/it",
    ] {
        for extension in ["png", "svg"] {
            let file = folder.join(format!("{stem}.{extension}"));
            assert!(file.is_file(), "{}", file.display());
        }
    }
    let svg = fs::read_to_string(folder.join("lines/layer-03-head-02.svg")).expect("a text");
    assert!(svg.matches("<line ").count() > 20, "{svg}");
    let json = fs::read(folder.join("attention.json")).expect("numbers");
    let numbers: BTreeMap<String, Value> = serde_json::from_slice(&json).expect("JSON");
    // By layer, of what the text is shaded by.
    assert_eq!(numbers["text:it"], numbers["from:it"]);
    let received = numbers["text"].as_array().expect("layers");
    assert_eq!(received.len(), 2);
    let attention = &numbers["attention"];
    for (layer, received) in received.iter().enumerate() {
        let rows = attention[layer][0].as_array().expect("queries");
        for (key, found) in received.as_array().expect("keys").iter().enumerate() {
            let column = rows.iter().map(|row| row[key].as_f64().expect("a number"));
            let expected = column.sum::<f64>() / rows.len() as f64;
            let found = found.as_f64().expect("a number");
            assert!((found - expected).abs() < 1e-6, "layer {layer}, key {key}");
        }
    }
    let table = fs::read_to_string(folder.join("text.csv")).expect("a table");
    assert!(table.starts_with("layer,key,key_token,value\n"), "{table}");
    assert_eq!(
        fs::read_to_string(folder.join("text-it.csv"))
            .unwrap()
            .lines()
            .count(),
        23
    );
}

#[test]
fn texts_and_lines_are_shown_in_the_terminal() {
    let workplace = Workplace::new();
    let shown = |views: &str| {
        let outcome = workplace.succeed(&[
            "encode",
            "The animal was tired, so it slept.",
            "-m",
            "builtin",
            "--views",
            views,
            "--show",
            "-o",
            "shown",
        ]);
        outcome.stdout
    };
    let text = shown("text:it");
    assert!(text.contains(">it<"), "{text}");
    assert!(shown("text").contains("attention received"));
    assert!(shown("lines").contains("strongest links"));
}
