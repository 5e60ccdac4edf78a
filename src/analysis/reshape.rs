//! What is done to a run before it is shown: subwords or words, with or without
//! special tokens, all of its units or a stretch.
//!
//! The order is fixed: special tokens go first, then pieces become words, then
//! the stretch is cut, which counts the run's own units whatever happened to
//! them before. Each step says in a note what it did, so that no picture or file
//! looks like something that it is not.

use std::borrow::Cow;

use thiserror::Error;

use super::{
    Axis, AxisUnit, Crop, Granularity, MapId, Maps, Measure, ReshapeOptions, SpecialTokens,
};
use crate::attention::{Attention, Mask, RowSums};
use crate::input::{Input, Place, StreamRole, Unit};
use crate::remedy::{Remedy, Setting};
use crate::run::Run;
use crate::tokenizer::words;

/// Why nothing can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReshapeError {
    /// The attention tensor has other queries or keys than the run says.
    #[error(
        "expected attention of shape {expected:?} (query, key) for the units of the run, found {found:?}"
    )]
    ShapeMismatch {
        /// `[query, key]` as the streams have it.
        expected: [usize; 2],
        /// `[query, key]` of the tensor.
        found: [usize; 2],
    },
    /// A stretch of what has two different axes.
    #[error("the stretch {crop} is of one sequence, and queries and keys are two here")]
    CropOfTwo {
        /// What was asked for.
        crop: Crop,
    },
    /// All tokens are special ones.
    #[error("all {count} tokens are special, and nothing is left without them")]
    NothingLeft {
        /// Tokens of the run.
        count: usize,
    },
    /// The attention that a word gets is more than a number holds.
    #[error("the attention of the pieces of a word sums to more than the greatest float32")]
    SumTooLarge,
    /// The stretch is outside the input.
    #[error(
        "the stretch {crop} does not exist: the run has {count} tokens, numbered 0 to {}",
        count.saturating_sub(1)
    )]
    CropOutside {
        /// What was asked for.
        crop: Crop,
        /// Units of the run, shown or not; at least one.
        count: usize,
    },
    /// The stretch has special tokens alone, which are hidden.
    #[error("all tokens of the stretch {crop} are special ones, which are hidden")]
    CropHidden {
        /// What was asked for.
        crop: Crop,
    },
}

impl ReshapeError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::CropOutside { crop, count } => {
                let last = count.saturating_sub(1);
                // As much of it as there is.
                let first = Some(crop.first).filter(|first| *first <= last);
                Some(Remedy::Crop {
                    first: first.unwrap_or(0),
                    last,
                })
            }
            Self::SumTooLarge => Some(Remedy::LeaveOut(Setting::Words)),
            Self::NothingLeft { .. } | Self::CropHidden { .. } => Some(Remedy::KeepSpecialTokens),
            Self::CropOfTwo { .. } => Some(Remedy::LeaveOut(Setting::Crop)),
            Self::ShapeMismatch { .. } => None,
        }
    }
}

/// The attention of a run as the options ask for it.
///
/// # Errors
/// When the tensor does not fit the run, or nothing would be left.
pub fn reshape<'run>(
    run: &'run Run,
    attention: &'run Attention,
    options: &ReshapeOptions,
) -> Result<Maps<'run>, ReshapeError> {
    let mut maps = raw(run, attention)?;
    if options.special_tokens != SpecialTokens::Keep {
        drop_special_tokens(&mut maps, options.special_tokens)?;
    }
    if options.granularity == Granularity::Word {
        merge_words(&mut maps, run)?;
    }
    if let Some(stretch) = options.crop {
        let count = run.units(maps.columns.role).len();
        crop(&mut maps, stretch, count)?;
    }
    maps.reshape = *options;
    let values = maps.values.iter().copied();
    maps.head_maximum = values.fold(0.0, f32::max);
    Ok(maps)
}

