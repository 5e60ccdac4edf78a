//! What a model is given, and what it becomes: an [`Input`] is what a user
//! hands over, a [`Prepared`] input is that and its [`Stream`]s of units.
//!
//! A *stream* is a sequence that attention runs over: the tokens of a text or
//! pair, the source and the target of an encoder-decoder, the patches of an
//! image. A *unit* is one place of a stream: a row or a column of a map.

use serde::{Deserialize, Serialize};

use crate::names::closed_set;

/// What a user hands over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Input {
    /// A text, or two that are encoded as a pair.
    Text {
        /// The first or only text, as it was given.
        text: String,
        /// The second text of a pair.
        #[serde(default)]
        pair: Option<String>,
    },
    /// What an encoder-decoder reads and what it writes.
    Translation {
        /// The text that the encoder reads.
        source: String,
        /// The text that the decoder writes.
        target: String,
    },
    /// A picture, by its name and its content.
    Image {
        /// The file's name without its folders.
        name: String,
        /// SHA-256 of the file, 64 lower-case hexadecimal digits.
        sha256: String,
    },
}

impl Input {
    /// One text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::pair(text, None)
    }

    /// One text, or a pair where there is a second.
    pub fn pair(text: impl Into<String>, pair: Option<String>) -> Self {
        let text = text.into();
        Self::Text { text, pair }
    }

    /// What stands under a picture's title and names a folder: one line, or
    /// the two of a pair.
    pub fn captions(&self) -> Vec<&str> {
        match self {
            Self::Text { text, pair } => [Some(text), pair.as_ref()]
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect(),
            Self::Translation { source, target } => vec![source, target],
            Self::Image { name, .. } => vec![name],
        }
    }
}

/// Which side of a model a stream is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamRole {
    /// What the model reads: the only stream of encoders and decoders.
    Source,
    /// What the decoder of an encoder-decoder writes.
    Target,
}

closed_set!(StreamRole, "stream", Source => "source", Target => "target");

/// What a special unit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpecialRole {
    /// Stands for the whole input: `[CLS]`.
    Classification,
    /// Stands between texts and behind the last: `[SEP]`.
    Separator,
    /// Begins a sequence: `<s>`, `<|begin_of_text|>`.
    Beginning,
    /// Ends a sequence: `</s>`, `<|endoftext|>`.
    End,
    /// Fills a sequence up: `[PAD]`.
    Padding,
    /// Hides a word: `[MASK]`.
    Mask,
    /// Stands for a word that the vocabulary lacks: `[UNK]`.
    Unknown,
    /// Whatever else a tokenizer knows by name.
    Other,
}

closed_set!(
    SpecialRole,
    "special role",
    Classification => "classification",
    Separator => "separator",
    Beginning => "beginning",
    End => "end",
    Padding => "padding",
    Mask => "mask",
    Unknown => "unknown",
    Other => "other",
);

impl SpecialRole {
    /// The role of a special unit that is called so, by the names that
    /// tokenizers usually give.
    pub fn of(text: &str) -> Self {
        match text {
            "[CLS]" | "<cls>" | "<|cls|>" => Self::Classification,
            "[SEP]" | "<sep>" | "<|sep|>" => Self::Separator,
            "<s>"
            | "<bos>"
            | "[BOS]"
            | "<|bos|>"
            | "<|begin_of_text|>"
            | "<|startoftext|>"
            | "<｜begin▁of▁sentence｜>" => Self::Beginning,
            "</s>"
            | "<eos>"
            | "[EOS]"
            | "<|eos|>"
            | "<|endoftext|>"
            | "<|end_of_text|>"
            | "<|eot_id|>"
            | "<|im_end|>"
            | "<end_of_turn>"
            | "<｜end▁of▁sentence｜>" => Self::End,
            "[PAD]" | "<pad>" | "<|pad|>" | "<｜▁pad▁｜>" => Self::Padding,
            "[MASK]" | "<mask>" | "<|mask|>" => Self::Mask,
            "[UNK]" | "<unk>" | "<|unk|>" => Self::Unknown,
            _ => Self::Other,
        }
    }
}

/// Whether a token looks like a special one where no tokenizer says so: one of
/// the usual names, anything between bars (`<|im_start|>`, and with DeepSeek's
/// wide bars), names of several words (`<start_of_turn>`, `<extra_id_0>`) and
/// Mistral's instructions. Brackets alone make none: `[1]`, `<br>` and the byte
/// `<0x0A>` are text.
pub fn looks_special(token: &str) -> bool {
    let between = |start: &str, end: &str| token.strip_prefix(start)?.strip_suffix(end);
    let is_name = |name: &str| !name.is_empty() && !name.contains(char::is_whitespace);
    let is_of_words = |name: &str| {
        let mut words = name.split('_');
        let is_word = |word: &str| {
            let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
            !word.is_empty() && word.chars().all(is_plain)
        };
        name.contains('_') && words.all(is_word)
    };
    SpecialRole::of(token) != SpecialRole::Other
        || matches!(token, "[INST]" | "[/INST]")
        || between("<|", "|>").is_some_and(is_name)
        || between("<｜", "｜>").is_some_and(is_name)
        || between("<", ">").is_some_and(is_of_words)
}

