//! Attention that another program computed, or that was changed before it was
//! saved: nothing of it is promised but that its numbers are numbers.

use serde::{Deserialize, Serialize};

use super::tensor::{FLOAT_UNIT, check_masks};
use super::{AttentionError, AttentionKind, HeadMaps, Mask, Selection};

/// How far a row's sum may be from one in attention from elsewhere, at the
/// least: numbers are often rounded to a few digits before they are saved.
const LEAST_TOLERANCE: f64 = 1e-3;

/// How far a row's sum may be from one in attention from elsewhere.
///
/// Rounding a weight to half precision changes it by at most a share of itself:
/// 2⁻⁸ in bfloat16, 2⁻¹¹ in float16, and by 2⁻²⁵ where it is too small for
/// float16's exponents. So a row's sum changes by at most that share of one,
/// whatever its length; twice the share, because a softmax in that precision
/// divides by a sum that was rounded as well. To that comes what float32 sums
/// add, which grows with the length.
///
/// The values tell the precision, not the file's type: they are often turned
/// into float32 before they are saved.
pub fn foreign_row_sum_tolerance(maps: &HeadMaps) -> f32 {
    let is_bfloat = |value: &f32| value.to_bits() & 0xffff == 0;
    let is_half = |value: &f32| half::f16::from_f32(*value).to_f32() == *value;
    let values = maps.values();
    // The coarser one first: float16 has most of what bfloat16 has.
    let share = if values.iter().all(is_bfloat) {
        libm::exp2(-8.0)
    } else if values.iter().all(is_half) {
        libm::exp2(-11.0)
    } else {
        0.0
    };
    let length = maps.key_count() as f64;
    let sums = length * f64::from(FLOAT_UNIT);
    ((2.0 * share).max(LEAST_TOLERANCE) + sums) as f32
}

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
    /// The rule of all layers.
    mask: Mask,
    maps: HeadMaps,
    row_sums: RowSums,
    notes: Vec<String>,
}

impl ForeignAttention {
    /// Takes what another program computed; `notes` say what was done to it
    /// since. Where some rows do not sum to one within
    /// [`foreign_row_sum_tolerance`], it is marked as not normalized; where no
    /// query attends to a key behind it, as that of a decoder.
    ///
    /// # Errors
    /// When a value is NaN, infinite or negative.
    pub fn new(
        kind: AttentionKind,
        maps: HeadMaps,
        notes: Vec<String>,
    ) -> Result<Self, AttentionError> {
        check_values(&maps)?;
        let tolerance = f64::from(foreign_row_sum_tolerance(&maps));
        let row_sums = match odd_row(&maps, |sum| (sum - 1.0).abs() <= tolerance) {
            None => RowSums::One,
            Some(_) => RowSums::Unnormalized,
        };
        Ok(Self {
            kind,
            mask: mask_of(kind, &maps),
            maps,
            row_sums,
            notes,
        })
    }

    /// Takes attention that was saved as it was shown: what its layers may
    /// attend to, what its rows sum to, and what was done to it, as sentences.
    ///
    /// # Errors
    /// When a value is NaN, infinite or negative, a forbidden key has
    /// attention, or a row sums to something else than `row_sums` says, by more
    /// than `tolerance`.
    pub fn reshaped_before(
        kind: AttentionKind,
        mask: Mask,
        maps: HeadMaps,
        row_sums: RowSums,
        tolerance: f32,
        notes: Vec<String>,
    ) -> Result<Self, AttentionError> {
        check_values(&maps)?;
        check_masks(&maps, &vec![mask; maps.selection().layers.len()])?;
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
                mask,
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

    /// What all layers may attend to.
    pub fn mask(&self) -> Mask {
        self.mask
    }

    /// The maps of all heads.
    pub fn maps(&self) -> &HeadMaps {
        &self.maps
    }

    /// The numbers alone, for their memory.
    pub fn into_values(self) -> Vec<f32> {
        self.maps.into_values()
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
            mask: self.mask,
            maps: self.maps.select(selection),
            row_sums: self.row_sums,
            notes: self.notes.clone(),
        }
    }
}

/// Causal where one sequence attends to itself, and in every head no unit
/// attends to one behind it, though some attend to one before.
fn mask_of(kind: AttentionKind, maps: &HeadMaps) -> Mask {
    let (rows, keys) = (maps.query_count(), maps.key_count());
    let is_causal = || {
        maps.iter().all(|(_, map)| {
            let mut rows = map.chunks_exact(keys).enumerate();
            rows.all(|(query, row)| row.iter().skip(query + 1).all(|&value| value == 0.0))
        })
    };
    // Where units attend to nothing, or to themselves, no mask shows.
    let looks_back = || {
        maps.iter().any(|(_, map)| {
            let mut rows = map.chunks_exact(keys).enumerate();
            rows.any(|(query, row)| row.iter().take(query).any(|&value| value != 0.0))
        })
    };
    let is_square = kind != AttentionKind::Cross && rows == keys;
    match is_square && is_causal() && looks_back() {
        true => Mask::Causal,
        false => Mask::Full,
    }
}

fn check_values(maps: &HeadMaps) -> Result<(), AttentionError> {
    let is_odd = |value: &f32| !(value.is_finite() && *value >= 0.0);
    let Some(position) = maps.values().iter().position(is_odd) else {
        return Ok(());
    };
    let (id, query, key) = maps.place(position);
    let row_start = position - key;
    let rest = maps.values().get(row_start..).unwrap_or_default();
    let rows = rest.chunks_exact(maps.key_count());
    let is_nothing = |row: &&[f32]| row.iter().all(|value| value.is_nan());
    let count = rows
        .take(maps.query_count() - query)
        .take_while(is_nothing)
        .count();
    if count > 0 {
        return Err(AttentionError::NothingAllowed {
            leading: match query == 0 && count < maps.query_count() {
                true => count,
                false => 0,
            },
            layer: id.layer,
            head: id.head,
            query,
        });
    }
    if maps
        .values()
        .get(position)
        .is_some_and(|value| value.is_nan())
    {
        return Err(AttentionError::NotANumber {
            layer: id.layer,
            head: id.head,
            query,
            key,
        });
    }
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
