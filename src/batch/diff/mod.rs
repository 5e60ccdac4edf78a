//! What differs between two sides over many inputs: two models on the same
//! files, two folders of runs, two folders of scores.
//!
//! Inputs pass through one by one: each is compared, its numbers go into
//! `diff.parquet` and into the statistics of every head, its record into
//! `results.jsonl`, and its maps are dropped. What is shown of the worst inputs
//! at the end is computed, or read, again. So memory holds one window of maps
//! and a few bytes an input, however many there are.

mod compared;
mod error;
mod finish;
mod matching;
mod models;
mod numbers;
mod one;
mod options;
mod outcome;
mod page;
mod pictures;
mod runs;
mod scores;
mod tally;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

pub use error::DiffError;
pub use models::{DiffModel, DiffModels};
pub use numbers::without_numbers;
pub use one::OneComparison;
pub use options::ManyOptions;
pub use outcome::{ManyOutcome, NearestToLimit, UnlikeInput, WorstInput};
pub use runs::RunFolders;
pub use scores::ScoreFolders;

use self::models::FilesRead;
use self::runs::RunPairs;
use self::tally::Tally;
use super::outcome::BatchEvent;
use super::overlap::check_places;
use super::report_files::Reports;
use super::source::InputSource;
use crate::attention::Selection;
use crate::checkpoint::ModelProvenance;
use crate::pipeline::{OutputError, WrittenDiff};
use crate::store::diff::{DiffPlace, SideRecord};
use crate::store::write::StagedFolder;
use crate::store::{MANIFEST, manifest_json};

/// The two sides of a comparison over many inputs.
#[derive(Debug)]
pub enum ManySides<'a> {
    /// Two models on the same files.
    Models(DiffModels<'a>),
    /// Two folders of runs.
    Runs(RunFolders),
    /// Two folders of scores.
    Scores(ScoreFolders),
}

/// What a folder of runs or of scores holds.
#[derive(Debug, Clone, PartialEq)]
pub struct FolderSide {
    /// The model that was asked.
    pub model: ModelProvenance,
    /// The layers and heads that there are.
    pub selection: Selection,
}

/// Where maps come from a second time.
enum Source {
    /// The models are asked again.
    Models,
    /// They are read again.
    Runs(RunPairs),
    /// There are none.
    Scores,
}

/// Compares two sides input by input, and writes all of it into a folder, which is
/// put into place when it is whole. `records` say what the sides are.
/// `interrupted` is looked at between inputs.
///
/// # Errors
/// When the sides do not go together, or the machine fails rather than an input:
/// see [`DiffError`].
pub fn diff(
    sides: &ManySides<'_>,
    options: &ManyOptions,
    records: [&SideRecord; 2],
    place: &DiffPlace,
    interrupted: &AtomicBool,
    observer: &mut dyn FnMut(BatchEvent<'_>),
) -> Result<(ManyOutcome, WrittenDiff), DiffError> {
    if let ManySides::Models(models) = sides {
        InputSource::check(&models.sources)?;
        check_places(&models.sources, &place.folder(), &Reports::default())?;
    }
    let ranked_by = options.ranked_by(sides);
    let staged = StagedFolder::create(&place.staging())?;
    let mut tally = Tally::create(options, &staged, ranked_by, observer)?;
    let (source, read) = match sides {
        ManySides::Models(models) => {
            let read = models.each(options, &mut tally, interrupted)?;
            (Source::Models, read)
        }
        ManySides::Runs(folders) => {
            let pairs = folders.open()?;
            pairs.each(options, &mut tally, interrupted)?;
            (Source::Runs(pairs), FilesRead::default())
        }
        ManySides::Scores(folders) => {
            folders.each(options, &mut tally, interrupted)?;
            (Source::Scores, FilesRead::default())
        }
    };
    let (outcome, mut manifest) = finish::finish(tally, sides, &source, read, records)?;
    let _lock = place.lock()?;
    let destination = place.choose(&manifest, options.diff.overwrite);
    let destination = destination.map_err(OutputError::from)?.anew();
    manifest.files.clone_from(&outcome.files);
    manifest
        .files
        .sort_by(|first, second| first.name.cmp(&second.name));
    let bytes = manifest_json(&manifest).map_err(OutputError::from)?;
    staged.write(MANIFEST, &bytes)?;
    let change = destination
        .change(&manifest, &[])
        .map_err(OutputError::from)?;
    let missing_glyphs = outcome.missing_glyphs.clone();
    staged.publish(&destination.path, change.as_ref())?;
    let written = WrittenDiff {
        folder: destination.path,
        manifest,
        kept: BTreeSet::new(),
        missing_glyphs,
    };
    Ok((outcome, written))
}
