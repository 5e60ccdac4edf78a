//! What can be wrong with weights.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::bytes::ReadError;
use super::pickle::PickleError;
use crate::remedy::{CheckpointPart, Remedy};

/// Why weights cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file cannot be opened or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system has no memory for a tensor.
    #[error("no memory for {byte_count} bytes of weights: {source}")]
    Memory {
        /// How many bytes were asked for.
        byte_count: usize,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no whole safetensors file.
    #[error("{file}: not a valid safetensors file: {reason}")]
    Safetensors {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is no checkpoint in PyTorch's zip format.
    #[error(transparent)]
    Pickle(#[from] PickleError),
    /// No tensor has the name of a word embedding table.
    #[error(
        "{file}: expected a tensor named embeddings.word_embeddings.weight (with any prefix), found {found}"
    )]
    NoEmbeddings {
        /// The file's name.
        file: String,
        /// A few of the names that are there.
        found: String,
    },
    /// A tensor that the model needs is not there.
    #[error("tensor {name} of shape {expected:?} is missing")]
    Missing {
        /// Full name.
        name: String,
        /// The shape that the config asks for.
        expected: Vec<usize>,
    },
    /// A tensor has another shape than the config asks for.
    #[error("tensor {name}: expected shape {expected:?}, found {found:?}")]
    Shape {
        /// Full name.
        name: String,
        /// The shape that the config asks for.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// A tensor holds something else than floating-point numbers.
    #[error("tensor {name}: expected F32, F16 or BF16, found {found}")]
    Dtype {
        /// Full name.
        name: String,
        /// The type in the file.
        found: String,
    },
    /// A tensor holds NaN or infinity.
    #[error("tensor {name}: expected finite numbers, found {found} at element {index}")]
    NotFinite {
        /// Full name.
        name: String,
        /// The offending value.
        found: f32,
        /// Its index among the values that were read.
        index: usize,
    },
}

impl WeightsError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Io { .. } => Remedy::LookAtFile,
            Self::Memory { .. } => Remedy::UseLessMemory,
            Self::Pickle(error) => return error.remedy(),
            Self::Dtype { .. } => Remedy::SaveCheckpoint(CheckpointPart::Safetensors),
            Self::Safetensors { .. }
            | Self::NoEmbeddings { .. }
            | Self::Missing { .. }
            | Self::Shape { .. }
            | Self::NotFinite { .. } => Remedy::SaveCheckpoint(CheckpointPart::ConfigWithWeights),
        })
    }
}

impl From<ReadError> for WeightsError {
    fn from(error: ReadError) -> Self {
        let ReadError { path, source } = error;
        Self::Io { path, source }
    }
}

impl WeightsError {
    pub(super) fn missing(name: &str, shape: &[usize]) -> Self {
        Self::Missing {
            name: name.to_owned(),
            expected: shape.to_vec(),
        }
    }
}
