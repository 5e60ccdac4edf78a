//! Texts of any length, in bounded memory. A tokenizer takes about a hundred
//! bytes a byte, and of a long text the model reads the beginning alone: so it
//! is tokenized stretch by stretch, and what is not kept is only counted.

use rayon::prelude::*;
use tokenizers::{Encoding, Tokenizer};

use super::error::TokenizerError;
use super::guard::guard;

/// So many bytes may become of a stretch before it is split into tokens.
const MAXIMUM_STRETCH: usize = 16 << 20;

/// The most bytes of a text that go to the tokenizer at once.
const LONGEST: usize = 1 << 20;

/// Longer texts are not counted to their ends where nobody has to know by how
/// much they are too long, in bytes: it would take seconds.
const LONGEST_COUNTED: usize = 4 << 20;

/// So many stretches are counted at once.
const COUNTED_AT_ONCE: usize = 4;

/// How much of a text an error repeats, in characters.
const MAXIMUM_SHOWN_LENGTH: usize = 40;

/// What is wanted of a text's tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// So many are kept.
    pub kept: usize,
    /// Kept are the last rather than the first.
    pub last: bool,
    /// Of a very long text nobody wants to know by how much more there are than
    /// this.
    pub stop: Option<usize>,
    /// At most so many bytes become of one.
    pub growth: usize,
}

/// The tokens of one text without special ones.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    ids: Vec<u32>,
    tokens: Vec<String>,
    words: Vec<Option<u32>>,
    offsets: Vec<(usize, usize)>,
    next_word: u32,
    /// How many there are, kept or not.
    pub count: usize,
    /// Whether all of the text was counted.
    pub is_counted: bool,
}

impl Tokens {
    /// Tokenizes a text, `text` or `pair`.
    pub(super) fn of(
        tokenizer: &Tokenizer,
        which: &'static str,
        text: &str,
        wanted: Wanted,
    ) -> Result<Self, TokenizerError> {
        let longest = (MAXIMUM_STRETCH / wanted.growth.max(1)).min(LONGEST);
        let mut tokens = Self::default();
        let mut start = 0;
        let is_full = |tokens: &Self| !wanted.last && tokens.ids.len() >= wanted.kept;
        while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
            if wanted.stop.is_none() && is_full(&tokens) {
                tokens.count += count(tokenizer, which, rest, longest)?;
                break;
            }
            let stretch = first_stretch(rest, which, longest)?;
            let encoding =
                guard(|| tokenizer.encode(stretch, false)).map_err(TokenizerError::Tokenizers)?;
            tokens.take(&encoding, start);
            tokens.forget(wanted);
            start += stretch.len();
            let is_enough = wanted.stop.is_some_and(|stop| tokens.count > stop);
            if is_enough && text.len() > LONGEST_COUNTED && start < text.len() {
                return Ok(tokens);
            }
        }
        tokens.is_counted = true;
        match tokens.count {
            // Spaces alone are tokens to some tokenizers.
            0 if text.trim().is_empty() => Err(TokenizerError::EmptyText { which }),
            0 => Err(TokenizerError::NoToken {
                which,
                text: text.chars().take(MAXIMUM_SHOWN_LENGTH).collect(),
            }),
            _ => Ok(tokens),
        }
    }

    /// Appends the tokens of a stretch that starts at a byte of the text.
    fn take(&mut self, encoding: &Encoding, start: usize) {
        self.count += encoding.len();
        self.ids.extend_from_slice(encoding.get_ids());
        self.tokens.extend_from_slice(encoding.get_tokens());
        let first_word = self.next_word;
        let words = encoding.get_word_ids().iter();
        self.words
            .extend(words.map(|word| Some((*word)? + first_word)));
        let last = encoding.get_word_ids().iter().flatten().max();
        self.next_word = last.map_or(first_word, |last| first_word + last + 1);
        let offsets = encoding.get_offsets().iter();
        self.offsets
            .extend(offsets.map(|(from, to)| (from + start, to + start)));
    }

    /// Forgets what nobody wants to keep.
    fn forget(&mut self, wanted: Wanted) {
        let excess = self.ids.len().saturating_sub(wanted.kept);
        if excess > 0 {
            self.cut(wanted.kept, wanted.last);
        }
    }

    /// Keeps some tokens, the first or the last.
    fn cut(&mut self, kept: usize, last: bool) {
        fn cut<T>(values: &mut Vec<T>, kept: usize, last: bool) {
            match last {
                true => drop(values.drain(..values.len().saturating_sub(kept))),
                false => values.truncate(kept),
            }
        }
        cut(&mut self.ids, kept, last);
        cut(&mut self.tokens, kept, last);
        cut(&mut self.words, kept, last);
        cut(&mut self.offsets, kept, last);
    }

    /// The first or last tokens as an encoding in a segment. That they are all
    /// of one text, as the tokenizers crate would have it, is left out: it
    /// would stay beside what is said of them later, and one or the other would
    /// be found by chance.
    pub(super) fn into_encoding(mut self, kept: usize, last: bool, segment: u32) -> Encoding {
        self.cut(kept, last);
        let length = self.ids.len();
        Encoding::new(
            self.ids,
            vec![segment; length],
            self.tokens,
            self.words,
            self.offsets,
            vec![0; length],
            vec![1; length],
            Vec::new(),
            Default::default(),
        )
    }
}

