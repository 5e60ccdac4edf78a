//! The vocabulary of a tokenizer out of whatever file has it, as the kind of
//! model that the tokenizer's class makes of it.

use std::collections::HashMap;
use std::fmt::Display;

use ahash::AHashMap;
use serde::Deserialize;
use serde_json::Value;
use tokenizers::models::bpe::BPE;
use tokenizers::models::wordpiece::WordPiece;

use super::bounds;
use super::error::TokenizerError;
use super::guard::guard;
use super::sentence_piece_model::SentencePieceModel;
use crate::checkpoint::VocabularyFile;

/// A file with a vocabulary, as far as it is read.
pub(super) enum Source<'files> {
    /// `tokenizer.json`.
    Json(&'files [u8]),
    /// `vocab.txt`.
    Lines(&'files [u8]),
    /// `vocab.json` and `merges.txt`.
    Pairs(&'files [u8], &'files [u8]),
    /// A model of SentencePiece.
    SentencePiece(SentencePieceModel),
}

impl<'files> Source<'files> {
    /// The source in a file.
    pub(super) fn of(file: &'files VocabularyFile) -> Result<Self, TokenizerError> {
        Ok(match file {
            VocabularyFile::Json(json) => Self::Json(json),
            VocabularyFile::Text(lines) => Self::Lines(lines),
            VocabularyFile::Pairs { ids, merges } => Self::Pairs(ids, merges),
            VocabularyFile::SentencePiece { name, model } => {
                Self::SentencePiece(SentencePieceModel::read(name, model)?)
            }
        })
    }

    /// Byte pair encoding without what a class sets itself: no unknown token,
    /// no bytes for it.
    pub(super) fn byte_pairs(&self) -> Result<BPE, TokenizerError> {
        #[derive(Deserialize)]
        struct File {
            model: BPE,
        }
        let mut model = match self {
            Self::Json(json) => match guard(|| Ok(serde_json::from_slice::<File>(json)?)) {
                Ok(file) => file.model,
                // Of another kind, of which the tokens alone are taken.
                Err(error) if is_of_byte_pairs(json) => return Err(wrong_json(&error)),
                Err(_) => byte_pairs(ids_of_json(json)?, Vec::new()).map_err(wrong_json)?,
            },
            Self::Lines(_) => return Err(wrong_json("vocab.txt has no pairs")),
            Self::Pairs(ids, merges) => {
                bounds::check_values("vocab.json", ids)?;
                let wrong = |error: &dyn Display| TokenizerError::Pairs(error.to_string());
                let ids: AHashMap<String, Value> =
                    serde_json::from_slice(ids).map_err(|error| wrong(&error))?;
                // What has no number has no id, as in the tokenizers crate.
                let ids = ids
                    .into_iter()
                    .filter_map(|(token, id)| match id.is_number() {
                        true => Some(id.as_u64().map(|id| (token, id as u32))),
                        false => None,
                    });
                let ids: Option<HashMap<String, u32>> = ids.collect();
                let ids = ids.ok_or_else(|| wrong(&"an id is no whole number"))?;
                byte_pairs(ids, pairs_of_lines(merges).map_err(|error| wrong(&error))?)
                    .map_err(|error| wrong(&error))?
            }
            Self::SentencePiece(model) => {
                byte_pairs(model.ids(), model.merges()?).map_err(wrong_json)?
            }
        };
        model.dropout = None;
        model.unk_token = None;
        model.continuing_subword_prefix = None;
        model.end_of_word_suffix = None;
        model.fuse_unk = false;
        model.byte_fallback = false;
        model.ignore_merges = false;
        Ok(model)
    }

    /// Tokens with the logarithms of their probabilities, in the order of their
    /// ids.
    pub(super) fn scored(&self) -> Result<Vec<(String, f64)>, TokenizerError> {
        #[derive(Deserialize)]
        struct File {
            model: Model,
        }
        #[derive(Deserialize)]
        struct Model {
            vocab: Vec<(String, f64)>,
        }
        match self {
            Self::Json(json) => {
                let file: File =
                    serde_json::from_slice(json).map_err(|error| wrong_json(&error))?;
                Ok(file.model.vocab)
            }
            Self::SentencePiece(model) => {
                let pieces = model.pieces.iter();
                let scored = pieces.map(|piece| (piece.text.clone(), f64::from(piece.score)));
                Ok(scored.collect())
            }
            Self::Lines(_) | Self::Pairs(..) => Err(wrong_json("it has no scores")),
        }
    }

    /// Word pieces, of which the class sets all but the vocabulary.
    pub(super) fn word_pieces(&self) -> Result<WordPiece, TokenizerError> {
        #[derive(Deserialize)]
        struct File {
            model: WordPiece,
        }
        match self {
            Self::Json(json) => match guard(|| Ok(serde_json::from_slice::<File>(json)?)) {
                Ok(file) => Ok(file.model),
                Err(_) => of_ids(ids_of_json(json)?).map_err(wrong_json),
            },
            Self::Lines(lines) => of_lines(lines),
            Self::Pairs(..) | Self::SentencePiece(_) => {
                Err(wrong_json("it has no pieces of words"))
            }
        }
    }
}

fn wrong_json(error: impl Display) -> TokenizerError {
    TokenizerError::Json(error.to_string())
}

/// Whether a `tokenizer.json` says that it is of byte pairs.
fn is_of_byte_pairs(json: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct File {
        model: Model,
    }
    #[derive(Deserialize)]
    struct Model {
        r#type: Option<String>,
    }
    let file: Result<File, _> = serde_json::from_slice(json);
    file.is_ok_and(|file| file.model.r#type.as_deref() == Some("BPE"))
}

fn byte_pairs(ids: HashMap<String, u32>, merges: Vec<(String, String)>) -> tokenizers::Result<BPE> {
    let ids: AHashMap<String, u32> = ids.into_iter().collect();
    guard(|| BPE::builder().vocab_and_merges(ids, merges).build())
}

/// The pairs of `merges.txt`, one a line behind what says which version it is.
fn pairs_of_lines(lines: &[u8]) -> Result<Vec<(String, String)>, String> {
    let text = std::str::from_utf8(lines).map_err(|error| error.to_string())?;
    let lines = text.lines().zip(1..);
    let pairs = lines.filter(|(line, _)| !line.starts_with("#version"));
    let pair = |(line, number): (&str, usize)| match line.split_once(' ') {
        Some((left, right)) if !right.contains(' ') => Ok((left.to_owned(), right.to_owned())),
        Some(_) | None => Err(format!("line {number} of merges.txt is no pair")),
    };
    pairs.map(pair).collect()
}

/// One token a line; what stands at the end of a line and cannot be seen is no
/// part of it.
fn of_lines(lines: &[u8]) -> Result<WordPiece, TokenizerError> {
    let wrong = |error: &dyn Display| TokenizerError::Vocabulary(error.to_string());
    bounds::check_lines(lines)?;
    let vocabulary = WordPiece::read_bytes(lines).map_err(|error| wrong(&error))?;
    if vocabulary.is_empty() {
        return Err(wrong(&"it is empty"));
    }
    let model = WordPiece::builder().vocab(vocabulary).build();
    model.map_err(|error| wrong(&error))
}

/// The tokens of a `tokenizer.json` whose model is of any kind, with their ids:
/// transformers makes a class's model of whatever vocabulary there is.
fn ids_of_json(json: &[u8]) -> Result<HashMap<String, u32>, TokenizerError> {
    #[derive(Deserialize)]
    struct File {
        model: Model,
    }
    #[derive(Deserialize)]
    struct Model {
        vocab: Vocabulary,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Vocabulary {
        Ids(HashMap<String, u32>),
        InOrder(Vec<Value>),
    }
    let file: File = serde_json::from_slice(json).map_err(wrong_json)?;
    Ok(match file.model.vocab {
        Vocabulary::Ids(ids) => ids,
        // Strings, or lists that begin with one.
        Vocabulary::InOrder(tokens) => tokens
            .iter()
            .zip(0..)
            .filter_map(|(token, id)| {
                let token = token.as_str().or_else(|| token.get(0)?.as_str())?;
                Some((token.to_owned(), id))
            })
            .collect(),
    })
}

/// Word pieces with these ids.
pub(super) fn of_ids(vocabulary: HashMap<String, u32>) -> Result<WordPiece, String> {
    let vocabulary: AHashMap<String, u32> = vocabulary.into_iter().collect();
    let model = WordPiece::builder().vocab(vocabulary).build();
    model.map_err(|error| error.to_string())
}
