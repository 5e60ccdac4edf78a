//! BERT (Devlin et al. 2019, <https://arxiv.org/abs/1810.04805>), after
//! transformers' `modeling_bert.py`; and what its descendants share with it.

use serde::Deserialize;

use super::error::ConfigError;
use super::fields::{
    MAXIMUM_HIDDEN, MAXIMUM_INTERMEDIATE, MAXIMUM_LAYERS, MAXIMUM_TOKENS, MAXIMUM_VOCABULARY,
    activation, check_encoder, epsilon, quotient, read, within,
};
use crate::attention::Mask;
use crate::model::architecture::{
    Activation, Architecture, Attention, Block, Embeddings, FeedForward, Flow, HeadColumns, Linear,
    Norm, NormKind, Norms, Position, PositionCount, Positions, Table,
};
use crate::weights::TensorNames;

/// The fields that are read; `BertConfig()` of transformers is
/// bert-base-uncased.
#[derive(Deserialize)]
#[serde(default)]
struct Fields {
    vocab_size: u64,
    hidden_size: u64,
    num_hidden_layers: u64,
    num_attention_heads: u64,
    intermediate_size: u64,
    hidden_act: String,
    max_position_embeddings: u64,
    type_vocab_size: u64,
    layer_norm_eps: f64,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            vocab_size: 30_522,
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3_072,
            hidden_act: "gelu".to_owned(),
            max_position_embeddings: 512,
            type_vocab_size: 2,
            layer_norm_eps: 1e-12,
        }
    }
}

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    check_encoder(json)?;
    let fields: Fields = read(json)?;
    let sizes = Sizes::new(
        [
            fields.hidden_size,
            fields.num_attention_heads,
            fields.intermediate_size,
        ],
        fields.layer_norm_eps,
        &fields.hidden_act,
    )?;
    let vocabulary = within("vocab_size", fields.vocab_size, MAXIMUM_VOCABULARY)?;
    let maximum_token_count = within(
        "max_position_embeddings",
        fields.max_position_embeddings,
        MAXIMUM_TOKENS,
    )?;
    let segments = within("type_vocab_size", fields.type_vocab_size, 1 << 10)?;
    let layers = within(
        "num_hidden_layers",
        fields.num_hidden_layers,
        MAXIMUM_LAYERS,
    )?;
    let table = |name: &str, rows| Table {
        name: format!("embeddings.{name}_embeddings.weight"),
        rows,
        columns: sizes.hidden,
    };
    Ok(Architecture {
        model_type: "bert",
        names: tensor_names(),
        embeddings: Embeddings {
            segments: Some(table("token_type", segments)),
            positions: Some(Positions {
                table: table("position", maximum_token_count),
                count: PositionCount::From(0),
            }),
            norm: Some(sizes.norm("embeddings.LayerNorm")),
            ..Embeddings::of_words(table("word", vocabulary))
        },
        hidden_size: sizes.hidden,
        blocks: (0..layers).map(|layer| sizes.block(layer)).collect(),
        final_norm: None,
        rotations: Vec::new(),
        relative: None,
        maximum_token_count,
    })
}

/// What BERT's tensors are called, and those of its descendants.
pub fn tensor_names() -> TensorNames {
    TensorNames {
        word_embeddings: "embeddings.word_embeddings.weight".to_owned(),
        first_layer: "encoder.layer.0.".to_owned(),
        parts: vec!["embeddings.", "encoder."],
        // Positions and segments that early versions wrote down.
        unused: vec!["_ids"],
    }
}

/// The sizes of BERT's layers, and of its descendants'.
pub struct Sizes {
    /// Width of a hidden state.
    pub hidden: usize,
    /// Number of heads.
    pub heads: usize,
    /// Width between the linear maps.
    pub intermediate: usize,
    /// Of all norms.
    pub epsilon: f32,
    /// Between the linear maps.
    pub activation: Activation,
}

