//! Which folder a run goes into: named after its text, and never one that
//! holds something else.

use std::fs;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{MANIFEST, Manifest};
use crate::checkpoint::FileDigest;
use crate::digest::hexadecimal;
use crate::remedy::{FolderKind, Remedy};
use crate::run::Run;

/// The longest folder name, in characters, before a hash is added.
const MAXIMUM_NAME_LENGTH: usize = 60;

/// Names that Windows keeps for devices, whatever follows a dot.
const RESERVED_NAMES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// There is no free folder for a run.
#[derive(Debug, Error)]
#[error("{} is there already and is not a run of this input", path.display())]
pub struct FolderError {
    /// The folder that is taken.
    pub path: PathBuf,
}

impl FolderError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::NameFolder(FolderKind::Other))
    }
}

/// A folder that is free, or holds an earlier run of the same input.
#[derive(Debug, Clone, PartialEq)]
pub struct Destination {
    /// The folder.
    pub path: PathBuf,
    earlier: Option<Manifest>,
}

impl Destination {
    /// A file of the earlier run, as its manifest lists it.
    pub fn earlier_file(&self, name: &str) -> Option<FileDigest> {
        let mut files = self.earlier.iter().flat_map(|manifest| &manifest.files);
        files.find(|file| file.name == name).cloned()
    }

    /// Files of the earlier run, relative to the folder. A name that leads
    /// out of the folder, as in a manifest that somebody edited, is left out.
    pub fn outdated_files(&self) -> Vec<PathBuf> {
        let files = self.earlier.iter().flat_map(|manifest| &manifest.files);
        files
            .map(|file| PathBuf::from(&file.name))
            .filter(|path| {
                path.components()
                    .all(|part| matches!(part, Component::Normal(_)))
            })
            .collect()
    }
}

/// The folder for a run below `root`. Where the name is taken by something
/// else, a hash of the input is added.
///
/// # Errors
/// When that one is taken as well.
pub fn choose(root: &Path, run: &Run) -> Result<Destination, FolderError> {
    let (text, pair) = (run.input.text.as_str(), run.input.pair.as_deref());
    let name = folder_name(text, pair);
    if let Some(destination) = usable(root.join(&name), text, pair) {
        return Ok(destination);
    }
    let path = root.join(format!("{name}-{}", input_hash(text, pair)));
    usable(path.clone(), text, pair).ok_or(FolderError { path })
}

/// The folder, if nothing is there or an earlier run of the same input.
fn usable(path: PathBuf, text: &str, pair: Option<&str>) -> Option<Destination> {
    if fs::symlink_metadata(&path).is_err() {
        return Some(Destination {
            path,
            earlier: None,
        });
    }
    let manifest = fs::read(path.join(MANIFEST)).ok()?;
    let manifest: Manifest = serde_json::from_slice(&manifest).ok()?;
    let same = manifest.text == text && manifest.pair.as_deref() == pair;
    same.then_some(Destination {
        path,
        earlier: Some(manifest),
    })
}

/// Lower-case letters and digits of any script, everything else one `-`, cut
/// at 60 characters; never empty, never a name with a meaning of its own.
pub fn folder_name(text: &str, pair: Option<&str>) -> String {
    let mut name = String::new();
    let mut length = 0;
    let letters = text
        .chars()
        .chain(" ".chars())
        .chain(pair.unwrap_or_default().chars());
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
    let name = name.trim_end_matches('-');
    let is_port = name.len() == 4
        && (name.starts_with("com") || name.starts_with("lpt"))
        && name.ends_with(|last: char| last.is_ascii_digit());
    match name {
        "" => "input".to_owned(),
        name if is_port || RESERVED_NAMES.contains(&name) => format!("{name}-input"),
        name => name.to_owned(),
    }
}

/// A safe file name, without extension, for any text. A text that is such a
/// name is its own; any other gets a readable part of it and a hash, so that
/// texts that differ in case or in what a name cannot hold never meet.
pub fn file_stem(text: &str) -> String {
    let name = folder_name(text, None);
    if name == text && text.is_ascii() {
        return name;
    }
    format!("{name}-{}", input_hash(text, None))
}

/// Eight hexadecimal digits that tell inputs of the same name apart.
fn input_hash(text: &str, pair: Option<&str>) -> String {
    let mut hasher = Sha256::new();
    hasher.update(text);
    if let Some(pair) = pair {
        // No text holds this byte, so a pair never hashes like a single text.
        hasher.update([0xff]);
        hasher.update(pair);
    }
    let mut digits = hexadecimal(&hasher.finalize());
    digits.truncate(8);
    digits
}
