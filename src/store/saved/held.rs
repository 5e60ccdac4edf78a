//! The heads that there are, out of arrays with a place for every head.

use crate::attention::{HeadId, Selection};

/// The maps of the heads that there are, out of an array with a place for every
/// head of every layer.
pub(super) fn held_values(values: Vec<f32>, selection: &Selection, map_size: usize) -> Vec<f32> {
    let (layers, heads) = (selection.layer_indices(), selection.head_indices());
    if layers.len() * heads.len() == selection.head_count() {
        return values;
    }
    let places = layers
        .iter()
        .flat_map(|&layer| heads.iter().map(move |&head| HeadId { layer, head }));
    let held: Vec<HeadId> = selection.head_ids().collect();
    places
        .zip(values.chunks_exact(map_size.max(1)))
        .filter(|(id, _)| held.contains(id))
        .flat_map(|(_, map)| map.iter().copied())
        .collect()
}
