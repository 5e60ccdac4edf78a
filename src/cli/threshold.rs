//! How much may differ: the value of `--max-js-bits` and the like.

use std::str::FromStr;

use thiserror::Error;

use crate::remedy::Remedy;

/// A limit for a measure from 0 to 1.
const USUAL: f64 = 0.05;

/// A number that no difference may be above: finite, at least 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold(f64);

/// The text is no such number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected a number from 0 up, found {found:?}")]
pub struct ThresholdError {
    found: String,
    /// One that it could be.
    meant: String,
}

impl ThresholdError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        let value = self.meant.clone();
        Some(Remedy::CorrectValue { value })
    }
}

/// The value of a text that is one.
fn threshold(text: &str) -> Option<f64> {
    let value: f64 = text.trim().parse().ok()?;
    (value.is_finite() && value >= 0.0).then(|| value.abs())
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
        match threshold(text) {
            Some(value) => Ok(Self(value)),
            None => {
                // A decimal comma, or nothing that is known.
                let meant = threshold(&text.replace(',', "."));
                Err(ThresholdError {
                    found: text.to_owned(),
                    meant: meant.unwrap_or(USUAL).to_string(),
                })
            }
        }
    }
}
