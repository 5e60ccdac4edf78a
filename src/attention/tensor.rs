//! What a model itself attends to: the only kind of attention that promises
//! what its rows sum to.

use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use super::{AttentionError, AttentionKind, HeadMaps, Mask, Selection};

/// How far the sum of a row of few keys may be from one.
pub const ROW_SUM_TOLERANCE: f32 = 1e-5;

/// Half the distance from one to the next float32: by at most this share of
/// itself a sum is rounded.
pub(super) const FLOAT_UNIT: f32 = f32::EPSILON / 2.0;

/// How far the sum of a row of so many keys may be from one: a softmax in
/// float32 divides by a sum of as many numbers, each addition of which may
/// round by 2⁻²⁴ of it, all in the same direction where the numbers are nearly
/// equal. From 168 keys on that is more than [`ROW_SUM_TOLERANCE`].
pub fn row_sum_tolerance(key_count: usize) -> f32 {
    ROW_SUM_TOLERANCE.max(key_count as f32 * FLOAT_UNIT)
}

/// The number of values that a thread checks at a time, at least a row of them.
const CHECK_LENGTH: usize = 1 << 16;

/// All attention maps of one kind for one input: `f32`, `[layer, head, query,
/// key]`. Every row is a probability distribution over the keys that its
/// layer's mask allows, and 0 elsewhere: [`AttentionTensor::new`] refuses
/// anything else.
#[derive(Debug, Clone, PartialEq)]
pub struct AttentionTensor {
    kind: AttentionKind,
    /// One for each layer of the maps.
    masks: Vec<Mask>,
    maps: HeadMaps,
}

impl AttentionTensor {
    /// Takes the maps of a model; `masks` has one rule for each layer.
    ///
    /// # Errors
    /// When a value is no probability (NaN first of all), a row does not sum to
    /// one within [`row_sum_tolerance`], or a forbidden key has attention.
    pub fn new(
        kind: AttentionKind,
        masks: Vec<Mask>,
        maps: HeadMaps,
    ) -> Result<Self, AttentionError> {
        let layer_count = maps.selection().layers.len();
        if masks.len() != layer_count {
            return Err(AttentionError::MaskCount {
                expected: layer_count,
                found: masks.len(),
            });
        }
        check_rows(&maps)?;
        check_masks(&maps, &masks)?;
        Ok(Self { kind, masks, maps })
    }

    /// The attention of a model that reads one stream and forbids nothing:
    /// `values` in the order `[layer, head, query, key]`.
    ///
    /// # Errors
    /// As [`AttentionTensor::new`], and when the count does not fit the shape.
    pub fn unmasked(values: Vec<f32>, shape: [usize; 4]) -> Result<Self, AttentionError> {
        let [layer_count, head_count, query_count, key_count] = shape;
        if shape.contains(&0) {
            return Err(AttentionError::Empty { shape });
        }
        let selection = Selection::all(layer_count, head_count);
        let maps = HeadMaps::new(selection, [query_count, key_count], values)?;
        Self::new(
            AttentionKind::SelfAttention,
            vec![Mask::Full; layer_count],
            maps,
        )
    }

    /// Which sequences it runs over.
    pub fn kind(&self) -> AttentionKind {
        self.kind
    }

    /// What each layer of the maps may attend to.
    pub fn masks(&self) -> &[Mask] {
        &self.masks
    }

    /// The maps of all heads.
    pub fn maps(&self) -> &HeadMaps {
        &self.maps
    }

    /// The numbers alone, for their memory.
    pub fn into_values(self) -> Vec<f32> {
        self.maps.into_values()
    }

    /// The maps of the heads that `selection` has too.
    #[must_use]
    pub fn select(&self, selection: &Selection) -> Self {
        let maps = self.maps.select(selection);
        let kept = maps.selection().layer_indices();
        let layers = self.maps.selection().layers.iter().zip(&self.masks);
        let masks = layers
            .filter(|(layer, _)| kept.contains(&layer.layer))
            .map(|(_, &mask)| mask)
            .collect();
        Self {
            kind: self.kind,
            masks,
            maps,
        }
    }
}

