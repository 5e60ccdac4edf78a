//! What an error of `diff` is of: a side, or a text. It is said before what is
//! wrong, and the hint names what was typed for it.

use std::fmt;

use super::phrases::quoted;
use crate::remedy::Remedy;

/// Which side an error is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfSide {
    Left,
    Right,
}

impl OfSide {
    /// As the usage calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Left => "LEFT",
            Self::Right => "RIGHT",
        }
    }

    /// These words of a remedy for the side, which has a place and no option.
    pub(super) fn mended(self, remedy: &Remedy, words: String) -> String {
        let words = match remedy {
            Remedy::EncodeWith(folder) => quoted(&folder.display().to_string()),
            // What saves a side again has options of its own.
            Remedy::SaveNumbers { .. } => return words,
            _ if words.contains("--model ") => words.replace("--model ", ""),
            _ => return words,
        };
        format!("for {}: {words}", self.name())
    }
}

impl fmt::Display for OfSide {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} cannot be compared", self.name())
    }
}

/// Which text an error is of, by the option that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OfText(&'static str);

impl OfText {
    /// What to type in its place; `None` where the remedy says that itself.
    pub(super) fn mended(self, remedy: &Remedy) -> Option<String> {
        if *remedy == Remedy::GiveText {
            return Some(format!("{} \"Hello, how are you?\"", self.0));
        }
        let pair = "--against-pair";
        let is_of_pair = *remedy == Remedy::GivePair && self == OF_AGAINST;
        is_of_pair.then(|| format!("{pair} \"Fine, thanks.\", or leave {pair} out"))
    }
}

/// What to type where two texts have nothing in common.
pub(super) const ALIKE_TEXTS: &str = "two texts that have words in common: --text \"The animal was tired.\" --against \"The animal was wide.\"";

impl fmt::Display for OfText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "what {} says cannot be compared", self.0)
    }
}

/// The text of both sides, or of the left one.
pub(super) const OF_TEXT: OfText = OfText("--text");
/// The text of the right side.
pub(super) const OF_AGAINST: OfText = OfText("--against");
