//! Text, or a pair of texts, into the tokens that a model reads, as
//! transformers makes them of the same files.
//!
//! `class` says which of transformers' tokenizers the files are for, by the
//! names in `families` and `recipe`; `settings` what the small ones among them
//! say, whose `entries` it puts together; `vocabulary` reads the large one, be
//! it a `sentence_piece_model`; `bounds` says what it may ask for,
//! each `part` of which is read up to a limit. What a class
//! makes of a vocabulary are `parts`: `byte_level`, `sentence_piece`,
//! `word_pieces` and `esm` say which, and `bert` by itself. `build` puts them
//! together, and `ambiguous` finds tokens that are left to chance. `long`
//! tokenizes texts of any length; `words` and `labels` say what is made of the
//! tokens on an axis.

mod ambiguous;
mod bert;
mod bounds;
mod build;
mod built;
mod byte_level;
mod class;
mod entries;
mod error;
mod esm;
mod families;
mod guard;
pub mod labels;
mod long;
mod part;
mod parts;
mod recipe;
mod sentence_piece;
mod sentence_piece_model;
mod settings;
mod vocabulary;
mod word_pieces;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};

use tokenizers::{Encoding, PostProcessor, PostProcessorWrapper};

use self::ambiguous::ambiguous_tokens;
use self::build::build;
use self::built::Built;
use self::class::{Class, has_own_code};
use self::guard::guard;
use self::labels::Spelling;
use self::long::{Tokens, Wanted, longest_first};
use crate::checkpoint::Checkpoint;
use crate::input::{Input, Place, Prepared, SpecialRole, Stream, StreamRole, Unit};

pub use self::error::TokenizerError;

/// How many tokens an input may have, special ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLimit {
    /// The model's limit.
    pub maximum: usize,
    /// Cut longer inputs to this many tokens instead of refusing them.
    pub truncate: Option<usize>,
}

/// A tokenizer with the special tokens of its model.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    /// All but the template, which the tokenizers crate would apply to each
    /// stretch of a text, and again to the whole.
    inner: tokenizers::Tokenizer,
    template: Option<PostProcessorWrapper>,
    special_token_ids: BTreeSet<u32>,
    /// Written as they are, whatever the spelling of the vocabulary.
    added_token_ids: BTreeSet<u32>,
    ambiguous_tokens: BTreeMap<u32, [u32; 2]>,
    unknown_id: Option<u32>,
    /// `None` where only the tokens of a text tell.
    spelling: Option<Spelling>,
    growth: usize,
    truncates_beginning: bool,
    /// Whether the model is told which text a token is of.
    tells_segments: bool,
    fill_token: Option<String>,
    /// Rows of the model's word embedding table.
    row_count: Option<usize>,
    /// See [`Tokenizer::warning`].
    warning: Option<String>,
}

/// How much of a text a label of an unknown token has, in characters.
const MAXIMUM_UNKNOWN_LENGTH: usize = 24;

impl Tokenizer {
    /// From the files of a checkpoint, as transformers makes it.
    ///
    /// # Errors
    /// When the files are malformed, ask for too much, or are of a tokenizer
    /// that no files describe.
    pub fn from_checkpoint(checkpoint: &Checkpoint) -> Result<Self, TokenizerError> {
        let Built {
            mut inner,
            class,
            unknown_id,
            spelling,
            growth,
            truncates_beginning,
            tells_segments,
            fill_token,
        } = build(&checkpoint.tokenizer, &checkpoint.config)?;
        let added = inner.get_added_tokens_decoder();
        let special = added.iter().filter(|(_, token)| token.special);
        let template = inner.get_post_processor().cloned();
        inner.with_post_processor(None::<PostProcessorWrapper>);
        Ok(Self {
            special_token_ids: special.map(|(&id, _)| id).collect(),
            added_token_ids: added.keys().copied().collect(),
            ambiguous_tokens: ambiguous_tokens(&inner),
            unknown_id,
            spelling,
            warning: match class {
                Class::BuiltAnew(class) => Some(format!(
                    "the tokenizer is a {class}, which transformers builds anew from the vocabulary of tokenizer.json, and attnviz reads that file as it is: tokens may differ from those of transformers where the file was changed"
                )),
                Class::Bert | Class::BertWithoutSegments | Class::Anew(_) | Class::AsItIs => {
                    let config = checkpoint.tokenizer.config.as_deref();
                    config.is_some_and(has_own_code).then(|| {
                        "tokenizer_config.json has auto_map: the tokenizer brings its own code, which attnviz does not run; it is read as transformers reads it without that code".to_owned()
                    })
                }
            },
            growth: growth.of_text,
            truncates_beginning,
            tells_segments,
            fill_token,
            row_count: None,
            template,
            inner,
        })
    }

