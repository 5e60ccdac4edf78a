//! OPT (Zhang et al. 2022, <https://arxiv.org/abs/2205.01068>), after
//! transformers' `modeling_opt.py`: a decoder with learned positions that begin
//! at the third row. opt-350m has its norms behind the halves of a layer, and
//! words of half the width.

use serde::Deserialize;
use serde_json::json;

use super::error::ConfigError;
use super::fields::{
    MAXIMUM_HIDDEN, MAXIMUM_INTERMEDIATE, MAXIMUM_TOKENS, Sizes, activation, read_with, within,
};
use super::masks::Masks;
use crate::model::architecture::{
    Architecture, Attention, Block, Embeddings, FeedForward, Flow, HeadColumns, Linear, Norm,
    NormKind, Norms, Position, PositionCount, Positions, Projection, ProjectionPlace, Table,
};
use crate::weights::TensorNames;

/// How many rows of the position table no token has.
const FIRST_POSITION: usize = 2;

/// The fields that are read.
#[derive(Deserialize)]
struct Fields {
    vocab_size: u64,
    hidden_size: u64,
    num_hidden_layers: u64,
    num_attention_heads: u64,
    ffn_dim: u64,
    max_position_embeddings: u64,
    word_embed_proj_dim: Option<u64>,
    activation_function: String,
    do_layer_norm_before: bool,
    _remove_final_layer_norm: bool,
    enable_bias: bool,
    layer_norm_elementwise_affine: bool,
}

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 50_272,
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "ffn_dim": 3_072,
        "max_position_embeddings": 2_048,
        "activation_function": "relu",
        "do_layer_norm_before": true,
        "_remove_final_layer_norm": false,
        "enable_bias": true,
        "layer_norm_elementwise_affine": true,
    });
    let fields: Fields = read_with(json, &[], defaults)?;
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
    let intermediate = within("ffn_dim", fields.ffn_dim, MAXIMUM_INTERMEDIATE)?;
    let maximum = fields.max_position_embeddings;
    let maximum = within("max_position_embeddings", maximum, MAXIMUM_TOKENS)?;
    let words = fields.word_embed_proj_dim.unwrap_or(hidden as u64);
    let words = within("word_embed_proj_dim", words, MAXIMUM_HIDDEN)?;
    let activation = activation("activation_function", &fields.activation_function)?;
    let bias = fields.enable_bias;
    let norm = |name: String| Norm {
        name,
        kind: match fields.layer_norm_elementwise_affine {
            true => NormKind::Layer,
            false => NormKind::LayerWithoutWeights,
        },
        columns: hidden,
        // That of PyTorch, which no config changes.
        epsilon: 1e-5,
    };
    let norms = |name: String| match fields.do_layer_norm_before {
        true => Norms::before(norm(name)),
        false => Norms::of_sum(norm(name)),
    };
    let block = |layer: usize| {
        let name = |part: &str| format!("layers.{layer}.{part}");
        let linear = |part, shape| Linear::new(name(part), shape, bias);
        let parts = ["q_proj", "k_proj", "v_proj"];
        let parts = parts.map(|part| (name(&format!("self_attn.{part}")), hidden));
        Block {
            attention: Attention {
                head_count: heads,
                key_value_head_count: heads,
                head_size,
                scale: 1.0 / (head_size as f32).sqrt(),
                score_cap: None,
                mask,
                position: Position::None,
                query_key_value: Linear::stacked(parts, hidden, bias),
                columns: HeadColumns::ByKind,
                query_norm: None,
                key_norm: None,
                output: linear("self_attn.out_proj", [hidden, hidden]),
            },
            attention_norms: norms(name("self_attn_layer_norm")),
            feed_forward: FeedForward {
                widening: linear("fc1", [intermediate, hidden]),
                activation,
                is_gated: false,
                narrowing: linear("fc2", [hidden, intermediate]),
            },
            feed_forward_norms: norms(name("final_layer_norm")),
            flow: Flow::OneAfterTheOther,
        }
    };
    let has_final_norm = fields.do_layer_norm_before && !fields._remove_final_layer_norm;
    let projection = || Projection {
        place: ProjectionPlace::Words,
        linear: Linear::new("project_in", [hidden, words], false),
    };
    Ok(Architecture {
        model_type: "opt",
        names: TensorNames {
            base: "model.",
            word_embeddings: "embed_tokens.weight".to_owned(),
            prunable: Vec::new(),
            first_layer: "layers.0.".to_owned(),
            // Without `project_out`, which leads to the head.
            parts: vec![
                "embed_tokens.",
                "embed_positions.",
                "project_in.",
                "layers.",
                "final_layer_norm.",
            ],
            unused: Vec::new(),
        },
        embeddings: Embeddings {
            projection: (words != hidden).then(projection),
            positions: Some(Positions {
                table: Table {
                    name: "embed_positions.weight".to_owned(),
                    rows: maximum + FIRST_POSITION,
                    columns: hidden,
                },
                count: PositionCount::From(FIRST_POSITION),
            }),
            ..Embeddings::of_words(Table {
                name: "embed_tokens.weight".to_owned(),
                rows: vocabulary,
                columns: words,
            })
        },
        hidden_size: hidden,
        blocks: (0..layers).map(block).collect(),
        final_norm: has_final_norm.then(|| norm("final_layer_norm".to_owned())),
        rotations: Vec::new(),
        relative: None,
        maximum_token_count: maximum,
    })
}
