//! What leaves the last layer of small random checkpoints, against the models
//! of candle-transformers, where it has the family: an opinion that neither
//! transformers' code nor ours had a part in.
//!
//! Attention does not leave those models. Hidden states do, or the logits that
//! are made of them, and a wrong map would be seen in either. Where
//! candle-transformers is known to compute something else than transformers,
//! [`OPINIONS`] says how both sides are brought to what it computes rightly,
//! and [`NO_OPINION`] why a checkpoint is left out.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use attnviz::checkpoint::{self, Checkpoint, CheckpointSource, LoadOptions};
use attnviz::input::Prepared;
use attnviz::model::{Backend, HiddenStates, Model};
use attnviz::tokenizer::{TokenLimit, Tokenizer};
use candle_core::{DType, Device, IndexOp as _, Result, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::families::{self, INPUTS};
use crate::reference::assert_near;

/// How far a hidden state may be from what candle-transformers computes, and a
/// logit for each one of the largest: hidden states are numbers of about one.
const TOLERANCE: f64 = 2e-5;

/// What candle-transformers makes of ids and segments: `[token, width]`.
type Oracle = Box<dyn FnMut(&Tensor, &Tensor) -> Result<Tensor>>;

/// A model of candle-transformers, of its config and its weights.
type LoadOracle = fn(&Value, VarBuilder<'_>) -> Result<Oracle>;

/// What an oracle hands out for each token.
#[derive(Clone, Copy, Debug)]
enum Gives {
    /// The last hidden states, after the last norm.
    States,
    /// The products of these with the tensor of this name, `[vocabulary, hidden]`.
    Logits(&'static str),
}

/// A checkpoint that candle-transformers has an opinion of.
struct Opinion {
    checkpoint: &'static str,
    load: LoadOracle,
    gives: Gives,
    /// What stands before the names of the tensors and not in the oracle's.
    prefix: &'static str,
    /// Entries of `config.json` that are replaced on both sides.
    both: &'static str,
    /// Entries that are replaced for candle-transformers alone, to make it
    /// compute the same as transformers does without them.
    oracle: &'static str,
}

const fn states(checkpoint: &'static str, load: LoadOracle, prefix: &'static str) -> Opinion {
    Opinion {
        checkpoint,
        load,
        gives: Gives::States,
        prefix,
        both: "{}",
        oracle: "{}",
    }
}

const fn logits(checkpoint: &'static str, load: LoadOracle, head: &'static str) -> Opinion {
    Opinion {
        gives: Gives::Logits(head),
        ..states(checkpoint, load, "")
    }
}

const UNTIED: &str = "lm_head.weight";
const TIED: &str = "model.embed_tokens.weight";

const OPINIONS: &[Opinion] = &[
    states("bert", bert, "bert"),
    // These compute what BERT does, under names of their own.
    states("electra-equal-widths", bert, "electra"),
    states("ernie-without-tasks", bert, "ernie"),
    states("xlm-roberta", xlm_roberta, "roberta"),
    states("roberta", xlm_roberta, "roberta"),
    states("roberta-segments-padding-3", xlm_roberta, "roberta"),
    states("camembert", xlm_roberta, "roberta"),
    // Its "gelu" is the approximation by tanh, and transformers' is not.
    Opinion {
        both: r#"{"activation": "relu"}"#,
        ..states("distilbert", distilbert, "distilbert")
    },
    states("distilbert-sinusoidal", distilbert, "distilbert"),
    states("deberta-v2", deberta_v2, "deberta"),
    // Its convolution is a `todo!`.
    Opinion {
        both: r#"{"conv_kernel_size": 0}"#,
        ..states("deberta-v2-convolution", deberta_v2, "deberta")
    },
    Opinion {
        both: r#"{"conv_kernel_size": 0}"#,
        ..states("deberta-v2-own-projections", deberta_v2, "deberta")
    },
    // It reads the old names of these entries alone.
    Opinion {
        oracle: r#"{"layer_norm_eps": 1e-5, "global_attn_every_n_layers": 3,
            "global_rope_theta": 160000.0, "local_rope_theta": 10000.0}"#,
        ..states("modernbert", modernbert, "")
    },
    logits("llama", llama, UNTIED),
    Opinion {
        oracle: r#"{"tie_word_embeddings": true}"#,
        ..logits("llama-rope-llama3", llama, TIED)
    },
    // Its windows are of one key more than they say: here, and in the next ones.
    Opinion {
        oracle: r#"{"sliding_window": 4}"#,
        ..logits("mistral", mistral, UNTIED)
    },
    // Its windows are those of every layer, whatever max_window_layers says.
    Opinion {
        both: r#"{"max_window_layers": 0}"#,
        oracle: r#"{"sliding_window": 4}"#,
        ..states("qwen2", qwen2, "")
    },
    states("qwen3", qwen3, ""),
    // Its windows are those of every layer, and it divides by the root of
    // head_dim whatever query_pre_attn_scalar says.
    Opinion {
        both: r#"{"query_pre_attn_scalar": 8,
            "layer_types": ["sliding_attention", "sliding_attention"]}"#,
        oracle: r#"{"sliding_window": 4, "final_logit_softcapping": null, "rope_theta": 10000.0}"#,
        ..logits("gemma2", gemma2, TIED)
    },
    // It divides as Gemma 2 does, and does not know the scaling of the angles.
    Opinion {
        both: r#"{"query_pre_attn_scalar": 8, "rope_scaling": null}"#,
        ..logits("gemma3_text", gemma3, TIED)
    },
    // It knows no windows.
    Opinion {
        both: r#"{"sliding_window": null}"#,
        ..logits("phi3", phi3, UNTIED)
    },
    // It multiplies the angles by what longrope divides them by, and leaves out
    // what attention is scaled by; a part of each head is turned all the same.
    Opinion {
        both: r#"{"rope_scaling": null}"#,
        ..logits("phi3-longrope", phi3, UNTIED)
    },
    logits("olmo2", olmo2, UNTIED),
    // It refuses windows.
    Opinion {
        both: r#"{"use_sliding_window": false,
            "layer_types": ["full_attention", "full_attention"]}"#,
        ..states("smollm3", smollm3, "")
    },
];

