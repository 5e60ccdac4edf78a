//! What each head does: the scores against float64
//! (`tests/fixtures/make_analyses.py`), and what is drawn, written and listed of
//! them.

mod listing;
mod output;

use std::fs;
use std::path::{Path, PathBuf};

use attnviz::analysis::{HeadScores, Score, head_scores};
use attnviz::attention::{
    Attention, AttentionKind, AttentionTensor, HeadMaps, LayerHeads, Mask, Selection,
};
use attnviz::checkpoint::{self, CheckpointSource, LoadOptions, ModelSource};
use attnviz::input::{Input, Stream, Unit};
use attnviz::model::{HiddenStates, Instructions, Model};
use attnviz::run::Run;
use attnviz::tokenizer::{TokenLimit, Tokenizer};
use safetensors::SafeTensors;
use serde::Deserialize;

use crate::families::INPUTS;
use crate::reference::{expected_values, reference_inputs};
use crate::runs::{foreign, own, run_of, source, unit};

/// From the attention that the values were computed of.
const GIVEN: f64 = 1e-6;
/// Through a model, whose attention is within as much of the other's.
const THROUGH_MODEL: f64 = 2e-5;

/// A case of the committed values.
#[derive(Deserialize)]
struct Case {
    /// `checkpoint/input`, or `made/…`.
    name: String,
    tokens: Vec<String>,
    segments: Vec<u32>,
    special: Vec<bool>,
    /// How many keys back a query sees, of models with a window.
    window: Option<usize>,
    /// By how much the strongest key of a query leads at the least.
    least_lead: f64,
    shape: Option<[usize; 4]>,
    attention: Option<Vec<f32>>,
    /// `None` for what is empty.
    scores: std::collections::BTreeMap<String, Option<Vec<Option<f64>>>>,
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn cases() -> Vec<Case> {
    let text = fs::read_to_string(fixture("expected/head-scores.json"));
    let cases: Vec<Case> = serde_json::from_str(&text.unwrap()).unwrap();
    assert!(cases.len() > 25);
    cases
}

impl Case {
    fn is_made(&self) -> bool {
        self.attention.is_some()
    }

    /// The attention that the values are of.
    fn given(&self) -> Vec<Attention> {
        if let (Some(values), Some(shape)) = (&self.attention, self.shape) {
            return foreign(values.clone(), shape);
        }
        let (checkpoint, input) = self.name.rsplit_once('/').unwrap();
        let bytes = fs::read(fixture("expected").join(format!("{checkpoint}.safetensors")));
        let bytes = bytes.unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let name = format!("{input}.attention");
        let shape = file.tensor(&name).unwrap().shape().try_into().unwrap();
        foreign(expected_values(&file, &name), shape)
    }

    fn units(&self) -> Vec<Unit> {
        let units = self.tokens.iter().zip(&self.special).zip(&self.segments);
        units
            .map(|((token, &is_special), &segment)| Unit {
                segment,
                ..unit(token, is_special)
            })
            .collect()
    }

    /// Holds the scores of a run against the committed ones. Which key is the
    /// strongest, and what is above a threshold, has no tolerance: where a model's
    /// attention could tip that over, it is left out.
    fn check(&self, found: &HeadScores, tolerance: f64) {
        let name = &self.name;
        let is_exact = self.least_lead > 2.0 * tolerance || tolerance <= GIVEN;
        for &score in Score::ALL {
            if score.name().starts_with("offset_share") && !is_exact {
                continue;
            }
            check(
                &format!("{name}, {score}"),
                found.get(score),
                self.expected(score.name()),
                tolerance,
            );
        }
        let received = self.expected("received");
        check(
            &format!("{name}, received"),
            &found.received,
            received,
            tolerance,
        );
        let units: Vec<f32> = found
            .received_unit
            .iter()
            .map(|&unit| unit as f32)
            .collect();
        check(
            &format!("{name}, received_unit"),
            &units,
            self.expected("received_unit"),
            0.0,
        );
    }

    fn expected(&self, name: &str) -> Option<&[Option<f64>]> {
        let found = self.scores.get(name);
        found
            .unwrap_or_else(|| panic!("{name} is not there"))
            .as_deref()
    }
}

fn check(what: &str, found: &[f32], expected: Option<&[Option<f64>]>, tolerance: f64) {
    let Some(expected) = expected else {
        assert!(
            found.iter().all(|value| value.is_nan()),
            "{what}: {found:?} is not empty"
        );
        return;
    };
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (&found, expected)) in found.iter().zip(expected).enumerate() {
        match expected {
            None => assert!(found.is_nan(), "{what}, {place}: {found} is not empty"),
            Some(expected) => {
                let difference = (f64::from(found) - expected).abs();
                // Entropies and distances are of several units.
                let most = tolerance * expected.abs().max(1.0);
                assert!(
                    difference <= most,
                    "{what}, {place}: {found}, expected {expected}"
                );
            }
        }
    }
}

fn run_with(units: Vec<Unit>, attention: Vec<Attention>) -> Run {
    run_on(source(units), attention)
}

