//! The picture of what each head does.

use attnviz::analysis::{Analyses, RolloutOptions, Score};
use attnviz::figure::layout::{Item, Role, layout};
use attnviz::figure::{Body, Figure, FigureOptions, Scale, score_grids};
use attnviz::render::TextShaper;

use super::{check, encode, matrices, run, whole, words};
use crate::runs::{foreign, run_of, source, unit};
use attnviz::checkpoint::ModelSource;
use attnviz::input::Input;
use attnviz::run::Run;

fn figure(run: &Run, options: &FigureOptions) -> Figure<'static> {
    let attention = &run.attention[0];
    let maps = whole(run);
    let analyses = Analyses::new(run, attention, maps, RolloutOptions::default());
    score_grids(run, maps, &analyses, options).unwrap()
}

#[test]
fn grids_of_scores_are_legible_for_every_number_of_layers_and_heads() {
    let mut shaper = TextShaper::new();
    for (layers, heads) in [
        (1, 1),
        (6, 12),
        (12, 12),
        (30, 9),
        (24, 16),
        (2, 40),
        (80, 64),
    ] {
        let run = run(&words(14), 2, layers, heads);
        let figure = figure(&run, &FigureOptions::default());
        let Body::Scores(grids) = &figure.body else {
            panic!("of scores");
        };
        let count = grids.grids.len();
        assert_eq!(count, Score::ALL.len() - 2);
        let layout = layout(&figure, &mut shaper).unwrap();
        check(&layout);
        assert_eq!(matrices(&layout).count(), count);
        let bars = layout
            .items
            .iter()
            .filter(|item| matches!(item, Item::ColorBar(..)));
        assert_eq!(bars.count(), count);
        let named = |role: Role| layout.texts().filter(|text| text.role == role).count();
        assert_eq!(named(Role::ScoreName), count);
        // Every score has its unit, and the numbers of its first layer and head.
        assert_eq!(named(Role::ColorBarName), count);
        assert_eq!(named(Role::RowLabel(0)), count);
        assert_eq!(named(Role::ColumnLabel(0)), count);
        for text in layout.texts() {
            assert!(text.font.size >= 12.0, "{text:?}");
        }
        for cells in matrices(&layout) {
            assert!(cells.rows.cell >= 4, "{layers} × {heads}");
        }
        encode(&figure, &mut shaper).unwrap();
    }
}

#[test]
fn colours_of_a_score_reach_to_its_maximum_or_to_one() {
    let run = run(&words(7), 1, 3, 4);
    let grids = |options: &FigureOptions| match figure(&run, options).body {
        Body::Scores(grids) => grids.grids,
        _ => panic!("of scores"),
    };
    for grid in grids(&FigureOptions::default()) {
        let greatest = grid.values.iter().copied().fold(0.0, f32::max);
        let expected = if greatest > 0.0 { greatest } else { 1.0 };
        assert_eq!(
            (grid.range.minimum, grid.range.maximum),
            (0.0, expected),
            "{}",
            grid.score
        );
    }
    let to_one = FigureOptions {
        scale: Some(Scale::Unit),
        ..FigureOptions::default()
    };
    let given = FigureOptions {
        minimum: Some(0.1),
        maximum: Some(0.5),
        ..FigureOptions::default()
    };
    for (unit, given) in grids(&to_one).into_iter().zip(grids(&given)) {
        if unit.score.is_share() {
            assert_eq!(unit.range.maximum, 1.0, "{}", unit.score);
            assert_eq!((given.range.minimum, given.range.maximum), (0.1, 0.5));
        } else {
            // Those are ends of shares: nats and tokens are something else.
            let greatest = unit.values.iter().copied().fold(0.0, f32::max);
            assert_eq!(unit.range.maximum, greatest, "{}", unit.score);
            assert_eq!(given.range.maximum, greatest, "{}", unit.score);
        }
    }
}

#[test]
fn a_score_that_only_some_heads_have_leaves_the_others_empty() {
    // The second head attends to nothing.
    let mut values = vec![0.5; 4];
    values.extend([0.0; 4]);
    let run = run_of(
        ("elsewhere", ModelSource::Elsewhere),
        Input::text("a a"),
        source(vec![unit("a", false), unit("a", false)]),
        foreign(values, [1, 2, 2, 2]),
    );
    let figure = figure(&run, &FigureOptions::default());
    let says = |said: &str| figure.notes.iter().any(|note| note.contains(said));
    assert!(says("do not sum to 1"), "{:?}", figure.notes);
    let Body::Scores(grids) = figure.body else {
        panic!("of scores");
    };
    let distance = grids
        .grids
        .iter()
        .find(|grid| grid.score == Score::Distance);
    let values = &distance.unwrap().values;
    assert_eq!(values[0], 0.5);
    assert!(values[1].is_nan());
    let entropy = grids.grids.iter().find(|grid| grid.score == Score::Entropy);
    assert_eq!(entropy.unwrap().values[1], 0.0);
}
