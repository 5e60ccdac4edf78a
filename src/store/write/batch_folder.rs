//! The folder of a batch while it is being filled: whose it is, what is staged
//! in it, and how results come to stand at their final names.
//!
//! `.attnviz-batch/` in it holds a lock, the staged folders, the results so
//! far and a record of the batch. It goes when the batch is finished, or ends
//! before its first input is done; else the record stays, so that `--resume`
//! knows the folder again.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use super::batch_folder_error::BatchFolderError;
use super::beneath;
use super::durable::{self, DiskThreads};
use super::error::WriteError;
use super::leftovers::{self, Attempt};
use super::staged_folder::{StagedFolder, missing_folders, remove_empty};
use crate::checkpoint::FileDigest;
use crate::digest::HashingWriter;
use crate::store::MANIFEST;
use crate::store::batch_records::{
    BatchManifest, Claim, INPUTS, PAGE, RESULTS, THUMBNAILS, difference,
};

/// The folder of what is not finished.
pub const STATE: &str = ".attnviz-batch";
/// Locked while a batch is running.
const LOCK: &str = "lock";
/// What the running or interrupted batch is.
const RECORD: &str = "batch.json";
/// Folders and files that are not whole yet.
const STAGING: &str = "staging";
/// Other batches that end just now may take the lock away so many times.
const LOCK_ATTEMPTS: usize = 16;

/// A batch's folder that this process alone fills. Dropped before
/// [`BatchFolder::finish`], it leaves whole inputs only.
#[derive(Debug)]
pub struct BatchFolder {
    root: PathBuf,
    lock: Option<File>,
    /// The folders above that did not exist before, the lowest first.
    created: Vec<PathBuf>,
    /// Whether the state is that of an unfinished batch and so must stay.
    unfinished: bool,
    disk: Arc<DiskThreads>,
}

/// An input's files, waiting for their place in the batch's folder.
#[derive(Debug)]
pub struct StagedInput {
    name: String,
    folder: StagedFolder,
    thumbnail: Option<PathBuf>,
}

impl BatchFolder {
    /// Takes the folder at `root`, which is made if it is not there, for the
    /// batch of `manifest`. Nothing in it changes yet. `sha256_of` is as in
    /// [`difference`].
    ///
    /// # Errors
    /// When it holds something else, or another batch that this one has no
    /// claim to, or another batch is at work in it.
    pub fn open(
        root: &Path,
        manifest: &BatchManifest,
        claim: Claim,
        sha256_of: &dyn Fn(usize) -> Option<String>,
    ) -> Result<Self, BatchFolderError> {
        let created = missing_folders(root);
        if let Err(source) = fs::create_dir_all(root) {
            remove_empty(&created);
            return Err(WriteError::at(root)(source).into());
        }
        // Nothing behind a link is a batch's.
        let links = [STATE, INPUTS, THUMBNAILS].map(|name| root.join(name));
        let mut links = links.into_iter();
        if let Some(path) =
            links.find(|path| fs::symlink_metadata(path).is_ok_and(|found| !found.is_dir()))
        {
            return Err(BatchFolderError::Taken { path });
        }
        // In this order: a batch that begins or ends meanwhile has its state
        // or its manifest there before and after it has anything else.
        let in_the_way = [INPUTS, THUMBNAILS, PAGE, RESULTS, MANIFEST]
            .map(|name| root.join(name))
            .into_iter()
            .find(|path| fs::symlink_metadata(path).is_ok());
        let unfinished = root.join(STATE).is_dir();
        let finished: Option<BatchManifest> = read_json(root, MANIFEST);
        if let Some(path) = in_the_way
            && !unfinished
            && finished.is_none()
        {
            return Err(BatchFolderError::Taken { path });
        }
        let mut folder = Self {
            lock: lock(root)?,
            root: root.to_owned(),
            created,
            unfinished: false,
            disk: Arc::new(DiskThreads::start()),
        };
        let record: Option<BatchManifest> = read_json(&root.join(STATE), RECORD);
        folder.unfinished = record.is_some();
        if let Some(earlier) = record.or(finished)
            && let Some(difference) = difference(&earlier, manifest, claim, sha256_of)
        {
            return Err(BatchFolderError::refused(
                root, difference, earlier, manifest,
            ));
        }
        folder.clean()?;
        leftovers::remove_dead(root);
        Ok(folder)
    }

