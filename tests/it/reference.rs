//! Every number that leaves the encoder, against Hugging Face transformers
//! (eager attention, float32) and against candle-transformers.
//!
//! `tests/fixtures/README.md` says how the checkpoints and the expected values
//! were made and what each tensor of `tests/fixtures/expected/` holds.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use attnviz::checkpoint::{self, CheckpointSource, LoadOptions};
use attnviz::input::{Place, Prepared};
use attnviz::model::{EncoderOutput, HiddenStates, Instructions, Model};
use attnviz::tokenizer::{TokenLimit, Tokenizer};
use candle_core::{DType, Device, Tensor};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

/// How far an attention value or a row's maximum may be from what transformers
/// computes.
pub(crate) const ATTENTION_TOLERANCE: f64 = 2e-5;
/// The same for hidden states.
const HIDDEN_STATE_TOLERANCE: f64 = 1e-4;
/// By how much more a projection may be off: it gathers the rounding of a whole
/// row, and transformers' own is 1.1e-5 from float64 already.
const PROJECTION_ALLOWANCE: f64 = 2.0;
/// How far the last hidden state may be from candle-transformers.
const CANDLE_TOLERANCE: f64 = 1e-5;
/// What every checkpoint here has as `max_position_embeddings`.
const MAXIMUM_TOKENS: usize = 512;
/// Names the directory of the original, which is too large for the repository.
const F32_CHECKPOINT_VARIABLE: &str = "ATTNVIZ_F32_CHECKPOINT";

/// One input of `inputs.json`, with what Hugging Face's tokenizer makes of it.
#[derive(Deserialize)]
pub(crate) struct ReferenceInput {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) pair: Option<String>,
    pub(crate) ids: Vec<u32>,
    tokens: Vec<String>,
    segments: Vec<u32>,
    special_tokens_mask: Vec<u32>,
    words: Vec<Option<u32>>,
    offsets: Vec<[usize; 2]>,
}

fn manifest_path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

fn fixture(name: &str) -> CheckpointSource {
    CheckpointSource::Directory(manifest_path("tests/fixtures").join(name))
}

pub(crate) fn reference_inputs(checkpoint_name: &str) -> Vec<ReferenceInput> {
    let text = std::fs::read_to_string(manifest_path("tests/fixtures/inputs.json"))
        .expect("inputs.json is part of the repository");
    let mut by_checkpoint: HashMap<String, Vec<ReferenceInput>> =
        serde_json::from_str(&text).expect("inputs.json is what make_fixtures.py wrote");
    by_checkpoint
        .remove(checkpoint_name)
        .unwrap_or_else(|| panic!("inputs.json has no inputs for {checkpoint_name}"))
}

fn load(source: &CheckpointSource) -> (Tokenizer, Model) {
    load_on(source, Instructions::fastest())
}

fn load_on(source: &CheckpointSource, instructions: Instructions) -> (Tokenizer, Model) {
    let checkpoint = checkpoint::load(source, &LoadOptions::default(), &mut |_| ())
        .expect("the checkpoint loads");
    let tokenizer = Tokenizer::from_checkpoint(&checkpoint).expect("the tokenizer loads");
    let model = Model::load_on(&checkpoint, instructions).expect("the model loads");
    (tokenizer, model)
}

fn tokenize(tokenizer: &Tokenizer, input: &ReferenceInput) -> Prepared {
    let limit = TokenLimit {
        maximum: MAXIMUM_TOKENS,
        truncate: None,
    };
    tokenizer
        .tokenize(&input.text, input.pair.as_deref(), limit)
        .unwrap_or_else(|error| panic!("{} does not tokenize: {error}", input.name))
}

fn encode(model: &Model, inputs: &[&Prepared]) -> Vec<EncoderOutput> {
    model
        .forward(inputs, HiddenStates::Keep)
        .expect("the inputs go through the model")
}

fn hidden_states(output: &EncoderOutput) -> &[Vec<f32>] {
    output
        .hidden_states
        .as_deref()
        .expect("hidden states were asked for")
}

/// The values of a tensor of the expected ones, in row-major order.
pub(crate) fn expected_values(expected: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let tensor = expected
        .tensor(name)
        .unwrap_or_else(|error| panic!("no expected {name}: {error}"));
    assert_eq!(tensor.dtype(), Dtype::F32, "{name}");
    tensor
        .data()
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect()
}

