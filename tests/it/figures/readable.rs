//! Pictures of any length show something, and say where their colours end.

use attnviz::analysis::{Direction, Granularity, MapId, ReshapeOptions};
use attnviz::attention::{
    Attention, AttentionKind, AttentionTensor, HeadId, HeadMaps, Mask, Selection,
};
use attnviz::figure::layout::{self, Role};
use attnviz::figure::{
    Body, ColorRange, Figure, FigureOptions, Progression, Scale, ValueRange, overview,
    overview_in_steps, single_map, unit_profile,
};
use attnviz::render::TextShaper;
use attnviz::run::Run;

use super::{FIRST, check, grid, head_map, map, matrices, overview_of, run, whole, words};
use crate::runs::{foreign, own, raw, reshaped};

/// A run like those of trained models: most of the attention goes to the first
/// and the last unit, which are special; the rest to neighbours, and a little
/// everywhere. The second head is sharp.
fn trained(count: usize) -> Run {
    let mut texts = words(count);
    texts.iter_mut().for_each(|text| *text = "word");
    texts[0] = "[CLS]";
    texts[count - 1] = "[SEP]";
    let mut run = run(&texts, 1, 1, 2);
    let value = |head: usize, query: usize, key: usize| -> f64 {
        let distance = query.abs_diff(key);
        let near = 1.0 / (1.0 + distance as f64).powi(2);
        match head {
            0 if key == 0 || key == count - 1 => 30.0,
            0 => near + 0.01,
            _ if query + 1 == key => 200.0,
            _ => 0.01,
        }
    };
    let mut values = Vec::new();
    for head in 0..2 {
        for query in 0..count {
            let weights: Vec<f64> = (0..count).map(|key| value(head, query, key)).collect();
            let sum: f64 = weights.iter().sum();
            values.extend(weights.iter().map(|weight| (weight / sum) as f32));
        }
    }
    run.attention = own(values, [1, 2, count, count]);
    run
}

fn shared(figure: &Figure<'_>) -> ValueRange {
    match figure.color_scale.range {
        ColorRange::Shared(range) => range,
        ColorRange::PerPanel { .. } => panic!("every map has the same colours"),
    }
}

/// How many of the cells of ordinary keys are told apart from 0, as a part.
fn visible(figure: &Figure<'_>) -> f64 {
    let layout = layout::layout(figure, &mut TextShaper::new()).unwrap();
    let mut fractions = Vec::new();
    for cells in matrices(&layout) {
        for row in 0..cells.rows.count {
            let ordinary = 1..cells.columns.count - 1;
            fractions.extend(ordinary.map(|column| cells.fraction(row, column)));
        }
    }
    let seen = fractions.iter().filter(|&&fraction| fraction > 0.2).count();
    seen as f64 / fractions.len() as f64
}

fn all_notes(figure: &Figure<'_>) -> String {
    figure.notes.join("\n")
}

#[test]
fn the_default_picture_of_any_length_shows_something() {
    for count in [8, 30, 60, 128, 300, 512] {
        let run = trained(count);
        let unit = FigureOptions {
            scale: Some(Scale::Unit),
            ..FigureOptions::default()
        };
        let head = FigureOptions {
            scale: Some(Scale::Head),
            ..FigureOptions::default()
        };
        let pictures = [
            (grid(&run), overview_of(&run, &unit).unwrap(), 1.0),
            (map(&run), head_map(&run, FIRST, &head).unwrap(), 2.0),
        ];
        for (figure, whole, cells_a_query) in pictures {
            // About a cell a query can be seen, however many there are.
            let least = cells_a_query / 2.0 / count as f64;
            // A few have their numbers in their cells.
            let seen = visible(&figure);
            assert!(count <= 24 || seen >= least, "{count}: {seen}");
            let (end, whole) = (shared(&figure).maximum, shared(&whole).maximum);
            let says_so = all_notes(&figure).contains("Most values are near 0: colours end at");
            assert_eq!(says_so, end < whole, "{count}: {end} of {whole}");
            assert!(end == whole || end <= whole / 4.0);
            assert_eq!(end < whole, count > 24, "{count}: {end}");
        }
        // A head that is sharp keeps its own maximum.
        let sharp = HeadId { layer: 0, head: 1 };
        let figure = head_map(&run, sharp, &FigureOptions::default()).unwrap();
        assert!(shared(&figure).maximum > 0.9);
    }
}