    /// The batch's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of an input.
    pub fn input(&self, name: &str) -> PathBuf {
        self.root.join(INPUTS).join(name)
    }

    /// The thumbnail of an input.
    pub fn thumbnail(&self, name: &str) -> PathBuf {
        self.root.join(THUMBNAILS).join(format!("{name}.png"))
    }

    fn state(&self, name: &str) -> PathBuf {
        self.root.join(STATE).join(name)
    }

    /// Begins a batch: what an earlier one says of the whole goes, since it
    /// would no longer be true; its inputs stay.
    ///
    /// # Errors
    /// When something cannot be made or removed.
    pub fn begin(&mut self, manifest: &BatchManifest) -> Result<(), WriteError> {
        let bytes = json(manifest);
        self.put(RECORD, &self.state(RECORD), |out| out.write_all(&bytes))?;
        self.unfinished = true;
        for name in [MANIFEST, PAGE, RESULTS] {
            remove_file(&self.root.join(name))?;
        }
        for folder in [self.root.join(INPUTS), self.state(STAGING)] {
            fs::create_dir_all(&folder).map_err(WriteError::at(&folder))?;
        }
        let mut names = self.created.iter().map(PathBuf::as_path);
        names
            .try_for_each(durable::sync_name)
            .and_then(|()| durable::sync_folder(&self.root))
            .map_err(WriteError::at(&self.root))
    }

    /// A folder to be filled with an input's files.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn stage(&self) -> Result<StagedFolder, WriteError> {
        StagedFolder::create_below_lock(&self.state(STAGING), &self.disk)
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
            Ok(path)
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
    /// where a folder is, its thumbnail belongs to it.
    ///
    /// # Errors
    /// When something cannot be written, renamed or removed.
    pub fn publish(&self, mut inputs: Vec<StagedInput>) -> Result<(), WriteError> {
        if inputs.is_empty() {
            return Ok(());
        }
        for input in &inputs {
            let destination = self.input(&input.name);
            input.folder.wait(&destination)?;
            self.discard(&destination)?;
        }
        self.sync(INPUTS)?;
        for input in &inputs {
            let path = self.thumbnail(&input.name);
            match &input.thumbnail {
                None => remove_file(&path)?,
                Some(staged) => fs::create_dir_all(self.root.join(THUMBNAILS))
                    .and_then(|()| fs::rename(staged, &path))
                    .map_err(WriteError::at(&path))?,
            }
        }
        if inputs.iter().any(|input| input.thumbnail.is_some()) {
            self.sync(THUMBNAILS)?;
        }
        for input in &mut inputs {
            let destination = self.input(&input.name);
            input.folder.rename(&destination)?;
        }
        self.sync(INPUTS)
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

    /// Removes an input's folder and its thumbnail.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), WriteError> {
        self.discard(&self.input(name))?;
        remove_file(&self.thumbnail(name))
    }

