//! How much may differ: the value of `--max-js-bits` and the like.

use std::str::FromStr;

use thiserror::Error;

use crate::remedy::Remedy;

/// A number that no difference may be above: finite, at least 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold(f64);

/// The text is no such number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected a number from 0 up, found {found:?}")]
pub struct ThresholdError {
    found: String,
}

impl ThresholdError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        // A decimal comma.
        let meant: Option<Threshold> = self.found.replace(',', ".").parse().ok();
        let value = meant.map_or("0.05".to_owned(), |threshold| threshold.0.to_string());
        Some(Remedy::CorrectValue { value })
    }
}

impl Threshold {
    /// The number.
    pub fn value(self) -> f64 {
        self.0
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        match text.trim().parse::<f64>() {
            Ok(value) if value.is_finite() && value >= 0.0 => Ok(Self(value.abs())),
            Ok(_) | Err(_) => Err(ThresholdError {
                found: text.to_owned(),
            }),
        }
    }
}
