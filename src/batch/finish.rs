//! The end of a batch: results, page, reports, manifest, in this order.

use std::path::{Path, PathBuf};

use super::error::BatchError;
use super::report::{write_junit, write_page, write_summary};
use crate::store::batch_records::{BatchManifest, PAGE, RESULTS};
use crate::store::write::batch_folder::{BatchFolder, ResultsFile};
use crate::store::write::{WriteError, report};

/// Files that the user asked for beside the batch's folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reports {
    /// A Markdown summary is added to it.
    pub summary: Option<ReportFile>,
    /// Becomes a JUnit report.
    pub junit: Option<ReportFile>,
}

/// A file that the user asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Where it is to be.
    pub path: PathBuf,
    /// The option or variable that says so.
    pub option: &'static str,
}

impl ReportFile {
    fn error(&self) -> impl FnOnce(WriteError) -> BatchError {
        let option = self.option;
        move |source| BatchError::Report { option, source }
    }
}

impl Reports {
    /// The reports that are asked for, each behind what names it.
    pub fn places(&self) -> Vec<(&'static str, &Path)> {
        let files = [&self.summary, &self.junit].into_iter().flatten();
        files
            .map(|file| (file.option, file.path.as_path()))
            .collect()
    }

    /// Whether they can be written, as far as that shows before they are: asked
    /// before any work is done.
    ///
    /// # Errors
    /// [`BatchError::Report`] when a folder is missing or something is in the
    /// way.
    pub fn check(&self) -> Result<(), BatchError> {
        for file in [&self.summary, &self.junit].into_iter().flatten() {
            report::check(&file.path).map_err(file.error())?;
        }
        Ok(())
    }
}

/// Puts everything into place that speaks of the batch as a whole, the
/// manifest last, and gives the folder up.
///
/// # Errors
/// When a file cannot be written.
pub fn finish(
    folder: BatchFolder,
    results: ResultsFile,
    mut manifest: BatchManifest,
    reports: &Reports,
) -> Result<BatchManifest, BatchError> {
    let results_digest = folder.put_results(results)?;
    let results = folder.root().join(RESULTS);
    let page = folder.write(PAGE, |out| write_page(&manifest, &results, out))?;
    manifest.files = vec![page, results_digest];
    folder.finish(&manifest)?;
    if let Some(file) = &reports.summary {
        report::append(&file.path, |out| write_summary(&manifest, &results, out))
            .map_err(file.error())?;
    }
    if let Some(file) = &reports.junit {
        report::replace(&file.path, |out| write_junit(&manifest, &results, out))
            .map_err(file.error())?;
    }
    Ok(manifest)
}
