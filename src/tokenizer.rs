//! Text, or a pair of texts, into the tokens that a model reads.

use serde::{Deserialize, Serialize};

/// One token of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Row of the word embedding table.
    pub id: u32,
    /// As the tokenizer writes it: `##ing` continues a word.
    pub text: String,
    /// Whether the tokenizer defines it as special: `[CLS]`, `[SEP]`, `[MASK]` …
    pub special: bool,
    /// 0 for the first text and its special tokens, 1 for the second.
    pub segment: u32,
    /// Which word of its segment's text the token is a piece of, counted from
    /// zero; `None` for special tokens that the text did not hold.
    pub word: Option<u32>,
    /// First byte in its segment's text. Equal to `end` for special tokens
    /// that the text did not hold.
    pub start: usize,
    /// The byte after the last in its segment's text.
    pub end: usize,
}

/// A text or pair, as tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenizedInput {
    /// The first or only text, as it was given.
    pub text: String,
    /// The second text of a pair.
    pub pair: Option<String>,
    /// All tokens in the model's order, special ones included.
    pub tokens: Vec<Token>,
    /// How many tokens `--truncate` dropped.
    pub truncated_tokens: usize,
}
