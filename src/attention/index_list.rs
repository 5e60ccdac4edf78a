//! Lists of layers and heads as people write them: `all`, `0-3,11`, `-1`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::ranges::{joined, ranges};
use crate::remedy::Remedy;
use thiserror::Error;

/// A list of layers or heads, before the model says how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexList {
    /// Every one.
    All,
    /// The union of ranges, both ends included; negative numbers count from
    /// the end, -1 is the last. Ranges between the same signs ascend; how
    /// those between different ones run, only the model says.
    Ranges(Vec<(i64, i64)>),
}

/// The text is no list of indices.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IndexListError {
    /// Something in it is no number or range.
    #[error("expected \"all\" or a list such as 0-3,11 or -1, found {found:?}")]
    Malformed {
        /// What was typed.
        found: String,
    },
    /// A range ends before it begins.
    #[error("expected a range from low to high such as {last}-{first}, found {first}-{last}")]
    Reversed {
        /// Where it begins.
        first: i64,
        /// Where it ends.
        last: i64,
        /// The list with every range the other way round that has to be.
        meant: IndexList,
    },
}

impl IndexListError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        let value = match self {
            Self::Malformed { found } => match found.trim() {
                "first" => IndexList::Ranges([(0, 0)].into()).to_string(),
                "last" => IndexList::Ranges([(-1, -1)].into()).to_string(),
                found => meant(found).unwrap_or(IndexList::All).to_string(),
            },
            Self::Reversed { meant, .. } => meant.to_string(),
        };
        Some(Remedy::CorrectValue { value })
    }
}

/// The model has no such layer or head.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind} {found} does not exist: the model has {count}, numbered 0 to {}", count - 1)]
pub struct IndexOutOfRange {
    /// `layer` or `head`.
    pub kind: &'static str,
    /// What was asked for.
    pub found: i64,
    /// How many the model has, at least one.
    pub count: usize,
}

impl IndexOutOfRange {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        let (kind, count) = (self.kind, self.count);
        Some(Remedy::ChooseOfModel { kind, count })
    }
}

/// The file has no such layer or head.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the file does not hold {kind} {found}; it holds {kind}s {}", listed(.available))]
pub struct IndexNotSaved {
    /// `layer` or `head`.
    pub kind: &'static str,
    /// What was asked for.
    pub found: i64,
    /// What the file holds, ascending, at least one.
    pub available: Vec<usize>,
}

impl IndexNotSaved {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        let (kind, available) = (self.kind, self.available.clone());
        Some(Remedy::ChooseOfFile { kind, available })
    }
}

/// Indices as they would be typed: `0-3,11`.
pub fn listed(indices: &[usize]) -> String {
    joined(&ranges(indices), "-", ",")
}

impl IndexList {
    /// The indices, ascending and without repetition, out of the `available`
    /// ones of a file (ascending, at least one). Negative numbers count from
    /// the last of them.
    ///
    /// # Errors
    /// When an index is not among them.
    pub fn resolve_among(
        &self,
        kind: &'static str,
        available: &[usize],
    ) -> Result<Vec<usize>, IndexNotSaved> {
        let Self::Ranges(ranges) = self else {
            return Ok(available.to_vec());
        };
        let missing = |found: i64| IndexNotSaved {
            kind,
            found,
            available: available.to_vec(),
        };
        let index = |found: i64| {
            let index = match usize::try_from(found) {
                Ok(index) => Some(index),
                Err(_) => usize::try_from(found.unsigned_abs())
                    .ok()
                    .and_then(|back| available.len().checked_sub(back))
                    .and_then(|position| available.get(position).copied()),
            };
            index
                .filter(|index| available.contains(index))
                .ok_or_else(|| missing(found))
        };
        let mut indices = BTreeSet::new();
        for &(first, last) in ranges {
            let (first, last) = (index(first)?, index(last)?);
            for wanted in first.min(last)..=first.max(last) {
                if !available.contains(&wanted) {
                    return Err(missing(i64::try_from(wanted).unwrap_or(i64::MAX)));
                }
                indices.insert(wanted);
            }
        }
        Ok(indices.into_iter().collect())
    }

    /// The indices, ascending and without repetition, for a model with
    /// `count` (at least one) of a `kind`.
    ///
    /// # Errors
    /// When an index does not exist.
    pub fn resolve(&self, kind: &'static str, count: usize) -> Result<Vec<usize>, IndexOutOfRange> {
        let Self::Ranges(ranges) = self else {
            return Ok((0..count).collect());
        };
        let position = |found: i64| {
            let from_start = if found < 0 {
                found.saturating_add_unsigned(count as u64)
            } else {
                found
            };
            usize::try_from(from_start)
                .ok()
                .filter(|&index| index < count)
                .ok_or(IndexOutOfRange { kind, found, count })
        };
        let mut indices = BTreeSet::new();
        for &(first, last) in ranges {
            let (first, last) = (position(first)?, position(last)?);
            indices.extend(first.min(last)..=first.max(last));
        }
        Ok(indices.into_iter().collect())
    }
}

impl FromStr for IndexList {
    type Err = IndexListError;

    fn from_str(text: &str) -> Result<Self, IndexListError> {
        let malformed = || IndexListError::Malformed {
            found: text.to_owned(),
        };
        if text == "all" {
            return Ok(Self::All);
        }
        let ranges: Option<Vec<(i64, i64)>> =
            text.split(',').map(|part| range(part.trim())).collect();
        let ranges = ranges.ok_or_else(malformed)?;
        let is_reversed = |&(first, last): &(i64, i64)| first > last && (first < 0) == (last < 0);
        match ranges.iter().copied().find(|range| is_reversed(range)) {
            Some((first, last)) => {
                let turned = ranges.into_iter().map(|range| match is_reversed(&range) {
                    true => (range.1, range.0),
                    false => range,
                });
                let meant = Self::Ranges(turned.collect());
                Err(IndexListError::Reversed { first, last, meant })
            }
            None => Ok(Self::Ranges(ranges)),
        }
    }
}

/// The list that other programs would have written so: `0..3`, `0:3`, `[0, 3]`,
/// `0 3`.
fn meant(found: &str) -> Option<IndexList> {
    let inner = found.trim_matches(['[', ']', '(', ')', '{', '}']);
    let dashed = inner
        .replace(" - ", "-")
        .replace("..", "-")
        .replace([':', '–'], "-");
    let parts = dashed
        .split([',', ';', ' '])
        .filter(|part| !part.is_empty());
    let list = parts.collect::<Vec<_>>().join(",");
    list.parse().ok()
}

/// `3`, `-1`, `0-3`, `0--1`: a minus in first place is a sign.
fn range(part: &str) -> Option<(i64, i64)> {
    let separator = part
        .char_indices()
        .skip(1)
        .find(|&(_, letter)| letter == '-');
    match separator {
        None => part.parse().ok().map(|index| (index, index)),
        Some((at, _)) => Some((part[..at].parse().ok()?, part[at + 1..].parse().ok()?)),
    }
}

impl fmt::Display for IndexList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => formatter.write_str("all"),
            Self::Ranges(ranges) => formatter.write_str(&joined(ranges, "-", ",")),
        }
    }
}
