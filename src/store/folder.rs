//! Which folder a run goes into: named after its input, and never one that
//! holds something else. One input and one model own a folder; every command
//! on the two adds its files or replaces those of the same name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use thiserror::Error;

use super::batch_records::{INPUTS, THUMBNAILS};
use super::saved::{self, SavedNumbers};
use super::write::{Change, PlaceLock, WriteError, beneath};
use super::{
    FileRecord, MANIFEST, Manifest, OptionsRecord, SerializeError, manifest_json, read_manifest,
};
use crate::checkpoint::{DigestError, ModelProvenance};
use crate::digest;
use crate::remedy::{FolderKind, Remedy};
use crate::run::Run;

/// The longest folder name, in characters, before a hash is added.
const MAXIMUM_NAME_LENGTH: usize = 60;

/// The longest readable part of a name that has a hash behind it, in bytes: a
/// file system takes 255 for the whole, an ending included.
const MAXIMUM_STEM_LENGTH: usize = 200;

/// Names that Windows keeps for devices, whatever follows a dot.
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];

/// Windows has such a device for every number, superscript ones included.
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

/// Folders of a batch, which is written below the same folder as runs are.
const BATCH_FOLDERS: [&str; 2] = [INPUTS, THUMBNAILS];

/// There is no folder for a run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FolderError {
    /// It belongs to somebody else.
    #[error("{} is there already and is not a run of this input and model", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// It belongs to somebody else, who is to have it as it is.
    #[error("{} is there already and is not this comparison, but of other sides or of another text, or none", path.display())]
    TakenFromDiff {
        /// The folder.
        path: PathBuf,
    },
    /// A file of the model could not be read, so that nobody knows which model
    /// it is.
    #[error(transparent)]
    Digest(#[from] DigestError),
}

impl FolderError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Taken { .. } | Self::TakenFromDiff { .. } => {
                Some(Remedy::NameFolder(FolderKind::OtherOrOverwrite))
            }
            Self::Digest(error) => error.remedy(),
        }
    }
}

/// What is at the place of a run's folder.
enum Occupant {
    /// Nothing.
    Nobody,
    /// A run.
    Run(Box<Manifest>),
    /// A folder without the manifest of a run.
    Folder,
    /// What is no folder, or a link to one.
    Other,
}

impl Occupant {
    fn of(path: &Path) -> Self {
        match fs::symlink_metadata(path) {
            // Whatever else is wrong with the place, it is told when the
            // folder is made.
            Err(_) => return Self::Nobody,
            Ok(metadata) if !metadata.is_dir() => return Self::Other,
            Ok(_) => {}
        }
        let bytes = beneath::read(path, MANIFEST);
        match bytes.map(|bytes| read_manifest(&bytes)) {
            Ok(Ok(manifest)) => Self::Run(Box::new(manifest)),
            Ok(Err(_)) | Err(_) => Self::Folder,
        }
    }
}

/// Whether a run's folder belongs to the same input and the same model. Two
/// versions of a checkpoint in one directory are two models.
fn is_of(manifest: &Manifest, run: &Run, model: &ModelProvenance) -> bool {
    manifest.input == run.input && manifest.model == *model
}

/// The folder for a run, and what is in it already.
#[derive(Debug, Clone, PartialEq)]
pub struct Destination {
    /// The folder.
    pub path: PathBuf,
    earlier: Earlier,
}

#[derive(Debug, Clone, PartialEq)]
enum Earlier {
    Nothing,
    /// A run of the same input and model.
    Own(Box<Manifest>),
    /// What is to be overwritten: the files that its manifest lists, if it has
    /// one.
    Foreign(Vec<FileRecord>),
}

