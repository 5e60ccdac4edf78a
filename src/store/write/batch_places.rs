//! The places of inputs in a batch's folder: how their files come there and go.
//! What no batch put there is neither replaced nor removed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::batch_folder::{BatchFolder, STAGING, WRITTEN, remove_file};
use super::batch_folder_error::BatchFolderError;
use super::error::WriteError;
use super::own_files::old_files;
use super::staged_folder::{Change, StagedFolder, files_below};
use super::{beneath, durable};
use crate::digest::{self, sha256_of};
use crate::store::batch_records::{INPUTS, THUMBNAILS};

/// An input's files, waiting for their place in the batch's folder.
#[derive(Debug)]
pub struct StagedInput {
    name: String,
    folder: StagedFolder,
    thumbnail: Option<StagedThumbnail>,
}

#[derive(Debug)]
struct StagedThumbnail {
    path: PathBuf,
    sha256: String,
}

impl StagedInput {
    /// An input whose files are below `folder`.
    pub(super) fn of(
        name: String,
        folder: StagedFolder,
        thumbnail: Option<(PathBuf, String)>,
    ) -> Self {
        let thumbnail = thumbnail.map(|(path, sha256)| StagedThumbnail { path, sha256 });
        Self {
            name,
            folder,
            thumbnail,
        }
    }

    /// The digest of its thumbnail, where it has one.
    pub fn thumbnail_sha256(&self) -> Option<&str> {
        let thumbnail = self.thumbnail.as_ref();
        thumbnail.map(|thumbnail| thumbnail.sha256.as_str())
    }
}

impl BatchFolder {
    /// The folder of an input.
    pub fn input(&self, name: &str) -> PathBuf {
        self.root.join(INPUTS).join(name)
    }

    /// The thumbnail of an input.
    pub fn thumbnail(&self, name: &str) -> PathBuf {
        self.root.join(THUMBNAILS).join(format!("{name}.png"))
    }

