//! What is in a folder that is not the checkpoint that was looked for: an
//! adapter, weights for another program, a model one folder further down.

use std::fs;
use std::path::{Path, PathBuf};

use super::CheckpointError;
use super::file_kind::{FileKind, PICKLE, SAFETENSORS};
use super::files::{PICKLE_INDEX, SHARD_INDEX};
use super::hub::CachedFile;
use super::lookup::CONFIG;
use crate::remedy::ForeignWeights;

/// How far down a model is looked for: the hub's cache has it three deep.
const MAXIMUM_DEPTH: usize = 3;

/// How many entries of folders are looked at.
const MAXIMUM_ENTRY_COUNT: usize = 4_096;

/// The config of a PEFT or AdapterHub adapter.
pub(super) const ADAPTER_CONFIG: &str = "adapter_config.json";

/// The files by which an adapter is known.
const ADAPTER_FILES: [&str; 4] = [
    ADAPTER_CONFIG,
    "adapter_model.safetensors",
    "adapter_model.bin",
    "pytorch_adapter.bin",
];

/// What `config.json` was called in 2018.
pub(super) const OLD_CONFIG: &str = "bert_config.json";

/// Weights for other programs, as they are called on the hub.
pub(super) const FOREIGN_FILES: [(&str, ForeignWeights); 6] = [
    ("tf_model.h5", ForeignWeights::TensorFlow),
    ("flax_model.msgpack", ForeignWeights::Flax),
    (
        "bert_model.ckpt.index",
        ForeignWeights::TensorFlowCheckpoint,
    ),
    ("model.ckpt.index", ForeignWeights::TensorFlowCheckpoint),
    ("model.onnx", ForeignWeights::Onnx),
    ("onnx/model.onnx", ForeignWeights::Onnx),
];

/// Files of PyTorch that are beside a model and none.
const NO_MODELS: [&str; 5] = [
    "training_args.bin",
    "optimizer.pt",
    "optimizer.bin",
    "scheduler.pt",
    "scaler.pt",
];

/// The error of a folder that holds an adapter, if it holds one.
pub(super) fn adapter(folder: &Path) -> Option<CheckpointError> {
    let file = ADAPTER_FILES
        .iter()
        .find(|name| folder.join(name).is_file())?;
    let is_beside_model = folder.join(CONFIG).is_file() && has_weights(folder);
    let config_path = folder.join(ADAPTER_CONFIG);
    let config = AdapterConfig::read(&config_path);
    Some(CheckpointError::Adapter {
        place: folder.display().to_string(),
        file: (*file).to_owned(),
        can_be_merged: match &config {
            Some(config) => config.can_be_merged(),
            None => !config_path.is_file() && !folder.join("pytorch_adapter.bin").is_file(),
        },
        task: config.and_then(|config| config.task_type),
        is_beside_model,
    })
}

/// The error of a folder in which `expected` was not found.
pub(super) fn explain(folder: &Path, expected: &'static str) -> CheckpointError {
    let place = folder.display().to_string();
    if let Some(error) = adapter(folder) {
        return error;
    }
    if let Some(error) = model_below(folder, expected) {
        return error;
    }
    if expected == CONFIG && folder.join(OLD_CONFIG).is_file() {
        return CheckpointError::OtherName {
            place,
            expected: CONFIG,
            found: folder.join(OLD_CONFIG),
        };
    }
    if !has_weights(folder)
        && let Some(error) = other_weights(folder, &place)
    {
        return error;
    }
    CheckpointError::FileMissing { place, expected }
}

/// The error of a folder that is no model and has one below.
pub(super) fn model_below(folder: &Path, expected: &'static str) -> Option<CheckpointError> {
    if has_weights(folder) {
        return None;
    }
    let mut models = models_below(folder);
    let found = models.pop()?;
    Some(CheckpointError::Subfolder {
        place: folder.display().to_string(),
        expected,
        others: models.len(),
        found,
    })
}

fn has_weights(folder: &Path) -> bool {
    [SAFETENSORS, SHARD_INDEX, PICKLE, PICKLE_INDEX]
        .iter()
        .any(|name| folder.join(name).is_file())
}