/// The folder for a run below `root`: named after the input; where that is
/// taken by something else, a hash of input and model is added. With
/// `overwrite` a folder of the name is taken whosever it is.
///
/// The model's files are waited for only where a folder of the name is there:
/// else nobody asks which model it is.
///
/// # Errors
/// When both folders are taken, or a file of the model cannot be read.
pub fn choose(root: &Path, run: &Run, overwrite: bool) -> Result<Destination, FolderError> {
    let name = folder_name(&run.input.captions());
    let path = root.join(&name);
    let occupant = Occupant::of(&path);
    if let Occupant::Nobody = occupant {
        let earlier = Earlier::Nothing;
        return Ok(Destination { path, earlier });
    }
    let model = run.model.wait()?;
    if let Some(earlier) = usable(occupant, run, &model, overwrite) {
        return Ok(Destination { path, earlier });
    }
    let path = root.join(owned_name(&name, run, &model));
    match usable(Occupant::of(&path), run, &model, overwrite) {
        Some(earlier) => Ok(Destination { path, earlier }),
        None => Err(FolderError::Taken { path }),
    }
}

/// The folder of a given name below `root` for a run, whatever its input.
///
/// # Errors
/// When it is taken by something else, or a file of the model cannot be read.
pub fn named(
    root: &Path,
    name: &str,
    run: &Run,
    overwrite: bool,
) -> Result<Destination, FolderError> {
    let path = root.join(name);
    let model = run.model.wait()?;
    match usable(Occupant::of(&path), run, &model, overwrite) {
        Some(earlier) => Ok(Destination { path, earlier }),
        None => Err(FolderError::Taken { path }),
    }
}

/// Waits until no other command puts something there that has this name below
/// `root`.
///
/// # Errors
/// As [`lock`].
pub fn lock_name(root: &Path, name: &str) -> Result<PlaceLock, WriteError> {
    PlaceLock::wait(root, &short_hash(name.as_bytes()))
}

/// Waits until no other command looks for the folder of this input below
/// `root`, or puts something there.
///
/// # Errors
/// When no file can be made in `root`, which has to be there.
pub fn lock(root: &Path, run: &Run) -> Result<PlaceLock, WriteError> {
    let name = folder_name(&run.input.captions());
    // With the name itself the lock's could be too long.
    PlaceLock::wait(root, &short_hash(name.as_bytes()))
}

/// What is there, if the run may have the place.
fn usable(
    occupant: Occupant,
    run: &Run,
    model: &ModelProvenance,
    overwrite: bool,
) -> Option<Earlier> {
    match occupant {
        Occupant::Nobody => Some(Earlier::Nothing),
        Occupant::Run(manifest) if is_of(&manifest, run, model) => Some(Earlier::Own(manifest)),
        Occupant::Run(manifest) if overwrite => Some(Earlier::Foreign(manifest.files)),
        Occupant::Folder if overwrite => Some(Earlier::Foreign(Vec::new())),
        Occupant::Run(_) | Occupant::Folder | Occupant::Other => None,
    }
}

impl Destination {
    /// The files of earlier commands that stay, as their manifest lists them:
    /// those that are not written again and hold what they held.
    pub fn kept_files(&self, written: &[FileRecord]) -> Vec<FileRecord> {
        let Earlier::Own(earlier) = &self.earlier else {
            return Vec::new();
        };
        let written: BTreeSet<&str> = written.iter().map(|file| file.name.as_str()).collect();
        let others = earlier.files.par_iter();
        others
            .filter(|file| !written.contains(file.name.as_str()) && file.name != MANIFEST)
            .filter(|file| beneath::is_as_listed(&self.path, &file.name, &file.sha256))
            .cloned()
            .collect()
    }

    /// What a file of numbers of an earlier command holds and the options that
    /// made it, `None` where there is none that is still what it was.
    pub fn earlier_numbers(&self, name: &str) -> Option<(SavedNumbers, OptionsRecord)> {
        let Earlier::Own(earlier) = &self.earlier else {
            return None;
        };
        let file = earlier.files.iter().find(|file| file.name == name)?;
        let is_there = beneath::is_as_listed(&self.path, name, &file.sha256);
        let numbers = is_there.then(|| saved::numbers(&self.path.join(name)).ok())?;
        Some((numbers?, file.options.clone()))
    }