/// The tokens of an input of which every number is kept.
pub(crate) fn kept_rows(expected: &SafeTensors<'_>, input: &str) -> Vec<usize> {
    let name = format!("{input}.rows");
    let tensor = expected
        .tensor(&name)
        .unwrap_or_else(|error| panic!("no expected {name}: {error}"));
    assert_eq!(tensor.dtype(), Dtype::I32, "{name}");
    tensor
        .data()
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&bytes| usize::try_from(i32::from_le_bytes(bytes)).expect("rows are not negative"))
        .collect()
}

/// The fixed ±1 that a row is projected on: the lowest bit of SplitMix64 of
/// the index (Steele, Lea & Flood 2014), as `signs` in `make_fixtures.py`.
fn sign(index: usize) -> f64 {
    let mut bits = (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^= bits >> 31;
    if bits & 1 == 1 { -1.0 } else { 1.0 }
}

/// A row times the fixed ±1: a deviation of any single value shows in full.
fn projection(row: &[f32]) -> f32 {
    let sum: f64 = row
        .iter()
        .enumerate()
        .map(|(index, &value)| sign(index) * f64::from(value))
        .sum();
    sum as f32
}

fn maximum(row: &[f32]) -> f32 {
    row.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

/// Fails unless every value is within the tolerance; NaN is within none.
pub(crate) fn assert_near(what: &str, found: &[f32], expected: &[f32], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: number of values");
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(found) - f64::from(expected)).abs();
        assert!(
            difference <= tolerance,
            "{what}: value {index} is {found}, expected {expected}: differs by {difference:e}, more than {tolerance:e}"
        );
    }
}

fn check_tokens(what: &str, found: &Prepared, expected: &ReferenceInput) {
    let tokens = found.source();
    let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
    let texts: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
    let segments: Vec<u32> = tokens.iter().map(|token| token.segment).collect();
    let words: Vec<Option<u32>> = tokens.iter().map(|token| token.word).collect();
    assert_eq!(ids, expected.ids, "{what}: ids");
    assert_eq!(texts, expected.tokens, "{what}: tokens");
    assert_eq!(segments, expected.segments, "{what}: segments");
    assert_eq!(words, expected.words, "{what}: words");
    for (index, token) in tokens.iter().enumerate() {
        let added = expected.special_tokens_mask[index] == 1;
        if added {
            assert!(token.special.is_some(), "{what}: token {index} is special");
            assert_eq!(token.place, Place::Added, "{what}: token {index}");
            continue;
        }
        // Hugging Face's mask marks what the template added. A [MASK] in the
        // text is special too; whether [UNK] is, is not asked here.
        if token.text != "[UNK]" {
            let in_text = matches!(token.text.as_str(), "[CLS]" | "[SEP]" | "[MASK]" | "[PAD]");
            assert_eq!(
                token.special.is_some(),
                in_text,
                "{what}: token {index} special"
            );
        }
        let [start, end] = expected.offsets[index];
        assert_eq!(
            token.place,
            Place::Bytes { start, end },
            "{what}: byte offsets of token {index}"
        );
    }
}

/// Short inputs value by value; of 512-token ones the sampled rows value by
/// value, and of every row the maximum and the projection.
pub(crate) fn check_attention(
    what: &str,
    input: &str,
    output: &EncoderOutput,
    expected: &SafeTensors<'_>,
) {
    let attention = output.attention.maps();
    let [layer_count, head_count, query_count, key_count] = attention.shape();
    let whole = format!("{input}.attention");
    if expected.tensor(&whole).is_ok() {
        let shape = [layer_count, head_count, query_count, key_count];
        let expected_shape = expected.tensor(&whole).expect("it was just there");
        assert_eq!(shape, expected_shape.shape(), "{what}: shape of attention");
        let values = expected_values(expected, &whole);
        let what = format!("{what}: attention");
        assert_near(&what, attention.values(), &values, ATTENTION_TOLERANCE);
        return;
    }
    let rows = kept_rows(expected, input);
    let mut sampled = Vec::new(); // [layer, head, row, key]
    for map in attention.values().chunks_exact(query_count * key_count) {
        for &row in &rows {
            sampled.extend_from_slice(&map[row * key_count..(row + 1) * key_count]);
        }
    }
    let every_row = || attention.values().chunks_exact(key_count);
    let maxima: Vec<f32> = every_row().map(maximum).collect(); // [layer, head, query]
    let projections: Vec<f32> = every_row().map(projection).collect(); // [layer, head, query]
    for (part, found, allowance) in [
        ("attention_rows", sampled, 1.0),
        ("attention_maxima", maxima, 1.0),
        ("attention_projections", projections, PROJECTION_ALLOWANCE),
    ] {
        let values = expected_values(expected, &format!("{input}.{part}"));
        let what = format!("{what}: {part}");
        assert_near(&what, &found, &values, ATTENTION_TOLERANCE * allowance);
    }
}

