//! What the inputs of a file tell of how it was read: whether it looks like
//! another format, holds second texts that nobody reads, or quotation marks that
//! are letters and look like something else. All of it becomes warnings.

use std::collections::BTreeSet;

use super::InputSource;
use super::columns;
use super::format::InputFormat;
use super::json::{JsonKind, JsonValue};
use super::record::{Record, RecordText};
use super::row::{Row, RowEnd};

/// So many rows below what may be a header are compared with it.
const COMPARED_ROWS: u64 = 100;
/// So many columns of a file are named at most.
const NAMED_COLUMNS: usize = 12;

/// Something about a file that changes what its results mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileWarning {
    /// It was read as lines of text and looks like another format.
    LooksLike(InputFormat),
    /// A column or field may be a second text and was not asked for.
    UnreadColumn(String),
    /// So many inputs have an empty second text where others have one.
    EmptyPairs(u64),
    /// In so many inputs a quotation mark is a letter and looks as if it enclosed
    /// a field between tabs.
    LetteredQuotes(u64),
    /// In so many inputs a space before a quotation mark makes a letter of it.
    SpacedQuotes(u64),
    /// It holds no input.
    Empty,
}

/// What the first line of a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum FirstLine {
    #[default]
    Text,
    /// Of another format, for certain.
    Of(InputFormat),
    /// A string of JSON, or a quotation.
    JsonString,
    /// So many names between these.
    Names { delimiter: u8, count: usize },
}

/// What was found in a file so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::batch) struct Findings {
    inputs: u64,
    first_line: FirstLine,
    /// Strings of JSON, or rows below names that have as many fields.
    alike: u64,
    unread: BTreeSet<String>,
    pairs: u64,
    empty_pairs: u64,
    lettered_quotes: u64,
    spaced_quotes: u64,
    /// Whether the last input opens a quotation mark and does not close it.
    is_open: bool,
}

impl Findings {
    /// Looks at the next input.
    pub(in crate::batch) fn see(&mut self, source: &InputSource, record: &Record) {
        self.inputs += 1;
        let Ok(content) = &record.content else {
            return;
        };
        self.pairs += u64::from(content.pair.is_some());
        self.empty_pairs += u64::from(content.has_empty_pair);
        for name in &content.unread {
            if self.unread.len() < NAMED_COLUMNS && !self.unread.contains(name) {
                self.unread.insert(name.clone());
            }
        }
        match source.format {
            InputFormat::Text => self.see_line(content.text.trim()),
            InputFormat::Tsv if !source.has_quotes => self.see_letters(content),
            InputFormat::Csv | InputFormat::Tsv => {
                let is_spaced = fields(content).any(|field| {
                    let rest = field.trim_start();
                    rest.len() < field.len()
                        && rest.starts_with('"')
                        && rest.trim_end().ends_with('"')
                });
                self.spaced_quotes += u64::from(is_spaced);
            }
            InputFormat::JsonLines
            | InputFormat::Json
            | InputFormat::Conllu
            | InputFormat::Parquet => {}
        }
    }

    fn see_line(&mut self, line: &str) {
        if self.inputs == 1 {
            self.first_line = FirstLine::of(line);
        }
        self.alike += u64::from(match self.first_line {
            FirstLine::Text | FirstLine::Of(_) => false,
            FirstLine::JsonString => is_json_string(line),
            FirstLine::Names { delimiter, count } => {
                let mut row = Row::new(delimiter, true);
                self.inputs <= COMPARED_ROWS
                    && row.read(line.as_bytes(), b"") == RowEnd::Whole
                    && row.len() == count
            }
        });
    }

    /// Quotation marks that begin and end a text while those in it are doubled,
    /// or that one line opens and the next one closes.
    fn see_letters(&mut self, content: &RecordText) {
        let is_odd = |field: &str| field.matches('"').count() % 2 == 1;
        let closes = fields(content).any(|field| field.ends_with('"') && is_odd(field));
        let is_enclosed = fields(content).any(|field| {
            let inner = field
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            inner.is_some_and(|inner| {
                inner.contains("\"\"") && !inner.replace("\"\"", "").contains('"')
            })
        });
        self.lettered_quotes += u64::from(is_enclosed || (self.is_open && closes));
        self.is_open = fields(content).any(|field| field.starts_with('"') && is_odd(field));
    }

    /// Whether the file holds an input.
    pub(in crate::batch) fn has_inputs(&self) -> bool {
        self.inputs > 0
    }

