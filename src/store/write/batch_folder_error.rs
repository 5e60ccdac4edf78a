//! Why a folder cannot be used for a batch.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::error::WriteError;
use crate::remedy::{FolderKind, Remedy};
use crate::store::batch_records::{BatchKind, BatchManifest, Difference, Shard};

/// The folder cannot be used for a batch.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BatchFolderError {
    /// A file or folder could not be made.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Another process is at work there.
    #[error("another batch is writing into {}", path.display())]
    Busy {
        /// The batch's folder.
        path: PathBuf,
    },
    /// Something that is not a batch's is in the way.
    #[error("{} is there already and is not a batch's", path.display())]
    Taken {
        /// The file or folder.
        path: PathBuf,
    },
    /// A part of the folder is a link or a file, and nothing is written behind
    /// one.
    #[error("{} is not a folder of its own, and so is not a batch's", path.display())]
    Link {
        /// What should be a folder.
        path: PathBuf,
    },
    /// The results of a finished batch are not there, or a link.
    #[error("{} is missing, which says what in its folder is the batch's", path.display())]
    ResultsMissing {
        /// The file.
        path: PathBuf,
    },
    /// The folder holds what another command made.
    #[error("{} holds a batch of {found}, expected one of {expected}", path.display())]
    OtherKind {
        /// The batch's folder.
        path: PathBuf,
        /// What it holds.
        found: BatchKind,
        /// What was asked for.
        expected: BatchKind,
    },
    /// The folder holds another part of the inputs.
    #[error("{} holds {} of a batch, expected {}", path.display(), part(.found), part(.expected))]
    OtherShard {
        /// The batch's folder.
        path: PathBuf,
        /// What it holds.
        found: Option<Shard>,
        /// What was asked for.
        expected: Option<Shard>,
    },
    /// The folder holds what another model made.
    #[error("{} holds a batch of another model, {found}", path.display())]
    OtherModel {
        /// The batch's folder.
        path: PathBuf,
        /// The model that made it.
        found: String,
    },
    /// The folder holds what another version of the model made.
    #[error("{} holds a batch of another version of {model}", path.display())]
    OtherModelVersion {
        /// The batch's folder.
        path: PathBuf,
        /// The model's name.
        model: String,
    },
    /// The folder belongs to other inputs.
    #[error("{} holds a batch of other inputs", path.display())]
    OtherInputs {
        /// The batch's folder.
        path: PathBuf,
    },
}

fn part(shard: &Option<Shard>) -> String {
    match shard {
        Some(shard) => format!("shard {shard}"),
        None => "all inputs".to_owned(),
    }
}

impl BatchFolderError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Write(error) => error.remedy(),
            Self::Busy { .. } => Some(Remedy::WaitForBatch),
            Self::Taken { .. } | Self::ResultsMissing { .. } => {
                Some(Remedy::NameFolder(FolderKind::OtherOrOverwrite))
            }
            Self::Link { .. } => Some(Remedy::NameFolder(FolderKind::Other)),
            Self::OtherKind { .. } | Self::OtherShard { .. } | Self::OtherModel { .. } => {
                Some(Remedy::NameFolder(FolderKind::OtherOrOverwrite))
            }
            Self::OtherModelVersion { .. } | Self::OtherInputs { .. } => {
                Some(Remedy::NameFolderOrResume)
            }
        }
    }

    /// Why a batch may not have the folder of an earlier one.
    pub(super) fn refused(
        root: &Path,
        difference: Difference,
        earlier: &BatchManifest,
        now: &BatchManifest,
    ) -> Self {
        let path = root.to_owned();
        match difference {
            Difference::Kind => Self::OtherKind {
                path,
                found: earlier.kind,
                expected: now.kind,
            },
            Difference::Shard => Self::OtherShard {
                path,
                found: earlier.shard,
                expected: now.shard,
            },
            Difference::Model => Self::OtherModel {
                path,
                found: earlier.model.name(),
            },
            Difference::ModelVersion => Self::OtherModelVersion {
                path,
                model: earlier.model.name(),
            },
            Difference::Inputs => Self::OtherInputs { path },
        }
    }
}
