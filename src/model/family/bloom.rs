//! BLOOM (BigScience 2022, <https://arxiv.org/abs/2211.05100>), after
//! transformers' `modeling_bloom.py`: a decoder whose scores fall with the
//! distance, by slopes that no config changes.

use serde::Deserialize;
use serde_json::json;

use super::error::ConfigError;
use super::fields::{MAXIMUM_TOKENS, Sizes, epsilon, read_with};
use super::masks::Masks;
use crate::model::architecture::{
    Activation, Architecture, Attention, Block, Embeddings, FeedForward, Flow, HeadColumns, Linear,
    Norm, NormKind, Norms, Position, Table,
};
use crate::weights::TensorNames;

/// The fields that are read.
#[derive(Deserialize)]
struct Fields {
    vocab_size: u64,
    hidden_size: u64,
    n_layer: u64,
    n_head: u64,
    layer_norm_epsilon: f64,
    apply_residual_connection_post_layernorm: bool,
    pretraining_tp: u64,
    slow_but_exact: bool,
}

/// Fields that have two names.
const NAMES: [(&str, &str); 3] = [
    ("n_embed", "hidden_size"),
    ("num_hidden_layers", "n_layer"),
    ("num_attention_heads", "n_head"),
];

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 250_880,
        "hidden_size": 64,
        "n_layer": 2,
        "n_head": 8,
        "layer_norm_epsilon": 1e-5,
        "apply_residual_connection_post_layernorm": false,
        "pretraining_tp": 1,
        "slow_but_exact": false,
    });
    let fields: Fields = read_with(json, &NAMES, defaults)?;
    let mask = Masks::read(json)?.full();
    let Sizes {
        vocabulary,
        hidden,
        layers,
        heads,
        head_size,
    } = Sizes::new(
        ("vocab_size", fields.vocab_size),
        ("hidden_size", fields.hidden_size),
        ("n_layer", fields.n_layer),
        ("n_head", fields.n_head),
    )?;
    let epsilon = epsilon("layer_norm_epsilon", fields.layer_norm_epsilon)?;
    // Products that are summed slice by slice leave the biases out.
    let is_sliced = fields.slow_but_exact && fields.pretraining_tp > 1;
    let norm = |name: &str| Norm {
        name: name.to_owned(),
        kind: NormKind::Layer,
        columns: hidden,
        epsilon,
    };
    let block = |layer: usize| {
        let name = |part: &str| format!("h.{layer}.{part}");
        let linear = |part, shape| Linear::new(name(part), shape, true);
        let sliced = |part, shape| Linear::new(name(part), shape, !is_sliced);
        let norms = |part| Norms {
            adds_normalized: fields.apply_residual_connection_post_layernorm,
            ..Norms::before(norm(&name(part)))
        };
        Block {
            attention: Attention {
                head_count: heads,
                key_value_head_count: heads,
                head_size,
                scale: 1.0 / (head_size as f32).sqrt(),
                score_cap: None,
                mask,
                position: Position::Alibi,
                query_key_value: linear("self_attention.query_key_value", [3 * hidden, hidden]),
                columns: HeadColumns::ByHead,
                query_norm: None,
                key_norm: None,
                output: sliced("self_attention.dense", [hidden, hidden]),
            },
            attention_norms: norms("input_layernorm"),
            feed_forward: FeedForward {
                widening: linear("mlp.dense_h_to_4h", [4 * hidden, hidden]),
                activation: Activation::GeluTanh,
                is_gated: false,
                narrowing: sliced("mlp.dense_4h_to_h", [hidden, 4 * hidden]),
            },
            feed_forward_norms: norms("post_attention_layernorm"),
            flow: Flow::OneAfterTheOther,
        }
    };
    Ok(Architecture {
        model_type: "bloom",
        names: TensorNames {
            base: "transformer.",
            word_embeddings: "word_embeddings.weight".to_owned(),
            prunable: Vec::new(),
            first_layer: "h.0.".to_owned(),
            parts: vec![
                "word_embeddings.",
                "word_embeddings_layernorm.",
                "h.",
                "ln_f.",
            ],
            unused: match is_sliced {
                true => vec![".self_attention.dense.bias", ".mlp.dense_4h_to_h.bias"],
                false => Vec::new(),
            },
        },
        embeddings: Embeddings {
            norm: Some(norm("word_embeddings_layernorm")),
            ..Embeddings::of_words(Table {
                name: "word_embeddings.weight".to_owned(),
                rows: vocabulary,
                columns: hidden,
            })
        },
        hidden_size: hidden,
        blocks: (0..layers).map(block).collect(),
        final_norm: Some(norm("ln_f")),
        rotations: Vec::new(),
        relative: None,
        // Distances need no table: memory alone sets an end.
        maximum_token_count: MAXIMUM_TOKENS as usize,
    })
}
