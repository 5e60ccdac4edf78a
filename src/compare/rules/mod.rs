//! What a rules file asks of the attention of a model, as data.
//!
//! A rule says what is expected, never why: that a number stays where it was
//! is no proof that a model is right, and that it moved is no fault.

mod bounds;
mod error;
mod header;
mod parse;
mod reader;
mod replacement;
mod sections;

pub use bounds::{Limits, Range, written};
pub use error::{Place, RulesError};
pub use parse::{KINDS, MAXIMUM_LENGTH, parse};
pub use replacement::replaced;

use crate::analysis::Score;
use crate::attention::{HeadId, IndexList, IndexOutOfRange, Selection};
use crate::compare::DifferenceMeasure;
use crate::input::Input;
use crate::names::closed_set;

/// A rules file that `attnviz check --init` writes: every kind of rule, with
/// what it means, as comments where it needs something of the user.
pub const TEMPLATE: &str = include_str!("template.toml");

/// The content of a rules file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    /// The model, as `--model` takes it; paths are relative to the file.
    pub model: Option<String>,
    /// Files of inputs, relative to the file.
    pub inputs: Vec<String>,
    /// Inputs that the file itself holds.
    pub own_inputs: Vec<OwnInput>,
    /// Where the baseline is, relative to the file.
    pub baseline: Option<String>,
    /// What is checked, in the order of the file.
    pub rules: Vec<Rule>,
}

/// An input that a rules file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnInput {
    /// What it is called: its `id`, or `input-1` and so on.
    pub id: String,
    /// Its text, or pair of texts.
    pub input: Input,
}

/// One thing that is checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its `name`, or what it says in short.
    pub name: String,
    /// Where it begins in the file.
    pub place: Place,
    /// What it says.
    pub check: Check,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// The tokens of every input are those of the baseline.
    Tokens,
    /// No chosen head of any input is further from the baseline than this: of
    /// `max_abs` its greatest cell, of the others the mean over its rows.
    Difference {
        /// Which heads.
        heads: HeadChoice,
        /// In which measure.
        measure: DifferenceMeasure,
        /// The greatest distance that is allowed.
        at_most: f64,
    },
    /// How far the chosen heads have moved from the baseline.
    Drift {
        /// Which heads.
        heads: HeadChoice,
        /// In which measure.
        measure: DifferenceMeasure,
        /// What is allowed.
        limits: Limits,
    },
    /// A head's score, a mean over the inputs that have it.
    Head {
        /// Which head.
        head: HeadId,
        /// Which score.
        score: Score,
        /// What is allowed.
        range: Range,
    },
    /// The score of every chosen layer, a mean over its heads and the inputs
    /// that have it.
    Layer {
        /// Which layers.
        layers: IndexList,
        /// Which score.
        score: Score,
        /// What is allowed of each.
        range: Range,
    },
    /// How much one unit of a text attends to another.
    Link {
        /// The text.
        input: Input,
        /// The unit that attends: a token, a word, or `@N`.
        from: String,
        /// The unit that is attended to.
        to: String,
        /// In which heads.
        heads: LinkHeads,
        /// What is allowed.
        range: Range,
    },
    /// How far the attention of a text moves when words of it are replaced.
    Invariant {
        /// The text.
        input: Input,
        /// The text with the words replaced.
        changed: Input,
        /// Which heads.
        heads: HeadChoice,
        /// In which measure.
        measure: DifferenceMeasure,
        /// What is allowed.
        limits: Limits,
    },
}

/// The kinds of rules, by their names in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKind {
    /// `[tokens]`
    Tokens,
    /// `[difference]`
    Difference,
    /// `[[drift]]`
    Drift,
    /// `[[head]]`
    Head,
    /// `[[layer]]`
    Layer,
    /// `[[link]]`
    Link,
    /// `[[invariant]]`
    Invariant,
}

closed_set!(
    RuleKind,
    "kind of rule",
    Tokens => "tokens",
    Difference => "difference",
    Drift => "drift",
    Head => "head",
    Layer => "layer",
    Link => "link",
    Invariant => "invariant",
);

