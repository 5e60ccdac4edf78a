//! The rows of a Parquet table: of a file, or of a folder of them as Spark and
//! other engines leave it. Rows have numbers from 1 on, through all files.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::InputSource;
use super::columns::{self, Chosen};
use super::error::{HeaderLayout, SourceError};
use super::foreign;
use super::parquet_column::{self, Form};
use super::parquet_fault::ParquetFault;
use super::parquet_files::files;
use super::parquet_pages::{Packing, Pages};
use super::record::{MAXIMUM_FIELDS, MAXIMUM_LENGTH, Record, RecordError, RecordText};
use crate::remedy::{ForeignFile, InputColumn};

/// What stands at both ends of a file; at the end of one whose directory is
/// encrypted stands [`ENCRYPTED`].
const MAGIC: &[u8] = b"PAR1";
const ENCRYPTED: &[u8] = b"PARE";
/// The longest directory, in bytes: that of a million pieces of columns.
const MAXIMUM_DIRECTORY: u32 = 64 << 20;
/// So many rows are examples of what is in a column.
const EXAMPLES: usize = 20;

/// Whether there is a row, after a look at the directories of all files.
pub(super) fn has_rows(source: &InputSource) -> Result<bool, SourceError> {
    let mut has_rows = false;
    for path in files(source)? {
        has_rows |= Part::open(source, &path)?.row_count > 0;
    }
    Ok(has_rows)
}

/// The rows of a table that is being read.
pub(super) struct ParquetRows {
    files: std::vec::IntoIter<PathBuf>,
    part: Option<Part>,
    /// Of the row that was read last.
    number: u64,
    /// Bytes of the files before.
    offset: u64,
}

impl ParquetRows {
    pub(super) fn open(source: &InputSource) -> Result<Self, SourceError> {
        Ok(Self {
            files: files(source)?.into_iter(),
            part: None,
            number: 0,
            offset: 0,
        })
    }

    /// The next row; `None` at the end.
    pub(super) fn next(&mut self, source: &InputSource) -> Result<Option<Record>, SourceError> {
        loop {
            let Some(part) = &mut self.part else {
                let Some(path) = self.files.next() else {
                    return Ok(None);
                };
                self.part = Some(Part::open(source, &path)?);
                continue;
            };
            let Some((content, id)) = part.next()? else {
                self.offset += part.length;
                self.part = None;
                continue;
            };
            self.number += 1;
            let place = [self.number, self.offset + part.offset()];
            return Ok(Some(Record::new(place, content, || id)));
        }
    }
}

/// A column that a part of inputs is read from.
#[derive(Debug, Clone, Copy)]
struct Column {
    /// Among the leaves of the schema.
    position: usize,
    form: Form,
}

/// What a row says, and its id.
type Row = (Result<RecordText, RecordError>, Option<String>);

/// One file.
struct Part {
    file: Arc<File>,
    /// As errors name it.
    name: String,
    path: PathBuf,
    length: u64,
    directory: ParquetMetaData,
    /// Text, pair, id.
    columns: [Option<Column>; 3],
    names: [String; 3],
    unread: Vec<String>,
    row_count: u64,
    rows_read: u64,
    /// The row group that is read next.
    group: usize,
    /// Of the row group that is being read.
    rows_left: u64,
    readers: Vec<Option<ColumnReader>>,
}

impl Part {
    fn open(source: &InputSource, path: &Path) -> Result<Self, SourceError> {
        let name = match path.strip_prefix(&source.path) {
            Ok(rest) if !rest.as_os_str().is_empty() => {
                format!("{}/{}", source.name, rest.display())
            }
            _ => source.name.clone(),
        };
        let io = |error| SourceError::Io {
            file: name.clone(),
            source: error,
        };
        let fault = |error| SourceError::Parquet {
            file: name.clone(),
            path: path.to_owned(),
            error: Box::new(error),
        };
        // Opening a pipe would wait for somebody to write into it.
        let metadata = fs::metadata(path).map_err(io)?;
        if !metadata.is_file() {
            return Err(fault(ParquetFault::Pipe));
        }
        let mut file = File::open(path).map_err(io)?;
        let length = metadata.len();
        if let Some(kind) = look_at_ends(&mut file, length)
            .map_err(io)?
            .map_err(fault)?
        {
            return Err(SourceError::Foreign {
                file: name,
                path: path.to_owned(),
                kind,
            });
        }
        let directory =
            guarded(|| ParquetMetaDataReader::new().parse_and_finish(&file)).map_err(fault)?;
        let mut part = Self {
            file: Arc::new(file),
            name: name.clone(),
            path: path.to_owned(),
            length,
            directory,
            columns: [None; 3],
            names: <[String; 3]>::default(),
            unread: Vec::new(),
            row_count: 0,
            rows_read: 0,
            group: 0,
            rows_left: 0,
            readers: Vec::new(),
        };
        for group in part.directory.row_groups() {
            let rows = u64::try_from(group.num_rows());
            let total = rows.ok().and_then(|rows| part.row_count.checked_add(rows));
            part.row_count = total.ok_or_else(|| {
                fault(ParquetFault::Broken {
                    reason: "a stretch of rows is said to have fewer than none".to_owned(),
                })
            })?;
        }
        part.choose(source)?;
        part.check_packing()?;
        Ok(part)
    }

