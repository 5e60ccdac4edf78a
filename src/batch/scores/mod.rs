//! Many inputs into tables: the scores of every head for every input, and what
//! they come to over all of them.
//!
//! While inputs are finished, their rows are written in parts of ten thousand
//! (`table`); what a killed batch had is found again (`kept`). At the end one
//! pass over rows and results (`reader`) makes everything else of them
//! (`derive`), here and in a merge alike: it says the same whatever the shards.
//! Whatever else is to be counted over a corpus hooks into that pass.

mod derive;
mod examples;
mod kept;
mod of_run;
mod reader;
mod table;

pub(super) use derive::{derive, heads_of};
pub(super) use kept::{KeptScores, key};
pub(super) use of_run::{relations_of, scores_of};
pub(super) use reader::{Rows, RowsPlace, ScoredInputs, ScoredRecord};
pub(super) use table::{PartWriter, Table};
