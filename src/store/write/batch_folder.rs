//! The folder of a batch while it is being filled: whose it is, what is staged
//! in it, and how results come to stand at their final names.
//!
//! `.attnviz-batch/` in it holds a lock, the staged folders, the results so
//! far, the scores so far, a record of the batch and the names that it has used. It goes when the
//! batch is finished, or ends before its first input is done; else record and
//! names stay, so that the next batch knows the folder again.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use super::batch_folder_error::BatchFolderError;
pub use super::batch_lock::STATE;
use super::batch_lock::{LOCK, is_running, lock};
use super::durable::{self, DiskThreads};
use super::error::WriteError;
use super::staged_folder::{create_root, missing_folders, remove_empty};
use super::written::{Ledger, Written};
use super::{beneath, leftovers};
use crate::checkpoint::FileDigest;
use crate::digest::HashingWriter;
use crate::store::batch_records::{
    BatchKind, BatchManifest, Claim, INPUTS, PAGE, RESULTS, SCORES, THUMBNAILS, difference,
};
use crate::store::{MANIFEST, manifest_json};

/// What the running or interrupted batch is.
const RECORD: &str = "batch.json";
/// Folders and files that are not whole yet.
pub(super) const STAGING: &str = "staging";
/// The names of inputs that batches have used.
pub(super) const WRITTEN: &str = "written";
/// The scores of inputs that have no place yet.
pub(super) const ROWS: &str = "rows";

/// A batch's folder that this process alone fills. Dropped before
/// [`BatchFolder::finish`], it leaves whole inputs only.
#[derive(Debug)]
pub struct BatchFolder {
    pub(super) root: PathBuf,
    lock: Option<File>,
    /// The folders above that did not exist before, the lowest first.
    created: Vec<PathBuf>,
    /// Whether the state is that of an unfinished batch and so must stay.
    unfinished: bool,
    /// Whether earlier batches' names are still to be known afterwards.
    pub(super) keeps_names: bool,
    /// Whether what is somebody else's may be replaced.
    pub(super) overwrites: bool,
    pub(super) written: Written,
    /// `None` before the batch begins.
    pub(super) ledger: Option<Ledger>,
    pub(super) disk: Arc<DiskThreads>,
    /// What the earlier batches are: one that came to its end, one that did not.
    pub(super) earlier: [Option<BatchManifest>; 2],
    /// Whether the scores of earlier batches are those that this one would get.
    pub(super) keeps_scores: bool,
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
        if let Err(error) = create_root(root) {
            remove_empty(&created);
            return Err(error.into());
        }
        let parts = [STATE, INPUTS, THUMBNAILS, SCORES].map(|name| root.join(name));
        let of_state = [STAGING, ROWS].map(|name| root.join(STATE).join(name));
        let mut parts = parts.into_iter().chain(of_state);
        if let Some(path) =
            parts.find(|path| fs::symlink_metadata(path).is_ok_and(|found| !found.is_dir()))
        {
            return Err(BatchFolderError::Link { path });
        }
        // In this order: a batch that begins or ends meanwhile has its state
        // or its manifest there before and after it has anything else.
        let places = manifest.kind.places().iter();
        let in_the_way = places
            .map(|name| root.join(name))
            .find(|path| fs::symlink_metadata(path).is_ok());
        let is_begun = read_json::<BatchManifest>(&root.join(STATE), RECORD).is_some();
        let finished: Option<BatchManifest> = read_json(root, MANIFEST);
        // Its results say what is a batch's: nothing is touched without them.
        if finished.is_some()
            && claim != Claim::Overwrite
            && !is_begun
            && !is_running(root)
            && beneath::open(root, RESULTS).is_err()
        {
            let path = root.join(RESULTS);
            return Err(BatchFolderError::ResultsMissing { path });
        }
        if let Some(path) = in_the_way
            && claim != Claim::Overwrite
            && !is_begun
            && finished.is_none()
            && !is_running(root)
        {
            return Err(BatchFolderError::Taken { path });
        }
        let mut folder = Self {
            lock: lock(root)?,
            root: root.to_owned(),
            created,
            unfinished: false,
            keeps_names: root.join(STATE).join(WRITTEN).exists(),
            overwrites: claim == Claim::Overwrite,
            written: Written::default(),
            ledger: None,
            disk: Arc::new(DiskThreads::start()),
            earlier: [None, None],
            keeps_scores: false,
        };
        let record: Option<BatchManifest> = read_json(&root.join(STATE), RECORD);
        folder.unfinished = record.is_some();
        if let Some(earlier) = record.as_ref().or(finished.as_ref())
            && let Some(difference) = difference(earlier, manifest, claim, sha256_of)
        {
            return Err(BatchFolderError::refused(
                root, difference, earlier, manifest,
            ));
        }
        folder.earlier = [finished, record];
        folder.check_scores(manifest, claim)?;
        folder.clean()?;
        leftovers::remove_dead(root);
        folder.written = Written::read(root, &format!("{STATE}/{WRITTEN}"));
        Ok(folder)
    }

    /// The batch's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn state(&self, name: &str) -> PathBuf {
        self.root.join(STATE).join(name)
    }

    /// Begins a batch: what an earlier one says of the whole goes, since it
    /// would no longer be true; its inputs stay, and scores that are to be kept.
    /// Of a batch that is begun already, only its record is written anew.
    ///
    /// # Errors
    /// When something cannot be made or removed.
    pub fn begin(&mut self, manifest: &BatchManifest) -> Result<(), WriteError> {
        let bytes = json(manifest);
        // The names first: they are those of results that go.
        let is_begun = self.ledger.is_some();
        let path = self.state(WRITTEN);
        self.ledger = Some(self.written.ledger(&path).map_err(WriteError::at(&path))?);
        self.keeps_names = true;
        self.put(RECORD, &self.state(RECORD), |out| out.write_all(&bytes))?;
        self.unfinished = true;
        if is_begun {
            return Ok(());
        }
        let place = match manifest.kind {
            BatchKind::Pictures => self.root.join(INPUTS),
            BatchKind::Scores => self.state(ROWS),
        };
        for folder in [self.state(STAGING), place] {
            fs::create_dir_all(&folder).map_err(WriteError::at(&folder))?;
        }
        self.begin_scores()?;
        for name in [MANIFEST, PAGE, RESULTS] {
            remove_file(&self.root.join(name))?;
        }
        let mut names = self.created.iter().map(PathBuf::as_path);
        names
            .try_for_each(durable::sync_name)
            .and_then(|()| durable::sync_folder(&self.root))
            .map_err(WriteError::at(&self.root))
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
        let put = results.put(&path).and_then(|digest| {
            durable::sync_name(&path)?;
            Ok(digest)
        });
        put.map_err(WriteError::at(&path))
    }

    /// Ends the batch: its manifest comes into place, its state goes.
    ///
    /// # Errors
    /// When the manifest cannot be written.
    pub fn finish(mut self, manifest: &BatchManifest) -> Result<(), WriteError> {
        let bytes = json(manifest);
        self.write(MANIFEST, |out| out.write_all(&bytes))?;
        self.unfinished = false;
        // The results have the names of this batch.
        self.keeps_names &= !self.written.is_empty();
        Ok(())
    }

    /// Removes what a killed batch left, but for the lock, the record and the
    /// names.
    fn clean(&self) -> Result<(), WriteError> {
        let staging = self.state(STAGING);
        match fs::remove_dir_all(&staging) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(WriteError::at(&staging)(error));
            }
            _ => {}
        }
        remove_file(&self.state(RESULTS))?;
        let unfinished = [RECORD, WRITTEN, PAGE, MANIFEST].into_iter();
        let mut unfinished = unfinished.map(|name| self.state(&format!("{name}.unfinished")));
        unfinished.try_for_each(|path| remove_file(&path))
    }
}

