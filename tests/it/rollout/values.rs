//! Rollout and divergence as numbers, against float64
//! (`tests/fixtures/make_rollout.py`).

use std::fs;
use std::path::{Path, PathBuf};

use attnviz::analysis::{
    Fusion, Granularity, MapId, Maps, ReshapeOptions, RolloutError, RolloutOptions, SpecialTokens,
    check_rollout, rollout, similarity,
};
use attnviz::attention::{
    Attention, AttentionKind, AttentionTensor, HeadMaps, Mask, RowSums, Selection,
};
use attnviz::checkpoint::{self, CheckpointSource, LoadOptions, ModelSource};
use attnviz::input::{Input, StreamRole};
use attnviz::model::{HiddenStates, Instructions, Model};
use attnviz::run::Run;
use attnviz::tokenizer::{TokenLimit, Tokenizer};
use safetensors::SafeTensors;

use crate::families::INPUTS;
use crate::reference::{expected_values, reference_inputs};
use crate::runs::{foreign, head_maps, own, run_of, source, unit};

/// From the attention that the values were computed of.
const GIVEN: f32 = 1e-6;
/// Through a model, whose attention is within as much of the other's.
const THROUGH_MODEL: f32 = 2e-5;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(fixture("expected").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every case of the committed values: what it is called there.
fn cases(expected: &SafeTensors<'_>) -> Vec<String> {
    let names = expected.names().into_iter();
    let mut cases: Vec<String> = names
        .filter_map(|name| name.strip_suffix(".divergence").map(str::to_owned))
        .collect();
    cases.sort();
    cases
}

/// The attention of a case as the values are of, and its shape.
fn given(case: &str, expected: &SafeTensors<'_>) -> (Vec<f32>, [usize; 4]) {
    let shape = |file: &SafeTensors<'_>, name: &str| -> [usize; 4] {
        let tensor = file.tensor(name).expect("attention is there");
        tensor.shape().try_into().expect("four dimensions")
    };
    if case.starts_with("made/") {
        let name = format!("{case}.attention");
        return (expected_values(expected, &name), shape(expected, &name));
    }
    let (checkpoint, input) = case.rsplit_once('/').expect("checkpoint and input");
    let bytes = bytes(&format!("{checkpoint}.safetensors"));
    let file = SafeTensors::deserialize(&bytes).expect("safetensors");
    let name = format!("{input}.attention");
    (expected_values(&file, &name), shape(&file, &name))
}

/// A run of plain units.
fn run_with(attention: Vec<Attention>) -> Run {
    let count = attention[0].maps().query_count();
    let units = (0..count).map(|index| unit(&format!("u{index}"), false));
    let model = ("test", ModelSource::Builtin);
    run_of(
        model,
        Input::text("a text"),
        source(units.collect()),
        attention,
    )
}

fn rolled(run: &Run, options: &RolloutOptions) -> Maps<'static> {
    let shown = ReshapeOptions::default();
    rollout(run, &run.attention[0], options, &shown).expect("there is a rollout")
}

fn check_near(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}: number of values");
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        // What is not normalized multiplies up.
        let tolerance = tolerance * expected.abs().max(1.0);
        assert!(
            (found - expected).abs() <= tolerance,
            "{what}: value {index} is {found}, expected {expected}"
        );
    }
}

/// Everything that the committed values have of a case.
fn check_case(case: &str, run: &Run, expected: &SafeTensors<'_>, tolerance: f32) {
    let value = |name: &str| expected_values(expected, &format!("{case}.{name}"));
    let usual = RolloutOptions::default();
    let all = rolled(run, &usual);
    check_near(case, &all.values, &value("rollout"), tolerance);
    let mut variants = vec![
        (
            "no_residual",
            RolloutOptions {
                residual: false,
                ..usual
            },
        ),
        (
            "max",
            RolloutOptions {
                fusion: Fusion::Max,
                ..usual
            },
        ),
        (
            "min",
            RolloutOptions {
                fusion: Fusion::Min,
                ..usual
            },
        ),
    ];
    if expected.tensor(&format!("{case}.start_1")).is_ok() {
        variants.push((
            "start_1",
            RolloutOptions {
                start_layer: 1,
                ..usual
            },
        ));
    }
    for (name, options) in variants {
        let maps = rolled(run, &options);
        let last = *maps.ids.last().expect("a layer");
        let found = maps.map(last).expect("it is there");
        check_near(&format!("{case}, {name}"), found, &value(name), tolerance);
    }
    let found = similarity(&run.attention[0]);
    let what = format!("{case}, divergence");
    check_near(&what, &found.values, &value("divergence"), tolerance);
}

