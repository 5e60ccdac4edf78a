//! What the scores of heads are made of: their queries, keys and values.

use super::{HeadId, Selection};

/// Queries, keys and lengths of values of some heads for one input, as its
/// scores are computed of them: behind the norms that some models put there, and
/// turned by rotary positions. A score is `query · key` times the layer's scale; some
/// models add something for distances (ALiBi, MPNet, DeBERTa) or cap it (Gemma 2).
#[derive(Debug, Clone, PartialEq)]
pub struct Neurons {
    /// The heads, in the order of the vectors.
    pub selection: Selection,
    /// How many units there are.
    pub unit_count: usize,
    /// Dimensions of each vector.
    pub head_size: usize,
    /// `[head, unit, dimension]`.
    pub query: Vec<f32>,
    /// `[head, unit, dimension]`; heads that share keys have the same.
    pub key: Vec<f32>,
    /// The Euclidean length of each value: `[head, unit]`.
    pub value_norm: Vec<f32>,
    /// What products are multiplied with, for each layer of the selection.
    pub scales: Vec<f32>,
}

impl Neurons {
    /// None yet, with room for these heads.
    pub fn with_room(selection: &Selection, unit_count: usize, head_size: usize) -> Self {
        let count = selection.head_count() * unit_count;
        Self {
            selection: selection.clone(),
            unit_count,
            head_size,
            query: Vec::with_capacity(count * head_size),
            key: Vec::with_capacity(count * head_size),
            value_norm: Vec::with_capacity(count),
            scales: Vec::with_capacity(selection.layers.len()),
        }
    }

    /// Those of the heads that `selection` has too.
    #[must_use]
    pub fn select(&self, selection: &Selection) -> Self {
        let both = self.selection.in_both(selection);
        let mut selected = Self::with_room(&both, self.unit_count, self.head_size);
        let heads: Vec<HeadId> = both.head_ids().collect();
        let size = self.unit_count * self.head_size;
        for (place, id) in self.selection.head_ids().enumerate() {
            if heads.contains(&id) {
                selected.query.extend(part(&self.query, place, size));
                selected.key.extend(part(&self.key, place, size));
                selected
                    .value_norm
                    .extend(part(&self.value_norm, place, self.unit_count));
            }
        }
        let layers = self.selection.layers.iter().zip(&self.scales);
        let is_kept = |layer: usize| both.layers.iter().any(|kept| kept.layer == layer);
        selected.scales = layers
            .filter(|(layer, _)| is_kept(layer.layer))
            .map(|(_, &scale)| scale)
            .collect();
        selected
    }
}

fn part(values: &[f32], place: usize, size: usize) -> &[f32] {
    values
        .get(place * size..(place + 1) * size)
        .unwrap_or_default()
}
