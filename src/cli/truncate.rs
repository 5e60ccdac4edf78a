//! The value of `--truncate`: `never`, or a number of tokens.

use std::str::FromStr;

/// The value of `--truncate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truncate {
    /// Too long input is an error.
    Never,
    /// Longer input is cut to this many tokens.
    To(usize),
}

impl Truncate {
    /// The number of tokens, `None` for never.
    pub fn limit(self) -> Option<usize> {
        match self {
            Self::Never => None,
            Self::To(count) => Some(count),
        }
    }
}

impl FromStr for Truncate {
    type Err = String;

    fn from_str(value: &str) -> Result<Self, String> {
        match value.parse() {
            _ if value == "never" => Ok(Self::Never),
            Ok(count) => Ok(Self::To(count)),
            Err(_) => Err(format!(
                "expected \"never\" or a number of tokens, found {value:?}"
            )),
        }
    }
}
