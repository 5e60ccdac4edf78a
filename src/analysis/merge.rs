//! Pieces become words: how they are found, what they are called, and what
//! becomes of their rows and columns.

use std::borrow::Cow;

use super::{Axis, AxisUnit, Maps};
use crate::input::{Input, Place, Unit};
use crate::run::Run;
use crate::tokenizer::words;

/// The words of an axis, and the word of each of its units.
pub(super) struct Words {
    pub(super) units: Vec<AxisUnit>,
    word_of: Vec<usize>,
}

impl Words {
    /// Words are called as the input has them, where it is given.
    pub(super) fn new(axis: &Axis, stream: &[Unit], input: Option<&Input>) -> Self {
        let numbers = numbers(stream, input);
        let mut units: Vec<AxisUnit> = Vec::new();
        let mut word_of = Vec::with_capacity(axis.len());
        for unit in &axis.units {
            match units.last_mut() {
                Some(word) if continues_word(stream, &numbers, word, unit) => {
                    let piece = |text: &str| text.strip_prefix("##").unwrap_or(text).to_owned();
                    word.label.push_str(&piece(&unit.label));
                    word.text.push_str(&piece(&unit.text));
                    word.count = unit.first + unit.count - word.first;
                }
                _ => units.push(unit.clone()),
            }
            word_of.push(units.len() - 1);
        }
        let is_told = stream.iter().any(|unit| unit.word.is_some());
        for word in &mut units {
            let pieces = stream.get(word.first..word.first + word.count);
            if let Some(pieces) = pieces.filter(|_| !is_told && word.label.contains("<0x")) {
                word.label = words::label_of_texts(stream, pieces);
            }
            if let Some(written) = input.and_then(|input| as_written(word, stream, input)) {
                word.label = written;
            }
        }
        Self { units, word_of }
    }

    /// How many units each word has.
    fn piece_counts(&self) -> Vec<usize> {
        let mut counts = vec![0_usize; self.units.len()];
        self.word_of.iter().for_each(|&word| counts[word] += 1);
        counts
    }
}

/// A sum beyond float32, which no model's own is.
#[derive(Debug)]
pub(super) struct TooLarge;

/// Sums the columns and averages the rows of every word's pieces.
pub(super) fn merge_words(maps: &mut Maps<'_>, run: &Run) -> Result<(), TooLarge> {
    let words = |axis: &Axis| Words::new(axis, run.units(axis.role), Some(&run.input));
    let (rows, columns) = (words(&maps.rows), words(&maps.columns));
    let (row_count, column_count) = (maps.rows.len(), maps.columns.len());
    if rows.units.len() == row_count && columns.units.len() == column_count {
        maps.rows.units = rows.units;
        maps.columns.units = columns.units;
        return Ok(());
    }
    let piece_counts = rows.piece_counts();
    let (row_words, column_words) = (rows.units.len(), columns.units.len());
    let mut values = Vec::with_capacity(maps.ids.len() * row_words * column_words);
    for map in maps.values.chunks_exact(row_count * column_count) {
        // In f64, so that a row of many pieces keeps its sum.
        let mut merged = vec![0.0_f64; row_words * column_words];
        for (query, row) in map.chunks_exact(column_count).enumerate() {
            let word = rows.word_of[query];
            let share = 1.0 / piece_counts[word] as f64;
            for (key, &value) in row.iter().enumerate() {
                merged[word * column_words + columns.word_of[key]] += f64::from(value) * share;
            }
        }
        values.extend(merged.into_iter().map(|value| value as f32));
    }
    if values.iter().any(|value: &f32| !value.is_finite()) {
        return Err(TooLarge);
    }
    maps.values = Cow::Owned(values);
    maps.rows.units = rows.units;
    maps.columns.units = columns.units;
    let note = "Word pieces are merged: columns summed, rows averaged.";
    maps.notes.push(note.to_owned());
    Ok(())
}

/// The word of each unit, `None` where a unit is of none: as the tokenizer and
/// the text say, or, where there was none, as the units are written.
fn numbers(stream: &[Unit], input: Option<&Input>) -> Vec<Option<u32>> {
    let is_told = stream.iter().any(|unit| unit.word.is_some());
    match (is_told, input) {
        (true, Some(input)) => words::of_units(stream, &input.captions()),
        (true, None) => stream.iter().map(|unit| unit.word).collect(),
        (false, _) => words::of_texts(stream).into_iter().map(Some).collect(),
    }
}

/// Whether a unit is a further piece of a word.
fn continues_word(
    stream: &[Unit],
    numbers: &[Option<u32>],
    word: &AxisUnit,
    unit: &AxisUnit,
) -> bool {
    let (Some(first), Some(next)) = (stream.get(word.first), stream.get(unit.first)) else {
        return false;
    };
    let adjacent = word.first + word.count == unit.first && word.segment == unit.segment;
    let number = |unit: &AxisUnit| numbers.get(unit.first).copied().flatten();
    let same_word = number(word).is_some() && number(word) == number(unit);
    adjacent && same_word && first.special.is_none() && next.special.is_none()
}

/// A word as the text has it: with its case and its accents. `None` where its
/// place is not told, and where it is a single token with a name of its own:
/// `[MASK]`, or one that the vocabulary lacks and that says so.
fn as_written(word: &AxisUnit, stream: &[Unit], input: &Input) -> Option<String> {
    let Input::Text { .. } = input else {
        return None;
    };
    let units = stream.get(word.first..word.first + word.count)?;
    let (first, last) = (units.first()?, units.last()?);
    let text = *input.captions().get(first.segment as usize)?;
    let (Place::Bytes { start, .. }, Place::Bytes { end, .. }) = (first.place, last.place) else {
        return None;
    };
    let names_itself = first.special.is_some() || first.is_unknown();
    let written = text.get(start..end)?.trim();
    let is_a_name = units.len() == 1 && names_itself;
    (!is_a_name && !written.is_empty()).then(|| written.to_owned())
}
