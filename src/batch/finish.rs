//! The end of a batch: results, page, reports, manifest, in this order.

use std::path::PathBuf;

use super::error::BatchError;
use super::report::{write_junit, write_page, write_single_page, write_summary};
use super::report_files::{ReportFile, Reports};
use super::scores::derive;
use crate::store::batch_records::{BatchManifest, PAGE, RESULTS};
use crate::store::tables::RankedRelation;
use crate::store::write::assembled::AssembledFolder;
use crate::store::write::batch_folder::{BatchFolder, ResultsFile};
use crate::store::write::{WriteError, files_of_scores, report};

impl ReportFile {
    fn error(&self) -> impl FnOnce(WriteError) -> BatchError {
        let option = self.option;
        move |source| BatchError::Report { option, source }
    }
}

impl Reports {
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
    let page = folder.write(PAGE, |out| match manifest.single_file {
        true => write_single_page(&manifest, folder.root(), &results, out),
        false => write_page(&manifest, &results, out),
    })?;
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

/// Puts everything into place that was made of the scores of all inputs, each of
/// the folders with one file of them, and gives the batch's folder up. Returns
/// what heads find of relations, too.
///
/// # Errors
/// When a file cannot be read or written.
pub fn finish_scores(
    folder: BatchFolder,
    results: ResultsFile,
    parts: &[PathBuf],
    mut manifest: BatchManifest,
) -> Result<(BatchManifest, Vec<RankedRelation>), BatchError> {
    let whole = AssembledFolder::create(folder)?;
    let results = whole.take_results(results)?;
    for part in parts {
        for name in files_of_scores(part) {
            whole.take_over(part, &name)?;
        }
    }
    let relations = derive(&whole, &mut manifest, results)?;
    whole.publish(&manifest)?;
    Ok((manifest, relations))
}
