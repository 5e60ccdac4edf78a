//! Folders of several runs: a batch's, or one that `encode` wrote into.

use std::fs;
use std::path::{Path, PathBuf};

use crate::store::MANIFEST;
use crate::store::batch_records::INPUTS;
use crate::store::numbers::FILES;
use crate::store::write::beneath::{is_real_file, is_real_folder};

/// Runs in folders beside one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedRuns {
    /// The folder that their folders lie in.
    pub root: PathBuf,
    /// The names of their folders, in their order; at least one.
    pub names: Vec<String>,
}

/// The runs below a folder: those of a batch lie below `inputs`. `None` where
/// it is a run itself, or there are none. Symbolic links are no runs.
pub fn runs_below(folder: &Path) -> Option<SavedRuns> {
    if has_numbers(folder) {
        return None;
    }
    let inputs = folder.join(INPUTS);
    let root = match is_real_folder(&inputs) {
        true => inputs,
        false => folder.to_owned(),
    };
    let entries = fs::read_dir(&root).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_run = |name: &String| {
        let path = root.join(name);
        // What is being written has a point before its name.
        let is_folder = !name.starts_with('.') && is_real_folder(&path);
        is_folder && (is_real_file(&path.join(MANIFEST)) || has_numbers(&path))
    };
    let mut names: Vec<String> = names.filter(is_run).collect();
    names.sort_unstable();
    (!names.is_empty()).then_some(SavedRuns { root, names })
}

/// Whether a folder is that of a run, with or without its numbers.
pub fn is_saved_run(folder: &Path) -> bool {
    has_numbers(folder) || is_real_file(&folder.join(MANIFEST))
}

fn has_numbers(folder: &Path) -> bool {
    FILES
        .iter()
        .any(|(_, name)| is_real_file(&folder.join(name)))
}