#[test]
fn rollout_and_divergence_of_given_attention_are_those_of_float64() {
    let bytes = bytes("rollout-similarity.safetensors");
    let expected = SafeTensors::deserialize(&bytes).expect("safetensors");
    let cases = cases(&expected);
    assert!(cases.len() > 20, "{cases:?}");
    for case in cases {
        let (values, shape) = given(&case, &expected);
        let run = run_with(foreign(values, shape));
        check_case(&case, &run, &expected, GIVEN);
    }
}

/// A checkpoint's own attention for an input of the committed ones.
fn computed(checkpoint_name: &str, input: &str) -> Vec<Attention> {
    let source = match checkpoint_name {
        "minilm-l6-v2" => CheckpointSource::Builtin,
        name => CheckpointSource::Directory(fixture(name)),
    };
    let checkpoint = checkpoint::load(&source, &LoadOptions::default(), &mut |_| ());
    let checkpoint = checkpoint.expect("the checkpoint loads");
    let tokenizer = Tokenizer::from_checkpoint(&checkpoint).expect("the tokenizer loads");
    let model = Model::load_on(&checkpoint, Instructions::fastest()).expect("the model loads");
    let (text, pair) = match checkpoint_name.starts_with("families/") {
        true => {
            let mut inputs = INPUTS.into_iter();
            let (_, text, pair) = inputs.find(|(name, ..)| *name == input).expect("an input");
            (text.to_owned(), pair.map(str::to_owned))
        }
        false => {
            let mut inputs = reference_inputs(checkpoint_name).into_iter();
            let found = inputs.find(|found| found.name == input).expect("an input");
            (found.text, found.pair)
        }
    };
    let limit = TokenLimit {
        maximum: 90,
        truncate: None,
    };
    let prepared = tokenizer.tokenize(&text, pair.as_deref(), limit);
    let prepared = prepared.expect("it is tokenized");
    let outputs = model.forward(&[&prepared], HiddenStates::Drop);
    let output = outputs.expect("it goes through").pop().expect("one");
    vec![Attention::Own(output.attention)]
}

#[test]
fn rollout_and_divergence_through_a_model_are_those_of_transformers_attention() {
    let bytes = bytes("rollout-similarity.safetensors");
    let expected = SafeTensors::deserialize(&bytes).expect("safetensors");
    let cases = cases(&expected);
    let of_models = cases.iter().filter(|case| !case.starts_with("made/"));
    for case in of_models {
        let (checkpoint, input) = case.rsplit_once('/').expect("checkpoint and input");
        let run = run_with(computed(checkpoint, input));
        check_case(case, &run, &expected, THROUGH_MODEL);
    }
}

#[test]
fn rollout_of_a_decoder_has_the_shape_of_its_masks() {
    // Windows reach further with every layer.
    let window = |behind| Mask::Window { behind, ahead: 0 };
    let cases: [(Vec<Mask>, Vec<Mask>); 4] = [
        (vec![Mask::Causal; 2], vec![Mask::Causal; 2]),
        (vec![window(1), window(2)], vec![window(1), window(3)]),
        (vec![window(1), Mask::Causal], vec![window(1), Mask::Causal]),
        (
            vec![Mask::Causal, Mask::Full],
            vec![Mask::Causal, Mask::Full],
        ),
    ];
    let count = 5;
    for (masks, expected) in cases {
        let mut values = Vec::new();
        for mask in &masks {
            for query in 0..count {
                let allowed = mask.allowed(query, count);
                let share = 1.0 / allowed.len() as f32;
                values.extend((0..count).map(|key| match allowed.contains(&key) {
                    true => share,
                    false => 0.0,
                }));
            }
        }
        let maps = HeadMaps::new(Selection::all(2, 1), [count; 2], values).expect("a shape");
        let tensor = AttentionTensor::new(AttentionKind::SelfAttention, masks, maps);
        let run = run_with(vec![Attention::Own(tensor.expect("rows sum to 1"))]);
        let maps = rolled(&run, &RolloutOptions::default());
        assert_eq!(maps.masks, expected);
        assert_eq!(maps.row_sums, RowSums::One);
        for (place, &id) in maps.ids.iter().enumerate() {
            let drawn = maps.drawn(id).expect("it is there");
            for (cell, value) in drawn.iter().enumerate() {
                let allowed = expected[place].allowed(cell / count, count);
                let is_there = allowed.contains(&(cell % count));
                assert_eq!(!value.is_nan(), is_there, "{id:?}, cell {cell}");
                assert!(!is_there || *value > 0.0, "{id:?}, cell {cell}: {value}");
            }
        }
    }
}

