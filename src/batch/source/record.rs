//! An input as its file has it, and why one could not be read.

use std::str::Utf8Error;

use thiserror::Error;

use super::columns::ColumnError;
use crate::analysis::Annotation;
use crate::remedy::{ParquetRemedy, Remedy};

/// The longest line or element, in bytes: far beyond what any model takes, short
/// enough for a file without line ends not to fill the memory.
pub(super) const MAXIMUM_LENGTH: usize = 16 << 20;

/// The most fields of a row or an object: so many that they are no mistake, few
/// enough for a line of delimiters not to fill the memory.
pub(super) const MAXIMUM_FIELDS: usize = 1 << 14;

/// An input as its file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::batch) struct Record {
    /// The line on which it begins, from 1; in a file of JSON its position.
    pub line: u64,
    /// Bytes of the file up to its end.
    pub offset: u64,
    /// What it calls itself, whatever else is wrong with it.
    pub id: Option<String>,
    pub content: Result<RecordText, RecordError>,
}

/// What an input says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::batch) struct RecordText {
    pub id: Option<String>,
    pub text: String,
    pub pair: Option<String>,
    /// Whether its second text is there and empty: it is encoded alone.
    pub has_empty_pair: bool,
    /// The columns or fields that may be the second text, and were not read.
    pub unread: Vec<String>,
    /// What is known of the words of its text, where that is asked for.
    pub annotation: Option<Annotation>,
}

/// Why an input could not be read, while those behind it can.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It is longer than anybody's text.
    #[error("expected a line of at most {maximum} bytes, found a longer one")]
    TooLong {
        /// The most, in bytes.
        maximum: usize,
    },
    /// It has more fields than anybody's data.
    #[error("expected at most {maximum} fields, found more")]
    TooManyFields {
        /// The most.
        maximum: usize,
    },
    /// It is in another encoding.
    #[error("expected UTF-8, found another byte at {position}")]
    NotUtf8 {
        /// Where, in bytes from 0.
        position: usize,
    },
    /// A column of a Parquet table holds bytes in another encoding.
    #[error("expected UTF-8 in the column {name:?}, found another byte at {position}")]
    BytesInColumn {
        /// The column.
        name: String,
        /// Where, in bytes from 0.
        position: usize,
    },
    /// Half of a letter beyond U+FFFF, as a text cut in UTF-16 ends.
    #[error("expected whole letters, found half of a surrogate pair")]
    HalfSurrogate,
    /// It is no JSON.
    #[error("expected {expected} at column {column}, found {found}")]
    NotJson {
        /// What should be there.
        expected: &'static str,
        /// Where, in letters from 1.
        column: usize,
        /// What is there.
        found: String,
    },
    /// It is JSON that says no text.
    #[error("expected a JSON object with a text, a text, or an array of two texts, found {found}")]
    NoObject {
        /// What is there.
        found: &'static str,
    },
    /// It is an object around an array, which may hold the inputs.
    #[error("expected an input, found an object with an array in its field {name:?}")]
    ArrayWithin {
        /// The field.
        name: String,
        /// Whether it holds the tokens of one text.
        of_tokens: bool,
        /// Whether the object is an element of an array itself.
        is_in_array: bool,
    },
    /// It is a table whose rows are no objects, as pandas writes it.
    #[error("expected an object for each text, found a whole table in one (orient={orient:?})")]
    Turned {
        /// What pandas calls how it is turned.
        orient: &'static str,
    },
    /// It is no line of JSON Lines, but a part of JSON that spans them, or several
    /// inputs in one.
    #[error("expected one input a line, found {found}")]
    NotOfOneLine {
        /// What is there.
        found: &'static str,
    },
    /// A line of a treebank is none of CoNLL-U.
    #[error("line {line}: expected {expected}, found {found:?}")]
    NotConllu {
        /// The line, from 1.
        line: u64,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// The relations that an object of JSON carries are none of its text.
    #[error(
        "expected [{{\"name\": \"nsubj\", \"from\": [0, 3], \"to\": [4, 10]}}], places in bytes, in \
         the field \"relations\", found {found}"
    )]
    WrongRelations {
        /// What is there.
        found: String,
    },
    /// A field holds something else than it should.
    #[error("expected {expected} in the field {name:?}, found {found}")]
    WrongKind {
        /// The field.
        name: String,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// The array that it is in is broken; what follows cannot be read.
    #[error("the array is broken: expected {expected}, found {found}; nothing after this is read")]
    BrokenArray {
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// Its fields are not those of an input.
    #[error(transparent)]
    Columns(#[from] ColumnError),
    /// A row has more or fewer fields than the header.
    #[error(
        "expected {expected} fields as in the header, found {found}{}",
        spaced_mark(*.has_quotes && *.has_lettered_mark)
    )]
    FieldCount {
        /// Fields of the header.
        expected: usize,
        /// Fields of the row.
        found: usize,
        /// Whether commas and the like are to be told from those of the table
        /// by quotation marks.
        has_quotes: bool,
        /// Whether a field begins or ends with a quotation mark that is a letter
        /// here: that of every one, or of one behind a space.
        has_lettered_mark: bool,
    },
    /// A quotation mark that begins a field is never closed.
    #[error("a quotation mark is not closed; the next lines are read as rows of their own")]
    OpenQuote,
    /// A field goes on behind its closing quotation mark.
    #[error("expected the end of the field after its closing quotation mark, found {found:?}")]
    AfterQuote {
        /// What is there.
        found: char,
    },
    /// The same within an array, with its place.
    #[error("element {position}, which begins on line {line}: {error}")]
    Element {
        /// Among the elements, from 1.
        position: u64,
        /// Of the file, from 1.
        line: u64,
        /// What is wrong with it.
        error: Box<RecordError>,
    },
}

