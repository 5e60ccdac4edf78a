//! Which files of an input's folder attnviz wrote: its manifest lists them, and
//! they are still what it lists. Whatever else is there is somebody else's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::beneath;
use super::staged_folder::{files_below, remove_outdated};
use crate::store::{MANIFEST, read_manifest};

/// What a folder holds apart from files that get new content.
#[derive(Debug, Default)]
pub(super) struct OldFiles {
    /// What attnviz wrote.
    own: Vec<PathBuf>,
    /// Whether there is anything else.
    pub(super) has_others: bool,
}

/// Looks at the folder at `path`, where the files `new` are to be replaced.
pub(super) fn old_files(path: &Path, new: &BTreeSet<PathBuf>) -> io::Result<OldFiles> {
    let manifest = beneath::read(path, MANIFEST).ok();
    let manifest = manifest.and_then(|bytes| read_manifest(&bytes).ok());
    let is_runs = manifest.is_some();
    let listed = manifest.map_or_else(Vec::new, |manifest| manifest.files);
    let listed: BTreeMap<&str, &str> = listed
        .iter()
        .map(|file| (file.name.as_str(), file.sha256.as_str()))
        .collect();
    let mut old = OldFiles::default();
    for file in files_below(path, Path::new(""))? {
        if new.contains(&file) {
            continue;
        }
        let name: Option<Vec<&str>> = file.iter().map(|part| part.to_str()).collect();
        let name = name.map(|parts| parts.join("/")).unwrap_or_default();
        let is_own = match listed.get(name.as_str()) {
            _ if name == MANIFEST => is_runs,
            Some(sha256) => beneath::is_as_listed(path, &name, sha256),
            None => false,
        };
        match is_own {
            true => old.own.push(file),
            false => old.has_others = true,
        }
    }
    Ok(old)
}

impl OldFiles {
    /// Removes what attnviz wrote. The manifest goes last, and only where
    /// nothing takes its place.
    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        remove_outdated(path, &self.own);
        match self.own.iter().any(|file| file == Path::new(MANIFEST)) {
            true => fs::remove_file(path.join(MANIFEST)),
            false => Ok(()),
        }
    }
}
