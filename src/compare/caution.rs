//! Whether the heads of two models can be the same ones at all.

use crate::model::Architecture;

/// Above this median over heads of the divergence in bits, heads of the same
/// number have little to do with one another: between a model and what it was
/// fine-tuned to, a tenth of it was found, between strangers twice as much.
const MEDIAN_BITS_OF_STRANGERS: f64 = 0.2;

/// What tells models apart that cannot have grown from one initialisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFacts {
    /// As `config.json` has it.
    pub model_type: String,
    /// Numbers of a hidden state.
    pub hidden_size: usize,
    /// Rows of the word embedding table.
    pub vocabulary_size: usize,
}

impl ModelFacts {
    /// Those of an architecture.
    pub fn of(architecture: &Architecture) -> Self {
        Self {
            model_type: architecture.model_type.to_owned(),
            hidden_size: architecture.hidden_size,
            vocabulary_size: architecture.vocabulary_size(),
        }
    }
}

/// A sentence for the reader where head h of one side is hardly head h of the
/// other; `facts` are of the left and the right model, where both are known, and
/// `js_bits` is the divergence of every head.
pub fn caution(facts: Option<[&ModelFacts; 2]>, js_bits: &[f64]) -> Option<String> {
    let reason = facts.and_then(strangers).or_else(|| {
        let median = median(js_bits).filter(|median| *median > MEDIAN_BITS_OF_STRANGERS)?;
        Some(format!(
            "half of the heads differ by {median:.2} bits or more"
        ))
    })?;
    Some(format!(
        "Head h here is head h there only where both grew from the same initialisation; here {reason}."
    ))
}

fn strangers([left, right]: [&ModelFacts; 2]) -> Option<String> {
    if left.model_type != right.model_type {
        return Some(format!(
            "one model is {}, the other {}",
            left.model_type, right.model_type
        ));
    }
    let sizes = [
        ("hidden states", left.hidden_size, right.hidden_size),
        ("vocabularies", left.vocabulary_size, right.vocabulary_size),
    ];
    let other = sizes.into_iter().find(|(_, left, right)| left != right)?;
    let (what, left, right) = other;
    Some(format!("the {what} have {left} and {right} entries"))
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}
