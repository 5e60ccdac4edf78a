//! What a token is called on an axis: the vocabulary's own string, read as
//! people read it.
//!
//! The field's usual marks for where words begin stay: `Ġworld` and `▁world`
//! begin one, `##ing` goes on with one. What stands for bytes becomes letters
//! again: the `Ã©` of a byte-level vocabulary is an é, its `Ċ` a line end, and
//! so is the `<0x0A>` of SentencePiece.

use std::fmt::Write;

/// How a vocabulary writes its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// As they are, with `##` before what goes on with a word: WordPiece, and
    /// whatever is not known to be anything else.
    Plain,
    /// Every byte as a letter of its own, a space as `Ġ`: GPT-2, RoBERTa.
    ByteLevel,
    /// A space as `▁`, bytes as `<0x0A>`: SentencePiece.
    SentencePiece,
}

/// The labels of tokens of which nothing is known but how they are written.
pub fn labels<Token: AsRef<str>>(tokens: &[Token]) -> Vec<String> {
    let spelling = Spelling::of(tokens);
    let label = |token: &Token| spelling.label(token.as_ref());
    tokens.iter().map(label).collect()
}

impl Spelling {
    /// How these tokens, which stand together, seem to be written. One alone
    /// does not tell: `Ã` may be a letter of a text or a byte of one, and `Ġ`
    /// is a letter of Maltese.
    pub fn of<Token: AsRef<str>>(tokens: &[Token]) -> Self {
        let any = |is: fn(&str) -> bool| tokens.iter().any(|token| is(token.as_ref()));
        let goes_on = |token: &str| {
            let rest = token.strip_prefix("##").unwrap_or_default();
            rest.starts_with(char::is_alphanumeric)
        };
        if any(goes_on) {
            Self::Plain
        } else if any(|token| token.starts_with('▁')) {
            Self::SentencePiece
        } else if any(|token| token.contains(['Ġ', 'Ċ'])) {
            Self::ByteLevel
        } else {
            Self::Plain
        }
    }

    /// What an axis shows for a token.
    pub fn label(self, token: &str) -> String {
        match self {
            Self::Plain => with_marks(token),
            // A token that was added to the vocabulary is written as it is.
            Self::ByteLevel => match token.chars().map(byte_of).collect::<Option<Vec<u8>>>() {
                Some(bytes) => of_bytes(&bytes, 'Ġ'),
                None => with_marks(token),
            },
            Self::SentencePiece => match byte_named(token) {
                Some(byte) => of_bytes(&[byte], '▁'),
                None => with_marks(token),
            },
        }
    }

    /// What an axis shows for tokens that make a word: the bytes of a character
    /// that the vocabulary cuts in two are put together again.
    pub fn label_of_pieces(self, pieces: &[&str]) -> String {
        let of_bytes_of = |bytes_of: fn(&str) -> Option<Vec<u8>>, space| {
            let bytes: Option<Vec<Vec<u8>>> = pieces.iter().map(|piece| bytes_of(piece)).collect();
            bytes.map(|bytes| of_bytes(&bytes.concat(), space))
        };
        let together = match self {
            Self::Plain => None,
            Self::ByteLevel => of_bytes_of(|piece| piece.chars().map(byte_of).collect(), 'Ġ'),
            Self::SentencePiece => of_bytes_of(
                |piece| Some(byte_named(piece).map_or_else(|| piece.into(), |byte| vec![byte])),
                '▁',
            ),
        };
        together.unwrap_or_else(|| pieces.iter().map(|piece| self.label(piece)).collect())
    }

    /// Whether the token begins within a character, which one before it began.
    pub fn goes_on_with_character(self, token: &str) -> bool {
        let continues = |byte: u8| (0x80..0xC0).contains(&byte);
        self.bytes(token).first().copied().is_some_and(continues)
    }

    /// Whether the token begins a word, as far as its spelling tells: after a
    /// space, or where no mark says that it goes on with one.
    pub fn begins_word(self, token: &str) -> bool {
        match self {
            Self::Plain => !(token.starts_with("##") && token.len() > 2),
            Self::ByteLevel => token.starts_with(['Ġ', 'Ċ', 'ĉ', 'č']),
            Self::SentencePiece => token.starts_with('▁') || byte_named(token) == Some(b'\n'),
        }
    }
}

impl Spelling {
    /// The bytes of the text that a token was made of, with the space before a
    /// word where its spelling has one.
    pub fn bytes(self, token: &str) -> Vec<u8> {
        let bytes = match self {
            Self::Plain if !self.begins_word(token) => token.strip_prefix("##").map(Vec::from),
            Self::Plain => None,
            Self::ByteLevel => token.chars().map(byte_of).collect(),
            Self::SentencePiece => match byte_named(token) {
                Some(byte) => Some(vec![byte]),
                None => Some(token.replace('▁', " ").into_bytes()),
            },
        };
        bytes.unwrap_or_else(|| token.into())
    }
}

/// Bytes as text: letters where they make some, else numbers.
fn of_bytes(bytes: &[u8], space: char) -> String {
    let mut label = String::new();
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                ' ' => label.push(space),
                '\n' => label.push('↵'),
                '\t' => label.push('⇥'),
                _ if letter.is_ascii_control() => push_byte(&mut label, letter as u8),
                _ if letter.is_control() || letter.is_whitespace() => {
                    // Writing to a string cannot fail.
                    let _ = write!(label, "<U+{:04X}>", u32::from(letter));
                }
                _ => label.push(letter),
            }
        }
        // A character that is cut in two by the vocabulary.
        for &byte in chunk.invalid() {
            push_byte(&mut label, byte);
        }
    }
    label
}

/// A token as it is, but for what would move what is written behind it: line
/// ends, tabs and other control characters, as some vocabularies hold them.
fn with_marks(token: &str) -> String {
    let mut label = String::with_capacity(token.len());
    for letter in token.chars() {
        match letter {
            '\n' => label.push('↵'),
            '\t' => label.push('⇥'),
            _ if letter.is_ascii_control() => push_byte(&mut label, letter as u8),
            _ => label.push(letter),
        }
    }
    label
}

fn push_byte(label: &mut String, byte: u8) {
    let _ = write!(label, "<0x{byte:02X}>");
}

/// The byte that SentencePiece writes as `<0x0A>`.
fn byte_named(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    let is_byte = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_byte
        .then(|| u8::from_str_radix(digits, 16).ok())
        .flatten()
}

/// The byte that a letter of a byte-level vocabulary stands for, `None` for
/// every other letter: printable ones of Latin-1 stand for themselves, those
/// from U+0100 on for the others in order (GPT-2's `bytes_to_unicode`,
/// <https://github.com/openai/gpt-2/blob/master/src/encoder.py>).
fn byte_of(letter: char) -> Option<u8> {
    let code = u32::from(letter);
    match code {
        0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF => u8::try_from(code).ok(),
        0x100..=0x120 => u8::try_from(code - 0x100).ok(),
        0x121..=0x142 => u8::try_from(code - 0x121 + 0x7F).ok(),
        0x143 => Some(0xAD),
        _ => None,
    }
}
