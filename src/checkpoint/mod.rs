//! Where a model's files come from: the hub, a directory, or the binary
//! itself. What comes out is a [`Checkpoint`]: bytes and paths, not yet looked
//! into beyond what is needed to find them.

mod builtin;
mod digest;
mod file_digest;
mod file_kind;
mod files;
mod folder;
pub mod hub;
mod lookup;
mod other_tokenizer;
mod provenance;
mod python_json;
mod remembered;
mod tokenizer_files;

use std::path::{Path, PathBuf};

use thiserror::Error;

pub use builtin::BUILTIN_ID;
pub use digest::DigestError;
pub use file_digest::FileDigest;
pub use file_kind::{ExpectedKind, FileKind, WrongKindError, is_lfs_pointer};
pub use provenance::{ModelProvenance, ModelSource, PendingProvenance};
pub use python_json::{Json, Members};
pub use remembered::DigestFolder;
pub use tokenizer_files::{TokenizerFiles, VocabularyFile};

use crate::remedy::{Alteration, CheckpointPart, ForeignWeights, Remedy};
use hub::{HubEnvironment, HubError, Observer, Repository};
use other_tokenizer::{OtherTokenizer, other_tokenizer};

/// The model that is used when none is named.
pub const DEFAULT_MODEL_ID: &str = "bert-base-uncased";

/// Where a checkpoint is loaded from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointSource {
    /// A repository on the model hub, or in its local cache.
    Hub {
        /// `organization/name`, or an old name without organization.
        id: String,
        /// Branch, tag or commit.
        revision: String,
    },
    /// A directory with the same files.
    Directory(PathBuf),
    /// The checkpoint compiled into the binary.
    Builtin,
}

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
        tokenizer_files::VOCABULARIES,
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
        file: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// It is the tokenizer from another place that cannot be had.
    #[error(transparent)]
    OtherTokenizer(Box<CheckpointError>),
    /// The config was refused; see [`LoadOptions::check_config`].
    #[error("{0}")]
    Config(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CheckpointError {
    /// What the user can do about it. A refused config has a remedy of its own,
    /// which who refused it knows.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Hub(error) => error.remedy(),
            Self::NoDirectory { folder: None, .. } => Some(Remedy::NameCheckpoint),
            Self::NoDirectory {
                folder: Some(folder),
                ..
            } => Some(Remedy::NameModelFolder {
                folder: folder.clone(),
            }),
            Self::FileMissing { .. } => Some(Remedy::SaveCheckpoint(CheckpointPart::Whole)),
            Self::WrongKind(error) => error.remedy(),
            Self::Incomplete { path } => Some(Remedy::DownloadFile { path: path.clone() }),
            Self::Adapter {
                can_be_merged: false,
                ..
            } => Some(Remedy::UseOriginal(Alteration::Adapter)),
            Self::Adapter { place, .. } => Some(Remedy::MergeAdapter {
                from: Some(place.clone()),
            }),
            Self::Subfolder { found, .. } => Some(Remedy::NameModelFolder {
                folder: found.clone(),
            }),
            Self::OtherName {
                expected, found, ..
            } => Some(Remedy::RenameFile {
                from: found.clone(),
                to: found.with_file_name(expected),
            }),
            Self::ForeignWeights { place, format, .. } => Some(Remedy::ConvertWeights {
                format: *format,
                from: place.clone(),
            }),
            Self::TokenizerMissing { found: None, .. } => Some(Remedy::NameTokenizer),
            Self::TokenizerFileMissing { .. } => {
                Some(Remedy::SaveCheckpoint(CheckpointPart::Tokenizer))
            }
            Self::TokenizerMissing { found: Some(_), .. } => Some(Remedy::ConvertTokenizer),
            Self::ShardIndex { .. } => Some(Remedy::SaveCheckpoint(CheckpointPart::Model)),
            Self::FileTooLarge { .. } | Self::Io { .. } => Some(Remedy::LookAtFile),
            Self::OtherTokenizer(error) => error.remedy(),
            Self::Config(_) => None,
        }
    }
}

