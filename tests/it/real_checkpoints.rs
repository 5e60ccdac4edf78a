//! Trained weights of more families than BERT, against transformers: the
//! built-in ones under the names of other families, and real checkpoints, which
//! are too large for the repository, where a variable names their folder.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use attnviz::checkpoint::{self, CheckpointSource, LoadOptions};
use attnviz::input::Prepared;
use attnviz::model::{Backend, HiddenStates, Model};
use attnviz::tokenizer::{TokenLimit, Tokenizer};
use candle_core::Tensor;
use safetensors::SafeTensors;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::skipped;
use crate::families::{INPUTS, ids as expected_ids};
use crate::reference::{
    ATTENTION_TOLERANCE, assert_near, builtin_weights_in_f32, check_attention, expected_values,
    kept_rows, reference_inputs,
};

/// Names a folder with the checkpoints of [`REAL`], each in a folder of its
/// name; `tests/fixtures/README.md` says where they come from.
const REAL_CHECKPOINTS_VARIABLE: &str = "ATTNVIZ_REAL_CHECKPOINTS";

/// Name of the folder, and how many inputs there are expectations of.
const REAL: [(&str, usize); 2] = [("all-mpnet-base-v2", 7), ("smollm2-135m-instruct", 6)];

/// How often `make_families.py` repeats the text of `long` in `paragraph`.
const PARAGRAPH_REPEATS: usize = 5;

type Weights = HashMap<String, Tensor>;

fn load(directory: &Path, backend: Backend) -> (Tokenizer, Model) {
    let source = CheckpointSource::Directory(directory.to_path_buf());
    let checkpoint = checkpoint::load(&source, &LoadOptions::default(), &mut |_| ())
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let tokenizer = Tokenizer::from_checkpoint(&checkpoint).expect("the tokenizer loads");
    let model = Model::load(&checkpoint, backend).expect("the model loads");
    assert!(model.warnings().is_empty(), "{:?}", model.warnings());
    (tokenizer, model)
}

fn ids(prepared: &Prepared) -> Vec<u32> {
    prepared.source().iter().map(|unit| unit.id).collect()
}

fn limit() -> TokenLimit {
    TokenLimit {
        maximum: 512,
        truncate: None,
    }
}

/// The weights without what no head maps need, each name changed.
fn renamed(prefix: &str, changes: &[(&str, &str)]) -> Weights {
    let weights = builtin_weights_in_f32().into_iter();
    weights
        .filter(|(name, _)| !name.starts_with("pooler") && !name.ends_with("position_ids"))
        .map(|(name, tensor)| {
            let name = changes
                .iter()
                .fold(name, |name, (from, to)| name.replace(from, to));
            (format!("{prefix}.{name}"), tensor)
        })
        .collect()
}

fn remove(weights: &mut Weights, name: &str) -> Tensor {
    let removed = weights.remove(name);
    removed.unwrap_or_else(|| panic!("there is no {name}"))
}

/// The sizes of the built-in model under the names that most families have.
fn sizes(model_type: &str, more: Value) -> Value {
    let bytes = fs::read("assets/minilm-l6-v2/config.json").expect("the config is there");
    let config: Value = serde_json::from_slice(&bytes).expect("the config is JSON");
    let mut sizes = json!({"model_type": model_type});
    for name in [
        "vocab_size",
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "max_position_embeddings",
    ] {
        sizes[name] = config[name].clone();
    }
    for (name, value) in more.as_object().expect("they are fields") {
        sizes[name] = value.clone();
    }
    sizes
}

/// The same names and sizes.
fn electra() -> (Value, &'static str, Weights) {
    let config = sizes("electra", json!({"embedding_size": 384}));
    (config, "ElectraTokenizer", renamed("electra", &[]))
}

/// Other names, and no segments: the first one's row goes into the positions.
fn distilbert() -> (Value, &'static str, Weights) {
    let changes = [
        ("encoder.layer", "transformer.layer"),
        ("attention.self.query", "attention.q_lin"),
        ("attention.self.key", "attention.k_lin"),
        ("attention.self.value", "attention.v_lin"),
        ("attention.output.dense", "attention.out_lin"),
        ("attention.output.LayerNorm", "sa_layer_norm"),
        ("intermediate.dense", "ffn.lin1"),
        ("output.dense", "ffn.lin2"),
        ("output.LayerNorm", "output_layer_norm"),
    ];
    let mut weights = renamed("distilbert", &changes);
    let segments = remove(
        &mut weights,
        "distilbert.embeddings.token_type_embeddings.weight",
    );
    let name = "distilbert.embeddings.position_embeddings.weight";
    let folded = segments
        .narrow(0, 0, 1)
        .and_then(|first| remove(&mut weights, name).broadcast_add(&first));
    weights.insert(name.to_owned(), folded.expect("the rows can be added"));
    let config = json!({
        "model_type": "distilbert",
        "vocab_size": 30522,
        "dim": 384,
        "hidden_dim": 1536,
        "n_layers": 6,
        "n_heads": 12,
        "max_position_embeddings": 512,
    });
    (config, "DistilBertTokenizer", weights)
}

