//! Rules and what was found of a model's attention, brought together: pure
//! functions, no files and no pictures.

mod judge;
mod sentences;
mod tally;
mod words;

pub use judge::{Judge, LinkSeen, Seen, labelled};
pub use sentences::{named, number};

use crate::attention::HeadId;
use crate::compare::Differences;
use crate::input::Input;

/// An input, as verdicts name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputName {
    /// Its place among all inputs.
    pub index: u64,
    /// What it is called.
    pub id: String,
    /// The input itself.
    pub input: Input,
}

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Where {
    /// In which input.
    pub input: Option<InputName>,
    /// In which head.
    pub head: Option<HeadId>,
    /// In the row of which unit: its label and position.
    pub query: Option<(String, usize)>,
    /// In the column of which unit.
    pub key: Option<(String, usize)>,
}

/// What became of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The rule's place among all.
    pub rule: usize,
    /// Whether it holds.
    pub holds: bool,
    /// The value that decided, where there is one.
    pub found: Option<f64>,
    /// What was expected, in words.
    pub expected: String,
    /// What was found and where, a sentence without its full stop.
    pub message: String,
    /// Where it was found: of a rule that holds, where it is nearest to
    /// breaking.
    pub place: Where,
}

/// How an input stands beside the baseline.
#[derive(Debug, Clone, PartialEq)]
pub enum Beside {
    /// Nobody asks.
    Nothing,
    /// The baseline does not have it.
    Unknown,
    /// The baseline has other tokens for it: what the first one that differs
    /// was, and is.
    OtherTokens {
        /// The position of the first token that differs.
        position: usize,
        /// What the baseline has there.
        before: Option<String>,
        /// What is there now.
        now: Option<String>,
        /// What differs, and from what to what: `id 17 → 2003`.
        what: String,
        /// How many tokens were cut off behind those of the baseline, and are now.
        cut: [usize; 2],
    },
    /// The baseline is of a model with other heads.
    OtherHeads {
        /// Layers and heads of the baseline.
        before: [usize; 2],
        /// Layers and heads of the model.
        now: [usize; 2],
    },
    /// The tokens are the same, and the maps this far apart, where that was
    /// asked for.
    Same(Option<Box<Differences>>),
}