/// The weight files; they are opened by the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WeightFiles {
    /// One `model.safetensors`, or all shards.
    Safetensors(Vec<PathBuf>),
    /// One `pytorch_model.bin`, or all shards.
    Pickles(Vec<PathBuf>),
    /// A safetensors file in memory.
    Builtin(&'static [u8]),
}

/// A model's files, found and named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The hub id, the last component of the directory, or [`BUILTIN_ID`].
    pub id: String,
    /// Where it came from.
    pub source: ModelSource,
    /// The commit that the revision resolved to.
    pub commit: Option<String>,
    /// The bytes of `config.json`.
    pub config: Vec<u8>,
    /// The tokenizer's files.
    pub tokenizer: TokenizerFiles,
    /// The weight files.
    pub weights: WeightFiles,
    /// What stands before the names of the encoder's tensors, where the user
    /// chooses one of several encoders.
    pub weights_prefix: Option<String>,
    /// What the user should be told about the source, in one sentence.
    pub notice: Option<String>,
    /// Where digests of large files are remembered, `None` for nowhere.
    pub digest_folder: Option<DigestFolder>,
    digests: Vec<digest::PendingDigest>,
}

impl Checkpoint {
    /// Id, source, commit, and the SHA-256 of every file that was used. Files
    /// whose hash the hub's cache does not know begin to be read for it.
    pub fn provenance(&self) -> PendingProvenance {
        PendingProvenance {
            id: self.id.clone(),
            source: self.source,
            commit: self.commit.clone(),
            weights_prefix: None,
            files: digest::Digests::start(self.digests.clone(), self.digest_folder.clone()),
        }
    }
}

/// Looks at the bytes of a `config.json` and says whether the rest is wanted.
pub type ConfigCheck = fn(&[u8]) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Which files of a checkpoint are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Parts {
    /// All that a model is made of.
    #[default]
    Whole,
    /// Config and tokenizer: [`Checkpoint::weights`] of them are
    /// [`WeightFiles::Safetensors`] of no file.
    WithoutWeights,
}

/// What [`load`] needs beside the source.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Hub, cache and token; by default what the process's environment says.
    pub hub: Option<HubEnvironment>,
    /// Asked before the weights are downloaded, so that a model of an
    /// unsupported family costs no time; by default every config is fine.
    pub check_config: ConfigCheck,
    /// Weights may be left where they are; by default they are not.
    pub parts: Parts,
    /// Where the tokenizer comes from, `None` for the model's own.
    pub tokenizer: Option<CheckpointSource>,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            hub: None,
            check_config: |_| Ok(()),
            parts: Parts::default(),
            tokenizer: None,
        }
    }
}

/// Finds a checkpoint's files, downloading them where that is needed.
///
/// # Errors
/// When a file is missing or cannot be had; see [`CheckpointError`].
pub fn load(
    source: &CheckpointSource,
    options: &LoadOptions,
    observer: Observer<'_>,
) -> Result<Checkpoint, CheckpointError> {
    let tokenizer = other_tokenizer(options, observer)
        .map_err(|error| CheckpointError::OtherTokenizer(Box::new(error)))?;
    match source {
        CheckpointSource::Builtin => Ok(builtin::checkpoint().with_tokenizer(tokenizer)),
        CheckpointSource::Directory(path) => load_directory(path, options, tokenizer),
        CheckpointSource::Hub { id, revision } => {
            load_hub(id, revision, options, tokenizer, observer)
        }
    }
}

/// The default model, or the built-in checkpoint where the hub cannot be
/// reached and its cache does not hold the default; then
/// [`Checkpoint::notice`] says so.
///
/// # Errors
/// When the hub can be reached and the model cannot be loaded.
pub fn load_default(
    revision: &str,
    options: &LoadOptions,
    observer: Observer<'_>,
) -> Result<Checkpoint, CheckpointError> {
    let tokenizer = other_tokenizer(options, observer)
        .map_err(|error| CheckpointError::OtherTokenizer(Box::new(error)))?;
    match load_hub(
        DEFAULT_MODEL_ID,
        revision,
        options,
        tokenizer.clone(),
        observer,
    ) {
        Err(CheckpointError::Hub(error)) if error.is_unreachable() => {
            let mut checkpoint = builtin::checkpoint().with_tokenizer(tokenizer);
            checkpoint.notice = Some(format!(
                "{DEFAULT_MODEL_ID} is not available ({error}); using the built-in {BUILTIN_ID} instead"
            ));
            Ok(checkpoint)
        }
        outcome => outcome,
    }
}

