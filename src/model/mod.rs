//! From a checkpoint and tokens to attention: the only part of the crate that
//! knows candle. A model family is one file and one variant of
//! [`ModelConfig`] and [`Model`].

mod bert;
mod config;
pub mod machine;
mod ops;

use thiserror::Error;

pub use config::{Activation, BertConfig, ConfigError, ModelConfig, SUPPORTED_MODEL_TYPES};
#[doc(hidden)]
pub use ops::kernels;
pub use ops::kernels::{InstructionSet, Instructions, InstructionsError, use_instructions};

use crate::attention::{AttentionError, AttentionTensor};
use crate::checkpoint::Checkpoint;
use crate::tokenizer::TokenizedInput;
use crate::weights::{Weights, WeightsError};

/// Why a model cannot be loaded or run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The config is not usable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The weights are not usable.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// An input has no token, or more than the model has positions.
    #[error("expected between 1 and {maximum} tokens, found {found}")]
    TokenCount {
        /// The model's limit.
        maximum: usize,
        /// Tokens of the input.
        found: usize,
    },
    /// A token has no row in the word embedding table.
    #[error("token \"{token}\" has id {id}, expected less than {vocabulary_size}")]
    UnknownToken {
        /// The token's text.
        token: String,
        /// Its id.
        id: u32,
        /// Rows of the table.
        vocabulary_size: usize,
    },
    /// The model has no embedding for a segment.
    #[error(
        "the model knows {segment_count} segment(s) of text, found a token of segment {segment}"
    )]
    UnknownSegment {
        /// The token's segment, counted from zero.
        segment: u32,
        /// `type_vocab_size` of the config.
        segment_count: usize,
    },
    /// What the model computed is not attention, as when weights overflow.
    #[error("the model's attention is not valid: {0}")]
    Attention(#[from] AttentionError),
    /// candle could not compute something.
    #[error("the model could not be computed: {0}")]
    Candle(#[from] candle_core::Error),
}

/// Which weights stay in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// All but the word embeddings.
    All,
    /// Biases, layer norms and small tables.
    Little,
}

/// Whether [`Model::forward`] returns the hidden states too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiddenStates {
    /// Attention only.
    Drop,
    /// The hidden states of the embeddings and of every layer.
    Keep,
}

/// What the encoder makes of one input.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderOutput {
    /// Shape `[layer, head, query, key]`, as softmax(QKᵀ/√d) leaves it.
    pub attention: AttentionTensor,
    /// One entry for the embeddings and one a layer, as Hugging Face's
    /// `outputs.hidden_states`; each of shape `[token, hidden]`, flat.
    pub hidden_states: Option<Vec<Vec<f32>>>,
}

/// A loaded model of any supported family.
#[derive(Debug)]
pub enum Model {
    /// `model_type: bert`.
    Bert(bert::Bert),
}

impl Model {
    /// Reads config and weights of a checkpoint.
    ///
    /// # Errors
    /// When the config is not supported, or a tensor is missing, of another
    /// shape or type, or not finite.
    pub fn load(checkpoint: &Checkpoint) -> Result<Self, ModelError> {
        Self::load_on(checkpoint, Instructions::of_process())
    }

    /// As [`Model::load`], on other instructions than those of the process: it
    /// computes the same bits.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load_on(
        checkpoint: &Checkpoint,
        instructions: Instructions,
    ) -> Result<Self, ModelError> {
        Self::read(checkpoint, Keep::All, instructions)
    }

    /// As [`Model::load`], for a single forward pass: the weights of linear maps
    /// are read when their turn comes, which takes half of the time and a tenth
    /// of the memory.
    ///
    /// # Errors
    /// As [`Model::load`], save that a weight which is not finite or cannot be
    /// read is found by [`Model::forward`].
    pub fn open(checkpoint: &Checkpoint) -> Result<Self, ModelError> {
        Self::read(checkpoint, Keep::Little, Instructions::of_process())
    }

    fn read(
        checkpoint: &Checkpoint,
        keep: Keep,
        instructions: Instructions,
    ) -> Result<Self, ModelError> {
        let ModelConfig::Bert(config) = ModelConfig::from_json(&checkpoint.config)?;
        let weights = Weights::open(&checkpoint.weights)?;
        Ok(Self::Bert(bert::Bert::load(
            config,
            weights,
            keep,
            instructions,
        )?))
    }

    /// Runs inputs of any lengths together; each gets bit for bit what it
    /// gets alone.
    ///
    /// # Errors
    /// When an input does not fit the model; see [`ModelError`].
    pub fn forward(
        &self,
        inputs: &[&TokenizedInput],
        keep: HiddenStates,
    ) -> Result<Vec<EncoderOutput>, ModelError> {
        let Self::Bert(bert) = self;
        bert.forward(inputs, keep)
    }

    /// The config that the model was made from.
    pub fn config(&self) -> ModelConfig {
        let Self::Bert(bert) = self;
        ModelConfig::Bert(bert.config().clone())
    }
}
