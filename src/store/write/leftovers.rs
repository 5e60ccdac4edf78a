//! Staged folders have a lock each: it tells those of a process that still
//! works from what a killed one left. So has every place where one of them is
//! put: of commands that run side by side, one after the other adds to it.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::beneath;
use super::error::WriteError;

/// What staged folders are called until they are whole.
const STAGING_PREFIX: &str = ".attnviz-unfinished-";

/// What the lock beside a staged folder has behind the folder's name. It is
/// there before the folder is and goes after it.
const LOCK_SUFFIX: &str = ".lock";

/// Somebody who looks for leftovers may hold a new lock so many times.
const ATTEMPTS: usize = 16;

/// What came of an attempt to take a lock.
#[derive(Debug)]
pub(super) enum Attempt {
    /// It is this process's until the file is closed.
    Taken(File),
    /// Another process has it.
    Held,
    /// It was removed meanwhile, by whoever had it.
    Gone,
}

/// Tries to take the lock of a name.
pub(super) fn try_lock(path: &Path, options: &OpenOptions) -> io::Result<Attempt> {
    let file = match beneath::without_following(options).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Attempt::Gone),
        opened => opened?,
    };
    match file.try_lock() {
        Ok(()) if beneath::is_same_file(&file, path) => Ok(Attempt::Taken(file)),
        Ok(()) => Ok(Attempt::Gone),
        Err(TryLockError::WouldBlock) => Ok(Attempt::Held),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Makes a staged folder below `root` and the lock that says that somebody
/// works in it; the lock goes when it is dropped.
pub(super) fn create_locked(root: &Path) -> io::Result<(NamedTempFile, PathBuf)> {
    for _ in 0..ATTEMPTS {
        let lock = tempfile::Builder::new()
            .prefix(STAGING_PREFIX)
            .suffix(LOCK_SUFFIX)
            .tempfile_in(root)?;
        match lock.as_file().try_lock() {
            Ok(()) if beneath::is_same_file(lock.as_file(), lock.path()) => {}
            // Somebody took it for a leftover before it was locked.
            Ok(()) | Err(TryLockError::WouldBlock) => continue,
            // Where the file system has no locks, nothing is taken for one.
            Err(TryLockError::Error(_)) => {}
        }
        let folder = lock.path().with_extension("");
        fs::create_dir(&folder)?;
        return Ok((lock, folder));
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// The right to put folders of one name into place: whoever looks for what is
/// there and then adds to it has it meanwhile.
#[derive(Debug)]
pub struct PlaceLock {
    /// `None` where the file system has no locks.
    file: Option<File>,
    path: PathBuf,
}

impl PlaceLock {
    /// Waits for the lock of a name below `root`, which has to be there.
    ///
    /// # Errors
    /// When no file can be made there.
    pub fn wait(root: &Path, name: &str) -> Result<Self, WriteError> {
        let path = root.join(format!("{STAGING_PREFIX}{name}{LOCK_SUFFIX}"));
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        loop {
            let file = beneath::without_following(&options).open(&path);
            let file = file.map_err(WriteError::at(&path))?;
            match file.lock() {
                Ok(()) if beneath::is_same_file(&file, &path) => {
                    let file = Some(file);
                    return Ok(Self { file, path });
                }
                // Whoever had it took it away.
                Ok(()) => {}
                Err(_) => return Ok(Self { file: None, path }),
            }
        }
    }
}

impl Drop for PlaceLock {
    fn drop(&mut self) {
        // Only whoever has it, and before it is given up.
        if self.file.is_some() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether a file or folder is a staged folder or its lock.
fn is_staged(name: &OsStr) -> bool {
    name.to_string_lossy().starts_with(STAGING_PREFIX)
}

/// Removes the staged folders below `root` whose process is gone. What cannot
/// be removed is left to the next command.
pub(super) fn remove_dead(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else {
        return;
    };
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    for name in names.filter(|name| is_staged(name)) {
        let path = root.join(&name);
        let lock = match name.to_string_lossy().ends_with(LOCK_SUFFIX) {
            true => path,
            // Seen once more with its lock.
            false if path.with_extension("lock").exists() => continue,
            // Its lock would be there before it: no process of today made it.
            false => {
                let _ = fs::remove_dir_all(&path);
                continue;
            }
        };
        if let Ok(Attempt::Taken(file)) = try_lock(&lock, File::options().write(true)) {
            let _ = fs::remove_dir_all(lock.with_extension(""));
            let _ = fs::remove_file(&lock);
            drop(file);
        }
    }
}
