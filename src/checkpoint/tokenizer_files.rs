//! Which files make a tokenizer, the same for a directory and for the hub.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::CheckpointError;
use super::digest::PendingDigest;
use super::lookup::{Lookup, text};

pub(super) const TOKENIZER: &str = "tokenizer.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const SPECIAL_TOKENS_MAP: &str = "special_tokens_map.json";
const ADDED_TOKENS: &str = "added_tokens.json";

/// One token a line.
const LINES: &str = "vocab.txt";

/// Tokens with their ids, and the pairs that are merged.
const IDS: &str = "vocab.json";
const MERGES: &str = "merges.txt";

/// Models of SentencePiece, by the names that they have for one class or the
/// other.
const SENTENCE_PIECE: [&str; 4] = [
    "tokenizer.model",
    "spm.model",
    "spiece.model",
    "sentencepiece.bpe.model",
];

/// Any of them is enough, where the tokenizer's class reads it.
pub(super) const VOCABULARIES: &str = "tokenizer.json, vocab.txt, vocab.json with merges.txt, tokenizer.model, spm.model, spiece.model or sentencepiece.bpe.model";

/// Files of tokenizers that are not read, and what they are.
const OTHER_KINDS: [(&str, &str); 3] = [
    ("tekken.json", "a tokenizer of Mistral's"),
    ("tiktoken.model", "a vocabulary of tiktoken's"),
    (IDS, "a vocabulary without its merges.txt"),
];

/// The tokenizer's files, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizerFiles {
    /// The file with the vocabulary.
    pub vocabulary: VocabularyFile,
    /// More of them, of which the tokenizer's class may read another one; none
    /// beside a `tokenizer.json`, but for the `vocab.txt` of an ESM.
    pub others: Vec<VocabularyFile>,
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
    /// Byte pair encoding in two files.
    Pairs {
        /// `vocab.json`: tokens with their ids.
        ids: Vec<u8>,
        /// `merges.txt`: the pairs that are merged, one a line.
        merges: Vec<u8>,
    },
    /// A model of SentencePiece.
    SentencePiece {
        /// The file's name, which tells what it is for.
        name: &'static str,
        /// The file, a protobuf.
        model: Vec<u8>,
    },
}

impl VocabularyFile {
    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Json(_) => TOKENIZER,
            Self::Text(_) => LINES,
            Self::Pairs { .. } => IDS,
            Self::SentencePiece { name, .. } => name,
        }
    }
}

