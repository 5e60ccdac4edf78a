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
        |source| Self { path, source }
    }
}