    /// A folder to be filled with an input's files.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn stage(&self) -> Result<StagedFolder, WriteError> {
        StagedFolder::create_below_lock(&self.state(STAGING), &self.disk)
    }

    /// A folder within a staged one, with all its files.
    pub(super) fn stage_again(&self, path: PathBuf) -> StagedFolder {
        StagedFolder::of_files(path, &self.disk)
    }

    /// Makes the folder of staged folders before the batch begins.
    pub(super) fn make_staging(&self) -> Result<(), WriteError> {
        let path = self.state(STAGING);
        fs::create_dir_all(&path).map_err(WriteError::at(&path))
    }

    /// An input's folder that has all its files, and its thumbnail.
    ///
    /// # Errors
    /// When the thumbnail cannot be written.
    pub fn seal(
        &self,
        folder: StagedFolder,
        name: &str,
        thumbnail: Option<&[u8]>,
    ) -> Result<StagedInput, WriteError> {
        folder.seal()?;
        let write = |bytes: &[u8]| {
            let path = self.state(STAGING).join(format!("{name}.png"));
            let mut file = File::create(&path)?;
            file.write_all(bytes)?;
            folder.sync_before(file)?;
            let sha256 = digest::sha256(bytes);
            Ok(StagedThumbnail { path, sha256 })
        };
        let thumbnail = thumbnail.map(write).transpose();
        Ok(StagedInput {
            name: name.to_owned(),
            thumbnail: thumbnail.map_err(WriteError::at(&self.thumbnail(name)))?,
            folder,
        })
    }

    /// Puts inputs' folders and thumbnails into place, many at once: the disk
    /// takes as long for one. The folders come last and earlier ones go first:
    /// where a folder is, its thumbnail belongs to it. Files in an earlier
    /// folder that are not attnviz's stay.
    ///
    /// # Errors
    /// When something cannot be written, renamed or removed, or a name is taken
    /// by what no batch put there; then nothing has changed.
    pub fn publish(&self, mut inputs: Vec<StagedInput>) -> Result<(), BatchFolderError> {
        if inputs.is_empty() {
            return Ok(());
        }
        for input in &inputs {
            input.folder.wait(&self.input(&input.name))?;
            self.check_free(&input.name, input.thumbnail.is_some())?;
        }
        let entries = inputs.iter();
        let entries = entries.map(|input| (input.name.as_str(), input.thumbnail_sha256()));
        if let Some(ledger) = &self.ledger {
            let entered = ledger.enter(entries);
            entered.map_err(WriteError::at(&self.state(WRITTEN)))?;
        }
        for input in &inputs {
            let new = files_below(&input.folder.path, Path::new(""));
            let new = new.map_err(WriteError::at(&input.folder.path))?;
            self.clear(&self.input(&input.name), &new.into_iter().collect())?;
        }
        self.sync(INPUTS)?;
        for input in &inputs {
            let path = self.thumbnail(&input.name);
            match &input.thumbnail {
                None if self.written.had_thumbnail(&input.name) => remove_file(&path)?,
                // What is there is no batch's.
                None => {}
                Some(staged) => fs::create_dir_all(self.root.join(THUMBNAILS))
                    .and_then(|()| fs::rename(&staged.path, &path))
                    .map_err(WriteError::at(&path))?,
            }
        }
        if inputs.iter().any(|input| input.thumbnail.is_some()) {
            self.sync(THUMBNAILS)?;
        }
        for input in &mut inputs {
            let destination = self.input(&input.name);
            match fs::symlink_metadata(&destination) {
                Err(_) => input.folder.rename(&destination)?,
                // Somebody else's files are in it.
                Ok(_) => input
                    .folder
                    .publish_into(&destination, &Change::default())?,
            }
        }
        Ok(self.sync(INPUTS)?)
    }

    /// Whether there is anything among the inputs or thumbnails that no batch put
    /// there and that may not be replaced.
    ///
    /// # Errors
    /// When the folders cannot be read.
    pub fn has_strangers(&self) -> Result<bool, WriteError> {
        if self.overwrites {
            return Ok(false);
        }
        for (folder, suffix) in [(INPUTS, ""), (THUMBNAILS, ".png")] {
            let folder = self.root.join(folder);
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(WriteError::at(&folder))?,
            };
            for entry in entries {
                let entry = entry.map_err(WriteError::at(&folder))?;
                let name = entry.file_name();
                let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
                let input = name.to_str().and_then(|name| name.strip_suffix(suffix));
                let is_of_a_batch = input.is_some_and(|input| match suffix.is_empty() {
                    true => self.written.has(input) && !is_file,
                    false => self.written.had_thumbnail(input),
                });
                if !is_of_a_batch {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether nothing has the name of an input, or of its thumbnail where it
    /// has one, but what a batch put there.
    ///
    /// # Errors
    /// When something has.
    pub fn check_free(&self, name: &str, has_thumbnail: bool) -> Result<(), BatchFolderError> {
        let (input, thumbnail) = (self.input(name), self.thumbnail(name));
        let is_free = match fs::symlink_metadata(&input) {
            Err(_) => true,
            // A batch writes no file there.
            Ok(found) => !found.is_file() && self.written.has(name),
        };
        let has_room = !has_thumbnail
            || fs::symlink_metadata(&thumbnail).is_err()
            || self.written.had_thumbnail(name);
        match (self.overwrites, is_free, has_room) {
            (true, ..) | (false, true, true) => Ok(()),
            (false, false, _) => Err(BatchFolderError::Taken { path: input }),
            (false, true, false) => Err(BatchFolderError::Taken { path: thumbnail }),
        }
    }

    /// Makes way for the files `new` of an input at `path`: what a batch left
    /// there goes, what is somebody else's stays.
    fn clear(&self, path: &Path, new: &BTreeSet<PathBuf>) -> Result<(), WriteError> {
        if !beneath::is_real_folder(path) {
            return self.discard(path);
        }
        let old = old_files(path, new).map_err(WriteError::at(path))?;
        match old.has_others {
            false => self.discard(path),
            true => old.remove(path).map_err(WriteError::at(path)),
        }
    }

    /// Brings the names in one of the folders to the disk.
    fn sync(&self, name: &str) -> Result<(), WriteError> {
        let path = self.root.join(name);
        durable::sync_folder(&path).map_err(WriteError::at(&path))
    }

    /// Removes a file or folder, first of all from its name.
    fn discard(&self, path: &Path) -> Result<(), WriteError> {
        if fs::symlink_metadata(path).is_err() {
            return Ok(());
        }
        tempfile::tempdir_in(self.state(STAGING))
            .and_then(|trash| {
                fs::rename(path, trash.path().join("old"))?;
                trash.close()
            })
            .map_err(WriteError::at(path))
    }

    /// Removes an input's folder and its thumbnail, which this batch wrote.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), WriteError> {
        self.clear(&self.input(name), &BTreeSet::new())?;
        remove_file(&self.thumbnail(name))
    }

    /// Whether an earlier batch wrote an input of this name.
    pub fn is_known(&self, name: &str) -> bool {
        self.written.has(name)
    }

    /// The digest of an input's thumbnail, if it is the one that an earlier
    /// batch wrote.
    pub fn earlier_thumbnail(&self, name: &str) -> Option<String> {
        let file = beneath::open(&self.root, &format!("{THUMBNAILS}/{name}.png")).ok()?;
        let sha256 = sha256_of(file).ok()?;
        let is_known = self.written.has_thumbnail(name, &sha256);
        is_known.then_some(sha256)
    }

    /// Removes inputs' folders and thumbnails that earlier batches wrote and
    /// `is_kept` does not know by the input's folder name.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn remove_others(&mut self, is_kept: impl Fn(&str) -> bool) -> Result<(), WriteError> {
        for (folder, suffix) in [(INPUTS, ""), (THUMBNAILS, ".png")] {
            let folder = self.root.join(folder);
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(WriteError::at(&folder))?,
            };
            // Only those that go are held in memory.
            let mut others = Vec::new();
            for entry in entries {
                let name = entry.map_err(WriteError::at(&folder))?.file_name();
                let input = name.to_str().and_then(|name| name.strip_suffix(suffix));
                others.extend(
                    input
                        .filter(|name| !is_kept(name) && self.written.has(name))
                        .map(str::to_owned),
                );
            }
            for name in others {
                match suffix.is_empty() {
                    true if beneath::is_real_folder(&self.input(&name)) => {
                        self.clear(&self.input(&name), &BTreeSet::new())?;
                    }
                    false if self.earlier_thumbnail(&name).is_some() => {
                        remove_file(&self.thumbnail(&name))?;
                    }
                    // In the place of what was written is something else.
                    _ => {}
                }
            }
            // Goes only when it is empty.
            let _ = fs::remove_dir(&folder);
        }
        self.keeps_names = false;
        Ok(())
    }
}
