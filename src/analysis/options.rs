//! What may be done to a run before it is shown, as a user says it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::names::closed_set;
use crate::remedy::Remedy;

/// What rows and columns stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Granularity {
    /// The tokenizer's pieces.
    #[default]
    Subword,
    /// The words of the text: columns of a word's pieces are summed, rows
    /// averaged, so that rows still sum to what they did (as Clark et al. 2019,
    /// section 4.1, <https://arxiv.org/abs/1906.04341>).
    Word,
}

/// What becomes of the first position, which many heads of decoders give what
/// they need nowhere else (Xiao et al. 2023, <https://arxiv.org/abs/2309.17453>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sink {
    /// It is shown.
    #[default]
    Keep,
    /// Its row and column are dropped, whatever token it is.
    Hide,
}

/// What becomes of special tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SpecialTokens {
    /// They are shown.
    #[default]
    Keep,
    /// Their rows and columns are dropped; rows sum to less than one.
    Hide,
    /// Their rows and columns are dropped, and each row is scaled back to one.
    Renormalize,
}

/// A stretch of the run's own units, both ends included, counted from zero
/// whatever is hidden or merged: the same count as `@N` in a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Crop {
    /// The first unit that is kept.
    pub first: usize,
    /// The last unit that is kept; not before the first.
    pub last: usize,
}

/// The text is no stretch.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected a stretch of tokens such as 10-40, found {found:?}")]
pub struct CropError {
    found: String,
    meant: Option<Crop>,
}

impl CropError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        let Crop { first, last } = self.meant.unwrap_or(Crop { first: 0, last: 1 });
        Some(Remedy::Crop { first, last })
    }
}

impl FromStr for Crop {
    type Err = CropError;

    /// `10-40` or `@10-@40`.
    fn from_str(text: &str) -> Result<Self, CropError> {
        let position = |text: &str| -> Option<usize> {
            let digits = text.strip_prefix('@').unwrap_or(text);
            let are_digits = digits.bytes().all(|digit| digit.is_ascii_digit());
            are_digits.then(|| digits.parse().ok())?
        };
        let ends = match text.split_once('-') {
            Some((first, last)) => position(first).zip(position(last)),
            None => None,
        };
        match ends {
            Some((first, last)) if first <= last => Ok(Self { first, last }),
            _ => Err(CropError {
                found: text.to_owned(),
                // The wrong way round, one end alone, or other signs between.
                meant: ends
                    .or_else(|| position(text).map(|only| (only, only)))
                    .or_else(|| numbers(text))
                    .map(|(first, last)| Self {
                        first: first.min(last),
                        last: first.max(last),
                    }),
            }),
        }
    }
}

/// The two numbers of `3:5`, `3..5` or `3 - 5`; those of `-3` are 0 and 3.
fn numbers(text: &str) -> Option<(usize, usize)> {
    let parts = text.split(|letter: char| !letter.is_ascii_digit());
    let numbers: Option<Vec<usize>> = parts
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.parse().ok())
        .collect();
    match *numbers?.as_slice() {
        [last] if text.starts_with('-') => Some((0, last)),
        [first, last] if !text.starts_with('-') => Some((first, last)),
        _ => None,
    }
}

impl Crop {
    /// Whether the unit at a position of the run is in it.
    pub fn contains(self, position: usize) -> bool {
        (self.first..=self.last).contains(&position)
    }
}

impl fmt::Display for Crop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.first, self.last)
    }
}

/// What is done to a run before it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReshapeOptions {
    /// Subwords or words.
    pub granularity: Granularity,
    /// Whether the first position is kept.
    pub sink: Sink,
    /// Whether special tokens are kept.
    pub special_tokens: SpecialTokens,
    /// A stretch of the units, `None` for all.
    pub crop: Option<Crop>,
}

/// How the heads of a layer become one map before the layers are multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fusion {
    /// Their mean, as Abnar and Zuidema.
    #[default]
    Mean,
    /// The maximum of every cell.
    Max,
    /// The minimum of every cell.
    Min,
}

/// How rollout is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RolloutOptions {
    /// How the heads of a layer become one map.
    pub fusion: Fusion,
    /// Whether the residual connection is added. Without it the fused maps are
    /// multiplied as they are.
    pub residual: bool,
    /// The layer that the product begins at; those below are left out.
    pub start_layer: usize,
}

impl Default for RolloutOptions {
    /// As Abnar and Zuidema.
    fn default() -> Self {
        Self {
            fusion: Fusion::default(),
            residual: true,
            start_layer: 0,
        }
    }
}

closed_set!(Granularity, "token unit", Subword => "subword", Word => "word");
closed_set!(Sink, "treatment of the first token", Keep => "keep", Hide => "hide");
closed_set!(
    SpecialTokens,
    "treatment of special tokens",
    Keep => "keep",
    Hide => "hide",
    Renormalize => "renormalize",
);
closed_set!(Fusion, "fusion of heads", Mean => "mean", Max => "max", Min => "min");