/// Whether every row is a distribution.
fn check_rows(maps: &HeadMaps) -> Result<(), AttentionError> {
    let key_count = maps.key_count();
    let rows_at_once = CHECK_LENGTH.div_ceil(key_count);
    let instructions = Arch::new();
    let suspect = maps
        .values()
        .par_chunks(rows_at_once * key_count)
        .enumerate()
        .find_map_first(|(index, rows)| {
            let row = instructions.dispatch(FindSuspect { rows, key_count });
            row.map(|row| index * rows_at_once + row)
        });
    let Some(row_index) = suspect else {
        return Ok(());
    };
    let (id, query, _) = maps.place(row_index * key_count);
    let row = maps.values().chunks_exact(key_count).nth(row_index);
    let mut sum = 0.0_f64;
    for (key, &found) in row.unwrap_or_default().iter().enumerate() {
        if !(0.0..=1.0 + row_sum_tolerance(key_count)).contains(&found) {
            return Err(AttentionError::NotAProbability {
                layer: id.layer,
                head: id.head,
                query,
                key,
                found,
            });
        }
        sum += f64::from(found);
    }
    Err(AttentionError::RowSum {
        layer: id.layer,
        head: id.head,
        query,
        found: sum as f32,
    })
}

/// Whether nothing attends to what its layer forbids.
pub(super) fn check_masks(maps: &HeadMaps, masks: &[Mask]) -> Result<(), AttentionError> {
    let key_count = maps.key_count();
    let layers = maps.selection().layers.iter().zip(masks);
    for (layer, &mask) in layers.filter(|&(_, &mask)| mask != Mask::Full) {
        for (id, map) in maps.iter().filter(|(id, _)| id.layer == layer.layer) {
            for (query, row) in map.chunks_exact(key_count).enumerate() {
                let allowed = mask.allowed(query, key_count);
                let odd = row
                    .iter()
                    .enumerate()
                    .find(|&(key, &value)| value != 0.0 && !allowed.contains(&key));
                if let Some((key, &found)) = odd {
                    return Err(AttentionError::Forbidden {
                        layer: id.layer,
                        head: id.head,
                        query,
                        key,
                        found,
                    });
                }
            }
        }
    }
    Ok(())
}

/// Looks for the first row that is no distribution, with the widest registers
/// that the CPU has: the check of a long input took a tenth of a forward pass.
struct FindSuspect<'values> {
    rows: &'values [f32],
    key_count: usize,
}

impl NullaryFnOnce for FindSuspect<'_> {
    type Output = Option<usize>;

    #[inline(always)]
    fn call(self) -> Option<usize> {
        // A loop: what an iterator calls is compiled for every CPU.
        for (index, row) in self.rows.chunks_exact(self.key_count).enumerate() {
            if !is_distribution(row) {
                return Some(index);
            }
        }
        None
    }
}

/// Whether all values are probabilities and sum to one, in a form that the
/// compiler can compute many values at a time of. `false` is for a closer look.
#[inline(always)]
fn is_distribution(row: &[f32]) -> bool {
    const LANES: usize = 8;
    let tolerance = row_sum_tolerance(row.len());
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut smallest = [0.0_f32; LANES];
    let mut greatest = [0.0_f32; LANES];
    let mut sums = [0.0_f64; LANES];
    let mut last = [0.0_f32; LANES];
    last[..rest.len()].copy_from_slice(rest);
    for chunk in chunks.iter().chain([&last]) {
        for lane in 0..LANES {
            let value = chunk[lane];
            smallest[lane] = if value < smallest[lane] {
                value
            } else {
                smallest[lane]
            };
            greatest[lane] = if value > greatest[lane] {
                value
            } else {
                greatest[lane]
            };
            sums[lane] += f64::from(value);
        }
    }
    // NaN is neither smaller nor greater than anything, but spoils the sum.
    let sum: f64 = sums.iter().sum();
    smallest == [0.0; LANES]
        && greatest.iter().all(|&value| value <= 1.0 + tolerance)
        && (sum - 1.0).abs() <= f64::from(tolerance)
}
