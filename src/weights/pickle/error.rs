//! Why a `.bin` file cannot be used, and what can be done about it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::super::bytes::file_name;
use crate::remedy::{CheckpointPart, CheckpointRemedy, Remedy, StateDictPlace};

/// Why a `.bin` file cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PickleError {
    /// The file cannot be opened.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what PyTorch writes.
    #[error("{file}: not a checkpoint of PyTorch: {reason}")]
    Malformed {
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
    /// The file holds no dict.
    #[error(
        "{} holds {found}, expected a dict of tensors (a state dict)",
        file_name(path)
    )]
    Object {
        /// The file.
        path: PathBuf,
        /// The class of what is in it.
        found: String,
    },
    /// A training checkpoint has more than one model.
    #[error("{} holds several models, under {}", file_name(path), listed(keys))]
    SeveralModels {
        /// The file.
        path: PathBuf,
        /// The keys of the dicts, at least two.
        keys: Vec<String>,
    },
    /// The file says that a tensor is larger than the file.
    #[error("{file}: tensor {name} of {expected} bytes cannot be in a file of {found} bytes")]
    LargerThanFile {
        /// The file's name.
        file: String,
        /// The tensor's name.
        name: String,
        /// Bytes that its shape asks for.
        expected: u128,
        /// Bytes of the file.
        found: u64,
    },
    /// A tensor holds something else than floating-point numbers.
    #[error("{file}: tensor {name}: expected F64, F32, F16 or BF16, found {found}")]
    Dtype {
        /// The file's name.
        file: String,
        /// The tensor's name.
        name: String,
        /// The type in the file.
        found: String,
    },
}

impl PickleError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Io { .. } => Remedy::LookAtFile,
            Self::Malformed { .. } | Self::Dtype { .. } => Remedy::Checkpoint(
                CheckpointRemedy::SaveCheckpoint(CheckpointPart::Safetensors),
            ),
            Self::Incomplete { path, .. } => {
                Remedy::Checkpoint(CheckpointRemedy::DownloadFile { path: path.clone() })
            }
            Self::Object { path, found } => Remedy::Checkpoint(CheckpointRemedy::SaveStateDict {
                path: path.clone(),
                within: match found.as_str() {
                    "a list" | "a tuple" => StateDictPlace::First,
                    _ => StateDictPlace::Model,
                },
            }),
            Self::SeveralModels { path, keys } => {
                Remedy::Checkpoint(CheckpointRemedy::SaveStateDict {
                    path: path.clone(),
                    within: StateDictPlace::Keys(keys.clone()),
                })
            }
            Self::LargerThanFile { .. } => Remedy::Checkpoint(CheckpointRemedy::SaveCheckpoint(
                CheckpointPart::ConfigWithWeights,
            )),
        })
    }
}

/// A few keys, for people.
fn listed(keys: &[String]) -> String {
    let mut listed: Vec<&str> = keys.iter().take(8).map(String::as_str).collect();
    if keys.len() > listed.len() {
        listed.push("…");
    }
    listed.join(", ")
}
