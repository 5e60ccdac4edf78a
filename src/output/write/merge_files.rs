//! The files of a merged batch: built out of sight in the folder itself, then
//! put into place part by part, the manifest last.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::WriteError;
use super::staged_folder::StagedFolder;
use crate::checkpoint::FileDigest;
use crate::output::MANIFEST;
use crate::output::batch::{INPUTS, PAGE, RESULTS, THUMBNAILS};

/// What a merged batch consists of, the manifest apart.
const PARTS: [&str; 4] = [INPUTS, THUMBNAILS, RESULTS, PAGE];

/// A merged batch that is being built. Dropped before
/// [`MergedFolder::publish`], it leaves nothing.
#[derive(Debug)]
pub struct MergedFolder {
    staged: StagedFolder,
    destination: PathBuf,
}

impl MergedFolder {
    /// Begins a merged batch in `destination`, which is made if it is not
    /// there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(destination: &Path) -> Result<Self, WriteError> {
        Ok(Self {
            staged: StagedFolder::create(destination)?,
            destination: destination.to_owned(),
        })
    }

    /// Where a file is until the batch is put into place.
    pub fn path(&self, name: &str) -> PathBuf {
        self.staged.path.join(name)
    }

    /// Takes a file of another folder over under the same name: a second name
    /// of the same file where the file system can do that, else a copy.
    ///
    /// # Errors
    /// When the file is missing, or its name is taken.
    pub fn take_over(&self, folder: &Path, name: &str) -> Result<(), WriteError> {
        let (from, to) = (folder.join(name), self.path(name));
        let take_over = || {
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
            }
            if !fs::symlink_metadata(&from)?.is_file() {
                return Err(io::Error::other("is no file"));
            }
            match fs::hard_link(&from, &to) {
                Ok(()) => Ok(()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
                Err(_) => fs::copy(&from, &to).map(|_| ()),
            }
        };
        take_over().map_err(WriteError::at(&from))
    }

    /// Writes a file of the batch's own piece by piece.
    ///
    /// # Errors
    /// When it cannot be written, or `content` fails.
    pub fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<FileDigest, WriteError> {
        let write = || {
            let mut writer = Hashing {
                inner: BufWriter::new(File::create(self.path(name))?),
                hasher: Sha256::new(),
            };
            content(&mut writer)?;
            writer.flush()?;
            Ok(writer.hasher.finalize())
        };
        let digest = write().map_err(WriteError::at(Path::new(name)))?;
        Ok(FileDigest {
            name: name.to_owned(),
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    /// Puts everything into place, the manifest last. An earlier batch's
    /// parts go; files that are not a batch's stay.
    ///
    /// # Errors
    /// When something cannot be renamed.
    pub fn publish(self, manifest: &[u8]) -> Result<(), WriteError> {
        self.write(MANIFEST, |out| out.write_all(manifest))?;
        let replaced = self.path("replaced");
        fs::create_dir_all(&replaced).map_err(WriteError::at(&replaced))?;
        // Without a manifest a folder claims nothing, should this be interrupted.
        for name in [MANIFEST].iter().chain(&PARTS) {
            let old = self.destination.join(name);
            if fs::symlink_metadata(&old).is_ok() {
                fs::rename(&old, replaced.join(name)).map_err(WriteError::at(&old))?;
            }
        }
        for name in PARTS.iter().chain(&[MANIFEST]) {
            let new = self.path(name);
            if fs::symlink_metadata(&new).is_ok() {
                let place = self.destination.join(name);
                fs::rename(&new, &place).map_err(WriteError::at(&place))?;
            }
        }
        Ok(())
    }
}

/// Computes the SHA-256 of what passes through.
struct Hashing<W> {
    inner: W,
    hasher: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