impl Check {
    /// Which kind it is.
    pub fn kind(&self) -> RuleKind {
        match self {
            Self::Tokens => RuleKind::Tokens,
            Self::Difference { .. } => RuleKind::Difference,
            Self::Drift { .. } => RuleKind::Drift,
            Self::Head { .. } => RuleKind::Head,
            Self::Layer { .. } => RuleKind::Layer,
            Self::Link { .. } => RuleKind::Link,
            Self::Invariant { .. } => RuleKind::Invariant,
        }
    }
}

impl RuleKind {
    /// Whether it is checked against the baseline.
    pub fn needs_baseline(self) -> bool {
        match self {
            Self::Tokens | Self::Difference | Self::Drift => true,
            Self::Head | Self::Layer | Self::Link | Self::Invariant => false,
        }
    }

    /// Whether it is checked over the inputs of the file, rather than over a
    /// text of its own.
    pub fn needs_inputs(self) -> bool {
        match self {
            Self::Tokens | Self::Difference | Self::Drift | Self::Head | Self::Layer => true,
            Self::Link | Self::Invariant => false,
        }
    }

    /// Whether maps themselves are compared with the baseline's.
    pub fn compares_maps(self) -> bool {
        match self {
            Self::Difference | Self::Drift => true,
            Self::Tokens | Self::Head | Self::Layer | Self::Link | Self::Invariant => false,
        }
    }

    /// Whether it asks for scores of the heads.
    pub fn needs_scores(self) -> bool {
        match self {
            Self::Head | Self::Layer => true,
            Self::Tokens | Self::Difference | Self::Drift | Self::Link | Self::Invariant => false,
        }
    }
}

/// Which heads a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadChoice {
    /// A single one: `head = "3.1"`.
    One(HeadId),
    /// Some heads of some layers: `layers = "0-5"`, `heads = "0,3"`.
    Of {
        /// Which layers.
        layers: IndexList,
        /// Which heads of each.
        heads: IndexList,
    },
}

impl HeadChoice {
    /// Every head.
    pub const ALL: Self = Self::Of {
        layers: IndexList::All,
        heads: IndexList::All,
    };

    /// The heads out of so many layers of so many heads each.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn resolve(&self, [layers, heads]: [usize; 2]) -> Result<Selection, IndexOutOfRange> {
        match self {
            Self::One(id) => {
                let exists = |kind, found: usize, count| match found < count {
                    true => Ok(vec![found]),
                    false => Err(IndexOutOfRange {
                        kind,
                        found: i64::try_from(found).unwrap_or(i64::MAX),
                        count,
                    }),
                };
                let layer = exists("layer", id.layer, layers)?;
                Ok(Selection::of(&layer, &exists("head", id.head, heads)?))
            }
            Self::Of {
                layers: of_layers,
                heads: of_heads,
            } => {
                let layers = of_layers.resolve("layer", layers)?;
                Ok(Selection::of(&layers, &of_heads.resolve("head", heads)?))
            }
        }
    }

    /// As a rule's name says it; nothing of all heads.
    pub fn in_words(&self) -> String {
        match self {
            Self::One(id) => format!(" in {}", short(*id)),
            Self::Of { layers, heads } => {
                let part = |name: &str, list: &IndexList| match list {
                    IndexList::All => String::new(),
                    IndexList::Ranges(_) => format!(" {name} {list}"),
                };
                format!("{}{}", part("layers", layers), part("heads", heads))
            }
        }
    }
}

/// A head as rules files name it: `3.1`.
pub fn short(id: HeadId) -> String {
    format!("{}.{}", id.layer, id.head)
}

/// In which heads a link has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkHeads {
    /// In at least one of them.
    Any(HeadChoice),
    /// In every one of them.
    Every(HeadChoice),
}

impl LinkHeads {
    /// Which heads are looked at.
    pub fn choice(&self) -> &HeadChoice {
        match self {
            Self::Any(choice) | Self::Every(choice) => choice,
        }
    }
}

impl Rules {
    /// Whether any rule is checked against the baseline.
    pub fn need_baseline(&self) -> bool {
        let mut rules = self.rules.iter();
        rules.any(|rule| rule.check.kind().needs_baseline())
    }

    /// Whether there are inputs to be checked.
    pub fn have_inputs(&self) -> bool {
        !self.inputs.is_empty() || !self.own_inputs.is_empty()
    }
}
