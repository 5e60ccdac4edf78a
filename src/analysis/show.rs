//! Which tokens of a run are shown and in which units: subwords or words, with
//! or without special tokens, all of them or a stretch.
//!
//! The order is fixed: special tokens go first, then pieces become words, then
//! the stretch is cut. Each step says in a note what it did, so that no picture
//! or file looks like something that it is not.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::attention::{HeadId, RowSums};
use crate::names::closed_set;
use crate::remedy::Remedy;
use crate::run::Run;
use crate::tokenizer::Token;

/// The unit of rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TokenUnit {
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

/// What of a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShowOptions {
    /// Subwords or words.
    pub unit: TokenUnit,
    /// Whether special tokens are kept.
    pub special_tokens: SpecialTokens,
    /// A stretch of what is left, `None` for all.
    pub crop: Option<Crop>,
}

/// Why nothing can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ShowError {
    /// The attention tensor has other layers, heads or tokens than the run says.
    #[error(
        "expected attention of shape {expected:?} (layer, head, query, key) for the run's selection and tokens, found {found:?}"
    )]
    ShapeMismatch {
        /// `[layer, head, query, key]` as the selection and the tokens have it.
        expected: [usize; 4],
        /// `[layer, head, query, key]` of the tensor.
        found: [usize; 4],
    },
    /// All tokens are special ones.
    #[error("all {count} tokens are special, and nothing is left without them")]
    NothingLeft {
        /// Tokens of the run.
        count: usize,
    },
    /// The stretch is outside the input.
    #[error("the stretch {crop} does not exist: {count} tokens are shown, numbered 0 to {}", count - 1)]
    CropOutside {
        /// What was asked for.
        crop: Crop,
        /// Tokens that there are, at least one.
        count: usize,
    },
}

impl ShowError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::CropOutside { count, .. } => Some(Remedy::Crop { count: *count }),
            Self::NothingLeft { .. } => Some(Remedy::KeepSpecialTokens),
            Self::ShapeMismatch { .. } => None,
        }
    }
}

/// A row and column of the shown maps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownToken {
    /// The token, or the word that its pieces make.
    pub text: String,
    /// Whether it is a special token.
    pub special: bool,
    /// 0 for the first text, 1 for the second.
    pub segment: u32,
    /// Its first token in the run.
    pub first: usize,
    /// How many of the run's tokens it stands for.
    pub count: usize,
}

/// The attention of a run in the units in which it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown<'run> {
    /// Rows and columns of every map.
    pub tokens: Vec<ShownToken>,
    /// The model's layers, as in the run's selection.
    pub layers: Vec<usize>,
    /// The model's heads, as in the run's selection.
    pub heads: Vec<usize>,
    /// `[layer, head, query, key]`, contiguous in that order.
    pub values: Cow<'run, [f32]>,
    /// What rows sum to.
    pub row_sums: RowSums,
    /// What was done to the run's attention, as sentences.
    pub notes: Vec<String>,
}

impl Shown<'_> {
    /// The same, without borrowing from the run.
    #[must_use]
    pub fn into_owned(self) -> Shown<'static> {
        Shown {
            tokens: self.tokens,
            layers: self.layers,
            heads: self.heads,
            values: Cow::Owned(self.values.into_owned()),
            row_sums: self.row_sums,
            notes: self.notes,
        }
    }

    /// `[layer, head, query, key]`.
    pub fn shape(&self) -> [usize; 4] {
        let count = self.tokens.len();
        [self.layers.len(), self.heads.len(), count, count]
    }

    /// The map of a head of the model: shape `[query, key]`, `None` where the
    /// selection lacks it.
    pub fn map(&self, id: HeadId) -> Option<&[f32]> {
        let layer = self.layers.iter().position(|&layer| layer == id.layer)?;
        let head = self.heads.iter().position(|&head| head == id.head)?;
        self.map_at(layer, head)
    }

    /// The map at a position of the selection: shape `[query, key]`.
    pub fn map_at(&self, layer_position: usize, head_position: usize) -> Option<&[f32]> {
        let size = self.tokens.len() * self.tokens.len();
        let start = (layer_position * self.heads.len() + head_position) * size;
        self.values.get(start..start + size)
    }

    /// Every shown head, layer by layer.
    pub fn head_ids(&self) -> impl Iterator<Item = HeadId> + '_ {
        self.layers
            .iter()
            .flat_map(|&layer| self.heads.iter().map(move |&head| HeadId { layer, head }))
    }
}

