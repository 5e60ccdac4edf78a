//! Which files make a checkpoint, the same for a directory and for the hub.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::digest::PendingDigest;
use super::file_kind::ExpectedKind;
use super::hub::CachedFile;
use super::{Checkpoint, CheckpointError, ConfigCheck, ModelSource, TokenizerFiles, WeightFiles};

pub(super) const CONFIG: &str = "config.json";
pub(super) const TOKENIZER: &str = "tokenizer.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const VOCABULARY: &str = "vocab.txt";
pub(super) const SAFETENSORS: &str = "model.safetensors";
pub(super) const SHARD_INDEX: &str = "model.safetensors.index.json";
pub(super) const PICKLE: &str = "pytorch_model.bin";
pub(super) const PICKLE_INDEX: &str = "pytorch_model.bin.index.json";

/// One of them is enough; transformers looks for them in this order.
pub(super) const WEIGHTS: &str = "model.safetensors, pytorch_model.bin or an index of their shards (model.safetensors.index.json, pytorch_model.bin.index.json)";

/// The longest `config.json` that is read, in bytes; with names for ten
/// thousand classes it has one million.
const MAXIMUM_CONFIG_LENGTH: u64 = 16 << 20;

/// The largest text file that is read, in bytes. The largest vocabularies in
/// use are a tenth of it.
const MAXIMUM_TEXT_LENGTH: u64 = 256 << 20;

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

/// Asks for one file by name; `None` if the checkpoint does not have it.
pub(super) type Lookup<'a> = &'a mut dyn FnMut(&str) -> Result<Option<CachedFile>, CheckpointError>;

/// Asks for the files in the order in which they are needed; weights last,
/// after the config was looked at.
pub(super) fn collect(
    place: &str,
    check_config: ConfigCheck,
    lookup: Lookup<'_>,
) -> Result<Found, CheckpointError> {
    let missing = |expected| CheckpointError::FileMissing {
        place: place.to_owned(),
        expected,
    };
    let mut digests = Vec::new();
    let config = text(CONFIG, lookup, &mut digests)?.ok_or_else(|| missing(CONFIG))?;
    check_config(&config).map_err(CheckpointError::Config)?;
    let tokenizer = match text(TOKENIZER, lookup, &mut digests)? {
        Some(json) => TokenizerFiles::Json(json),
        None => TokenizerFiles::Vocabulary {
            vocabulary: text(VOCABULARY, lookup, &mut digests)?
                .ok_or_else(|| missing("tokenizer.json or vocab.txt"))?,
            config: text(TOKENIZER_CONFIG, lookup, &mut digests)?,
        },
    };
    let weights = weights(lookup, &mut digests)?.ok_or_else(|| missing(WEIGHTS))?;
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

/// The bytes of a text file, and its digest.
fn text(
    name: &str,
    lookup: Lookup<'_>,
    digests: &mut Vec<PendingDigest>,
) -> Result<Option<Vec<u8>>, CheckpointError> {
    let Some(file) = lookup(name)? else {
        return Ok(None);
    };
    let io = |source| CheckpointError::Io {
        path: file.path.clone(),
        source,
    };
    let found = fs::metadata(&file.path).map_err(io)?.len();
    let maximum = match name {
        CONFIG => MAXIMUM_CONFIG_LENGTH,
        _ => MAXIMUM_TEXT_LENGTH,
    };
    if found > maximum {
        let file = name.to_owned();
        return Err(CheckpointError::FileTooLarge {
            file,
            maximum,
            found,
        });
    }
    let bytes = fs::read(&file.path).map_err(io)?;
    let is_json = name.ends_with(".json");
    let expected = match is_json {
        true => ExpectedKind::Json,
        false => ExpectedKind::Text,
    };
    expected.check(&file.path, &bytes)?;
    if is_json && ends_in_the_middle(&bytes) {
        return Err(CheckpointError::Incomplete { path: file.path });
    }
    digests.push(PendingDigest::of_bytes(name, &bytes));
    Ok(Some(bytes))
}

/// Whether a JSON object has no end. One that is cut behind an inner object is
/// left to who reads it: looking through every brace takes too long.
fn ends_in_the_middle(json: &[u8]) -> bool {
    let json = json.trim_ascii();
    json.starts_with(b"{") && !json.ends_with(b"}")
}
