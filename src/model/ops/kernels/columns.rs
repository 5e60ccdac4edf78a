//! Columns of panels gathered for one head, and products with them.

use std::ops::Range;

use pulp::Simd;

use super::tile::{Strided, add_tile};

/// Keys of a tile.
pub(super) const TILE_KEYS: usize = 12;

/// A matrix in panels, whose rows need not start with one.
pub(super) struct Columns<'data> {
    pub panels: &'data [f32],
    pub column_count: usize,
    pub lane_count: usize,
}

impl Columns<'_> {
    /// Some columns of `length` rows from `start` on, into as many columns of
    /// `padded_length` rows each: `[column, row]`.
    #[inline(always)]
    pub fn gather(
        &self,
        column: usize,
        (start, length): (usize, usize),
        padded_length: usize,
        gathered: &mut [f32],
    ) {
        let lanes = self.lane_count;
        for (index, row) in gathered.chunks_exact_mut(padded_length).enumerate() {
            let mut done = 0;
            while done < length {
                let (panel, lane) = ((start + done) / lanes, (start + done) % lanes);
                let run = (lanes - lane).min(length - done);
                let from = (panel * self.column_count + column + index) * lanes + lane;
                row[done..done + run].copy_from_slice(&self.panels[from..from + run]);
                done += run;
            }
        }
    }
}

/// Adds the products of queries (or of whatever is in the panels) and keys:
/// `[panel, padded key]`.
#[inline(always)]
pub(super) fn multiply<S: Simd, const PANELS: usize>(
    simd: S,
    panels: [&[S::f32s]; PANELS],
    keys: &[f32],
    padded_keys: usize,
    reach: Range<usize>,
    sums: &mut [S::f32s],
) {
    for first in reach.step_by(TILE_KEYS) {
        let mut output = split::<_, PANELS>(sums, padded_keys, first);
        let weights = Strided {
            values: &keys[first..],
            row_stride: 1,
            position_stride: padded_keys,
        };
        add_tile::<S, PANELS, TILE_KEYS>(simd, panels, weights, &mut output);
    }
}

/// Of each panel of `length` vectors, those from `first` on.
#[inline(always)]
pub(super) fn split<V, const PANELS: usize>(
    vectors: &mut [V],
    length: usize,
    first: usize,
) -> [&mut [V]; PANELS] {
    let mut panels = vectors.chunks_exact_mut(length);
    std::array::from_fn(|_| match panels.next() {
        Some(panel) => &mut panel[first..],
        None => &mut [],
    })
}