/// The attention of a run in the units that the options name.
///
/// # Errors
/// When the tensor does not fit the run, or nothing would be left.
pub fn show<'run>(run: &'run Run, options: &ShowOptions) -> Result<Shown<'run>, ShowError> {
    check_shape(run)?;
    let row_sums = run.attention.row_sums();
    let mut notes = run.attention.notes().to_vec();
    // What was saved with notes says it already.
    if row_sums == RowSums::Unnormalized && notes.is_empty() {
        let note = "The rows of this attention do not sum to 1; it is shown as it came.";
        notes.push(note.to_owned());
    }
    let mut shown = Shown {
        tokens: run
            .input
            .tokens
            .iter()
            .enumerate()
            .map(shown_token)
            .collect(),
        layers: run.selection.layers.clone(),
        heads: run.selection.heads.clone(),
        values: Cow::Borrowed(run.attention.values()),
        row_sums,
        notes,
    };
    if options.special_tokens != SpecialTokens::Keep {
        drop_special_tokens(&mut shown, options.special_tokens)?;
    }
    if options.unit == TokenUnit::Word {
        merge_words(&mut shown, &run.input.tokens);
    }
    if let Some(stretch) = options.crop {
        crop(&mut shown, stretch)?;
    }
    Ok(shown)
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

fn check_shape(run: &Run) -> Result<(), ShowError> {
    let token_count = run.input.tokens.len();
    let expected = [
        run.selection.layers.len(),
        run.selection.heads.len(),
        token_count,
        token_count,
    ];
    let found = run.attention.shape();
    if expected == found {
        Ok(())
    } else {
        Err(ShowError::ShapeMismatch { expected, found })
    }
}

fn shown_token((index, token): (usize, &Token)) -> ShownToken {
    ShownToken {
        text: token.text.clone(),
        special: token.special,
        segment: token.segment,
        first: index,
        count: 1,
    }
}

fn drop_special_tokens(shown: &mut Shown<'_>, special: SpecialTokens) -> Result<(), ShowError> {
    let count = shown.tokens.len();
    let kept: Vec<usize> = (0..count)
        .filter(|&index| !shown.tokens[index].special)
        .collect();
    if kept.is_empty() {
        return Err(ShowError::NothingLeft { count });
    }
    if kept.len() == count {
        return Ok(());
    }
    keep(shown, &kept);
    match special {
        SpecialTokens::Keep => {}
        SpecialTokens::Hide => {
            let note = match lessen(shown) {
                true => "Special tokens are hidden; rows sum to less than 1.",
                false => "Special tokens are hidden.",
            };
            shown.notes.push(note.to_owned());
        }
        SpecialTokens::Renormalize => renormalize(shown),
    }
    Ok(())
}

/// Scales every row to sum to one. A row with nothing left stays empty: there
/// is nothing to scale.
fn renormalize(shown: &mut Shown<'_>) {
    // Whatever they summed to before.
    shown.row_sums = RowSums::One;
    let mut empty_rows = 0_usize;
    let token_count = shown.tokens.len();
    for row in shown.values.to_mut().chunks_exact_mut(token_count) {
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
        lessen(shown);
        note.push_str(&format!(
            " {empty_rows} rows gave them all their attention and are empty."
        ));
    }
    shown.notes.push(note);
}

