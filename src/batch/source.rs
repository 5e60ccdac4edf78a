//! Files of inputs, one input at a time: lines of text, JSON Lines, and tables
//! with a header. What cannot be read as an input is one that failed, with its
//! place; only what stops the whole file is an error.

mod table;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::str::FromStr;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::digest::{hexadecimal, sha256_of};
use crate::remedy::Remedy;
use table::Table;

/// The longest line or table row, in bytes: far beyond what any model takes,
/// short enough for a file without line ends not to fill the memory.
const MAXIMUM_RECORD_LENGTH: u64 = 16 << 20;

/// How a file holds its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputFormat {
    /// One text a line; blank lines are none.
    Text,
    /// One JSON object a line: `text`, and perhaps `id` and `pair`.
    JsonLines,
    /// Comma-separated values with a header: `text`, and perhaps `id` and `pair`.
    Csv,
    /// The same, separated by tabs.
    Tsv,
}

impl InputFormat {
    const NAMES: [(&'static str, Self); 4] = [
        ("txt", Self::Text),
        ("jsonl", Self::JsonLines),
        ("csv", Self::Csv),
        ("tsv", Self::Tsv),
    ];

    /// By a file's extension; text where it has none of those.
    fn of(path: &Path) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension
            .and_then(|extension| match extension.to_ascii_lowercase().as_str() {
                "ndjson" => Some(Self::JsonLines),
                name => name.parse().ok(),
            })
            .unwrap_or(Self::Text)
    }
}

impl FromStr for InputFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text);
        found.map(|&(_, format)| format).ok_or_else(|| {
            let names = Self::NAMES.map(|(name, _)| name).join(", ");
            format!("unknown input format {text:?}, expected one of: {names}")
        })
    }
}

impl fmt::Display for InputFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, format)| format == self);
        formatter.write_str(name.map_or("", |(name, _)| name))
    }
}

/// A file of inputs cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// It cannot be opened or read on.
    #[error("{file}: {source}")]
    Io {
        /// The file, as it was named.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A table without the column that matters.
    #[error("{file}: expected a header with a column \"text\", found {found}")]
    NoTextColumn {
        /// The file, as it was named.
        file: String,
        /// The columns that there are.
        found: String,
    },
    /// Standard input can only be read once.
    #[error("standard input (-) is named twice")]
    StandardInputTwice,
}

impl SourceError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Io { .. } => Remedy::NameReadableInputs,
            Self::NoTextColumn { .. } => Remedy::NameTextColumn,
            Self::StandardInputTwice => Remedy::NameStandardInputOnce,
        })
    }
}

/// A file of inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputSource {
    /// Where it is; `-` for standard input.
    pub path: PathBuf,
    /// How it holds inputs.
    pub format: InputFormat,
    /// What results call it: as it was named, without the folders of an
    /// absolute path.
    pub name: String,
    /// What stands before the line number in the ids of its inputs.
    pub id_prefix: String,
}

impl InputSource {
    /// The sources of a command line. `format` overrides their extensions.
    ///
    /// # Errors
    /// When standard input is named twice.
    pub fn all(paths: &[PathBuf], format: Option<InputFormat>) -> Result<Vec<Self>, SourceError> {
        if paths.iter().filter(|path| is_standard_input(path)).count() > 1 {
            return Err(SourceError::StandardInputTwice);
        }
        let stem = |path: &Path| match path.file_stem() {
            Some(stem) if !is_standard_input(path) => stem.to_string_lossy().into_owned(),
            _ => "stdin".to_owned(),
        };
        let sources = paths.iter().enumerate().map(|(index, path)| {
            let own = stem(path);
            let is_unique = paths.iter().filter(|other| stem(other) == own).count() == 1;
            let id_prefix = match (paths.len(), is_unique) {
                (1, _) => String::new(),
                (_, true) => format!("{own}-"),
                (_, false) => format!("{own}-{}-", index + 1),
            };
            let name = match path.file_name() {
                Some(name) if path.is_absolute() => name.to_string_lossy().into_owned(),
                _ => path.to_string_lossy().into_owned(),
            };
            Self {
                format: format.unwrap_or_else(|| InputFormat::of(path)),
                path: path.clone(),
                name,
                id_prefix,
            }
        });
        Ok(sources.collect())
    }

