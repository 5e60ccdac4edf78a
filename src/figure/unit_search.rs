//! Where the unit is that a view is of.

use std::ops::RangeInclusive;

use strsim::osa_distance;
use tokenizers::NormalizedString;

use super::{FigureError, UnitChoice};
use crate::analysis::{Axis, AxisUnit, Direction, Maps, Sink, SpecialTokens};
use crate::checkpoint::ModelSource;
use crate::input::{Input, Unit};
use crate::remedy::{HiddenUnits, Remedy};
use crate::run::Run;

impl UnitChoice {
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
            run,
        };
        match self {
            Self::Position(position) => search.at(*position),
            Self::Text(text) => search.called(text),
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
    run: &'run Run,
}

/// Whether what was typed calls a unit of this label and this text.
type Calls = fn(typed: &str, label: &str, text: &str) -> bool;

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
        let first = position == 0 && reshape.sink == Sink::Hide;
        let special = unit.is_added() && reshape.special_tokens != SpecialTokens::Keep;
        FigureError::HiddenUnit {
            direction: self.direction,
            text: unit.label.clone(),
            position,
            is_ambiguous,
            crop,
            hidden: HiddenUnits {
                first,
                // What is within the stretch has no other reason.
                special: special || (crop.is_none() && !first),
            },
        }
    }

    /// Among what is shown; then among all units, of which some may be merged
    /// into words. Last without the mark before a word, which no keyboard has.
    fn called(&self, typed: &str) -> Result<usize, FigureError> {
        let exactly: Calls = |typed, label, text| label == typed || text == typed;
        let unmarked: Calls = |typed, label, _| label.strip_prefix(WORD_MARKS) == Some(typed);
        self.shown(typed, |typed, label, _| label == typed)
            .or_else(|| self.shown(typed, exactly))
            .or_else(|| self.merged_or_hidden(typed, exactly))
            .or_else(|| self.shown(typed, unmarked))
            .or_else(|| self.merged_or_hidden(typed, unmarked))
            .unwrap_or_else(|| Err(self.missing(typed)))
    }

    /// Among what is shown; `None` where nothing of it is called so.
    fn shown(&self, typed: &str, calls: Calls) -> Option<Result<usize, FigureError>> {
        let units = self.axis.units.iter().enumerate();
        let called = units.filter(|(_, unit)| calls(typed, &unit.label, &unit.text));
        let called: Vec<usize> = called.map(|(index, _)| index).collect();
        (!called.is_empty()).then(|| self.only(typed, &called))
    }

    /// Among all units; `None` where none is called so.
    fn merged_or_hidden(&self, typed: &str, calls: Calls) -> Option<Result<usize, FigureError>> {
        let units = self.units.iter().enumerate();
        let called: Vec<(usize, &Unit)> = units
            .filter(|(_, unit)| calls(typed, &unit.label, &unit.text))
            .collect();
        let (position, unit) = *called.first()?;
        let of_called = called.iter();
        let mut words: Vec<usize> = of_called
            .filter_map(|(position, _)| self.axis.index_of(*position))
            .collect();
        words.dedup();
        Some(match words.is_empty() {
            true => Err(self.hidden(position, unit, called.len() > 1)),
            false => self.only(typed, &words),
        })
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

    fn missing(&self, typed: &str) -> FigureError {
        let units = &self.axis.units;
        let positions = |indices: Vec<usize>| -> Vec<usize> {
            let firsts = indices.into_iter().map(|index| units[index].first);
            firsts.collect()
        };
        FigureError::NoSuchToken {
            direction: self.direction,
            text: typed.to_owned(),
            tokens: units
                .iter()
                .map(|unit| (unit.first, unit.label.clone()))
                .collect(),
            suggested: match self.numbered(typed) {
                Some(index) => positions(vec![index]),
                None => positions(meant(typed, units)),
            },
            listing: self.listing().map(Box::new),
        }
    }

    /// How to see the tokens; `None` of what another program has encoded.
    fn listing(&self) -> Option<Remedy> {
        let model = match self.run.model.source {
            ModelSource::Hub => Some(self.run.model.id.clone()),
            ModelSource::Builtin => Some("builtin".to_owned()),
            // The run does not know where it was.
            ModelSource::Directory => None,
            ModelSource::Elsewhere => return None,
        };
        match &self.run.input {
            Input::Text { text, pair } => Some(Remedy::ListTokens {
                text: text.clone(),
                pair: pair.clone(),
                model,
            }),
            Input::Translation { .. } | Input::Image { .. } => None,
        }
    }

    /// The shown unit of a position that was typed without its `@`, or counted
    /// from the end.
    fn numbered(&self, typed: &str) -> Option<usize> {
        let number: i64 = typed.trim().trim_start_matches('@').parse().ok()?;
        let position = match usize::try_from(number) {
            Ok(position) => position,
            Err(_) => {
                let back = usize::try_from(number.unsigned_abs()).ok()?;
                self.units.len().checked_sub(back)?
            }
        };
        self.axis.index_of(position)
    }
}

