//! What can be wrong with weights.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::bytes::{ReadError, file_name};
use super::names::AdapterKind;
use super::pickle::PickleError;
use crate::checkpoint::WrongKindError;
use crate::remedy::{Alteration, CheckpointPart, CheckpointRemedy, Remedy};

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
    /// The file ends before it should.
    #[error("{} is incomplete: {reason}", file_name(path))]
    Incomplete {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The file is something else than its name says.
    #[error(transparent)]
    WrongKind(#[from] WrongKindError),
    /// The file holds an adapter beside the weights, or alone.
    #[error("{file} holds {}, such as {name}", kind.in_words())]
    Adapter {
        /// The file's name.
        file: String,
        /// One of the adapter's tensors.
        name: String,
        /// What it is.
        kind: AdapterKind,
    },
    /// The weights are packed into fewer bits, with tensors that say how.
    #[error("{file} holds quantized weights, such as {name}")]
    Quantized {
        /// The file's name.
        file: String,
        /// One of the tensors that say how.
        name: String,
    },
    /// The file holds more than one encoder.
    #[error(
        "{file} holds {} encoders; their tensors begin with {}",
        prefixes.len(),
        listed(prefixes)
    )]
    SeveralEncoders {
        /// The file's name.
        file: String,
        /// What stands before the names of each one's tensors.
        prefixes: Vec<String>,
    },
    /// Tensors of one model have names of two kinds.
    #[error(
        "{file} holds tensors of a model with {} and with {}, such as {name}, which PyTorch would put together",
        listed(&prefixes[..1]),
        listed(&prefixes[1..])
    )]
    MixedPrefixes {
        /// The file's name.
        file: String,
        /// What stands before the names of the two kinds.
        prefixes: [String; 2],
        /// One of the second kind.
        name: String,
    },
    /// No encoder has the prefix that was asked for.
    #[error(
        "{file} has no encoder whose tensors begin with {prefix:?}; there is one with {}",
        listed(prefixes)
    )]
    NoSuchPrefix {
        /// The file's name.
        file: String,
        /// What was asked for.
        prefix: String,
        /// Those that there are.
        prefixes: Vec<String>,
    },
    /// Tensors share numbers, so that the model is far larger than its files.
    #[error(
        "the model takes {needed} bytes, and its files have {found}: its tensors share their data"
    )]
    LargerThanFiles {
        /// Bytes of the tensors that the model needs.
        needed: u64,
        /// Bytes of the files.
        found: u64,
    },
    /// The file is no checkpoint of PyTorch's.
    #[error(transparent)]
    Pickle(#[from] PickleError),
    /// No tensor has the name of a word embedding table.
    #[error("{file}: expected a tensor named {expected} (with any prefix), found {found}")]
    NoEmbeddings {
        /// The file's name.
        file: String,
        /// What the family calls that table.
        expected: String,
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
    /// Heads were taken out of an attention.
    #[error(
        "tensor {name} has {found} outputs, expected {expected}: some of the model's heads were pruned"
    )]
    PrunedHeads {
        /// Full name.
        name: String,
        /// The outputs that the config asks for.
        expected: usize,
        /// Those in the file.
        found: usize,
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
    #[error("tensor {name}: expected F64, F32, F16 or BF16, found {found}")]
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
            Self::WrongKind(error) => return error.remedy(),
            Self::Incomplete { path, .. } => {
                Remedy::Checkpoint(CheckpointRemedy::DownloadFile { path: path.clone() })
            }
            Self::Adapter { kind, .. } => match kind {
                AdapterKind::LowRank | AdapterKind::Mergeable => {
                    Remedy::Checkpoint(CheckpointRemedy::MergeAdapter {
                        from: None,
                        task: None,
                    })
                }
                AdapterKind::Other => {
                    Remedy::Checkpoint(CheckpointRemedy::UseOriginal(Alteration::Adapter))
                }
            },
            Self::Dtype { found, .. } if is_quantized(found) => {
                Remedy::Checkpoint(CheckpointRemedy::UseOriginal(Alteration::Quantization))
            }
            Self::Dtype { .. } | Self::LargerThanFiles { .. } => Remedy::Checkpoint(
                CheckpointRemedy::SaveCheckpoint(CheckpointPart::Safetensors),
            ),
            Self::Quantized { .. } => {
                Remedy::Checkpoint(CheckpointRemedy::UseOriginal(Alteration::Quantization))
            }
            Self::SeveralEncoders { prefixes, .. } | Self::NoSuchPrefix { prefixes, .. } => {
                Remedy::Checkpoint(CheckpointRemedy::ChooseWeightsPrefix {
                    prefixes: prefixes.clone(),
                })
            }
            Self::PrunedHeads { .. } => {
                Remedy::Checkpoint(CheckpointRemedy::UseOriginal(Alteration::PrunedHeads))
            }
            Self::Safetensors { .. }
            | Self::NoEmbeddings { .. }
            | Self::MixedPrefixes { .. }
            | Self::Missing { .. }
            | Self::Shape { .. }
            | Self::NotFinite { .. } => Remedy::Checkpoint(CheckpointRemedy::SaveCheckpoint(
                CheckpointPart::ConfigWithWeights,
            )),
        })
    }

    /// Whether the tensors are others than the model's config asks for.
    pub fn is_of_other_tensors(&self) -> bool {
        match self {
            Self::NoEmbeddings { .. }
            | Self::Missing { .. }
            | Self::Shape { .. }
            | Self::PrunedHeads { .. } => true,
            Self::Io { .. }
            | Self::Memory { .. }
            | Self::Safetensors { .. }
            | Self::Incomplete { .. }
            | Self::WrongKind(_)
            | Self::Adapter { .. }
            | Self::Quantized { .. }
            | Self::SeveralEncoders { .. }
            | Self::MixedPrefixes { .. }
            | Self::NoSuchPrefix { .. }
            | Self::LargerThanFiles { .. }
            | Self::Pickle(_)
            | Self::Dtype { .. }
            | Self::NotFinite { .. } => false,
        }
    }
}

/// Whether a type of few bits is one that weights are quantized to.
fn is_quantized(dtype: &str) -> bool {
    ["I8", "U8", "F8", "F4", "F6", "Char", "Byte", "qtensor", "Q"]
        .iter()
        .any(|start| dtype.starts_with(start) || dtype.ends_with(start))
}

/// Prefixes, for people; one may be nothing.
fn listed(prefixes: &[String]) -> String {
    let mut listed: Vec<String> = prefixes
        .iter()
        .take(8)
        .map(|prefix| match prefix.as_str() {
            "" => "no prefix".to_owned(),
            prefix => prefix.to_owned(),
        })
        .collect();
    if prefixes.len() > listed.len() {
        listed.push("…".to_owned());
    }
    listed.join(", ")
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
