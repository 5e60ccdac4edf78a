//! Why many inputs could not be compared.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::batch::overlap::OverlapError;
use crate::batch::source::SourceError;
use crate::compare::{CompareError, Quantity};
use crate::pipeline::{OutputError, PipelineError};
use crate::remedy::Remedy;
use crate::store::saved::SavedError;
use crate::store::write::WriteError;
use crate::tokenizer::TokenizerError;

/// Why many inputs could not be compared. Nothing is written then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DiffError {
    /// The sides of an input cannot stand beside one another.
    #[error("input {id:?}: {source}")]
    Input {
        /// The input.
        id: String,
        /// What differs.
        source: Box<CompareError>,
    },
    /// A file of inputs cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An input lies where the comparison is written, or the other way round.
    #[error(transparent)]
    Overlap(#[from] OverlapError),
    /// `truncate` would fail every input.
    #[error("no input can be cut like this")]
    Truncate(#[source] TokenizerError),
    /// No input is on both sides.
    #[error("no input of one side is on the other, by its text")]
    NothingInCommon,
    /// What ranks heads and inputs is empty in all of them.
    #[error("no input has a value of {} on both sides, which heads are to be ranked by", quantity.typed())]
    NoValue {
        /// What was asked for.
        quantity: Quantity,
        /// What every input has a value of.
        instead: Quantity,
    },
    /// The folders hold other heads.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// A saved run cannot be read.
    #[error(transparent)]
    Saved(#[from] SavedError),
    /// Runs were saved without numbers.
    #[error(
        "{}: there are no numbers in it: neither attention.safetensors nor attention.npz nor attention.json",
        folder.display()
    )]
    NoNumbers {
        /// The run, or the folder of runs.
        folder: PathBuf,
        /// How they are saved.
        remedy: Box<Remedy>,
    },
    /// A file of one side cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of one side is not as attnviz writes it.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A run that is to be drawn is no longer what it was.
    #[error("a run changed meanwhile: {reason}")]
    Changed {
        /// What is wrong with it.
        reason: String,
    },
    /// A run without attention.
    #[error("a run holds no attention")]
    NoAttention,
    /// An input that is to be drawn cannot be computed again.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// Something cannot be drawn or put into its format.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Somebody asked it to stop.
    #[error("interrupted; nothing is written")]
    Interrupted,
}

impl DiffError {
    /// Of an input's sides.
    pub(super) fn of_input(id: &str, source: CompareError) -> Self {
        Self::Input {
            id: id.to_owned(),
            source: Box::new(source),
        }
    }

    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Source(error) => error.remedy().map(of_comparison),
            Self::NoNumbers { remedy, .. } => Some(remedy.as_ref().clone()),
            Self::Saved(error) => error.remedy(),
            Self::Overlap(error) => error.remedy(),
            Self::Truncate(error) => error.remedy(),
            Self::Pipeline(error) => error.remedy(),
            Self::Output(error) => error.remedy(),
            Self::Write(error) => error.remedy(),
            Self::Compare(error) => error.remedy(),
            Self::Input { source, .. } => source.remedy(),
            Self::NoValue { instead, .. } => Some(rank_by(*instead)),
            Self::NothingInCommon => Some(Remedy::SaveSameInputs),
            Self::Read { .. } | Self::Damaged { .. } => Some(Remedy::SaveBatchAgain),
            Self::Changed { .. } | Self::NoAttention | Self::Interrupted => None,
        }
    }
}

/// Another quantity that sorts the heads.
fn rank_by(quantity: Quantity) -> Remedy {
    Remedy::SetValue(["--measure", quantity.typed()].map(str::to_owned))
}

/// What is said of files of inputs where a comparison reads them.
fn of_comparison(remedy: Remedy) -> Remedy {
    match remedy {
        Remedy::GiveInputs => Remedy::GiveTextOrInputs,
        Remedy::NameFiles(files) => Remedy::NameInputs(files),
        Remedy::EncodeText { text } => Remedy::SetValue(["--text".to_owned(), text]),
        other => other,
    }
}