    /// A file for the results, which [`BatchFolder::put_results`] puts into place.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn results(&self) -> Result<ResultsFile, WriteError> {
        let path = self.state(RESULTS);
        let file = File::create(&path).map_err(WriteError::at(&self.root.join(RESULTS)))?;
        Ok(ResultsFile {
            path,
            writer: HashingWriter::new(BufWriter::new(file)),
        })
    }

    /// Removes inputs' folders and thumbnails that `is_kept` does not know by
    /// the input's folder name.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn remove_others(&self, is_kept: impl Fn(&str) -> bool) -> Result<(), WriteError> {
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
                if !input.is_some_and(&is_kept) {
                    others.push(name);
                }
            }
            for name in others {
                self.discard(&folder.join(name))?;
            }
            // Goes only when it is empty.
            let _ = fs::remove_dir(&folder);
        }
        Ok(())
    }

    /// Writes a file of the batch's folder, to be whole at once.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<FileDigest, WriteError> {
        self.put(name, &self.root.join(name), content)
    }

    fn put(
        &self,
        name: &str,
        path: &Path,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<FileDigest, WriteError> {
        let unfinished = self.state(&format!("{name}.unfinished"));
        let sha256 = durable::put(&unfinished, path, |out| {
            let mut writer = HashingWriter::new(out);
            content(&mut writer)?;
            Ok(writer.finish().1)
        });
        Ok(FileDigest {
            name: name.to_owned(),
            sha256: sha256.map_err(WriteError::at(path))?,
        })
    }

    /// Puts the results into place.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn put_results(&self, results: ResultsFile) -> Result<FileDigest, WriteError> {
        let path = self.root.join(RESULTS);
        let put = || {
            let (mut writer, sha256) = results.writer.finish();
            writer.flush()?;
            durable::sync(&writer.into_inner()?)?;
            fs::rename(&results.path, &path)?;
            durable::sync_name(&path)?;
            Ok(FileDigest {
                name: RESULTS.to_owned(),
                sha256,
            })
        };
        put().map_err(WriteError::at(&path))
    }

    /// Ends the batch: its manifest comes into place, its state goes.
    ///
    /// # Errors
    /// When the manifest cannot be written.
    pub fn finish(mut self, manifest: &BatchManifest) -> Result<(), WriteError> {
        let bytes = json(manifest);
        self.write(MANIFEST, |out| out.write_all(&bytes))?;
        self.unfinished = false;
        Ok(())
    }

    /// Removes what a killed batch left, but for the lock and the record.
    fn clean(&self) -> Result<(), WriteError> {
        let state = self.root.join(STATE);
        for name in names_in(&state).map_err(WriteError::at(&state))? {
            let path = state.join(&name);
            let kept = [LOCK, RECORD].map(OsStr::new);
            let removed = match beneath::is_real_folder(&path) {
                _ if kept.contains(&name.as_os_str()) => Ok(()),
                true => fs::remove_dir_all(&path),
                false => fs::remove_file(&path),
            };
            removed.map_err(WriteError::at(&path))?;
        }
        Ok(())
    }
}

impl Drop for BatchFolder {
    fn drop(&mut self) {
        // Whatever cannot be removed, the next batch removes.
        let _ = self.clean();
        // A batch that has done nothing leaves nothing to know again.
        let is_empty = |name| match fs::remove_dir(self.root.join(name)) {
            Ok(()) => true,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if self.unfinished && [THUMBNAILS, INPUTS].into_iter().all(is_empty) {
            self.unfinished = false;
        }
        if !self.unfinished {
            let _ = fs::remove_file(self.state(RECORD));
        }
        let _ = fs::remove_file(self.state(LOCK));
        self.lock = None;
        let _ = fs::remove_dir(self.root.join(STATE));
        remove_empty(&self.created);
    }
}

/// The results of a batch while they come.
#[derive(Debug)]
pub struct ResultsFile {
    path: PathBuf,
    writer: HashingWriter<BufWriter<File>>,
}

impl ResultsFile {
    /// Adds a line.
    ///
    /// # Errors
    /// When it cannot be written, as on a full disk.
    pub fn append(&mut self, record: &impl Serialize) -> Result<(), WriteError> {
        let mut line = serde_json::to_vec(record)
            .map_err(|error| WriteError::at(&self.path)(io::Error::from(error)))?;
        line.push(b'\n');
        let written = self.writer.write_all(&line);
        written.map_err(WriteError::at(&self.path))
    }
}

/// The lock of the batch's folder, `Err(Busy)` where somebody has it.
fn lock(root: &Path) -> Result<Option<File>, BatchFolderError> {
    let state = root.join(STATE);
    let path = state.join(LOCK);
    for _ in 0..LOCK_ATTEMPTS {
        let attempt = fs::create_dir_all(&state).and_then(|()| {
            let mut options = File::options();
            options.create(true).truncate(false).write(true);
            leftovers::try_lock(&path, &options)
        });
        match attempt.map_err(WriteError::at(&path))? {
            Attempt::Taken(file) => return Ok(Some(file)),
            // The lock of a batch that ended just now.
            Attempt::Gone => {}
            Attempt::Held => break,
        }
    }
    let path = root.to_owned();
    Err(BatchFolderError::Busy { path })
}

fn names_in(folder: &Path) -> io::Result<Vec<std::ffi::OsString>> {
    fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name()))
        .collect()
}

fn read_json<T: DeserializeOwned>(folder: &Path, name: &str) -> Option<T> {
    serde_json::from_slice(&beneath::read(folder, name).ok()?).ok()
}

/// A record gives serde_json no reason to refuse.
fn json(manifest: &BatchManifest) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(manifest).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Removes a file that need not be there.
fn remove_file(path: &Path) -> Result<(), WriteError> {
    durable::remove_if_there(path).map_err(WriteError::at(path))
}