/// How many tokens a text has of which none is kept: several stretches are
/// counted at once, as many as memory is meant for.
fn count(
    tokenizer: &Tokenizer,
    which: &'static str,
    text: &str,
    longest: usize,
) -> Result<usize, TokenizerError> {
    let mut stretches = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let stretch = first_stretch(rest, which, longest)?;
        stretches.push(stretch);
        rest = rest.get(stretch.len()..).unwrap_or_default();
    }
    let mut count = 0;
    for stretches in stretches.chunks(COUNTED_AT_ONCE) {
        let counts: Result<Vec<usize>, TokenizerError> = stretches
            .par_iter()
            .map(|&stretch| {
                let encoding = guard(|| tokenizer.encode_fast(stretch, false));
                Ok(encoding.map_err(TokenizerError::Tokenizers)?.len())
            })
            .collect();
        count += counts?.iter().sum::<usize>();
    }
    Ok(count)
}

/// The beginning of a text that is tokenized at once.
fn first_stretch<'text>(
    text: &'text str,
    which: &'static str,
    longest: usize,
) -> Result<&'text str, TokenizerError> {
    match stretch(text, longest) {
        Ok(length) => Ok(text.get(..length).unwrap_or(text)),
        Err(found) => Err(TokenizerError::NoSpace {
            which,
            maximum: longest,
            found,
        }),
    }
}

/// How many bytes of a text are tokenized at once: all of them, or those before
/// a space between words, where all tokenizers part a text. An error is the
/// number of bytes without one.
fn stretch(text: &str, longest: usize) -> Result<usize, usize> {
    let usual = longest / 4;
    if text.len() <= usual {
        return Ok(text.len());
    }
    let bytes = text.as_bytes();
    let is_between = |&at: &usize| {
        let word = |at: usize| {
            bytes
                .get(at)
                .is_some_and(|byte| !byte.is_ascii_whitespace())
        };
        bytes[at] == b' ' && word(at - 1) && word(at + 1)
    };
    let before = (1..usual).rev().find(is_between);
    let between = before.or_else(|| (usual..bytes.len().min(longest)).find(is_between));
    match between {
        Some(at) => Ok(at),
        None if text.len() <= longest => Ok(text.len()),
        None => Err((longest..bytes.len())
            .find(is_between)
            .unwrap_or(text.len())),
    }
}

/// How many tokens of one or two texts are kept where `maximum` may be:
/// transformers' `longest_first`, as the tokenizers crate has it.
pub(super) fn longest_first(first: usize, second: usize, maximum: usize) -> [usize; 2] {
    if first + second <= maximum {
        return [first, second];
    }
    let (shorter, longer) = (first.min(second), first.max(second));
    // Only the longer one is cut, or both are cut to halves.
    let [shorter, longer] = match shorter + shorter.max(maximum.saturating_sub(shorter)) {
        kept if shorter <= maximum && kept <= maximum => [shorter, longer.min(maximum - shorter)],
        _ => [maximum / 2, maximum / 2 + maximum % 2],
    };
    match first > second {
        true => [longer, shorter],
        false => [shorter, longer],
    }
}