/// The rows and columns of some tokens, of every map.
fn keep(shown: &mut Shown<'_>, kept: &[usize]) {
    let count = shown.tokens.len();
    let values = shown
        .values
        .chunks_exact(count * count)
        .flat_map(|map| {
            kept.iter()
                .flat_map(move |&query| kept.iter().map(move |&key| map[query * count + key]))
        })
        .collect();
    shown.values = Cow::Owned(values);
    shown.tokens = kept
        .iter()
        .map(|&index| shown.tokens[index].clone())
        .collect();
}

/// Sums the columns and averages the rows of every word's pieces.
fn merge_words(shown: &mut Shown<'_>, tokens: &[Token]) {
    let count = shown.tokens.len();
    let mut words: Vec<ShownToken> = Vec::new();
    // The word of each shown token.
    let mut word_of = Vec::with_capacity(count);
    for token in &shown.tokens {
        match words.last_mut() {
            Some(word) if continues_word(tokens, word, token) => {
                let piece = token.text.strip_prefix("##").unwrap_or(&token.text);
                word.text.push_str(piece);
                word.count = token.first + token.count - word.first;
            }
            _ => words.push(token.clone()),
        }
        word_of.push(words.len() - 1);
    }
    if words.len() == count {
        return;
    }
    let word_count = words.len();
    let mut piece_counts = vec![0_usize; word_count];
    word_of.iter().for_each(|&word| piece_counts[word] += 1);
    let map_count = shown.values.len() / (count * count);
    let mut values = Vec::with_capacity(map_count * word_count * word_count);
    for map in shown.values.chunks_exact(count * count) {
        // In f64, so that a row of many pieces keeps its sum.
        let mut merged = vec![0.0_f64; word_count * word_count];
        for (query, row) in map.chunks_exact(count).enumerate() {
            let share = 1.0 / piece_counts[word_of[query]] as f64;
            for (key, &value) in row.iter().enumerate() {
                merged[word_of[query] * word_count + word_of[key]] += f64::from(value) * share;
            }
        }
        values.extend(merged.into_iter().map(|value| value as f32));
    }
    shown.values = Cow::Owned(values);
    shown.tokens = words;
    let note = "Word pieces are merged: columns summed, rows averaged.";
    shown.notes.push(note.to_owned());
}

/// Whether a token is a further piece of a word: the tokenizer says so, or,
/// where there was none, its text does.
fn continues_word(tokens: &[Token], word: &ShownToken, token: &ShownToken) -> bool {
    let (Some(first), Some(next)) = (tokens.get(word.first), tokens.get(token.first)) else {
        return false;
    };
    let adjacent = word.first + word.count == token.first && word.segment == token.segment;
    let same_word = match (first.word, next.word) {
        (Some(first), Some(next)) => first == next,
        _ => next.text.starts_with("##") && next.text.len() > 2,
    };
    adjacent && same_word && !word.special && !token.special
}

/// Notes that columns were left out; says whether rows summed to one before,
/// or to less already.
fn lessen(shown: &mut Shown<'_>) -> bool {
    let normalized = shown.row_sums != RowSums::Unnormalized;
    if normalized {
        shown.row_sums = RowSums::Less;
    }
    normalized
}

fn crop(shown: &mut Shown<'_>, crop: Crop) -> Result<(), ShowError> {
    let count = shown.tokens.len();
    if crop.last >= count {
        return Err(ShowError::CropOutside { crop, count });
    }
    if (crop.first, crop.last) == (0, count - 1) {
        return Ok(());
    }
    let kept: Vec<usize> = (crop.first..=crop.last).collect();
    keep(shown, &kept);
    let sums = match lessen(shown) {
        true => "; rows sum to less than 1",
        false => "",
    };
    shown.notes.push(format!(
        "Tokens {} to {} of {count}, counted from 0{sums}.",
        crop.first, crop.last
    ));
    Ok(())
}

closed_set!(TokenUnit, "token unit", Subword => "subword", Word => "word");
closed_set!(
    SpecialTokens,
    "treatment of special tokens",
    Keep => "keep",
    Hide => "hide",
    Renormalize => "renormalize",
);
