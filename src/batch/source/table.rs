//! Tables of inputs: comma- or tab-separated, with a header.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use super::{
    InputSource, MAXIMUM_RECORD_LENGTH, Meter, MeteredReader, Record, RecordText, SourceError,
    not_utf8,
};

/// The rows of a table.
pub(super) struct Table {
    rows: csv::Reader<MeteredReader>,
    meter: Rc<RefCell<Meter>>,
    /// The line on which the next row begins, or blank lines before it.
    line: u64,
    /// After a row that does not end.
    has_ended: bool,
    text: usize,
    id: Option<usize>,
    pair: Option<usize>,
}

impl Table {
    /// Reads the header.
    pub(super) fn open(
        source: &InputSource,
        reader: MeteredReader,
        delimiter: u8,
        meter: &Rc<RefCell<Meter>>,
    ) -> Result<Self, SourceError> {
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .from_reader(reader);
        let header = rows
            .byte_headers()
            .map_err(|error| source.table_error(error))?;
        let column = |name: &str| {
            header
                .iter()
                .position(|field| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
        };
        let Some(text) = column("text") else {
            let names: Vec<String> = header
                .iter()
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .filter(|name| !name.is_empty())
                .take(8)
                .collect();
            return Err(SourceError::NoTextColumn {
                file: source.name.clone(),
                found: match names.is_empty() {
                    true => "none".to_owned(),
                    false => names.join(", "),
                },
            });
        };
        let (id, pair) = (column("id"), column("pair"));
        let mut table = Self {
            rows,
            meter: Rc::clone(meter),
            line: 1,
            has_ended: false,
            text,
            id,
            pair,
        };
        table.start_of_record(0);
        Ok(table)
    }

    /// The next row; `None` at the end.
    pub(super) fn next(&mut self, source: &InputSource) -> Result<Option<Record>, SourceError> {
        if self.has_ended {
            return Ok(None);
        }
        let mut row = csv::ByteRecord::new();
        let start = self.rows.position().byte();
        self.meter.borrow_mut().record_length = 0;
        let read = self.rows.read_byte_record(&mut row);
        let line = self.start_of_record(start);
        let content = match read {
            Ok(false) => return Ok(None),
            Ok(true) => self.fields(&row),
            Err(error) => match error.kind() {
                csv::ErrorKind::UnequalLengths {
                    expected_len, len, ..
                } => {
                    // A quote that is never closed takes the rows after it.
                    let end = self.rows.position().line();
                    let span = match end > line + 1 {
                        true => format!(
                            " in lines {line} to {}; is a quotation mark not closed?",
                            end - 1
                        ),
                        false => String::new(),
                    };
                    Err(format!("expected {expected_len} fields, found {len}{span}"))
                }
                csv::ErrorKind::Io(io) if io.kind() == io::ErrorKind::FileTooLarge => {
                    self.give_up(source)?
                }
                _ => return Err(source.table_error(error)),
            },
        };
        Ok(Some(Record {
            line,
            offset: self.rows.position().byte(),
            content,
        }))
    }

    /// Reads a file to its end whose last row does not end before it: where
    /// others would begin, nobody knows.
    fn give_up(&mut self, source: &InputSource) -> Result<Result<RecordText, String>, SourceError> {
        self.has_ended = true;
        self.meter.borrow_mut().limit = u64::MAX;
        // Nobody asks for a line of the rest.
        self.meter.borrow_mut().recent = None;
        io::copy(self.rows.get_mut(), &mut io::sink()).map_err(|error| source.io(error))?;
        Ok(Err(format!(
            "the row is longer than {MAXIMUM_RECORD_LENGTH} bytes; is a quotation mark not closed?"
        )))
    }

    /// The line on which the row begins whose bytes, with blank lines before
    /// them, begin at `start`. csv counts blank lines, and the second half of
    /// a `\r\n`, to the row behind them.
    fn start_of_record(&mut self, start: u64) -> u64 {
        let length = self.rows.position().byte().saturating_sub(start);
        let mut meter = self.meter.borrow_mut();
        let Some(recent) = &mut meter.recent else {
            return self.line;
        };
        let length = recent
            .len()
            .min(usize::try_from(length).unwrap_or(usize::MAX));
        let is_blank = |byte: &&u8| matches!(byte, b'\r' | b'\n');
        let is_end = |byte: &&u8| **byte == b'\n';
        let blank = recent.iter().take(length).take_while(is_blank);
        let begin = self.line + blank.filter(is_end).count() as u64;
        let all = recent.drain(..length).filter(|byte| *byte == b'\n');
        self.line += all.count() as u64;
        begin
    }

    fn fields(&self, row: &csv::ByteRecord) -> Result<RecordText, String> {
        let field = |index: Option<usize>| -> Result<Option<String>, String> {
            let bytes = index.and_then(|index| row.get(index)).unwrap_or_default();
            let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(&error))?;
            Ok((!text.is_empty()).then(|| text.to_owned()))
        };
        Ok(RecordText {
            id: field(self.id)?,
            text: field(Some(self.text))?.unwrap_or_default(),
            pair: field(self.pair)?,
        })
    }
}
