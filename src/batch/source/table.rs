//! Tables of inputs: rows under a header, their fields between commas,
//! semicolons or tabs.
//!
//! A quoted field may span lines. Where its quotation mark is not closed within
//! [`HELD_LINES`] or [`HELD_BYTES`], or where what it would enclose does not fit
//! the header, that is an error of the line it begins on, and the lines behind
//! it are read as rows of their own.

use std::collections::VecDeque;

use super::InputSource;
use super::columns::{self, Chosen};
use super::error::{HeaderLayout, SourceError};
use super::format::InputFormat;
use super::lines::{Line, Lines};
use super::record::{MAXIMUM_FIELDS, MAXIMUM_LENGTH, Record, RecordError, RecordText};
use super::row::{Row, RowEnd};

/// A row goes on over at most so many lines after its first.
const HELD_LINES: usize = 1_000;
/// So many rows are examples of what is in a column.
const EXAMPLES: usize = 20;
/// The lines that a row goes on over have at most so many bytes together.
const HELD_BYTES: usize = 1 << 20;

/// The rows of a table.
pub(super) struct Table {
    lines: Lines,
    /// Lines that were looked at for the end of a row, and are still to be read.
    held: VecDeque<Line>,
    delimiter: u8,
    has_quotes: bool,
    /// `None` for a file without a line.
    header: Option<Header>,
}

#[derive(Clone)]
struct Header {
    length: usize,
    chosen: Chosen,
    /// The names of columns that may be the second text, and are not read.
    unread: Vec<String>,
}

impl Table {
    /// Reads the header.
    pub(super) fn open(source: &InputSource, lines: Lines) -> Result<Self, SourceError> {
        let is_csv = source.format == InputFormat::Csv;
        let mut table = Self {
            lines,
            held: VecDeque::new(),
            delimiter: b'\t',
            has_quotes: is_csv || source.has_quotes,
            header: None,
        };
        let Some(mut first) = table.next_line(source)? else {
            return Ok(table);
        };
        if is_csv {
            table.delimiter = most_frequent_delimiter(first.content());
            if let Some(delimiter) = said_delimiter(first.content()) {
                table.delimiter = delimiter;
                match table.next_line(source)? {
                    Some(line) => first = line,
                    None => return Ok(table),
                }
            }
        }
        let row = table.row(first, source)?;
        let header = row.map_err(|error| SourceError::Header {
            file: source.name.clone(),
            error,
        })?;
        if header.len() > MAXIMUM_FIELDS {
            let maximum = MAXIMUM_FIELDS;
            return Err(SourceError::Header {
                file: source.name.clone(),
                error: RecordError::TooManyFields { maximum },
            });
        }
        table.header = Some(match Header::new(&header, source) {
            Ok(header) => header,
            Err(error) => return Err(table.explained(error, source)?),
        });
        Ok(table)
    }

    /// Why a header has no texts, with the first rows to tell what may be some.
    fn explained(
        &mut self,
        error: SourceError,
        source: &InputSource,
    ) -> Result<SourceError, SourceError> {
        let mut rows = Vec::new();
        for _ in 0..EXAMPLES {
            match self.next_line(source)? {
                Some(line) => rows.extend(self.row(line, source)?),
                None => break,
            }
        }
        let likelihood = |index: usize| {
            let fields = rows.iter().map(|row| row.field(index));
            let each = fields.map(|field| columns::likelihood(&String::from_utf8_lossy(field)));
            each.fold((0, 0), |sum, each| (sum.0 + each.0, sum.1 + each.1))
        };
        Ok(match error {
            SourceError::Columns {
                file,
                error,
                layout,
            } => SourceError::Columns {
                file,
                error: error.with_examples(likelihood),
                layout,
            },
            error => error,
        })
    }

    /// The next row; `None` at the end.
    pub(super) fn next(&mut self, source: &InputSource) -> Result<Option<Record>, SourceError> {
        if self.header.is_none() {
            return Ok(None);
        }
        let Some(first) = self.next_line(source)? else {
            return Ok(None);
        };
        let line = first.number;
        let mut offset = first.offset;
        let row = self.row(first, source)?;
        if let Some(next) = self.held.front() {
            offset = offset.min(next.offset);
        }
        Ok(self.header.as_ref().map(|header| match row {
            Ok(row) => Record::new([line, offset], header.text(&row), || {
                header.id(&row).ok()?
            }),
            Err(error) => Record::new([line, offset], Err(error), || None),
        }))
    }

    /// The next line that is not empty.
    fn next_line(&mut self, source: &InputSource) -> Result<Option<Line>, SourceError> {
        loop {
            let line = match self.held.pop_front() {
                Some(line) => Some(line),
                None => self.lines.next().map_err(|error| source.io(error))?,
            };
            match line {
                Some(line) if line.content().is_empty() && !line.is_too_long => {}
                line => return Ok(line),
            }
        }
    }

