//! Why a run could not be drawn or written.

use std::path::PathBuf;

use thiserror::Error;

use crate::analysis::ReshapeError;
use crate::checkpoint::DigestError;
use crate::figure::FigureError;
use crate::remedy::{FolderKind, Remedy};
use crate::render::RenderError;
use crate::store::folder::FolderError;
use crate::store::write::WriteError;
use crate::store::{MAXIMUM_LENGTH, SerializeError};

/// Why a run could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OutputError {
    /// A file or folder could not be made.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// There is no free folder for the run.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Nothing of the run can be shown as asked for.
    #[error(transparent)]
    Reshape(#[from] ReshapeError),
    /// There is nothing to show.
    #[error("the run holds no attention")]
    NoAttention,
    /// There is no figure of what was asked for.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// A file of the model could not be read for the manifest.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// A figure could not be drawn.
    #[error("{file} could not be drawn: {source}")]
    Render {
        /// The picture.
        file: String,
        /// What went wrong.
        source: RenderError,
    },
    /// The run would be written over the file that it is read from.
    #[error("{} would be replaced, and the run is read from it", path.display())]
    ReplacesSource {
        /// The file.
        path: PathBuf,
    },
    /// More would be written than anybody writes by accident.
    #[error(
        "about {:.1} GB would be written for one input, more than {:.0} GB",
        *length as f64 / 1e9,
        MAXIMUM_LENGTH as f64 / 1e9
    )]
    TooLarge {
        /// The estimate, in bytes.
        length: u64,
    },
    /// The manifest or the numbers could not be put into their format.
    #[error(transparent)]
    Serialize(#[from] SerializeError),
}

impl OutputError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Write(error) => error.remedy(),
            Self::Folder(error) => error.remedy(),
            Self::Reshape(error) => error.remedy(),
            Self::Figure(error) => error.remedy(),
            Self::Digest(error) => error.remedy(),
            Self::Render { source, .. } => source.remedy(),
            Self::ReplacesSource { .. } => Some(Remedy::NameFolder(FolderKind::Other)),
            Self::TooLarge { .. } => Some(Remedy::WriteLess),
            Self::Serialize(error) => error.remedy(),
            Self::NoAttention => None,
        }
    }
}

impl OutputError {
    /// Whether the input does not fit what is asked for, while another one
    /// might; else the machine or the folder is at fault.
    pub fn is_of_the_input(&self) -> bool {
        match self {
            Self::Reshape(_) | Self::Figure(_) | Self::TooLarge { .. } => true,
            Self::Render { source, .. } => matches!(source, RenderError::Layout(_)),
            Self::Write(_)
            | Self::Folder(_)
            | Self::Digest(_)
            | Self::NoAttention
            | Self::ReplacesSource { .. }
            | Self::Serialize(_) => false,
        }
    }
}
