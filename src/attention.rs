//! Attention probabilities as plain numbers: the tensor of one input, the map
//! of one head, and which layers and heads somebody asked for.
//!
//! Nothing here knows candle. What leaves [`crate::model`] is an
//! [`AttentionTensor`], and everything after it (saving, analysis, pictures)
//! works on that alone.

use crate::remedy::Remedy;
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How far the sum of a row may be from one.
pub const ROW_SUM_TOLERANCE: f32 = 1e-5;

/// The number of values that a thread checks at a time, at least a row of them.
const CHECK_LENGTH: usize = 1 << 16;
/// How far it may be in attention from elsewhere, which is often stored in half
/// precision.
pub const FOREIGN_ROW_SUM_TOLERANCE: f32 = 1e-3;

/// Why numbers are no attention tensor.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum AttentionError {
    /// The number of values is not the product of the shape.
    #[error("expected {expected} attention values for shape {shape:?}, found {found}")]
    ValueCount {
        /// `[layer, head, query, key]`.
        shape: [usize; 4],
        /// The product of the shape (saturating).
        expected: usize,
        /// The number of values given.
        found: usize,
    },
    /// A dimension of the shape is zero.
    #[error("expected at least one layer, head, query and key, found shape {shape:?}")]
    Empty {
        /// `[layer, head, query, key]`.
        shape: [usize; 4],
    },
    /// A value is NaN, infinite, negative or greater than one.
    #[error(
        "expected a probability at layer {layer}, head {head}, query {query}, key {key}, found {found}"
    )]
    NotAProbability {
        /// Zero-based layer.
        layer: usize,
        /// Zero-based head.
        head: usize,
        /// Zero-based row of the map.
        query: usize,
        /// Zero-based column of the map.
        key: usize,
        /// The offending value.
        found: f32,
    },
    /// A value from elsewhere is NaN, infinite or negative.
    #[error(
        "expected attention of at least 0 at layer {layer}, head {head}, query {query}, key {key}, found {found}"
    )]
    NotAWeight {
        /// Zero-based layer.
        layer: usize,
        /// Zero-based head.
        head: usize,
        /// Zero-based row of the map.
        query: usize,
        /// Zero-based column of the map.
        key: usize,
        /// The offending value.
        found: f32,
    },
    /// A row does not sum to one.
    #[error(
        "expected the row of query {query} at layer {layer}, head {head} to sum to 1, found {found}"
    )]
    RowSum {
        /// Zero-based layer.
        layer: usize,
        /// Zero-based head.
        head: usize,
        /// Zero-based row of the map.
        query: usize,
        /// The sum of the row.
        found: f32,
    },
}

impl AttentionError {
    /// Nothing: only where the numbers come from can anything be done about
    /// them.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::ValueCount { .. }
            | Self::Empty { .. }
            | Self::NotAProbability { .. }
            | Self::NotAWeight { .. }
            | Self::RowSum { .. } => None,
        }
    }
}

/// Whether all values are probabilities and sum to one. Summed in f64, so that
/// the check does not add an error of its own on rows of many keys, and in
/// lanes, so that the compiler can take many values at a time.
/// What the rows of attention maps sum to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowSums {
    /// One, within the tolerance of an attention tensor.
    One,
    /// Less, because columns were left out.
    Less,
    /// Whatever the source had: it was not normalized.
    Unnormalized,
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
        && greatest
            .iter()
            .all(|&value| value <= 1.0 + ROW_SUM_TOLERANCE)
        && (sum - 1.0).abs() <= f64::from(ROW_SUM_TOLERANCE)
}

/// One head of one layer, both counted from zero as in Hugging Face's
/// `outputs.attentions[layer][0, head]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeadId {
    /// Zero-based layer.
    pub layer: usize,
    /// Zero-based head within the layer.
    pub head: usize,
}

impl std::fmt::Display for HeadId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "layer {} · head {}", self.layer, self.head)
    }
}

/// All attention maps of one input: `f32`, shape `[layer, head, query, key]`,
/// contiguous in that order. Every row is a probability distribution over the
/// keys: [`AttentionTensor::new`] refuses anything else. What comes from
/// elsewhere and is not normalized says so of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct AttentionTensor {
    values: Vec<f32>,
    shape: [usize; 4],
    row_sums: RowSums,
    /// What was done to it before it was saved.
    notes: Vec<String>,
}

