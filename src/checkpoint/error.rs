//! Why a checkpoint cannot be had, and what can be done about it.

use std::path::PathBuf;

use thiserror::Error;

use super::file_kind::WrongKindError;
use super::hub::HubError;
use crate::remedy::{Alteration, CheckpointPart, CheckpointRemedy, ForeignWeights, Remedy};

/// Any of them is enough, where the tokenizer's class reads it.
pub(super) const VOCABULARIES: &str = "tokenizer.json, vocab.txt, vocab.json with merges.txt, tokenizer.model, spm.model, spiece.model or sentencepiece.bpe.model";

/// Why a checkpoint cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The hub, the way to it, or the cache.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The directory is not there, or is no directory.
    #[error("{}: expected a directory with a checkpoint, found {found}", path.display())]
    NoDirectory {
        /// The directory that was named.
        path: PathBuf,
        /// What is there instead.
        found: &'static str,
        /// The folder of a file that was named, where it has a model.
        folder: Option<PathBuf>,
    },
    /// A file of the checkpoint cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that must be there is not.
    #[error("{place}: expected {expected}, found none")]
    FileMissing {
        /// The checkpoint.
        place: String,
        /// The file, or the files of which one is enough.
        expected: &'static str,
    },
    /// There is no tokenizer that is read.
    #[error(
        "{place}: expected a tokenizer, which is {}, found {}",
        VOCABULARIES,
        match found {
            Some((file, kind)) => format!("{file}, {kind}"),
            None => "none".to_owned(),
        }
    )]
    TokenizerMissing {
        /// The checkpoint.
        place: String,
        /// The file of a tokenizer of another kind, and which.
        found: Option<(&'static str, &'static str)>,
    },
    /// The tokenizer's config names another file than `tokenizer.json`.
    #[error(
        "{place}: expected {file}, which fast_tokenizer_files of tokenizer_config.json names, found none"
    )]
    TokenizerFileMissing {
        /// The checkpoint.
        place: String,
        /// The file.
        file: String,
    },
    /// A file of text is larger than any such file is.
    #[error("{file}: expected at most {maximum} bytes, found {found}")]
    FileTooLarge {
        /// The file's name.
        file: String,
        /// The limit in bytes.
        maximum: u64,
        /// The file's size in bytes.
        found: u64,
    },
    /// A file is something else than its name says.
    #[error(transparent)]
    WrongKind(#[from] WrongKindError),
    /// A file ends in the middle.
    #[error("{} is incomplete: its JSON ends in the middle", path.display())]
    Incomplete {
        /// The file.
        path: PathBuf,
    },
    /// There is an adapter, which attnviz does not apply.
    #[error(
        "{place} holds an adapter ({file}){}, and attnviz computes whole models alone",
        if *is_beside_model { " beside the model" } else { ", not a model" }
    )]
    Adapter {
        /// The checkpoint.
        place: String,
        /// The file by which it is known.
        file: String,
        /// Whether it adds to weights, as LoRA does.
        can_be_merged: bool,
        /// What it was trained for, as its config says.
        task: Option<String>,
        /// Whether there is a model, too.
        is_beside_model: bool,
    },
    /// The model is in a folder below.
    #[error(
        "{place}: expected {expected}, found none; {} has a model{}",
        found.display(),
        match others { 0 => String::new(), 1 => ", and so has 1 other folder".to_owned(), others => format!(", and so have {others} other folders") }
    )]
    Subfolder {
        /// The folder that was named.
        place: String,
        /// What it lacks.
        expected: &'static str,
        /// The folder with a model.
        found: PathBuf,
        /// How many more there are.
        others: usize,
    },
    /// A file that must be there is called otherwise.
    #[error("{place}: expected {expected}, found {}", found.display())]
    OtherName {
        /// The checkpoint.
        place: String,
        /// As it is to be called.
        expected: &'static str,
        /// As it is called.
        found: PathBuf,
    },
    /// There are weights for another program only.
    #[error(
        "{place}: expected model.safetensors or pytorch_model.bin, found {file}, which attnviz does not read"
    )]
    ForeignWeights {
        /// The checkpoint.
        place: String,
        /// The file.
        file: String,
        /// What it is for.
        format: ForeignWeights,
    },
    /// The index of the shards is not what it should be.
    #[error("{file}: {reason}")]
    ShardIndex {
        /// The index's name.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The config names weights that cannot be loaded.
    #[error(
        "config.json: transformers_weights: expected a .safetensors file or the .safetensors.index.json of several, in the model's folder; found {found}"
    )]
    NamedWeights {
        /// What it names.
        found: String,
    },
    /// The config names weights that are not there.
    #[error("config.json: transformers_weights names {file}, which is not there")]
    NamedWeightsMissing {
        /// What it names.
        file: String,
    },
    /// Weights are in several files, and what says which one has which is not
    /// there.
    #[error(
        "{place}: expected {index} beside {shard}, which is one of several files of weights; found none"
    )]
    IndexMissing {
        /// The checkpoint.
        place: PathBuf,
        /// The index's name.
        index: &'static str,
        /// One of the files.
        shard: String,
    },
    /// A file is a symbolic link to nothing.
    #[error("{} is a broken symbolic link: {} is not there", path.display(), target.display())]
    BrokenLink {
        /// The link.
        path: PathBuf,
        /// What it names.
        target: PathBuf,
    },
    /// It is the tokenizer from another place that cannot be had.
    #[error(transparent)]
    OtherTokenizer(Box<CheckpointError>),
    /// The config was refused; see [`LoadOptions::check_config`](super::LoadOptions::check_config).
    #[error("{0}")]
    Config(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CheckpointError {
    /// What the user can do about it. A refused config has a remedy of its own,
    /// which who refused it knows.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Hub(error) => error.remedy(),
            Self::NoDirectory { folder: None, .. } => {
                Some(Remedy::Checkpoint(CheckpointRemedy::NameCheckpoint))
            }
            Self::NoDirectory {
                folder: Some(folder),
                ..
            } => Some(Remedy::Checkpoint(CheckpointRemedy::NameModelFolder {
                folder: folder.clone(),
            })),
            Self::FileMissing { .. } => Some(Remedy::Checkpoint(CheckpointRemedy::SaveCheckpoint(
                CheckpointPart::Whole,
            ))),
            Self::WrongKind(error) => error.remedy(),
            Self::Incomplete { path } => Some(Remedy::Checkpoint(CheckpointRemedy::DownloadFile {
                path: path.clone(),
            })),
            Self::Adapter {
                can_be_merged: false,
                ..
            } => Some(Remedy::Checkpoint(CheckpointRemedy::UseOriginal(
                Alteration::Adapter,
            ))),
            Self::Adapter { place, task, .. } => {
                Some(Remedy::Checkpoint(CheckpointRemedy::MergeAdapter {
                    from: Some(place.clone()),
                    task: task.clone(),
                }))
            }
            Self::Subfolder { found, .. } => {
                Some(Remedy::Checkpoint(CheckpointRemedy::NameModelFolder {
                    folder: found.clone(),
                }))
            }
            Self::OtherName {
                expected, found, ..
            } => Some(Remedy::Checkpoint(CheckpointRemedy::RenameFile {
                from: found.clone(),
                to: found.with_file_name(expected),
            })),
            Self::ForeignWeights { place, format, .. } => {
                Some(Remedy::Checkpoint(CheckpointRemedy::ConvertWeights {
                    format: *format,
                    from: place.clone(),
                }))
            }
            Self::TokenizerMissing { found: None, .. } => {
                Some(Remedy::Checkpoint(CheckpointRemedy::NameTokenizer))
            }
            Self::TokenizerFileMissing { .. } => Some(Remedy::Checkpoint(
                CheckpointRemedy::SaveCheckpoint(CheckpointPart::Tokenizer),
            )),
            Self::TokenizerMissing { found: Some(_), .. } => {
                Some(Remedy::Checkpoint(CheckpointRemedy::ConvertTokenizer))
            }
            Self::ShardIndex { .. } | Self::NamedWeights { .. } => Some(Remedy::Checkpoint(
                CheckpointRemedy::SaveCheckpoint(CheckpointPart::Model),
            )),
            Self::NamedWeightsMissing { .. } => Some(Remedy::Checkpoint(
                CheckpointRemedy::SaveCheckpoint(CheckpointPart::ConfigWithWeights),
            )),
            Self::IndexMissing { place, index, .. } => Some(Remedy::Checkpoint(
                CheckpointRemedy::DownloadMissing(place.join(index)),
            )),
            Self::BrokenLink { path, .. } => Some(Remedy::Checkpoint(
                CheckpointRemedy::FollowLinks(path.clone()),
            )),
            Self::FileTooLarge { .. } | Self::Io { .. } => Some(Remedy::LookAtFile),
            Self::OtherTokenizer(error) => match error.as_ref() {
                Self::NoDirectory { folder: None, .. } => {
                    Some(Remedy::Checkpoint(CheckpointRemedy::NameTokenizer))
                }
                Self::NoDirectory {
                    folder: Some(folder),
                    ..
                } => Some(Remedy::Checkpoint(CheckpointRemedy::NameTokenizerFolder(
                    folder.clone(),
                ))),
                error => error.remedy(),
            },
            Self::Config(_) => None,
        }
    }
}