/// A causal run without special units, whose queries spread their attention.
fn causal(count: usize) -> Run {
    let mut run = run(&vec!["word"; count], 1, 1, 1);
    let values = (0..count).flat_map(|query| {
        let value = move |key: usize| {
            if key <= query {
                1.0 / (query + 1) as f32
            } else {
                0.0
            }
        };
        (0..count).map(value)
    });
    let maps = HeadMaps::new(Selection::all(1, 1), [count; 2], values.collect()).unwrap();
    let kind = AttentionKind::SelfAttention;
    let tensor = AttentionTensor::new(kind, vec![Mask::Causal], maps).unwrap();
    run.attention = vec![Attention::Own(tensor)];
    run
}

#[test]
fn colours_of_causal_maps_end_above_nearly_all_that_is_there() {
    for count in [25, 60, 128, 300] {
        let run = causal(count);
        for figure in [map(&run), grid(&run)] {
            let clipped = figure.color_scale.clipped;
            assert!(
                clipped.above * 30 <= clipped.of.max(30),
                "{count}: {clipped:?}"
            );
            // And not far above it.
            let end = shared(&figure).maximum;
            assert!(count <= 60 || end <= 20.0 / count as f32, "{count}: {end}");
        }
    }
}

#[test]
fn counts_of_what_is_clipped_are_of_what_is_drawn() {
    let run = trained(1_000);
    let options = FigureOptions {
        maximum: Some(0.01),
        ..FigureOptions::default()
    };
    let thumbnail = overview_in_steps(&run, whole(&run), &options, [24, 24]).unwrap();
    for (figure, side) in [(overview_of(&run, &options).unwrap(), 500), (thumbnail, 24)] {
        let Body::Grid(grid) = &figure.body else {
            panic!("an overview is a grid");
        };
        let mut above = 0;
        for panel in grid.panels.iter().flatten() {
            assert!(panel.matrix.rows <= side);
            above += panel
                .matrix
                .values
                .iter()
                .filter(|&&value| value > 0.01)
                .count();
        }
        let of: usize = grid
            .panels
            .iter()
            .flatten()
            .map(|panel| panel.matrix.values.len())
            .sum();
        assert!(of < 2 * 1_000 * 1_000, "several units share a pixel");
        let expected = format!("{above} of {of} values are above 0.01");
        assert!(all_notes(&figure).contains(&expected), "{:?}", figure.notes);
    }
    // The scale of a run reaches as far as the means that are drawn.
    let of_run = FigureOptions {
        scale: Some(Scale::Run),
        ..FigureOptions::default()
    };
    let figure = overview_of(&run, &of_run).unwrap();
    let Body::Grid(grid) = &figure.body else {
        panic!("an overview is a grid");
    };
    let values = grid
        .panels
        .iter()
        .flatten()
        .flat_map(|panel| panel.matrix.values.iter());
    let greatest = values.copied().fold(0.0, f32::max);
    assert_eq!(shared(&figure).maximum, greatest);
    assert!(figure.color_scale.label.ends_with("the greatest mean"));
}

#[test]
fn small_maps_do_not_shrink_as_texts_grow() {
    let mut shaper = TextShaper::new();
    for count in [8, 128, 200, 399, 401, 512, 600, 700] {
        let run = run(&words(count), 1, 1, 12);
        let figure = grid(&run);
        let layout = layout::layout(&figure, &mut shaper).unwrap();
        let cells = matrices(&layout).next().unwrap();
        assert!(
            cells.width() >= 190,
            "{count} units in {} pixels",
            cells.width()
        );
    }
}

