//! A run's folder while it is being filled.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::NamedTempFile;

use super::durable::{self, DiskThreads, OnTheWay};
use super::error::WriteError;
use super::{beneath, leftovers};
use crate::checkpoint::FileDigest;
use crate::digest;
use crate::store::MANIFEST;

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
/// before [`StagedFolder::publish`], it leaves nothing; whatever a killed
/// process leaves, the next one in that place removes.
#[derive(Debug)]
pub struct StagedFolder {
    pub(super) path: PathBuf,
    /// Where no other lock says that somebody is at work.
    lock: Option<NamedTempFile>,
    /// The folders above that did not exist before, the lowest first.
    created: Vec<PathBuf>,
    on_the_way: OnTheWay,
    is_published: bool,
}

impl StagedFolder {
    /// A new staged folder below `root`, which is made if it is not there.
    ///
    /// # Errors
    /// When `root` cannot be made or is a file.
    pub fn create(root: &Path) -> Result<Self, WriteError> {
        let created = missing_folders(root);
        let made = create_root(root).and_then(|()| {
            leftovers::remove_dead(root);
            leftovers::create_locked(root).map_err(WriteError::at(root))
        });
        match made {
            Ok((lock, path)) => Ok(Self {
                path,
                lock: Some(lock),
                created,
                on_the_way: OnTheWay::new(Arc::new(DiskThreads::start())),
                is_published: false,
            }),
            Err(error) => {
                remove_empty(&created);
                Err(error)
            }
        }
    }

    /// A new staged folder in a folder that this process has locked.
    pub(super) fn create_below_lock(
        root: &Path,
        disk: &Arc<DiskThreads>,
    ) -> Result<Self, WriteError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let folder = builder.tempdir_in(root).map_err(WriteError::at(root))?;
        Ok(Self::of_files(folder.keep(), disk))
    }

    /// A folder that has all its files already, in one that this process has
    /// locked.
    pub(super) fn of_files(path: PathBuf, disk: &Arc<DiskThreads>) -> Self {
        Self {
            path,
            lock: None,
            created: Vec::new(),
            on_the_way: OnTheWay::new(Arc::clone(disk)),
            is_published: false,
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
            .and_then(|mut file| {
                file.write_all(bytes)?;
                self.on_the_way.file(file)
            })
            .map_err(failed)?;
        Ok(FileDigest {
            name: name.to_owned(),
            sha256: digest::sha256(bytes),
        })
    }

    /// Takes a file of another folder over under the same name: a second name
    /// of the same file where the file system can do that, else a copy.
    ///
    /// # Errors
    /// When the file is missing, or its name is taken.
    pub fn take_over(&self, folder: &Path, name: &str) -> Result<(), WriteError> {
        let (from, to) = (folder.join(name), self.path.join(name));
        let take_over = || {
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
            }
            let mut source = beneath::open(folder, name)?;
            match fs::hard_link(&from, &to) {
                // Somebody may have put another one there meanwhile.
                Ok(()) if beneath::is_same_file(&source, &to) => return Ok(()),
                Ok(()) => fs::remove_file(&to)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
                Err(_) => {}
            }
            let mut copy = File::create_new(&to)?;
            io::copy(&mut source, &mut copy)?;
            self.sync_before(copy)
        };
        take_over().map_err(WriteError::at(&from))
    }

    /// A file of the folder to be filled piece by piece; [`Self::sync_before`]
    /// takes it back.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create_file(&self, name: &str) -> io::Result<File> {
        let path = self.path.join(name);
        in_folder(&path, || File::create_new(&path))
    }

    /// The place of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins to bring a file to the disk that has to be there before the
    /// folder is put into its place.
    ///
    /// # Errors
    /// When that has failed already.
    pub fn sync_before(&self, file: File) -> io::Result<()> {
        self.on_the_way.file(file)
    }

    /// Begins to bring the folders themselves to the disk: all files are in
    /// them.
    pub(super) fn seal(&self) -> Result<(), WriteError> {
        let folders = folders_below(&self.path).and_then(|folders| {
            let mut all = folders.iter().chain([&self.path]);
            all.try_for_each(|folder| self.on_the_way.folder(folder))
        });
        folders.map_err(WriteError::at(&self.path))
    }

    /// Waits until everything that was written is on the disk. `destination` is
    /// named where that fails.
    pub(super) fn wait(&self, destination: &Path) -> Result<(), WriteError> {
        self.on_the_way.wait().map_err(WriteError::at(destination))
    }

    /// Puts the folder into its final place: where nothing is, or with a
    /// `change` where a folder is already. There the new files replace those
    /// of their names, the manifest last; what `change` does not name stays.
    ///
    /// # Errors
    /// When something cannot be renamed or removed, or a file would land
    /// behind a symbolic link.
    pub fn publish(
        mut self,
        destination: &Path,
        change: Option<&Change>,
    ) -> Result<(), WriteError> {
        self.seal()?;
        self.wait(destination)?;
        match change {
            Some(change) => self.publish_into(destination, change),
            None => self.rename(destination),
        }?;
        let mut above = [destination]
            .into_iter()
            .chain(self.created.iter().map(PathBuf::as_path));
        above
            .try_for_each(durable::sync_name)
            .map_err(WriteError::at(destination))
    }

    /// Puts the folder where nothing is. Its name is not on the disk yet.
    pub(super) fn rename(&mut self, destination: &Path) -> Result<(), WriteError> {
        fs::rename(&self.path, destination).map_err(WriteError::at(destination))?;
        self.is_published = true;
        Ok(())
    }

    pub(super) fn publish_into(
        &self,
        destination: &Path,
        change: &Change,
    ) -> Result<(), WriteError> {
        let mut files =
            files_below(&self.path, Path::new("")).map_err(WriteError::at(&self.path))?;
        files.retain(|file| file != Path::new(MANIFEST));
        for file in &files {
            if !beneath::leads_through_folders(destination, file) {
                return Err(WriteError::at(&destination.join(file))(beneath::leads_out()));
            }
        }
        let manifest = destination.join(MANIFEST);
        if let Some(interim) = &change.interim_manifest {
            let unfinished = self.path.join("interim-manifest.json");
            durable::put(&unfinished, &manifest, |out| out.write_all(interim))
                .map_err(WriteError::at(&manifest))?;
        }
        remove_outdated(destination, &change.outdated);
        let mut folders = BTreeSet::from([destination.to_owned()]);
        for file in files {
            let target = destination.join(&file);
            in_folder(&target, || fs::rename(self.path.join(&file), &target))
                .map_err(WriteError::at(&target))?;
            folders.extend(target.parent().map(Path::to_owned));
        }
        // What the manifest lists is there before it says so.
        folders
            .iter()
            .try_for_each(|folder| durable::sync_folder(folder))
            .and_then(|()| fs::rename(self.path.join(MANIFEST), &manifest))
            .and_then(|()| durable::sync_folder(destination))
            .map_err(WriteError::at(&manifest))
    }
}

