//! What a checkpoint's `config.json` says about the model, checked before
//! anything is allocated for it.

use std::path::PathBuf;

use crate::remedy::{Alteration, CheckpointPart, Remedy};
use serde::Deserialize;
use thiserror::Error;

use super::own_code::{NotEmpty, own_code};

/// Where a config is.
const FILE: &str = "config.json";

/// The `model_type`s that attnviz can run.
pub const SUPPORTED_MODEL_TYPES: &[&str] = &["bert"];

/// Why a config cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not JSON, or a field of the wrong type.
    #[error("config.json is not a model config: {0}")]
    Json(#[from] serde_json::Error),
    /// The config names no `model_type`.
    #[error("config.json names no model_type, expected one of: {}", SUPPORTED_MODEL_TYPES.join(", "))]
    NoModelType {
        /// The family that its other fields look like.
        looks_like: Option<&'static str>,
    },
    /// The model is of a family that brings its own code.
    #[error(
        "config.json has auto_map: the model brings its own code ({code}), which attnviz does not run; model_type \"{model_type}\" is not one of: {}",
        SUPPORTED_MODEL_TYPES.join(", ")
    )]
    OwnCode {
        /// What the config calls the family.
        model_type: String,
        /// The class that the config names.
        code: String,
    },
    /// Heads were taken out of the model.
    #[error("config.json has pruned_heads: a model without some of its heads is not supported")]
    PrunedHeads,
    /// The weights are packed into fewer bits.
    #[error("config.json has quantization_config: quantized weights are not supported")]
    Quantized,
    /// A family that attnviz does not know.
    #[error("model_type \"{found}\" is not supported, expected one of: {}", SUPPORTED_MODEL_TYPES.join(", "))]
    ModelType {
        /// What the config says.
        found: String,
    },
    /// A number outside what any BERT has.
    #[error("config.json: expected {field} between {minimum} and {maximum}, found {found}")]
    OutOfRange {
        /// The field's name.
        field: &'static str,
        /// Smallest accepted value.
        minimum: u64,
        /// Greatest accepted value.
        maximum: u64,
        /// What the config says.
        found: u64,
    },
    /// The hidden size is not a multiple of the number of heads.
    #[error(
        "config.json: expected hidden_size to be a multiple of num_attention_heads, found {hidden_size} and {head_count}"
    )]
    HeadsDoNotDivide {
        /// `hidden_size`.
        hidden_size: usize,
        /// `num_attention_heads`.
        head_count: usize,
    },
    /// A setting that changes the computation in a way that is not built.
    #[error("config.json: {field} \"{found}\" is not supported, expected {expected}")]
    Unsupported {
        /// The field's name.
        field: &'static str,
        /// What is supported.
        expected: &'static str,
        /// What the config says.
        found: String,
    },
    /// The layer norm epsilon is no small positive number.
    #[error("config.json: expected layer_norm_eps between 0 and 1, found {0}")]
    LayerNormEpsilon(f64),
}

impl ConfigError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::NoModelType {
                looks_like: Some(model_type),
            } => Remedy::AddModelType { model_type },
            Self::ModelType { .. }
            | Self::NoModelType { looks_like: None }
            | Self::Unsupported { .. } => Remedy::UseKnownFamily,
            Self::OwnCode { .. } => Remedy::SaveAttentionInPython,
            Self::PrunedHeads => Remedy::UseOriginal(Alteration::PrunedHeads),
            Self::Quantized => Remedy::UseOriginal(Alteration::Quantization),
            Self::Json(error) if error.is_eof() => Remedy::DownloadFile {
                path: PathBuf::from(FILE),
            },
            Self::Json(_)
            | Self::OutOfRange { .. }
            | Self::HeadsDoNotDivide { .. }
            | Self::LayerNormEpsilon(_) => Remedy::SaveCheckpoint(CheckpointPart::Config),
        })
    }
}

/// The activation between the two linear maps of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x · Φ(x)` with the exact normal distribution (`gelu`).
    Gelu,
    /// The tanh form (`gelu_new`, `gelu_pytorch_tanh`, `gelu_fast`).
    GeluTanh,
    /// `x · sigmoid(1.702 x)` (`quick_gelu`).
    GeluQuick,
    /// `max(x, 0)`.
    Relu,
    /// `x · sigmoid(x)` (`silu`, `swish`).
    Silu,
    /// `tanh(x)`.
    Tanh,
}