    /// Finds the columns that inputs are made of.
    fn choose(&mut self, source: &InputSource) -> Result<(), SourceError> {
        let schema = self.directory.file_metadata().schema_descr_ptr();
        let fields = schema.root_schema().get_fields();
        if fields.len() > MAXIMUM_FIELDS {
            let maximum = MAXIMUM_FIELDS;
            return Err(SourceError::Header {
                file: self.name.clone(),
                error: RecordError::TooManyFields { maximum },
            });
        }
        let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
        let leaf = |field: usize| {
            let mut leaves = 0..schema.num_columns();
            leaves.find(|&leaf| schema.get_column_root_idx(leaf) == field)
        };
        let is_text = |field: usize| {
            let field = fields.get(field);
            field.is_some_and(|field| parquet_column::content(field) == Ok(Form::Text))
        };
        let Chosen {
            text,
            pair,
            id,
            unread,
        } = match columns::choose(&source.columns, &names) {
            Ok(chosen) => chosen,
            Err(error) => {
                let likelihood = |field: usize| {
                    let column = leaf(field).filter(|_| is_text(field));
                    column.map_or((0, 0), |position| {
                        self.likelihood(Column {
                            position,
                            form: Form::Text,
                        })
                    })
                };
                return Err(SourceError::Columns {
                    file: self.name.clone(),
                    error: error.with_examples(likelihood),
                    layout: Some(HeaderLayout::Schema),
                });
            }
        };
        let parts = [
            (InputColumn::Text, Some(text)),
            (InputColumn::Pair, pair),
            (InputColumn::Id, id),
        ];
        for (index, (column, chosen)) in parts.into_iter().enumerate() {
            let Some((chosen, field)) = chosen.and_then(|index| Some((index, fields.get(index)?)))
            else {
                continue;
            };
            let form = parquet_column::form(column, field).map_err(|error| self.fault(error))?;
            self.columns[index] = form
                .zip(leaf(chosen))
                .map(|(form, position)| Column { position, form });
            self.names[index] = field.name().to_owned();
        }
        self.unread = unread
            .into_iter()
            .filter(|&field| is_text(field))
            .filter_map(|field| Some((*names.get(field)?).to_owned()))
            .collect();
        Ok(())
    }

    /// How much the first rows of a column look like texts.
    fn likelihood(&self, column: Column) -> (usize, usize) {
        let examples = || -> Result<(usize, usize), ParquetError> {
            let mut sum = (0, 0);
            let Some(group) = self.directory.row_groups().first() else {
                return Ok(sum);
            };
            let rows = usize::try_from(group.num_rows()).unwrap_or(0).min(EXAMPLES);
            let mut reader = self.reader(0, column)?;
            for _ in 0..rows {
                let value = parquet_column::next(&mut reader, column.form)?.unwrap_or_default();
                let (words, letters) = columns::likelihood(&String::from_utf8_lossy(&value));
                sum = (sum.0 + words, sum.1 + letters);
            }
            Ok(sum)
        };
        // It only helps to word another error.
        guarded(examples).unwrap_or((0, 0))
    }

    fn check_packing(&self) -> Result<(), SourceError> {
        for group in self.directory.row_groups() {
            for column in self.columns.iter().flatten() {
                let found = group.columns().get(column.position).map(Packing::of);
                if let Some(Err(found)) = found {
                    return Err(self.fault(ParquetFault::Compression { found }));
                }
            }
        }
        Ok(())
    }

    fn fault(&self, error: ParquetFault) -> SourceError {
        SourceError::Parquet {
            file: self.name.clone(),
            path: self.path.clone(),
            error: Box::new(error),
        }
    }

    fn reader(&self, group: usize, column: Column) -> Result<ColumnReader, ParquetError> {
        let group = self.directory.row_group(group);
        let pages = Pages::open(&self.file, self.length, group, column.position)?;
        let description = group.column(column.position).column_descr_ptr();
        Ok(get_column_reader(description, Box::new(pages)))
    }

