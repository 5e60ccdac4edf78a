//! Files of inputs, one input at a time: lines of text, JSON Lines, arrays of
//! JSON, tables with a header, and Parquet tables. What cannot be read as an input is one that
//! failed, with its place; only what stops the whole file is an error.
//!
//! A file is read as a stream, in memory that does not grow with it: `decoder`
//! makes UTF-8 of it, `lines` and `elements` cut it, `table` and `object` find
//! the texts. Of a Parquet table, `parquet_rows` reads a page at a time.

mod columns;
mod conllu;
mod decoder;
mod elements;
mod error;
mod findings;
mod foreign;
mod format;
mod json;
mod lines;
mod object;
mod parquet_column;
mod parquet_fault;
mod parquet_files;
mod parquet_pages;
mod parquet_rows;
mod record;
mod relations;
mod row;
mod table;

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use sha2::Digest;

use crate::digest::{hexadecimal, sha256_of};
use crate::remedy::InputColumn;
use crate::store::batch_records::{Columns, Reading};
use conllu::Sentences;
use decoder::{Decoder, Meter};
use elements::Elements;
use lines::Lines;
use object::Surroundings;
use parquet_rows::ParquetRows;
use table::Table;

pub use columns::ColumnError;
pub use error::{HeaderLayout, SourceError};
pub use findings::FileWarning;
pub(super) use findings::Findings;
pub use format::InputFormat;
pub use parquet_fault::ParquetFault;
pub use record::RecordError;
pub(super) use record::{Record, RecordText};

/// So many files of a folder are named.
const NAMED_FILES: usize = 3;

/// How files are read, as the user says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// Instead of what their extensions say.
    pub format: Option<InputFormat>,
    /// Whether quotation marks enclose fields between tabs, too.
    pub has_quotes: bool,
    /// Which columns are the parts of an input.
    pub columns: Columns,
    /// The relations that objects of JSON carry.
    pub relations: Relations,
}

/// What is done with the relations between words that inputs carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Relations {
    /// They are not looked at.
    #[default]
    Ignored,
    /// They are read.
    Read,
}

/// A file of inputs, or a folder that is a Parquet table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputSource {
    /// Where it is; `-` for standard input.
    pub path: PathBuf,
    /// How it holds inputs.
    pub format: InputFormat,
    /// Whether quotation marks enclose fields between tabs, too.
    pub has_quotes: bool,
    /// Which columns are the parts of an input.
    pub columns: Columns,
    /// The relations that objects of JSON carry.
    pub relations: Relations,
    /// What results call it: as it was named, without the folders of an
    /// absolute path.
    pub name: String,
    /// What stands before the line number in the ids of its inputs.
    pub id_prefix: String,
}

impl InputSource {
    /// The sources of a command line.
    ///
    /// # Errors
    /// When standard input is named twice, a file is named as something that is
    /// none of inputs, or a column is named where no file has columns.
    pub fn all(paths: &[PathBuf], options: &ReadOptions) -> Result<Vec<Self>, SourceError> {
        if paths.iter().filter(|path| is_standard_input(path)).count() > 1 {
            return Err(SourceError::StandardInputTwice);
        }
        let stem = |path: &Path| match path.file_stem() {
            Some(stem) if !is_standard_input(path) => stem.to_string_lossy().into_owned(),
            _ => "stdin".to_owned(),
        };
        let source = |(index, path): (usize, &PathBuf)| -> Result<Self, SourceError> {
            let own = stem(path);
            let is_unique = paths.iter().filter(|other| stem(other) == own).count() == 1;
            let id_prefix = match (paths.len(), is_unique) {
                (1, _) => String::new(),
                (_, true) => format!("{own}-"),
                (_, false) => format!("{own}-{}-", index + 1),
            };
            let is_table = options.format.is_none() && parquet_files::is_table(path);
            let named = match is_table {
                true => Some(InputFormat::Parquet),
                false => options.format.or_else(|| InputFormat::of(path)),
            };
            let name = match path.file_name() {
                Some(name) if path.is_absolute() => name.to_string_lossy().into_owned(),
                // Shells complete the names of folders with a slash.
                _ if named == Some(InputFormat::Parquet) => {
                    let path = path.components().as_path();
                    path.to_string_lossy().into_owned()
                }
                _ => path.to_string_lossy().into_owned(),
            };
            let format = match named {
                Some(format) => format,
                // What it lacks is said when it is opened.
                None if !path.is_file() => InputFormat::Text,
                None => {
                    let kind = foreign::by_name(path);
                    return Err(SourceError::Foreign {
                        file: name,
                        path: path.clone(),
                        kind,
                    });
                }
            };
            Ok(Self {
                format,
                has_quotes: options.has_quotes,
                columns: options.columns.clone(),
                relations: options.relations,
                path: path.clone(),
                name,
                id_prefix,
            })
        };
        let sources: Vec<Self> = paths
            .iter()
            .enumerate()
            .map(source)
            .collect::<Result<_, _>>()?;
        match named_column(&options.columns) {
            Some(column) if !sources.iter().any(|source| source.format.has_names()) => {
                Err(SourceError::NoColumns { column })
            }
            _ => Ok(sources),
        }
    }

