//! Why a batch did not come to its end.

use thiserror::Error;

use super::overlap::OverlapError;
use super::source::SourceError;
use crate::pipeline::OutputError;
use crate::remedy::{Remedy, Setting};
use crate::render::page::many::MOST_INPUTS;
use crate::store::write::WriteError;
use crate::store::write::batch_folder::BatchFolderError;
use crate::tokenizer::TokenizerError;

/// Why a batch did not come to its end. Inputs that are done stay.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] BatchFolderError),
    /// Its inputs, its folder and its reports are not apart.
    #[error(transparent)]
    Overlap(#[from] OverlapError),
    /// A file of inputs cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An input's files could not be written.
    #[error("input {id}: {source}")]
    Output {
        /// The input.
        id: String,
        /// What went wrong.
        source: Box<OutputError>,
    },
    /// A file of the batch as a whole could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A report beside the batch's folder cannot be written.
    #[error("{option}: {source}")]
    Report {
        /// The option or variable that names it.
        option: &'static str,
        /// What went wrong.
        source: WriteError,
    },
    /// `truncate` would fail every input.
    #[error("no input can be cut like this")]
    Truncate(#[source] TokenizerError),
    /// One page was asked for, and there are more inputs than it has room for.
    #[error("expected at most {MOST_INPUTS} inputs for one page, found more")]
    TooManyForOnePage,
    /// Somebody asked it to stop.
    #[error("interrupted; {done} inputs are done")]
    Interrupted {
        /// Inputs that have their folder.
        done: u64,
    },
}

impl BatchError {
    /// What the user can do about it. What has been done is kept wherever the
    /// batch stopped in its midst.
    pub fn remedy(&self) -> Option<Remedy> {
        let resume_after = |first| Remedy::Resume {
            first: Some(Box::new(first)),
        };
        match self {
            Self::Folder(error) => error.remedy(),
            Self::Overlap(error) => error.remedy(),
            Self::Source(error) => error.remedy(),
            Self::Truncate(error) => error.remedy(),
            Self::Output { source, .. } => source.remedy().map(resume_after),
            Self::Write(error) => error.remedy().map(resume_after),
            Self::Report { option, .. } => Some(Remedy::NameReport { option }),
            Self::TooManyForOnePage => Some(Remedy::RunWithout(Setting::SingleFile)),
            Self::Interrupted { .. } => Some(Remedy::Resume { first: None }),
        }
    }
}
