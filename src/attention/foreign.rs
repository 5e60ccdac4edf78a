//! Attention that another program computed, or that was changed before it was
//! saved: nothing of it is promised but that its numbers are numbers.

use serde::{Deserialize, Serialize};

use super::{AttentionError, AttentionKind, HeadMaps, Selection};

/// How far a row's sum may be from one in attention from elsewhere, which is
/// often stored in half precision.
pub const FOREIGN_ROW_SUM_TOLERANCE: f32 = 1e-3;

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

/// Attention from elsewhere: finite values that are not negative.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignAttention {
    kind: AttentionKind,
    maps: HeadMaps,
    row_sums: RowSums,
    notes: Vec<String>,
}

impl ForeignAttention {
    /// Takes what another program computed. Where some rows do not sum to one
    /// within [`FOREIGN_ROW_SUM_TOLERANCE`], it is marked as not normalized.
    ///
    /// # Errors
    /// When a value is NaN, infinite or negative.
    pub fn new(kind: AttentionKind, maps: HeadMaps) -> Result<Self, AttentionError> {
        check_values(&maps)?;
        let tolerance = f64::from(FOREIGN_ROW_SUM_TOLERANCE);
        let row_sums = match odd_row(&maps, |sum| (sum - 1.0).abs() <= tolerance) {
            None => RowSums::One,
            Some(_) => RowSums::Unnormalized,
        };
        Ok(Self {
            kind,
            maps,
            row_sums,
            notes: Vec::new(),
        })
    }

    /// Takes attention that was saved as it was shown: what its rows sum to,
    /// and what was done to it, as sentences.
    ///
    /// # Errors
    /// When a value is NaN, infinite or negative, or a row sums to something
    /// else than `row_sums` says, by more than `tolerance`.
    pub fn reshaped_before(
        kind: AttentionKind,
        maps: HeadMaps,
        row_sums: RowSums,
        tolerance: f32,
        notes: Vec<String>,
    ) -> Result<Self, AttentionError> {
        check_values(&maps)?;
        let tolerance = f64::from(tolerance);
        let odd = odd_row(&maps, |sum| match row_sums {
            RowSums::One => (sum - 1.0).abs() <= tolerance,
            RowSums::Less => sum <= 1.0 + tolerance,
            RowSums::Unnormalized => true,
        });
        match odd {
            Some(error) => Err(error),
            None => Ok(Self {
                kind,
                maps,
                row_sums,
                notes,
            }),
        }
    }

    /// Which sequences it runs over.
    pub fn kind(&self) -> AttentionKind {
        self.kind
    }

    /// The maps of all heads.
    pub fn maps(&self) -> &HeadMaps {
        &self.maps
    }

    /// What the rows sum to.
    pub fn row_sums(&self) -> RowSums {
        self.row_sums
    }

    /// What was done to it before it was saved, as sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The maps of the heads that `selection` has too.
    #[must_use]
    pub fn select(&self, selection: &Selection) -> Self {
        Self {
            kind: self.kind,
            maps: self.maps.select(selection),
            row_sums: self.row_sums,
            notes: self.notes.clone(),
        }
    }
}

fn check_values(maps: &HeadMaps) -> Result<(), AttentionError> {
    let is_odd = |value: &f32| !(value.is_finite() && *value >= 0.0);
    let Some(position) = maps.values().iter().position(is_odd) else {
        return Ok(());
    };
    let (id, query, key) = maps.place(position);
    Err(AttentionError::NotAWeight {
        layer: id.layer,
        head: id.head,
        query,
        key,
        found: maps.values().get(position).copied().unwrap_or(f32::NAN),
    })
}

/// The first row whose sum is not as expected. Summed in f64, so that the check
/// does not add an error of its own on rows of many keys.
fn odd_row(maps: &HeadMaps, is_expected: impl Fn(f64) -> bool) -> Option<AttentionError> {
    let rows = maps.values().chunks_exact(maps.key_count()).enumerate();
    rows.map(|(index, row)| (index, row.iter().copied().map(f64::from).sum::<f64>()))
        .find(|&(_, sum)| !is_expected(sum))
        .map(|(index, sum)| {
            let (id, query, _) = maps.place(index * maps.key_count());
            AttentionError::RowSum {
                layer: id.layer,
                head: id.head,
                query,
                found: sum as f32,
            }
        })
}
