//! The scores of every head for every input as Parquet: a row an (input, layer,
//! head) in this order, a column a score, empty where a score makes no sense.
//!
//! | column | type | |
//! | --- | --- | --- |
//! | `index` | INT64 | the input's place among all inputs, from 0, failed ones counted |
//! | `id` | UTF-8 | the input's id |
//! | `tokens` | INT32 | how many units the input has, special ones included |
//! | `layer`, `head` | INT32 | counted from 0 |
//! | one a score | FLOAT | by its name, see [`Score`] |
//! | `received_unit` | INT32 | the unit that receives most |
//! | `link_query`, `link_key` | INT32 | the head's strongest link, without special units |
//! | `link_value` | FLOAT | its attention |
//! | `relations_from_to`, `relations_to_from` | UTF-8 | of an input with relations: a `1` for each that the head finds, a `0` for each other |
//!
//! The same rows give the same bytes: rows of 250 inputs, by their index, are a
//! row group.

use std::fs::File;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArrayType, DataType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnPath, Type};

use super::rows::{Column, Group, InputScores, ScoredInput};
use crate::analysis::Score;
use crate::attention::HeadId;

/// So many inputs, by their index, are a row group.
pub const SCORE_ROWS: u64 = 250;

/// The columns as Parquet calls them.
fn schema() -> Result<Arc<Type>, ParquetError> {
    let scores: String = Score::ALL
        .iter()
        .map(|score| format!("OPTIONAL FLOAT {score};"))
        .collect();
    parse_message_type(&format!(
        "message scores {{
            REQUIRED INT64 index;
            REQUIRED BYTE_ARRAY id (UTF8);
            REQUIRED INT32 tokens;
            REQUIRED INT32 layer;
            REQUIRED INT32 head;
            {scores}
            REQUIRED INT32 received_unit;
            OPTIONAL INT32 link_query;
            OPTIONAL INT32 link_key;
            OPTIONAL FLOAT link_value;
            OPTIONAL BYTE_ARRAY relations_from_to (UTF8);
            OPTIONAL BYTE_ARRAY relations_to_from (UTF8);
        }}"
    ))
    .map(Arc::new)
}

/// How a table is written of which these columns are numbers that hardly repeat:
/// they are no words of a dictionary.
pub(super) fn properties(floats: impl Iterator<Item = String>) -> Arc<WriterProperties> {
    let properties = WriterProperties::builder()
        .set_created_by(format!("attnviz {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::SNAPPY)
        .set_offset_index_disabled(true);
    let properties = floats.fold(properties, |properties, name| {
        properties.set_column_dictionary_enabled(ColumnPath::from(name), false)
    });
    Arc::new(properties.build())
}

/// Writes a file of scores, input by input in the order of their index.
pub struct ScoresWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    heads: Vec<HeadId>,
    group: Group,
    /// Which row group the rows that wait belong to.
    number: u64,
}

impl<W: Write + Send> ScoresWriter<W> {
    /// Begins a file with a row for each of these heads an input.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W, heads: Vec<HeadId>) -> io::Result<Self> {
        let floats = Score::ALL.iter().map(|score| score.name());
        let floats = floats.chain(["link_value"]).map(str::to_owned);
        let file = SerializedFileWriter::new(out, schema().map_err(failed)?, properties(floats));
        Ok(Self {
            file: file.map_err(failed)?,
            heads,
            group: Group::default(),
            number: 0,
        })
    }

    /// Adds an input.
    ///
    /// # Errors
    /// When it cannot be written, as on a full disk.
    pub fn push(&mut self, index: u64, id: &str, scores: &InputScores) -> io::Result<()> {
        if index / SCORE_ROWS != self.number {
            self.write_group()?;
            self.number = index / SCORE_ROWS;
        }
        self.group.push(index, id, &self.heads, scores);
        Ok(())
    }

    /// Writes what waits and the end of the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_group()?;
        self.file.into_inner().map_err(failed)
    }

    fn write_group(&mut self) -> io::Result<()> {
        if self.group.is_empty() {
            return Ok(());
        }
        let group = std::mem::take(&mut self.group);
        let mut writer = self.file.next_row_group().map_err(failed)?;
        let write = || {
            write_column::<Int64Type>(&mut writer, &group.index)?;
            write_column::<ByteArrayType>(&mut writer, &group.id)?;
            for column in [&group.tokens, &group.layer, &group.head] {
                write_column::<Int32Type>(&mut writer, column)?;
            }
            for column in &group.scores {
                write_column::<FloatType>(&mut writer, column)?;
            }
            for column in [&group.received_unit, &group.link_query, &group.link_key] {
                write_column::<Int32Type>(&mut writer, column)?;
            }
            write_column::<FloatType>(&mut writer, &group.link_value)?;
            for column in &group.relations {
                write_column::<ByteArrayType>(&mut writer, column)?;
            }
            writer.close().map(|_| ())
        };
        write().map_err(failed)
    }
}