    /// The row that begins with a line.
    fn row(
        &mut self,
        first: Line,
        source: &InputSource,
    ) -> Result<Result<Row, RecordError>, SourceError> {
        if first.is_too_long {
            let maximum = MAXIMUM_LENGTH;
            return Ok(Err(RecordError::TooLong { maximum }));
        }
        let expected = self.header.as_ref().map(|header| header.length);
        let mut row = Row::new(self.delimiter, self.has_quotes);
        let mut end = row.read(first.content(), first.end());
        let (mut count, mut length) = (0, 0);
        while end == RowEnd::Open {
            let has_too_many = expected.is_some_and(|expected| row.len() >= expected);
            if count == HELD_LINES || length > HELD_BYTES || has_too_many {
                return Ok(Err(RecordError::OpenQuote));
            }
            if count == self.held.len() {
                let line = self.lines.next().map_err(|error| source.io(error))?;
                self.held.extend(line);
            }
            let Some(line) = self.held.get(count).filter(|line| !line.is_too_long) else {
                return Ok(Err(RecordError::OpenQuote));
            };
            end = row.read(line.content(), line.end());
            (count, length) = (count + 1, length + line.bytes.len());
        }
        let fits = expected.is_none_or(|expected| row.len() == expected);
        Ok(match (end, fits) {
            (RowEnd::Whole, true) => {
                self.held.drain(..count);
                Ok(row)
            }
            // What it would enclose shows that the mark was not meant so.
            _ if count > 0 => Err(RecordError::OpenQuote),
            (RowEnd::AfterQuote, _) => Err(RecordError::AfterQuote { found: row.stray() }),
            (RowEnd::Whole | RowEnd::Open, _) => {
                let mut fields = (0..row.len().min(MAXIMUM_FIELDS)).map(|index| row.field(index));
                let is_marked = |field: &[u8]| match self.has_quotes {
                    false => field.starts_with(b"\"") || field.ends_with(b"\""),
                    true => field.starts_with(b" ") && field.trim_ascii().starts_with(b"\""),
                };
                Err(RecordError::FieldCount {
                    expected: expected.unwrap_or(0),
                    found: row.len(),
                    has_quotes: self.has_quotes,
                    has_lettered_mark: fields.any(is_marked),
                })
            }
        })
    }
}

impl Header {
    fn new(row: &Row, source: &InputSource) -> Result<Self, SourceError> {
        let names: Vec<String> = (0..row.len())
            .map(|index| String::from_utf8_lossy(row.field(index)).trim().to_owned())
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let chosen = columns::choose(&source.columns, &names);
        let chosen = chosen.map_err(|error| SourceError::Columns {
            file: source.name.clone(),
            error,
            layout: layout(row, source),
        })?;
        let unread = chosen.unread.iter().filter_map(|&index| names.get(index));
        let unread = unread.map(|&name| name.to_owned()).collect();
        Ok(Self {
            length: row.len(),
            chosen,
            unread,
        })
    }

    fn id(&self, row: &Row) -> Result<Option<String>, RecordError> {
        Ok(field(row, self.chosen.id)?.filter(|id| !id.is_empty()))
    }

    fn text(&self, row: &Row) -> Result<RecordText, RecordError> {
        let text = RecordText {
            id: self.id(row)?,
            text: field(row, Some(self.chosen.text))?.unwrap_or_default(),
            unread: self.unread.clone(),
            ..RecordText::default()
        };
        Ok(text.with_pair(field(row, self.chosen.pair)?))
    }
}

fn field(row: &Row, index: Option<usize>) -> Result<Option<String>, RecordError> {
    let text = index.map(|index| RecordError::text(row.field(index)));
    Ok(text.transpose()?.map(str::to_owned))
}

/// What a header looks like whose columns are not those of inputs.
fn layout(row: &Row, source: &InputSource) -> Option<HeaderLayout> {
    let first = row.field(0);
    let is_one = row.len() == 1;
    let has = |delimiter: u8| is_one && first.contains(&delimiter);
    match source.format {
        InputFormat::Tsv if has(b',') || has(b';') => Some(HeaderLayout::Csv),
        InputFormat::Csv | InputFormat::Tsv if has(b'|') => Some(HeaderLayout::Between('|')),
        InputFormat::Tsv if !source.has_quotes => {
            let mut fields = (0..row.len()).map(|index| row.field(index));
            let is_quoted = fields.any(|field| field.len() > 1 && field.starts_with(b"\""));
            is_quoted.then_some(HeaderLayout::Quoted)
        }
        InputFormat::Text
        | InputFormat::JsonLines
        | InputFormat::Json
        | InputFormat::Conllu
        | InputFormat::Csv
        | InputFormat::Tsv
        | InputFormat::Parquet => None,
    }
}

/// `sep=;`, as Excel writes it above the header.
fn said_delimiter(line: &[u8]) -> Option<u8> {
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let line = line.strip_suffix(b"\"").unwrap_or(line);
    let (name, delimiter) = line.split_at_checked(4)?;
    match delimiter {
        [delimiter] if name.eq_ignore_ascii_case(b"sep=") => Some(*delimiter),
        _ => None,
    }
}

/// Which of comma, semicolon and tab stands most often between the names of a
/// header; a comma where none does.
fn most_frequent_delimiter(header: &[u8]) -> u8 {
    let mut is_quoted = false;
    let outside: Vec<u8> = header
        .iter()
        .copied()
        .filter(|&byte| {
            is_quoted ^= byte == b'"';
            !is_quoted
        })
        .collect();
    let count = |delimiter: u8| outside.iter().filter(|&&byte| byte == delimiter).count();
    let mut best = b',';
    for delimiter in [b';', b'\t'] {
        if count(delimiter) > count(best) {
            best = delimiter;
        }
    }
    best
}
