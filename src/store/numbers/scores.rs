//! The arrays of what each head does.

use super::ragged::by_layer_and_head;
use crate::analysis::{HeadScores, Score};
use crate::attention::Attention;

/// The columns of [`OFFSET_SHARE`]: the offsets −2, −1, 0, 1 and 2.
const OFFSETS: [Score; 5] = [
    Score::OffsetMinusTwo,
    Score::OffsetMinusOne,
    Score::OffsetZero,
    Score::OffsetPlusOne,
    Score::OffsetPlusTwo,
];
const OFFSET_SHARE: &str = "offset_share";
/// What each key receives, and the key that receives most.
const RECEIVED: &str = "received";
const RECEIVED_UNIT: &str = "received_unit";

/// Whether an array of this name is one of them.
pub(super) fn is_of_scores(name: &str) -> bool {
    [OFFSET_SHARE, RECEIVED, RECEIVED_UNIT].contains(&name)
        || of_one_number().any(|score| score.name() == name)
}

/// The scores that have an array of their own.
fn of_one_number() -> impl Iterator<Item = Score> {
    let scores = Score::ALL.iter().copied();
    scores.filter(|score| !OFFSETS.contains(score))
}

/// The name, the shape and the values of each array: `[layer, head]` of every
/// score under its name, NaN for what is empty; `offset_share` `[layer, head, 5]`,
/// `received` `[layer, head, key]` and `received_unit` `[layer, head]`, the position
/// of the key that receives most.
pub(super) fn score_arrays(
    attention: &Attention,
    scores: &HeadScores,
) -> Vec<(&'static str, Vec<usize>, Vec<f32>)> {
    let [layers, heads, _, keys] = attention.maps().shape();
    let array = |name, values: &[f32], size: &[usize]| {
        let shape = [&[layers, heads], size].concat();
        let values = by_layer_and_head(attention.maps().selection(), values, size.iter().product());
        (name, shape, values.into_owned())
    };
    let mut arrays: Vec<_> = of_one_number()
        .map(|score| array(score.name(), scores.get(score), &[]))
        .collect();
    let columns = OFFSETS.map(|score| scores.get(score));
    let offsets = (0..scores.selection.head_count()).flat_map(|head| {
        let values = columns.iter().map(move |column| column.get(head));
        values.map(|value| value.copied().unwrap_or(f32::NAN))
    });
    let offsets: Vec<f32> = offsets.collect();
    arrays.push(array(OFFSET_SHARE, &offsets, &[OFFSETS.len()]));
    arrays.push(array(RECEIVED, &scores.received, &[keys]));
    // Exact: no input has more than 2²⁴ units.
    let units = scores.received_unit.iter().map(|&unit| unit as f32);
    let units: Vec<f32> = units.collect();
    arrays.push(array(RECEIVED_UNIT, &units, &[]));
    arrays
}

/// How many values these are of each head, of so many keys.
pub(super) fn values_of_head(key_count: usize) -> usize {
    Score::ALL.len() + 1 + key_count
}
