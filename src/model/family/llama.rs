//! Llama (Touvron et al. 2023, <https://arxiv.org/abs/2302.13971>), after
//! transformers' `modeling_llama.py`; and what its descendants share with it.

use serde::Deserialize;

use super::error::ConfigError;
use super::fields::{
    MAXIMUM_HIDDEN, MAXIMUM_INTERMEDIATE, MAXIMUM_LAYERS, MAXIMUM_TOKENS, MAXIMUM_VOCABULARY,
    activation, epsilon, quotient, read, within,
};
use super::rotary::{RotaryDefaults, RotaryFields};
use crate::attention::Mask;
use crate::model::architecture::{
    Activation, Architecture, Attention, Block, Embeddings, FeedForward, Flow, HeadColumns, Linear,
    Norm, NormKind, Norms, Position, Rotation, Table,
};
use crate::weights::TensorNames;

/// The fields that are read; missing ones have the defaults of `LlamaConfig`.
#[derive(Deserialize)]
#[serde(default)]
struct Fields {
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
    attention_bias: bool,
    mlp_bias: bool,
    #[serde(flatten)]
    rotary: RotaryFields,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            vocab_size: 32_000,
            hidden_size: 4_096,
            intermediate_size: 11_008,
            num_hidden_layers: 32,
            num_attention_heads: 32,
            num_key_value_heads: None,
            head_dim: None,
            hidden_act: "silu".to_owned(),
            max_position_embeddings: 2_048,
            rms_norm_eps: 1e-6,
            attention_bias: false,
            mlp_bias: false,
            rotary: RotaryFields::default(),
        }
    }
}

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let fields: Fields = read(json)?;
    let sizes = Sizes::new(
        [fields.hidden_size, fields.intermediate_size],
        [
            fields.num_attention_heads,
            fields
                .num_key_value_heads
                .unwrap_or(fields.num_attention_heads),
        ],
        fields.head_dim,
        fields.rms_norm_eps,
        &fields.hidden_act,
    )?;
    let maximum = within(
        "max_position_embeddings",
        fields.max_position_embeddings,
        MAXIMUM_TOKENS,
    )?;
    let defaults = RotaryDefaults {
        theta: 10_000.0,
        share: 1.0,
    };
    let rotation = fields
        .rotary
        .rotation(None, defaults, sizes.head_size, maximum)?;
    let layers = within(
        "num_hidden_layers",
        fields.num_hidden_layers,
        MAXIMUM_LAYERS,
    )?;
    let block = |layer| {
        let biases = Biases {
            query_key_value: fields.attention_bias,
            output: fields.attention_bias,
            feed_forward: fields.mlp_bias,
        };
        sizes.block(layer, biases)
    };
    let vocabulary = within("vocab_size", fields.vocab_size, MAXIMUM_VOCABULARY)?;
    let blocks = (0..layers).map(block).collect();
    Ok(sizes.architecture("llama", vocabulary, maximum, blocks, vec![rotation]))
}

/// The sizes of Llama's layers, and of its descendants'.
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
    /// From the fields `hidden_size` and `intermediate_size`,
    /// `num_attention_heads` and `num_key_value_heads`, `head_dim`,
    /// `rms_norm_eps` and `hidden_act`.
    pub fn new(
        [hidden, intermediate]: [u64; 2],
        [heads, key_value_heads]: [u64; 2],
        head_dim: Option<u64>,
        rms_norm_epsilon: f64,
        hidden_act: &str,
    ) -> Result<Self, ConfigError> {
        let hidden = within("hidden_size", hidden, MAXIMUM_HIDDEN)?;
        let heads = within("num_attention_heads", heads, MAXIMUM_LAYERS)?;
        let key_value_heads = within("num_key_value_heads", key_value_heads, MAXIMUM_LAYERS)?;
        quotient(
            ("num_attention_heads", heads),
            ("num_key_value_heads", key_value_heads),
        )?;
        let head_size = match head_dim {
            Some(size) => within("head_dim", size, MAXIMUM_HIDDEN)?,
            None => quotient(("hidden_size", hidden), ("num_attention_heads", heads))?,
        };
        Ok(Self {
            hidden,
            heads,
            key_value_heads,
            head_size,
            intermediate: within("intermediate_size", intermediate, MAXIMUM_INTERMEDIATE)?,
            epsilon: epsilon("rms_norm_eps", rms_norm_epsilon)?,
            activation: activation("hidden_act", hidden_act)?,
        })
    }

    /// A norm of hidden states.
    pub fn norm(&self, name: impl Into<String>) -> Norm {
        Norm {
            name: name.into(),
            kind: NormKind::RootMeanSquare,
            columns: self.hidden,
            epsilon: self.epsilon,
        }
    }

    /// A layer by Llama's names, with causal attention and the first rotation.
    pub fn block(&self, layer: usize, biases: Biases) -> Block {
        let name = |part: &str| format!("layers.{layer}.{part}");
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
                mask: Mask::Causal,
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
        vocabulary: usize,
        maximum_token_count: usize,
        blocks: Vec<Block>,
        rotations: Vec<Rotation>,
    ) -> Architecture {
        Architecture {
            model_type,
            names: TensorNames {
                word_embeddings: "embed_tokens.weight".to_owned(),
                first_layer: "layers.0.".to_owned(),
                parts: vec!["embed_tokens.", "layers.", "norm."],
                // Frequencies that early versions wrote down.
                unused: vec![".rotary_emb.inv_freq"],
            },
            embeddings: Embeddings::of_words(Table {
                name: "embed_tokens.weight".to_owned(),
                rows: vocabulary,
                columns: self.hidden,
            }),
            hidden_size: self.hidden,
            blocks,
            final_norm: Some(self.norm("norm")),
            rotations,
            relative: None,
            maximum_token_count,
        }
    }
}