    /// About how many bytes were read.
    fn offset(&self) -> u64 {
        let read = u128::from(self.length) * u128::from(self.rows_read);
        u64::try_from(read / u128::from(self.row_count.max(1))).unwrap_or(self.length)
    }

    /// What the next row says, and its id; `None` at the end.
    fn next(&mut self) -> Result<Option<Row>, SourceError> {
        while self.rows_left == 0 {
            let Some(group) = self.directory.row_groups().get(self.group) else {
                return Ok(None);
            };
            self.rows_left = u64::try_from(group.num_rows()).unwrap_or(0);
            if self.rows_left > 0 {
                let open = |column: &Option<Column>| {
                    column
                        .map(|column| self.reader(self.group, column))
                        .transpose()
                };
                let readers = guarded(|| self.columns.iter().map(open).collect());
                self.readers = readers.map_err(|error| self.fault(error))?;
            }
            self.group += 1;
        }
        let columns = self.columns;
        let readers = &mut self.readers;
        let cells = guarded(|| {
            let mut cells: [Option<Vec<u8>>; 3] = [None, None, None];
            for ((cell, reader), column) in cells.iter_mut().zip(readers).zip(columns) {
                if let (Some(reader), Some(column)) = (reader, column) {
                    *cell = parquet_column::next(reader, column.form)?;
                }
            }
            Ok(cells)
        });
        let cells = cells.map_err(|error| self.fault(error))?;
        self.rows_left -= 1;
        self.rows_read += 1;
        let [_, _, id] = &cells;
        let id = id.clone().and_then(|id| String::from_utf8(id).ok());
        Ok(Some((self.text(cells), id)))
    }

    fn text(&self, cells: [Option<Vec<u8>>; 3]) -> Result<RecordText, RecordError> {
        let mut texts = [None, None, None];
        for ((text, cell), name) in texts.iter_mut().zip(cells).zip(&self.names) {
            let Some(cell) = cell else { continue };
            if cell.len() > MAXIMUM_LENGTH {
                let maximum = MAXIMUM_LENGTH;
                return Err(RecordError::TooLong { maximum });
            }
            let cell = String::from_utf8(cell).map_err(|error| RecordError::BytesInColumn {
                name: name.clone(),
                position: error.utf8_error().valid_up_to(),
            })?;
            *text = Some(cell);
        }
        let [text, pair, id] = texts;
        let record = RecordText {
            id: id.filter(|id| !id.is_empty()),
            text: text.unwrap_or_default(),
            unread: self.unread.clone(),
            ..RecordText::default()
        };
        Ok(record.with_pair(pair))
    }
}

/// Whether the beginning and the end of a file are those of a table; what else
/// it is where its beginning says so.
fn look_at_ends(
    file: &mut File,
    length: u64,
) -> io::Result<Result<Option<ForeignFile>, ParquetFault>> {
    let mut head = Vec::new();
    file.take(4096).read_to_end(&mut head)?;
    if head.starts_with(ENCRYPTED) {
        return Ok(Err(ParquetFault::Encrypted));
    }
    if !head.starts_with(MAGIC) {
        return Ok(match foreign::by_content(&head, Path::new("")) {
            Some(kind) => Ok(Some(kind)),
            None if head.is_empty() => Err(not_whole()),
            None => Err(ParquetFault::Other),
        });
    }
    let mut tail = [0; 8];
    if length < 12 {
        return Ok(Err(not_whole()));
    }
    file.seek(SeekFrom::End(-8))?;
    file.read_exact(&mut tail)?;
    let [a, b, c, d, magic @ ..] = tail;
    let directory = u32::from_le_bytes([a, b, c, d]);
    Ok(if magic == ENCRYPTED {
        Err(ParquetFault::Encrypted)
    } else if magic != MAGIC || u64::from(directory) + 12 > length {
        Err(not_whole())
    } else if directory > MAXIMUM_DIRECTORY {
        Err(ParquetFault::Broken {
            reason: "its directory has more than 64 MiB".to_owned(),
        })
    } else {
        Ok(None)
    })
}

fn not_whole() -> ParquetFault {
    ParquetFault::Broken {
        reason: "the file is not whole".to_owned(),
    }
}

/// What the `parquet` crate says of a file; it panics over some that are
/// damaged, and is not used on after that.
fn guarded<T>(step: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetFault> {
    let reason = match catch_unwind(AssertUnwindSafe(step)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(
            ParquetError::General(reason) | ParquetError::EOF(reason) | ParquetError::NYI(reason),
        )) => reason,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "what it says of itself does not fit together".to_owned(),
    };
    Err(ParquetFault::Broken { reason })
}