impl Sizes {
    /// From the fields `hidden_size`, `num_attention_heads`,
    /// `intermediate_size`, `layer_norm_eps` and `hidden_act`.
    pub fn new(
        [hidden, heads, intermediate]: [u64; 3],
        layer_norm_epsilon: f64,
        hidden_act: &str,
    ) -> Result<Self, ConfigError> {
        let sizes = Self {
            hidden: within("hidden_size", hidden, MAXIMUM_HIDDEN)?,
            heads: within("num_attention_heads", heads, MAXIMUM_LAYERS)?,
            intermediate: within("intermediate_size", intermediate, MAXIMUM_INTERMEDIATE)?,
            epsilon: epsilon("layer_norm_eps", layer_norm_epsilon)?,
            activation: activation("hidden_act", hidden_act)?,
        };
        quotient(
            ("hidden_size", sizes.hidden),
            ("num_attention_heads", sizes.heads),
        )?;
        Ok(sizes)
    }

    /// A layer norm of hidden states.
    pub fn norm(&self, name: impl Into<String>) -> Norm {
        Norm {
            name: name.into(),
            kind: NormKind::Layer,
            columns: self.hidden,
            epsilon: self.epsilon,
        }
    }

    /// A layer by BERT's names.
    pub fn block(&self, layer: usize) -> Block {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let parts = ["query", "key", "value"];
        let parts = parts.map(|part| (name(&format!("attention.self.{part}")), self.hidden));
        Block {
            attention: self.attention(
                Linear::stacked(parts, self.hidden, true),
                Linear::new(
                    name("attention.output.dense"),
                    [self.hidden, self.hidden],
                    true,
                ),
            ),
            attention_norms: Norms::of_sum(self.norm(name("attention.output.LayerNorm"))),
            feed_forward: self.feed_forward(name("intermediate.dense"), name("output.dense")),
            feed_forward_norms: Norms::of_sum(self.norm(name("output.LayerNorm"))),
            flow: Flow::OneAfterTheOther,
        }
    }

    /// Attention as BERT has it, of some linear maps.
    pub fn attention(&self, query_key_value: Linear, output: Linear) -> Attention {
        let head_size = self.hidden / self.heads;
        Attention {
            head_count: self.heads,
            key_value_head_count: self.heads,
            head_size,
            scale: 1.0 / (head_size as f32).sqrt(),
            score_cap: None,
            mask: Mask::Full,
            position: Position::None,
            query_key_value,
            columns: HeadColumns::ByKind,
            query_norm: None,
            key_norm: None,
            output,
        }
    }

    /// A feed-forward network as BERT has it, by the names of its maps.
    pub fn feed_forward(&self, widening: String, narrowing: String) -> FeedForward {
        FeedForward {
            widening: Linear::new(widening, [self.intermediate, self.hidden], true),
            activation: self.activation,
            is_gated: false,
            narrowing: Linear::new(narrowing, [self.hidden, self.intermediate], true),
        }
    }
}

/// Whether a config without a `model_type` is that of a BERT: it says so by its
/// `architectures`, or it has a BERT's fields and no other family's. Those of
/// RoBERTa have the same names, and its only segment tells it.
pub fn looks_like_bert(json: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Fields {
        architectures: Option<Vec<String>>,
        hidden_size: Option<u64>,
        num_hidden_layers: Option<u64>,
        num_attention_heads: Option<u64>,
        intermediate_size: Option<u64>,
        max_position_embeddings: Option<u64>,
        type_vocab_size: Option<u64>,
        vocab_size: Option<u64>,
        // Of ELECTRA and ALBERT.
        embedding_size: Option<u64>,
        // Of RoBERTa and its kin it is 1.
        pad_token_id: Option<u64>,
    }
    let Ok(fields) = serde_json::from_slice::<Fields>(json) else {
        return false;
    };
    if let Some(architectures) = fields.architectures
        && !architectures.is_empty()
    {
        return architectures.iter().all(|name| name.starts_with("Bert"));
    }
    let numbers = [
        fields.hidden_size,
        fields.num_hidden_layers,
        fields.num_attention_heads,
        fields.intermediate_size,
        fields.max_position_embeddings,
        fields.vocab_size,
    ];
    numbers.iter().all(Option::is_some)
        && fields.type_vocab_size == Some(2)
        && fields.embedding_size.is_none()
        && fields.pad_token_id.unwrap_or(0) == 0
}
