//! Which rows of a picture repeat the row above: they are neither drawn nor
//! compressed, only counted. More than half of the rows of most figures are
//! like that, since cells are many pixels high.

use std::ops::Range;

/// The rows of a picture, with those that repeat folded onto the first of
/// their kind.
pub(super) struct Folding {
    /// The folded row of every row.
    rows: Vec<i32>,
    /// How many rows each folded row stands for.
    counts: Vec<usize>,
}

/// Where something changes, while that is found out.
pub(super) struct Changes(Vec<bool>);

impl Changes {
    pub(super) fn new(height: u32) -> Self {
        let mut changes = vec![false; height as usize];
        if let Some(first) = changes.first_mut() {
            *first = true;
        }
        Self(changes)
    }

    /// A row may differ from the row above.
    pub(super) fn add(&mut self, row: i32) {
        let change = usize::try_from(row)
            .ok()
            .and_then(|row| self.0.get_mut(row));
        if let Some(change) = change {
            *change = true;
        }
    }

    /// Every row may differ, and the one behind them.
    pub(super) fn add_all(&mut self, rows: Range<i32>) {
        (rows.start..=rows.end).for_each(|row| self.add(row));
    }

    pub(super) fn fold(self) -> Folding {
        let mut counts: Vec<usize> = Vec::with_capacity(self.0.len());
        let mut folded = -1;
        let rows = self.0.into_iter().map(|is_change| {
            if is_change {
                folded += 1;
                counts.push(0);
            }
            if let Some(count) = counts.last_mut() {
                *count += 1;
            }
            folded
        });
        let rows = rows.collect();
        Folding { rows, counts }
    }
}

impl Folding {
    /// How many rows each folded row stands for.
    pub(super) fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// The folded row of a row. Outside the picture nothing is folded.
    pub(super) fn row(&self, row: i32) -> i32 {
        let inside = usize::try_from(row).ok().map(|row| self.rows.get(row));
        match inside {
            Some(Some(&folded)) => folded,
            Some(None) => {
                let length = |length: usize| i32::try_from(length).unwrap_or(i32::MAX / 2);
                row - length(self.rows.len()) + length(self.counts.len())
            }
            None => row,
        }
    }

    /// The folded rows of some rows, before the first of which something
    /// changes.
    pub(super) fn rows(&self, rows: Range<i32>) -> Range<i32> {
        self.row(rows.start)..self.row(rows.end)
    }
}
