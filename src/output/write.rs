//! The one place, with the files below `write/`, that creates files. A run's folder is staged beside its
//! final place and renamed when it is whole, so that an error, a full disk or
//! a killed process never leaves half of one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use thiserror::Error;

use crate::checkpoint::FileDigest;
use crate::digest;
use crate::remedy::{FolderKind, Remedy};

pub mod batch_folder;
pub mod merge_files;
pub mod report;

/// What staged folders are called until they are whole.
const STAGING_PREFIX: &str = ".attnviz-unfinished-";

/// A file or folder could not be made.
#[derive(Debug, Error)]
#[error("{}: {source}", path.display())]
pub struct WriteError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl WriteError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self.source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Remedy::NameRoomierDisk,
            _ => Remedy::NameFolder(FolderKind::Writable),
        })
    }
}

impl WriteError {
    fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self { path, source }
    }
}

/// A folder that is being filled, invisible under its final name. Dropped
/// before [`StagedFolder::publish`], it leaves nothing.
#[derive(Debug)]
pub struct StagedFolder {
    /// `None` only after it was published.
    staging: Option<TempDir>,
    path: PathBuf,
    /// The folders above that did not exist before, the lowest first.
    created: Vec<PathBuf>,
}

impl StagedFolder {
    /// A new staged folder below `root`, which is made if it is not there.
    ///
    /// # Errors
    /// When `root` cannot be made or is a file.
    pub fn create(root: &Path) -> Result<Self, WriteError> {
        let missing = root
            .ancestors()
            .take_while(|path| !path.as_os_str().is_empty() && fs::symlink_metadata(path).is_err());
        let created: Vec<PathBuf> = missing.map(Path::to_owned).collect();
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
            sha256: digest::sha256(bytes),
        })
    }

    /// Puts the folder into its final place. Where an earlier run of the same
    /// input is, the `outdated` files go and the new ones replace the rest,
    /// the manifest last; files that are not attnviz's stay.
    ///
    /// # Errors
    /// When something cannot be renamed or removed.
    pub fn publish(mut self, destination: &Path, outdated: &[PathBuf]) -> Result<(), WriteError> {
        if fs::symlink_metadata(destination).is_err() {
            fs::rename(&self.path, destination).map_err(WriteError::at(destination))?;
            if let Some(staging) = self.staging.take() {
                // It is no longer where the guard would remove it.
                let _ = staging.keep();
            }
            return Ok(());
        }
        let manifest = destination.join(super::MANIFEST);
        // Without a manifest a folder claims nothing, should this be interrupted.
        match fs::remove_file(&manifest) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(WriteError::at(&manifest)(source));
            }
            _ => {}
        }
        for file in outdated {
            // One that is gone already need not be removed; one that cannot be
            // is replaced or reported below.
            let _ = fs::remove_file(destination.join(file));
        }
        let mut files =
            files_below(&self.path, Path::new("")).map_err(WriteError::at(&self.path))?;
        files.sort_by_key(|file| file == Path::new(super::MANIFEST));
        for file in files {
            let target = destination.join(&file);
            in_folder(&target, || fs::rename(self.path.join(&file), &target))
                .map_err(WriteError::at(&target))?;
        }
        let folders: BTreeSet<_> = outdated.iter().filter_map(|file| file.parent()).collect();
        for folder in folders.into_iter().filter(|path| *path != Path::new("")) {
            // Goes only when it is empty.
            let _ = fs::remove_dir(destination.join(folder));
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
fn remove_empty(folders: &[PathBuf]) {
    for folder in folders {
        let _ = fs::remove_dir(folder);
    }
}

/// Every file below a folder, relative to it.
pub(super) fn files_below(root: &Path, relative: &Path) -> io::Result<Vec<PathBuf>> {
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
