//! Pictures of what differs between two sides: a grid of a measure, and a head
//! left, right and right − left.

use attnviz::analysis::Maps;
use attnviz::attention::{HeadId, LayerHeads, Mask, Selection};
use attnviz::checkpoint::ModelSource;
use attnviz::compare::DifferenceMeasure;
use attnviz::figure::layout::{self, Ink, Item, Layout, Role, TextItem};
use attnviz::figure::{
    Body, ColorPart, ColorRange, Coloring, Figure, FigureError, FigureOptions, MapDifference,
    Palette, Theme, ValueRange, difference_grid, head_difference,
};
use attnviz::input::Input;
use attnviz::render::TextShaper;
use attnviz::render::colormap::{Color, ColorTable};
use attnviz::render::terminal::{Graphics, Terminal, draw};

use super::colors::lightness;
use super::masks::masked;
use super::{Decoded, FIRST, check, encode, matrices, run, whole, words};
use crate::runs::{foreign, run_of, source, unit};

const NAMES: [&str; 2] = ["bert-base-uncased", "./my-bert"];

fn themed(theme: Theme) -> FigureOptions {
    FigureOptions {
        palette: Palette {
            theme,
            ..Palette::default()
        },
        ..FigureOptions::default()
    }
}

/// Two sides over as many units, of which the last but one differs where there
/// are several.
pub fn sides(count: usize) -> [&'static Maps<'static>; 2] {
    let mut units = words(count);
    let left = run(&units, 1, 1, 2);
    if count > 2 {
        units[count - 2] = "wide";
    }
    let mut right = run(&units, 1, 1, 2);
    let values = crate::runs::head_maps(&right).values().chunks_exact(count);
    let sharper = values.flat_map(|row| {
        let sum: f32 = row.iter().map(|value| value * value).sum();
        row.iter().map(move |value| value * value / sum)
    });
    right.attention = crate::runs::own(sharper.collect(), [1, 2, count, count]);
    [whole(&left), whole(&right)]
}

pub fn map_difference(count: usize, options: &FigureOptions) -> Figure<'static> {
    let [left, right] = sides(count);
    let differing: Vec<usize> = (count > 2).then(|| count - 2).into_iter().collect();
    let captions = vec!["the tokens".to_owned()];
    head_difference(NAMES, left, right, FIRST, &differing, captions, options).unwrap()
}

/// Attention from elsewhere over two units, of one head.
fn small(values: [f32; 4]) -> &'static Maps<'static> {
    whole(&run_of(
        ("elsewhere", ModelSource::Elsewhere),
        Input::text("a b"),
        source(vec![unit("a", false), unit("b", false)]),
        foreign(values.to_vec(), [1, 1, 2, 2]),
    ))
}

fn of_small(left: [f32; 4], right: [f32; 4]) -> Figure<'static> {
    let options = FigureOptions::default();
    let [left, right] = [left, right].map(small);
    head_difference(NAMES, left, right, FIRST, &[], Vec::new(), &options).unwrap()
}

fn body<'figure>(figure: &'figure Figure<'_>) -> &'figure MapDifference<'figure> {
    match &figure.body {
        Body::Difference(maps) => maps,
        _ => panic!("of differences"),
    }
}

fn range(range: ColorRange) -> ValueRange {
    match range {
        ColorRange::Shared(range) => range,
        ColorRange::PerPanel { .. } => panic!("all panels have one range"),
    }
}

pub fn texts<'layout>(
    layout: &'layout Layout<'_>,
    is_wanted: impl Fn(Role) -> bool + 'layout,
) -> impl Iterator<Item = &'layout str> {
    let texts = layout.texts().filter(move |text| is_wanted(text.role));
    texts.map(|text: &TextItem| text.text.as_str())
}

fn says(figure: &Figure<'_>, said: &str) -> bool {
    figure.notes.iter().any(|note| note == said)
}

