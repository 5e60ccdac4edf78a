//! How widely a head attends: Clark et al. 2019, section 3.2
//! (<https://arxiv.org/abs/1906.04341>). Their code smooths with 0.9999·A +
//! 0.0001/T first; here 0·ln 0 = 0 instead, as in transformers'
//! `run_bertology.py`.

use super::head_map::{HeadMap, ratio};

impl HeadMap<'_> {
    /// mean over queries i of −Σ_j A[i,j]·ln A[i,j], in nats: 0 to ln T. Rows
    /// that do not sum to one are taken as they are; empty where something is
    /// more than a probability.
    pub(super) fn entropy(self) -> Option<f64> {
        if !self.is_of_probabilities() {
            return None;
        }
        let of_row = |(_, row): (usize, &[f32])| row.iter().map(|&p| information(p)).sum::<f64>();
        let sum: f64 = self.rows().map(of_row).sum();
        ratio(sum, self.query_count() as f64)
    }

    /// The entropy ÷ ln T, T the number of keys: 0 to 1. Empty where T is 1.
    pub(super) fn entropy_normalized(self, entropy: Option<f64>) -> Option<f64> {
        ratio(entropy?, libm::log(self.key_count as f64))
    }
}

/// −p·ln p, 0 at 0.
fn information(probability: f32) -> f64 {
    let probability = f64::from(probability);
    match probability > 0.0 {
        // Never −0, which would be written.
        true => 0.0 - probability * libm::log(probability),
        false => 0.0,
    }
}
