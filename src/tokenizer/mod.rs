//! Text, or a pair of texts, into the tokens that a model reads.

pub mod labels;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Deserialize;
use thiserror::Error;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::utils::truncation::{TruncationParams, truncate_encodings};
use tokenizers::{
    AddedToken, DecoderWrapper, Encoding, Model as _, NormalizerWrapper, PostProcessor,
    PostProcessorWrapper, PreTokenizerWrapper, TokenizerImpl,
};

use crate::checkpoint::{Checkpoint, TokenizerFiles};
use crate::input::{Input, Place, Prepared, SpecialRole, Stream, StreamRole, Unit};
use crate::remedy::{CheckpointPart, Remedy};

/// Why a tokenizer cannot be made or a text not be tokenized.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TokenizerError {
    /// `tokenizer.json` is not one.
    #[error("tokenizer.json is not a tokenizer: {0}")]
    Json(String),
    /// `vocab.txt` is not one token a line.
    #[error("vocab.txt is not a vocabulary: {0}")]
    Vocabulary(String),
    /// `tokenizer_config.json` is not JSON, or a field has the wrong type.
    #[error("tokenizer_config.json is not a tokenizer config: {0}")]
    Config(#[from] serde_json::Error),
    /// The vocabulary lacks a token that the model's input needs.
    #[error("vocab.txt: expected the token {token}, found none among {found} tokens")]
    TokenMissing {
        /// The token.
        token: String,
        /// Tokens in the vocabulary.
        found: usize,
    },
    /// Tokenizer and model do not belong together.
    #[error(
        "expected a tokenizer of {expected} tokens, as many as the model has word embeddings, found {found}"
    )]
    VocabularySize {
        /// Rows of the word embedding table.
        expected: usize,
        /// Tokens that the tokenizer knows.
        found: usize,
    },
    /// There is no text.
    #[error("the {which} is empty")]
    EmptyText {
        /// `text` or `pair`.
        which: &'static str,
    },
    /// There is text, but the tokenizer makes nothing of it.
    #[error("the {which} becomes no token: {text:?}")]
    NoToken {
        /// `text` or `pair`.
        which: &'static str,
        /// What was given, or the beginning of it.
        text: String,
    },
    /// More tokens than the model has positions.
    #[error("the text has {found} tokens, and the model takes at most {maximum}")]
    TooLong {
        /// The model's limit, special tokens included.
        maximum: usize,
        /// Tokens of the text, special tokens included.
        found: usize,
    },
    /// `--truncate` leaves no room for the text, or is beyond the model.
    #[error("expected to truncate to between {minimum} and {maximum} tokens, found {found}")]
    TruncateTo {
        /// One token of each text and the special ones.
        minimum: usize,
        /// The model's limit.
        maximum: usize,
        /// What was asked for.
        found: usize,
    },
    /// The tokenizers crate could not do it.
    #[error("the text could not be tokenized: {0}")]
    Tokenizers(#[source] tokenizers::Error),
}

impl TokenizerError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::TooLong { maximum, .. } => Some(Remedy::Truncate { maximum: *maximum }),
            Self::TruncateTo {
                minimum, maximum, ..
            } => (minimum <= maximum).then_some(Remedy::Truncate { maximum: *maximum }),
            Self::EmptyText { which: "pair" } | Self::NoToken { which: "pair", .. } => {
                Some(Remedy::GivePair)
            }
            Self::EmptyText { .. } | Self::NoToken { .. } => Some(Remedy::GiveText),
            Self::VocabularySize { .. }
            | Self::Json(_)
            | Self::Vocabulary(_)
            | Self::Config(_)
            | Self::Tokenizers(_)
            | Self::TokenMissing { .. } => Some(Remedy::SaveCheckpoint(CheckpointPart::Tokenizer)),
        }
    }
}

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
    inner: tokenizers::Tokenizer,
    special_token_ids: BTreeSet<u32>,
    /// One more than the greatest id.
    vocabulary_size: usize,
}

/// How much of a text an error repeats, in characters.
const MAXIMUM_SHOWN_LENGTH: usize = 40;