#[test]
fn rollout_is_refused_where_layers_are_missing_or_two_sequences_meet() {
    let selected = |layers: &[usize]| {
        let count = layers.len() * 4;
        let selection = Selection::of(layers, &[0]);
        let maps = HeadMaps::new(selection, [2; 2], vec![0.5; count]).expect("a shape");
        let masks = vec![Mask::Full; layers.len()];
        let tensor = AttentionTensor::new(AttentionKind::SelfAttention, masks, maps);
        Attention::Own(tensor.expect("rows sum to 1"))
    };
    let from = |start_layer| RolloutOptions {
        start_layer,
        ..RolloutOptions::default()
    };
    let missing = |start, last, missing| {
        Err(RolloutError::MissingLayer {
            start,
            last,
            missing,
        })
    };
    let cases = [
        (vec![0, 1, 2], 0, Ok(())),
        (vec![0, 1, 2], 2, Ok(())),
        (
            vec![0, 1, 2],
            3,
            Err(RolloutError::NothingToMultiply { start: 3, last: 2 }),
        ),
        (vec![1, 2], 0, missing(0, 2, 0)),
        (vec![1, 2], 1, Ok(())),
        (vec![0, 1, 4, 5], 0, missing(0, 5, 3)),
        (vec![0, 1, 4, 5], 4, Ok(())),
        (vec![0, 1, 4, 5], 2, missing(2, 5, 3)),
    ];
    for (layers, start, expected) in cases {
        let found = check_rollout(&selected(&layers), &from(start));
        assert_eq!(found, expected, "{layers:?} from {start}");
    }
    let cross = foreign(vec![0.5; 6], [1, 1, 3, 2]);
    let refused = check_rollout(&cross[0], &from(0));
    let expected = RolloutError::TwoSequences {
        queries: 3,
        keys: 2,
    };
    assert_eq!(refused, Err(expected));
}

#[test]
fn rollout_is_of_all_tokens_and_then_merged_and_hidden() {
    let texts = ["[CLS]", "un", "##able", "he", "[SEP]"];
    let count = texts.len();
    let numbers = [0.9, 0.1, 0.4, 0.2, 0.7, 0.3, 0.6];
    let mut numbers = numbers.into_iter().cycle();
    let mut values: Vec<f32> = Vec::new();
    for _ in 0..2 * 2 * count {
        let row: Vec<f32> = numbers.by_ref().take(count).collect();
        let sum: f32 = row.iter().sum();
        values.extend(row.into_iter().map(|value| value / sum));
    }
    let mut run = run_with(own(values, [2, 2, count, count]));
    run.streams = source(texts.map(|text| unit(text, text.starts_with('['))).to_vec());
    run.streams[0].units[1].word = Some(0);
    run.streams[0].units[2].word = Some(0);
    run.streams[0].units[3].word = Some(1);
    let whole = rolled(&run, &RolloutOptions::default());
    let shown = ReshapeOptions {
        granularity: Granularity::Word,
        special_tokens: SpecialTokens::Hide,
        ..ReshapeOptions::default()
    };
    let options = RolloutOptions::default();
    let maps = rollout(&run, &run.attention[0], &options, &shown).expect("a rollout");
    let labels: Vec<&str> = maps.rows.units.iter().map(|unit| &*unit.label).collect();
    assert_eq!(labels, ["unable", "he"]);
    assert_eq!(run.units(StreamRole::Source).len(), count);
    for layer in 0..2 {
        let whole = whole.map(MapId::Layer(layer)).expect("a layer");
        let at = |row: usize, column: usize| whole[row * count + column];
        let expected = [
            (at(1, 1) + at(1, 2) + at(2, 1) + at(2, 2)) / 2.0,
            (at(1, 3) + at(2, 3)) / 2.0,
            at(3, 1) + at(3, 2),
            at(3, 3),
        ];
        let found = maps.map(MapId::Layer(layer)).expect("a layer");
        check_near("words", found, &expected, GIVEN);
    }
    assert_eq!(maps.row_sums, RowSums::Less);
}

#[test]
fn what_is_not_normalized_is_scaled_by_the_residual_or_said_to_be_as_it_is() {
    let run = run_with(foreign(vec![3.0, 1.0, 0.0, 0.0], [1, 1, 2, 2]));
    assert_eq!(head_maps(&run).query_count(), 2);
    let maps = rolled(&run, &RolloutOptions::default());
    check_near("scaled", &maps.values, &[0.8, 0.2, 0.0, 1.0], GIVEN);
    assert_eq!(maps.row_sums, RowSums::One);
    let options = RolloutOptions {
        residual: false,
        ..RolloutOptions::default()
    };
    let maps = rolled(&run, &options);
    assert_eq!(maps.values.as_ref(), [3.0, 1.0, 0.0, 0.0]);
    assert_eq!(maps.row_sums, RowSums::Unnormalized);
    assert!(
        maps.notes
            .iter()
            .any(|note| note.contains("do not sum to 1"))
    );
    // Beyond float32.
    let run = run_with(foreign(vec![1e30; 8], [2, 1, 2, 2]));
    let shown = ReshapeOptions::default();
    let refused = rollout(&run, &run.attention[0], &options, &shown);
    assert_eq!(refused, Err(RolloutError::TooLarge));
}
