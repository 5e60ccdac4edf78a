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

use self::tally::Tally;
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