impl AttentionTensor {
    /// Takes `values` in the order `[layer, head, query, key]`.
    ///
    /// # Errors
    /// When the count does not fit the shape, a dimension is zero, a value is
    /// no probability (NaN first of all), or a row does not sum to one within
    /// [`ROW_SUM_TOLERANCE`].
    pub fn new(values: Vec<f32>, shape: [usize; 4]) -> Result<Self, AttentionError> {
        check_size(&values, shape)?;
        let [_, head_count, query_count, key_count] = shape;
        let rows_at_once = CHECK_LENGTH.div_ceil(key_count);
        let instructions = Arch::new();
        let suspect = values
            .par_chunks(rows_at_once * key_count)
            .enumerate()
            .find_map_first(|(index, rows)| {
                let row = instructions.dispatch(FindSuspect { rows, key_count });
                row.map(|row| index * rows_at_once + row)
            });
        if let Some(row_index) = suspect {
            let row = &values[row_index * key_count..(row_index + 1) * key_count];
            let query = row_index % query_count;
            let head = row_index / query_count % head_count;
            let layer = row_index / query_count / head_count;
            let mut sum = 0.0_f64;
            for (key, &found) in row.iter().enumerate() {
                if !(0.0..=1.0 + ROW_SUM_TOLERANCE).contains(&found) {
                    return Err(AttentionError::NotAProbability {
                        layer,
                        head,
                        query,
                        key,
                        found,
                    });
                }
                sum += f64::from(found);
            }
            let found = sum as f32;
            return Err(AttentionError::RowSum {
                layer,
                head,
                query,
                found,
            });
        }
        Ok(Self {
            values,
            shape,
            row_sums: RowSums::One,
            notes: Vec::new(),
        })
    }

    /// Attention that another program computed: finite values that are not
    /// negative. Where some rows do not sum to one within
    /// [`FOREIGN_ROW_SUM_TOLERANCE`], the tensor is marked as not normalized.
    ///
    /// # Errors
    /// When the count does not fit the shape, a dimension is zero, or a value
    /// is NaN, infinite or negative.
    pub fn from_elsewhere(values: Vec<f32>, shape: [usize; 4]) -> Result<Self, AttentionError> {
        check_size(&values, shape)?;
        let offending = values
            .iter()
            .position(|value| !(value.is_finite() && *value >= 0.0));
        if let Some(index) = offending {
            let [_, head_count, query_count, key_count] = shape;
            let row = index / key_count;
            return Err(AttentionError::NotAWeight {
                layer: row / query_count / head_count,
                head: row / query_count % head_count,
                query: row % query_count,
                key: index % key_count,
                found: values.get(index).copied().unwrap_or(f32::NAN),
            });
        }
        let tolerance = f64::from(FOREIGN_ROW_SUM_TOLERANCE);
        let row_sums = match odd_row(&values, shape, |sum| (sum - 1.0).abs() <= tolerance) {
            None => RowSums::One,
            Some(_) => RowSums::Unnormalized,
        };
        Ok(Self {
            values,
            shape,
            row_sums,
            notes: Vec::new(),
        })
    }

    /// Attention that was saved in the units in which it was shown: what its
    /// rows sum to, and what was done to it, as sentences.
    ///
    /// # Errors
    /// As [`AttentionTensor::from_elsewhere`], and when a row sums to something
    /// else than `row_sums` says, by more than `tolerance`.
    pub fn shown_before(
        values: Vec<f32>,
        shape: [usize; 4],
        row_sums: RowSums,
        tolerance: f32,
        notes: Vec<String>,
    ) -> Result<Self, AttentionError> {
        let tensor = Self::from_elsewhere(values, shape)?;
        let tolerance = f64::from(tolerance);
        let odd = odd_row(&tensor.values, shape, |sum| match row_sums {
            RowSums::One => (sum - 1.0).abs() <= tolerance,
            RowSums::Less => sum <= 1.0 + tolerance,
            RowSums::Unnormalized => true,
        });
        match odd {
            Some(error) => Err(error),
            None => Ok(Self {
                row_sums,
                notes,
                ..tensor
            }),
        }
    }

    /// Whether every row sums to one.
    pub fn is_normalized(&self) -> bool {
        self.row_sums == RowSums::One
    }

    /// What the rows sum to.
    pub fn row_sums(&self) -> RowSums {
        self.row_sums
    }

    /// What was done to the attention before it was saved, as sentences;
    /// nothing where it is what a model returned.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// `[layer, head, query, key]`.
    pub fn shape(&self) -> [usize; 4] {
        self.shape
    }

