//! The units that two sides do not have in common, side by side.

use serde::{Deserialize, Serialize};

use super::Alignment;
use crate::analysis::Axis;

/// A unit of one side, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedUnit {
    /// Where it is among the units of its side, counted from zero.
    pub position: usize,
    /// The vocabulary's own string of a token; a word as it is written.
    pub text: String,
}

/// The units between those that both sides have, in order; where one side has
/// more of them, the other's place beside them is empty.
pub type UnlikeUnits = Vec<[Option<NamedUnit>; 2]>;

/// What of two axes is not the same unit on both sides.
pub fn unlike(alignment: &Alignment, axes: [&Axis; 2]) -> UnlikeUnits {
    let named = |side: usize, place: usize| {
        let unit = axes[side].units.get(place)?;
        Some(NamedUnit {
            position: unit.first,
            text: match unit.count {
                1 => unit.text.clone(),
                _ => unit.label.clone(),
            },
        })
    };
    let mut found = Vec::new();
    let mut start = [0, 0];
    let ends = axes.map(Axis::len);
    let same = alignment.pairs.iter().filter(|pair| pair.is_same);
    let same = same.map(|pair| [pair.left, pair.right]).chain([ends]);
    for [left, right] in same {
        let (mut of_left, mut of_right) = (start[0]..left, start[1]..right);
        loop {
            let row = [
                of_left.next().and_then(|place| named(0, place)),
                of_right.next().and_then(|place| named(1, place)),
            ];
            match row {
                [None, None] => break,
                row => found.push(row),
            }
        }
        start = [left + 1, right + 1];
    }
    found
}
