//! What all inputs come to, kept while they pass: statistics, the worst of them,
//! the table and the results on their way to the disk.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::DiffError;
use super::compared::{Compared, Found, Place};
use super::options::ManyOptions;
use super::outcome::{NearestToLimit, UnlikeInput};
use crate::attention::HeadId;
use crate::batch::outcome::BatchEvent;
use crate::compare::{DifferenceMeasure, ManyDifferences, Quantity};
use crate::digest::hexadecimal;
use crate::store::batch_records::{BatchCounts, RESULTS, ResultRecord};
use crate::store::diff::ROWS_OF_MANY;
use crate::store::tables::DifferencesWriter;
use crate::store::write::{StagedFolder, WriteError};

/// So many inputs whose units differ are kept, to be shown.
const SHOWN_UNLIKE: usize = 5;
/// So many failures are kept, to be shown; the results have all.
const SHOWN_FAILURES: usize = 10;
/// The least number of worst inputs that are kept.
const SHOWN_WORST: usize = 5;

/// An input that differs much, by its greatest head.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) index: u64,
    pub(super) head: HeadId,
    pub(super) value: f64,
    pub(super) record: Arc<ResultRecord>,
    pub(super) place: Place,
}

/// What all inputs come to.
pub(super) struct Tally<'a> {
    pub(super) options: &'a ManyOptions,
    pub(super) staged: &'a StagedFolder,
    pub(super) ranked_by: Quantity,
    heads: Vec<HeadId>,
    pub(super) many: ManyDifferences,
    pub(super) counts: BatchCounts,
    /// The worst inputs, the worst first.
    pub(super) worst: Vec<Candidate>,
    /// For each head the input in which it differs most.
    pub(super) worst_of_heads: Vec<Option<Candidate>>,
    pub(super) limits: Vec<NearestToLimit>,
    pub(super) unlike_count: u64,
    /// How many inputs are not compared because their units differ.
    pub(super) other_units_count: u64,
    /// How many units were compared, and of how many.
    pub(super) units: [u64; 2],
    pub(super) truncated_count: u64,
    /// The id of the first input that was cut.
    pub(super) first_truncated: Option<String>,
    /// Of the first input whose tokens have other numbers.
    pub(super) other_ids: Option<String>,
    pub(super) unlike: Vec<UnlikeInput>,
    pub(super) lacks_scores: bool,
    pub(super) failed: Vec<ResultRecord>,
    is_uniform: [Option<bool>; 2],
    /// `None` when they are closed.
    table: Option<DifferencesWriter<File>>,
    results: Option<BufWriter<File>>,
    /// Of the ids and texts of all inputs.
    hasher: Sha256,
    observer: &'a mut dyn FnMut(BatchEvent<'_>),
}

/// What is said of a file that is not in its place yet.
fn at(name: &str) -> impl FnOnce(io::Error) -> WriteError {
    let path = PathBuf::from(name);
    move |source| WriteError { path, source }
}

