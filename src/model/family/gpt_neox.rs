//! GPT-NeoX and Pythia (Black et al. 2022, <https://arxiv.org/abs/2204.06745>),
//! after transformers' `modeling_gpt_neox.py`: both halves of a layer read what
//! it is given, and a part of each head is turned.

use serde::Deserialize;
use serde_json::json;

use super::error::ConfigError;
use super::fields::{
    MAXIMUM_INTERMEDIATE, MAXIMUM_TOKENS, Sizes, activation, epsilon, read_with, within,
};
use super::masks::Masks;
use super::rotary::{RotaryDefaults, RotaryFields};
use crate::model::architecture::{
    Architecture, Attention, Block, Embeddings, FeedForward, Flow, HeadColumns, Linear, Norm,
    NormKind, Norms, Position, Table,
};
use crate::weights::TensorNames;

/// The fields that are read.
#[derive(Deserialize)]
struct Fields {
    vocab_size: u64,
    hidden_size: u64,
    num_hidden_layers: u64,
    num_attention_heads: u64,
    intermediate_size: u64,
    hidden_act: String,
    max_position_embeddings: u64,
    layer_norm_eps: f64,
    use_parallel_residual: bool,
    attention_bias: bool,
    #[serde(flatten)]
    rotary: RotaryFields,
}

/// Rotary positions have names of their own here, and the usual ones are not
/// heard.
const NAMES: [(&str, &str); 4] = [
    ("rope_theta", "unheard"),
    ("partial_rotary_factor", "unheard"),
    ("rotary_emb_base", "rope_theta"),
    ("rotary_pct", "partial_rotary_factor"),
];

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 50_432,
        "hidden_size": 6_144,
        "num_hidden_layers": 44,
        "num_attention_heads": 64,
        "intermediate_size": 24_576,
        "hidden_act": "gelu",
        "max_position_embeddings": 2_048,
        "layer_norm_eps": 1e-5,
        "use_parallel_residual": true,
        "attention_bias": true,
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
        ("num_hidden_layers", fields.num_hidden_layers),
        ("num_attention_heads", fields.num_attention_heads),
    )?;
    let intermediate = within(
        "intermediate_size",
        fields.intermediate_size,
        MAXIMUM_INTERMEDIATE,
    )?;
    let maximum = fields.max_position_embeddings;
    let maximum = within("max_position_embeddings", maximum, MAXIMUM_TOKENS)?;
    let activation = activation("hidden_act", &fields.hidden_act)?;
    let epsilon = epsilon("layer_norm_eps", fields.layer_norm_eps)?;
    let defaults = RotaryDefaults {
        theta: 10_000.0,
        share: Some(0.25),
    };
    let rotation = fields.rotary.rotation(None, defaults, head_size, maximum)?;
    let norm = |name: String| Norm {
        name,
        kind: NormKind::Layer,
        columns: hidden,
        epsilon,
    };
    let block = |layer: usize| {
        let name = |part: &str| format!("layers.{layer}.{part}");
        let linear = |part, shape, has_bias| Linear::new(name(part), shape, has_bias);
        let bias = fields.attention_bias;
        Block {
            attention: Attention {
                head_count: heads,
                key_value_head_count: heads,
                head_size,
                scale: 1.0 / (head_size as f32).sqrt(),
                score_cap: None,
                mask,
                position: Position::Rotary(0),
                query_key_value: linear("attention.query_key_value", [3 * hidden, hidden], bias),
                columns: HeadColumns::ByHead,
                query_norm: None,
                key_norm: None,
                output: linear("attention.dense", [hidden, hidden], bias),
            },
            attention_norms: Norms::before(norm(name("input_layernorm"))),
            feed_forward: FeedForward {
                widening: linear("mlp.dense_h_to_4h", [intermediate, hidden], true),
                activation,
                is_gated: false,
                narrowing: linear("mlp.dense_4h_to_h", [hidden, intermediate], true),
            },
            feed_forward_norms: Norms::before(norm(name("post_attention_layernorm"))),
            flow: match fields.use_parallel_residual {
                true => Flow::SideBySide,
                false => Flow::OneAfterTheOther,
            },
        }
    };
    Ok(Architecture {
        model_type: "gpt_neox",
        names: TensorNames {
            base: "gpt_neox.",
            word_embeddings: "embed_in.weight".to_owned(),
            prunable: Vec::new(),
            first_layer: "layers.0.".to_owned(),
            parts: vec!["embed_in.", "layers.", "final_layer_norm."],
            // Masks and frequencies that early versions wrote down.
            unused: vec![
                ".attention.bias",
                ".attention.masked_bias",
                ".rotary_emb.inv_freq",
            ],
        },
        embeddings: Embeddings::of_words(Table {
            name: "embed_in.weight".to_owned(),
            rows: vocabulary,
            columns: hidden,
        }),
        hidden_size: hidden,
        blocks: (0..layers).map(block).collect(),
        final_norm: Some(norm("final_layer_norm".to_owned())),
        rotations: vec![rotation],
        relative: None,
        maximum_token_count: maximum,
    })
}
