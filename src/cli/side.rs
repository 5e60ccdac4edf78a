//! What a side of a comparison is: a model, or what attnviz or another program
//! has saved.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::model_name::ModelName;
use super::usage::UsageError;
use crate::remedy::Remedy;
use crate::store::MANIFEST;
use crate::store::diff::DiffManifest;
use crate::store::saved::{SavedRuns, is_saved_run, runs_below};
use crate::store::write::{beneath, files_of_scores};

/// A side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// It has to be asked.
    Model(ModelName),
    /// A run's folder, or a file of attention.
    Run(PathBuf),
    /// The folder of a batch, or one that several runs lie in.
    Runs(SavedRuns),
    /// The folder of `scores`.
    Scores(PathBuf),
}

/// A model's own file; where it is, the folder is a model's.
const CONFIG: &str = "config.json";
/// What files of attention end in.
const ATTENTION: [&str; 6] = ["safetensors", "npz", "npy", "json", "pt", "pth"];
/// What files of weights are called first.
const WEIGHTS: [&str; 2] = ["model", "pytorch_model"];

impl Side {
    /// What the name stands for: what is there on the disk, else a model.
    pub fn of(name: &ModelName) -> Self {
        let path = Path::new(name.name());
        if is_model(name) {
            return Self::Model(name.clone());
        }
        if path.is_file() {
            return Self::Run(path.to_owned());
        }
        if !path.is_dir() {
            return Self::Model(name.clone());
        }
        if !files_of_scores(path).is_empty() {
            return Self::Scores(path.to_owned());
        }
        if let Some(runs) = runs_below(path) {
            return Self::Runs(runs);
        }
        match is_saved_run(path) {
            true => Self::Run(path.to_owned()),
            false => Self::Model(name.clone()),
        }
    }

    /// What it is, for people.
    pub fn in_words(&self) -> &'static str {
        match self {
            Self::Model(_) => "a model",
            Self::Run(_) => "a run",
            Self::Runs(_) => "a folder of runs",
            Self::Scores(_) => "a folder of scores",
        }
    }
}

/// Whether the name stands for a model: the one in the binary, or a folder with one.
pub(super) fn is_model(name: &ModelName) -> bool {
    name.name() == "builtin" || Path::new(name.name()).join(CONFIG).is_file()
}

/// Whether it is the name of a file of attention that is not there.
pub(super) fn is_missing_file(name: &&ModelName) -> bool {
    let path = Path::new(name.name());
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ATTENTION.contains(&extension)) && !path.exists()
}

/// Refuses what looks like a side and is another thing that attnviz or a model has.
pub(super) fn check_side(name: &ModelName) -> Result<()> {
    let path = Path::new(name.name());
    let manifest = beneath::read(path, MANIFEST).ok();
    let is_comparison = manifest.is_some_and(|bytes| {
        let manifest: Result<DiffManifest, _> = serde_json::from_slice(&bytes);
        manifest.is_ok()
    });
    if is_comparison {
        return Err(UsageError::error(
            format!("{} is what diff has written, and no side", name.name()),
            Remedy::NameSidesOfOneKind,
        ));
    }
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let is_of_model = stem.is_some_and(|stem| WEIGHTS.iter().any(|name| stem.starts_with(name)));
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    match is_of_model && path.is_file() && folder.join(CONFIG).is_file() {
        false => Ok(()),
        true => Err(UsageError::error(
            format!(
                "{} holds the weights of a model, not attention",
                name.name()
            ),
            Remedy::NameModelFolder(folder.to_owned()),
        )),
    }
}