/// What of the families that candle-transformers has is left out, and why.
const NO_OPINION: &[(&str, &str)] = &[
    ("electra", "embeddings of another size are not BERT's"),
    ("ernie", "task types are not BERT's"),
    (
        "deberta-v2-absolute",
        "it wants segments of the hidden size, transformers of the embeddings'",
    ),
    ("modernbert-biases", "it has no biases"),
    ("llama-biases", "it has no biases"),
    ("llama-rope-linear", "it does not read this scaling"),
    ("llama-rope-yarn", "it does not read this scaling"),
    ("mistral-sees-later", "all of its decoders are causal"),
    ("gemma3_text-sees-later", "all of its decoders are causal"),
];

/// Families that candle-transformers does not have, as their folders begin.
const NOT_THERE: &[&str] = &["albert", "bloom", "esm", "gpt2", "gpt_neox", "mpnet", "opt"];

fn config<Config: DeserializeOwned>(config: &Value) -> Result<Config> {
    serde_json::from_value(config.clone()).map_err(candle_core::Error::wrap)
}

fn bert(json: &Value, weights: VarBuilder<'_>) -> Result<Oracle> {
    let model = models::bert::BertModel::load(weights, &config(json)?)?;
    Ok(Box::new(move |ids, segments| {
        model.forward(ids, segments, None)?.i(0)
    }))
}

fn xlm_roberta(json: &Value, weights: VarBuilder<'_>) -> Result<Oracle> {
    let model = models::xlm_roberta::XLMRobertaModel::new(&config(json)?, weights)?;
    Ok(Box::new(move |ids, segments| {
        let seen = ids.ones_like()?;
        let states = model.forward(ids, &seen, segments, None, None, None)?;
        states.i(0)
    }))
}

