//! The attention of a text beside that of the same text with words replaced.

use super::super::{Alignment, CompareError, Differences, aligned, alignment, differences};
use crate::analysis::{Axis, Maps};

/// Two texts beside one another.
#[derive(Debug, Clone)]
pub struct InvariantSeen {
    /// Which units stand beside which.
    pub alignment: Alignment,
    /// The text's own maps of the units that both have.
    pub left: Maps<'static>,
    /// Those of the text with words replaced.
    pub right: Maps<'static>,
    /// How far the two are apart.
    pub differences: Differences,
}

impl InvariantSeen {
    /// Rows and columns whose units replace one another.
    pub fn differing(&self) -> Vec<usize> {
        let pairs = self.alignment.pairs.iter().enumerate();
        pairs
            .filter(|(_, pair)| !pair.is_same)
            .map(|(place, _)| place)
            .collect()
    }
}

/// Puts the units of two texts beside one another, words that were replaced by
/// as many as such pairs, and compares the attention between those.
///
/// # Errors
/// When the two are of different heads.
pub fn invariant(left: &Maps<'_>, right: &Maps<'_>) -> Result<InvariantSeen, CompareError> {
    let names = |axis: &Axis| -> Vec<String> {
        axis.units.iter().map(|unit| unit.text.clone()).collect()
    };
    let found = alignment(&names(&left.rows), &names(&right.rows));
    let of_left: Vec<usize> = found.pairs.iter().map(|pair| pair.left).collect();
    let of_right: Vec<usize> = found.pairs.iter().map(|pair| pair.right).collect();
    let left = aligned(left, &of_left, &of_left);
    let right = aligned(right, &of_right, &of_right);
    Ok(InvariantSeen {
        differences: differences(&left, &right)?,
        alignment: found,
        left,
        right,
    })
}