/// Weights of another name or for another program.
fn other_weights(folder: &Path, place: &str) -> Option<CheckpointError> {
    let foreign = |file: &str, format| CheckpointError::ForeignWeights {
        place: place.to_owned(),
        file: file.to_owned(),
        format,
    };
    let mut names: Vec<String> = entries(folder)
        .into_iter()
        .filter(|path| path.is_file())
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    for (start, end, index) in [
        ("model-", ".safetensors", SHARD_INDEX),
        ("pytorch_model-", ".bin", PICKLE_INDEX),
    ] {
        if let Some(shard) = names.iter().find(|name| is_shard(name, start, end)) {
            return Some(CheckpointError::IndexMissing {
                place: folder.to_owned(),
                index,
                shard: shard.clone(),
            });
        }
    }
    let kinds: Vec<(&String, FileKind)> = names
        .iter()
        .filter(|name| looks_like_weights(name))
        .filter_map(|name| Some((name, FileKind::of_file(&folder.join(name)).ok()?)))
        .collect();
    for (name, kind) in &kinds {
        let expected = match kind {
            FileKind::Safetensors => SAFETENSORS,
            FileKind::TorchZip | FileKind::TorchLegacy => PICKLE,
            FileKind::LfsPointer
            | FileKind::Empty
            | FileKind::Zeros
            | FileKind::WebPage
            | FileKind::Json
            | FileKind::TorchTar
            | FileKind::Pickle
            | FileKind::Gguf
            | FileKind::Onnx
            | FileKind::Hdf5
            | FileKind::Msgpack
            | FileKind::Numpy
            | FileKind::Compressed
            | FileKind::Unknown => continue,
        };
        return Some(CheckpointError::OtherName {
            place: place.to_owned(),
            expected,
            found: folder.join(name),
        });
    }
    let by_kind = kinds
        .iter()
        .find_map(|(name, kind)| Some(foreign(name, kind.foreign()?)));
    by_kind.or_else(|| {
        FOREIGN_FILES
            .iter()
            .find(|(name, _)| folder.join(name).is_file())
            .map(|&(name, format)| foreign(name, format))
    })
}

/// Whether a name is one such as `model-00001-of-00003.safetensors`.
fn is_shard(name: &str, start: &str, end: &str) -> bool {
    let numbers = || {
        name.strip_prefix(start)?
            .strip_suffix(end)?
            .split_once("-of-")
    };
    let is_number =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    numbers().is_some_and(|(number, count)| is_number(number) && is_number(count))
}

fn looks_like_weights(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ends = [
        ".safetensors",
        ".bin",
        ".pt",
        ".pth",
        ".ckpt",
        ".h5",
        ".msgpack",
        ".onnx",
        ".gguf",
    ];
    ends.iter().any(|end| name.ends_with(end))
        && !NO_MODELS.contains(&name.as_str())
        && !name.starts_with("rng_state")
        && !name.starts_with("adapter_")
}

/// Folders below this one that hold a config and weights, the one with the
/// greatest number (`checkpoint-1000`) or the last of its name at the end.
fn models_below(folder: &Path) -> Vec<PathBuf> {
    let mut models = Vec::new();
    let mut level = vec![folder.to_owned()];
    let mut left = MAXIMUM_ENTRY_COUNT;
    for _ in 0..MAXIMUM_DEPTH {
        let mut below = Vec::new();
        for entry in level.iter().flat_map(|folder| entries(folder)) {
            left = left.saturating_sub(1);
            if left == 0 || !entry.is_dir() {
                continue;
            }
            match entry.join(CONFIG).is_file() && has_weights(&entry) {
                true => models.push(entry),
                false => below.push(entry),
            }
        }
        level = below;
    }
    models.sort_by_key(|model| (number(model), model.clone()));
    models
}

/// The number at the end of a folder's name.
fn number(folder: &Path) -> Option<u64> {
    let name = folder.file_name()?.to_str()?;
    let digits = name.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    digits.parse().ok()
}

/// What is in a folder; nothing where it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .take(MAXIMUM_ENTRY_COUNT)
        .map(|entry| entry.path())
        .collect()
}

/// What the config of an adapter says of it.
#[derive(Debug, serde::Deserialize)]
pub(super) struct AdapterConfig {
    peft_type: Option<String>,
    /// What it was trained for, such as `SEQ_CLS`.
    pub(super) task_type: Option<String>,
}

impl AdapterConfig {
    /// The config in a file; `None` where it is none.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let is_small = fs::metadata(path).is_ok_and(|metadata| metadata.len() < 1 << 20);
        let bytes = is_small.then(|| fs::read(path).ok()).flatten()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Whether it adds to weights, so that it can be merged into them; prompts
    /// and bottlenecks, and all of AdapterHub's, cannot.
    pub(super) fn can_be_merged(&self) -> bool {
        self.peft_type.as_ref().is_some_and(|kind| {
            !kind.contains("PROMPT") && !kind.contains("PREFIX") && !kind.contains("P_TUNING")
        })
    }
}

/// A folder, of which nothing more is known; of a model, or of a tokenizer alone.
///
/// # Errors
/// When it is none.
pub(super) fn check_directory(path: &Path, is_of_model: bool) -> Result<(), CheckpointError> {
    if path.is_dir() {
        return Ok(());
    }
    let folder = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    };
    let is_file_of_model = path.is_file() && (!is_of_model || folder.join(CONFIG).is_file());
    Err(CheckpointError::NoDirectory {
        path: path.to_owned(),
        found: if path.exists() { "a file" } else { "nothing" },
        folder: is_file_of_model.then(|| folder.to_owned()),
    })
}

/// A file of a folder, `None` where it has none of this name.
///
/// # Errors
/// When it is a symbolic link to nothing: a copy of the hub's cache without
/// what its links name.
pub(super) fn in_directory(path: &Path, name: &str) -> Result<Option<CachedFile>, CheckpointError> {
    let path = path.join(name);
    if let Ok(target) = fs::read_link(&path)
        && !path.exists()
    {
        return Err(CheckpointError::BrokenLink { path, target });
    }
    Ok(path.is_file().then_some(CachedFile { path, sha256: None }))
}