/// The numbers at the colour bar, from below.
fn ticks(figure: &Figure<'_>) -> Vec<String> {
    let layout = layout::layout(figure, &mut TextShaper::new()).unwrap();
    check(&layout);
    let bar_left = layout.items.iter().find_map(|item| match item {
        layout::Item::ColorBar(rect, _) => Some(rect.x),
        _ => None,
    });
    let mut texts: Vec<_> = layout
        .texts()
        .filter(|text| text.role == Role::Tick && text.rect.x > bar_left.unwrap())
        .collect();
    texts.sort_by_key(|text| -text.rect.y);
    texts.into_iter().map(|text| text.text.clone()).collect()
}

#[test]
fn a_logarithmic_scale_is_marked_wherever_it_is_used() {
    let run = trained(30);
    for minimum in [None, Some(0.002)] {
        let options = |scale| FigureOptions {
            progression: Progression::Logarithmic,
            scale,
            minimum,
            ..FigureOptions::default()
        };
        let profile =
            |direction| unit_profile(&run, whole(&run), direction, 3, &options(None)).unwrap();
        let figures = [
            head_map(&run, FIRST, &options(None)).unwrap(),
            overview_of(&run, &options(None)).unwrap(),
            overview_of(&run, &options(Some(Scale::Head))).unwrap(),
            overview_of(&run, &options(Some(Scale::Run))).unwrap(),
            profile(Direction::From),
            profile(Direction::To),
        ];
        for figure in figures {
            assert!(
                all_notes(&figure).contains("Colours are logarithmic, from"),
                "{:?}",
                figure.notes
            );
            let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
            let mut texts = layout.texts();
            let is_named = |text: &layout::TextItem| {
                text.role == Role::ColorBarName && text.text.contains("logarithmic")
            };
            assert!(texts.any(is_named), "{}", figure.title);
            let ticks = ticks(&figure);
            assert_eq!(
                ticks[0].starts_with("≤ "),
                figure.color_scale.clipped.below > 0
            );
            assert!(minimum.is_none() || figure.color_scale.clipped.below > 0);
            if let Body::Profile(_) = figure.body {
                assert!(layout.texts().any(|text| {
                    text.role == Role::ColorBarName && text.text == "mean attention (logarithmic)"
                }));
            }
            let first = ticks[0].trim_start_matches("≤ ");
            match (minimum, figure.color_scale.range) {
                (Some(_), _) => assert_eq!(first, "0.002"),
                (None, ColorRange::PerPanel { .. }) => assert_eq!(first, "max / 10⁴"),
                (None, ColorRange::Shared(_)) => assert_eq!(first, "0.0001"),
            }
        }
    }
    // Of each panel the first colour is that part of its own maximum.
    let options = FigureOptions {
        progression: Progression::Logarithmic,
        scale: Some(Scale::Head),
        ..FigureOptions::default()
    };
    let figure = overview_of(&run, &options).unwrap();
    let Body::Grid(grid) = &figure.body else {
        panic!("an overview is a grid");
    };
    for panel in grid.panels.iter().flatten() {
        let ratio = panel.range.maximum / panel.range.minimum;
        assert!((ratio - 1e4).abs() < 1.0, "{ratio}");
    }
}