    /// The same for a model with so many word embeddings: a token of a text
    /// without one is an error. A vocabulary may have more tokens, or fewer.
    #[must_use]
    pub fn for_rows(self, row_count: usize) -> Self {
        Self {
            row_count: Some(row_count),
            ..self
        }
    }

    /// What the user should be told of it, in one sentence.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// The tokens of a text or pair, special tokens of the model included.
    ///
    /// # Errors
    /// When there is no template for a pair, when a text is empty, is to be
    /// filled in, becomes no token or is too long, or when it has a token that
    /// the model has no word embedding for, or that is one of two by chance.
    pub fn tokenize(
        &self,
        text: &str,
        pair: Option<&str>,
        limit: TokenLimit,
    ) -> Result<Prepared, TokenizerError> {
        let template = self.template.as_ref();
        let special_count = template.map_or(0, |template| template.added_tokens(pair.is_some()));
        if pair.is_some() && special_count == 0 {
            return Err(TokenizerError::NoPairTemplate);
        }
        if let (Some(token), None) = (&self.fill_token, pair)
            && text.contains(token)
        {
            let token = token.clone();
            return Err(TokenizerError::FillToken { token });
        }
        check_truncation(special_count, pair.is_some(), limit)?;
        let last = self.truncates_beginning;
        let wanted = Wanted {
            kept: limit.truncate.unwrap_or(limit.maximum),
            last,
            stop: limit.truncate.is_none().then_some(limit.maximum),
            growth: self.growth,
        };
        let of = |which, text| Tokens::of(&self.inner, which, text, wanted);
        let first = of("text", text)?;
        let second = pair.map(|pair| of("pair", pair)).transpose()?;
        let second_count = second.as_ref().map_or(0, |second| second.count);
        let found = first.count + second_count + special_count;
        if limit.truncate.is_none() && found > limit.maximum {
            let maximum = limit.maximum;
            let is_counted = |tokens: &Tokens| tokens.is_counted;
            return Err(
                match is_counted(&first) && second.as_ref().is_none_or(is_counted) {
                    true => TokenizerError::TooLong { maximum, found },
                    false => TokenizerError::MuchTooLong { maximum, found },
                },
            );
        }
        let kept = found.min(limit.truncate.unwrap_or(found));
        let [of_first, of_second] = longest_first(first.count, second_count, kept - special_count);
        let first = first.into_encoding(of_first, last, 0);
        let second = second.map(|second| second.into_encoding(of_second, last, 1));
        let encoding = match template {
            Some(template) => guard(|| template.process(first, second, true))
                .map_err(TokenizerError::Tokenizers)?,
            // Of a pair there would have to be one.
            None => first,
        };
        if encoding.len() != kept || !is_consistent(&encoding) {
            // As of a template that leaves the text out, or gives a special
            // token fewer names than ids.
            let reason = "its template does not add up";
            return Err(TokenizerError::Tokenizers(reason.into()));
        }
        let texts = [text, pair.unwrap_or_default()];
        let (mut units, tells_segments) = self.units(&encoding, texts);
        if !words::are_parted(&units, &texts) {
            let numbers = words::of_units(&units, &texts);
            for (unit, number) in units.iter_mut().zip(numbers) {
                unit.word = number;
            }
        }
        self.check_rows(&units)?;
        let mut ids = units.iter().map(|unit| unit.id);
        if let Some(tokens) = ids.find_map(|id| self.ambiguous_tokens.get(&id)) {
            let name = |id: u32| self.inner.id_to_token(id).unwrap_or_default();
            return Err(TokenizerError::AmbiguousToken {
                tokens: tokens.map(name),
            });
        }
        Ok(Prepared {
            input: Input::pair(text, pair.map(str::to_owned)),
            tells_segments,
            streams: vec![Stream {
                role: StreamRole::Source,
                units,
                dropped: found - kept,
            }],
        })
    }