/// Where in the input a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: the tokenizer added it.
    Added,
    /// In the bytes of its segment's text.
    Bytes {
        /// The first byte.
        start: usize,
        /// The byte after the last.
        end: usize,
    },
    /// In the grid of an image's patches.
    Patch {
        /// From the top, counted from zero.
        row: usize,
        /// From the left, counted from zero.
        column: usize,
    },
}

/// One place of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its number in the vocabulary: the row of the word embedding table.
    pub id: u32,
    /// The vocabulary's own string, as `convert_ids_to_tokens` gives it:
    /// `##ing` continues a word.
    pub text: String,
    /// What an axis shows.
    pub label: String,
    /// What it is for, where the tokenizer defines it as special: `[CLS]`,
    /// `[SEP]`, a `[MASK]` in the text …
    pub special: Option<SpecialRole>,
    /// 0 for the first text and its special tokens, 1 for the second.
    pub segment: u32,
    /// Which word of its segment's text it is a piece of, counted from zero;
    /// `None` where no word is told.
    pub word: Option<u32>,
    /// Where it is.
    pub place: Place,
}

impl Unit {
    /// Whether it stands for text that the vocabulary lacks.
    pub fn is_unknown(&self) -> bool {
        let is_added = self.place == Place::Added || self.special.is_some();
        // A vocabulary may call it as it likes; the label has the text behind.
        let mut behind = self.label.strip_prefix(&self.text).into_iter();
        let shows_text = behind.any(|text| text.starts_with(' '));
        !is_added && (shows_text || SpecialRole::of(&self.text) == SpecialRole::Unknown)
    }

    /// Whether it is one that the tokenizer added to the text: `[CLS]`, `[SEP]`,
    /// `<s>` … What stands for a part of the text is none, special or not: a
    /// `[MASK]`, an `[UNK]`, a `[SEP]` that somebody typed. Where nobody knows who
    /// put it there, as in attention from elsewhere, its name decides.
    pub fn is_added(&self) -> bool {
        match self.place {
            Place::Bytes { .. } => false,
            Place::Added | Place::Patch { .. } => self.is_special(),
        }
    }

    /// Whether it is one of those that papers leave out, wherever it comes from:
    /// `[CLS]`, `[SEP]`, `<s>` … A `[MASK]` and an `[UNK]` stand for a piece of the
    /// text.
    pub fn is_special(&self) -> bool {
        match self.special {
            None | Some(SpecialRole::Mask | SpecialRole::Unknown) => false,
            Some(
                SpecialRole::Classification
                | SpecialRole::Separator
                | SpecialRole::Beginning
                | SpecialRole::End
                | SpecialRole::Padding
                | SpecialRole::Other,
            ) => true,
        }
    }
}

/// A sequence that attention runs over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Which side of the model it is on.
    pub role: StreamRole,
    /// In the model's order, special ones included.
    pub units: Vec<Unit>,
    /// How many units `--truncate` dropped.
    pub dropped: usize,
}

/// An input with what a model reads of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// As it was given.
    pub input: Input,
    /// The source first.
    pub streams: Vec<Stream>,
    /// Whether the model is told the segments of its units. Some tokenizers,
    /// among them all that transformers takes from a `tokenizer.json` as it is,
    /// leave them out, and the model takes all units for those of one text.
    pub tells_segments: bool,
}

impl Prepared {
    /// How many units of the source stand for text that the vocabulary lacks.
    pub fn unknown_count(&self) -> usize {
        self.source()
            .iter()
            .filter(|unit| unit.is_unknown())
            .count()
    }

    /// The segments of the source's units as the model is told them.
    pub fn told_segments(&self) -> impl Iterator<Item = u32> {
        let told = |unit: &Unit| match self.tells_segments {
            true => unit.segment,
            false => 0,
        };
        self.source().iter().map(told)
    }

    /// The units that the model reads; none where there is no source.
    pub fn source(&self) -> &[Unit] {
        stream(&self.streams, StreamRole::Source).map_or(&[], |stream| &stream.units)
    }
}

/// The stream of a role, `None` where there is none.
pub fn stream(streams: &[Stream], role: StreamRole) -> Option<&Stream> {
    streams.iter().find(|stream| stream.role == role)
}
