//! Which files make a checkpoint, the same for a directory and for the hub.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::digest::PendingDigest;
use super::lookup::{Lookup, text};
use super::tokenizer_files::{self, TokenizerFiles};
use super::{Checkpoint, CheckpointError, ConfigCheck, ModelSource, OtherTokenizer, WeightFiles};

pub(super) const CONFIG: &str = "config.json";
pub(super) const SAFETENSORS: &str = "model.safetensors";
const SHARD_INDEX: &str = "model.safetensors.index.json";
const PICKLE: &str = "pytorch_model.bin";

/// The most files that a checkpoint may be split into.
const MAXIMUM_SHARD_COUNT: usize = 1_000;

/// A checkpoint's files, before it has a name.
pub(super) struct Found {
    config: Vec<u8>,
    tokenizer: TokenizerFiles,
    weights: WeightFiles,
    digests: Vec<PendingDigest>,
}

impl Found {
    pub(super) fn into_checkpoint(
        self,
        id: String,
        source: ModelSource,
        commit: Option<String>,
        notice: Option<String>,
    ) -> Checkpoint {
        let Self {
            config,
            tokenizer,
            weights,
            digests,
        } = self;
        Checkpoint {
            id,
            source,
            commit,
            config,
            tokenizer,
            weights,
            notice,
            digests,
        }
    }
}

/// Whether no checkpoint, or none that gets this far, can do without the file:
/// the config, and shards, whose names come from an index.
pub(super) fn must_be_there(name: &str) -> bool {
    name == CONFIG || (name != SAFETENSORS && name.ends_with(".safetensors"))
}

/// Asks for the files in the order in which they are needed; weights last,
/// after the config was looked at. Where another tokenizer is given, the
/// checkpoint need not have one.
pub(super) fn collect(
    place: &str,
    check_config: ConfigCheck,
    tokenizer: Option<OtherTokenizer>,
    lookup: Lookup<'_>,
) -> Result<Found, CheckpointError> {
    let missing = |expected| CheckpointError::FileMissing {
        place: place.to_owned(),
        expected,
    };
    let mut digests = Vec::new();
    let config = text(CONFIG, lookup, &mut digests)?.ok_or_else(|| missing(CONFIG))?;
    check_config(&config).map_err(CheckpointError::Config)?;
    let tokenizer = match tokenizer {
        None => tokenizer_files::collect(place, lookup, &mut digests)?,
        Some(other) => {
            digests.extend(other.digests);
            other.files
        }
    };
    let weights = weights(lookup, &mut digests)?.ok_or_else(|| {
        missing("model.safetensors, model.safetensors.index.json or pytorch_model.bin")
    })?;
    Ok(Found {
        config,
        tokenizer,
        weights,
        digests,
    })
}

fn weights(
    lookup: Lookup<'_>,
    digests: &mut Vec<PendingDigest>,
) -> Result<Option<WeightFiles>, CheckpointError> {
    if let Some(file) = lookup(SAFETENSORS)? {
        let path = file.path.clone();
        digests.push(PendingDigest::of_cached(SAFETENSORS, file));
        return Ok(Some(WeightFiles::Safetensors(vec![path])));
    }
    if let Some(index) = text(SHARD_INDEX, lookup, digests)? {
        let mut paths = Vec::new();
        for name in shard_names(&index)? {
            let file = lookup(&name)?.ok_or_else(|| {
                CheckpointError::ShardIndex(format!("names {name}, which is not there"))
            })?;
            paths.push(file.path.clone());
            digests.push(PendingDigest::of_cached(&name, file));
        }
        return Ok(Some(WeightFiles::Safetensors(paths)));
    }
    Ok(lookup(PICKLE)?.map(|file| {
        let path = file.path.clone();
        digests.push(PendingDigest::of_cached(PICKLE, file));
        WeightFiles::Pickle(path)
    }))
}

/// The shards that an index names, each once, in the order of their names.
fn shard_names(index: &[u8]) -> Result<BTreeSet<String>, CheckpointError> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: std::collections::BTreeMap<String, String>,
    }
    let index: Index = serde_json::from_slice(index)
        .map_err(|error| CheckpointError::ShardIndex(error.to_string()))?;
    let names: BTreeSet<String> = index.weight_map.into_values().collect();
    if names.is_empty() || names.len() > MAXIMUM_SHARD_COUNT {
        return Err(CheckpointError::ShardIndex(format!(
            "expected between 1 and {MAXIMUM_SHARD_COUNT} files, found {}",
            names.len()
        )));
    }
    // A name with a separator could lead out of the checkpoint.
    let plain = |name: &String| {
        name.ends_with(".safetensors")
            && Path::new(name)
                .file_name()
                .is_some_and(|last| last == name.as_str())
            && !name.contains(['\\', ':'])
    };
    match names.iter().find(|name| !plain(name)) {
        Some(name) => Err(CheckpointError::ShardIndex(format!(
            "expected names of safetensors files beside it, found {name:?}"
        ))),
        None => Ok(names),
    }
}
