//! Which files make a tokenizer, the same for a directory and for the hub.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::CheckpointError;
use super::digest::PendingDigest;
use super::lookup::{Lookup, text};

pub(super) const TOKENIZER: &str = "tokenizer.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const VOCABULARY: &str = "vocab.txt";
const SPECIAL_TOKENS_MAP: &str = "special_tokens_map.json";
const ADDED_TOKENS: &str = "added_tokens.json";

/// Files of tokenizers that are not read, and what they are.
const OTHER_KINDS: [(&str, &str); 6] = [
    ("spiece.model", "a SentencePiece model"),
    ("sentencepiece.bpe.model", "a SentencePiece model"),
    ("spm.model", "a SentencePiece model"),
    ("tokenizer.model", "a SentencePiece or tiktoken model"),
    ("tekken.json", "a tokenizer of Mistral's"),
    ("vocab.json", "a vocabulary of another kind"),
];

/// The tokenizer's files, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizerFiles {
    /// The file with the vocabulary.
    pub vocabulary: VocabularyFile,
    /// `tokenizer_config.json`: the class, its settings, special tokens.
    pub config: Option<Vec<u8>>,
    /// `special_tokens_map.json`, which is read where the config has no
    /// `added_tokens_decoder`.
    pub special_tokens_map: Option<Vec<u8>>,
    /// `added_tokens.json`, likewise.
    pub added_tokens: Option<Vec<u8>>,
    /// The `config.json` beside them, where they are not the model's own; it
    /// may name the class.
    pub model_config: Option<Vec<u8>>,
}

/// The file that a vocabulary is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VocabularyFile {
    /// `tokenizer.json`.
    Json(Vec<u8>),
    /// `vocab.txt`: one token a line.
    Text(Vec<u8>),
}

impl TokenizerFiles {
    /// A `tokenizer.json` and nothing beside it.
    pub fn json(bytes: Vec<u8>) -> Self {
        Self {
            vocabulary: VocabularyFile::Json(bytes),
            config: None,
            special_tokens_map: None,
            added_tokens: None,
            model_config: None,
        }
    }
}

/// Asks for the files in the order in which they are needed.
pub(super) fn collect(
    place: &str,
    lookup: Lookup<'_>,
    digests: &mut Vec<PendingDigest>,
) -> Result<TokenizerFiles, CheckpointError> {
    let vocabulary = match text(TOKENIZER, lookup, digests)? {
        Some(json) => VocabularyFile::Json(json),
        None => match text(VOCABULARY, lookup, digests)? {
            Some(lines) => VocabularyFile::Text(lines),
            None => return Err(missing(place, lookup)?),
        },
    };
    let config = text(TOKENIZER_CONFIG, lookup, digests)?;
    // As transformers: what the config says of added tokens is all there is.
    let (special_tokens_map, added_tokens) = match says_all(config.as_deref()) {
        true => (None, None),
        false => (
            text(SPECIAL_TOKENS_MAP, lookup, digests)?,
            text(ADDED_TOKENS, lookup, digests)?,
        ),
    };
    Ok(TokenizerFiles {
        vocabulary,
        config,
        special_tokens_map,
        added_tokens,
        model_config: None,
    })
}

/// Whether a tokenizer config lists the added tokens itself. One that is
/// broken is reported when it is read.
fn says_all(config: Option<&[u8]>) -> bool {
    #[derive(Deserialize)]
    struct Config {
        added_tokens_decoder: Option<IgnoredAny>,
    }
    let config = config.map(serde_json::from_slice::<Config>);
    config.is_some_and(|config| config.is_ok_and(|config| config.added_tokens_decoder.is_some()))
}

fn missing(place: &str, lookup: Lookup<'_>) -> Result<CheckpointError, CheckpointError> {
    let mut found = None;
    for (name, kind) in OTHER_KINDS {
        if found.is_none() && lookup(name)?.is_some() {
            found = Some((name, kind));
        }
    }
    let place = place.to_owned();
    Ok(CheckpointError::TokenizerMissing { place, found })
}
