//! What heads have in common: means and maxima of their maps.

use std::borrow::Cow;

use super::{MapId, Maps, Measure};

/// How several maps become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reduction {
    /// The mean of every cell; rows sum to what the maps' rows sum to.
    Mean,
    /// The maximum of every cell; rows sum to at least what each map's do.
    Max,
}

impl Reduction {
    /// What the values are afterwards.
    pub fn measure(self) -> Measure {
        match self {
            Self::Mean => Measure::Mean,
            Self::Max => Measure::Maximum,
        }
    }
}

/// One map of the heads of every layer, and one of all heads of all layers
/// behind them.
pub fn reduce(maps: &Maps<'_>, reduction: Reduction) -> Maps<'static> {
    let layers = maps.selection.layer_indices();
    let mut values = Vec::with_capacity((layers.len() + 1) * maps.map_size());
    for &layer in &layers {
        values.extend(joined(maps, reduction, |id| is_of_layer(id, layer)));
    }
    values.extend(joined(maps, reduction, |_| true));
    Maps {
        measure: reduction.measure(),
        reshape: maps.reshape,
        rows: maps.rows.clone(),
        columns: maps.columns.clone(),
        ids: layers
            .into_iter()
            .map(MapId::Layer)
            .chain([MapId::All])
            .collect(),
        selection: maps.selection.clone(),
        masks: maps.masks.clone(),
        values: Cow::Owned(values),
        head_maximum: maps.head_maximum,
        row_sums: maps.row_sums,
        notes: maps.notes.clone(),
    }
}

fn is_of_layer(id: MapId, layer: usize) -> bool {
    match id {
        MapId::Head(head) => head.layer == layer,
        MapId::Layer(_) | MapId::All => false,
    }
}

/// One map of those that are wanted.
fn joined(maps: &Maps<'_>, reduction: Reduction, is_wanted: impl Fn(MapId) -> bool) -> Vec<f32> {
    let wanted = maps.iter().filter(|&(id, _)| is_wanted(id));
    match reduction {
        Reduction::Mean => {
            // In f64, so that the mean of many rows that sum to one does too.
            let mut sums = vec![0.0_f64; maps.map_size()];
            let mut count = 0_usize;
            for (_, map) in wanted {
                count += 1;
                sums.iter_mut()
                    .zip(map)
                    .for_each(|(sum, &value)| *sum += f64::from(value));
            }
            let mean = |sum: f64| (sum / count as f64) as f32;
            sums.into_iter().map(mean).collect()
        }
        Reduction::Max => {
            let mut maxima = vec![0.0_f32; maps.map_size()];
            for (_, map) in wanted {
                maxima
                    .iter_mut()
                    .zip(map)
                    .for_each(|(maximum, &value)| *maximum = maximum.max(value));
            }
            maxima
        }
    }
}
