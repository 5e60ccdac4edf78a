//! The arrays of a comparison.

use std::borrow::Cow;

use crate::analysis::Score;
use crate::compare::{Comparison, DifferenceMeasure};
use crate::store::numbers::NumberArray;
use crate::store::numbers::ragged::by_layer_and_head;

/// Each measure of every head, `[layer, head]`, under its name; of every row,
/// `[layer, head, query]`, under `NAME_rows`; right − left of each score,
/// `[layer, head]`, under `NAME_difference`. NaN for a head that is not there.
pub fn arrays(comparison: &Comparison<'_>) -> Vec<NumberArray<'static>> {
    let differences = &comparison.differences;
    let selection = &differences.selection;
    let heads = [selection.layers.len(), selection.head_indices().len()];
    let array = |name: String, values: &[f64], size: &[usize]| {
        let rounded: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        let values = by_layer_and_head(selection, &rounded, size.iter().product());
        NumberArray {
            name,
            shape: [&heads, size].concat(),
            values: Cow::Owned(values.into_owned()),
        }
    };
    let measures = DifferenceMeasure::ALL.iter();
    let mut arrays: Vec<_> = measures
        .map(|&measure| array(measure.to_string(), differences.heads(measure), &[]))
        .collect();
    arrays.extend(DifferenceMeasure::ALL.iter().map(|&measure| {
        let rows = differences.rows(measure);
        array(format!("{measure}_rows"), rows, &[differences.row_count])
    }));
    if let Some(scores) = &comparison.scores {
        arrays.extend(Score::ALL.iter().map(|&score| {
            let name = format!("{score}_difference");
            array(name, &scores.get(score), &[])
        }));
    }
    arrays
}
