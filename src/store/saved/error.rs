//! Why a file gives no run.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::attention::AttentionError;
use crate::checkpoint::FileKind;
use crate::memory::MemoryError;
use crate::remedy::{ArrayForm, CheckpointRemedy, LabelsOf, Remedy, Setting};
use crate::weights::PickleError;

/// A file gives no run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SavedError {
    /// It cannot be opened or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder holds no saved attention.
    #[error(
        "{}: expected attention.safetensors, attention.npz or attention.json in the folder, found neither",
        folder.display()
    )]
    NothingInFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// What PyTorch wrote cannot be read.
    #[error(transparent)]
    Pickle(PickleError),
    /// It is none of the formats that are read, by its content.
    #[error("{}: expected a safetensors, npz, npy, JSON or PyTorch file, found {found}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What its first bytes look like.
        found: String,
    },
    /// Its format is broken, or not one of those that are read.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, where.
        reason: String,
    },
    /// It claims more than is read.
    #[error("{}: {reason}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What is too much.
        reason: String,
    },
    /// No array of it has a shape and a type that attention has.
    #[error("{}: {reason}", path.display())]
    NoAttention {
        /// The file.
        path: PathBuf,
        /// What was expected and found.
        reason: String,
        /// What helps, by what is there instead.
        remedy: Box<Remedy>,
    },
    /// Its arrays are the parameters of a model.
    #[error(
        "{}: expected attention, found the weights of a model: {found}",
        path.display()
    )]
    Weights {
        /// The file.
        path: PathBuf,
        /// The arrays with their shapes.
        found: String,
    },
    /// There is None where its attention should be.
    #[error("{}: {name} is None: the model gave no attention", path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
        /// What is called so.
        name: String,
    },
    /// It holds the attention of several inputs.
    #[error(
        "{}: expected a batch of one, found {name} of shape {shape:?}",
        path.display()
    )]
    Batch {
        /// The file.
        path: PathBuf,
        /// The array.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// What would be its layers differ in their padding.
    #[error(
        "{}: expected the layers of one input, found {name} of shape {shape:?} with other keys of padding in each part: a batch of inputs",
        path.display()
    )]
    PaddedBatch {
        /// The file.
        path: PathBuf,
        /// The array.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// Several of its arrays may be the attention.
    #[error(
        "{}: expected one array of attention, or one a layer, found {found}",
        path.display()
    )]
    SeveralAttentions {
        /// The file.
        path: PathBuf,
        /// The arrays with their shapes.
        found: String,
        /// One of them, as a name in Python.
        name: String,
    },
    /// The names of its arrays do not say that they are layers or heads.
    #[error(
        "{}: expected one array of attention, or one a layer or head, called such as layer_0 or layer_0.head_0, found {found}: several inputs, by their names",
        path.display()
    )]
    SeveralInputs {
        /// The file.
        path: PathBuf,
        /// The arrays with their shapes.
        found: String,
        /// One of them, as a name in Python.
        name: String,
    },
    /// Its arrays are lists in a list.
    #[error(
        "{}: expected one array a layer, found lists in a list: {found}: several inputs, the steps of generate(), or more than attention",
        path.display()
    )]
    Lists {
        /// The file.
        path: PathBuf,
        /// The arrays with their shapes.
        found: String,
    },
    /// Its arrays are maps, and nothing says of what.
    #[error(
        "{}: expected the shape [head, query, key] for every layer, found {found}",
        path.display()
    )]
    Maps {
        /// The file.
        path: PathBuf,
        /// The arrays with their shapes.
        found: String,
    },
    /// Its attention is of numbers that are not read.
    #[error("{}: expected {name} in F64, F32, F16 or BF16, found {found}", path.display())]
    OtherType {
        /// The file.
        path: PathBuf,
        /// What the array is called.
        name: String,
        /// Its type, as the file has it or in words.
        found: String,
    },
    /// The memory that its numbers and pictures take is not there.
    #[error("{}: {source}", path.display())]
    Memory {
        /// The file.
        path: PathBuf,
        /// How much it is.
        source: MemoryError,
    },
    /// The numbers of a file that attnviz wrote are not what its manifest says.
    #[error("{}: its numbers are not those of its manifest: {source}", path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// Which number, and why.
        source: AttentionError,
    },
    /// Its numbers are no attention.
    #[error("{}: {source}", path.display())]
    Attention {
        /// The file.
        path: PathBuf,
        /// Which number, and why.
        source: AttentionError,
    },
    /// What attnviz wrote into it does not fit its numbers, or is not whole.
    #[error("{}: its manifest is no run's: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What was expected and found.
        reason: String,
    },
    /// The labels are no list of texts.
    #[error("{}: {reason}", path.display())]
    Labels {
        /// The file.
        path: PathBuf,
        /// Whose labels they were to be.
        of: LabelsOf,
        /// What was expected and found.
        reason: String,
    },
    /// There are not as many labels as tokens.
    #[error("{}: expected {expected} labels, one for each token, found {found}{}", path.display(), seeming(padding))]
    LabelCount {
        /// The file.
        path: PathBuf,
        /// Whose labels they were to be.
        of: LabelsOf,
        /// Rows, or columns, of every map: whichever the labels are of.
        expected: usize,
        /// Labels of the file.
        found: usize,
        /// What of the attention looks like padding, as a sentence.
        padding: Option<String>,
    },
    /// Labels or a title for a file that has its own.
    #[error(
        "{} is a run that attnviz saved: its tokens and its model are in it",
        path.display()
    )]
    SaysItself {
        /// The file.
        path: PathBuf,
        /// What was given of it all the same, at least one.
        given: Vec<Setting>,
    },
}

