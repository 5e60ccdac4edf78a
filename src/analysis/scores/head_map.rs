//! The map of one head as the scores read it.

use crate::attention::Mask;

/// The map of a head, and what it may attend to.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeadMap<'run> {
    /// `[query, key]`.
    pub(super) values: &'run [f32],
    pub(super) key_count: usize,
    pub(super) mask: Mask,
}

impl<'run> HeadMap<'run> {
    /// Every query with what it attends to.
    pub(super) fn rows(self) -> impl Iterator<Item = (usize, &'run [f32])> {
        self.values.chunks_exact(self.key_count.max(1)).enumerate()
    }

    pub(super) fn query_count(self) -> usize {
        self.values.len() / self.key_count.max(1)
    }

    /// The sum of all values.
    pub(super) fn total(self) -> f64 {
        self.values.iter().copied().map(f64::from).sum()
    }

    /// The sum of some cells.
    pub(super) fn sum_where(self, is_of_it: impl Fn(usize, usize) -> bool) -> f64 {
        let of_row = |(query, row): (usize, &[f32])| {
            let cells = row.iter().enumerate();
            let of_it = cells.filter(|&(key, _)| is_of_it(query, key));
            of_it.map(|(_, &value)| f64::from(value)).sum::<f64>()
        };
        self.rows().map(of_row).sum()
    }

    /// Whether the mask lets a query attend to a key.
    pub(super) fn allows(self, query: usize, key: usize) -> bool {
        self.mask.allowed(query, self.key_count).contains(&key)
    }

    /// Whether no query may attend to what is behind it, as in decoders.
    pub(super) fn looks_back(self) -> bool {
        match self.mask {
            Mask::Causal | Mask::Window { ahead: 0, .. } => true,
            Mask::Full | Mask::Window { .. } => false,
        }
    }

    /// Whether the values can be probabilities, and no row has more than all: of
    /// attention from elsewhere they may be anything.
    pub(super) fn is_of_probabilities(self) -> bool {
        let sum = |row: &[f32]| row.iter().copied().map(f64::from).sum::<f64>();
        self.values.iter().all(|&value| value <= MOST_PROBABLE)
            && self.rows().all(|(_, row)| sum(row) <= GREATEST_SUM)
    }
}

/// The greatest probability, with what half precision rounds it by.
const MOST_PROBABLE: f32 = 1.004;
/// The greatest sum of a row of probabilities, with what half precision rounds
/// many of them by.
const GREATEST_SUM: f64 = 1.05;

/// A quotient; nothing where there is nothing to divide by.
pub(super) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
