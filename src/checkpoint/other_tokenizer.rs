//! A tokenizer from another place than the model.

use super::digest::PendingDigest;
use super::folder::{check_directory, in_directory};
use super::hub::Observer;
use super::lookup::{CONFIG, Lookup, text};
use super::tokenizer_files::{self, TOKENIZER, TokenizerFiles};
use super::{Checkpoint, CheckpointError, CheckpointSource, LoadOptions, builtin, open};

/// A tokenizer that takes the place of the model's own.
#[derive(Debug, Clone)]
pub(super) struct OtherTokenizer {
    pub(super) files: TokenizerFiles,
    pub(super) digests: Vec<PendingDigest>,
}

impl Checkpoint {
    pub(super) fn with_tokenizer(mut self, tokenizer: Option<OtherTokenizer>) -> Self {
        if let Some(other) = tokenizer {
            self.tokenizer = other.files;
            self.digests.retain(|digest| digest.name() != TOKENIZER);
            self.digests.extend(other.digests);
        }
        self
    }
}

/// The tokenizer that the options name, `None` where they name none.
pub(super) fn other_tokenizer(
    options: &LoadOptions,
    observer: Observer<'_>,
) -> Result<Option<OtherTokenizer>, CheckpointError> {
    let Some(source) = &options.tokenizer else {
        return Ok(None);
    };
    let mut digests = Vec::new();
    // The config says no more than the tokenizer's class, and is not the
    // model's: its digest would stand for it.
    let mut of_lookup = |place: &str, lookup: Lookup<'_>| {
        let model_config = text(CONFIG, lookup, &mut Vec::new())?;
        let config = model_config.as_deref().unwrap_or_default();
        let files = tokenizer_files::collect(place, config, lookup, &mut digests)?;
        Ok::<_, CheckpointError>(TokenizerFiles {
            model_config,
            ..files
        })
    };
    let files = match source {
        CheckpointSource::Builtin => {
            let builtin = builtin::checkpoint();
            digests = builtin.digests;
            digests.retain(|digest| digest.name() == TOKENIZER);
            TokenizerFiles {
                model_config: Some(builtin.config),
                ..builtin.tokenizer
            }
        }
        CheckpointSource::Directory(path) => {
            check_directory(path, false)?;
            of_lookup(&path.display().to_string(), &mut |name| {
                Ok(in_directory(path, name))
            })?
        }
        CheckpointSource::Hub { id, revision } => {
            let mut repository = open(id, revision, options)?;
            let found = of_lookup(id, &mut |name| Ok(repository.fetch(name, &mut *observer)?));
            match found {
                Err(CheckpointError::TokenizerMissing { .. }) if repository.relies_on_cache() => {
                    return Err(repository.missing(TOKENIZER).into());
                }
                found => found?,
            }
        }
    };
    Ok(Some(OtherTokenizer { files, digests }))
}
