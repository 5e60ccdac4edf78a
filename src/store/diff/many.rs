//! The numbers of a comparison over many inputs.

use crate::attention::Selection;
use crate::compare::{ManyDifferences, Quantity};
use crate::store::numbers::NumberArray;
use crate::store::numbers::ragged::by_layer_and_head;

/// The mean of every measure and of the difference of every score, each as an
/// array `[layer, head]` under its name; NaN where a head has none. What no head
/// has is left out.
pub fn many_arrays(many: &ManyDifferences, selection: &Selection) -> Vec<NumberArray<'static>> {
    let shape = vec![selection.layers.len(), selection.head_indices().len()];
    let array = |quantity: Quantity| {
        let means = many.means(quantity);
        let values: Vec<f32> = means.iter().map(|&mean| mean as f32).collect();
        let is_known = values.iter().any(|value| !value.is_nan());
        is_known.then(|| NumberArray {
            name: quantity.name(),
            shape: shape.clone(),
            values: by_layer_and_head(selection, &values, 1).into_owned().into(),
        })
    };
    Quantity::all().filter_map(array).collect()
}
