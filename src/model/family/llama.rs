//! Llama (Touvron et al. 2023, <https://arxiv.org/abs/2302.13971>), after
//! transformers' `modeling_llama.py`; and what its descendants share with it.

use serde::Deserialize;
use serde_json::json;

use super::error::ConfigError;
use super::fields::{
    MAXIMUM_HIDDEN, MAXIMUM_INTERMEDIATE, MAXIMUM_LAYERS, MAXIMUM_TOKENS, MAXIMUM_VOCABULARY,
    activation, epsilon, quotient, read_with, within,
};
use super::masks::Masks;
use super::rotary::{RotaryDefaults, RotaryFields};
use crate::attention::Mask;
use crate::model::architecture::{
    Activation, Architecture, Attention, Block, Embeddings, FeedForward, Flow, HeadColumns,
    HeadNorm, Linear, Norm, NormKind, Norms, Position, Rotation, Table,
};
use crate::weights::TensorNames;

/// The fields of a config that Llama and its descendants read. Each has its own
/// defaults.
#[derive(Deserialize)]
pub struct Fields {
    vocab_size: u64,
    hidden_size: u64,
    intermediate_size: u64,
    num_hidden_layers: u64,
    num_attention_heads: u64,
    num_key_value_heads: Option<u64>,
    head_dim: Option<u64>,
    hidden_act: String,
    max_position_embeddings: u64,
    rms_norm_eps: f64,
    #[serde(default)]
    pub attention_bias: bool,
    #[serde(default)]
    pub mlp_bias: bool,
    pub sliding_window: Option<u64>,
    pub layer_types: Option<Vec<String>>,
    #[serde(flatten)]
    pub rotary: RotaryFields,
}

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 32_000,
        "hidden_size": 4_096,
        "intermediate_size": 11_008,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "hidden_act": "silu",
        "max_position_embeddings": 2_048,
        "rms_norm_eps": 1e-6,
    });
    let fields: Fields = read_with(json, &[], defaults)?;
    let sizes = Sizes::new(&fields)?;
    let mask = Masks::read(json)?.full();
    let biases = Biases {
        query_key_value: fields.attention_bias,
        output: fields.attention_bias,
        feed_forward: fields.mlp_bias,
    };
    let block = |layer| sizes.block(layer, mask, biases);
    let blocks = (0..sizes.layers).map(block).collect();
    let rotation = sizes.rotation(&fields, 10_000.0)?;
    Ok(sizes.architecture("llama", blocks, vec![rotation]))
}

/// The sizes of Llama, and of its descendants.
pub struct Sizes {
    /// Width of a hidden state.
    pub hidden: usize,
    /// Heads that have queries.
    pub heads: usize,
    /// Heads that have keys and values.
    pub key_value_heads: usize,
    /// Columns of a head.
    pub head_size: usize,
    /// Width between the linear maps.
    pub intermediate: usize,
    /// Number of layers.
    pub layers: usize,
    /// Number of tokens that have embeddings.
    pub vocabulary: usize,
    /// The greatest number of tokens of an input.
    pub maximum: usize,
    /// Of all norms.
    pub norm: NormKind,
    /// Of all norms.
    pub epsilon: f32,
    /// Of the gate.
    pub activation: Activation,
}

/// Which linear maps of a layer have biases.
#[derive(Debug, Clone, Copy, Default)]
pub struct Biases {
    /// Those of queries, keys and values.
    pub query_key_value: bool,
    /// That behind the heads.
    pub output: bool,
    /// Those of the feed-forward network.
    pub feed_forward: bool,
}

impl Sizes {
    /// From a config's fields.
    pub fn new(fields: &Fields) -> Result<Self, ConfigError> {
        let hidden = within("hidden_size", fields.hidden_size, MAXIMUM_HIDDEN)?;
        let heads = fields.num_attention_heads;
        let key_value_heads = fields.num_key_value_heads.unwrap_or(heads);
        let heads = within("num_attention_heads", heads, MAXIMUM_LAYERS)?;
        let key_value_heads = within("num_key_value_heads", key_value_heads, MAXIMUM_LAYERS)?;
        quotient(
            ("num_attention_heads", heads),
            ("num_key_value_heads", key_value_heads),
        )?;
        let head_size = match fields.head_dim {
            Some(size) => within("head_dim", size, MAXIMUM_HIDDEN)?,
            None => quotient(("hidden_size", hidden), ("num_attention_heads", heads))?,
        };
        let bounded = [
            (
                "intermediate_size",
                fields.intermediate_size,
                MAXIMUM_INTERMEDIATE,
            ),
            (
                "num_hidden_layers",
                fields.num_hidden_layers,
                MAXIMUM_LAYERS,
            ),
            ("vocab_size", fields.vocab_size, MAXIMUM_VOCABULARY),
            (
                "max_position_embeddings",
                fields.max_position_embeddings,
                MAXIMUM_TOKENS,
            ),
        ];
        let [intermediate, layers, vocabulary, maximum] =
            bounded.map(|(field, found, maximum)| within(field, found, maximum));
        Ok(Self {
            hidden,
            heads,
            key_value_heads,
            head_size,
            intermediate: intermediate?,
            layers: layers?,
            vocabulary: vocabulary?,
            maximum: maximum?,
            norm: NormKind::RootMeanSquare,
            epsilon: epsilon("rms_norm_eps", fields.rms_norm_eps)?,
            activation: activation("hidden_act", &fields.hidden_act)?,
        })
    }