/// The units that were most likely meant by what none is called: those of the
/// same letters, else the first piece of what was typed, else the nearest ones
/// within a slip of the fingers; none where nothing is near.
fn meant(typed: &str, units: &[AxisUnit]) -> Vec<usize> {
    let typed = letters(typed);
    let labels: Vec<String> = units.iter().map(|unit| letters(covered(unit))).collect();
    let all = |is_meant: &dyn Fn(usize) -> bool| -> Vec<usize> {
        (0..labels.len()).filter(|&index| is_meant(index)).collect()
    };
    let same = all(&|index| labels[index] == typed);
    if typed.is_empty() || !same.is_empty() {
        return same;
    }
    let begun = all(&|index| is_made_of(&typed, &labels[index..]));
    if !begun.is_empty() {
        return begun;
    }
    let distances = labels.iter().map(|label| slip(&typed, label));
    let distances: Vec<Option<usize>> = distances.collect();
    let least = distances.iter().flatten().min();
    all(&|index| least.is_some() && distances[index].as_ref() == least)
}

/// What a unit stands for, without marks of the vocabulary.
fn covered(unit: &AxisUnit) -> &str {
    let unknown = unit.label.strip_prefix(&unit.text);
    match unknown.and_then(|label| label.strip_prefix(' ')) {
        Some(covered) if !covered.is_empty() => covered,
        _ => unit
            .label
            .trim_start_matches("##")
            .trim_start_matches(WORD_MARKS),
    }
}

/// A text in small letters, without accents and spaces.
fn letters(text: &str) -> String {
    let mut decomposed = NormalizedString::from(text);
    decomposed.nfd();
    let letters = decomposed.get().chars();
    letters
        .filter(|letter| !COMBINING_MARKS.contains(letter) && !letter.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether a text is that of several units, the first ones of these.
fn is_made_of(text: &str, labels: &[String]) -> bool {
    let mut rest = text;
    for (count, label) in labels.iter().enumerate() {
        match rest.strip_prefix(label.as_str()) {
            Some(_) if label.is_empty() => return false,
            Some("") => return count > 0,
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    false
}

/// How many letters lie between two texts, where a slip of the fingers may: one
/// in four, and in a shorter one two letters the wrong way round.
fn slip(typed: &str, label: &str) -> Option<usize> {
    let distance = osa_distance(typed, label);
    let sorted = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let most = typed.chars().count() / 4;
    let is_turned = distance == 1 && sorted(typed) == sorted(label);
    (distance <= most || is_turned).then_some(distance)
}

/// What byte-level and SentencePiece tokenizers put before a word's first piece.
const WORD_MARKS: [char; 2] = ['\u{120}', '\u{2581}'];
/// The accents of letters that are decomposed.
const COMBINING_MARKS: RangeInclusive<char> = '\u{300}'..='\u{36f}';
