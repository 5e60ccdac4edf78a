//! How two sides are compared over many inputs.

use super::ManySides;
use crate::analysis::Score;
use crate::attention::Selection;
use crate::compare::{Quantity, Thresholds};
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
    /// What is said where head h of one side is hardly head h of the other, by what
    /// the models are.
    pub caution: Option<String>,
    /// What is written down for an input that failed and can be mended.
    pub remedy_in_words: fn(&Remedy) -> String,
}

impl ManyOptions {
    /// What ranks heads and inputs: what was asked for, and where only scores are
    /// there and nobody says which, the one that inputs of any length have in common.
    pub fn ranked_by(&self, sides: &ManySides<'_>) -> Quantity {
        match (sides, self.diff.ranked_by) {
            (ManySides::Scores(_), Quantity::Measure(_)) => {
                Quantity::Score(Score::EntropyNormalized)
            }
            (ManySides::Models(_) | ManySides::Runs(_) | ManySides::Scores(_), asked) => asked,
        }
    }
}