/// The most rows that a word embedding table is padded by, so that its size
/// is a multiple of what hardware likes.
const MAXIMUM_PADDING: usize = 128;

impl Tokenizer {
    /// From `tokenizer.json`, or `vocab.txt` and `tokenizer_config.json`.
    ///
    /// # Errors
    /// When the files are malformed or lack what BERT needs.
    pub fn from_checkpoint(checkpoint: &Checkpoint) -> Result<Self, TokenizerError> {
        let mut inner = match &checkpoint.tokenizer {
            TokenizerFiles::Json(json) => from_json(json)?,
            TokenizerFiles::Vocabulary { vocabulary, config } => {
                from_vocabulary(vocabulary, config.as_deref())?
            }
        };
        // A tokenizer.json may carry both; attnviz decides itself.
        inner.with_padding(None);
        inner
            .with_truncation(None)
            .map_err(TokenizerError::Tokenizers)?;
        let special_token_ids = inner
            .get_added_tokens_decoder()
            .iter()
            .filter(|(_, token)| token.special)
            .map(|(&id, _)| id)
            .collect();
        Ok(Self {
            vocabulary_size: id_end(&inner),
            inner,
            special_token_ids,
        })
    }

    /// Checks that the model has a word embedding for every token, and no
    /// others but padding to a multiple of eight.
    ///
    /// # Errors
    /// When the sizes differ.
    pub fn check_vocabulary_size(&self, embedding_count: usize) -> Result<(), TokenizerError> {
        let found = self.vocabulary_size;
        let padded = embedding_count.is_multiple_of(8)
            && (found..found + MAXIMUM_PADDING).contains(&embedding_count);
        match found == embedding_count || padded {
            true => Ok(()),
            false => Err(TokenizerError::VocabularySize {
                expected: embedding_count,
                found,
            }),
        }
    }

    /// The tokens of a text or pair, special tokens of the model included.
    ///
    /// # Errors
    /// When a text is empty, becomes no token, or is too long.
    pub fn tokenize(
        &self,
        text: &str,
        pair: Option<&str>,
        limit: TokenLimit,
    ) -> Result<Prepared, TokenizerError> {
        let first = self.encode("text", text, 0)?;
        let second = pair.map(|pair| self.encode("pair", pair, 1)).transpose()?;
        let text_count = first.len() + second.as_ref().map_or(0, Encoding::len);
        let special_count = self
            .inner
            .get_post_processor()
            .map_or(0, |processor| processor.added_tokens(second.is_some()));
        let found = text_count + special_count;
        let kept = kept_token_count(found, special_count, pair.is_some(), limit)?;
        let truncation = TruncationParams {
            max_length: kept - special_count,
            ..Default::default()
        };
        let (first, second) =
            truncate_encodings(first, second, &truncation).map_err(TokenizerError::Tokenizers)?;
        let encoding = guard(|| self.inner.post_process(first, second, true))
            .map_err(TokenizerError::Tokenizers)?;
        if encoding.len() != kept || !is_consistent(&encoding) {
            // As of a template that leaves the text out, or gives a special
            // token fewer names than ids.
            let reason = "its template does not add up";
            return Err(TokenizerError::Tokenizers(reason.into()));
        }
        Ok(Prepared {
            input: Input::pair(text, pair.map(str::to_owned)),
            streams: vec![Stream {
                role: StreamRole::Source,
                units: self.units(&encoding, [text, pair.unwrap_or_default()]),
                dropped: found - kept,
            }],
        })
    }

    /// One text without special tokens.
    fn encode(
        &self,
        which: &'static str,
        text: &str,
        segment: u32,
    ) -> Result<Encoding, TokenizerError> {
        if text.trim().is_empty() {
            return Err(TokenizerError::EmptyText { which });
        }
        let encoding =
            guard(|| self.inner.encode(text, false)).map_err(TokenizerError::Tokenizers)?;
        if encoding.is_empty() {
            return Err(TokenizerError::NoToken {
                which,
                text: text.chars().take(MAXIMUM_SHOWN_LENGTH).collect(),
            });
        }
        Ok(of_segment(&encoding, segment))
    }

