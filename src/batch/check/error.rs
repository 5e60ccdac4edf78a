//! Why a check did not come to its end.

use std::path::PathBuf;

use thiserror::Error;

use crate::attention::HeadId;
use crate::batch::{BatchError, SourceError};
use crate::compare::CompareError;
use crate::compare::check::number;
use crate::compare::rules::{Place, written};
use crate::pipeline::OutputError;
use crate::remedy::{CheckRemedy, FolderKind, Remedy};
use crate::store::SerializeError;
use crate::store::baseline::BaselineError;
use crate::store::write::WriteError;

/// Why a check did not come to its end. Nothing holds then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckError {
    /// A file of inputs cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The baseline cannot be used.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// A rule asks for more than the baseline can tell.
    #[error(
        "{}: {place}: {name:?} asks for {}, and the 16 bits of the baseline cannot tell {measure} below {} apart",
        rules.display(),
        written(*bound),
        number(*least)
    )]
    TooTight {
        /// Where the rule is.
        place: Place,
        /// What it is called.
        name: String,
        /// Its measure.
        measure: &'static str,
        /// What it asks for.
        bound: f64,
        /// The least that can be told.
        least: f64,
        /// The rules.
        rules: PathBuf,
    },
    /// Two sides that should compare do not.
    #[error("the maps of {head} cannot be compared: {source}")]
    Compare {
        /// One of them.
        head: HeadId,
        /// Why.
        source: CompareError,
    },
    /// The folder belongs to somebody else.
    #[error("{} is there already and is not the folder of a check of these rules", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// Inputs failed, so that no baseline was made of the others.
    #[error("{failed} inputs failed, and a baseline without them would break every rule on it")]
    InputsFailed {
        /// How many.
        failed: u64,
    },
    /// A file of the check could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A picture could not be drawn.
    #[error(transparent)]
    Output(Box<OutputError>),
    /// A report beside the folder cannot be written.
    #[error(transparent)]
    Batch(Box<BatchError>),
    /// The record of the check could not be put into its format.
    #[error(transparent)]
    Serialize(#[from] SerializeError),
    /// Somebody asked it to stop.
    #[error("interrupted")]
    Interrupted,
}

impl CheckError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Source(error) => error.remedy(),
            Self::Baseline(error) => error.remedy(),
            Self::TooTight { rules, .. } => Some(Remedy::Check(CheckRemedy::AcceptExact {
                rules: Some(rules.clone()),
            })),
            Self::Taken { .. } => Some(Remedy::NameFolder(FolderKind::OtherOrOverwrite)),
            Self::InputsFailed { .. } => Some(Remedy::Check(CheckRemedy::MendInputs)),
            Self::Write(error) => error.remedy(),
            Self::Output(error) => error.remedy(),
            Self::Batch(error) => error.remedy(),
            Self::Serialize(error) => error.remedy(),
            Self::Compare { .. } | Self::Interrupted => None,
        }
    }
}

impl From<serde_json::Error> for CheckError {
    fn from(error: serde_json::Error) -> Self {
        Self::Serialize(SerializeError {
            file: "the baseline",
            reason: error.to_string(),
        })
    }
}

impl From<OutputError> for CheckError {
    fn from(error: OutputError) -> Self {
        Self::Output(Box::new(error))
    }
}

impl From<BatchError> for CheckError {
    fn from(error: BatchError) -> Self {
        Self::Batch(Box::new(error))
    }
}
