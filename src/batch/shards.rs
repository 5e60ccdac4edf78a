//! The folders that a merge is given, and whether they fit together.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::remedy::{FolderKind, Remedy, Setting};
use crate::render::page::many::MOST_INPUTS;
use crate::store::MANIFEST;
use crate::store::batch_records::{BatchManifest, Shard};
use crate::store::write::batch_folder::{self, BatchFolderError};
use crate::store::write::{WriteError, beneath, is_running};

/// Why folders were not merged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MergeError {
    /// Something could not be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system or the parser said.
        source: io::Error,
    },
    /// Something could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A folder's manifest is none of a batch.
    #[error("{} is not the manifest of a batch: {reason}", path.display())]
    NoBatch {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A batch is at work there.
    #[error("a batch is writing into {}", folder.display())]
    Running {
        /// The folder.
        folder: PathBuf,
    },
    /// A batch was interrupted, or stopped early.
    #[error("the batch in {} is not complete", folder.display())]
    Unfinished {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder holds a whole batch.
    #[error("{} is not a shard: it holds a whole batch", folder.display())]
    NoShard {
        /// The folder.
        folder: PathBuf,
    },
    /// Two folders were not made in the same way.
    #[error("{} and {} differ in {what}", first.display(), second.display())]
    Differ {
        /// A folder.
        first: PathBuf,
        /// Another.
        second: PathBuf,
        /// What is not the same.
        what: &'static str,
    },
    /// Two folders hold the same shard.
    #[error("shard {shard} is both in {} and in {}", first.display(), second.display())]
    Twice {
        /// The shard.
        shard: Shard,
        /// A folder.
        first: PathBuf,
        /// Another.
        second: PathBuf,
    },
    /// Shards are not there.
    #[error("of {count} shards {missing} missing")]
    ShardsMissing {
        /// How many there should be.
        count: u32,
        /// Which are not there, with the verb.
        missing: String,
    },
    /// Results of two input files with one name cannot be put in order.
    #[error("two input files are both called {name:?}, so that their order cannot be told")]
    SameName {
        /// The name.
        name: String,
    },
    /// A record or manifest names something outside its folder, or an input
    /// file that the manifest lacks.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The output would overwrite what it is made from.
    #[error("{} is one of the folders to merge, or within one, or has one", folder.display())]
    OutputIsInput {
        /// The folder.
        folder: PathBuf,
    },
    /// The output cannot be used.
    #[error(transparent)]
    Output(#[from] BatchFolderError),
    /// All shards together have more inputs than one page has room for.
    #[error("expected at most {MOST_INPUTS} inputs for one page, found {found} in all shards")]
    TooManyForOnePage {
        /// How many there are.
        found: u64,
    },
    /// There was nothing to merge.
    #[error("expected at least one folder to merge")]
    Nothing,
}

impl MergeError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Write(error) => return error.remedy(),
            Self::Unfinished { folder } => Remedy::ResumeIn(folder.clone()),
            Self::ShardsMissing { .. } | Self::Twice { .. } | Self::Nothing => {
                Remedy::NameEveryShard
            }
            Self::Differ { .. } | Self::Damaged { .. } => Remedy::RunShardAgain,
            Self::Running { .. } => Remedy::WaitForBatch,
            Self::TooManyForOnePage { .. } => Remedy::RunShardsWithout(Setting::SingleFile),
            Self::OutputIsInput { .. } => Remedy::NameFolder(FolderKind::New),
            Self::Output(error) => match error.remedy()? {
                // A merge has nothing to go on with.
                Remedy::NameFolderOrResume => Remedy::NameFolder(FolderKind::OtherOrOverwrite),
                remedy => remedy,
            },
            Self::SameName { .. } => Remedy::RenameInputFiles,
            Self::Read { .. } | Self::NoBatch { .. } | Self::NoShard { .. } => Remedy::NameShards,
        })
    }
}

/// One of the folders.
#[derive(Debug)]
pub(super) struct ShardFolder {
    pub(super) path: PathBuf,
    pub(super) manifest: BatchManifest,
}

/// The manifest of a finished batch.
fn read_manifest(folder: &Path) -> Result<BatchManifest, MergeError> {
    if is_running(folder) {
        let folder = folder.to_owned();
        return Err(MergeError::Running { folder });
    }
    if fs::symlink_metadata(folder.join(batch_folder::STATE)).is_ok() {
        let folder = folder.to_owned();
        return Err(MergeError::Unfinished { folder });
    }
    let path = folder.join(MANIFEST);
    let bytes = beneath::read(folder, MANIFEST).map_err(|source| MergeError::Read {
        path: path.clone(),
        source,
    })?;
    serde_json::from_slice(&bytes).map_err(|error| MergeError::NoBatch {
        path,
        reason: error.to_string(),
    })
}

