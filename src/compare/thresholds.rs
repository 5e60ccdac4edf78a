//! How much two sides may differ, and where they differ by more.

use super::{DifferenceMeasure, Differences};
use crate::attention::HeadId;

/// The most that two sides may differ by, of each measure that has a limit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Thresholds {
    /// A head's mean over its rows.
    pub js_bits: Option<f64>,
    /// A head's mean over its rows.
    pub total_variation: Option<f64>,
    /// A cell of any head.
    pub max_abs: Option<f64>,
}

/// A measure that is above its threshold, and the head where it is greatest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exceeded {
    /// Which measure.
    pub measure: DifferenceMeasure,
    /// The head with the greatest value, of equal ones the first.
    pub head: HeadId,
    /// That value.
    pub value: f64,
    /// What it is above.
    pub limit: f64,
}

impl Thresholds {
    /// The measures that have a limit, with it.
    pub fn limits(&self) -> impl Iterator<Item = (DifferenceMeasure, f64)> {
        let limits = [
            (DifferenceMeasure::JsBits, self.js_bits),
            (DifferenceMeasure::TotalVariation, self.total_variation),
            (DifferenceMeasure::MaxAbs, self.max_abs),
        ];
        limits
            .into_iter()
            .filter_map(|(measure, limit)| Some((measure, limit?)))
    }

    /// The thresholds that differences are above, each where it is worst. What is
    /// no number is above every threshold.
    pub fn exceeded(&self, differences: &Differences) -> Vec<Exceeded> {
        let worst = |(measure, limit)| {
            let (head, value) = differences.ranked(measure).into_iter().next()?;
            let is_within = value <= limit;
            (!is_within).then_some(Exceeded {
                measure,
                head,
                value,
                limit,
            })
        };
        self.limits().filter_map(worst).collect()
    }
}
