//! The files of a merged batch: built out of sight in the folder itself, then
//! put into place part by part, the manifest last.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::WriteError;
use super::staged_folder::StagedFolder;
use super::{beneath, durable};
use crate::checkpoint::FileDigest;
use crate::digest::HashingWriter;
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
            fs::symlink_metadata(&from)?;
            let from = beneath::file(folder, name).ok_or_else(beneath::not_a_file)?;
            match fs::hard_link(&from, &to) {
                Ok(()) => Ok(()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
                Err(_) => {
                    fs::copy(&from, &to)?;
                    // Windows brings only to the disk what may be written.
                    let copy = File::options().write(true).open(&to)?;
                    self.staged.sync_before(copy)
                }
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
            let file = BufWriter::new(File::create(self.path(name))?);
            let mut writer = HashingWriter::new(file);
            content(&mut writer)?;
            let (writer, sha256) = writer.finish();
            self.staged.sync_before(writer.into_inner()?)?;
            Ok(sha256)
        };
        Ok(FileDigest {
            name: name.to_owned(),
            sha256: write().map_err(WriteError::at(Path::new(name)))?,
        })
    }

    /// Puts everything into place, the manifest last. An earlier batch's
    /// parts go; files that are not a batch's stay. Meanwhile the folder has
    /// the `interim` manifest: it says whose the folder is and lists nothing.
    ///
    /// # Errors
    /// When something cannot be renamed.
    pub fn publish(self, interim: &[u8], manifest: &[u8]) -> Result<(), WriteError> {
        self.write(MANIFEST, |out| out.write_all(manifest))?;
        self.staged.seal()?;
        self.staged.wait(&self.destination)?;
        let place = self.destination.join(MANIFEST);
        durable::put(&self.path("interim.json"), &place, |out| {
            out.write_all(interim)
        })
        .map_err(WriteError::at(&place))?;
        let replaced = self.path("replaced");
        fs::create_dir_all(&replaced).map_err(WriteError::at(&replaced))?;
        for name in PARTS {
            let old = self.destination.join(name);
            if fs::symlink_metadata(&old).is_ok() {
                fs::rename(&old, replaced.join(name)).map_err(WriteError::at(&old))?;
            }
        }
        for name in PARTS {
            self.put_into_place(name)?;
        }
        // What the manifest lists is there before it says so.
        durable::sync_folder(&self.destination).map_err(WriteError::at(&self.destination))?;
        self.put_into_place(MANIFEST)?;
        durable::sync_folder(&self.destination)
            .and_then(|()| durable::sync_name(&self.destination))
            .map_err(WriteError::at(&self.destination))
    }

    fn put_into_place(&self, name: &str) -> Result<(), WriteError> {
        let (new, place) = (self.path(name), self.destination.join(name));
        match fs::symlink_metadata(&new) {
            Ok(_) => fs::rename(&new, &place).map_err(WriteError::at(&place)),
            // Not every batch has thumbnails.
            Err(_) => Ok(()),
        }
    }
}