fn run_on(streams: Vec<Stream>, attention: Vec<Attention>) -> Run {
    run_of(
        ("test", ModelSource::Builtin),
        Input::text("a text"),
        streams,
        attention,
    )
}

fn scores_of(run: &Run) -> HeadScores {
    head_scores(run, &run.attention[0])
}

#[test]
fn scores_of_given_attention_are_those_of_float64() {
    for case in cases() {
        // Attention from elsewhere does not say that it has a window.
        if case.window.is_none() {
            let run = run_with(case.units(), case.given());
            case.check(&scores_of(&run), GIVEN);
        }
    }
}

/// A checkpoint's own run of an input of the committed ones.
fn computed(name: &str) -> Run {
    let (checkpoint_name, input) = name.rsplit_once('/').unwrap();
    let source = match checkpoint_name {
        "minilm-l6-v2" => CheckpointSource::Builtin,
        name => CheckpointSource::Directory(fixture(name)),
    };
    let checkpoint = checkpoint::load(&source, &LoadOptions::default(), &mut |_| ()).unwrap();
    let tokenizer = Tokenizer::from_checkpoint(&checkpoint).unwrap();
    let model = Model::load_on(&checkpoint, Instructions::fastest()).unwrap();
    let (text, pair) = match checkpoint_name.starts_with("families/") {
        true => {
            let mut inputs = INPUTS.into_iter();
            let (_, text, pair) = inputs.find(|(name, ..)| *name == input).unwrap();
            (text.to_owned(), pair.map(str::to_owned))
        }
        false => {
            let mut inputs = reference_inputs(checkpoint_name).into_iter();
            let found = inputs.find(|found| found.name == input).unwrap();
            (found.text, found.pair)
        }
    };
    let limit = TokenLimit {
        maximum: 90,
        truncate: None,
    };
    let prepared = tokenizer.tokenize(&text, pair.as_deref(), limit).unwrap();
    let outputs = model.forward(&[&prepared], HiddenStates::Drop);
    let attention = Attention::Own(outputs.unwrap().pop().unwrap().attention);
    run_on(prepared.streams, vec![attention])
}

#[test]
fn scores_through_a_model_are_those_of_transformers_attention() {
    for case in cases().iter().filter(|case| !case.is_made()) {
        case.check(&scores_of(&computed(&case.name)), THROUGH_MODEL);
    }
}

/// Rows that sum to one, the same every time.
fn random_rows(seed: &mut u64, [heads, count]: [usize; 2], is_causal: bool) -> Vec<f32> {
    let mut values = Vec::new();
    for row in 0..heads * count {
        let weights = (0..count).map(|key| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let weight = f64::from((*seed >> 40) as u32) / f64::from(1 << 24);
            match is_causal && key > row % count {
                true => 0.0,
                // Some are far greater than the others.
                false => weight.powi(4) + 1e-6,
            }
        });
        let weights: Vec<f64> = weights.collect();
        let sum: f64 = weights.iter().sum();
        values.extend(weights.iter().map(|weight| (weight / sum) as f32));
    }
    values
}

/// A model's own attention.
fn own_of(values: Vec<f32>, [heads, count]: [usize; 2], is_causal: bool) -> Vec<Attention> {
    if !is_causal {
        return own(values, [1, heads, count, count]);
    }
    let maps = HeadMaps::new(Selection::all(1, heads), [count; 2], values).unwrap();
    let kind = AttentionKind::SelfAttention;
    let tensor = AttentionTensor::new(kind, vec![Mask::Causal], maps).unwrap();
    vec![Attention::Own(tensor)]
}

fn random_units(seed: u64, count: usize) -> Vec<Unit> {
    let texts = ["a", "b", ",", ".", "!", "word"];
    let text = |place: usize| texts[(seed as usize + place * place) % texts.len()];
    let mut units: Vec<Unit> = (0..count).map(|place| unit(text(place), false)).collect();
    if seed.is_multiple_of(2) {
        units[0] = unit("[CLS]", true);
    }
    if seed.is_multiple_of(3) {
        units[count - 1] = unit("[SEP]", true);
    }
    units
}