fn distilbert(json: &Value, weights: VarBuilder<'_>) -> Result<Oracle> {
    let model = models::distilbert::DistilBertModel::load(weights, &config(json)?)?;
    Ok(Box::new(move |ids, _| {
        let hidden = ids.zeros_like()?.to_dtype(DType::U8)?;
        model.forward(ids, &hidden)?.i(0)
    }))
}

fn deberta_v2(json: &Value, weights: VarBuilder<'_>) -> Result<Oracle> {
    let model = models::debertav2::DebertaV2Model::load(weights, &config(json)?)?;
    Ok(Box::new(move |ids, segments| {
        model.forward(ids, Some(segments.clone()), None)?.i(0)
    }))
}

fn modernbert(json: &Value, weights: VarBuilder<'_>) -> Result<Oracle> {
    let model = models::modernbert::ModernBert::load(weights, &config(json)?)?;
    Ok(Box::new(move |ids, _| {
        model.forward(ids, &ids.ones_like()?)?.i(0)
    }))
}

/// What a decoder gives that hands out the logits of the last token alone: it
/// reads every beginning of the text, which none of its tokens can tell from
/// the whole.
fn by_beginnings(ids: &Tensor, mut last: impl FnMut(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let rows: Result<Vec<Tensor>> = (1..=ids.dim(1)?)
        .map(|length| last(&ids.narrow(1, 0, length)?)?.flatten_all())
        .collect();
    Tensor::stack(&rows?, 0)
}

fn llama(json: &Value, weights: VarBuilder<'_>) -> Result<Oracle> {
    use models::llama::{Cache, Llama, LlamaConfig};

    let config = config::<LlamaConfig>(json)?.into_config(false);
    let model = Llama::load(weights, &config)?;
    Ok(Box::new(move |ids, _| {
        by_beginnings(ids, |ids| {
            let mut cache = Cache::new(false, DType::F32, &config, &Device::Cpu)?;
            model.forward(ids, 0, &mut cache)
        })
    }))
}

fn mistral(json: &Value, weights: VarBuilder<'_>) -> Result<Oracle> {
    let mut model = models::mistral::Model::new(&config(json)?, weights)?;
    Ok(Box::new(move |ids, _| {
        by_beginnings(ids, |ids| {
            model.clear_kv_cache();
            model.forward(ids, 0)
        })
    }))
}

fn qwen2(json: &Value, weights: VarBuilder<'_>) -> Result<Oracle> {
    let mut model = models::qwen2::Model::new(&config(json)?, weights)?;
    Ok(Box::new(move |ids, _| {
        model.clear_kv_cache();
        model.forward(ids, 0, None)?.i(0)
    }))
}

fn qwen3(json: &Value, weights: VarBuilder<'_>) -> Result<Oracle> {
    let model = models::qwen3::Model::new(&config(json)?, weights)?;
    // What it remembers of a text cannot be taken from it; a copy has nothing
    // to remember yet.
    Ok(Box::new(move |ids, _| model.clone().forward(ids, 0)?.i(0)))
}

fn gemma2(json: &Value, weights: VarBuilder<'_>) -> Result<Oracle> {
    let mut model = models::gemma2::Model::new(false, &config(json)?, weights)?;
    Ok(Box::new(move |ids, _| {
        by_beginnings(ids, |ids| {
            model.clear_kv_cache();
            model.forward(ids, 0)
        })
    }))
}

fn gemma3(json: &Value, weights: VarBuilder<'_>) -> Result<Oracle> {
    let mut model = models::gemma3::Model::new(false, &config(json)?, weights)?;
    // Its cache takes no more than one token at a time.
    Ok(Box::new(move |ids, _| {
        model.clear_kv_cache();
        let tokens = 0..ids.dim(1)?;
        let rows: Result<Vec<Tensor>> = tokens
            .map(|token| {
                model
                    .forward(&ids.narrow(1, token, 1)?, token)?
                    .flatten_all()
            })
            .collect();
        Tensor::stack(&rows?, 0)
    }))
}

fn phi3(json: &Value, weights: VarBuilder<'_>) -> Result<Oracle> {
    let mut model = models::phi3::Model::new(&config(json)?, weights)?;
    Ok(Box::new(move |ids, _| {
        by_beginnings(ids, |ids| {
            model.clear_kv_cache();
            model.forward(ids, 0)
        })
    }))
}

fn olmo2(json: &Value, weights: VarBuilder<'_>) -> Result<Oracle> {
    let mut model = models::olmo2::Model::new(&config(json)?, weights)?;
    Ok(Box::new(move |ids, _| {
        by_beginnings(ids, |ids| {
            model.clear_kv_cache();
            model.forward(ids, 0)
        })
    }))
}

fn smollm3(json: &Value, weights: VarBuilder<'_>) -> Result<Oracle> {
    let mut model = models::smol::smollm3::Model::new(&config(json)?, weights)?;
    Ok(Box::new(move |ids, _| {
        model.clear_kv_cache();
        model.forward(ids, 0)?.i(0)
    }))
}

/// Every tensor of a folder in F32, as candle reads it.
fn tensors(folder: &Path) -> HashMap<String, Tensor> {
    let mut all = HashMap::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder is read").path();
        let found = match path.extension().and_then(|extension| extension.to_str()) {
            Some("safetensors") => candle_core::safetensors::load(&path, &Device::Cpu),
            Some("bin") => {
                candle_core::pickle::read_all(&path).map(|tensors| tensors.into_iter().collect())
            }
            _ => continue,
        };
        for (name, tensor) in found.expect("candle reads the weights") {
            let tensor = tensor.to_dtype(DType::F32).expect("they become F32");
            all.insert(name, tensor);
        }
    }
    all
}

