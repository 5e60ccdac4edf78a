//! Which way and how far a head attends: what goes one unit back, to the query
//! itself, one unit on, and the mean distance.
//!
//! Everything here needs queries and keys to be the same units.

use super::axes::Axes;
use super::head_map::{HeadMap, ratio};

impl HeadMap<'_> {
    /// Σ_i A[i, i + offset] / T: `prev`, `self` and `next` of Clark et al. 2019
    /// (<https://arxiv.org/abs/1906.04341>, `General_Analysis.ipynb`), which
    /// divide by T, not by the T − 1 queries that have such a key. Empty where
    /// no query may attend to that key.
    pub(super) fn to_offset(self, axes: &Axes, offset: isize) -> Option<f64> {
        self.has_offset(axes, offset).then_some(())?;
        let cell = |(query, row): (usize, &[f32])| {
            let key = query.checked_add_signed(offset)?;
            row.get(key).copied()
        };
        let sum = self.rows().filter_map(cell).map(f64::from).sum();
        ratio(sum, self.query_count() as f64)
    }

    /// Σ A[i,j]·|i − j| / Σ A[i,j], in units: Vig and Belinkov 2019, section 5.2
    /// (<https://arxiv.org/abs/1906.04284>), over all keys; of a decoder these
    /// are the ones with j ≤ i, as there. Empty where nothing is attended to.
    pub(super) fn distance(self, axes: &Axes, total: f64) -> Option<f64> {
        axes.are_alike.then_some(())?;
        let of_row = |(query, row): (usize, &[f32])| {
            let cells = row.iter().enumerate();
            let far = cells.map(|(key, &value)| f64::from(value) * query.abs_diff(key) as f64);
            far.sum::<f64>()
        };
        ratio(self.rows().map(of_row).sum(), total)
    }

    /// Share of the ordinary queries whose strongest key, out of all, is at an
    /// offset; of equal ones the first. Voita et al. 2019, section 5.1
    /// (<https://arxiv.org/abs/1905.09418>): a head is positional where 0.9 of
    /// them are at −1 or at 1. A query that attends to nothing has no strongest
    /// key. Empty where no query may attend to a key at that offset.
    pub(super) fn strongest_at(
        self,
        axes: &Axes,
        strongest: &[Option<usize>],
        offset: isize,
    ) -> Option<f64> {
        self.has_offset(axes, offset).then_some(())?;
        let queries = strongest.iter().enumerate();
        let queries = queries.filter(|&(query, _)| is_set(&axes.ordinary_queries, query));
        let mut counts = [0_usize; 2];
        for (query, &strongest) in queries {
            let at = query.checked_add_signed(offset);
            counts[0] += usize::from(at.is_some() && at == strongest);
            counts[1] += 1;
        }
        let [found, all] = counts.map(|count| count as f64);
        ratio(found, all)
    }

    /// The mean over ordinary queries of their greatest attention to an
    /// ordinary key: Voita et al. 2019, section 4
    /// (<https://arxiv.org/abs/1905.09418>), which leaves the end of the
    /// sentence out; not normalized again. Empty where all units of an axis are
    /// special.
    pub(super) fn confidence(self, axes: &Axes) -> Option<f64> {
        axes.ordinary_keys.contains(&true).then_some(())?;
        let queries = self
            .rows()
            .filter(|&(query, _)| is_set(&axes.ordinary_queries, query));
        let (mut sum, mut count) = (0.0, 0.0);
        for (_, row) in queries {
            let keys = row.iter().zip(&axes.ordinary_keys);
            let of_text = keys.filter(|&(_, &is_ordinary)| is_ordinary);
            sum += f64::from(of_text.map(|(&value, _)| value).fold(0.0, f32::max));
            count += 1.0;
        }
        ratio(sum, count)
    }

    /// Whether some query may attend to the unit at an offset from it.
    fn has_offset(self, axes: &Axes, offset: isize) -> bool {
        let is_allowed = |query: usize| {
            let key = query.checked_add_signed(offset);
            key.is_some_and(|key| self.allows(query, key))
        };
        axes.are_alike && (0..self.query_count()).any(is_allowed)
    }
}

fn is_set(flags: &[bool], place: usize) -> bool {
    flags.get(place) == Some(&true)
}

/// The first of the greatest values, `None` where all are 0.
pub(super) fn strongest(row: &[f32]) -> Option<usize> {
    let greatest = row.iter().copied().fold(0.0, f32::max);
    let mut values = row.iter();
    values.position(|&value| value == greatest && greatest > 0.0)
}
