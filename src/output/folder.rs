//! Which folder a run goes into: named after its text, and never one that
//! holds something else.

use std::fs;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{FileRecord, MANIFEST, Manifest, read_manifest};
use crate::digest::hexadecimal;
use crate::input::Input;
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
    pub fn earlier_file(&self, name: &str) -> Option<FileRecord> {
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
    let captions = run.input.captions();
    let name = folder_name(&captions);
    if let Some(destination) = usable(root.join(&name), &run.input) {
        return Ok(destination);
    }
    let path = root.join(format!("{name}-{}", input_hash(&captions)));
    usable(path.clone(), &run.input).ok_or(FolderError { path })
}

/// The folder, if nothing is there or an earlier run of the same input.
fn usable(path: PathBuf, input: &Input) -> Option<Destination> {
    if fs::symlink_metadata(&path).is_err() {
        return Some(Destination {
            path,
            earlier: None,
        });
    }
    let manifest = fs::read(path.join(MANIFEST)).ok()?;
    let manifest = read_manifest(&manifest).ok()?;
    (manifest.input == *input).then_some(Destination {
        path,
        earlier: Some(manifest),
    })
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
    let name = folder_name(&[text]);
    if name == text && text.is_ascii() {
        return name;
    }
    format!("{name}-{}", input_hash(&[text]))
}

/// Eight hexadecimal digits that tell inputs of the same name apart.
fn input_hash(texts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            // No text holds this byte, so a pair never hashes like a single
            // text.
            hasher.update([0xff]);
        }
        hasher.update(text);
    }
    let mut digits = hexadecimal(&hasher.finalize());
    digits.truncate(8);
    digits
}