/// The rows or columns that a stream has before a stretch of them is cut out.
pub fn uncropped_axis(role: StreamRole, stream: &[Unit], options: &ReshapeOptions) -> Axis {
    let mut axis = Axis::new(role, stream);
    if options.special_tokens != SpecialTokens::Keep {
        axis.units.retain(|unit| !unit.special);
    }
    if options.granularity == Granularity::Word {
        axis.units = Words::new(&axis, stream, None).units;
    }
    axis
}

/// The attention of a run as it is.
fn raw<'run>(run: &'run Run, attention: &'run Attention) -> Result<Maps<'run>, ReshapeError> {
    let [rows, columns] = attention
        .kind()
        .streams()
        .map(|role| Axis::new(role, run.units(role)));
    let tensor = attention.maps();
    let expected = [rows.len(), columns.len()];
    let found = [tensor.query_count(), tensor.key_count()];
    if expected != found {
        return Err(ReshapeError::ShapeMismatch { expected, found });
    }
    let row_sums = attention.row_sums();
    let mut notes = attention.notes().to_vec();
    // What was saved with notes may say it already.
    if row_sums == RowSums::Unnormalized && !notes.iter().any(|note| note.contains("sum to")) {
        let note = "The rows of this attention do not sum to 1; it is shown as it came.";
        notes.push(note.to_owned());
    }
    let masks = attention.masks();
    if masks.contains(&Mask::Causal) {
        let note = "No token attends to a later one, as in a decoder: those cells are empty.";
        notes.push(note.to_owned());
    }
    Ok(Maps {
        measure: Measure::Attention,
        reshape: ReshapeOptions::default(),
        rows,
        columns,
        ids: tensor.selection().head_ids().map(MapId::Head).collect(),
        selection: tensor.selection().clone(),
        masks,
        values: Cow::Borrowed(tensor.values()),
        head_maximum: 0.0,
        row_sums,
        notes,
    })
}

/// Says that tokens were cut off the input, `None` where none were.
pub fn truncation_note(dropped: usize, kept: usize) -> Option<String> {
    let dropped = match dropped {
        0 => return None,
        1 => "1 token was".to_owned(),
        _ => format!("{dropped} tokens were"),
    };
    Some(format!(
        "The input was truncated: {dropped} dropped, {kept} are kept."
    ))
}

fn drop_special_tokens(maps: &mut Maps<'_>, special: SpecialTokens) -> Result<(), ReshapeError> {
    let kept = [&maps.rows, &maps.columns].map(|axis| {
        let ordinary = |&index: &usize| !axis.units[index].special;
        (0..axis.len()).filter(ordinary).collect::<Vec<usize>>()
    });
    for (axis, kept) in [&maps.rows, &maps.columns].into_iter().zip(&kept) {
        if kept.is_empty() {
            let count = axis.len();
            return Err(ReshapeError::NothingLeft { count });
        }
    }
    let [rows, columns] = &kept;
    if rows.len() == maps.rows.len() && columns.len() == maps.columns.len() {
        return Ok(());
    }
    keep(maps, rows, columns);
    match special {
        SpecialTokens::Keep => {}
        SpecialTokens::Hide => {
            let note = match lessen(maps) {
                true => "Special tokens are hidden; rows sum to less than 1.",
                false => "Special tokens are hidden.",
            };
            maps.notes.push(note.to_owned());
        }
        SpecialTokens::Renormalize => renormalize(maps),
    }
    Ok(())
}