    /// The tokens, and whether their segments are what the model is told.
    fn units(&self, encoding: &Encoding, texts: [&str; 2]) -> (Vec<Unit>, bool) {
        let added = encoding.get_special_tokens_mask();
        let spelling = self
            .spelling
            .unwrap_or_else(|| Spelling::of(encoding.get_tokens()));
        let unit = |index: usize| {
            let id = encoding.get_ids()[index];
            let is_of_list = self.added_token_ids.contains(&id);
            let is_unknown = self.unknown_id == Some(id);
            // Where an added token stands in a text, spaces may belong to it;
            // what a vocabulary of SentencePiece lacks is written as it is. A
            // template may call its tokens otherwise than the vocabulary.
            let is_added = added[index] == 1;
            let text = match is_of_list || is_unknown || is_added {
                true => self.inner.id_to_token(id),
                false => None,
            };
            let text = text.unwrap_or_else(|| encoding.get_tokens()[index].clone());
            let sequence = encoding.token_to_sequence(index).unwrap_or_default();
            let of = texts.get(sequence).copied().unwrap_or_default();
            let (start, end) = whole_letters(of, encoding.get_offsets()[index]);
            let written = of.get(start..end).unwrap_or_default().trim();
            // A word that the vocabulary lacks becomes `[UNK]`, but is still a
            // word of the text and not a special token.
            let is_special = is_added || (self.special_token_ids.contains(&id) && written == text);
            let label = match is_of_list {
                _ if is_unknown && !is_special => unknown(&text, written),
                true => text.clone(),
                false => spelling.label(&text),
            };
            Unit {
                id,
                label,
                special: is_special.then(|| SpecialRole::of(&text)),
                segment: encoding.get_type_ids()[index],
                word: encoding.get_word_ids()[index],
                place: match is_added {
                    true => Place::Added,
                    false => Place::Bytes { start, end },
                },
                text,
            }
        };
        let mut units: Vec<Unit> = (0..encoding.len()).map(unit).collect();
        // A template need not say which text a token is of, as RoBERTa's does not.
        let tells_segments = self.tells_segments && units.iter().any(|unit| unit.segment > 0);
        if !tells_segments {
            let mut segment = 0;
            for (index, unit) in units.iter_mut().enumerate() {
                if let (Place::Bytes { .. }, Some(1)) =
                    (unit.place, encoding.token_to_sequence(index))
                {
                    segment = 1;
                }
                unit.segment = segment;
            }
        }
        (units, tells_segments)
    }

    fn check_rows(&self, units: &[Unit]) -> Result<(), TokenizerError> {
        let row_count = self.row_count.unwrap_or(usize::MAX);
        match units.iter().find(|unit| unit.id as usize >= row_count) {
            None => Ok(()),
            Some(unit) => Err(TokenizerError::NoRow {
                token: unit.text.clone(),
                id: unit.id,
                row_count,
            }),
        }
    }
}

/// What an axis shows for a token that stands for what the vocabulary lacks.
fn unknown(token: &str, written: &str) -> String {
    let mut shown: String = written.chars().take(MAXIMUM_UNKNOWN_LENGTH).collect();
    if shown.len() < written.len() {
        shown.push('…');
    }
    match shown.is_empty() {
        true => token.to_owned(),
        false => format!("{token} {shown}"),
    }
}

/// A place in bytes without the parts of letters at its ends: a template that
/// leaves spaces out counts a byte for each.
fn whole_letters(text: &str, (start, end): (usize, usize)) -> (usize, usize) {
    let is_between = |&at: &usize| text.is_char_boundary(at);
    let end = (0..=end).rev().find(is_between).unwrap_or_default();
    let start = (start..=end).find(is_between).unwrap_or(end);
    (start, end)
}

/// Whether there is one of everything for each token.
fn is_consistent(encoding: &Encoding) -> bool {
    let lengths = [
        encoding.get_tokens().len(),
        encoding.get_type_ids().len(),
        encoding.get_offsets().len(),
        encoding.get_word_ids().len(),
        encoding.get_special_tokens_mask().len(),
    ];
    lengths.iter().all(|&length| length == encoding.len())
}

/// Whether a truncation leaves one token of each text and no more than the
/// model takes.
fn check_truncation(
    special_count: usize,
    is_pair: bool,
    limit: TokenLimit,
) -> Result<(), TokenizerError> {
    let minimum = special_count + if is_pair { 2 } else { 1 };
    let maximum = limit.maximum;
    match limit.truncate {
        Some(found) if !(minimum..=maximum).contains(&found) => Err(TokenizerError::TruncateTo {
            minimum,
            maximum,
            found,
        }),
        Some(_) | None => Ok(()),
    }
}
