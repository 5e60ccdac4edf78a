//! BERT (Devlin et al. 2019, <https://arxiv.org/abs/1810.04805>), after
//! transformers' `modeling_bert.py`; and what its descendants share with it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ConfigError;
use super::fields::{
    MAXIMUM_HIDDEN, MAXIMUM_INTERMEDIATE, MAXIMUM_LAYERS, MAXIMUM_SEGMENTS, MAXIMUM_TOKENS,
    MAXIMUM_VOCABULARY, activation, check_encoder, epsilon, number_within, quotient, read_with,
    within,
};
use crate::attention::Mask;
use crate::model::architecture::{
    Activation, Architecture, Attention, Block, Embeddings, FeedForward, Flow, HeadColumns, Linear,
    Norm, NormKind, Norms, Position, PositionCount, Positions, Table,
};
use crate::weights::TensorNames;

/// The fields that BERT reads, and its descendants; `BertConfig()` of
/// transformers is bert-base-uncased.
#[derive(Deserialize)]
pub struct Fields {
    /// Rows of the table of words.
    pub vocab_size: u64,
    /// Width of a hidden state.
    pub hidden_size: u64,
    /// Number of layers.
    pub num_hidden_layers: u64,
    /// Number of heads of a layer.
    pub num_attention_heads: u64,
    /// Width between the linear maps of a feed-forward network.
    pub intermediate_size: u64,
    /// The activation there.
    pub hidden_act: String,
    /// Rows of the table of positions.
    pub max_position_embeddings: u64,
    /// Rows of the table of segments.
    pub type_vocab_size: u64,
    /// Of all norms.
    pub layer_norm_eps: f64,
}

impl Fields {
    /// Reads them. Missing ones have BERT's defaults, or those that a descendant
    /// has in place of some of them.
    pub fn read(json: &[u8], other_defaults: Value) -> Result<Self, ConfigError> {
        let mut defaults = json!({
            "vocab_size": 30_522,
            "hidden_size": 768,
            "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "intermediate_size": 3_072,
            "hidden_act": "gelu",
            "max_position_embeddings": 512,
            "type_vocab_size": 2,
            "layer_norm_eps": 1e-12,
        });
        if let (Value::Object(all), Value::Object(others)) = (&mut defaults, other_defaults) {
            all.extend(others);
        }
        read_with(json, &[], defaults)
    }

    /// The sizes of a layer.
    pub fn sizes(&self) -> Result<Sizes, ConfigError> {
        Sizes::new(
            [
                self.hidden_size,
                self.num_attention_heads,
                self.intermediate_size,
            ],
            self.layer_norm_eps,
            &self.hidden_act,
        )
    }

    /// How many layers there are.
    pub fn layer_count(&self) -> Result<usize, ConfigError> {
        within("num_hidden_layers", self.num_hidden_layers, MAXIMUM_LAYERS)
    }

    /// How many positions have a row.
    pub fn position_count(&self) -> Result<usize, ConfigError> {
        let found = self.max_position_embeddings;
        within("max_position_embeddings", found, MAXIMUM_TOKENS)
    }

    /// How many tokens have a position, where they are counted from behind the
    /// padding's row on.
    pub fn token_count_behind(&self, padding: u32) -> Result<usize, ConfigError> {
        let rows = self.position_count()?;
        let limits = [f64::from(padding) + 2.0, MAXIMUM_TOKENS as f64];
        number_within("max_position_embeddings", rows as f64, limits)?;
        Ok(rows.saturating_sub(padding as usize + 1))
    }

    /// Words and positions by BERT's names, as wide as the norm after them.
    pub fn embeddings(&self, norm: Norm, count: PositionCount) -> Result<Embeddings, ConfigError> {
        let vocabulary = within("vocab_size", self.vocab_size, MAXIMUM_VOCABULARY)?;
        let columns = norm.columns;
        Ok(Embeddings {
            positions: Some(Positions {
                table: table("position", self.position_count()?, columns),
                count,
            }),
            norm: Some(norm),
            ..Embeddings::of_words(table("word", vocabulary, columns))
        })
    }