impl TokenizerFiles {
    /// A `tokenizer.json` and nothing beside it.
    pub fn json(bytes: Vec<u8>) -> Self {
        Self {
            vocabulary: VocabularyFile::Json(bytes),
            others: Vec::new(),
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
    model_config: &[u8],
    lookup: Lookup<'_>,
    digests: &mut Vec<PendingDigest>,
) -> Result<TokenizerFiles, CheckpointError> {
    // Listed behind the file that it may name.
    let mut of_config = Vec::new();
    let config = text(TOKENIZER_CONFIG, lookup, &mut of_config)?;
    let outline = Outline::of(config.as_deref());
    let mut vocabularies = Vec::new();
    match text(outline.tokenizer_file(), lookup, digests)? {
        Some(json) => {
            vocabularies.push(VocabularyFile::Json(json));
            if outline.is_of_esm(model_config) {
                let lines = text(LINES, lookup, digests)?;
                vocabularies.extend(lines.map(VocabularyFile::Text));
            }
        }
        None => vocabularies = without_json(lookup, digests)?,
    }
    let mut vocabularies = vocabularies.into_iter();
    let Some(vocabulary) = vocabularies.next() else {
        return Err(missing(place, outline.tokenizer_file(), lookup)?);
    };
    digests.append(&mut of_config);
    // As transformers: what the config says of added tokens is all there is.
    let (special_tokens_map, added_tokens) = match outline.added_tokens_decoder.is_some() {
        true => (None, None),
        false => (
            text(SPECIAL_TOKENS_MAP, lookup, digests)?,
            text(ADDED_TOKENS, lookup, digests)?,
        ),
    };
    Ok(TokenizerFiles {
        vocabulary,
        others: vocabularies.collect(),
        config,
        special_tokens_map,
        added_tokens,
        model_config: None,
    })
}

/// All vocabularies that there are instead of a `tokenizer.json`.
fn without_json(
    lookup: Lookup<'_>,
    digests: &mut Vec<PendingDigest>,
) -> Result<Vec<VocabularyFile>, CheckpointError> {
    let mut found = Vec::new();
    found.extend(text(LINES, lookup, digests)?.map(VocabularyFile::Text));
    let mut of_pairs = Vec::new();
    if let Some(ids) = text(IDS, lookup, &mut of_pairs)?
        && let Some(merges) = text(MERGES, lookup, &mut of_pairs)?
    {
        digests.extend(of_pairs);
        found.push(VocabularyFile::Pairs { ids, merges });
    }
    for name in SENTENCE_PIECE {
        let model = text(name, lookup, digests)?;
        found.extend(model.map(|model| VocabularyFile::SentencePiece { name, model }));
    }
    Ok(found)
}

/// What a tokenizer config says of the other files.
#[derive(Default, Deserialize)]
struct Outline {
    added_tokens_decoder: Option<IgnoredAny>,
    #[serde(default)]
    tokenizer_class: Option<String>,
    /// Names of files that take the place of `tokenizer.json` from the version
    /// on that they have: `tokenizer.4.0.0.json`.
    #[serde(default)]
    fast_tokenizer_files: Vec<String>,
}

const ESM: &str = "EsmTokenizer";

/// The version of transformers that is followed.
const VERSION: [u64; 3] = [5, 23, 0];

impl Outline {
    /// A config that is broken is reported when it is read.
    fn of(config: Option<&[u8]>) -> Self {
        let config = config.map(serde_json::from_slice);
        config.and_then(Result::ok).unwrap_or_default()
    }

    /// Whether the tokenizer is ESM's, which reads `vocab.txt` whatever there is
    /// beside it.
    fn is_of_esm(&self, model_config: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Model {
            model_type: Option<String>,
            tokenizer_class: Option<String>,
        }
        let model = serde_json::from_slice::<Model>(model_config).ok();
        let of_model = model.as_ref().and_then(|model| {
            let class = model.tokenizer_class.as_deref();
            class.or((model.model_type.as_deref() == Some("esm")).then_some(ESM))
        });
        let class = self.tokenizer_class.as_deref().or(of_model);
        class.is_some_and(|class| class.strip_suffix("Fast").unwrap_or(class) == ESM)
    }

    /// The file that stands for `tokenizer.json`. Versions are gone through as
    /// texts in order, up to the first that is too new (`get_fast_tokenizer_file`
    /// of `tokenization_utils_base.py`).
    fn tokenizer_file(&self) -> &str {
        let version = |name: &str| -> Option<Vec<u64>> {
            let version = name.strip_prefix("tokenizer.")?.strip_suffix(".json")?;
            version.split('.').map(|part| part.parse().ok()).collect()
        };
        let mut files: Vec<(Vec<u64>, &str)> = self
            .fast_tokenizer_files
            .iter()
            .filter_map(|name| Some((version(name)?, name.as_str())))
            .collect();
        files.sort_by_key(|(_, name)| name.strip_suffix(".json"));
        let fits = |version: &[u64]| {
            let length = version.len().max(VERSION.len());
            let part = |parts: &[u64], index: usize| parts.get(index).copied().unwrap_or_default();
            let parts = (0..length).map(|index| part(version, index));
            parts.le((0..length).map(|index| part(&VERSION, index)))
        };
        let fitting = files.iter().take_while(|(version, _)| fits(version));
        fitting.last().map_or(TOKENIZER, |(_, name)| name)
    }
}

fn missing(
    place: &str,
    tokenizer_file: &str,
    lookup: Lookup<'_>,
) -> Result<CheckpointError, CheckpointError> {
    if tokenizer_file != TOKENIZER {
        let (place, file) = (place.to_owned(), tokenizer_file.to_owned());
        return Ok(CheckpointError::TokenizerFileMissing { place, file });
    }
    let mut found = None;
    for (name, kind) in OTHER_KINDS {
        if found.is_none() && lookup(name)?.is_some() {
            found = Some((name, kind));
        }
    }
    let place = place.to_owned();
    Ok(CheckpointError::TokenizerMissing { place, found })
}