fn replace(config: &mut Value, entries: &str) {
    let entries: Value = serde_json::from_str(entries).expect("the table holds JSON");
    for (key, value) in entries.as_object().expect("the table holds objects") {
        config[key] = value.clone();
    }
}

/// What candle-transformers reads: the names that were there before
/// `rope_parameters` was, and what older configs always said.
fn in_the_older_form(config: &Value) -> Value {
    let mut older = config.clone();
    let theta = &config["rope_parameters"]["rope_theta"];
    if theta.is_number() {
        older["rope_theta"] = theta.clone();
        let part = &config["rope_parameters"]["partial_rotary_factor"];
        older["partial_rotary_factor"] = part.clone();
    }
    for (key, value) in [
        ("position_embedding_type", Value::from("absolute")),
        ("rope_theta", Value::from(10_000.0)),
        ("attention_bias", Value::from(false)),
    ] {
        if older[key].is_null() {
            older[key] = value;
        }
    }
    older
}

/// A copy of a checkpoint with another config.
fn copy_with_config(name: &str, config: &Value) -> (tempfile::TempDir, Checkpoint) {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let original = families::fixtures("families").join(name);
    for entry in fs::read_dir(original).expect("the fixture is there") {
        let entry = entry.expect("the fixture is read");
        let to = folder.path().join(entry.file_name());
        fs::copy(entry.path(), to).expect("the file can be copied");
    }
    let text = serde_json::to_vec(config).expect("a value can be written");
    fs::write(folder.path().join("config.json"), text).expect("the config can be written");
    let source = CheckpointSource::Directory(folder.path().to_path_buf());
    let checkpoint = checkpoint::load(&source, &LoadOptions::default(), &mut |_| ());
    let checkpoint = checkpoint.unwrap_or_else(|error| panic!("{name}: {error}"));
    (folder, checkpoint)
}

/// What the oracle has to give, of our hidden states, `[token, width]`.
fn ours(
    model: &Model,
    prepared: &Prepared,
    gives: Gives,
    tensors: &HashMap<String, Tensor>,
) -> Vec<f32> {
    let outputs = model.forward(&[prepared], HiddenStates::Keep);
    let outputs = outputs.expect("the input goes through the model");
    let states = outputs[0].hidden_states.as_ref();
    let last = states.and_then(|states| states.last());
    let last = last.expect("hidden states were asked for").clone();
    match gives {
        Gives::States => last,
        Gives::Logits(head) => {
            let rows = prepared.source().len();
            let width = last.len() / rows;
            Tensor::from_vec(last, (rows, width), &Device::Cpu)
                .and_then(|states| states.matmul(&tensors[head].t()?)?.flatten_all())
                .and_then(|logits| logits.to_vec1())
                .expect("the head fits the hidden states")
        }
    }
}