/// The kept tokens value by value, and every token's projection, in every
/// layer from the embeddings on.
fn check_hidden_states(
    what: &str,
    input: &str,
    output: &EncoderOutput,
    expected: &SafeTensors<'_>,
) {
    let token_count = output.attention.maps().query_count();
    let rows = kept_rows(expected, input);
    let mut sampled = Vec::new(); // [layer + 1, row, hidden]
    let mut projections = Vec::new(); // [layer + 1, token]
    for layer in hidden_states(output) {
        let hidden_size = layer.len() / token_count;
        assert_eq!(layer.len(), hidden_size * token_count, "{what}");
        for &row in &rows {
            sampled.extend_from_slice(&layer[row * hidden_size..(row + 1) * hidden_size]);
        }
        projections.extend(layer.chunks_exact(hidden_size).map(projection));
    }
    for (part, found, allowance) in [
        ("hidden_state_rows", sampled, 1.0),
        (
            "hidden_state_projections",
            projections,
            PROJECTION_ALLOWANCE,
        ),
    ] {
        let values = expected_values(expected, &format!("{input}.{part}"));
        let what = format!("{what}: {part}");
        assert_near(&what, &found, &values, HIDDEN_STATE_TOLERANCE * allowance);
    }
}

/// Loads, tokenizes and runs a checkpoint over the inputs of `inputs_of` that
/// `expected/{expectations}.safetensors` knows, on every set of instructions
/// that this machine has, and compares everything.
fn check_checkpoint(
    source: &CheckpointSource,
    inputs_of: &str,
    expectations: &str,
    expected_input_count: usize,
) {
    let path = manifest_path("tests/fixtures/expected").join(format!("{expectations}.safetensors"));
    let bytes = std::fs::read(path).expect("the expected values are part of the repository");
    let expected = SafeTensors::deserialize(&bytes).expect("the expected values are safetensors");
    let inputs: Vec<ReferenceInput> = reference_inputs(inputs_of)
        .into_iter()
        .filter(|input| expected.tensor(&format!("{}.rows", input.name)).is_ok())
        .collect();
    // So that an empty list is no success.
    assert_eq!(inputs.len(), expected_input_count, "{expectations}: inputs");
    for instructions in Instructions::available() {
        let (tokenizer, model) = load_on(source, instructions);
        for input in &inputs {
            let set = instructions.set();
            let what = format!("{expectations}, {}, {set}", input.name);
            let tokenized = tokenize(&tokenizer, input);
            check_tokens(&what, &tokenized, input);
            let outputs = encode(&model, &[&tokenized]);
            assert_eq!(outputs.len(), 1, "{what}");
            check_attention(&what, &input.name, &outputs[0], &expected);
            check_hidden_states(&what, &input.name, &outputs[0], &expected);
        }
    }
}

/// How many inputs every checkpoint has, and the original.
const INPUT_COUNT: usize = 14;
const ORIGINAL_INPUT_COUNT: usize = 5;

fn check_fixture(name: &str) {
    check_checkpoint(&fixture(name), name, name, INPUT_COUNT);
}

/// The built-in weights in F32, by name.
pub(crate) fn builtin_weights_in_f32() -> HashMap<String, Tensor> {
    let path = manifest_path("assets/minilm-l6-v2/model.safetensors");
    let weights = candle_core::safetensors::load(path, &Device::Cpu)
        .expect("the built-in weights are safetensors");
    weights
        .into_iter()
        .map(|(name, tensor)| {
            let tensor = tensor.to_dtype(DType::F32).expect("F16 converts to F32");
            (name, tensor)
        })
        .collect()
}

#[test]
fn the_built_in_checkpoint_agrees_with_transformers() {
    check_checkpoint(
        &CheckpointSource::Builtin,
        "minilm-l6-v2",
        "minilm-l6-v2",
        INPUT_COUNT,
    );
}

/// The same numbers as the built-in checkpoint's, stored in F32: what is
/// expected is the same, and the way through a directory and F32 is another.
#[test]
fn the_built_in_weights_in_f32_from_a_directory_agree_with_transformers() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    for name in ["config.json", "tokenizer.json"] {
        let from = manifest_path("assets/minilm-l6-v2").join(name);
        std::fs::copy(from, directory.path().join(name)).expect("the file can be copied");
    }
    let weights = builtin_weights_in_f32();
    candle_core::safetensors::save(&weights, directory.path().join("model.safetensors"))
        .expect("the weights can be written");
    check_checkpoint(
        &CheckpointSource::Directory(directory.path().to_path_buf()),
        "minilm-l6-v2",
        "minilm-l6-v2",
        INPUT_COUNT,
    );
}

