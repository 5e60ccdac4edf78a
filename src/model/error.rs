//! What can go wrong with a model.

use thiserror::Error;

use super::family::ConfigError;
use crate::attention::AttentionError;
use crate::memory::MemoryError;
use crate::remedy::{CheckpointRemedy, Remedy, Setting};
use crate::weights::WeightsError;

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
    /// The model brings its own code, and its tensors are not those of its
    /// family.
    #[error(
        "config.json has auto_map: the model brings its own code ({code}), which attnviz does not run; as a plain model it does not fit: {misfit}"
    )]
    OwnCode {
        /// The class that the config names.
        code: String,
        /// Which tensor is missing, or is another one.
        misfit: String,
    },
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
    /// What the model would compute does not fit into the memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// candle could not compute something.
    #[error("the model could not be computed: {0}")]
    Candle(#[from] candle_core::Error),
}

impl ModelError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Config(error) => error.remedy(),
            Self::Weights(error) => error.remedy(),
            Self::Memory(error) => error.remedy(),
            Self::OwnCode { .. } => {
                Some(Remedy::Checkpoint(CheckpointRemedy::SaveAttentionInPython))
            }
            Self::UnknownSegment { .. } => Some(Remedy::LeaveOut(Setting::Pair)),
            Self::Attention(_) => Some(Remedy::Checkpoint(CheckpointRemedy::CompareWithBuiltin)),
            Self::TokenCount { .. } | Self::UnknownToken { .. } | Self::Candle(_) => None,
        }
    }
}