#[test]
fn nought_is_written_for_0_alone() {
    let mut run = run(&["a", "b", "c", "d"], 1, 1, 1);
    let row = [0.0, 0.000_4, 0.25, 0.749_6];
    run.attention = own(row.repeat(4), [1, 1, 4, 4]);
    let profile = |run: &Run| {
        let options = FigureOptions::default();
        unit_profile(run, whole(run), Direction::From, 0, &options).unwrap()
    };
    for figure in [map(&run), profile(&run)] {
        let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
        check(&layout);
        let texts = |column: usize| -> Vec<String> {
            let is_there = |role| match role {
                Role::Value(_, found) | Role::BarValue(found) => found == column,
                _ => false,
            };
            let texts = layout.texts().filter(|text| is_there(text.role));
            texts.map(|text| text.text.clone()).collect()
        };
        assert!(texts(0).iter().all(|text| text == "0") && !texts(0).is_empty());
        assert!(texts(1).is_empty(), "{:?}", texts(1));
        assert!(texts(2).iter().all(|text| text == ".250") && !texts(2).is_empty());
        let said = layout
            .texts()
            .filter(|text| {
                text.role == Role::Note && text.text.contains("Values below .0005 have no number")
            })
            .count();
        assert_eq!(said, 1);
    }
    let plain = self::run(&["a", "b"], 1, 1, 1);
    let figure = map(&plain);
    let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
    assert!(
        layout
            .texts()
            .all(|text| !text.text.contains("have no number"))
    );
}

#[test]
fn values_of_any_size_stay_in_their_cells() {
    for (value, expected) in [
        (1.0, "1.0"),
        (1.25, "1.25"),
        (12.5, "12.5"),
        (1234.0, "1234"),
        (123_456.0, "1e5"),
        (3e38, "3e38"),
    ] {
        let mut run = run(&["a", "b"], 1, 1, 1);
        run.attention = foreign(vec![value; 4], [1, 1, 2, 2]);
        let figure = map(&run);
        let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
        check(&layout);
        let cell = matrices(&layout).next().unwrap().columns.cell;
        let texts = layout
            .texts()
            .filter(|text| matches!(text.role, Role::Value(..)));
        for text in texts {
            assert_eq!(text.text, expected);
            assert!(text.rect.width <= cell);
        }
    }
}

#[test]
fn a_minimum_above_every_value_invents_no_maximum() {
    let run = run(&words(5), 1, 1, 1);
    let options = FigureOptions {
        minimum: Some(0.95),
        ..FigureOptions::default()
    };
    // To 1, which attention is at most.
    let figure = head_map(&run, FIRST, &options).unwrap();
    assert_eq!(shared(&figure).maximum, 1.0);
    assert!(all_notes(&figure).contains("25 of 25 values are below 0.95"));
    assert!(
        !figure.color_scale.label.contains("maximum"),
        "{}",
        figure.color_scale.label
    );
    let options = FigureOptions {
        minimum: Some(7.0),
        ..FigureOptions::default()
    };
    assert_eq!(options.check(), Ok(()));
    let error = head_map(&run, FIRST, &options).unwrap_err();
    assert!(
        error.to_string().contains("begin below what is shown"),
        "{error}"
    );
    assert!(error.remedy().is_some());
    let _ = raw(&run).map(MapId::Head(FIRST));
}

#[test]
fn words_are_called_words() {
    let run = run(&words(600), 1, 1, 24);
    let options = ReshapeOptions {
        granularity: Granularity::Word,
        ..ReshapeOptions::default()
    };
    let maps = reshaped(&run, &options).unwrap();
    let count = maps.rows.len();
    let options = FigureOptions::default();
    let figures = [
        single_map(&run, &maps, MapId::Head(FIRST), &options).unwrap(),
        overview(&run, &maps, &options).unwrap(),
        unit_profile(&run, &maps, Direction::From, 0, &options).unwrap(),
    ];
    for figure in figures {
        let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
        let note = format!("{count} words; ");
        let mut texts = layout.texts();
        assert!(
            texts.any(|text| text.role == Role::Note && text.text.contains(&note)),
            "{note}"
        );
    }
}

#[test]
fn colours_do_not_end_before_what_most_of_a_picture_is() {
    for count in [3, 4, 5, 8] {
        let run = trained(count);
        let figure = grid(&run);
        // Nearly all of the attention of so few units goes to special ones.
        let clipped = figure.color_scale.clipped;
        assert!(clipped.above * 5 <= clipped.of, "{count}: {clipped:?}");
        assert_eq!(shared(&figure).maximum, 1.0, "{count}");
        assert!(!all_notes(&figure).contains("near 0"), "{:?}", figure.notes);
    }
}
