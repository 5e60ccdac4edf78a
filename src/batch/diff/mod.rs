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
mod options;
mod outcome;
mod page;
mod pictures;
mod runs;
mod scores;
mod tally;

use std::sync::atomic::AtomicBool;

pub use error::DiffError;
pub use models::{DiffModel, DiffModels};
pub use options::ManyOptions;
pub use outcome::{DiffEvent, ExceededBy, ManyOutcome, WorstInput};
pub use runs::RunFolders;
pub use scores::ScoreFolders;

use self::models::FilesRead;
use self::runs::RunPairs;
use self::tally::Tally;
use crate::store::diff::SideRecord;
use crate::store::write::StagedFolder;

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

/// Where maps come from a second time.
enum Source {
    /// The models are asked again.
    Models,
    /// They are read again.
    Runs(RunPairs),
    /// There are none.
    Scores,
}

/// Compares two sides input by input, and writes all of it but the manifest into a
/// staged folder. `records` say what the sides are. `interrupted` is looked at
/// between inputs.
///
/// # Errors
/// When the sides do not go together, or the machine fails rather than an input:
/// see [`DiffError`].
pub fn diff(
    sides: &ManySides<'_>,
    options: &ManyOptions,
    records: [&SideRecord; 2],
    staged: &StagedFolder,
    interrupted: &AtomicBool,
    observer: &mut dyn FnMut(DiffEvent<'_>),
) -> Result<ManyOutcome, DiffError> {
    let ranked_by = options.ranked_by(sides);
    let mut tally = Tally::create(options, staged, ranked_by, observer)?;
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
    finish::finish(tally, sides, &source, read, records)
}
