//! A run's folder while it is being filled.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::beneath;
use super::error::WriteError;
use crate::checkpoint::FileDigest;
use crate::output::MANIFEST;

/// What staged folders are called until they are whole.
const STAGING_PREFIX: &str = ".attnviz-unfinished-";

/// What becomes of a folder that is there already when another one is put into
/// its place, apart from the files that get new content.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// The manifest while files are being replaced, which lists none of those;
    /// `None` where the one that is there stays true.
    pub interim_manifest: Option<Vec<u8>>,
    /// Files that go.
    pub outdated: Vec<PathBuf>,
}

/// A folder that is being filled, invisible under its final name. Dropped
/// before [`StagedFolder::publish`], it leaves nothing.
#[derive(Debug)]
pub struct StagedFolder {
    /// `None` only after it was published.
    staging: Option<TempDir>,
    pub(super) path: PathBuf,
    /// The folders above that did not exist before, the lowest first.
    created: Vec<PathBuf>,
}

impl StagedFolder {
    /// A new staged folder below `root`, which is made if it is not there.
    ///
    /// # Errors
    /// When `root` cannot be made or is a file.
    pub fn create(root: &Path) -> Result<Self, WriteError> {
        let created = missing_folders(root);
        let made = fs::create_dir_all(root).and_then(|()| {
            let mut builder = tempfile::Builder::new();
            builder.prefix(STAGING_PREFIX);
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
            builder.tempdir_in(root)
        });
        match made {
            Ok(staging) => {
                let path = staging.path().to_owned();
                Ok(Self {
                    staging: Some(staging),
                    path,
                    created,
                })
            }
            Err(source) => {
                remove_empty(&created);
                Err(WriteError::at(root)(source))
            }
        }
    }

    /// Writes a file of the folder, `name` with `/` between its parts.
    ///
    /// # Errors
    /// When it cannot be written, as on a full disk.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<FileDigest, WriteError> {
        let path = self.path.join(name);
        // The final name says more to the user than the staged one.
        let failed = |source| WriteError {
            path: PathBuf::from(name),
            source,
        };
        in_folder(&path, || File::create(&path))
            .and_then(|mut file| file.write_all(bytes))
            .map_err(failed)?;
        Ok(FileDigest {
            name: name.to_owned(),
            sha256: crate::output::hexadecimal(&Sha256::digest(bytes)),
        })
    }

    /// Puts the folder into its final place. Where one is already, the new
    /// files replace those of their names, the manifest last; what `change`
    /// does not name stays.
    ///
    /// # Errors
    /// When something cannot be renamed or removed, or a file would land
    /// behind a symbolic link.
    pub fn publish(mut self, destination: &Path, change: &Change) -> Result<(), WriteError> {
        if fs::symlink_metadata(destination).is_err() {
            fs::rename(&self.path, destination).map_err(WriteError::at(destination))?;
            if let Some(staging) = self.staging.take() {
                // It is no longer where the guard would remove it.
                let _ = staging.keep();
            }
            return Ok(());
        }
        self.publish_into(destination, change)
    }

    fn publish_into(&self, destination: &Path, change: &Change) -> Result<(), WriteError> {
        let mut files =
            files_below(&self.path, Path::new("")).map_err(WriteError::at(&self.path))?;
        files.sort_by_key(|file| file == Path::new(MANIFEST));
        for file in &files {
            if !beneath::leads_through_folders(destination, file) {
                return Err(WriteError::at(&destination.join(file))(beneath::leads_out()));
            }
        }
        if let Some(manifest) = &change.interim_manifest {
            let place = destination.join(MANIFEST);
            let interim = self.path.join("interim-manifest.json");
            fs::write(&interim, manifest)
                .and_then(|()| fs::rename(&interim, &place))
                .map_err(WriteError::at(&place))?;
        }
        remove_outdated(destination, &change.outdated);
        for file in files {
            let target = destination.join(&file);
            in_folder(&target, || fs::rename(self.path.join(&file), &target))
                .map_err(WriteError::at(&target))?;
        }
        Ok(())
    }
}

impl Drop for StagedFolder {
    fn drop(&mut self) {
        self.staging = None;
        remove_empty(&self.created);
    }
}

/// Removes files of a folder, and the folders in it that are empty then.
fn remove_outdated(destination: &Path, outdated: &[PathBuf]) {
    let outdated = outdated
        .iter()
        .filter(|file| beneath::leads_through_folders(destination, file));
    let mut folders = BTreeSet::new();
    for file in outdated {
        // One that is gone already need not be removed; one that cannot be
        // is no longer listed.
        let _ = fs::remove_file(destination.join(file));
        folders.extend(file.parent().filter(|folder| *folder != Path::new("")));
    }
    for folder in folders {
        // Goes only when it is empty.
        let _ = fs::remove_dir(destination.join(folder));
    }
}

/// The folders that would have to be made for this one, the lowest first.
pub(super) fn missing_folders(path: &Path) -> Vec<PathBuf> {
    let missing = path
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && fs::symlink_metadata(path).is_err());
    missing.map(Path::to_owned).collect()
}

/// Does what puts a file at `path`; where its folder is not there, that is made
/// first.
fn in_folder<T>(path: &Path, put: impl Fn() -> io::Result<T>) -> io::Result<T> {
    match (put(), path.parent()) {
        (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            put()
        }
        (outcome, _) => outcome,
    }
}

/// Removes folders that were made for nothing; one that holds something stays.
pub(super) fn remove_empty(folders: &[PathBuf]) {
    for folder in folders {
        let _ = fs::remove_dir(folder);
    }
}

/// Every file below a folder, relative to it.
pub(in crate::output) fn files_below(root: &Path, relative: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join(relative))? {
        let entry = entry?;
        let path = relative.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => files.extend(files_below(root, &path)?),
            false => files.push(path),
        }
    }
    Ok(files)
}