    fn units(&self, encoding: &Encoding, texts: [&str; 2]) -> Vec<Unit> {
        let added = encoding.get_special_tokens_mask();
        (0..encoding.len())
            .map(|index| {
                let id = encoding.get_ids()[index];
                let (start, end) = encoding.get_offsets()[index];
                let text = encoding.get_tokens()[index].clone();
                let sequence = encoding.token_to_sequence(index).unwrap_or_default();
                let written = texts.get(sequence).and_then(|text| text.get(start..end));
                // A word that the vocabulary lacks becomes `[UNK]`, but is
                // still a word of the text and not a special token.
                let is_special = added[index] == 1
                    || (self.special_token_ids.contains(&id) && written == Some(&text));
                Unit {
                    id,
                    label: text.clone(),
                    special: is_special.then(|| SpecialRole::of(&text)),
                    segment: encoding.get_type_ids()[index],
                    word: encoding.get_word_ids()[index],
                    place: match added[index] {
                        1 => Place::Added,
                        _ => Place::Bytes { start, end },
                    },
                    text,
                }
            })
            .collect()
    }
}

/// One more than the greatest id of a vocabulary.
fn id_end(tokenizer: &tokenizers::Tokenizer) -> usize {
    let model = tokenizer.get_model();
    let count = model.get_vocab_size();
    let mut ids = 0..u32::try_from(count).unwrap_or(u32::MAX);
    // Where as many ids as there are tokens have one, none is left for a greater
    // id. Looking at all of them needs a copy of the whole vocabulary, which
    // takes as long as a dozen pictures.
    let end_of_model = match ids.all(|id| model.id_to_token(id).is_some()) {
        true => count,
        false => {
            let greatest = model.get_vocab().into_values().max();
            greatest.map_or(0, |id| id as usize + 1)
        }
    };
    let added = tokenizer.get_added_tokens_decoder();
    let ends = added.keys().map(|&id| id as usize + 1);
    ends.fold(end_of_model, usize::max)
}

