//! Why there is no tokenizer, or why a text has no tokens.

use thiserror::Error;

use crate::remedy::{CheckpointPart, CheckpointRemedy, Remedy, Setting};

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
    /// `special_tokens_map.json` is no object.
    #[error("special_tokens_map.json is not a map of special tokens: {source}")]
    SpecialTokensMap {
        /// Where, and what was expected.
        source: serde_json::Error,
    },
    /// `added_tokens.json` is not tokens with their ids.
    #[error("added_tokens.json is not a map from tokens to ids: {source}")]
    AddedTokens {
        /// Where, and what was expected.
        source: serde_json::Error,
    },
    /// What is to be a special token is none.
    #[error(
        "the special tokens of the tokenizer: expected {key} to be {}, found {found}",
        if key.ends_with("_tokens") { "tokens" } else { "a text, or an object with content" }
    )]
    SpecialToken {
        /// What it is called.
        key: String,
        /// What it is, in words.
        found: &'static str,
    },
    /// `tokenizer_config.json` has a vocabulary, and it is none.
    #[error(
        "tokenizer_config.json has a vocab, which goes before vocab.txt: expected an object of tokens with their ids, found {found}"
    )]
    OtherVocabulary {
        /// What it is, in words.
        found: String,
    },
    /// The tokenizer is a program, which no file replaces.
    #[error(
        "the tokenizer is a {class}, which needs {what}: expected a class that its files say all about, such as BertTokenizer"
    )]
    Program {
        /// The class that the files name.
        class: String,
        /// What it needs.
        what: String,
    },
    /// The tokenizer's class needs a file that is not there.
    #[error("the tokenizer is a {class}: expected {expected} for it, found {found}")]
    NoVocabulary {
        /// The class that the files name.
        class: String,
        /// The files, of which one is enough.
        expected: String,
        /// Those that are there.
        found: String,
        /// Whether transformers makes the file that is missing of them.
        can_be_converted: bool,
    },
    /// `vocab.json` and `merges.txt` are no tokens and pairs of them.
    #[error("vocab.json and merges.txt are no byte pair encoding: {0}")]
    Pairs(String),
    /// A model of SentencePiece is none.
    #[error("{file} is no model of SentencePiece: {reason}")]
    SentencePiece {
        /// The file's name.
        file: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A special token that the class cannot do without is said to be none.
    #[error("the tokenizer is a {class}, and its {key} is null: expected a token")]
    NullToken {
        /// The class that the files name.
        class: String,
        /// What the token is called.
        key: &'static str,
    },
    /// The model is to fill in what is missing, for which the text is taken
    /// apart.
    #[error("the text has {token}, where the model is to fill in code: expected a text without it")]
    FillToken {
        /// What stands for what is missing.
        token: String,
    },
    /// Nothing would tell two texts apart.
    #[error("the tokenizer has no template for a pair of texts: expected one text")]
    NoPairTemplate,
    /// What the vocabulary lacks has no token to become.
    #[error(
        "the tokenizer's unk_token is null: expected the token that stands for what the vocabulary lacks, such as \"[UNK]\""
    )]
    NoUnknownToken,
    /// A file would make more of a text, or of its memory, than any does.
    #[error("the tokenizer has {what}: expected at most {maximum} {unit}, found {found}")]
    Excessive {
        /// What is too much.
        what: &'static str,
        /// The limit.
        maximum: usize,
        /// Of what.
        unit: &'static str,
        /// How much there is, or may become of a text.
        found: usize,
    },
    /// A file would take very much memory and time to read.
    #[error("{file}: expected at most {maximum} {unit}, found {found}")]
    TooLarge {
        /// The file.
        file: &'static str,
        /// The limit.
        maximum: usize,
        /// Of what.
        unit: &'static str,
        /// How many there may be.
        found: usize,
    },
    /// Added tokens would take very much memory and time to look for.
    #[error("expected added tokens of at most {maximum} bytes together, normalized, found {found}")]
    AddedTooLong {
        /// The limit.
        maximum: usize,
        /// What may become of them.
        found: usize,
    },
    /// A template leaves the text out, or repeats it.
    #[error(
        "tokenizer.json: expected text {id} once in the template for a {template} text, found it {found} times"
    )]
    Template {
        /// `single` or `pair`.
        template: &'static str,
        /// `A` or `B`.
        id: String,
        /// How often it is there.
        found: usize,
    },
    /// The model has no embedding for a token of the text.
    #[error(
        "the token {token:?} has the id {id}, and the model has word embeddings for ids below {row_count}"
    )]
    NoRow {
        /// The vocabulary's own string.
        token: String,
        /// Its id.
        id: u32,
        /// Rows of the word embedding table.
        row_count: usize,
    },
    /// The text has a token that may be one of two.
    #[error(
        "the added tokens {:?} and {:?} are the same to this tokenizer, which takes one or the other by chance: expected one of them",
        tokens[0],
        tokens[1]
    )]
    AmbiguousToken {
        /// Both.
        tokens: [String; 2],
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
    /// A long text has no space for too long.
    #[error(
        "the {which} has {found} bytes without a space: expected at most {maximum} in a text as long as this"
    )]
    NoSpace {
        /// `text` or `pair`.
        which: &'static str,
        /// The limit in bytes.
        maximum: usize,
        /// Bytes up to the next space or the end.
        found: usize,
    },
    /// More tokens than the model has positions.
    #[error("the text has {found} tokens, and the model takes at most {maximum}")]
    TooLong {
        /// The model's limit, special tokens included.
        maximum: usize,
        /// Tokens of the text, special tokens included.
        found: usize,
    },
    /// So many more tokens than the model has positions that nobody counts
    /// them.
    #[error("the text has more than {found} tokens, and the model takes at most {maximum}")]
    MuchTooLong {
        /// The model's limit, special tokens included.
        maximum: usize,
        /// Tokens of the beginning of the text.
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
            Self::TooLong { maximum, .. } | Self::MuchTooLong { maximum, .. } => {
                Some(Remedy::Truncate { maximum: *maximum })
            }
            Self::TruncateTo {
                minimum, maximum, ..
            } => (minimum <= maximum).then_some(Remedy::Truncate { maximum: *maximum }),
            Self::EmptyText { which: "pair" }
            | Self::NoToken { which: "pair", .. }
            | Self::NoSpace { which: "pair", .. } => Some(Remedy::GivePair),
            Self::FillToken { .. }
            | Self::EmptyText { .. }
            | Self::NoToken { .. }
            | Self::NoSpace { .. } => Some(Remedy::GiveText),
            Self::Program { .. } => Some(Remedy::Checkpoint(CheckpointRemedy::ComputeElsewhere)),
            // Which transformers can do for classes that attnviz does not build.
            Self::NoVocabulary {
                can_be_converted: true,
                ..
            } => Some(Remedy::Checkpoint(CheckpointRemedy::ConvertTokenizer)),
            Self::NoPairTemplate => Some(Remedy::LeaveOut(Setting::Pair)),
            Self::AmbiguousToken { .. } => {
                Some(Remedy::Checkpoint(CheckpointRemedy::NameTokenizer))
            }
            Self::NoVocabulary { .. }
            | Self::NoRow { .. }
            | Self::Json(_)
            | Self::Vocabulary(_)
            | Self::Config(_)
            | Self::SpecialTokensMap { .. }
            | Self::AddedTokens { .. }
            | Self::Pairs(_)
            | Self::SentencePiece { .. }
            | Self::NullToken { .. }
            | Self::NoUnknownToken
            | Self::SpecialToken { .. }
            | Self::OtherVocabulary { .. }
            | Self::Excessive { .. }
            | Self::TooLarge { .. }
            | Self::AddedTooLong { .. }
            | Self::Template { .. }
            | Self::Tokenizers(_) => Some(Remedy::Checkpoint(CheckpointRemedy::SaveCheckpoint(
                CheckpointPart::Tokenizer,
            ))),
        }
    }
}