/// What makes letters of quotation marks, where something does.
fn spaced_mark(is_there: bool) -> &'static str {
    match is_there {
        true => "; a quotation mark behind a space is a letter and encloses nothing",
        false => "",
    }
}

impl Record {
    /// `own_id` finds what an input calls itself that cannot be read otherwise.
    pub(super) fn new(
        [line, offset]: [u64; 2],
        content: Result<RecordText, RecordError>,
        own_id: impl FnOnce() -> Option<String>,
    ) -> Self {
        let id = match &content {
            Ok(text) => text.id.clone(),
            Err(_) => own_id().filter(|id| !id.is_empty()),
        };
        Self {
            line,
            offset,
            id,
            content,
        }
    }
}

impl RecordText {
    /// With a second text, unless that is empty: tables have no other sign for
    /// an input that is alone, and all formats are read alike.
    pub(super) fn with_pair(mut self, pair: Option<String>) -> Self {
        let is_empty = |pair: &String| pair.trim().is_empty();
        self.has_empty_pair = pair.as_ref().is_some_and(is_empty);
        self.pair = pair.filter(|pair| !is_empty(pair));
        self
    }
}

impl RecordError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        self.remedy_in(None)
    }

    /// What the user can do about it in a file that is named so.
    pub fn remedy_in(&self, file: Option<&str>) -> Option<Remedy> {
        Some(match self {
            Self::TooLong { .. } => Remedy::SplitTexts,
            Self::TooManyFields { .. } => Remedy::LeaveOutFields,
            Self::NotUtf8 { .. } => Remedy::SaveAsUtf8 {
                file: file.map(str::to_owned),
            },
            Self::BytesInColumn { name, .. } => {
                Remedy::Parquet(ParquetRemedy::DecodeColumn { name: name.clone() })
            }
            Self::HalfSurrogate => Remedy::WriteWholeLetters,
            Self::NotJson { .. } | Self::NoObject { .. } | Self::BrokenArray { .. } => {
                Remedy::WriteJson
            }
            Self::ArrayWithin {
                name,
                of_tokens,
                is_in_array,
            } => Remedy::TakeArrayOut {
                name: name.clone(),
                of_tokens: *of_tokens,
                is_in_array: *is_in_array,
                file: file.map(str::to_owned),
            },
            Self::Turned { orient } => Remedy::TurnTable {
                orient,
                file: file.map(str::to_owned),
            },
            Self::NotOfOneLine { .. } => Remedy::ReadAsJson,
            Self::NotConllu { .. } => Remedy::WriteConllu,
            Self::WrongRelations { .. } => Remedy::WriteRelations,
            Self::WrongKind { .. } => Remedy::WriteTextsAsStrings,
            Self::Columns(error) => return error.remedy(),
            Self::FieldCount {
                has_quotes: true, ..
            } => Remedy::QuoteFields,
            Self::FieldCount {
                has_lettered_mark: true,
                ..
            } => Remedy::ReadQuotes,
            Self::FieldCount { .. } => Remedy::FillFields,
            Self::OpenQuote | Self::AfterQuote { .. } => Remedy::CloseQuote,
            Self::Element { error, .. } => return error.remedy_in(file),
        })
    }

    /// Why bytes are no text.
    pub(super) fn not_utf8(bytes: &[u8], error: &Utf8Error) -> Self {
        let position = error.valid_up_to();
        match bytes.get(position..) {
            Some([0xed, 0xa0..=0xbf, ..]) => Self::HalfSurrogate,
            _ => Self::NotUtf8 { position },
        }
    }

    /// Bytes as text.
    pub(super) fn text(bytes: &[u8]) -> Result<&str, Self> {
        std::str::from_utf8(bytes).map_err(|error| Self::not_utf8(bytes, &error))
    }
}
