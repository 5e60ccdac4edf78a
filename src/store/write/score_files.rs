//! The scores of a batch's inputs while they come. They lie in folders of the
//! batch's state, each like the folder of a finished batch: results and files of
//! scores of the same inputs. So a batch that is killed loses only what was not
//! in one of them, and the next one reads all of them alike.

use std::fs;
use std::path::{Path, PathBuf};

use super::batch_folder::{BatchFolder, BatchFolderError, ROWS, remove_file};
use super::beneath;
use super::durable;
use super::error::WriteError;
use super::staged_folder::StagedFolder;
use crate::store::batch_records::{
    BatchKind, BatchManifest, Claim, EXAMPLES, HEADS, HEADS_PICTURE, RELATIONS, RESULTS, SCORES,
    is_part,
};

impl BatchFolder {
    /// Whether the place of the files of scores is free, and whether those of
    /// earlier batches are what this one would make.
    pub(super) fn check_scores(
        &mut self,
        manifest: &BatchManifest,
        claim: Claim,
    ) -> Result<(), BatchFolderError> {
        let earlier = || self.earlier.iter().flatten();
        let [finished, record] = &self.earlier;
        let latest = record.as_ref().or(finished.as_ref());
        self.keeps_scores = claim == Claim::Resume
            && latest.is_some_and(|latest| has_same_scores(latest, manifest));
        if manifest.kind.is_pictures() || self.overwrites {
            return Ok(());
        }
        let is_listed =
            |name: &str| earlier().any(|batch| batch.files.iter().any(|file| file.name == name));
        let stranger = files_of_scores(self.root())
            .into_iter()
            .find(|name| !is_listed(name));
        match stranger {
            Some(name) => Err(BatchFolderError::Taken {
                path: self.root().join(name),
            }),
            None => Ok(()),
        }
    }

    /// Puts the scores of an earlier batch aside that are to be kept, and
    /// removes its tables.
    pub(super) fn begin_scores(&mut self) -> Result<(), WriteError> {
        if !self.keeps_scores {
            let rows = self.state(ROWS);
            let removed = fs::remove_dir_all(&rows).and_then(|()| fs::create_dir(&rows));
            match removed {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(WriteError::at(&rows)(error));
                }
                _ => {}
            }
        }
        let earlier = std::mem::take(&mut self.earlier);
        if let [Some(finished), _] = &earlier
            && self.keeps_scores
            && finished.kind == BatchKind::Scores
        {
            self.put_aside(finished)?;
        }
        let files = earlier.iter().flatten().flat_map(|batch| &batch.files);
        for file in files {
            let name = file.name.as_str();
            if is_part(name) || [HEADS, HEADS_PICTURE, EXAMPLES, RELATIONS].contains(&name) {
                remove_file(&self.root.join(name))?;
            }
        }
        // Goes only when it is empty.
        let _ = fs::remove_dir(self.root.join(SCORES));
        Ok(())
    }

    /// A second name in the state for results and scores of a finished batch,
    /// as far as they are what it lists.
    fn put_aside(&self, finished: &BatchManifest) -> Result<(), WriteError> {
        let staged = self.stage()?;
        for file in &finished.files {
            let is_kept = file.name == RESULTS || is_part(&file.name);
            if is_kept && beneath::is_as_listed(&self.root, &file.name, &file.sha256) {
                staged.take_over(&self.root, &file.name)?;
            }
        }
        self.keep_scores(staged).map(|_| ())
    }

    /// Keeps a folder of results and scores until the batch is finished, and
    /// returns its place.
    ///
    /// # Errors
    /// When it cannot be brought to the disk or renamed.
    pub fn keep_scores(&self, mut staged: StagedFolder) -> Result<PathBuf, WriteError> {
        let rows = self.state(ROWS);
        let numbers = self.kept_scores();
        let numbers = numbers
            .iter()
            .filter_map(|path| path.file_name()?.to_str()?.parse().ok());
        let number = numbers.max().unwrap_or(0_u64).saturating_add(1);
        let path = rows.join(format!("{number:08}"));
        staged.seal()?;
        staged.wait(&path)?;
        staged.rename(&path)?;
        durable::sync_folder(&rows).map_err(WriteError::at(&rows))?;
        Ok(path)
    }

    /// The folders of results and scores that are kept, in the order in which
    /// they came.
    pub fn kept_scores(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.state(ROWS)).into_iter().flatten();
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut paths: Vec<PathBuf> = paths.filter(|path| beneath::is_real_folder(path)).collect();
        paths.sort_unstable();
        paths
    }

    /// Removes a folder of scores that another one holds as well.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn drop_scores(&self, path: &Path) -> Result<(), WriteError> {
        fs::remove_dir_all(path).map_err(WriteError::at(path))
    }
}

/// Whether an input has the same scores in both batches, if its units are the
/// same.
fn has_same_scores(earlier: &BatchManifest, now: &BatchManifest) -> bool {
    let what = |batch: &BatchManifest| (batch.kind, batch.layers.clone(), batch.heads.clone());
    earlier.model == now.model
        && earlier.attnviz_version == now.attnviz_version
        && what(earlier) == what(now)
}

/// The files of scores in a folder, by their names there in order.
pub fn files_of_scores(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root.join(SCORES)).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let names = names.map(|name| format!("{SCORES}/{name}"));
    let mut names: Vec<String> = names.filter(|name| is_part(name)).collect();
    // Numbers with more digits are greater.
    names.sort_unstable_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
    names
}