/// All shards of one batch, by their number.
pub(super) fn open_all(folders: &[PathBuf]) -> Result<Vec<ShardFolder>, MergeError> {
    let mut shards: Vec<(Shard, ShardFolder)> = Vec::new();
    for path in folders {
        let manifest = read_manifest(path)?;
        let path = path.clone();
        if !manifest.complete {
            return Err(MergeError::Unfinished { folder: path });
        }
        let Some(shard) = manifest.shard else {
            return Err(MergeError::NoShard { folder: path });
        };
        if let Some((_, first)) = shards.first()
            && let Some(what) = mismatch(&first.manifest, &manifest)
        {
            let first = first.path.clone();
            let second = path;
            return Err(MergeError::Differ {
                first,
                second,
                what,
            });
        }
        if let Some((_, first)) = shards.iter().find(|(other, _)| *other == shard) {
            let first = first.path.clone();
            let second = path;
            return Err(MergeError::Twice {
                shard,
                first,
                second,
            });
        }
        shards.push((shard, ShardFolder { path, manifest }));
    }
    check_whole(&shards)?;
    shards.sort_by_key(|(shard, _)| shard.index);
    Ok(shards.into_iter().map(|(_, folder)| folder).collect())
}

/// What two shards of one batch must have in common, and these do not.
fn mismatch(first: &BatchManifest, second: &BatchManifest) -> Option<&'static str> {
    let count = |manifest: &BatchManifest| manifest.shard.map(|shard| shard.count);
    let versions = |manifest: &BatchManifest| {
        (
            manifest.batch_schema_version,
            manifest.attnviz_version.clone(),
        )
    };
    let checks = [
        (
            versions(first) == versions(second),
            "their version of attnviz",
        ),
        (first.kind == second.kind, "what they were made into"),
        (first.model == second.model, "their model"),
        (first.layers == second.layers, "--layers"),
        (first.heads == second.heads, "--heads"),
        (first.options == second.options, "their options"),
        (first.truncate == second.truncate, "--truncate"),
        (first.input_files == second.input_files, "their input files"),
        (first.single_file == second.single_file, "--single-file"),
        (first.reading == second.reading, "how their files are read"),
        (count(first) == count(second), "their number of shards"),
    ];
    let different = checks.into_iter().find(|(is_same, _)| !is_same);
    different.map(|(_, what)| what)
}

fn check_whole(shards: &[(Shard, ShardFolder)]) -> Result<(), MergeError> {
    let Some((Shard { count, .. }, _)) = shards.first() else {
        return Err(MergeError::Nothing);
    };
    let is_there = |index: &u32| shards.iter().any(|(shard, _)| shard.index == *index);
    // A count from outside may be huge: no more are named than can be read.
    let missing: Vec<String> = (1..=*count)
        .filter(|index| !is_there(index))
        .take(9)
        .map(|index| index.to_string())
        .collect();
    let missing = match missing.as_slice() {
        [] => return Ok(()),
        [one] => format!("{one} is"),
        [some @ .., _] if missing.len() == 9 => format!("{} and more are", some.join(", ")),
        [some @ .., last] => format!("{} and {last} are", some.join(", ")),
    };
    Err(MergeError::ShardsMissing {
        count: *count,
        missing,
    })
}

/// Whether a batch that is merged out of `folders` may go there: the merged
/// batch has its folder alone, and no shard is one of its files.
pub(super) fn check_output(output: &Path, folders: &[PathBuf]) -> Result<(), MergeError> {
    let real = fs::canonicalize(output);
    let nearest = nearest_folder(output);
    let is_tangled = |shard: &PathBuf| {
        fs::canonicalize(shard).is_ok_and(|shard| {
            let has = |real: &PathBuf| shard.starts_with(real);
            let is_in = |real: &PathBuf| real.starts_with(&shard);
            real.as_ref().is_ok_and(has) || nearest.as_ref().is_some_and(is_in)
        })
    };
    let folder = output.to_owned();
    match folders.iter().any(is_tangled) {
        true => Err(MergeError::OutputIsInput { folder }),
        false => Ok(()),
    }
}

/// The place of the lowest folder on the way to one that is there.
fn nearest_folder(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let mut ancestors = path.ancestors();
    ancestors.find_map(|path| fs::canonicalize(path).ok())
}