    /// All that is to be said of the whole file.
    pub(in crate::batch) fn warnings(&self) -> Vec<FileWarning> {
        let count =
            |count: u64, warning: fn(u64) -> FileWarning| (count > 0).then(|| warning(count));
        let empty_pairs = if self.pairs > 0 { self.empty_pairs } else { 0 };
        let unread = self.unread.iter().cloned();
        self.looks_like()
            .map(FileWarning::LooksLike)
            .into_iter()
            .chain(unread.map(FileWarning::UnreadColumn))
            .chain(count(empty_pairs, FileWarning::EmptyPairs))
            .chain(count(self.lettered_quotes, FileWarning::LetteredQuotes))
            .chain(count(self.spaced_quotes, FileWarning::SpacedQuotes))
            .chain((!self.has_inputs()).then_some(FileWarning::Empty))
            .collect()
    }

    fn looks_like(&self) -> Option<InputFormat> {
        match self.first_line {
            FirstLine::Text => None,
            FirstLine::Of(format) => Some(format),
            // Of quotations alone no file of texts consists.
            FirstLine::JsonString => (self.alike == self.inputs).then_some(InputFormat::JsonLines),
            // The names are a row themselves. A text in quotation marks may span
            // lines.
            FirstLine::Names { delimiter, .. } => {
                let rows = self.inputs.min(COMPARED_ROWS);
                (rows > 2 && self.alike * 10 >= rows * 9).then_some(between(char::from(delimiter)))
            }
        }
    }
}

fn fields(content: &RecordText) -> impl Iterator<Item = &str> {
    [Some(content.text.as_str()), content.pair.as_deref()]
        .into_iter()
        .flatten()
}

/// Which table has this between its fields.
fn between(delimiter: char) -> InputFormat {
    match delimiter {
        '\t' => InputFormat::Tsv,
        _ => InputFormat::Csv,
    }
}

fn is_json_string(line: &str) -> bool {
    line.starts_with('"') && JsonValue::parse(line).is_ok_and(|value| value.kind == JsonKind::Text)
}

impl FirstLine {
    fn of(line: &str) -> Self {
        if let Some(format) = json_format(line) {
            return Self::Of(format);
        }
        if is_json_string(line) {
            return Self::JsonString;
        }
        if let Some(delimiter) = columns::header_delimiter(line) {
            return Self::Of(between(delimiter));
        }
        let is_name = |name: &str| {
            let name = name.trim_matches('"');
            let is_of_name = |letter: char| letter.is_alphanumeric() || "_-.".contains(letter);
            name.starts_with(char::is_alphabetic) && name.chars().all(is_of_name)
        };
        let mut delimiters = [b'\t', b',', b';'].into_iter();
        let found = delimiters.find_map(|delimiter| {
            let sign = char::from(delimiter);
            let are_names = line.contains(sign) && line.split(sign).all(is_name);
            are_names.then(|| Self::Names {
                delimiter,
                count: line.split(sign).count(),
            })
        });
        found.unwrap_or_default()
    }
}

/// Which format of JSON begins with this line: an object or two texts on it are
/// a line of JSON Lines; what goes on below, or holds several, is JSON.
fn json_format(line: &str) -> Option<InputFormat> {
    let goes_on = line.ends_with([',', '{', '[']);
    if let Some(rest) = line.strip_prefix('{') {
        let rest = rest.trim_start();
        return match (rest.is_empty() || goes_on, rest.starts_with('"')) {
            (_, false) if !rest.is_empty() => None,
            (true, _) => Some(InputFormat::Json),
            (false, _) => Some(InputFormat::JsonLines),
        };
    }
    let rest = line.strip_prefix('[')?.trim_start();
    let members = JsonValue::parse(line).and_then(JsonValue::members);
    let Ok(members) = members else {
        let begins_object = |rest: &str| rest.trim_start().starts_with('"');
        let is_object = rest.strip_prefix('{').is_some_and(begins_object);
        let is_json =
            rest.is_empty() || is_object || (goes_on && rest.starts_with(['{', '"', '[']));
        return is_json.then_some(InputFormat::Json);
    };
    let kinds: Vec<JsonKind> = members.iter().map(|(_, value)| value.kind).collect();
    match kinds.as_slice() {
        [JsonKind::Text, JsonKind::Text] => Some(InputFormat::JsonLines),
        [JsonKind::Text | JsonKind::Object | JsonKind::Array, ..] => Some(InputFormat::Json),
        []
        | [
            JsonKind::Number | JsonKind::NotANumber | JsonKind::Boolean | JsonKind::Null,
            ..,
        ] => None,
    }
}
