//! The end of a batch: results, page, reports, manifest, in this order.

use std::path::PathBuf;

use super::{BatchManifest, PAGE, RESULTS, THUMBNAILS, write_junit, write_page, write_summary};
use crate::analysis::Maps;
use crate::output::write::batch_folder::{BatchFolder, ResultsFile};
use crate::output::write::{WriteError, report};
use crate::output::{Format, OutputError, OutputOptions};
use crate::render;
use crate::run::Run;

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

/// The thumbnail of a run, where one is to be drawn.
pub(in crate::output) fn thumbnail(
    run: &Run,
    maps: &Maps<'_>,
    options: &OutputOptions,
) -> Result<Option<Vec<u8>>, OutputError> {
    if !has_thumbnails(options) {
        return Ok(None);
    }
    let picture = render::thumbnail(run, maps, &options.figure);
    let picture = picture.map_err(|source| OutputError::Render {
        file: THUMBNAILS.to_owned(),
        source,
    })?;
    Ok(Some(picture.bytes))
}

/// Whether inputs get a thumbnail: where they get pictures.
pub fn has_thumbnails(options: &OutputOptions) -> bool {
    options.formats.contains(&Format::Png)
}
