//! What a rule has seen so far.

use std::collections::BTreeMap;

use super::Where;

/// A value and where it was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) value: f64,
    /// How far from breaking the rule; the least is kept.
    margin: f64,
    pub(super) place: Where,
}

/// What a rule has seen so far. Values are added in the order of the inputs and
/// heads, so that sums are the same on every machine.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// Inputs that gave values.
    pub(super) inputs: u64,
    /// Inputs that were looked at.
    pub(super) seen: u64,
    /// Sum and count of the values.
    pub(super) total: (f64, u64),
    /// The same of each layer.
    pub(super) layers: BTreeMap<usize, (f64, u64)>,
    /// The value that is nearest to breaking the rule, or furthest beyond.
    pub(super) worst: Option<Found>,
    /// The same of each layer.
    pub(super) layer_worst: BTreeMap<usize, Found>,
    /// What made the rule break whatever the values are: the first of it.
    pub(super) problem: Option<(String, Where)>,
    /// How often that was.
    pub(super) problems: u64,
}

impl Tally {
    /// Keeps a value, where it is one.
    pub(super) fn add(&mut self, value: f64, margin: f64, place: impl Fn() -> Where) {
        self.total.0 += value;
        self.total.1 += 1;
        keep(&mut self.worst, value, margin, place);
    }

    /// Keeps a value of a layer.
    pub(super) fn add_to_layer(
        &mut self,
        layer: usize,
        value: f64,
        margin: f64,
        place: impl Fn() -> Where,
    ) {
        let (sum, count) = self.layers.entry(layer).or_default();
        *sum += value;
        *count += 1;
        let mut worst = self.layer_worst.remove(&layer);
        keep(&mut worst, value, margin, place);
        self.layer_worst.extend(worst.map(|worst| (layer, worst)));
    }

    /// Keeps what breaks the rule.
    pub(super) fn break_with(&mut self, message: String, place: Where) {
        self.problems += 1;
        self.problem.get_or_insert((message, place));
    }

    /// The mean of all values, `None` of none.
    pub(super) fn mean(&self) -> Option<f64> {
        mean(self.total)
    }
}

/// A sum by its count, `None` of none.
pub(super) fn mean((sum, count): (f64, u64)) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

/// Of equal ones the first stays.
fn keep(worst: &mut Option<Found>, value: f64, margin: f64, place: impl Fn() -> Where) {
    if worst.as_ref().is_none_or(|worst| margin < worst.margin) {
        *worst = Some(Found {
            value,
            margin,
            place: place(),
        });
    }
}
