//! Why there is no baseline to check against.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::memory::MemoryError;
use crate::remedy::{CheckRemedy, Remedy};
use crate::store::write::WriteError;

/// Why there is no baseline to check against, or none could be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// There is none yet.
    #[error("there is no baseline {} yet", path.display())]
    NotThere {
        /// Where it is to be.
        path: PathBuf,
        /// The rules that name it.
        rules: PathBuf,
    },
    /// One of its files cannot be read.
    #[error("the baseline {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The rules that name it.
        rules: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is there is no baseline.
    #[error("{} is no baseline: {reason}", path.display())]
    NotABaseline {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Another version of attnviz wrote it in another way.
    #[error("the baseline {} is of version {found}, and this attnviz reads version {expected}", path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version that is read.
        expected: u32,
    },
    /// It is damaged, or its two files do not belong together.
    #[error("the baseline {} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The rules that name it.
        rules: PathBuf,
        /// What was expected and found.
        reason: String,
    },
    /// Its place for numbers is taken, and no text says that they are its own.
    #[error("{} is there already, and its text {} is not", data.display(), text.display())]
    DataWithoutText {
        /// The file of numbers.
        data: PathBuf,
        /// Its text.
        text: PathBuf,
    },
    /// Its numbers would not fit into memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl BaselineError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Unreadable { source, .. } if source.kind() != io::ErrorKind::NotFound => {
                Some(Remedy::LookAtFile)
            }
            Self::NotThere { rules, .. }
            | Self::Unreadable { rules, .. }
            | Self::Damaged { rules, .. } => Some(Remedy::Check(CheckRemedy::Accept {
                rules: rules.clone(),
            })),
            Self::OtherVersion { .. } => Some(Remedy::Check(CheckRemedy::UpdateOrOverwrite)),
            Self::DataWithoutText { .. } => Some(Remedy::Check(CheckRemedy::MoveOrOverwrite)),
            Self::NotABaseline { .. } => Some(Remedy::Check(CheckRemedy::NameOtherFile)),
            Self::Memory(error) => error.remedy(),
            Self::Write(_) => Some(Remedy::Check(CheckRemedy::NameWritableFile)),
        }
    }
}