impl Drop for BatchFolder {
    fn drop(&mut self) {
        // Whatever cannot be removed, the next batch removes.
        let _ = self.clean();
        if !self.unfinished {
            let _ = fs::remove_dir_all(self.state(ROWS));
        }
        // A batch that has done nothing leaves nothing to know again.
        let places = [
            self.root.join(THUMBNAILS),
            self.root.join(INPUTS),
            self.state(ROWS),
        ];
        let is_empty = |place| match fs::remove_dir(place) {
            Ok(()) => true,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if self.unfinished && places.iter().all(is_empty) {
            (self.unfinished, self.keeps_names) = (false, false);
        }
        if !self.unfinished {
            let _ = fs::remove_file(self.state(RECORD));
        }
        if !self.unfinished && !self.keeps_names {
            let _ = fs::remove_file(self.state(WRITTEN));
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
    pub(super) path: PathBuf,
    writer: HashingWriter<BufWriter<File>>,
}

impl ResultsFile {
    /// Brings the file to the disk and gives it this name.
    pub(super) fn put(self, path: &Path) -> io::Result<FileDigest> {
        let (writer, sha256) = self.writer.finish();
        durable::sync(&writer.into_inner()?)?;
        fs::rename(&self.path, path)?;
        Ok(FileDigest {
            name: RESULTS.to_owned(),
            sha256,
        })
    }

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

fn read_json<T: DeserializeOwned>(folder: &Path, name: &str) -> Option<T> {
    serde_json::from_slice(&beneath::read(folder, name).ok()?).ok()
}

/// A record gives serde_json no reason to refuse.
fn json(manifest: &BatchManifest) -> Vec<u8> {
    manifest_json(manifest).unwrap_or_default()
}

/// Removes a file that need not be there.
pub(super) fn remove_file(path: &Path) -> Result<(), WriteError> {
    durable::remove_if_there(path).map_err(WriteError::at(path))
}