/// Scales every row to sum to one. A row with nothing left stays empty: there
/// is nothing to scale.
fn renormalize(maps: &mut Maps<'_>) {
    // Whatever they summed to before.
    maps.row_sums = RowSums::One;
    let mut empty_rows = 0_usize;
    let column_count = maps.columns.len();
    for row in maps.values.to_mut().chunks_exact_mut(column_count) {
        let sum: f64 = row.iter().copied().map(f64::from).sum();
        if sum > 0.0 {
            row.iter_mut()
                .for_each(|value| *value = (f64::from(*value) / sum) as f32);
        } else {
            empty_rows += 1;
        }
    }
    let mut note = "Special tokens are dropped, rows scaled back to 1.".to_owned();
    if empty_rows > 0 {
        lessen(maps);
        note.push_str(&format!(
            " {empty_rows} rows gave them all their attention and are empty."
        ));
    }
    maps.notes.push(note);
}

/// Some rows and columns of every map.
fn keep(maps: &mut Maps<'_>, rows: &[usize], columns: &[usize]) {
    let column_count = maps.columns.len();
    let values = maps
        .values
        .chunks_exact(maps.map_size())
        .flat_map(|map| {
            rows.iter().flat_map(move |&query| {
                columns
                    .iter()
                    .map(move |&key| map[query * column_count + key])
            })
        })
        .collect();
    maps.values = Cow::Owned(values);
    for (axis, kept) in [(&mut maps.rows, rows), (&mut maps.columns, columns)] {
        axis.units = kept
            .iter()
            .map(|&index| axis.units[index].clone())
            .collect();
    }
}

/// The words of an axis, and the word of each of its units.
struct Words {
    units: Vec<AxisUnit>,
    word_of: Vec<usize>,
}

impl Words {
    /// Words are called as the input has them, where it is given.
    fn new(axis: &Axis, stream: &[Unit], input: Option<&Input>) -> Self {
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

/// Sums the columns and averages the rows of every word's pieces.
///
/// # Errors
/// When a sum is beyond float32, which no model's own is.
fn merge_words(maps: &mut Maps<'_>, run: &Run) -> Result<(), ReshapeError> {
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
        return Err(ReshapeError::SumTooLarge);
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

/// Notes that columns were left out; says whether rows summed to one before,
/// or to less already.
fn lessen(maps: &mut Maps<'_>) -> bool {
    let normalized = maps.row_sums != RowSums::Unnormalized;
    if normalized {
        maps.row_sums = RowSums::Less;
    }
    normalized
}

/// Keeps what stands for a unit of the stretch: a word that one of its pieces
/// is in is shown whole.
fn crop(maps: &mut Maps<'_>, crop: Crop, count: usize) -> Result<(), ReshapeError> {
    if !maps.is_square() {
        return Err(ReshapeError::CropOfTwo { crop });
    }
    if crop.last >= count {
        return Err(ReshapeError::CropOutside { crop, count });
    }
    let units = &maps.columns.units;
    let has_some = |&index: &usize| units[index].positions().any(|unit| crop.contains(unit));
    let kept: Vec<usize> = (0..units.len()).filter(has_some).collect();
    if kept.is_empty() {
        return Err(ReshapeError::CropHidden { crop });
    }
    if kept.len() == units.len() {
        return Ok(());
    }
    let is_cut = |&index: &usize| !units[index].positions().all(|unit| crop.contains(unit));
    let whole = match kept.iter().any(is_cut) {
        true => "; words at its ends are whole",
        false => "",
    };
    let column_count = maps.columns.len();
    let is_kept: Vec<bool> = units
        .iter()
        .map(|unit| unit.positions().any(|unit| crop.contains(unit)))
        .collect();
    // Of a decoder, and before padding, there is nothing behind the stretch.
    let loses = maps.values.iter().enumerate().any(|(place, &value)| {
        let (row, column) = (place / column_count % column_count, place % column_count);
        value != 0.0 && is_kept[row] && !is_kept[column]
    });
    keep(maps, &kept, &kept);
    let sums = match loses && lessen(maps) {
        true => "; rows sum to less than 1",
        false => "",
    };
    let Crop { first, last } = crop;
    maps.notes.push(format!(
        "Tokens @{first} to @{last} of {count}, counted from 0{whole}{sums}."
    ));
    Ok(())
}
