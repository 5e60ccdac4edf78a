//! Where a model's files come from: the hub, a directory, or the binary
//! itself. What comes out is a [`Checkpoint`]: bytes and paths, not yet looked
//! into beyond what is needed to find them.

mod builtin;
mod digest;
mod error;
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

pub use builtin::BUILTIN_ID;
pub use digest::DigestError;
pub use error::CheckpointError;
pub use file_digest::FileDigest;
pub use file_kind::{ExpectedKind, FileKind, WrongKindError, is_lfs_pointer};
pub use provenance::{LabelFiles, ModelProvenance, ModelSource, PendingProvenance};
pub use python_json::{Json, Members};
pub use remembered::DigestFolder;
pub use tokenizer_files::{TokenizerFiles, VocabularyFile};

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
            backend: None,
            label_files: LabelFiles::default(),
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
        folder::in_directory(path, name)
    });
    let found = match found {
        Err(CheckpointError::FileMissing { expected, .. }) => {
            return Err(folder::explain(path, expected));
        }
        // Early sentence-transformers have a config of their own at the top.
        Err(error @ CheckpointError::Config(_)) => {
            return Err(folder::model_below(path, "a model").unwrap_or(error));
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
            return Err(repository.missing(error::VOCABULARIES).into());
        }
        Err(error @ (CheckpointError::FileMissing { .. } | CheckpointError::Hub(_))) => {
            return Err(explain_hub(id, &mut repository, error, observer));
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
fn explain_hub(
    id: &str,
    repository: &mut Repository,
    error: CheckpointError,
    observer: Observer<'_>,
) -> CheckpointError {
    let lacks_config = matches!(error, CheckpointError::Hub(HubError::FileMissing { .. }));
    let lacks_weights = matches!(
        error,
        CheckpointError::FileMissing {
            expected: files::WEIGHTS,
            ..
        }
    );
    if (lacks_config || lacks_weights) && repository.has(folder::ADAPTER_CONFIG) {
        let config = repository.fetch(folder::ADAPTER_CONFIG, observer);
        let config = config.ok().flatten().map(|file| file.path);
        let config = config.and_then(|path| folder::AdapterConfig::read(&path));
        return CheckpointError::Adapter {
            place: id.to_owned(),
            file: folder::ADAPTER_CONFIG.to_owned(),
            can_be_merged: config
                .as_ref()
                .is_none_or(folder::AdapterConfig::can_be_merged),
            task: config.and_then(|config| config.task_type),
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