    /// What tells a batch of these files, read like this, from one of the same
    /// files read otherwise.
    pub fn reading(sources: &[Self]) -> Reading {
        let first = sources.first();
        Reading {
            formats: sources
                .iter()
                .map(|source| source.format.to_string())
                .collect(),
            quotes: first.is_some_and(|source| source.has_quotes),
            columns: first
                .map(|source| source.columns.clone())
                .unwrap_or_default(),
        }
    }

    /// Its size in bytes, `None` for what is neither a regular file nor a table
    /// in a folder.
    pub fn size(&self) -> Option<u64> {
        if self.is_table() && self.path.is_dir() {
            return parquet_files::size(self);
        }
        let metadata = fs::metadata(&self.path).ok()?;
        (metadata.is_file() && !is_standard_input(&self.path)).then_some(metadata.len())
    }

    /// The SHA-256 of its content, `None` for what can be read only once or not
    /// at all.
    pub fn sha256(&self) -> Option<String> {
        self.size()?;
        if self.is_table() {
            return parquet_files::digest(self).ok();
        }
        sha256_of(File::open(&self.path).ok()?).ok()
    }

    fn is_table(&self) -> bool {
        self.format == InputFormat::Parquet
    }

    /// Whether all can be opened, are what they are called, have a header where
    /// they are tables, and hold an input between them; asked before any work is
    /// done.
    ///
    /// # Errors
    /// When one cannot or has none, or there is no input.
    pub fn check(sources: &[Self]) -> Result<(), SourceError> {
        let mut has_inputs = false;
        for source in sources {
            has_inputs |= source.may_have_inputs()?;
        }
        match has_inputs {
            true => Ok(()),
            false => Err(Self::empty(sources)),
        }
    }

