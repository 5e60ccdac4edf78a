//! Which files make a checkpoint, the same for a directory and for the hub.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::digest::PendingDigest;
use super::file_kind::{PICKLE, SAFETENSORS};
use super::lookup::{CONFIG, Lookup, text};
use super::tokenizer_files::{self, TokenizerFiles};
use super::{
    Checkpoint, CheckpointError, LoadOptions, ModelSource, OtherTokenizer, Parts, WeightFiles,
};

pub(super) const SHARD_INDEX: &str = "model.safetensors.index.json";
pub(super) const PICKLE_INDEX: &str = "pytorch_model.bin.index.json";

/// One of them is enough; transformers looks for them in this order.
pub(super) const WEIGHTS: &str = "model.safetensors, pytorch_model.bin or an index of their shards (model.safetensors.index.json, pytorch_model.bin.index.json)";

/// The longest name of a shard, in bytes.
const MAXIMUM_NAME_LENGTH: usize = 255;

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
            weights_prefix: None,
            notice,
            digest_folder: None,
            digests,
        }
    }
}

/// Whether no checkpoint, or none that gets this far, can do without the file:
/// the config, and shards, whose names come from an index.
pub(super) fn must_be_there(name: &str) -> bool {
    let is_shard = |whole: &str, end: &str| name != whole && name.ends_with(end);
    name == CONFIG || is_shard(SAFETENSORS, ".safetensors") || is_shard(PICKLE, ".bin")
}

/// Asks for the files in the order in which they are needed; weights last,
/// after the config was looked at. Where another tokenizer is given, the
/// checkpoint need not have one.
pub(super) fn collect(
    place: &str,
    options: &LoadOptions,
    tokenizer: Option<OtherTokenizer>,
    lookup: Lookup<'_>,
) -> Result<Found, CheckpointError> {
    let missing = |expected| CheckpointError::FileMissing {
        place: place.to_owned(),
        expected,
    };
    let mut digests = Vec::new();
    let config = text(CONFIG, lookup, &mut digests)?.ok_or_else(|| missing(CONFIG))?;
    (options.check_config)(&config).map_err(CheckpointError::Config)?;
    let tokenizer = match tokenizer {
        None => tokenizer_files::collect(place, &config, lookup, &mut digests)?,
        Some(other) => {
            digests.extend(other.digests);
            other.files
        }
    };
    let weights = match options.parts {
        Parts::WithoutWeights => WeightFiles::Safetensors(Vec::new()),
        Parts::Whole => weights(lookup, &mut digests)?.ok_or_else(|| missing(WEIGHTS))?,
    };
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
    if let Some(paths) = shards(SHARD_INDEX, ".safetensors", lookup, digests)? {
        return Ok(Some(WeightFiles::Safetensors(paths)));
    }
    if let Some(file) = lookup(PICKLE)? {
        let path = file.path.clone();
        digests.push(PendingDigest::of_cached(PICKLE, file));
        return Ok(Some(WeightFiles::Pickles(vec![path])));
    }
    let paths = shards(PICKLE_INDEX, ".bin", lookup, digests)?;
    Ok(paths.map(WeightFiles::Pickles))
}

/// The files that an index names, `None` if there is no index.
fn shards(
    index: &'static str,
    end: &str,
    lookup: Lookup<'_>,
    digests: &mut Vec<PendingDigest>,
) -> Result<Option<Vec<PathBuf>>, CheckpointError> {
    let Some(json) = text(index, lookup, digests)? else {
        return Ok(None);
    };
    let mut paths = Vec::new();
    for name in shard_names(index, &json, end)? {
        let file = lookup(&name)?.ok_or_else(|| CheckpointError::ShardIndex {
            file: index,
            reason: format!("names {name}, which is not there"),
        })?;
        paths.push(file.path.clone());
        digests.push(PendingDigest::of_cached(&name, file));
    }
    Ok(Some(paths))
}

/// The shards that an index names, each once, in the order of their names.
fn shard_names(
    file: &'static str,
    json: &[u8],
    end: &str,
) -> Result<BTreeSet<String>, CheckpointError> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: std::collections::BTreeMap<String, String>,
    }
    let wrong = |reason: String| CheckpointError::ShardIndex { file, reason };
    let index: Index = serde_json::from_slice(json).map_err(|error| wrong(error.to_string()))?;
    let names: BTreeSet<String> = index.weight_map.into_values().collect();
    if names.is_empty() || names.len() > MAXIMUM_SHARD_COUNT {
        return Err(wrong(format!(
            "expected between 1 and {MAXIMUM_SHARD_COUNT} files, found {}",
            names.len()
        )));
    }
    // A name with a separator could lead out of the checkpoint.
    let plain = |name: &String| {
        name.len() <= MAXIMUM_NAME_LENGTH
            && name.ends_with(end)
            && Path::new(name)
                .file_name()
                .is_some_and(|last| last == name.as_str())
            && !name.contains(['\\', ':'])
    };
    match names.iter().find(|name| !plain(name)) {
        Some(name) => Err(wrong(format!(
            "expected names of {end} files beside it, found {:?}",
            name.chars().take(MAXIMUM_NAME_LENGTH).collect::<String>()
        ))),
        None => Ok(names),
    }
}
