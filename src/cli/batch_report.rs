//! What `batch --json` and `merge --json` print.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::standard_output::write_json;
use crate::checkpoint::ModelProvenance;
use crate::store::MANIFEST;
use crate::store::batch_records::{BatchCounts, BatchManifest, PAGE, RESULTS};

/// A batch that is done, for programs.
pub(super) struct BatchReport<'a> {
    pub(super) manifest: &'a BatchManifest,
    pub(super) folder: &'a Path,
    /// Inputs that an earlier batch had done.
    pub(super) kept: u64,
    pub(super) load: Duration,
    pub(super) work: Duration,
    pub(super) warnings: &'a [String],
}

#[derive(Serialize)]
struct Report<'a> {
    model: &'a ModelProvenance,
    counts: BatchCounts,
    kept: u64,
    complete: bool,
    folder: String,
    /// The one to look at first.
    open: String,
    page: String,
    results: String,
    manifest: String,
    seconds: Seconds,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct Seconds {
    load: f64,
    work: f64,
}

impl BatchReport<'_> {
    /// Prints it as JSON on standard output.
    pub(super) fn print(&self) -> Result<()> {
        let path = |name: &str| self.folder.join(name).display().to_string();
        let report = Report {
            model: &self.manifest.model,
            counts: self.manifest.counts,
            kept: self.kept,
            complete: self.manifest.complete,
            folder: self.folder.display().to_string(),
            open: path(PAGE),
            page: path(PAGE),
            results: path(RESULTS),
            manifest: path(MANIFEST),
            seconds: Seconds {
                load: self.load.as_secs_f64(),
                work: self.work.as_secs_f64(),
            },
            warnings: self.warnings,
        };
        write_json(&report)
    }
}
