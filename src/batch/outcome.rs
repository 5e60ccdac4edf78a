//! What a batch says while it runs, and what it came to.

use std::collections::BTreeSet;

use super::source::FileWarning;
use crate::store::batch_records::{BatchCounts, BatchManifest, ResultRecord};
use crate::store::tables::RankedRelation;

/// What happens, for a progress bar.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchEvent<'a> {
    /// An input failed, and the batch goes on.
    Failed(&'a ResultRecord),
    /// The one page of all inputs is larger than browsers open well, and grows.
    LargePage {
        /// Its size so far.
        bytes: u64,
        /// How much of all files that is, as below.
        fraction: Option<f64>,
    },
    /// More inputs are finished.
    Advanced {
        /// How many came to what so far.
        counts: BatchCounts,
        /// How much of all files that is, by their bytes; `None` where a file
        /// has no known size.
        fraction: Option<f64>,
    },
}

/// How a batch ended.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchOutcome {
    /// What the folder's `manifest.json` says.
    pub manifest: BatchManifest,
    /// Inputs that an earlier batch had done.
    pub kept: u64,
    /// Letters of the inputs that no font has, drawn as boxes.
    pub missing_glyphs: BTreeSet<char>,
    /// Whether every input that was encoded and tells it says that the model
    /// attends to everything alike, and one does.
    pub is_uniform: bool,
    /// Tokens of all inputs.
    pub tokens: usize,
    /// Tokens that stand for what the vocabulary lacks.
    pub unknown_tokens: usize,
    /// What is to be said of whole files, with their names.
    pub file_warnings: Vec<(String, FileWarning)>,
    /// What heads find of the relations between words, where inputs have some.
    pub relations: Vec<RankedRelation>,
}