impl SavedError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Io { source, .. } if source.kind() != io::ErrorKind::NotFound => {
                Remedy::LookAtFile
            }
            Self::Io { .. } | Self::NothingInFolder { .. } => Remedy::SaveRun,
            Self::Format { path, found } if found == FileKind::LfsPointer.in_words() => {
                let folder = path.parent().unwrap_or(path).to_owned();
                Remedy::Checkpoint(CheckpointRemedy::PullLfs { folder })
            }
            Self::Format { .. } => Remedy::SaveAttention,
            // What helps with a checkpoint is not for attention.
            Self::Pickle(PickleError::Io { .. }) => Remedy::LookAtFile,
            Self::Pickle(_) => Remedy::SaveAttention,
            Self::Malformed { .. } => Remedy::WriteFileAgain,
            Self::TooLarge { .. } => Remedy::SaveLess,
            Self::NoAttention { remedy, .. } => remedy.as_ref().clone(),
            Self::Weights { path, .. } => {
                Remedy::EncodeWith(path.parent().unwrap_or(path).to_owned())
            }
            Self::Nothing { .. } => Remedy::AskForAttention,
            // A list of layers has four.
            Self::Batch { shape, .. } if shape.len() == 4 => {
                Remedy::SaveArray(ArrayForm::LayersOfOneInput)
            }
            Self::Batch { shape, .. } | Self::PaddedBatch { shape, .. } => {
                Remedy::SaveArray(ArrayForm::OneInput {
                    dimensions: shape.len(),
                })
            }
            Self::SeveralAttentions { name, .. } | Self::SeveralInputs { name, .. } => {
                Remedy::SaveOneAttention(name.clone())
            }
            Self::Maps { .. } => Remedy::StackMaps,
            Self::Lists { .. } => Remedy::SaveOneCall,
            Self::OtherType { .. } => Remedy::SaveFloats,
            Self::Memory { source, .. } => source.remedy().unwrap_or(Remedy::SaveLess),
            Self::Attention { source, .. } => source.remedy().unwrap_or(Remedy::SaveProbabilities),
            Self::Contradiction { .. } | Self::Manifest { .. } => Remedy::SaveRunAgain,
            Self::Labels { of, .. } => Remedy::GiveLabels {
                of: *of,
                count: None,
            },
            Self::LabelCount { of, expected, .. } => Remedy::GiveLabels {
                of: *of,
                count: Some(*expected),
            },
            Self::SaysItself { given, .. } => Remedy::LeaveOutAll(given.clone()),
        })
    }
}

/// Behind what was found.
fn seeming(padding: &Option<String>) -> String {
    padding
        .as_ref()
        .map_or_else(String::new, |padding| format!("; {padding}"))
}