    /// All values in the order `[layer, head, query, key]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The map at a position of this tensor, `None` outside it. In a tensor
    /// that [`AttentionTensor::select`] made, positions count what was kept.
    pub fn map(&self, layer_position: usize, head_position: usize) -> Option<AttentionMap<'_>> {
        let [layer_count, head_count, query_count, key_count] = self.shape;
        if layer_position >= layer_count || head_position >= head_count {
            return None;
        }
        let map_size = query_count * key_count;
        let start = (layer_position * head_count + head_position) * map_size;
        let values = &self.values[start..start + map_size];
        Some(AttentionMap {
            values,
            query_count,
            key_count,
        })
    }

    /// The maps of the selected layers and heads, in the selection's order.
    /// Indices that this tensor does not have are left out; a [`Selection`]
    /// that was resolved for its shape has none.
    #[must_use]
    pub fn select(&self, selection: &Selection) -> Self {
        let [layer_count, head_count, query_count, key_count] = self.shape;
        let layers: Vec<usize> = selection
            .layers
            .iter()
            .copied()
            .filter(|&layer| layer < layer_count)
            .collect();
        let heads: Vec<usize> = selection
            .heads
            .iter()
            .copied()
            .filter(|&head| head < head_count)
            .collect();
        let map_size = query_count * key_count;
        let mut values = Vec::with_capacity(layers.len() * heads.len() * map_size);
        for &layer in &layers {
            for &head in &heads {
                let start = (layer * head_count + head) * map_size;
                values.extend_from_slice(&self.values[start..start + map_size]);
            }
        }
        Self {
            values,
            shape: [layers.len(), heads.len(), query_count, key_count],
            row_sums: self.row_sums,
            notes: self.notes.clone(),
        }
    }
}

/// The first row whose sum is not as expected. Summed in f64, so that the check
/// does not add an error of its own on rows of many keys.
fn odd_row(
    values: &[f32],
    shape: [usize; 4],
    is_expected: impl Fn(f64) -> bool,
) -> Option<AttentionError> {
    let [_, head_count, query_count, key_count] = shape;
    let rows = values.chunks_exact(key_count.max(1)).enumerate();
    rows.map(|(index, row)| (index, row.iter().copied().map(f64::from).sum::<f64>()))
        .find(|&(_, sum)| !is_expected(sum))
        .map(|(index, sum)| AttentionError::RowSum {
            layer: index / query_count / head_count,
            head: index / query_count % head_count,
            query: index % query_count,
            found: sum as f32,
        })
}

fn check_size(values: &[f32], shape: [usize; 4]) -> Result<(), AttentionError> {
    if shape.contains(&0) {
        return Err(AttentionError::Empty { shape });
    }
    let expected = shape.iter().copied().fold(1_usize, usize::saturating_mul);
    if expected != values.len() {
        let found = values.len();
        return Err(AttentionError::ValueCount {
            shape,
            expected,
            found,
        });
    }
    Ok(())
}

/// The attention map of one head: rows are queries, columns are keys.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttentionMap<'tensor> {
    values: &'tensor [f32],
    query_count: usize,
    key_count: usize,
}

impl<'tensor> AttentionMap<'tensor> {
    /// The number of rows.
    pub fn query_count(&self) -> usize {
        self.query_count
    }

    /// The number of columns.
    pub fn key_count(&self) -> usize {
        self.key_count
    }

    /// All values, row after row: shape `[query, key]`.
    pub fn values(&self) -> &'tensor [f32] {
        self.values
    }

    /// What one query attends to: shape `[key]`; empty outside the map.
    pub fn row(&self, query: usize) -> &'tensor [f32] {
        self.values
            .chunks_exact(self.key_count)
            .nth(query)
            .unwrap_or_default()
    }

    /// The greatest value of the map.
    pub fn maximum(&self) -> f32 {
        self.values.iter().copied().fold(0.0, f32::max)
    }
}

/// Which layers and heads were asked for, as zero-based indices into the
/// model, ascending and without repetition.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Selection {
    /// Zero-based layers.
    pub layers: Vec<usize>,
    /// Zero-based heads, the same in every layer.
    pub heads: Vec<usize>,
}

impl Selection {
    /// Every layer and head of a model.
    pub fn all(layer_count: usize, head_count: usize) -> Self {
        Self {
            layers: (0..layer_count).collect(),
            heads: (0..head_count).collect(),
        }
    }

    /// Every selected head, layer by layer.
    pub fn head_ids(&self) -> impl Iterator<Item = HeadId> + '_ {
        let heads = &self.heads;
        self.layers
            .iter()
            .flat_map(move |&layer| heads.iter().map(move |&head| HeadId { layer, head }))
    }
}
