//! How the scores of heads differ between two runs.

use crate::analysis::{HeadScores, Score};

/// The scores of the same heads on two sides, over the same units.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreDifferences {
    /// The left side's.
    pub left: HeadScores,
    /// The right side's.
    pub right: HeadScores,
}

impl ScoreDifferences {
    /// Right − left of a score for every head: `[head]`; NaN where one of them
    /// is empty.
    pub fn get(&self, score: Score) -> Vec<f64> {
        let sides = self.left.get(score).iter().zip(self.right.get(score));
        sides
            .map(|(&left, &right)| f64::from(right) - f64::from(left))
            .collect()
    }
}