/// Writes the next column of a row group.
pub(super) fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    column: &Column<T::T>,
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("the columns have an end".to_owned());
    let mut writer = group.next_column()?.ok_or_else(missing)?;
    let levels = column.levels();
    writer
        .typed::<T>()
        .write_batch(&column.values, levels, None)?;
    writer.close()
}

/// Reads a file that [`ScoresWriter`] wrote, or somebody else.
pub struct ScoresReader {
    file: SerializedFileReader<File>,
    heads: Vec<HeadId>,
}

impl ScoresReader {
    /// Opens a file that has a row for each of these heads an input.
    ///
    /// # Errors
    /// When it is no such file.
    pub fn open(file: File, heads: Vec<HeadId>) -> io::Result<Self> {
        let file = guard(|| SerializedFileReader::new(file).map_err(failed))?;
        let found = file
            .metadata()
            .file_metadata()
            .schema()
            .get_fields()
            .to_vec();
        let expected = schema().map_err(failed)?;
        match found.as_slice() == expected.get_fields() {
            true => Ok(Self { file, heads }),
            false => Err(damaged("its columns are not those of a table of scores")),
        }
    }

    /// How many row groups there are.
    pub fn group_count(&self) -> usize {
        self.file.num_row_groups()
    }

    /// The inputs of a row group.
    ///
    /// # Errors
    /// When they cannot be read, or are not what [`ScoresWriter`] writes.
    pub fn group(&self, number: usize) -> io::Result<Vec<ScoredInput>> {
        guard(|| self.read(number))
    }

    fn read(&self, number: usize) -> io::Result<Vec<ScoredInput>> {
        let reader = self.file.get_row_group(number).map_err(failed)?;
        let rows = usize::try_from(reader.metadata().num_rows()).unwrap_or(usize::MAX);
        let most = usize::try_from(SCORE_ROWS).unwrap_or(usize::MAX);
        if rows > most.saturating_mul(self.heads.len()) {
            return Err(damaged("a row group has more rows than a table of scores"));
        }
        let group = read_group(reader.as_ref(), rows).map_err(failed)?;
        let group = group.ok_or_else(|| damaged("a row group has columns of other lengths"))?;
        let inputs = group.inputs(&self.heads);
        inputs.ok_or_else(|| damaged("its rows are not those of a table of scores"))
    }
}

/// The columns of a row group of so many rows; `None` where one is shorter.
fn read_group(reader: &dyn RowGroupReader, rows: usize) -> Result<Option<Group>, ParquetError> {
    let mut place = 0..;
    let mut next = || place.next().unwrap_or(usize::MAX);
    let mut group = Group {
        index: read_column::<Int64Type>(reader, next(), rows)?,
        id: read_column::<ByteArrayType>(reader, next(), rows)?,
        tokens: read_column::<Int32Type>(reader, next(), rows)?,
        layer: read_column::<Int32Type>(reader, next(), rows)?,
        head: read_column::<Int32Type>(reader, next(), rows)?,
        ..Group::default()
    };
    for column in &mut group.scores {
        *column = read_column::<FloatType>(reader, next(), rows)?;
    }
    group.received_unit = read_column::<Int32Type>(reader, next(), rows)?;
    group.link_query = read_column::<Int32Type>(reader, next(), rows)?;
    group.link_key = read_column::<Int32Type>(reader, next(), rows)?;
    group.link_value = read_column::<FloatType>(reader, next(), rows)?;
    for column in &mut group.relations {
        *column = read_column::<ByteArrayType>(reader, next(), rows)?;
    }
    Ok(group.has_rows(rows).then_some(group))
}

fn read_column<T: DataType>(
    reader: &dyn RowGroupReader,
    place: usize,
    rows: usize,
) -> Result<Column<T::T>, ParquetError> {
    let column = reader.get_column_reader(place)?;
    let mut column = parquet::column::reader::get_typed_column_reader::<T>(column);
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    let mut found = 0;
    while found < rows {
        let (records, ..) =
            column.read_records(rows - found, Some(&mut levels), None, &mut values)?;
        match records {
            0 => break,
            records => found += records,
        }
    }
    Ok(Column::of(values, levels, found))
}

/// The parquet crate has panics on malformed files; one is reported as what it
/// is.
fn guard<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let outcome = catch_unwind(AssertUnwindSafe(work));
    outcome.unwrap_or_else(|_| Err(damaged("it is malformed")))
}

pub(super) fn failed(error: ParquetError) -> io::Error {
    match error {
        // A full disk is told by its kind.
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(source) => io::Error::new(io::ErrorKind::InvalidData, source),
        },
        error => io::Error::new(io::ErrorKind::InvalidData, error),
    }
}

fn damaged(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
