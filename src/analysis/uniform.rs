//! Whether a model attends to everything alike, which trained ones do not: a
//! sign of weights that were not loaded as they were meant.

use crate::attention::{AttentionTensor, Mask};

/// The share of the greatest possible entropy above which a layer attends to
/// everything alike.
const SHARE: f64 = 0.98;

/// Of fewer units than these nothing can be told.
const LEAST_UNIT_COUNT: usize = 8;

/// So many queries of a map are looked at, evenly spread: of long inputs all of
/// them would take longer than the model.
const SAMPLE: usize = 16;

/// Whether every layer attends nearly uniformly: the mean entropy of its rows
/// (Shannon 1948), in shares of that of a uniform row over the keys that its
/// mask allows, is above 0.98. `None` for inputs of fewer than 8 units.
pub fn attends_uniformly(attention: &AttentionTensor) -> Option<bool> {
    let maps = attention.maps();
    if maps.query_count() < LEAST_UNIT_COUNT || maps.key_count() < LEAST_UNIT_COUNT {
        return None;
    }
    let layers = maps.selection().layers.iter().zip(attention.masks());
    let mut is_uniform = layers.map(|(layer, &mask)| {
        let of_layer = maps.iter().filter(|(id, _)| id.layer == layer.layer);
        let shares = of_layer.flat_map(|(_, map)| entropy_shares(map, maps.key_count(), mask));
        let (sum, count) = shares.fold((0.0, 0_usize), |(sum, count), share| {
            (sum + share, count + 1)
        });
        count > 0 && sum / count as f64 > SHARE
    });
    Some(is_uniform.all(|is_uniform| is_uniform))
}

/// The entropy of some rows of a map, in shares of the greatest.
fn entropy_shares(map: &[f32], key_count: usize, mask: Mask) -> impl Iterator<Item = f64> {
    let query_count = map.len() / key_count;
    let step = query_count.div_ceil(SAMPLE);
    let rows = map.chunks_exact(key_count).enumerate().step_by(step);
    rows.filter_map(move |(query, row)| {
        let allowed = mask.allowed(query, key_count).len();
        // A row of one key says nothing.
        (allowed > 1).then(|| {
            let present = row.iter().map(|&value| f64::from(value));
            let terms = present
                .filter(|&value| value > 0.0)
                .map(|value| -value * libm::log(value));
            terms.sum::<f64>() / libm::log(allowed as f64)
        })
    })
}