/// The same tokens in a segment. That they are all of the first text, as the
/// tokenizers crate has it by now, is left out: it would stay beside what is
/// said of them later, and one or the other would be found by chance.
fn of_segment(encoding: &Encoding, segment: u32) -> Encoding {
    Encoding::new(
        encoding.get_ids().to_vec(),
        vec![segment; encoding.len()],
        encoding.get_tokens().to_vec(),
        encoding.get_word_ids().to_vec(),
        encoding.get_offsets().to_vec(),
        encoding.get_special_tokens_mask().to_vec(),
        encoding.get_attention_mask().to_vec(),
        Vec::new(),
        Default::default(),
    )
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

/// Runs a step of the tokenizers crate, which panics on some tokenizers that
/// are malformed; that is reported like any other.
fn guard<T>(step: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    catch_unwind(AssertUnwindSafe(step))
        .unwrap_or_else(|_| Err("the structure of the tokenizer is broken".into()))
}

/// How many of `found` tokens are kept.
fn kept_token_count(
    found: usize,
    special_count: usize,
    is_pair: bool,
    limit: TokenLimit,
) -> Result<usize, TokenizerError> {
    let maximum = limit.maximum;
    match limit.truncate {
        None if found > maximum => Err(TokenizerError::TooLong { maximum, found }),
        None => Ok(found),
        Some(truncate) => {
            let minimum = special_count + if is_pair { 2 } else { 1 };
            if !(minimum..=maximum).contains(&truncate) {
                return Err(TokenizerError::TruncateTo {
                    minimum,
                    maximum,
                    found: truncate,
                });
            }
            Ok(found.min(truncate))
        }
    }
}

/// The fields of `tokenizer_config.json` that matter, with the defaults of
/// transformers' `BertTokenizer`.
#[derive(Default, Deserialize)]
struct VocabularyConfig {
    do_lower_case: Option<bool>,
    tokenize_chinese_chars: Option<bool>,
    strip_accents: Option<bool>,
    unk_token: Option<SpecialToken>,
    sep_token: Option<SpecialToken>,
    pad_token: Option<SpecialToken>,
    cls_token: Option<SpecialToken>,
    mask_token: Option<SpecialToken>,
}

/// Written as a string, or as an object with its matching rules.
#[derive(Deserialize)]
#[serde(untagged)]
enum SpecialToken {
    Name(String),
    Object { content: String },
}

impl SpecialToken {
    fn name(token: Option<Self>, default: &str) -> String {
        match token {
            Some(Self::Name(name) | Self::Object { content: name }) => name,
            None => default.to_owned(),
        }
    }
}

/// A tokenizer of word pieces, as every BERT has one.
type WordPieceTokenizer = TokenizerImpl<
    WordPiece,
    NormalizerWrapper,
    PreTokenizerWrapper,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// A `tokenizer.json`, of word pieces or of anything else that the tokenizers
/// crate knows.
fn from_json(json: &[u8]) -> Result<tokenizers::Tokenizer, TokenizerError> {
    // Where the kind of model is not left open, the vocabulary goes straight
    // from the file to its table, four times as fast.
    let word_pieces =
        guard(|| serde_json::from_slice::<WordPieceTokenizer>(json).map_err(Into::into));
    if let Ok(tokenizer) = word_pieces {
        return Ok(tokenizer.into());
    }
    // Its own place in the file, where the tokenizers crate would name one in
    // a part of it.
    serde_json::from_slice::<serde::de::IgnoredAny>(json)
        .map_err(|error| TokenizerError::Json(error.to_string()))?;
    guard(|| tokenizers::Tokenizer::from_bytes(json))
        .map_err(|error| TokenizerError::Json(error.to_string()))
}

/// BERT's tokenizer as transformers builds it when there is only a vocabulary.
fn from_vocabulary(
    vocabulary: &[u8],
    config: Option<&[u8]>,
) -> Result<tokenizers::Tokenizer, TokenizerError> {
    let config: VocabularyConfig = match config {
        Some(json) => serde_json::from_slice(json)?,
        None => VocabularyConfig::default(),
    };
    let malformed = |error: &dyn std::fmt::Display| TokenizerError::Vocabulary(error.to_string());
    let vocabulary = WordPiece::read_bytes(vocabulary).map_err(|error| malformed(&error))?;
    let id_of = |token: &str| {
        let found = vocabulary.len();
        vocabulary
            .get(token)
            .copied()
            .ok_or_else(|| TokenizerError::TokenMissing {
                token: token.to_owned(),
                found,
            })
    };
    let unknown = SpecialToken::name(config.unk_token, "[UNK]");
    let separator = SpecialToken::name(config.sep_token, "[SEP]");
    let padding = SpecialToken::name(config.pad_token, "[PAD]");
    let classification = SpecialToken::name(config.cls_token, "[CLS]");
    let mask = SpecialToken::name(config.mask_token, "[MASK]");
    id_of(&unknown)?;
    let processing = BertProcessing::new(
        (separator.clone(), id_of(&separator)?),
        (classification.clone(), id_of(&classification)?),
    );
    // Only tokens that the vocabulary has: an added one would get an id
    // beyond the model's word embeddings.
    let special: Vec<AddedToken> = [unknown.clone(), separator, padding, classification, mask]
        .into_iter()
        .filter(|token| vocabulary.contains_key(token))
        .map(|token| AddedToken::from(token, true))
        .collect();
    let model = WordPiece::builder()
        .vocab(vocabulary)
        .unk_token(unknown)
        .build()
        .map_err(|error| malformed(&error))?;
    let mut tokenizer = tokenizers::Tokenizer::new(model);
    tokenizer
        .with_normalizer(Some(BertNormalizer::new(
            true,
            config.tokenize_chinese_chars.unwrap_or(true),
            config.strip_accents,
            config.do_lower_case.unwrap_or(true),
        )))
        .map_err(TokenizerError::Tokenizers)?
        .with_pre_tokenizer(Some(BertPreTokenizer))
        .with_post_processor(Some(processing))
        .add_special_tokens(special)
        .map_err(TokenizerError::Tokenizers)?;
    Ok(tokenizer)
}