#[test]
fn scores_keep_what_holds_for_all_attention() {
    let mut seed = 13;
    for round in 0..60 {
        let (count, is_causal) = (1 + round % 13, round % 3 == 0);
        let values = random_rows(&mut seed, [3, count], is_causal);
        let units = random_units(round as u64, count);
        let run = run_with(units, own_of(values.clone(), [3, count], is_causal));
        let scores = scores_of(&run);
        for &score in Score::ALL {
            for &value in scores.get(score) {
                let most = match score.is_share() {
                    true => 1.0 + 1e-5,
                    false => count as f32,
                };
                assert!(
                    value.is_nan() || (0.0..=most).contains(&value),
                    "{score}: {value}"
                );
            }
        }
        for (head, map) in values.chunks_exact(count * count).enumerate() {
            // All attention goes one back, on the spot, one on, or further.
            let cells = map.iter().enumerate();
            let far = cells.filter(|(cell, _)| (cell / count).abs_diff(cell % count) > 1);
            let far: f32 = far.map(|(_, value)| value).sum::<f32>() / count as f32;
            let near = [Score::Previous, Score::Itself, Score::Next].map(|score| {
                let value = scores.get(score)[head];
                if value.is_nan() { 0.0 } else { value }
            });
            let sum = near.iter().sum::<f32>() + far;
            assert!((sum - 1.0).abs() < 1e-4, "{near:?} and {far}");
            // What is received, weighed by who can see it, is what all give.
            let received = &scores.received[head * count..(head + 1) * count];
            let weighed = received
                .iter()
                .enumerate()
                .map(|(key, share)| match is_causal {
                    true => share * (count - key) as f32,
                    false => share * count as f32,
                });
            let sum = weighed.sum::<f32>() / count as f32;
            assert!((sum - 1.0).abs() < 1e-4, "{received:?}");
            let greatest = received.iter().copied().fold(0.0, f32::max);
            assert_eq!(received[scores.received_unit[head]], greatest);
            assert_eq!(scores.get(Score::ReceivedMaximum)[head], greatest);
        }
    }
}

#[test]
fn a_head_has_the_same_scores_wherever_it_stands() {
    let count = 9;
    let mut seed = 7;
    let values = random_rows(&mut seed, [4, count], false);
    let maps: Vec<&[f32]> = values.chunks_exact(count * count).collect();
    let turned: Vec<f32> = maps.iter().rev().copied().flatten().copied().collect();
    let scores = |values: Vec<f32>| {
        let run = run_with(random_units(6, count), own_of(values, [4, count], false));
        scores_of(&run)
    };
    let (scores, turned) = (scores(values.clone()), scores(turned));
    let bits =
        |values: &[f32]| -> Vec<u32> { values.iter().map(|value| value.to_bits()).collect() };
    for &score in Score::ALL {
        let mut turned = bits(turned.get(score));
        turned.reverse();
        assert_eq!(bits(scores.get(score)), turned, "{score}");
    }
}

#[test]
fn scores_know_which_heads_a_ragged_selection_has() {
    let layers = [(2, vec![1]), (5, vec![0, 3])];
    let layers = layers.map(|(layer, heads)| LayerHeads { layer, heads });
    let selection = Selection {
        layers: layers.to_vec(),
    };
    let count = 3;
    let values = random_rows(&mut 5, [3, count], false);
    let maps = HeadMaps::new(selection.clone(), [count; 2], values.clone()).unwrap();
    let kind = AttentionKind::SelfAttention;
    let tensor = AttentionTensor::new(kind, vec![Mask::Full; 2], maps).unwrap();
    let run = run_with(random_units(0, count), vec![Attention::Own(tensor)]);
    let all = run_with(random_units(0, count), own_of(values, [3, count], false));
    let (found, all) = (scores_of(&run), scores_of(&all));
    assert_eq!(found.selection, selection);
    assert_eq!(found.get(Score::Entropy), all.get(Score::Entropy));
}

#[test]
fn two_sequences_have_no_score_that_needs_one() {
    // Three queries of two keys.
    let run = run_with(
        vec![unit("[CLS]", true), unit("x", false)],
        foreign(vec![0.5, 0.5, 0.9, 0.1, 0.2, 0.8], [1, 1, 3, 2]),
    );
    let scores = scores_of(&run);
    let empty = [
        Score::Previous,
        Score::Itself,
        Score::Next,
        Score::Distance,
        Score::DuplicateToken,
        Score::PreviousToken,
        Score::Induction,
        Score::Segment,
        Score::OffsetMinusTwo,
        Score::OffsetMinusOne,
        Score::OffsetZero,
        Score::OffsetPlusOne,
        Score::OffsetPlusTwo,
    ];
    for score in empty {
        assert!(scores.get(score)[0].is_nan(), "{score}");
    }
    let near = |score: Score, expected: f32| {
        let found = scores.get(score)[0];
        assert!((found - expected).abs() < 1e-6, "{score}: {found}");
    };
    near(Score::Classification, 1.6 / 3.0);
    near(Score::ReceivedMaximum, 1.6 / 3.0);
    near(Score::SinkShare, 1.0);
    // Its queries are of another stream, of which nothing is known.
    near(Score::Confidence, 1.4 / 3.0);
}

#[test]
fn rows_that_sum_to_more_than_one_have_no_entropy() {
    let units: Vec<Unit> = (0..5).map(|_| unit("a", false)).collect();
    // The second head's rows are distributions, the first one's are not.
    let values = [vec![0.3; 25], vec![0.2; 25]].concat();
    let run = run_of(
        ("elsewhere", ModelSource::Builtin),
        Input::text("a a a a a"),
        source(units),
        foreign(values, [1, 2, 5, 5]),
    );
    let scores = head_scores(&run, &run.attention[0]);
    for score in [Score::Entropy, Score::EntropyNormalized, Score::SinkShare] {
        let [first, second] = scores.get(score) else {
            panic!("there are two heads");
        };
        assert!(first.is_nan(), "{score}: {first}");
        assert!(!second.is_nan(), "{score}");
    }
}
