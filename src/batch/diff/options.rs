//! How two sides are compared over many inputs.

use crate::analysis::Granularity;
use crate::attention::Selection;
use crate::compare::DifferenceMeasure;
use crate::remedy::Remedy;
use crate::store::diff::DiffOptions;

/// How two sides are compared over many inputs.
#[derive(Debug, Clone)]
pub struct ManyOptions {
    /// What is compared, and what is written of it.
    pub diff: DiffOptions,
    /// The layers and heads that are compared.
    pub selection: Selection,
    /// What no input may exceed.
    pub thresholds: Thresholds,
    /// What is written down for an input that failed and can be mended.
    pub remedy_in_words: fn(&Remedy) -> String,
}

/// What no input may exceed; `None` where that is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Thresholds {
    /// Of the greatest head's mean divergence.
    pub js_bits: Option<f64>,
    /// Of the greatest head's mean total variation.
    pub total_variation: Option<f64>,
    /// Of the greatest cell of any head.
    pub max_abs: Option<f64>,
}

impl Thresholds {
    /// Those that are asked, each with its measure.
    pub fn asked(&self) -> impl Iterator<Item = (DifferenceMeasure, f64)> {
        let all = [
            (DifferenceMeasure::JsBits, self.js_bits),
            (DifferenceMeasure::TotalVariation, self.total_variation),
            (DifferenceMeasure::MaxAbs, self.max_abs),
        ];
        let all = all.into_iter();
        all.filter_map(|(measure, limit)| Some((measure, limit?)))
    }
}