impl Drop for StagedFolder {
    fn drop(&mut self) {
        if !self.is_published {
            // No file is removed while it is open.
            let _ = self.on_the_way.wait();
            let _ = fs::remove_dir_all(&self.path);
        }
        self.lock = None;
        remove_empty(&self.created);
    }
}

/// Removes files of a folder, and the folders in it that are empty then.
pub(super) fn remove_outdated(destination: &Path, outdated: &[PathBuf]) {
    let outdated = outdated.iter().filter(|file| {
        *file != Path::new(MANIFEST) && beneath::leads_through_folders(destination, file)
    });
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

/// Whether the folder that the user named can be one; asked before any work is
/// done.
///
/// # Errors
/// When it or a folder above it is a file.
pub fn check_root(root: &Path) -> Result<(), WriteError> {
    // The system's own words are that something exists.
    let not_a_folder = root
        .ancestors()
        .find(|path| fs::metadata(path).is_ok_and(|found| !found.is_dir()));
    let Some(file) = not_a_folder else {
        return Ok(());
    };
    let reason = match file == root {
        true => "it is not a folder".to_owned(),
        false => format!("{} is not a folder", file.display()),
    };
    let error = io::Error::new(io::ErrorKind::NotADirectory, reason);
    Err(WriteError::at(root)(error))
}

/// Makes the folder that the user named, where it is not there.
pub(super) fn create_root(root: &Path) -> Result<(), WriteError> {
    check_root(root)?;
    fs::create_dir_all(root).map_err(WriteError::at(root))
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
pub fn files_below(root: &Path, relative: &Path) -> io::Result<Vec<PathBuf>> {
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

/// Every folder below a folder.
fn folders_below(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.extend(folders_below(&entry.path())?);
            folders.push(entry.path());
        }
    }
    Ok(folders)
}