impl Activation {
    /// By the name that `hidden_act` uses in transformers' `ACT2FN`.
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "gelu" | "gelu_python" => Self::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" | "gelu_accurate" => Self::GeluTanh,
            "quick_gelu" => Self::GeluQuick,
            "relu" => Self::Relu,
            "silu" | "swish" => Self::Silu,
            "tanh" => Self::Tanh,
            _ => return None,
        })
    }
}

/// The config of one model family.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelConfig {
    /// `model_type: bert`.
    Bert(BertConfig),
}

/// The sizes and choices of a BERT (Devlin et al. 2019, <https://arxiv.org/abs/1810.04805>).
#[derive(Debug, Clone, PartialEq)]
pub struct BertConfig {
    /// Rows of the word embedding table.
    pub vocabulary_size: usize,
    /// Width of a token's hidden state.
    pub hidden_size: usize,
    /// Number of layers.
    pub layer_count: usize,
    /// Number of heads of every layer.
    pub head_count: usize,
    /// Width between the two linear maps of a layer.
    pub intermediate_size: usize,
    /// The activation between them.
    pub activation: Activation,
    /// The greatest number of tokens of one input.
    pub maximum_token_count: usize,
    /// Number of segments that have an embedding.
    pub segment_count: usize,
    /// What layer norm adds to the variance.
    pub layer_norm_epsilon: f32,
}

/// The fields of `config.json` that are read; missing ones have the defaults
/// of transformers' `BertConfig`.
#[derive(Deserialize)]
struct BertFields {
    #[serde(default = "defaults::vocab_size")]
    vocab_size: u64,
    #[serde(default = "defaults::hidden_size")]
    hidden_size: u64,
    #[serde(default = "defaults::num_hidden_layers")]
    num_hidden_layers: u64,
    #[serde(default = "defaults::num_attention_heads")]
    num_attention_heads: u64,
    #[serde(default = "defaults::intermediate_size")]
    intermediate_size: u64,
    #[serde(default = "defaults::hidden_act")]
    hidden_act: String,
    #[serde(default = "defaults::max_position_embeddings")]
    max_position_embeddings: u64,
    #[serde(default = "defaults::type_vocab_size")]
    type_vocab_size: u64,
    #[serde(default = "defaults::layer_norm_eps")]
    layer_norm_eps: f64,
    position_embedding_type: Option<String>,
    is_decoder: Option<bool>,
    add_cross_attention: Option<bool>,
    #[serde(default)]
    pruned_heads: NotEmpty,
    #[serde(default)]
    quantization_config: NotEmpty,
}

/// `BertConfig()` of transformers is bert-base-uncased.
mod defaults {
    pub fn vocab_size() -> u64 {
        30_522
    }
    pub fn hidden_size() -> u64 {
        768
    }
    pub fn num_hidden_layers() -> u64 {
        12
    }
    pub fn num_attention_heads() -> u64 {
        12
    }
    pub fn intermediate_size() -> u64 {
        3_072
    }
    pub fn hidden_act() -> String {
        "gelu".to_owned()
    }
    pub fn max_position_embeddings() -> u64 {
        512
    }
    pub fn type_vocab_size() -> u64 {
        2
    }
    pub fn layer_norm_eps() -> f64 {
        1e-12
    }
}

impl ModelConfig {
    /// Reads the bytes of a `config.json`.
    ///
    /// # Errors
    /// When it is no config, or not of a model that attnviz can run; see
    /// [`ConfigError`].
    pub fn from_json(json: &[u8]) -> Result<Self, ConfigError> {
        #[derive(Deserialize)]
        struct Family {
            model_type: Option<String>,
        }
        match serde_json::from_slice::<Family>(json)?.model_type {
            None => Err(ConfigError::NoModelType {
                looks_like: looks_like_bert(json).then_some("bert"),
            }),
            Some(name) if name == "bert" => BertConfig::from_json(json).map(Self::Bert),
            Some(found) => Err(match own_code(json) {
                Some(code) => ConfigError::OwnCode {
                    model_type: found,
                    code,
                },
                None => ConfigError::ModelType { found },
            }),
        }
    }

    /// Number of layers.
    pub fn layer_count(&self) -> usize {
        let Self::Bert(config) = self;
        config.layer_count
    }

    /// Number of heads of every layer.
    pub fn head_count(&self) -> usize {
        let Self::Bert(config) = self;
        config.head_count
    }

    /// The greatest number of tokens of one input.
    pub fn maximum_token_count(&self) -> usize {
        let Self::Bert(config) = self;
        config.maximum_token_count
    }

    /// Rows of the word embedding table.
    pub fn vocabulary_size(&self) -> usize {
        let Self::Bert(config) = self;
        config.vocabulary_size
    }

