//! The inputs of a folder that has results and files of scores, one by one.

use std::io;
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

use crate::attention::HeadId;
use crate::store::batch_records::{RESULTS, ResultReader, ResultRecord, Status};
use crate::store::tables::{InputScores, ScoredInput, ScoresReader};
use crate::store::write::{beneath, files_of_scores};

/// Where the rows of an input are in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::batch) struct RowsPlace {
    /// Which of the folder's files, in their order.
    pub file: usize,
    /// Which row group of it.
    pub group: usize,
    /// Which input of the group.
    pub position: usize,
}

/// An input with what is known of it.
#[derive(Debug)]
pub(in crate::batch) struct ScoredRecord {
    pub record: ResultRecord,
    /// Where its line is in the results, in bytes.
    pub offset: u64,
    /// Its place among all inputs and its scores; `None` where it failed.
    pub scores: Option<(u64, InputScores)>,
    pub place: RowsPlace,
}

/// The inputs of a folder in their order, with those that failed. Holds no more
/// than a row group.
pub(in crate::batch) struct ScoredInputs {
    results: ResultReader,
    rows: Rows,
}

/// The inputs of the files of scores of a folder, in their order.
pub(in crate::batch) struct Rows {
    root: PathBuf,
    heads: Vec<HeadId>,
    files: Vec<String>,
    reader: Option<ScoresReader>,
    inputs: IntoIter<ScoredInput>,
    /// Of the next input; its group has been read.
    place: RowsPlace,
    /// How many groups of the file have been read.
    read_groups: usize,
}

impl Rows {
    /// Of the folder at `root`, with a row for each of these heads an input.
    pub(in crate::batch) fn open(root: &Path, heads: Vec<HeadId>) -> Self {
        Self {
            root: root.to_owned(),
            heads,
            files: files_of_scores(root),
            reader: None,
            inputs: Vec::new().into_iter(),
            place: RowsPlace {
                file: 0,
                group: 0,
                position: 0,
            },
            read_groups: 0,
        }
    }

    fn reader(&self, file: usize) -> io::Result<Option<ScoresReader>> {
        let Some(name) = self.files.get(file) else {
            return Ok(None);
        };
        let file = beneath::open(&self.root, name)?;
        ScoresReader::open(file, self.heads.clone()).map(Some)
    }

    /// The inputs of one row group.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(in crate::batch) fn group(&self, place: RowsPlace) -> io::Result<Vec<ScoredInput>> {
        match self.reader(place.file)? {
            Some(reader) => reader.group(place.group),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The next input, with its place.
    fn next(&mut self) -> io::Result<Option<(ScoredInput, RowsPlace)>> {
        loop {
            if let Some(input) = self.inputs.next() {
                let place = self.place;
                self.place.position += 1;
                return Ok(Some((input, place)));
            }
            if self.reader.is_none() {
                self.reader = self.reader(self.place.file)?;
                self.read_groups = 0;
            }
            let Some(reader) = &self.reader else {
                return Ok(None);
            };
            if self.read_groups == reader.group_count() {
                self.reader = None;
                self.place.file += 1;
                continue;
            }
            self.inputs = reader.group(self.read_groups)?.into_iter();
            self.place.group = self.read_groups;
            self.place.position = 0;
            self.read_groups += 1;
        }
    }
}

impl ScoredInputs {
    /// Of the folder at `root`, with a row for each of these heads an input.
    ///
    /// # Errors
    /// When it has no results.
    pub(in crate::batch) fn open(root: &Path, heads: Vec<HeadId>) -> io::Result<Self> {
        Ok(Self {
            results: ResultReader::of(beneath::open(root, RESULTS)?),
            rows: Rows::open(root, heads),
        })
    }

    fn read(&mut self) -> io::Result<Option<ScoredRecord>> {
        let offset = self.results.offset();
        let Some(record) = self.results.next().transpose()? else {
            return match self.rows.next()? {
                Some(_) => Err(damaged(
                    "its files of scores have more inputs than its results",
                )),
                None => Ok(None),
            };
        };
        let mut place = self.rows.place;
        let scores = match record.status {
            Status::Failed => None,
            Status::Done => match self.rows.next()? {
                Some((input, found)) if input.id == record.id => {
                    place = found;
                    Some((input.index, input.scores))
                }
                Some(_) => return Err(damaged("its files of scores are not those of its results")),
                None => return Err(damaged("its files of scores lack inputs of its results")),
            },
        };
        Ok(Some(ScoredRecord {
            record,
            offset,
            scores,
            place,
        }))
    }
}

impl Iterator for ScoredInputs {
    /// What is not as attnviz writes it is an error of kind `InvalidData`.
    type Item = io::Result<ScoredRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

fn damaged(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
