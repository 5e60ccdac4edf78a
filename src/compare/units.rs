//! Which units of two sides are the same: the longest sequence that both have
//! (Myers 1986, by the crate `similar`), and between its parts those that stand
//! for one another, where there are as many on both sides.

use std::borrow::Cow;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use crate::analysis::{Axis, Maps};

/// A unit of the left side beside one of the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitPair {
    /// Its row or column on the left.
    pub left: usize,
    /// Its row or column on the right.
    pub right: usize,
    /// Whether both are the same unit; otherwise one replaces the other.
    pub is_same: bool,
}

/// The units of two sides, one beside the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alignment {
    /// Those that both sides have, in order.
    pub pairs: Vec<UnitPair>,
    /// Those of the left side that the right has nothing for.
    pub left_only: Vec<usize>,
    /// Those of the right side that the left has nothing for.
    pub right_only: Vec<usize>,
}

impl Alignment {
    /// Whether both sides have the same units and no others.
    pub fn is_same(&self) -> bool {
        self.is_whole() && self.pairs.iter().all(|pair| pair.is_same)
    }

    /// Whether every unit of either side has one beside it.
    pub fn is_whole(&self) -> bool {
        self.left_only.is_empty() && self.right_only.is_empty()
    }
}

/// Puts units that are called so beside one another.
pub fn alignment(left: &[String], right: &[String]) -> Alignment {
    let mut found = Alignment::default();
    for part in capture_diff_slices(Algorithm::Myers, left, right) {
        let (tag, left, right) = part.as_tag_tuple();
        let is_paired = match tag {
            DiffTag::Equal => true,
            DiffTag::Replace => left.len() == right.len(),
            DiffTag::Delete | DiffTag::Insert => false,
        };
        match is_paired {
            true => found
                .pairs
                .extend(left.zip(right).map(|(left, right)| UnitPair {
                    left,
                    right,
                    is_same: tag == DiffTag::Equal,
                })),
            false => {
                found.left_only.extend(left);
                found.right_only.extend(right);
            }
        }
    }
    found
}

/// The rows and columns of maps that are in `rows` and `columns`, in this order;
/// what is left out is not added to the rest.
pub fn aligned(maps: &Maps<'_>, rows: &[usize], columns: &[usize]) -> Maps<'static> {
    let part = |axis: &Axis, places: &[usize]| Axis {
        role: axis.role,
        units: places
            .iter()
            .filter_map(|&place| axis.units.get(place).cloned())
            .collect(),
    };
    let width = maps.columns.len().max(1);
    let mut values = Vec::with_capacity(maps.ids.len() * rows.len() * columns.len());
    for map in maps.values.chunks_exact(maps.map_size().max(1)) {
        for &row in rows {
            let row = map.get(row * width..(row + 1) * width).unwrap_or_default();
            values.extend(columns.iter().filter_map(|&column| row.get(column)));
        }
    }
    Maps {
        rows: part(&maps.rows, rows),
        columns: part(&maps.columns, columns),
        values: Cow::Owned(values),
        ids: maps.ids.clone(),
        selection: maps.selection.clone(),
        masks: maps.masks.clone(),
        notes: maps.notes.clone(),
        measure: maps.measure,
        reshape: maps.reshape,
        head_maximum: maps.head_maximum,
        row_sums: maps.row_sums,
    }
}
