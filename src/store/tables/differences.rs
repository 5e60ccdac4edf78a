//! What differs between two sides over many inputs: `diff.parquet`, a row an
//! (input, layer, head) in this order, and `diff.csv`, a row a (layer, head,
//! measure).
//!
//! | column of `diff.parquet` | type | |
//! | --- | --- | --- |
//! | `index` | INT64 | the input's place among all inputs, from 0, failed ones counted |
//! | `id` | UTF-8 | the input's id |
//! | `tokens` | INT32 | how many units were compared, special ones included |
//! | `layer`, `head` | INT32 | counted from 0 |
//! | one a measure | FLOAT | by its name, see [`DifferenceMeasure`](crate::compare::DifferenceMeasure); empty where only scores are known |
//! | one a score | FLOAT | right − left, `NAME_difference`; empty where one side is |
//!
//! The same rows give the same bytes: rows of 250 inputs, by their index, are a
//! row group.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type;

use super::head_scores::{SCORE_ROWS, failed, properties, write_column};
use super::rows::{Column, position};
use crate::attention::HeadId;
use crate::compare::{InputDifferences, ManyDifferences, Quantity};

/// The columns as Parquet calls them.
fn schema() -> Result<Arc<Type>, ParquetError> {
    let values: String = Quantity::all()
        .map(|quantity| format!("OPTIONAL FLOAT {};", quantity.name()))
        .collect();
    parse_message_type(&format!(
        "message differences {{
            REQUIRED INT64 index;
            REQUIRED BYTE_ARRAY id (UTF8);
            REQUIRED INT32 tokens;
            REQUIRED INT32 layer;
            REQUIRED INT32 head;
            {values}
        }}"
    ))
    .map(Arc::new)
}

/// The rows of some inputs.
#[derive(Default)]
struct Rows {
    index: Column<i64>,
    id: Column<ByteArray>,
    tokens: Column<i32>,
    layer: Column<i32>,
    head: Column<i32>,
    /// In the order of [`Quantity::all`].
    values: Vec<Column<f32>>,
}

/// Writes a file of differences, input by input in the order of their index.
pub struct DifferencesWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    heads: Vec<HeadId>,
    rows: Rows,
    /// Which row group the rows that wait belong to.
    number: u64,
}

impl<W: Write + Send> DifferencesWriter<W> {
    /// Begins a file with a row for each of these heads an input.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W, heads: Vec<HeadId>) -> io::Result<Self> {
        let floats = Quantity::all().map(Quantity::name);
        let file = SerializedFileWriter::new(out, schema().map_err(failed)?, properties(floats));
        Ok(Self {
            file: file.map_err(failed)?,
            heads,
            rows: Rows::default(),
            number: 0,
        })
    }

    /// Adds an input of which so many units were compared.
    ///
    /// # Errors
    /// When it cannot be written, as on a full disk.
    pub fn push(
        &mut self,
        index: u64,
        id: &str,
        tokens: usize,
        input: &InputDifferences,
    ) -> io::Result<()> {
        if index / SCORE_ROWS != self.number {
            self.write_group()?;
            self.number = index / SCORE_ROWS;
        }
        let rows = &mut self.rows;
        let id = ByteArray::from(id);
        for head in &self.heads {
            rows.index.push(i64::try_from(index).unwrap_or(i64::MAX));
            rows.id.push(id.clone());
            rows.tokens.push(position(tokens));
            rows.layer.push(position(head.layer));
            rows.head.push(position(head.head));
        }
        let count = self.heads.len();
        rows.values
            .resize_with(Quantity::all().count(), Column::default);
        for (quantity, column) in Quantity::all().zip(&mut rows.values) {
            let values = input.of(quantity, count);
            for head in 0..count {
                let value = values.and_then(|values| values.get(head));
                column.push_optional(value.filter(|value| !value.is_nan()).map(|&v| v as f32));
            }
        }
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
        let rows = std::mem::take(&mut self.rows);
        if rows.values.is_empty() {
            return Ok(());
        }
        let mut writer = self.file.next_row_group().map_err(failed)?;
        let write = || {
            write_column::<Int64Type>(&mut writer, &rows.index)?;
            write_column::<ByteArrayType>(&mut writer, &rows.id)?;
            for column in [&rows.tokens, &rows.layer, &rows.head] {
                write_column::<Int32Type>(&mut writer, column)?;
            }
            for column in &rows.values {
                write_column::<FloatType>(&mut writer, column)?;
            }
            writer.close().map(|_| ())
        };
        write().map_err(failed)
    }
}

/// Writes `diff.csv` of many inputs: a row a layer, head and measure or score,
/// in this order. `id_of` tells the id of an input by its index.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_differences(
    many: &ManyDifferences,
    id_of: &dyn Fn(u64) -> String,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "layer,head,measure,mean,p95,worst,worst_index,worst_id,count"
    )?;
    let all = Quantity::all().map(|quantity| (quantity, many.of(quantity).into_iter().peekable()));
    let mut all: Vec<_> = all.collect();
    for head in many.heads() {
        for (quantity, heads) in &mut all {
            let Some(found) = heads.next_if(|found| found.head == *head) else {
                continue;
            };
            let [mean, p95, worst] = [found.mean, found.p95, found.worst].map(|value| value as f32);
            writeln!(
                out,
                "{},{},{},{mean},{p95},{worst},{},{},{}",
                head.layer,
                head.head,
                quantity.name(),
                found.worst_index,
                field(&id_of(found.worst_index)),
                found.count
            )?;
        }
    }
    Ok(())
}

/// A text as a field of CSV (RFC 4180).
fn field(text: &str) -> String {
    match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
