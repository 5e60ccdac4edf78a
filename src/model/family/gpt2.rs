//! GPT-2 (Radford et al. 2019), after transformers' `modeling_gpt2.py`: a
//! decoder whose norms stand before the halves of a layer, and whose matrices
//! are stored by input.

use serde::Deserialize;
use serde_json::json;

use super::error::ConfigError;
use super::fields::{
    MAXIMUM_INTERMEDIATE, MAXIMUM_TOKENS, Sizes, activation, epsilon, read_with, refuse_true,
    within,
};
use super::masks::Masks;
use crate::model::architecture::{
    Architecture, Attention, Block, Embeddings, FeedForward, Flow, HeadColumns, Linear, Norm,
    NormKind, Norms, Position, PositionCount, Positions, Table,
};
use crate::weights::TensorNames;

/// The fields that are read.
#[derive(Deserialize)]
struct Fields {
    vocab_size: u64,
    n_positions: u64,
    n_embd: u64,
    n_layer: u64,
    n_head: u64,
    n_inner: Option<u64>,
    activation_function: String,
    layer_norm_epsilon: f64,
    scale_attn_weights: bool,
    scale_attn_by_inverse_layer_idx: bool,
    add_cross_attention: Option<bool>,
}

/// Fields that have two names.
const NAMES: [(&str, &str); 4] = [
    ("max_position_embeddings", "n_positions"),
    ("hidden_size", "n_embd"),
    ("num_hidden_layers", "n_layer"),
    ("num_attention_heads", "n_head"),
];

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 50_257,
        "n_positions": 1_024,
        "n_embd": 768,
        "n_layer": 12,
        "n_head": 12,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "scale_attn_weights": true,
        "scale_attn_by_inverse_layer_idx": false,
    });
    let fields: Fields = read_with(json, &NAMES, defaults)?;
    refuse_true("add_cross_attention", fields.add_cross_attention)?;
    let mask = Masks::read(json)?.full();
    let Sizes {
        vocabulary,
        hidden,
        layers,
        heads,
        head_size,
    } = Sizes::new(
        ("vocab_size", fields.vocab_size),
        ("n_embd", fields.n_embd),
        ("n_layer", fields.n_layer),
        ("n_head", fields.n_head),
    )?;
    let intermediate = fields.n_inner.unwrap_or(4 * hidden as u64);
    let intermediate = within("n_inner", intermediate, MAXIMUM_INTERMEDIATE)?;
    let positions = within("n_positions", fields.n_positions, MAXIMUM_TOKENS)?;
    let activation = activation("activation_function", &fields.activation_function)?;
    let epsilon = epsilon("layer_norm_epsilon", fields.layer_norm_epsilon)?;
    let norm = |name: String| Norm {
        name,
        kind: NormKind::Layer,
        columns: hidden,
        epsilon,
    };
    let table = |name: &str, rows| Table {
        name: format!("{name}.weight"),
        rows,
        columns: hidden,
    };
    let block = |layer: usize| {
        let name = |part: &str| format!("h.{layer}.{part}");
        let linear = |part, shape| Linear::new(name(part), shape, true).by_input();
        let mut scale = match fields.scale_attn_weights {
            true => 1.0 / (head_size as f32).sqrt(),
            false => 1.0,
        };
        if fields.scale_attn_by_inverse_layer_idx {
            scale /= (layer + 1) as f32;
        }
        Block {
            attention: Attention {
                head_count: heads,
                key_value_head_count: heads,
                head_size,
                scale,
                score_cap: None,
                mask,
                position: Position::None,
                query_key_value: linear("attn.c_attn", [3 * hidden, hidden]),
                columns: HeadColumns::ByKind,
                query_norm: None,
                key_norm: None,
                output: linear("attn.c_proj", [hidden, hidden]),
            },
            attention_norms: Norms::before(norm(name("ln_1"))),
            feed_forward: FeedForward {
                widening: linear("mlp.c_fc", [intermediate, hidden]),
                activation,
                is_gated: false,
                narrowing: linear("mlp.c_proj", [hidden, intermediate]),
            },
            feed_forward_norms: Norms::before(norm(name("ln_2"))),
            flow: Flow::OneAfterTheOther,
        }
    };
    Ok(Architecture {
        model_type: "gpt2",
        names: TensorNames {
            base: "transformer.",
            word_embeddings: "wte.weight".to_owned(),
            prunable: vec!["attn.c_attn"],
            first_layer: "h.0.".to_owned(),
            parts: vec!["wte.", "wpe.", "h.", "ln_f."],
            // Masks that early versions wrote down.
            unused: vec![".attn.bias", ".attn.masked_bias"],
        },
        embeddings: Embeddings {
            positions: Some(Positions {
                table: table("wpe", positions),
                count: PositionCount::From(0),
            }),
            ..Embeddings::of_words(table("wte", vocabulary))
        },
        hidden_size: hidden,
        blocks: (0..layers).map(block).collect(),
        final_norm: Some(norm("ln_f".to_owned())),
        rotations: Vec::new(),
        relative: None,
        maximum_token_count: positions,
    })
}