    /// Its size in bytes, `None` for what is no regular file.
    pub fn size(&self) -> Option<u64> {
        let metadata = fs::metadata(&self.path).ok()?;
        (metadata.is_file() && !is_standard_input(&self.path)).then_some(metadata.len())
    }

    /// The SHA-256 of its content, `None` for what can be read only once or not
    /// at all.
    pub fn sha256(&self) -> Option<String> {
        self.size()?;
        sha256_of(File::open(&self.path).ok()?).ok()
    }

    /// Whether it can be opened, and has a header where it is a table; asked
    /// before any work is done.
    ///
    /// # Errors
    /// When it cannot, or has none.
    pub fn check(&self) -> Result<(), SourceError> {
        if is_standard_input(&self.path) {
            return Ok(());
        }
        let is_folder = fs::metadata(&self.path).map(|metadata| metadata.is_dir());
        match is_folder {
            Ok(true) => Err(self.io(io::ErrorKind::IsADirectory.into())),
            // A named pipe would wait for its writer here.
            Ok(false) if self.size().is_some() => self.open().map(|_| ()),
            Ok(false) => Ok(()),
            Err(error) => Err(self.io(error)),
        }
    }

    fn io(&self, source: io::Error) -> SourceError {
        SourceError::Io {
            file: self.name.clone(),
            source,
        }
    }

    /// Opens it for reading.
    pub(super) fn open(&self) -> Result<Records, SourceError> {
        let inner: Box<dyn Read> = match is_standard_input(&self.path) {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(&self.path).map_err(|error| self.io(error))?),
        };
        let is_table = matches!(self.format, InputFormat::Csv | InputFormat::Tsv);
        let meter = Rc::new(RefCell::new(Meter {
            // Lines are bounded as they are read, rows are not.
            limit: if is_table {
                MAXIMUM_RECORD_LENGTH
            } else {
                u64::MAX
            },
            recent: is_table.then(VecDeque::new),
            ..Meter::default()
        }));
        let reader = MeteredReader {
            inner,
            meter: Rc::clone(&meter),
        };
        let kind = match self.format {
            InputFormat::Text => Kind::Text(Lines::new(reader)),
            InputFormat::JsonLines => Kind::JsonLines(Lines::new(reader)),
            InputFormat::Csv => Kind::Table(Box::new(Table::open(self, reader, b',', &meter)?)),
            InputFormat::Tsv => Kind::Table(Box::new(Table::open(self, reader, b'\t', &meter)?)),
        };
        Ok(Records { kind, meter })
    }

    /// What stops the reading of a table.
    fn table_error(&self, error: csv::Error) -> SourceError {
        self.io(match error.into_kind() {
            csv::ErrorKind::Io(source) => source,
            kind => io::Error::other(format!("{kind:?}")),
        })
    }
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// An input as its file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub line: u64,
    /// Bytes of the file up to its end.
    pub offset: u64,
    pub content: Result<RecordText, String>,
}

/// What an input says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RecordText {
    pub id: Option<String>,
    pub text: String,
    pub pair: Option<String>,
}

/// The inputs of a file that is being read.
pub(super) struct Records {
    kind: Kind,
    meter: Rc<RefCell<Meter>>,
}

enum Kind {
    Text(Lines),
    JsonLines(Lines),
    Table(Box<Table>),
}

impl Records {
    /// The next input; `None` at the end.
    pub(super) fn next(&mut self, source: &InputSource) -> Result<Option<Record>, SourceError> {
        match &mut self.kind {
            Kind::Text(lines) => lines.next(source, |line| {
                Ok(RecordText {
                    text: line.to_owned(),
                    ..RecordText::default()
                })
            }),
            Kind::JsonLines(lines) => lines.next(source, parse_json),
            Kind::Table(table) => table.next(source),
        }
    }

    /// The SHA-256 of everything that was read.
    pub(super) fn sha256(&self) -> String {
        hexadecimal(&self.meter.borrow().hasher.clone().finalize())
    }
}