impl<'a> Tally<'a> {
    pub(super) fn create(
        options: &'a ManyOptions,
        staged: &'a StagedFolder,
        ranked_by: Quantity,
        observer: &'a mut dyn FnMut(BatchEvent<'_>),
    ) -> Result<Self, WriteError> {
        let heads: Vec<HeadId> = options.selection.head_ids().collect();
        let table = staged.create_file(ROWS_OF_MANY);
        let table = table.and_then(|file| DifferencesWriter::new(file, heads.clone()));
        let results = staged.create_file(RESULTS).map_err(at(RESULTS))?;
        Ok(Self {
            options,
            staged,
            ranked_by,
            many: ManyDifferences::new(heads.clone()),
            counts: BatchCounts::default(),
            worst: Vec::new(),
            worst_of_heads: heads.iter().map(|_| None).collect(),
            heads,
            limits: Vec::new(),
            unlike_count: 0,
            other_units_count: 0,
            units: [0, 0],
            truncated_count: 0,
            first_truncated: None,
            other_ids: None,
            unlike: Vec::new(),
            lacks_scores: false,
            failed: Vec::new(),
            is_uniform: [None, None],
            table: Some(table.map_err(at(ROWS_OF_MANY))?),
            results: Some(BufWriter::new(results)),
            hasher: Sha256::new(),
            observer,
        })
    }

    /// Adds an input; its index is greater than the last one's.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn enter(
        &mut self,
        compared: Compared,
        fraction: Option<f64>,
    ) -> Result<(), DiffError> {
        let Compared {
            index,
            record,
            place,
            found,
        } = compared;
        self.counts.inputs += 1;
        // JSON, so that no two lists of inputs are written alike.
        let input = serde_json::json!([record.id, record.text, record.pair]);
        self.hasher.update(input.to_string());
        if let Some(results) = &mut self.results {
            let line = serde_json::to_writer(&mut *results, &record).map_err(io::Error::from);
            line.and_then(|()| results.write_all(b"\n"))
                .map_err(at(RESULTS))?;
        }
        self.show_unlike(&record, found.is_some());
        let Some(mut found) = found else {
            self.counts.failed += 1;
            (self.observer)(BatchEvent::Failed(&record));
            if self.failed.len() < SHOWN_FAILURES {
                self.failed.push(record);
            }
            self.advance(fraction);
            return Ok(());
        };
        self.counts.done += 1;
        if let Some(table) = &mut self.table {
            let row = table.push(index, &record.id, found.tokens, &found.differences);
            row.map_err(at(ROWS_OF_MANY))?;
        }
        self.many.add(index, &found.differences);
        self.lacks_scores |= found.differences.scores.is_empty();
        for (all, one) in self.is_uniform.iter_mut().zip(found.is_uniform) {
            *all = one.map_or(*all, |one| Some(all.unwrap_or(true) && one));
        }
        for (all, one) in self.units.iter_mut().zip(found.units) {
            *all += one as u64;
        }
        if found.truncated > 0 {
            self.truncated_count += 1;
            self.first_truncated
                .get_or_insert_with(|| record.id.clone());
        }
        if let (None, Some(note)) = (&self.other_ids, found.other_ids.take()) {
            self.other_ids = Some(format!("Input {:?}: {note}", record.id));
        }
        self.check_thresholds(index, &record.id, &found);
        self.rank(index, &Arc::new(record), &place, &found);
        self.advance(fraction);
        Ok(())
    }

    /// Counts an input whose units are not all the same, and keeps the first ones.
    fn show_unlike(&mut self, record: &ResultRecord, is_compared: bool) {
        if record.unlike_units.is_empty() {
            return;
        }
        match is_compared {
            true => self.unlike_count += 1,
            false => self.other_units_count += 1,
        }
        if self.unlike.len() < SHOWN_UNLIKE {
            self.unlike.push(UnlikeInput {
                id: record.id.clone(),
                units: record.unlike_units.clone(),
                is_compared,
            });
        }
    }

    fn advance(&mut self, fraction: Option<f64>) {
        let counts = self.counts;
        (self.observer)(BatchEvent::Advanced { counts, fraction });
    }

    /// SHA-256 of the ids and texts of all inputs so far.
    pub(super) fn sha256(&self) -> String {
        hexadecimal(&self.hasher.clone().finalize())
    }

    /// The greatest of some values and the first head that has it.
    fn greatest(&self, values: &[f64]) -> Option<(HeadId, f64)> {
        let heads = self.heads.iter().copied().zip(values.iter().copied());
        heads
            .filter(|(_, value)| !value.is_nan())
            .reduce(|one, other| {
                if other.1.abs() > one.1.abs() {
                    other
                } else {
                    one
                }
            })
    }

    fn check_thresholds(&mut self, index: u64, id: &str, found: &Found) {
        for (measure, limit) in self.options.thresholds.limits() {
            let values = self.values(found, Quantity::Measure(measure));
            let heads = self.heads.iter().copied().zip(values.iter().copied());
            // What is no number is above every threshold.
            let wrong = heads.into_iter().find(|(_, value)| value.is_nan());
            let Some((head, value)) = wrong.or_else(|| self.greatest(values)) else {
                continue;
            };
            let is_within = value <= limit;
            let is_of_cells = measure == DifferenceMeasure::MaxAbs;
            let cell = found.greatest_cell.as_ref();
            let cell = cell.filter(|(of_head, _)| is_of_cells && *of_head == head);
            let here = NearestToLimit {
                measure,
                limit,
                value,
                head,
                cell: cell.map(|(_, names)| names.clone()),
                id: id.to_owned(),
                index,
                count: u64::from(!is_within),
            };
            let mut earlier = self.limits.iter_mut();
            match earlier.find(|found| found.measure == measure) {
                None => self.limits.push(here),
                Some(worst) => {
                    let count = worst.count + here.count;
                    let is_first = value.is_nan() && !worst.value.is_nan();
                    if value > worst.value || is_first {
                        *worst = here;
                    }
                    worst.count = count;
                }
            }
        }
    }

    fn values<'f>(&self, found: &'f Found, quantity: Quantity) -> &'f [f64] {
        let values = found.differences.of(quantity, self.heads.len());
        values.unwrap_or_default()
    }

    /// Keeps the input where it is one of the worst, of all heads or of one. Of
    /// equal ones the first stays.
    fn rank(&mut self, index: u64, record: &Arc<ResultRecord>, place: &Place, found: &Found) {
        let values = self.values(found, self.ranked_by);
        let candidate = |head: HeadId, value: f64| Candidate {
            index,
            head,
            value,
            record: Arc::clone(record),
            place: place.clone(),
        };
        // As the statistics have it, in single precision.
        let is_worse = |one: f64, other: f64| (one.abs() as f32) > (other.abs() as f32);
        for ((worst, &head), &value) in self.worst_of_heads.iter_mut().zip(&self.heads).zip(values)
        {
            let earlier = worst.as_ref().map(|worst| worst.value);
            if !value.is_nan() && earlier.is_none_or(|earlier| is_worse(value, earlier)) {
                *worst = Some(candidate(head, value));
            }
        }
        let Some((head, value)) = self.greatest(values) else {
            return;
        };
        let kept = self.options.diff.top.max(SHOWN_WORST);
        let after = self
            .worst
            .partition_point(|other| !is_worse(value, other.value));
        if after < kept {
            self.worst.insert(after, candidate(head, value));
            self.worst.truncate(kept);
        }
    }

    /// Whether each side attends to everything alike in every input that tells.
    pub(super) fn is_uniform(&self) -> [bool; 2] {
        self.is_uniform.map(|uniform| uniform == Some(true))
    }

    /// Ends the table and the results.
    pub(super) fn close(&mut self) -> Result<(), WriteError> {
        if let Some(table) = self.table.take() {
            let file = table.finish();
            file.and_then(|file| self.staged.sync_before(file))
                .map_err(at(ROWS_OF_MANY))?;
        }
        if let Some(results) = self.results.take() {
            let file = results.into_inner().map_err(io::Error::from);
            file.and_then(|file| self.staged.sync_before(file))
                .map_err(at(RESULTS))?;
        }
        Ok(())
    }
}
