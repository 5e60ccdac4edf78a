//! The grid of how a score of heads differs: both signs have colours, 0 is paper.

use attnviz::analysis::Score;
use attnviz::attention::Selection;
use attnviz::figure::layout::{self, Role};
use attnviz::figure::{ColorPart, Figure, FigureOptions, score_difference_grid};
use attnviz::render::TextShaper;

use super::{check, encode, matrices};
use crate::figures::differences::texts;

const NAMES: [&str; 2] = ["bert-base-uncased", "./my-bert"];

fn grid(size: [usize; 2], values: &[f64]) -> Figure<'static> {
    let [layers, heads] = size;
    let selection = Selection::all(layers, heads);
    let captions = vec!["mean of 2 inputs".to_owned()];
    let options = FigureOptions::default();
    score_difference_grid(
        NAMES,
        &selection,
        values,
        Score::Distance,
        captions,
        Vec::new(),
        &options,
    )
    .expect("it can be drawn")
}

#[test]
fn a_grid_of_a_score_has_both_signs_and_names_the_heads_that_changed_most() {
    let mut shaper = TextShaper::new();
    let figure = grid([2, 3], &[0.0, -1.5, 0.25, f64::NAN, 0.5, -0.125]);
    assert_eq!(
        figure.title,
        "bert-base-uncased → ./my-bert · difference of distance of 6 heads"
    );
    assert_eq!(
        figure.color_scale.label,
        "distance (tokens), right \u{2212} left"
    );
    let layout = layout::layout(&figure, &mut shaper).expect("it fits");
    check(&layout);
    let cells = matrices(&layout).next().expect("a grid");
    assert_eq!(
        (cells.part, cells.range.minimum, cells.range.maximum),
        (ColorPart::Differences, -1.5, 1.5)
    );
    let numbers: Vec<&str> = texts(&layout, |role| matches!(role, Role::Value(..))).collect();
    assert_eq!(
        numbers,
        ["0", "\u{2212}1.50", "+.250", "+.500", "\u{2212}.125"]
    );
    let names = |place: usize| -> Vec<&str> {
        texts(&layout, move |role| role == Role::Link(place)).collect()
    };
    assert_eq!(names(0), ["1", "layer 0", "·", "head 1", "\u{2212}1.50"]);
    assert_eq!(names(1), ["2", "layer 1", "·", "head 1", "+.500"]);
    assert!(names(4).is_empty(), "what did not change is named");
    encode(&figure, &mut shaper).expect("it can be drawn");
}

#[test]
fn grids_of_scores_are_legible_whatever_their_size_and_values() {
    let mut shaper = TextShaper::new();
    for size in [[1, 1], [6, 12], [24, 16], [80, 64]] {
        for factor in [0.0, 1e-9, 0.7, 40.0] {
            let count = size[0] * size[1];
            let sign = |head: usize| if head.is_multiple_of(2) { 1.0 } else { -1.0 };
            let values: Vec<f64> = (0..count)
                .map(|head| sign(head) * factor * (1 + head * 37 % 101) as f64 / 101.0)
                .collect();
            let figure = grid(size, &values);
            let equal = "No head differs: both sides are equal.";
            let says = figure.notes.iter().any(|note| note == equal);
            assert_eq!(says, factor == 0.0);
            check(&layout::layout(&figure, &mut shaper).expect("it fits"));
            encode(&figure, &mut shaper).expect("it can be drawn");
        }
    }
    // No head at all is told as well.
    let nothing = [f64::NAN; 4];
    encode(&grid([2, 2], &nothing), &mut shaper).expect("it can be drawn");
}