    /// What becomes of the files that are there, apart from those that are
    /// written again; `None` where nothing is. The folder has a manifest all
    /// the time, and what that lists is there. `manifest` is that of the run,
    /// `kept` is what [`Destination::kept_files`] found.
    ///
    /// # Errors
    /// As [`manifest_json`].
    pub fn change(
        &self,
        manifest: &Manifest,
        kept: &[FileRecord],
    ) -> Result<Option<Change>, SerializeError> {
        let (interim, outdated) = match &self.earlier {
            Earlier::Nothing => return Ok(None),
            Earlier::Own(earlier) if earlier.files.len() == kept.len() => {
                return Ok(Some(Change::default()));
            }
            Earlier::Own(earlier) => (earlier.as_ref(), Vec::new()),
            Earlier::Foreign(files) => {
                // What somebody has changed since is somebody's.
                let as_listed = files
                    .par_iter()
                    .filter(|file| beneath::is_as_listed(&self.path, &file.name, &file.sha256));
                let names = as_listed.map(|file| PathBuf::from(&file.name));
                (manifest, names.collect())
            }
        };
        let interim = Manifest {
            files: kept.to_vec(),
            ..interim.clone()
        };
        Ok(Some(Change {
            interim_manifest: Some(manifest_json(&interim)?),
            outdated,
        }))
    }
}

/// Lower-case letters and digits of any script, everything else one `-`, cut
/// at 60 characters; never empty, never a name with a meaning of its own.
pub fn folder_name(texts: &[&str]) -> String {
    let mut name = String::new();
    let mut length = 0;
    let letters = texts
        .iter()
        .flat_map(|text| text.chars().chain(" ".chars()));
    for letter in letters.flat_map(char::to_lowercase) {
        let letter = if letter.is_alphanumeric() {
            letter
        } else {
            '-'
        };
        if letter == '-' && (name.is_empty() || name.ends_with('-')) {
            continue;
        }
        if length == MAXIMUM_NAME_LENGTH {
            break;
        }
        name.push(letter);
        length += 1;
    }
    match name.trim_end_matches('-') {
        "" => "input".to_owned(),
        name if has_meaning(name) => format!("{name}-input"),
        name => name.to_owned(),
    }
}

/// Whether a system or a batch has a use of its own for a name. In upper case,
/// since some file systems take letters for the same that differ in case alone,
/// as `ſ` and `s` do.
fn has_meaning(name: &str) -> bool {
    let name = name.to_uppercase();
    let is_numbered_device = NUMBERED_DEVICES.iter().any(|device| {
        let mut number = name.strip_prefix(device).unwrap_or_default().chars();
        let is_number = |letter: char| letter.is_ascii_digit() || "¹²³".contains(letter);
        number.next().is_some_and(is_number) && number.next().is_none()
    });
    is_numbered_device
        || DEVICES.contains(&name.as_str())
        || BATCH_FOLDERS
            .iter()
            .any(|folder| folder.to_uppercase() == name)
}

/// A safe file name, without extension, for any text. A text that is such a
/// name is its own; any other gets a readable part of it and a hash, so that
/// texts that differ in case or in what a name cannot hold never meet.
pub fn file_stem(text: &str) -> String {
    let name = folder_name(&[text]);
    if name == text && text.is_ascii() {
        return name;
    }
    with_hash(&name, text.as_bytes())
}

/// Tells inputs of the same name apart, and models of the same input.
fn owned_name(name: &str, run: &Run, model: &ModelProvenance) -> String {
    // JSON, so that no two owners are written alike. None of it gives
    // serde_json a reason to refuse.
    let owner = (&run.input, model);
    with_hash(name, &serde_json::to_vec(&owner).unwrap_or_default())
}

/// A name and what tells it from others of that name.
fn with_hash(name: &str, bytes: &[u8]) -> String {
    let mut lengths = (0..=MAXIMUM_STEM_LENGTH).rev();
    let stem = lengths.find_map(|length| name.get(..length));
    let stem = stem.filter(|_| name.len() > MAXIMUM_STEM_LENGTH);
    let stem = stem.unwrap_or(name).trim_end_matches('-');
    format!("{stem}-{}", short_hash(bytes))
}

/// Sixteen hexadecimal digits: of a billion names, two are alike once in forty
/// times that somebody makes as many.
fn short_hash(bytes: &[u8]) -> String {
    let mut digits = digest::sha256(bytes);
    digits.truncate(16);
    digits
}
