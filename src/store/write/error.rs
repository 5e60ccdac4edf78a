//! What can go wrong with a file or folder of ours.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::remedy::{FolderKind, Remedy};

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
            // What is there is no folder, or no file.
            io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::InvalidInput => Remedy::NameFolder(FolderKind::Other),
            _ => Remedy::NameFolder(FolderKind::Writable),
        })
    }

    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self {
            path,
            source: without_path(source),
        }
    }
}

/// What tempfile puts behind an error of the system.
const OF_TEMPORARY: &str = " at path \"";

/// An error of a temporary file without the name of that, which nobody knows.
fn without_path(error: io::Error) -> io::Error {
    let text = error.to_string();
    match text.split_once(OF_TEMPORARY) {
        Some((reason, _)) if error.get_ref().is_some() => {
            io::Error::new(error.kind(), reason.to_owned())
        }
        Some(_) | None => error,
    }
}