    /// How many inputs it holds, those that cannot be read included; all of it
    /// is read for that.
    ///
    /// # Errors
    /// When it cannot be read to its end.
    pub fn count(&self) -> Result<u64, SourceError> {
        let mut records = self.open()?;
        let mut count = 0;
        while records.next(self)?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    /// That there is nothing in any of these.
    pub(super) fn empty(sources: &[Self]) -> SourceError {
        let mut names: Vec<String> = sources
            .iter()
            .map(|source| match is_standard_input(&source.path) {
                true => "standard input".to_owned(),
                false => source.name.clone(),
            })
            .collect();
        if names.len() > 4 {
            let more = names.len() - 3;
            names.truncate(3);
            names.push(format!("{more} more files"));
        }
        let files = names.join(", ");
        SourceError::Empty { files }
    }

    /// Whether there is a first input; true for what can be read only once.
    fn may_have_inputs(&self) -> Result<bool, SourceError> {
        if self.is_table() {
            return match fs::metadata(&self.path) {
                _ if is_standard_input(&self.path) => Err(self.pipe()),
                Ok(_) => parquet_rows::has_rows(self),
                Err(error) => Err(self.io(error)),
            };
        }
        if is_standard_input(&self.path) {
            return Ok(true);
        }
        let is_folder = fs::metadata(&self.path).map(|metadata| metadata.is_dir());
        match is_folder {
            Ok(true) => Err(self.folder()),
            // A named pipe would wait for its writer here.
            Ok(false) if self.size().is_some() => Ok(self.open()?.next(self)?.is_some()),
            Ok(false) => Ok(true),
            Err(error) => Err(self.io(error)),
        }
    }

    /// That it is a folder, with the first files of inputs in it.
    fn folder(&self) -> SourceError {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let files = entries.map(|entry| entry.path());
        let files = files.filter(|path| path.is_file() && path.extension().is_some());
        let files = files.filter(|path| InputFormat::of(path).is_some());
        let mut files: Vec<String> = files.map(|path| path.display().to_string()).collect();
        files.sort_unstable();
        files.truncate(NAMED_FILES);
        SourceError::Folder {
            file: self.name.clone(),
            files,
        }
    }

    /// That it cannot be read from its end.
    fn pipe(&self) -> SourceError {
        SourceError::Parquet {
            file: "standard input".to_owned(),
            path: self.path.clone(),
            error: Box::new(ParquetFault::Pipe),
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
        if self.is_table() {
            let rows = match is_standard_input(&self.path) {
                true => return Err(self.pipe()),
                false => ParquetRows::open(self)?,
            };
            return Ok(Records {
                kind: Kind::Parquet(Box::new(rows)),
                meter: Rc::default(),
            });
        }
        let inner: Box<dyn Read> = match is_standard_input(&self.path) {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(&self.path).map_err(|error| self.io(error))?),
        };
        let meter = Rc::new(RefCell::new(Meter::default()));
        let (decoder, head) = Decoder::open(inner, &meter).map_err(|error| self.io(error))?;
        if let Some(kind) = foreign::by_content(&head, &self.path) {
            let file = self.name.clone();
            let path = self.path.clone();
            return Err(SourceError::Foreign { file, path, kind });
        }
        let lines = |decoder| Lines::new(decoder, &meter);
        let kind = match self.format {
            InputFormat::Text => Kind::Text(lines(decoder)),
            InputFormat::JsonLines => Kind::JsonLines(lines(decoder)),
            InputFormat::Json => Kind::Json(Elements::open(self, decoder, &meter)?),
            InputFormat::Conllu => Kind::Conllu(Sentences::new(lines(decoder))),
            InputFormat::Csv | InputFormat::Tsv => {
                Kind::Table(Box::new(Table::open(self, lines(decoder))?))
            }
            InputFormat::Parquet => Kind::Parquet(Box::new(ParquetRows::open(self)?)),
        };
        Ok(Records { kind, meter })
    }
}

/// A stream as UTF-8, decoded as files of inputs are.
///
/// # Errors
/// When its first bytes cannot be read.
pub fn decoded(input: Box<dyn Read>) -> io::Result<impl Read> {
    let (decoder, _) = Decoder::open(input, &Rc::default())?;
    Ok(decoder)
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn named_column(columns: &Columns) -> Option<InputColumn> {
    let named = [
        (InputColumn::Text, &columns.text),
        (InputColumn::Pair, &columns.pair),
        (InputColumn::Id, &columns.id),
    ];
    let mut named = named.into_iter().filter(|(_, name)| name.is_some());
    named.next().map(|(column, _)| column)
}

/// The inputs of a file that is being read.
pub(super) struct Records {
    kind: Kind,
    meter: Rc<RefCell<Meter>>,
}

enum Kind {
    Text(Lines),
    JsonLines(Lines),
    Json(Elements),
    Conllu(Sentences),
    Table(Box<Table>),
    Parquet(Box<ParquetRows>),
}

impl Records {
    /// The next input; `None` at the end.
    pub(super) fn next(&mut self, source: &InputSource) -> Result<Option<Record>, SourceError> {
        match &mut self.kind {
            Kind::Text(lines) => {
                let text = |line: &str| RecordText {
                    text: line.to_owned(),
                    ..RecordText::default()
                };
                next_line(lines, source, |line| Ok(text(line)), |_| None)
            }
            Kind::JsonLines(lines) => next_line(
                lines,
                source,
                |line| object::parse(line, source, Surroundings::Line),
                |line| object::own_id(line, &source.columns),
            ),
            Kind::Conllu(sentences) => sentences.next(source),
            Kind::Json(elements) => elements.next(source),
            Kind::Table(table) => table.next(source),
            Kind::Parquet(rows) => rows.next(source),
        }
    }

    /// The SHA-256 of everything that was read.
    pub(super) fn sha256(&self, source: &InputSource) -> Result<String, SourceError> {
        match &self.kind {
            // It was not read from its beginning to its end.
            Kind::Parquet(_) => parquet_files::digest(source),
            Kind::Text(_)
            | Kind::JsonLines(_)
            | Kind::Json(_)
            | Kind::Conllu(_)
            | Kind::Table(_) => {
                let hasher = self.meter.borrow().hasher.clone();
                Ok(hexadecimal(&hasher.finalize()))
            }
        }
    }
}

/// The next line that is not blank, as `parse` understands it.
fn next_line(
    lines: &mut Lines,
    source: &InputSource,
    parse: impl Fn(&str) -> Result<RecordText, RecordError>,
    own_id: impl Fn(&str) -> Option<String>,
) -> Result<Option<Record>, SourceError> {
    while let Some(line) = lines.next().map_err(|error| source.io(error))? {
        let content = match RecordError::text(line.content()) {
            _ if line.is_too_long => Err(RecordError::TooLong {
                maximum: record::MAXIMUM_LENGTH,
            }),
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => parse(text),
            Err(error) => Err(error),
        };
        let own_id = || own_id(RecordError::text(line.content()).ok()?);
        return Ok(Some(Record::new(
            [line.number, line.offset],
            content,
            own_id,
        )));
    }
    Ok(None)
}