fn parse_json(line: &str) -> Result<RecordText, String> {
    #[derive(Deserialize)]
    struct Fields {
        id: Option<serde_json::Value>,
        text: Option<String>,
        pair: Option<String>,
    }
    // An array of three would do for the fields as well.
    if !line.trim_start().starts_with('{') {
        return Err("expected a JSON object with a text, found something else".to_owned());
    }
    let fields: Fields = serde_json::from_str(line).map_err(|error| {
        // Its line counts within this line, which is the only one.
        let message = error.to_string();
        let reason = message.split(" at line ").next().unwrap_or(&message);
        let column = error.column();
        format!("expected a JSON object with a text: {reason} at column {column}")
    })?;
    let text = fields
        .text
        .ok_or_else(|| "expected a JSON object with a text, found none".to_owned())?;
    let id = match fields.id {
        None | Some(serde_json::Value::Null) => None,
        Some(serde_json::Value::String(text)) => Some(text),
        Some(serde_json::Value::Number(number)) => Some(number.to_string()),
        Some(other) => {
            return Err(format!(
                "expected an id that is a text or a number, found {other}"
            ));
        }
    };
    Ok(RecordText {
        id: id.filter(|id| !id.is_empty()),
        text,
        pair: fields.pair,
    })
}

fn not_utf8(error: &std::str::Utf8Error) -> String {
    format!(
        "expected UTF-8, found another byte at {}",
        error.valid_up_to()
    )
}

/// The lines of a file, without their ends.
struct Lines {
    reader: BufReader<MeteredReader>,
    line: u64,
    offset: u64,
}

impl Lines {
    fn new(reader: MeteredReader) -> Self {
        Self {
            reader: BufReader::new(reader),
            line: 0,
            offset: 0,
        }
    }

    /// The next line that is not blank, as `parse` understands it.
    fn next(
        &mut self,
        source: &InputSource,
        parse: impl Fn(&str) -> Result<RecordText, String>,
    ) -> Result<Option<Record>, SourceError> {
        loop {
            let mut bytes = Vec::new();
            let whole = self
                .read_line(&mut bytes)
                .map_err(|error| source.io(error))?;
            if self.line == 1 {
                // A byte order mark is no part of the text.
                if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
                    bytes = rest.to_vec();
                }
            }
            let content = match (whole, std::str::from_utf8(&bytes)) {
                (LineLength::Nothing, _) => return Ok(None),
                (LineLength::TooLong, _) => Err(format!(
                    "expected a line of at most {MAXIMUM_RECORD_LENGTH} bytes"
                )),
                (LineLength::Whole, Ok(text)) if text.trim().is_empty() => continue,
                (LineLength::Whole, Ok(text)) => parse(text),
                (LineLength::Whole, Err(error)) => Err(not_utf8(&error)),
            };
            return Ok(Some(Record {
                line: self.line,
                offset: self.offset,
                content,
            }));
        }
    }

    fn read_line(&mut self, bytes: &mut Vec<u8>) -> io::Result<LineLength> {
        let mut length = self
            .reader
            .by_ref()
            .take(MAXIMUM_RECORD_LENGTH)
            .read_until(b'\n', bytes)? as u64;
        if length == 0 {
            return Ok(LineLength::Nothing);
        }
        self.line += 1;
        let too_long = length == MAXIMUM_RECORD_LENGTH && bytes.last() != Some(&b'\n');
        if too_long {
            bytes.clear();
            length += self.reader.skip_until(b'\n')? as u64;
        }
        self.offset += length;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        Ok(match too_long {
            true => LineLength::TooLong,
            false => LineLength::Whole,
        })
    }
}

enum LineLength {
    Nothing,
    Whole,
    TooLong,
}

/// What is known of the bytes that went by.
#[derive(Default)]
struct Meter {
    hasher: Sha256,
    /// Since the last row of a table began.
    record_length: u64,
    /// The most of it.
    limit: u64,
    /// What the rows so far do not cover, to count a table's lines by.
    recent: Option<VecDeque<u8>>,
}

struct MeteredReader {
    inner: Box<dyn Read>,
    meter: Rc<RefCell<Meter>>,
}

impl Read for MeteredReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut meter = self.meter.borrow_mut();
        if meter.record_length > meter.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let count = self.inner.read(buffer)?;
        meter.hasher.update(buffer.get(..count).unwrap_or_default());
        meter.record_length += count as u64;
        if let Some(recent) = &mut meter.recent {
            recent.extend(buffer.get(..count).unwrap_or_default());
        }
        Ok(count)
    }
}
