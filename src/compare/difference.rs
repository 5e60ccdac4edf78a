//! Two sets of maps over the same units, measure by measure.

use rayon::prelude::*;

use super::measure::of_row;
use super::{CompareError, DifferenceMeasure};
use crate::analysis::{MapId, Maps};
use crate::attention::{HeadId, Selection};

/// What differs between the maps of two sides, for every head and row.
#[derive(Debug, Clone, PartialEq)]
pub struct Differences {
    /// The heads, in the order of everything below.
    pub selection: Selection,
    /// Of so many queries.
    pub row_count: usize,
    /// `[measure, head, row]`.
    rows: Vec<f64>,
    /// `[measure, head]`.
    heads: Vec<f64>,
    /// Where the maps of a head differ most: query and key, of equal ones the
    /// first: `[head]`.
    pub greatest_cells: Vec<[usize; 2]>,
}

/// Compares two sets of head maps over the same units, cell by cell.
///
/// # Errors
/// When they are not of the same heads and of as many queries and keys.
pub fn differences(left: &Maps<'_>, right: &Maps<'_>) -> Result<Differences, CompareError> {
    of_heads([&left.selection, &right.selection])?;
    let shape = |maps: &Maps<'_>| [maps.rows.len(), maps.columns.len()];
    if shape(left) != shape(right) {
        return Err(CompareError::OtherUnits {
            left: shape(left),
            right: shape(right),
        });
    }
    let [row_count, key_count] = shape(left);
    let heads: Vec<HeadId> = left.selection.head_ids().collect();
    let of_head = |head: &HeadId| -> (Vec<[f64; 5]>, [usize; 2]) {
        let map = |maps: &Maps<'_>| maps.map(MapId::Head(*head)).unwrap_or_default().to_vec();
        let (left, right) = (map(left), map(right));
        let width = key_count.max(1);
        let rows = left.chunks_exact(width).zip(right.chunks_exact(width));
        let rows: Vec<([f64; 5], usize)> = rows.map(|(left, right)| of_row(left, right)).collect();
        let mut cell = [0, 0];
        let mut greatest = 0.0;
        for (query, (values, key)) in rows.iter().enumerate() {
            if values[MAX_ABS] > greatest {
                (greatest, cell) = (values[MAX_ABS], [query, *key]);
            }
        }
        (rows.into_iter().map(|(values, _)| values).collect(), cell)
    };
    let by_head: Vec<(Vec<[f64; 5]>, [usize; 2])> = heads.par_iter().map(of_head).collect();
    let measures = DifferenceMeasure::ALL.iter().enumerate();
    let mut all_rows = Vec::with_capacity(heads.len() * row_count * DifferenceMeasure::ALL.len());
    let mut all_heads = Vec::with_capacity(heads.len() * DifferenceMeasure::ALL.len());
    for (place, measure) in measures {
        for (rows, _) in &by_head {
            let values = rows.iter().map(|values| values[place]);
            all_heads.push(measure.joined(values.clone()).unwrap_or(0.0));
            all_rows.extend(values);
        }
    }
    Ok(Differences {
        selection: left.selection.clone(),
        row_count,
        rows: all_rows,
        heads: all_heads,
        greatest_cells: by_head.into_iter().map(|(_, cell)| cell).collect(),
    })
}

/// The place of [`DifferenceMeasure::MaxAbs`].
const MAX_ABS: usize = 3;

/// # Errors
/// When the heads are not the same.
pub(super) fn of_heads([left, right]: [&Selection; 2]) -> Result<(), CompareError> {
    match left == right {
        true => Ok(()),
        false => Err(CompareError::OtherHeads {
            sides: Box::new([left.clone(), right.clone()]),
        }),
    }
}

impl Differences {
    /// A measure of every head: `[head]`, the mean over its rows, and of the
    /// greatest difference of a cell the greatest.
    pub fn heads(&self, measure: DifferenceMeasure) -> &[f64] {
        part(&self.heads, measure, self.selection.head_count())
    }

    /// A measure of every row: `[head, row]`.
    pub fn rows(&self, measure: DifferenceMeasure) -> &[f64] {
        let size = self.selection.head_count() * self.row_count;
        part(&self.rows, measure, size)
    }

    /// A measure of every layer: its heads joined, layer by layer.
    pub fn layers(&self, measure: DifferenceMeasure) -> Vec<(usize, f64)> {
        let mut values = self.heads(measure).iter().copied();
        let layers = self.selection.layers.iter().map(|layer| {
            let of_layer = values.by_ref().take(layer.heads.len());
            (layer.layer, measure.joined(of_layer).unwrap_or(0.0))
        });
        layers.collect()
    }

    /// The heads by a measure: the most changed first, equal ones in their order.
    pub fn ranked(&self, measure: DifferenceMeasure) -> Vec<(HeadId, f64)> {
        let values = self.heads(measure).iter().copied();
        let mut heads: Vec<(HeadId, f64)> = self.selection.head_ids().zip(values).collect();
        heads.sort_by(|(_, left), (_, right)| right.total_cmp(left));
        heads
    }
}

fn part(values: &[f64], measure: DifferenceMeasure, size: usize) -> &[f64] {
    let place = DifferenceMeasure::ALL
        .iter()
        .position(|other| *other == measure);
    let start = place.unwrap_or_default() * size;
    values.get(start..start + size).unwrap_or_default()
}