/// One segment, and positions that begin behind the padding's, which is 0.
fn roberta() -> (Value, &'static str, Weights) {
    let mut weights = renamed("roberta", &[]);
    let segments = "roberta.embeddings.token_type_embeddings.weight";
    let first = remove(&mut weights, segments).narrow(0, 0, 1);
    weights.insert(segments.to_owned(), first.expect("there is a first"));
    let name = "roberta.embeddings.position_embeddings.weight";
    let positions = remove(&mut weights, name);
    let moved = positions
        .narrow(0, 0, 1)
        .and_then(|row| Tensor::cat(&[row.zeros_like()?, positions], 0));
    weights.insert(name.to_owned(), moved.expect("a row can be put before"));
    let more = json!({
        "max_position_embeddings": 513,
        "type_vocab_size": 1,
        "pad_token_id": 0,
        "layer_norm_eps": 1e-12,
    });
    (sizes("roberta", more), "BertTokenizer", weights)
}

/// Attention of single texts: the other families know no second segment.
fn check_relabelled((config, tokenizer_class, weights): (Value, &str, Weights)) {
    let family = config["model_type"].as_str().expect("it is named");
    let directory = TempDir::new().expect("a temporary directory can be made");
    let write = |name: &str, content: String| {
        fs::write(directory.path().join(name), content).expect("the file can be written");
    };
    write("config.json", config.to_string());
    let tokenizer_config = json!({"tokenizer_class": tokenizer_class});
    write("tokenizer_config.json", tokenizer_config.to_string());
    fs::copy(
        "assets/minilm-l6-v2/tokenizer.json",
        directory.path().join("tokenizer.json"),
    )
    .expect("the file can be copied");
    candle_core::safetensors::save(&weights, directory.path().join("model.safetensors"))
        .expect("the weights can be written");
    let bytes = fs::read("tests/fixtures/expected/minilm-l6-v2.safetensors")
        .expect("the expected values are part of the repository");
    let expected = SafeTensors::deserialize(&bytes).expect("they are safetensors");
    let (tokenizer, model) = load(directory.path(), Backend::Fused);
    let mut compared = 0;
    for input in reference_inputs("minilm-l6-v2") {
        if input.pair.is_some() {
            continue;
        }
        let what = format!("{family}, {}", input.name);
        let prepared = tokenizer.tokenize(&input.text, None, limit());
        let prepared = prepared.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(ids(&prepared), input.ids, "{what}");
        let outputs = model.forward(&[&prepared], HiddenStates::Drop);
        let outputs = outputs.expect("the input goes through the model");
        check_attention(&what, &input.name, &outputs[0], &expected);
        compared += 1;
    }
    assert_eq!(compared, 12, "{family}: inputs");
}

#[test]
fn the_built_in_weights_as_an_electra_agree_with_transformers() {
    check_relabelled(electra());
}

#[test]
fn the_built_in_weights_as_a_distilbert_agree_with_transformers() {
    check_relabelled(distilbert());
}

#[test]
fn the_built_in_weights_as_a_roberta_agree_with_transformers() {
    check_relabelled(roberta());
}

fn check_real(folder: &Path, name: &str, input_count: usize) {
    let path = format!("tests/fixtures/expected/real/{name}.safetensors");
    let bytes = fs::read(path).expect("the expected values are part of the repository");
    let expected = SafeTensors::deserialize(&bytes).expect("they are safetensors");
    let (_, long, _) = INPUTS[2];
    let paragraph = [long; PARAGRAPH_REPEATS].join(" ");
    let mut inputs = INPUTS.to_vec();
    inputs.push(("paragraph", &paragraph, None));
    inputs.retain(|(input, _, _)| expected.tensor(&format!("{input}.rows")).is_ok());
    assert_eq!(inputs.len(), input_count, "{name}: inputs");
    for &backend in Backend::ALL {
        let (tokenizer, model) = load(&folder.join(name), backend);
        for &(input, text, pair) in &inputs {
            let what = format!("{name}, {}, {input}", backend.name());
            let prepared = tokenizer.tokenize(text, pair, limit());
            let prepared = prepared.unwrap_or_else(|error| panic!("{what}: {error}"));
            let expected_ids = expected_ids(&expected, &format!("{input}.ids"));
            assert_eq!(ids(&prepared), expected_ids, "{what}");
            let outputs = model.forward(&[&prepared], HiddenStates::Drop);
            let outputs = outputs.expect("the input goes through the model");
            let maps = outputs[0].attention.maps();
            let [_, _, query_count, key_count] = maps.shape();
            let mut found = Vec::new(); // [layer, head, row, key]
            for map in maps.values().chunks_exact(query_count * key_count) {
                for row in kept_rows(&expected, input) {
                    found.extend_from_slice(&map[row * key_count..(row + 1) * key_count]);
                }
            }
            let rows = expected_values(&expected, &format!("{input}.attention_rows"));
            assert_near(&what, &found, &rows, ATTENTION_TOLERANCE);
        }
    }
}

#[test]
fn real_checkpoints_agree_with_transformers_where_their_folder_is_named() {
    let Some(folder) = std::env::var_os(REAL_CHECKPOINTS_VARIABLE) else {
        let names = REAL.map(|(name, _)| name).join(" and ");
        skipped(&format!(
            "{names} were not compared; set {REAL_CHECKPOINTS_VARIABLE} to a folder that has them"
        ));
        return;
    };
    for (name, input_count) in REAL {
        check_real(&PathBuf::from(&folder), name, input_count);
    }
}