fn check(opinion: &Opinion) {
    let name = opinion.checkpoint;
    let folder = families::fixtures("families").join(name);
    let config = fs::read_to_string(folder.join("config.json")).expect("the config is there");
    let mut config: Value = serde_json::from_str(&config).expect("the config is JSON");
    replace(&mut config, opinion.both);
    let (_folder, checkpoint) = copy_with_config(name, &config);
    let mut config = in_the_older_form(&config);
    replace(&mut config, opinion.oracle);
    let tensors = tensors(&folder);
    let weights = VarBuilder::from_tensors(tensors.clone(), DType::F32, &Device::Cpu);
    let weights = match opinion.prefix {
        "" => weights,
        prefix => weights.pp(prefix),
    };
    let oracle = (opinion.load)(&config, weights);
    let mut oracle = oracle.unwrap_or_else(|error| panic!("{name}: {error}"));
    let tokenizer = Tokenizer::from_checkpoint(&checkpoint).expect("the tokenizer loads");
    let backends = [Backend::Fused, Backend::Plain].map(|backend| {
        let model = Model::load(&checkpoint, backend);
        (
            backend,
            model.unwrap_or_else(|error| panic!("{name}: {error}")),
        )
    });
    let limit = TokenLimit {
        maximum: 90,
        truncate: None,
    };
    for (input, text, pair) in INPUTS {
        // Not every tokenizer has a place for a second text.
        let Ok(prepared) = tokenizer.tokenize(text, pair, limit) else {
            assert_eq!(input, "pair", "{name}");
            continue;
        };
        let ids: Vec<u32> = prepared.source().iter().map(|unit| unit.id).collect();
        let segments: Vec<u32> = prepared.told_segments().collect();
        let row = |values: &[u32]| Tensor::new(values, &Device::Cpu)?.unsqueeze(0); // [1, token]
        let expected: Vec<f32> = row(&ids)
            .and_then(|ids| oracle(&ids, &row(&segments)?)) // [token, width]
            .and_then(|rows| rows.flatten_all()?.to_vec1())
            .unwrap_or_else(|error| panic!("{name}, {input}: {error}"));
        let largest = expected.iter().map(|value| f64::from(value.abs()));
        let tolerance = match opinion.gives {
            Gives::States => TOLERANCE,
            Gives::Logits(_) => TOLERANCE * largest.fold(1.0, f64::max),
        };
        for (backend, model) in &backends {
            let found = ours(model, &prepared, opinion.gives, &tensors);
            let what = format!("{name}, {input}, {backend:?}, {:?}", opinion.gives);
            assert_near(&what, &found, &expected, tolerance);
        }
    }
}

#[test]
fn what_leaves_the_last_layer_equals_that_of_candle_transformers() {
    for opinion in OPINIONS {
        check(opinion);
    }
}

/// So that a checkpoint of a new family has to be put to one of the tables.
#[test]
fn candle_transformers_is_asked_about_every_family_that_it_has() {
    let asked = OPINIONS.iter().map(|opinion| opinion.checkpoint);
    let left_out = NO_OPINION.iter().map(|(checkpoint, _)| *checkpoint);
    let found: BTreeSet<&str> = asked.chain(left_out).collect();
    assert_eq!(found.len(), OPINIONS.len() + NO_OPINION.len());
    let names = families::names();
    let is_there = |name: &&str| {
        let begins = |family: &&str| name.split('-').next() == Some(family);
        !NOT_THERE.iter().any(begins)
    };
    let all: BTreeSet<&str> = names.iter().map(String::as_str).filter(is_there).collect();
    assert_eq!(found, all);
}
