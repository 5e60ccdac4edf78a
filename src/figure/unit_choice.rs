//! Which unit a view is of, as it is named on the command line.

use std::fmt;

/// A unit of the input, as it is named on the command line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitChoice {
    /// Its label or its text, which no other unit has.
    Text(String),
    /// `@3`: its position among all units of its stream, counted from zero,
    /// whatever is hidden, merged or cut off. A unit whose text is `@3` is named
    /// by its position too.
    Position(usize),
}

impl UnitChoice {
    /// What was typed for a unit.
    pub fn new(typed: &str) -> Self {
        let digits = typed.strip_prefix('@').unwrap_or_default();
        let are_digits = digits.bytes().all(|digit| digit.is_ascii_digit());
        match digits.parse() {
            Ok(position) if are_digits => Self::Position(position),
            _ => Self::Text(typed.to_owned()),
        }
    }
}

impl fmt::Display for UnitChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Position(position) => write!(formatter, "@{position}"),
        }
    }
}
