//! The end of a batch: results, page, reports, manifest, in this order.

use std::path::PathBuf;

use super::report::{write_junit, write_page, write_summary};
use crate::store::batch_records::{BatchManifest, PAGE, RESULTS};
use crate::store::write::batch_folder::{BatchFolder, ResultsFile};
use crate::store::write::{WriteError, report};

/// Files that the user asked for beside the batch's folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reports {
    /// A Markdown summary is added to it.
    pub summary: Option<PathBuf>,
    /// Becomes a JUnit report.
    pub junit: Option<PathBuf>,
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
) -> Result<BatchManifest, WriteError> {
    let results_digest = folder.put_results(results)?;
    let results = folder.root().join(RESULTS);
    let page = folder.write(PAGE, |out| write_page(&manifest, &results, out))?;
    manifest.files = vec![page, results_digest];
    folder.finish(&manifest)?;
    if let Some(path) = &reports.summary {
        report::append(path, |out| write_summary(&manifest, &results, out))?;
    }
    if let Some(path) = &reports.junit {
        report::replace(path, |out| write_junit(&manifest, &results, out))?;
    }
    Ok(manifest)
}