#[test]
fn differences_are_legible_for_every_number_of_units() {
    let mut shaper = TextShaper::new();
    for count in [1, 2, 8, 16, 30, 60, 61, 128, 150, 512] {
        let figure = map_difference(count, &FigureOptions::default());
        let layout = layout::layout(&figure, &mut shaper).unwrap();
        check(&layout);
        let cells: Vec<_> = matrices(&layout).collect();
        assert_eq!(cells.len(), 3);
        // Beside one another, or under one another.
        let origins: Vec<(i32, i32)> = cells.iter().map(|cells| cells.origin).collect();
        let is_beside = origins.iter().all(|origin| origin.1 == origins[0].1);
        let is_stacked = origins.iter().all(|origin| origin.0 == origins[0].0);
        assert_eq!(
            (is_beside, is_stacked),
            (count <= 60, count > 60),
            "{count}"
        );
        // Both sides have the same scale, the difference its own.
        assert_eq!(cells[0].range, cells[1].range);
        let parts: Vec<ColorPart> = cells.iter().map(|cells| cells.part).collect();
        let [magnitudes, differences] = [ColorPart::Magnitudes, ColorPart::Differences];
        assert_eq!(parts, [magnitudes, magnitudes, differences]);
        // Every third unit at least has a label of letters that can be read.
        let labels = texts(&layout, |role| matches!(role, Role::ColumnLabel(_))).count();
        assert!(labels * 5 >= count * 3, "{labels} labels of {count} units");
        for text in layout.texts() {
            assert!(text.font.size >= 12.0, "{text:?}");
        }
        let names: Vec<&str> = texts(&layout, |role| matches!(role, Role::PanelName(_))).collect();
        assert_eq!(
            names,
            [
                "left · bert-base-uncased",
                "right · ./my-bert",
                "right − left"
            ]
        );
        assert_eq!(
            figure.title,
            "bert-base-uncased → ./my-bert · layer 0 · head 0"
        );
        encode(&figure, &mut shaper).unwrap();
    }
}

#[test]
fn zero_is_the_paper_and_both_sides_of_it_are_as_light() {
    for &theme in Theme::ALL {
        let figure = map_difference(8, &themed(theme));
        let colors = ColorTable::new(figure.palette);
        assert_eq!(figure.palette.coloring, Coloring::Differences);
        let range = range(body(&figure).difference_scale.range);
        assert_eq!(range.minimum, -range.maximum);
        let color = |share: f32| -> Color {
            let fraction = range.fraction(share * range.maximum);
            colors.color(ColorPart::Differences.place(fraction))
        };
        assert_eq!(color(0.0), colors.background());
        let magnitude = |share: f32| colors.color(ColorPart::Magnitudes.place(share));
        assert_eq!(magnitude(0.0), colors.background());
        let away = |color: Color| (lightness(color) - lightness(colors.background())).abs();
        let mut before = [0.0; 3];
        for step in 1..=20_u8 {
            let share = f32::from(step) / 20.0;
            let [above, below] = [color(share), color(-share)];
            assert!(
                (lightness(above) - lightness(below)).abs() < 0.02,
                "{theme} {share}"
            );
            let now = [above, below, magnitude(share)].map(away);
            let is_further = now.iter().zip(before).all(|(now, before)| *now > before);
            assert!(is_further, "{theme} {share}: {now:?} {before:?}");
            before = now;
        }
        // What is beyond one scale is not in the colours of the other.
        assert_eq!(color(3.0), color(1.0));
        assert_eq!(color(-3.0), color(-1.0));
        assert_eq!(magnitude(3.0), magnitude(1.0));
        assert_eq!(
            colors.color(ColorPart::Differences.place(f32::NAN)),
            colors.background()
        );
    }
}

