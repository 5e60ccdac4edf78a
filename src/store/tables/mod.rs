//! Tables of the scores of heads over many inputs: files of rows and columns that
//! other programs read.

mod example;
mod head_scores;
mod heads;
mod rows;

pub use example::{End, Example, ExampleLink};
pub use head_scores::{SCORE_ROWS, ScoresReader, ScoresWriter};
pub use heads::write_heads;
pub use rows::{InputScores, ScoredInput};
