//! Which unit a view is of, as it is named on the command line.

use std::fmt;

use super::FigureError;
use crate::analysis::{Axis, AxisUnit, Direction, Maps, SpecialTokens};
use crate::input::Unit;
use crate::run::Run;

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

    /// The row or column that the unit is in, or the word that it is a piece
    /// of.
    ///
    /// # Errors
    /// When there is no such unit, more than one, or it is not shown.
    pub fn resolve(
        &self,
        direction: Direction,
        run: &Run,
        maps: &Maps<'_>,
    ) -> Result<usize, FigureError> {
        let [axis, _] = direction.axes(maps);
        let search = Search {
            direction,
            units: run.units(axis.role),
            axis,
            maps,
        };
        match self {
            Self::Position(position) => search.at(*position),
            Self::Text(text) => search.called(text),
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

/// Where a unit is looked for.
struct Search<'run> {
    direction: Direction,
    /// All units of the stream, shown or not.
    units: &'run [Unit],
    /// What is shown of them.
    axis: &'run Axis,
    maps: &'run Maps<'run>,
}

impl Search<'_> {
    fn at(&self, position: usize) -> Result<usize, FigureError> {
        let Some(unit) = self.units.get(position) else {
            return Err(FigureError::NoSuchPosition {
                direction: self.direction,
                found: position,
                count: self.units.len(),
            });
        };
        let index = self.axis.index_of(position);
        index.ok_or_else(|| self.hidden(position, unit, false))
    }

    fn hidden(&self, position: usize, unit: &Unit, is_ambiguous: bool) -> FigureError {
        let reshape = self.maps.reshape;
        let crop = reshape.crop.filter(|crop| !crop.contains(position));
        let is_special = unit.is_added() && reshape.special_tokens != SpecialTokens::Keep;
        FigureError::HiddenUnit {
            direction: self.direction,
            text: unit.label.clone(),
            position,
            is_ambiguous,
            crop,
            // What is within the stretch has no other reason.
            is_special: is_special || crop.is_none(),
        }
    }

    /// Among what is shown; then among all units, of which some may be merged
    /// into words.
    fn called(&self, text: &str) -> Result<usize, FigureError> {
        let is_called = |unit: &AxisUnit| unit.label == text || unit.text == text;
        let shown = (0..self.axis.len()).filter(|&index| is_called(&self.axis.units[index]));
        let shown: Vec<usize> = shown.collect();
        if !shown.is_empty() {
            return self.only(text, &shown);
        }
        let units = self.units.iter().enumerate();
        let called: Vec<(usize, &Unit)> = units
            .filter(|(_, unit)| unit.label == text || unit.text == text)
            .collect();
        let of_called = called.iter();
        let mut words: Vec<usize> = of_called
            .filter_map(|(position, _)| self.axis.index_of(*position))
            .collect();
        words.dedup();
        match called.first() {
            None => Err(self.missing(text)),
            Some((position, unit)) if words.is_empty() => {
                Err(self.hidden(*position, unit, called.len() > 1))
            }
            Some(_) => self.only(text, &words),
        }
    }

    /// The row or column, where it is one.
    fn only(&self, text: &str, indices: &[usize]) -> Result<usize, FigureError> {
        let position = |&index: &usize| self.axis.units[index].first;
        match indices {
            [index] => Ok(*index),
            _ => Err(FigureError::SeveralTokens {
                direction: self.direction,
                text: text.to_owned(),
                positions: indices.iter().map(position).collect(),
            }),
        }
    }

    /// With the shown unit that was most likely meant: the position of that
    /// number, the same letters in another case or without marks, or any.
    fn missing(&self, text: &str) -> FigureError {
        let plain = |text: &str| {
            let unmarked = text.trim_start_matches("##").trim_start_matches(WORD_MARKS);
            unmarked.to_lowercase()
        };
        let meant = plain(text);
        let units = &self.axis.units;
        let by_number = text
            .parse()
            .ok()
            .and_then(|number| self.axis.index_of(number));
        let index = by_number
            .or_else(|| units.iter().position(|unit| plain(&unit.label) == meant))
            .or_else(|| {
                let begins = |unit: &AxisUnit| plain(&unit.label).starts_with(&meant);
                units.iter().position(begins)
            })
            .or_else(|| units.iter().position(|unit| !unit.special));
        FigureError::NoSuchToken {
            direction: self.direction,
            text: text.to_owned(),
            tokens: units
                .iter()
                .map(|unit| (unit.first, unit.label.clone()))
                .collect(),
            // An axis has units.
            suggested: units.get(index.unwrap_or(0)).map_or(0, |unit| unit.first),
        }
    }
}

/// What byte-level and SentencePiece tokenizers put before a word's first piece.
const WORD_MARKS: [char; 2] = ['\u{120}', '\u{2581}'];