/// What eyes see that lack one kind of cones (Viénot, Brettel and Mollon 1999 for
/// red and green, in linear light), and for blue the matrix of Machado, Oliveira
/// and Fernandes 2009.
const EYES: [(&str, [[f64; 3]; 3]); 3] = [
    (
        "protanopia",
        [
            [0.112_38, 0.887_62, 0.0],
            [0.112_38, 0.887_62, 0.0],
            [0.004_01, -0.004_01, 1.0],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.292_75, 0.707_25, 0.0],
            [0.292_75, 0.707_25, 0.0],
            [-0.022_34, 0.022_34, 1.0],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

#[test]
fn both_sides_of_zero_are_told_apart_by_eyes_that_lack_a_colour() {
    for &theme in Theme::ALL {
        let colors = ColorTable::new(Palette {
            theme,
            coloring: Coloring::Differences,
            ..Palette::default()
        });
        for (name, matrix) in EYES {
            for step in 3..=10_u8 {
                let share = f32::from(step) / 10.0;
                let seen = [share, -share].map(|share| {
                    let place = ColorPart::Differences.place((share + 1.0) / 2.0);
                    let linear = colors.color(place).map(super::colors::linear);
                    matrix.map(|row| {
                        let sum: f64 = row
                            .iter()
                            .zip(linear)
                            .map(|(part, value)| part * value)
                            .sum();
                        sum.clamp(0.0, 1.0).powf(1.0 / 2.4)
                    })
                });
                let channels = seen[0].iter().zip(seen[1]);
                let distance = channels
                    .map(|(one, other)| (one - other).powi(2))
                    .sum::<f64>();
                assert!(
                    distance.sqrt() > 0.12,
                    "{theme} {name} at {share}: {}",
                    distance.sqrt()
                );
            }
        }
    }
}

#[test]
fn numbers_of_differences_have_their_signs() {
    let mut shaper = TextShaper::new();
    let figure = of_small([0.9, 0.1, 0.5, 0.5], [0.65, 0.35, 0.5, 0.5]);
    let layout = layout::layout(&figure, &mut shaper).unwrap();
    let values: Vec<&str> = texts(&layout, |role| matches!(role, Role::Value(..))).collect();
    let sides = [
        ".900", ".100", ".500", ".500", ".650", ".350", ".500", ".500",
    ];
    assert_eq!(values[..8], sides);
    assert_eq!(values[8..], ["−.250", "+.250", "0", "0"]);
    let ticks: Vec<&str> = texts(&layout, |role| role == Role::Tick).collect();
    for tick in ["−0.25", "0", "+0.25", "0.9"] {
        assert!(ticks.contains(&tick), "{ticks:?}");
    }
    assert!(!ticks.iter().any(|tick| tick.contains('-')), "{ticks:?}");
    let greatest = "Greatest difference: −0.25 from “a” (token @0) to “a” (token @0): 0.9 on the \
                    left, 0.65 on the right.";
    assert!(says(&figure, greatest), "{:?}", figure.notes);
}

#[test]
fn differences_next_to_nothing_are_written_with_powers_of_ten() {
    let mut shaper = TextShaper::new();
    let figure = of_small([0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.500_001, 0.499_999]);
    let layout = layout::layout(&figure, &mut shaper).unwrap();
    let values: Vec<&str> = texts(&layout, |role| matches!(role, Role::Value(..))).collect();
    assert_eq!(values[8..], ["0", "0", "+1.0e-6", "−1.0e-6"]);
}

#[test]
fn equal_maps_are_said_to_be_equal_and_drawn_on_paper() {
    let mut shaper = TextShaper::new();
    for &theme in Theme::ALL {
        let [left, _] = sides(8);
        let options = themed(theme);
        let figure =
            head_difference(["builtin"; 2], left, left, FIRST, &[], Vec::new(), &options).unwrap();
        assert_eq!(figure.title, "builtin · layer 0 · head 0");
        assert!(says(&figure, "Both maps are equal in every cell."));
        let maps = body(&figure);
        assert_eq!(maps.names, ["left", "right", "right − left"]);
        let range = range(maps.difference_scale.range);
        assert_eq!((range.minimum, range.maximum), (-1.0, 1.0));
        let layout = layout::layout(&figure, &mut shaper).unwrap();
        check(&layout);
        let third = matrices(&layout).nth(2).unwrap();
        let picture = Decoded::new(&encode(&figure, &mut shaper).unwrap());
        let paper = ColorTable::new(figure.palette).background();
        let corner = picture.at(third.origin.0 + 1, third.origin.1 + 1);
        assert_eq!(corner, paper);
    }
}

#[test]
fn units_that_differ_are_marked_by_a_sign_a_tick_and_a_sentence() {
    let mut shaper = TextShaper::new();
    for count in [8, 30, 128, 512] {
        let figure = map_difference(count, &FigureOptions::default());
        let place = count - 2;
        let before = words(count)[place];
        let maps = body(&figure);
        let labels = maps
            .maps
            .each_ref()
            .map(|map| map.rows[place].text.as_str());
        let (left, between) = (format!("≠ {before}"), format!("{before} → wide"));
        assert_eq!(labels, [left.as_str(), "≠ wide", between.as_str()]);
        let sentence = format!("≠ marks what is not the same on both sides: {between} (@{place}).");
        assert!(says(&figure, &sentence), "{:?}", figure.notes);
        let layout = layout::layout(&figure, &mut shaper).unwrap();
        let marks = layout.items.iter().filter(|item| {
            matches!(
                item,
                Item::Rectangle {
                    ink: Ink::Strong,
                    ..
                }
            )
        });
        // A row and a column of each map, whether it has a label or not.
        assert_eq!(marks.count(), 6, "{count}");
    }
}

#[test]
fn what_masks_forbid_is_empty_and_what_one_of_them_forbids_is_nothing_there() {
    let mut shaper = TextShaper::new();
    let tokens = ["a", "b", "c"];
    let causal = |share| whole(&masked(&[Mask::Causal], &tokens, share));
    let options = FigureOptions::default();
    let figure_of = |left, right| {
        head_difference(NAMES, left, right, FIRST, &[], Vec::new(), &options).unwrap()
    };
    let figure = figure_of(causal(0.4), causal(0.8));
    for map in &body(&figure).maps {
        let empty: Vec<bool> = map
            .matrix
            .values
            .iter()
            .map(|value| value.is_nan())
            .collect();
        assert_eq!(
            empty,
            [false, true, true, false, false, true, false, false, false]
        );
    }
    let layout = layout::layout(&figure, &mut shaper).unwrap();
    let numbers = texts(&layout, |role| matches!(role, Role::Value(..))).count();
    assert_eq!(numbers, 3 * 6);
    let note = "No token attends to a later one, as in a decoder: those cells are empty.";
    assert!(says(&figure, note), "{:?}", figure.notes);

    let both_ways = whole(&masked(&[Mask::Full], &tokens, 0.4));
    let figure = figure_of(causal(0.4), both_ways);
    let [left, _, difference] = &body(&figure).maps;
    assert!(left.matrix.values[1].is_nan());
    assert!((difference.matrix.values[1] - 0.3).abs() < 1e-6);
    assert!(
        says(&figure, &format!("On the left: {note}")),
        "{:?}",
        figure.notes
    );
}

#[test]
fn sides_that_do_not_fit_one_another_are_refused() {
    let ([left, _], [other, _]) = (sides(3), sides(4));
    let options = FigureOptions::default();
    let of = |right, head| head_difference(NAMES, left, right, head, &[], Vec::new(), &options);
    let error = of(other, FIRST).unwrap_err();
    let said = "expected two maps of one size, found 3 × 3 on the left and 4 × 4 on the right";
    assert_eq!(error.to_string(), said);
    let head = HeadId { layer: 7, head: 0 };
    assert_eq!(
        of(left, head).unwrap_err(),
        FigureError::NoSuchHead { head }
    );
}

fn grid(selection: &Selection, values: &[f64], options: &FigureOptions) -> Figure<'static> {
    let measure = DifferenceMeasure::JsBits;
    let captions = vec!["the tokens".to_owned()];
    difference_grid(
        NAMES,
        selection,
        values,
        measure,
        captions,
        Vec::new(),
        options,
    )
    .unwrap()
}

#[test]
fn a_grid_of_a_measure_has_every_head_in_its_place() {
    let mut shaper = TextShaper::new();
    // The second layer has no head 1.
    let layer = |layer, heads: &[usize]| LayerHeads {
        layer,
        heads: heads.to_vec(),
    };
    let selection = Selection {
        layers: vec![layer(2, &[0, 1, 4]), layer(5, &[0, 4])],
    };
    let values = [0.0, 0.25, f64::NAN, 0.125, 0.5];
    let figure = grid(&selection, &values, &FigureOptions::default());
    assert_eq!(
        figure.title,
        "bert-base-uncased → ./my-bert · js_bits of 5 heads"
    );
    assert_eq!(figure.color_scale.quantity(), "js_bits (bits)");
    let layout = layout::layout(&figure, &mut shaper).unwrap();
    check(&layout);
    let cells = matrices(&layout).next().unwrap();
    assert_eq!(
        (cells.part, cells.range.minimum, cells.range.maximum),
        (ColorPart::Magnitudes, 0.0, 0.5)
    );
    let found: Vec<String> = cells.values.iter().map(f32::to_string).collect();
    assert_eq!(found, ["0", "0.25", "NaN", "0.125", "NaN", "0.5"]);
    let numbers: Vec<&str> = texts(&layout, |role| matches!(role, Role::Value(..))).collect();
    assert_eq!(numbers, ["0", ".250", ".125", ".500"]);
    let links: Vec<&str> = texts(&layout, |role| role == Role::Link(0)).collect();
    assert_eq!(links, ["1", "layer 5", "·", "head 4", ".500"]);
    let rows: Vec<&str> = texts(&layout, |role| matches!(role, Role::RowLabel(_))).collect();
    assert_eq!(rows, ["2", "5"]);
}

#[test]
fn grids_of_a_measure_are_legible_whatever_their_size_and_values() {
    let mut shaper = TextShaper::new();
    for (layers, heads) in [(1, 1), (6, 12), (12, 12), (30, 9), (24, 16), (80, 64)] {
        // Of the largest one theme is enough.
        let themes = match layers * heads > 1_000 {
            true => &Theme::ALL[..1],
            false => Theme::ALL,
        };
        for factor in [0.0, 1e-9, 0.7] {
            for &theme in themes {
                let count = layers * heads;
                let values: Vec<f64> = (0..count)
                    .map(|head| factor * (1 + head * 37 % 101) as f64 / 101.0)
                    .collect();
                let figure = grid(&Selection::all(layers, heads), &values, &themed(theme));
                let is_equal = says(&figure, "No head differs: both sides are equal.");
                assert_eq!(is_equal, factor == 0.0);
                let layout = layout::layout(&figure, &mut shaper).unwrap();
                check(&layout);
                let numbers = texts(&layout, |role| matches!(role, Role::Value(..)));
                let with_powers = numbers.filter(|text| text.contains('e')).count();
                // With decimals all of them would be blank.
                let greatest = values.iter().copied().fold(0.0, f64::max);
                let is_small = 0.0 < greatest && greatest < 0.01 && count <= 400;
                assert_eq!(
                    with_powers,
                    if is_small { count } else { 0 },
                    "{layers} × {heads}"
                );
                encode(&figure, &mut shaper).unwrap();
            }
        }
    }
}

#[test]
fn a_terminal_shows_both_sides_and_what_is_between_them() {
    let figure = of_small([0.9, 0.1, 0.5, 0.5], [0.65, 0.35, 0.5, 0.5]);
    let terminal = Terminal {
        graphics: Graphics::Plain,
        columns: 80,
    };
    let drawn = draw(&figure, terminal, &mut TextShaper::new()).unwrap();
    for said in [
        "left · bert",
        "right · ./my-bert",
        "right − left",
        "Greatest difference: −0.25",
    ] {
        assert!(drawn.contains(said), "{drawn}");
    }
}