    /// The rotation of a family that turns whole heads, all layers alike.
    pub fn rotation(&self, fields: &Fields, theta: f64) -> Result<Rotation, ConfigError> {
        let defaults = RotaryDefaults { theta, share: None };
        let rotary = &fields.rotary;
        rotary.rotation(None, defaults, self.head_size, self.maximum)
    }

    /// A norm of hidden states.
    pub fn norm(&self, name: impl Into<String>) -> Norm {
        Norm {
            name: name.into(),
            kind: self.norm,
            columns: self.hidden,
            epsilon: self.epsilon,
        }
    }

    /// A norm of queries or keys, one head for itself.
    pub fn head_norm(&self, name: String) -> Option<HeadNorm> {
        let columns = self.head_size;
        Some(HeadNorm {
            norm: Norm {
                columns,
                ..self.norm(name)
            },
            each_head: true,
        })
    }

    /// A layer by Llama's names, with the first rotation.
    pub fn block(&self, layer: usize, mask: Mask, biases: Biases) -> Block {
        let name = |part: &str| layer_part(layer, part);
        let (queries, keys) = (
            self.heads * self.head_size,
            self.key_value_heads * self.head_size,
        );
        let projections = [("q_proj", queries), ("k_proj", keys), ("v_proj", keys)];
        let projections =
            projections.map(|(part, outputs)| (name(&format!("self_attn.{part}")), outputs));
        let gates = ["gate_proj", "up_proj"];
        let gates = gates.map(|part| (name(&format!("mlp.{part}")), self.intermediate));
        Block {
            attention: Attention {
                head_count: self.heads,
                key_value_head_count: self.key_value_heads,
                head_size: self.head_size,
                scale: 1.0 / (self.head_size as f32).sqrt(),
                score_cap: None,
                mask,
                position: Position::Rotary(0),
                query_key_value: Linear::stacked(projections, self.hidden, biases.query_key_value),
                columns: HeadColumns::ByKind,
                query_norm: None,
                key_norm: None,
                output: Linear::new(
                    name("self_attn.o_proj"),
                    [self.hidden, queries],
                    biases.output,
                ),
            },
            attention_norms: Norms::before(self.norm(name("input_layernorm"))),
            feed_forward: FeedForward {
                widening: Linear::stacked(gates, self.hidden, biases.feed_forward),
                activation: self.activation,
                is_gated: true,
                narrowing: Linear::new(
                    name("mlp.down_proj"),
                    [self.hidden, self.intermediate],
                    biases.feed_forward,
                ),
            },
            feed_forward_norms: Norms::before(self.norm(name("post_attention_layernorm"))),
            flow: Flow::OneAfterTheOther,
        }
    }

    /// A decoder by Llama's names.
    pub fn architecture(
        &self,
        model_type: &'static str,
        blocks: Vec<Block>,
        rotations: Vec<Rotation>,
    ) -> Architecture {
        Architecture {
            model_type,
            names: TensorNames {
                base: "model.",
                word_embeddings: "embed_tokens.weight".to_owned(),
                prunable: Vec::new(),
                first_layer: "layers.0.".to_owned(),
                parts: vec!["embed_tokens.", "layers.", "norm."],
                // Frequencies that early versions wrote down.
                unused: vec![".rotary_emb.inv_freq"],
            },
            embeddings: Embeddings::of_words(Table {
                name: "embed_tokens.weight".to_owned(),
                rows: self.vocabulary,
                columns: self.hidden,
            }),
            hidden_size: self.hidden,
            blocks,
            final_norm: Some(self.norm("norm")),
            rotations,
            relative: None,
            maximum_token_count: self.maximum,
        }
    }
}

/// The name of a part of a layer.
pub fn layer_part(layer: usize, part: &str) -> String {
    format!("layers.{layer}.{part}")
}