#[test]
fn the_f32_original_agrees_with_transformers_where_its_directory_is_named() {
    let Some(directory) = std::env::var_os(F32_CHECKPOINT_VARIABLE) else {
        // Written past the test harness, which would swallow `eprintln!`.
        writeln!(
            std::io::stderr(),
            "SKIPPED: the F32 original was not compared; set {F32_CHECKPOINT_VARIABLE} to a directory of all-MiniLM-L6-v2"
        )
        .expect("standard error can be written");
        return;
    };
    check_checkpoint(
        &CheckpointSource::Directory(PathBuf::from(directory)),
        "minilm-l6-v2",
        "minilm-l6-v2-f32",
        ORIGINAL_INPUT_COUNT,
    );
}

#[test]
fn a_masked_language_model_in_a_bin_file_with_gamma_and_beta_agrees_with_transformers() {
    check_fixture("masked-lm-bin");
}

#[test]
fn f16_shards_with_gelu_new_and_odd_heads_agree_with_transformers() {
    check_fixture("gelu-new-shards");
}

#[test]
fn a_cased_vocabulary_with_tanh_gelu_and_a_far_off_mean_agrees_with_transformers() {
    check_fixture("gelu-tanh-cased-vocabulary");
}

#[test]
fn an_uncased_vocabulary_with_bf16_and_relu_agrees_with_transformers() {
    check_fixture("relu-uncased-vocabulary");
}

#[test]
fn a_classifier_with_silu_and_a_truncating_tokenizer_agrees_with_transformers() {
    check_fixture("silu-classifier");
}

#[test]
fn the_last_hidden_state_equals_that_of_candle_transformers() {
    use candle_nn::VarBuilder;
    use candle_transformers::models::bert::{BertModel, Config};

    let config = std::fs::read_to_string(manifest_path("assets/minilm-l6-v2/config.json"))
        .expect("the built-in config is part of the repository");
    let config: Config = serde_json::from_str(&config).expect("candle-transformers knows it");
    let weights = VarBuilder::from_tensors(builtin_weights_in_f32(), DType::F32, &Device::Cpu);
    let oracle = BertModel::load(weights, &config).expect("candle-transformers loads it");
    let (tokenizer, model) = load(&CheckpointSource::Builtin);
    for input in reference_inputs("minilm-l6-v2") {
        let tokenized = tokenize(&tokenizer, &input);
        let batch = |values: &[u32]| Tensor::new(values, &Device::Cpu)?.unsqueeze(0); // [1, token]
        let expected = batch(&input.ids)
            .and_then(|ids| oracle.forward(&ids, &batch(&input.segments)?, None)) // [1, token, hidden]
            .and_then(|states| states.flatten_all()?.to_vec1::<f32>())
            .expect("candle-transformers runs it");
        let outputs = encode(&model, &[&tokenized]);
        let found = hidden_states(&outputs[0])
            .last()
            .expect("there is a last layer");
        assert_near(&input.name, found, &expected, CANDLE_TOLERANCE);
    }
}

#[test]
fn inputs_that_go_together_get_bit_for_bit_what_each_gets_alone() {
    for (name, source) in [
        ("minilm-l6-v2", CheckpointSource::Builtin),
        ("gelu-new-shards", fixture("gelu-new-shards")),
        (
            "relu-uncased-vocabulary",
            fixture("relu-uncased-vocabulary"),
        ),
    ] {
        let inputs = reference_inputs(name);
        let (tokenizer, model) = load(&source);
        let tokenized: Vec<Prepared> = inputs
            .iter()
            .map(|input| tokenize(&tokenizer, input))
            .collect();
        let together = encode(&model, &tokenized.iter().collect::<Vec<_>>());
        assert_eq!(together.len(), inputs.len(), "{name}");
        for ((input, tokenized), together) in inputs.iter().zip(&tokenized).zip(&together) {
            let alone = encode(&model, &[tokenized]);
            // Compared without printing: the values run into the millions.
            let same_attention = alone[0].attention == together.attention;
            let same_states = hidden_states(&alone[0]) == hidden_states(together);
            assert!(same_attention, "{name}, {}: attention", input.name);
            assert!(same_states, "{name}, {}: hidden states", input.name);
        }
    }
}