fn open(id: &str, revision: &str, options: &LoadOptions) -> Result<Repository, CheckpointError> {
    let environment = match &options.hub {
        Some(environment) => environment.clone(),
        None => HubEnvironment::from_process()?,
    };
    Ok(Repository::open(environment, id, revision)?)
}

fn load_directory(
    path: &Path,
    options: &LoadOptions,
    tokenizer: Option<OtherTokenizer>,
) -> Result<Checkpoint, CheckpointError> {
    folder::check_directory(path, true)?;
    let place = path.display().to_string();
    let found = files::collect(&place, options, tokenizer, &mut |name| {
        Ok(folder::in_directory(path, name))
    });
    let found = match found {
        Err(CheckpointError::FileMissing { expected, .. }) => {
            return Err(folder::explain(path, expected));
        }
        found => found?,
    };
    if let Some(error) = folder::adapter(path) {
        return Err(error);
    }
    // `.` and `..` have no last component until they are resolved.
    let resolved = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let id = resolved.file_name().map_or_else(
        || "checkpoint".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    Ok(found.into_checkpoint(id, ModelSource::Directory, None, None))
}

fn load_hub(
    id: &str,
    revision: &str,
    options: &LoadOptions,
    tokenizer: Option<OtherTokenizer>,
    observer: Observer<'_>,
) -> Result<Checkpoint, CheckpointError> {
    let mut repository = open(id, revision, options)?;
    let outcome = files::collect(id, options, tokenizer, &mut |name| {
        match files::must_be_there(name) {
            // Its absence is an error of the hub or the cache, which knows
            // more about the reason than this module.
            true => Ok(Some(repository.require(name, &mut *observer)?)),
            false => Ok(repository.fetch(name, &mut *observer)?),
        }
    });
    let found = match outcome {
        // The cache may hold a part of the model only, after a download that
        // did not finish; what is missing then says nothing about the model.
        Err(CheckpointError::FileMissing { expected, .. }) if repository.relies_on_cache() => {
            return Err(repository.missing(expected).into());
        }
        Err(CheckpointError::TokenizerMissing { .. }) if repository.relies_on_cache() => {
            return Err(repository.missing(tokenizer_files::VOCABULARIES).into());
        }
        Err(error @ (CheckpointError::FileMissing { .. } | CheckpointError::Hub(_))) => {
            return Err(explain_hub(id, &mut repository, error));
        }
        outcome => outcome?,
    };
    let commit = repository.commit().map(str::to_owned);
    let notice = repository
        .stand_in_reason()
        .map(|reason| format!("{reason}; using the copy of {id} in the local cache"));
    Ok(found.into_checkpoint(id.to_owned(), ModelSource::Hub, commit, notice))
}

/// The error of a repository that lacks a file, by what it has instead.
fn explain_hub(id: &str, repository: &mut Repository, error: CheckpointError) -> CheckpointError {
    let lacks_config = matches!(error, CheckpointError::Hub(HubError::FileMissing { .. }));
    let lacks_weights = matches!(
        error,
        CheckpointError::FileMissing {
            expected: files::WEIGHTS,
            ..
        }
    );
    if (lacks_config || lacks_weights) && repository.has(folder::ADAPTER_CONFIG) {
        return CheckpointError::Adapter {
            place: id.to_owned(),
            file: folder::ADAPTER_CONFIG.to_owned(),
            can_be_merged: true,
            is_beside_model: false,
        };
    }
    let foreign = || {
        let mut files = folder::FOREIGN_FILES.iter();
        files.find(|(name, _)| repository.has(name))
    };
    match lacks_weights.then(foreign).flatten() {
        Some(&(file, format)) => CheckpointError::ForeignWeights {
            place: id.to_owned(),
            file: file.to_owned(),
            format,
        },
        None => error,
    }
}
