//! Tables of the scores of heads over many inputs, and of what differs between two
//! sides: files of rows and columns that
//! other programs read.

mod differences;
mod example;
mod head_scores;
mod heads;
mod relations;
mod rows;

pub use differences::{DifferencesWriter, write_differences};
pub use example::{End, Example, ExampleLink};
pub use head_scores::{SCORE_ROWS, ScoresReader, ScoresWriter};
pub use heads::write_heads;
pub use relations::{RankedHead, RankedRelation, ranked_relations, write_relations};
pub use rows::{InputScores, ScoredInput};