    /// Additions and multiplications of the matrix products for inputs of some
    /// lengths that go together.
    pub fn operation_count(&self, lengths: &[usize]) -> u64 {
        let Self::Bert(config) = self;
        let hidden = config.hidden_size as u64;
        let weights = self.layer_weight_count();
        let layer = |length: &usize| {
            let length = *length as u64;
            // Scores and context: each a product of queries and keys.
            2 * length * weights + 4 * length * length * hidden
        };
        lengths.iter().map(layer).sum::<u64>() * config.layer_count as u64
    }

    /// Bytes of the weights that every pass reads, word embeddings aside.
    pub fn weight_byte_count(&self) -> u64 {
        let Self::Bert(config) = self;
        4 * self.layer_weight_count() * config.layer_count as u64
    }

    /// Values in the matrices of one layer.
    fn layer_weight_count(&self) -> u64 {
        let Self::Bert(config) = self;
        let (hidden, intermediate) = (config.hidden_size as u64, config.intermediate_size as u64);
        4 * hidden * hidden + 2 * hidden * intermediate
    }
}

impl BertConfig {
    fn from_json(json: &[u8]) -> Result<Self, ConfigError> {
        let fields: BertFields = serde_json::from_slice(json)?;
        // The bounds are far above every published BERT and far below what
        // would exhaust memory before a missing tensor is noticed.
        let config = Self {
            vocabulary_size: within("vocab_size", fields.vocab_size, 1 << 24)?,
            hidden_size: within("hidden_size", fields.hidden_size, 1 << 16)?,
            layer_count: within("num_hidden_layers", fields.num_hidden_layers, 1 << 10)?,
            head_count: within("num_attention_heads", fields.num_attention_heads, 1 << 10)?,
            intermediate_size: within("intermediate_size", fields.intermediate_size, 1 << 18)?,
            activation: Activation::from_name(&fields.hidden_act).ok_or_else(|| {
                ConfigError::Unsupported {
                    field: "hidden_act",
                    expected: "gelu, gelu_new, gelu_pytorch_tanh, quick_gelu, relu, silu or tanh",
                    found: fields.hidden_act.clone(),
                }
            })?,
            maximum_token_count: within(
                "max_position_embeddings",
                fields.max_position_embeddings,
                1 << 20,
            )?,
            segment_count: within("type_vocab_size", fields.type_vocab_size, 1 << 10)?,
            layer_norm_epsilon: fields.layer_norm_eps as f32,
        };
        if !(0.0..1.0).contains(&fields.layer_norm_eps) {
            return Err(ConfigError::LayerNormEpsilon(fields.layer_norm_eps));
        }
        if !config.hidden_size.is_multiple_of(config.head_count) {
            let (hidden_size, head_count) = (config.hidden_size, config.head_count);
            return Err(ConfigError::HeadsDoNotDivide {
                hidden_size,
                head_count,
            });
        }
        let position = fields
            .position_embedding_type
            .as_deref()
            .unwrap_or("absolute");
        refuse(
            "position_embedding_type",
            "absolute",
            position != "absolute",
            position,
        )?;
        if fields.pruned_heads.0 {
            return Err(ConfigError::PrunedHeads);
        }
        if fields.quantization_config.0 {
            return Err(ConfigError::Quantized);
        }
        refuse(
            "is_decoder",
            "false",
            fields.is_decoder == Some(true),
            "true",
        )?;
        refuse(
            "add_cross_attention",
            "false",
            fields.add_cross_attention == Some(true),
            "true",
        )?;
        Ok(config)
    }
}

/// Whether a config without a `model_type` is that of a BERT: it says so by its
/// `architectures`, or it has a BERT's fields and no other family's. Those of
/// RoBERTa have the same names, and its only segment tells it.
fn looks_like_bert(json: &[u8]) -> bool {
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

fn within(field: &'static str, found: u64, maximum: u64) -> Result<usize, ConfigError> {
    let minimum = 1;
    match usize::try_from(found) {
        Ok(size) if (minimum..=maximum).contains(&found) => Ok(size),
        _ => Err(ConfigError::OutOfRange {
            field,
            minimum,
            maximum,
            found,
        }),
    }
}

fn refuse(
    field: &'static str,
    expected: &'static str,
    refused: bool,
    found: &str,
) -> Result<(), ConfigError> {
    match refused {
        true => Err(ConfigError::Unsupported {
            field,
            expected,
            found: found.to_owned(),
        }),
        false => Ok(()),
    }
}
