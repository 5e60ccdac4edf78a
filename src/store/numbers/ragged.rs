//! Values of the held heads in arrays that have a place for every head.

use std::borrow::Cow;

use crate::attention::{HeadId, Selection};

/// Maps of the held heads as an array that has a place for every head of every
/// layer: where a layer lacks one, it is NaN.
pub(in crate::store) fn by_layer_and_head<'values>(
    selection: &Selection,
    values: &'values [f32],
    map_size: usize,
) -> Cow<'values, [f32]> {
    let (layers, heads) = (selection.layer_indices(), selection.head_indices());
    if layers.len() * heads.len() == selection.head_count() {
        return Cow::Borrowed(values);
    }
    let mut held = selection.head_ids().peekable();
    let mut maps = values.chunks_exact(map_size.max(1));
    let mut all = Vec::with_capacity(layers.len() * heads.len() * map_size);
    for &layer in &layers {
        for &head in &heads {
            match held.next_if_eq(&HeadId { layer, head }) {
                Some(_) => all.extend_from_slice(maps.next().unwrap_or_default()),
                None => all.resize(all.len() + map_size, f32::NAN),
            }
        }
    }
    Cow::Owned(all)
}
