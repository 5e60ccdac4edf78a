//! What is done to a run before it is shown: subwords or words, with or without
//! special tokens, all of its units or a stretch.
//!
//! The order is fixed: special tokens go first, then pieces become words, then
//! the stretch is cut. Each step says in a note what it did, so that no picture
//! or file looks like something that it is not.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{Axis, AxisUnit, MapId, Maps, Measure};
use crate::attention::{Attention, Mask, RowSums};
use crate::input::Unit;
use crate::names::closed_set;
use crate::remedy::{Remedy, Setting};
use crate::run::Run;

/// What rows and columns stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Granularity {
    /// The tokenizer's pieces.
    #[default]
    Subword,
    /// The tokenizer's words: columns of a word's pieces are summed, rows
    /// averaged, so that rows still sum to what they did (as Clark et al. 2019,
    /// section 4.1, <https://arxiv.org/abs/1906.04341>).
    Word,
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

/// A stretch of the shown tokens, both ends included, counted from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Crop {
    /// The first token that is kept.
    pub first: usize,
    /// The last token that is kept; not before the first.
    pub last: usize,
}

/// The text is no stretch.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected a stretch of tokens such as 10-40, found {found:?}")]
pub struct CropError {
    found: String,
}

impl CropError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::ReadHelp { subcommand: None })
    }
}

impl FromStr for Crop {
    type Err = CropError;

    fn from_str(text: &str) -> Result<Self, CropError> {
        let parse = || {
            let (first, last) = text.split_once('-')?;
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then_some(Self { first, last })
        };
        parse().ok_or_else(|| CropError {
            found: text.to_owned(),
        })
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
    /// Whether special tokens are kept.
    pub special_tokens: SpecialTokens,
    /// A stretch of what is left, `None` for all.
    pub crop: Option<Crop>,
}

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
    #[error("the stretch {crop} does not exist: {count} tokens are shown, numbered 0 to {}", count - 1)]
    CropOutside {
        /// What was asked for.
        crop: Crop,
        /// Tokens that there are, at least one.
        count: usize,
    },
}

impl ReshapeError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::CropOutside { count, .. } => Some(Remedy::Crop { count: *count }),
            Self::SumTooLarge => Some(Remedy::ShowEveryToken),
            Self::NothingLeft { .. } => Some(Remedy::KeepSpecialTokens),
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
        crop(&mut maps, stretch)?;
    }
    let values = maps.values.iter().copied();
    maps.head_maximum = values.fold(0.0, f32::max);
    Ok(maps)
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
    fn new(axis: &Axis, stream: &[Unit]) -> Self {
        let mut units: Vec<AxisUnit> = Vec::new();
        let mut word_of = Vec::with_capacity(axis.len());
        for unit in &axis.units {
            match units.last_mut() {
                Some(word) if continues_word(stream, word, unit) => {
                    let piece = |text: &str| text.strip_prefix("##").unwrap_or(text).to_owned();
                    word.label.push_str(&piece(&unit.label));
                    word.text.push_str(&piece(&unit.text));
                    word.count = unit.first + unit.count - word.first;
                }
                _ => units.push(unit.clone()),
            }
            word_of.push(units.len() - 1);
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
    let rows = Words::new(&maps.rows, run.units(maps.rows.role));
    let columns = Words::new(&maps.columns, run.units(maps.columns.role));
    let (row_count, column_count) = (maps.rows.len(), maps.columns.len());
    if rows.units.len() == row_count && columns.units.len() == column_count {
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

/// Whether a unit is a further piece of a word: the tokenizer says so, or,
/// where there was none, its text does.
fn continues_word(stream: &[Unit], word: &AxisUnit, unit: &AxisUnit) -> bool {
    let (Some(first), Some(next)) = (stream.get(word.first), stream.get(unit.first)) else {
        return false;
    };
    let adjacent = word.first + word.count == unit.first && word.segment == unit.segment;
    let same_word = match (first.word, next.word) {
        (Some(first), Some(next)) => first == next,
        _ => next.text.starts_with("##") && next.text.len() > 2,
    };
    adjacent && same_word && !word.special && !unit.special
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

fn crop(maps: &mut Maps<'_>, crop: Crop) -> Result<(), ReshapeError> {
    if !maps.is_square() {
        return Err(ReshapeError::CropOfTwo { crop });
    }
    let count = maps.columns.len();
    if crop.last >= count {
        return Err(ReshapeError::CropOutside { crop, count });
    }
    if (crop.first, crop.last) == (0, count - 1) {
        return Ok(());
    }
    let kept: Vec<usize> = (crop.first..=crop.last).collect();
    keep(maps, &kept, &kept);
    let sums = match lessen(maps) {
        true => "; rows sum to less than 1",
        false => "",
    };
    maps.notes.push(format!(
        "Tokens {} to {} of {count}, counted from 0{sums}.",
        crop.first, crop.last
    ));
    Ok(())
}

closed_set!(Granularity, "token unit", Subword => "subword", Word => "word");
closed_set!(
    SpecialTokens,
    "treatment of special tokens",
    Keep => "keep",
    Hide => "hide",
    Renormalize => "renormalize",
);