    /// The same with segments.
    pub fn embeddings_with_segments(
        &self,
        norm: Norm,
        count: PositionCount,
    ) -> Result<Embeddings, ConfigError> {
        let segments = within("type_vocab_size", self.type_vocab_size, MAXIMUM_SEGMENTS)?;
        Ok(Embeddings {
            segments: Some(table("token_type", segments, norm.columns)),
            ..self.embeddings(norm, count)?
        })
    }
}

/// A table of embeddings by BERT's names.
pub fn table(kind: &str, rows: usize, columns: usize) -> Table {
    Table {
        name: format!("embeddings.{kind}_embeddings.weight"),
        rows,
        columns,
    }
}

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    check_encoder(json)?;
    let fields = Fields::read(json, json!({}))?;
    let sizes = fields.sizes()?;
    let norm = sizes.norm("embeddings.LayerNorm");
    Ok(Architecture {
        model_type: "bert",
        names: tensor_names("bert."),
        embeddings: fields.embeddings_with_segments(norm, PositionCount::From(0))?,
        hidden_size: sizes.hidden,
        blocks: sizes.blocks(fields.layer_count()?),
        final_norm: None,
        rotations: Vec::new(),
        relative: None,
        maximum_token_count: fields.position_count()?,
    })
}

/// What BERT's tensors are called, and those of its descendants, behind what
/// stands before them all in a checkpoint with a head.
pub fn tensor_names(base: &'static str) -> TensorNames {
    TensorNames {
        base,
        word_embeddings: "embeddings.word_embeddings.weight".to_owned(),
        prunable: BERT_PARTS.projections.to_vec(),
        first_layer: "encoder.layer.0.".to_owned(),
        parts: vec!["embeddings.", "encoder."],
        // Positions and segments that early versions wrote down.
        unused: vec!["_ids"],
    }
}

/// What the parts of a layer are called in a family that has BERT's.
pub struct BlockParts {
    /// Queries, keys and values.
    pub projections: [&'static str; 3],
    /// From the context of all heads to the hidden state.
    pub attention_output: &'static str,
    /// Of the sum after attention.
    pub attention_norm: &'static str,
    /// The first linear map of the feed-forward network.
    pub widening: &'static str,
    /// The second one.
    pub narrowing: &'static str,
    /// Of the sum after it.
    pub feed_forward_norm: &'static str,
}

const BERT_PARTS: BlockParts = BlockParts {
    projections: [
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
    ],
    attention_output: "attention.output.dense",
    attention_norm: "attention.output.LayerNorm",
    widening: "intermediate.dense",
    narrowing: "output.dense",
    feed_forward_norm: "output.LayerNorm",
};

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

    /// Layers by BERT's names.
    pub fn blocks(&self, count: usize) -> Vec<Block> {
        (0..count).map(|layer| self.block(layer)).collect()
    }

    /// A layer by BERT's names.
    pub fn block(&self, layer: usize) -> Block {
        self.block_of(&format!("encoder.layer.{layer}."), &BERT_PARTS)
    }

    /// A layer by the names of its parts, and what stands before them.
    pub fn block_of(&self, prefix: &str, parts: &BlockParts) -> Block {
        let name = |part: &str| format!("{prefix}{part}");
        let projections = parts.projections.map(|part| (name(part), self.hidden));
        let square = [self.hidden, self.hidden];
        Block {
            attention: self.attention(
                Linear::stacked(projections, self.hidden, true),
                Linear::new(name(parts.attention_output), square, true),
            ),
            attention_norms: Norms::of_sum(self.norm(name(parts.attention_norm))),
            feed_forward: self.feed_forward(name(parts.widening), name(parts.narrowing)),
            feed_forward_norms: Norms::of_sum(self.norm(name(parts.feed_forward_norm))),
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

/// Whether a config has a BERT's fields and no other family's. Those of RoBERTa
/// have the same names, and its only segment tells it.
pub fn looks_like_bert(json: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Fields {
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
