//! What is written down as inputs are finished.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::PathBuf;

use super::outcome::BatchEvent;
use super::scores::Table;
use super::window::Finished;
use crate::digest::fingerprint;
use crate::render::page::many::LARGE_PAGE;
use crate::store::batch_records::{BatchManifest, Status};
use crate::store::write::WriteError;
use crate::store::write::batch_folder::ResultsFile;

/// What is written down as inputs are finished, in their order.
pub(super) struct Ledger<'batch, 'folder> {
    pub(super) results: ResultsFile,
    /// The files of scores, where they are asked for.
    pub(super) table: Option<Table<'folder>>,
    pub(super) manifest: &'batch mut BatchManifest,
    /// Fingerprints of the folders that belong to the batch.
    pub(super) done_folders: HashSet<u128>,
    pub(super) kept: u64,
    pub(super) missing_glyphs: BTreeSet<char>,
    /// Whether all inputs so far that tell it say that the model attends to
    /// everything alike; `None` where none does.
    pub(super) is_uniform: Option<bool>,
    pub(super) total_bytes: Option<u64>,
    /// How far each file is done.
    pub(super) offsets: Vec<u64>,
    /// Which file the last input is of.
    pub(super) last_file: usize,
    /// The batch's folder.
    pub(super) root: PathBuf,
    /// Whether the pages of all inputs become one.
    pub(super) joins_pages: bool,
    /// What these pages have so far.
    pub(super) page_bytes: u64,
}

impl Ledger<'_, '_> {
    pub(super) fn enter(
        &mut self,
        finished: Finished,
        observer: &mut dyn FnMut(BatchEvent<'_>),
    ) -> Result<(), WriteError> {
        let record = &finished.record;
        self.results.append(record)?;
        if let (Some(table), Some((index, scores))) = (&mut self.table, finished.scores) {
            table.push(index, record, scores, finished.was_kept)?;
        }
        let counts = &mut self.manifest.counts;
        counts.inputs += 1;
        match record.status {
            Status::Done => counts.done += 1,
            Status::Failed => counts.failed += 1,
        }
        if let (Status::Done, Some(name)) = (record.status, &finished.folder_name) {
            self.done_folders.insert(fingerprint(name));
        }
        self.kept += u64::from(finished.was_kept);
        self.last_file = finished.file_index;
        self.missing_glyphs.extend(&finished.missing_glyphs);
        if let Some(is_uniform) = finished.is_uniform {
            self.is_uniform = Some(is_uniform && self.is_uniform != Some(false));
        }
        if let Some(offset) = self.offsets.get_mut(finished.file_index) {
            *offset = finished.offset;
        }
        if record.status == Status::Failed {
            observer(BatchEvent::Failed(record));
        }
        let done: u64 = self.offsets.iter().sum();
        let fraction = self.total_bytes.filter(|&total| total > 0);
        let fraction = fraction.map(|total| (done as f64 / total as f64).min(1.0));
        if let Some(page) = finished.record.page.as_ref().filter(|_| self.joins_pages) {
            // What cannot be asked is met again where the pages are joined.
            let length = fs::metadata(self.root.join(page)).map_or(0, |page| page.len());
            let was_large = self.page_bytes > LARGE_PAGE;
            self.page_bytes += length;
            if self.page_bytes > LARGE_PAGE && !was_large {
                let bytes = self.page_bytes;
                observer(BatchEvent::LargePage { bytes, fraction });
            }
        }
        observer(BatchEvent::Advanced {
            counts: self.manifest.counts,
            fraction,
        });
        Ok(())
    }

    /// Brings to the disk what is done, to be gone on from.
    pub(super) fn keep(&mut self) -> Result<(), WriteError> {
        self.table.as_mut().map_or(Ok(()), Table::keep)
    }

    pub(super) fn is_full(&self, maximum_failures: Option<u64>) -> bool {
        maximum_failures.is_some_and(|maximum| self.manifest.counts.failed >= maximum)
    }
}
