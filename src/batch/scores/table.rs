//! The files of scores while inputs are finished, and the folders in which they
//! outlast a process that is killed.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::attention::HeadId;
use crate::store::batch_records::{PART_LENGTH, RESULTS, ResultRecord, part_of};
use crate::store::tables::{InputScores, ScoresWriter};
use crate::store::write::batch_folder::BatchFolder;
use crate::store::write::{StagedFolder, WriteError};

/// The most inputs whose scores wait to be brought to the disk.
const CHUNK_LENGTH: usize = 512;
/// The least, and how long they wait then at least: the disk takes as long for
/// many as for one.
const SMALL_CHUNK_LENGTH: usize = 64;
const CHUNK_AGE: Duration = Duration::from_secs(2);

/// Writes files of scores, one after the other.
pub(in crate::batch) struct PartWriter {
    heads: Vec<HeadId>,
    current: Option<(String, ScoresWriter<File>)>,
    names: Vec<String>,
}

impl PartWriter {
    pub(in crate::batch) fn new(heads: &[HeadId]) -> Self {
        Self {
            heads: heads.to_vec(),
            current: None,
            names: Vec::new(),
        }
    }

    /// Adds the scores of an input to the files in `folder`; its index is
    /// greater than the last one's.
    pub(in crate::batch) fn push(
        &mut self,
        folder: &StagedFolder,
        index: u64,
        id: &str,
        scores: &InputScores,
    ) -> Result<(), WriteError> {
        let name = part_of(index);
        if self.current.as_ref().is_none_or(|(open, _)| *open != name) {
            self.close(folder)?;
            let file = folder.create_file(&name);
            let writer = file.and_then(|file| ScoresWriter::new(file, self.heads.clone()));
            self.names.push(name.clone());
            self.current = Some((name.clone(), writer.map_err(at(&name))?));
        }
        match &mut self.current {
            Some((name, writer)) => writer.push(index, id, scores).map_err(at(name)),
            None => Ok(()),
        }
    }

    /// Ends the last file, and returns the names of all.
    pub(in crate::batch) fn finish(
        mut self,
        folder: &StagedFolder,
    ) -> Result<Vec<String>, WriteError> {
        self.close(folder)?;
        Ok(self.names)
    }

    fn close(&mut self, folder: &StagedFolder) -> Result<(), WriteError> {
        let Some((name, writer)) = self.current.take() else {
            return Ok(());
        };
        let file = writer.finish();
        file.and_then(|file| folder.sync_before(file))
            .map_err(at(&name))
    }
}

/// What is said of a file that is not in its place yet.
fn at(name: &str) -> impl FnOnce(io::Error) -> WriteError {
    let path = PathBuf::from(name);
    move |source| WriteError { path, source }
}

/// A folder of results and scores that is being filled.
struct RowsFolder {
    staged: StagedFolder,
    parts: PartWriter,
    results: BufWriter<File>,
}

impl RowsFolder {
    fn create(folder: &BatchFolder, heads: &[HeadId]) -> Result<Self, WriteError> {
        let staged = folder.stage()?;
        let results = staged.create_file(RESULTS).map_err(at(RESULTS))?;
        Ok(Self {
            staged,
            parts: PartWriter::new(heads),
            results: BufWriter::new(results),
        })
    }

    fn push(&mut self, input: &Waiting) -> Result<(), WriteError> {
        let Waiting {
            index,
            record,
            scores,
        } = input;
        self.parts.push(&self.staged, *index, &record.id, scores)?;
        let line = serde_json::to_writer(&mut self.results, record).map_err(io::Error::from);
        line.and_then(|()| self.results.write_all(b"\n"))
            .map_err(at(RESULTS))
    }

    /// Brings it to the disk and into the batch's state.
    fn keep(self, folder: &BatchFolder) -> Result<PathBuf, WriteError> {
        self.parts.finish(&self.staged)?;
        let results = self.results.into_inner().map_err(io::Error::from);
        results
            .and_then(|results| self.staged.sync_before(results))
            .map_err(at(RESULTS))?;
        folder.keep_scores(self.staged)
    }
}

/// An input whose scores are not on the disk yet.
struct Waiting {
    index: u64,
    record: ResultRecord,
    scores: InputScores,
}

/// The scores of a batch while they come: what is new goes into small folders
/// every now and then, everything in order into one a part; when that is whole,
/// the small ones go.
pub(in crate::batch) struct Table<'a> {
    folder: &'a BatchFolder,
    heads: Vec<HeadId>,
    part: Option<(u64, RowsFolder)>,
    chunk: Vec<Waiting>,
    last_chunk: Instant,
    chunk_folders: Vec<PathBuf>,
    part_folders: Vec<PathBuf>,
}

impl<'a> Table<'a> {
    pub(in crate::batch) fn new(folder: &'a BatchFolder, heads: Vec<HeadId>) -> Self {
        Self {
            folder,
            heads,
            part: None,
            chunk: Vec::new(),
            last_chunk: Instant::now(),
            chunk_folders: Vec::new(),
            part_folders: Vec::new(),
        }
    }

    /// Adds the scores of an input; its index is greater than the last one's.
    pub(in crate::batch) fn push(
        &mut self,
        index: u64,
        record: &ResultRecord,
        scores: InputScores,
        was_kept: bool,
    ) -> Result<(), WriteError> {
        let number = index / PART_LENGTH;
        if self.part.as_ref().is_some_and(|(open, _)| *open != number) {
            self.end_part()?;
        }
        let input = Waiting {
            index,
            record: record.clone(),
            scores,
        };
        let part = match &mut self.part {
            Some((_, part)) => part,
            none => {
                let part = RowsFolder::create(self.folder, &self.heads)?;
                &mut none.insert((number, part)).1
            }
        };
        part.push(&input)?;
        if !was_kept {
            self.chunk.push(input);
        }
        let is_old = || self.last_chunk.elapsed() >= CHUNK_AGE;
        match self.chunk.len() {
            CHUNK_LENGTH.. => self.keep(),
            SMALL_CHUNK_LENGTH.. if is_old() => self.keep(),
            _ => Ok(()),
        }
    }

    /// Brings everything to the disk that is not there yet.
    pub(in crate::batch) fn keep(&mut self) -> Result<(), WriteError> {
        self.last_chunk = Instant::now();
        if self.chunk.is_empty() {
            return Ok(());
        }
        let mut rows = RowsFolder::create(self.folder, &self.heads)?;
        self.chunk
            .drain(..)
            .try_for_each(|input| rows.push(&input))?;
        self.chunk_folders.push(rows.keep(self.folder)?);
        Ok(())
    }

    fn end_part(&mut self) -> Result<(), WriteError> {
        if let Some((_, part)) = self.part.take() {
            self.part_folders.push(part.keep(self.folder)?);
            self.chunk.clear();
            let folders = std::mem::take(&mut self.chunk_folders);
            folders
                .iter()
                .try_for_each(|path| self.folder.drop_scores(path))?;
        }
        Ok(())
    }

    /// Ends the last part, and returns the folders that have one each.
    pub(in crate::batch) fn finish(mut self) -> Result<Vec<PathBuf>, WriteError> {
        self.end_part()?;
        Ok(self.part_folders)
    }
}
