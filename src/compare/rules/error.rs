//! What is wrong with a rules file, and where.

use std::fmt;

use thiserror::Error;

use super::bounds::written;
use crate::remedy::{CheckRemedy, Remedy};

/// Where something stands in a file, both counted from one, columns in
/// characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    /// The place of a byte of a text.
    pub(super) fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

/// Why a file is none of rules.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum RulesError {
    /// It is longer than anybody writes by hand.
    #[error("expected rules, found a file of {found} bytes, more than {maximum}")]
    TooLong {
        /// Its length.
        found: u64,
        /// The most that is read.
        maximum: u64,
    },
    /// It is no text.
    #[error("expected UTF-8, found other bytes from byte {position} on")]
    NotText {
        /// The first byte that is none of it.
        position: usize,
    },
    /// It is not TOML.
    #[error("{place}: {reason}")]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser says.
        reason: String,
    },
    /// A key that its table does not have.
    #[error("{place}: unknown key {key:?} in {table}, expected one of: {}", known.join(", "))]
    UnknownKey {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// Its table, as the file writes it.
        table: String,
        /// The nearest key that there is.
        nearest: Option<String>,
        /// Every key that there is.
        known: Vec<&'static str>,
    },
    /// A key that has to be there is not.
    #[error("{place}: {table} lacks {what}")]
    Missing {
        /// Where its table begins.
        place: Place,
        /// The table, as the file writes it.
        table: String,
        /// The key, or those of which one is needed.
        what: &'static str,
        /// A key that would do.
        key: &'static str,
        /// A value of it that would do.
        example: &'static str,
    },
    /// A value of another kind.
    #[error("{place}: expected {expected} for {key}, found {found}")]
    WrongType {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// What it takes.
        expected: &'static str,
        /// What kind of value it has.
        found: &'static str,
        /// A value that would do.
        example: &'static str,
    },
    /// A value that a key does not take.
    #[error("{place}: expected {expected} for {key}, found {found}")]
    BadValue {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// What it takes.
        expected: String,
        /// What it has.
        found: String,
        /// A value that would do.
        example: String,
    },
    /// A rule that can never break.
    #[error("{place}: {key} = {} always holds: {reason}", written(*found))]
    AlwaysHolds {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// Its value.
        found: f64,
        /// Why.
        reason: &'static str,
    },
    /// A rule that can never hold.
    #[error("{place}: {key} = {} never holds: {reason}", written(*found))]
    NeverHolds {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// Its value.
        found: f64,
        /// Why.
        reason: &'static str,
    },
    /// Keys that do not go together.
    #[error("{place}: {reason}")]
    Contradiction {
        /// Where.
        place: Place,
        /// Why.
        reason: String,
        /// A key to leave out.
        leave_out: &'static str,
    },
    /// A word to be replaced that is not there, or is replaced by itself.
    #[error("{place}: {reason}")]
    Replacement {
        /// Where.
        place: Place,
        /// Why.
        reason: String,
    },
    /// There is no rule.
    #[error("the file holds no rule")]
    NoRules,
    /// Rules that look at inputs, and no input.
    #[error("{place}: {table} looks at inputs, and the file names none")]
    NoInputs {
        /// Where the first of them begins.
        place: Place,
        /// Its table.
        table: String,
    },
    /// Rules that look at the baseline, and none is named.
    #[error("{place}: {table} looks at a baseline, and the file names none")]
    NoBaseline {
        /// Where the first of them begins.
        place: Place,
        /// Its table.
        table: String,
    },
}

impl RulesError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::Check(match self {
            Self::TooLong { .. } | Self::NotText { .. } | Self::Syntax { .. } => {
                CheckRemedy::WriteToml
            }
            Self::UnknownKey { nearest, known, .. } => match nearest {
                Some(nearest) => CheckRemedy::WriteKey {
                    nearest: nearest.clone(),
                },
                None => CheckRemedy::WriteOneOf {
                    keys: known.clone(),
                },
            },
            Self::Missing { key, example, .. } => CheckRemedy::WriteLine {
                key: (*key).to_owned(),
                value: (*example).to_owned(),
            },
            Self::WrongType { key, example, .. } => CheckRemedy::WriteLine {
                key: key.clone(),
                value: (*example).to_owned(),
            },
            Self::BadValue { key, example, .. } => CheckRemedy::WriteLine {
                key: key.clone(),
                value: example.clone(),
            },
            Self::AlwaysHolds { .. } | Self::NeverHolds { .. } => CheckRemedy::NameReachable,
            Self::Contradiction { leave_out, .. } => CheckRemedy::LeaveOut { key: leave_out },
            Self::Replacement { .. } => CheckRemedy::ReplaceWords,
            Self::NoRules => CheckRemedy::WriteRules,
            Self::NoInputs { .. } => CheckRemedy::NameInputs,
            Self::NoBaseline { .. } => CheckRemedy::NameBaseline,
        }))
    }
}
