//! Small random checkpoints of every family, against transformers (eager
//! attention, float32), by both implementations of the operations and on every
//! set of instructions.
//!
//! `tests/fixtures/make_families.py` made the checkpoints and the values.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use attnviz::checkpoint::{self, Checkpoint, CheckpointSource, LoadOptions};
use attnviz::input::Prepared;
use attnviz::model::{
    Architecture, Backend, EncoderOutput, Family, HiddenStates, Instructions, Model,
};
use attnviz::tokenizer::{TokenLimit, Tokenizer};
use safetensors::{Dtype, SafeTensors};

/// How far an attention value may be from what transformers computes.
const TOLERANCE: f32 = 2e-5;
/// The same for the last hidden state, of numbers of about one.
const HIDDEN_STATE_TOLERANCE: f32 = 1e-4;

/// Name, text and second text, as in `make_families.py`.
pub(crate) const INPUTS: [(&str, &str, Option<&str>); 6] = [
    ("short", "Hello, how are you?", None),
    ("one", "a", None),
    (
        "long",
        "The quick brown fox jumps over the lazy dog, and the dog sleeps.",
        None,
    ),
    ("script", "привет, 日本 🎉 naïve", None),
    ("special", "a <mask> and a <pad> in the text", None),
    ("pair", "Hello there.", Some("The dog is lazy.")),
];

pub(crate) fn fixtures(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(folder)
}

pub(crate) fn names() -> Vec<String> {
    let folders = fs::read_dir(fixtures("families")).expect("the fixtures are there");
    let mut names: Vec<String> = folders
        .map(|entry| entry.expect("a folder is read").file_name())
        .map(|name| name.into_string().expect("names are plain"))
        .collect();
    names.sort();
    names
}

pub(crate) fn load(name: &str) -> Checkpoint {
    let source = CheckpointSource::Directory(fixtures("families").join(name));
    checkpoint::load(&source, &LoadOptions::default(), &mut |_| ())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn floats(expected: &SafeTensors<'_>, name: &str) -> Option<Vec<f32>> {
    let tensor = expected.tensor(name).ok()?;
    assert_eq!(tensor.dtype(), Dtype::F32, "{name}");
    let (bytes, _) = tensor.data().as_chunks::<4>();
    Some(
        bytes
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect(),
    )
}

pub(crate) fn ids(expected: &SafeTensors<'_>, name: &str) -> Vec<u32> {
    let tensor = expected.tensor(name).expect("the ids are there");
    let (bytes, _) = tensor.data().as_chunks::<4>();
    let ids = bytes.iter().map(|&bytes| i32::from_le_bytes(bytes));
    ids.map(|id| u32::try_from(id).expect("ids are not negative"))
        .collect()
}

fn check_near(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}: number of values");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs();
        assert!(
            difference <= tolerance,
            "{what}: value {index} is {found}, expected {expected}"
        );
    }
}

fn bits(output: &EncoderOutput) -> Vec<u32> {
    let values = output.attention.maps().values().iter();
    values.map(|value| value.to_bits()).collect()
}

/// The inputs that a checkpoint has expectations of, tokenized as expected.
fn inputs(
    name: &str,
    checkpoint: &Checkpoint,
    expected: &SafeTensors<'_>,
) -> Vec<(&'static str, Prepared)> {
    let tokenizer = Tokenizer::from_checkpoint(checkpoint).expect("the tokenizer loads");
    let limit = TokenLimit {
        maximum: 90,
        truncate: None,
    };
    let known = |input: &str| expected.tensor(&format!("{input}.ids")).is_ok();
    INPUTS
        .into_iter()
        .filter(|(input, _, _)| known(input))
        .map(|(input, text, pair)| {
            let prepared = tokenizer.tokenize(text, pair, limit);
            let prepared = prepared.unwrap_or_else(|error| panic!("{name}, {input}: {error}"));
            let found: Vec<u32> = prepared.source().iter().map(|unit| unit.id).collect();
            assert_eq!(
                found,
                ids(expected, &format!("{input}.ids")),
                "{name}, {input}"
            );
            (input, prepared)
        })
        .collect()
}

fn forward(model: &Model, inputs: &[&Prepared]) -> Vec<EncoderOutput> {
    let outputs = model.forward(inputs, HiddenStates::Keep);
    outputs.expect("the inputs go through the model")
}

fn check_values(what: &str, input: &str, output: &EncoderOutput, expected: &SafeTensors<'_>) {
    let attention = floats(expected, &format!("{input}.attention")).expect("attention is there");
    let found = output.attention.maps().values();
    check_near(&format!("{what}, {input}"), found, &attention, TOLERANCE);
    let last = format!("{input}.last_hidden_state");
    if let Some(expected) = floats(expected, &last) {
        let states = output.hidden_states.as_ref().expect("they were asked for");
        let found = states.last().expect("there are some");
        let what = format!("{what}, {last}");
        check_near(&what, found, &expected, HIDDEN_STATE_TOLERANCE);
    }
}

fn check_family(name: &str) {
    let path = fixtures("expected/families").join(format!("{name}.safetensors"));
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let expected = SafeTensors::deserialize(&bytes).expect("the expected values are safetensors");
    let checkpoint = load(name);
    let inputs = inputs(name, &checkpoint, &expected);
    assert!(inputs.len() >= 5, "{name}: inputs");
    let plain = Model::load(&checkpoint, Backend::Plain);
    let plain = plain.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(
        plain.warnings().is_empty(),
        "{name}: {:?}",
        plain.warnings()
    );
    for (input, prepared) in &inputs {
        let output = forward(&plain, &[prepared]);
        check_values(&format!("{name}, plain"), input, &output[0], &expected);
    }
    let together: Vec<&Prepared> = inputs.iter().map(|(_, prepared)| prepared).collect();
    let mut first: Option<Vec<Vec<u32>>> = None;
    for instructions in Instructions::available() {
        let set = instructions.set();
        let model = Model::load_on(&checkpoint, instructions).expect("it loaded before");
        let mut all = Vec::new();
        for (input, prepared) in &inputs {
            let output = forward(&model, &[prepared]);
            check_values(&format!("{name}, {set}"), input, &output[0], &expected);
            all.push(bits(&output[0]));
        }
        let stacked: Vec<Vec<u32>> = forward(&model, &together).iter().map(bits).collect();
        assert!(stacked == all, "{name}, {set}: alone and together differ");
        let first = first.get_or_insert_with(|| all.clone());
        assert!(*first == all, "{name}: {set} gives other bits");
    }
    let opened = Model::open(&checkpoint, Backend::Fused).expect("it loaded before");
    let opened: Vec<Vec<u32>> = forward(&opened, &together).iter().map(bits).collect();
    assert!(first == Some(opened), "{name}: read once and kept differ");
}

#[test]
fn every_family_agrees_with_transformers_in_both_backends() {
    for name in names() {
        check_family(&name);
    }
}

#[test]
fn every_family_has_a_checkpoint() {
    let found: BTreeSet<&str> = names()
        .iter()
        .map(|name| load(name))
        .map(|checkpoint| {
            let architecture = Architecture::from_json(&checkpoint.config);
            architecture.expect("the config is read").model_type
        })
        .collect();
    let all: BTreeSet<&str> = Family::ALL.iter().map(|family| family.name()).collect();
    assert_eq!(found, all);
}
