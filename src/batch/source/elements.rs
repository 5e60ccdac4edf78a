//! The elements of a JSON array, one at a time, however long it is; also JSON
//! values that stand one after the other, as many files called `.json` have
//! them.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader};
use std::rc::Rc;

use super::InputSource;
use super::decoder::{Decoder, Meter};
use super::error::SourceError;
use super::object::{self, Surroundings};
use super::record::{MAXIMUM_LENGTH, Record, RecordError, RecordText};

/// The line that an element begins on, what it says, and what it calls itself
/// where that is all that it says.
type Element = (u64, Result<RecordText, RecordError>, Option<String>);

/// The elements of a file that is being read.
pub(super) struct Elements {
    reader: BufReader<Decoder>,
    meter: Rc<RefCell<Meter>>,
    decoded: u64,
    line: u64,
    is_after_return: bool,
    /// Of the element that was read last, from 1.
    position: u64,
    is_array: bool,
    has_ended: bool,
}

impl Elements {
    /// Looks how the file begins.
    pub(super) fn open(
        source: &InputSource,
        decoder: Decoder,
        meter: &Rc<RefCell<Meter>>,
    ) -> Result<Self, SourceError> {
        let mut elements = Self {
            reader: BufReader::new(decoder),
            meter: Rc::clone(meter),
            decoded: 0,
            line: 1,
            is_after_return: false,
            position: 0,
            is_array: false,
            has_ended: false,
        };
        let first = elements.space().map_err(|error| source.io(error))?;
        match first {
            None => elements.has_ended = true,
            Some(b'[') => {
                elements.is_array = true;
                elements.advance(b'[');
            }
            Some(b'{') => {}
            Some(found) => {
                return Err(SourceError::NoArray {
                    file: source.name.clone(),
                    found: char::from(found),
                });
            }
        }
        Ok(elements)
    }

    /// The next element; `None` at the end.
    pub(super) fn next(&mut self, source: &InputSource) -> Result<Option<Record>, SourceError> {
        if self.has_ended {
            return Ok(None);
        }
        let element = self.element(source).map_err(|error| source.io(error))?;
        let Some((line, content, id)) = element else {
            self.has_ended = true;
            return Ok(None);
        };
        let position = self.position;
        let offset = self.meter.borrow().offset(self.decoded);
        let content = content.map_err(|error| RecordError::Element {
            position,
            line,
            error: Box::new(error),
        });
        Ok(Some(Record::new([position, offset], content, || id)))
    }

    /// Cuts the next element out and reads it.
    fn element(&mut self, source: &InputSource) -> io::Result<Option<Element>> {
        let mut first = self.space()?;
        self.position += 1;
        if self.is_array {
            if self.position > 1 && first == Some(b',') {
                self.advance(b',');
                first = self.space()?;
            } else if first == Some(b']') {
                self.advance(b']');
                let after = self.space()?;
                return self.end(after, "the end of the file");
            } else if self.position > 1 {
                return self.broken("a comma or ]", first);
            }
            if matches!(first, None | Some(b',' | b']' | b'}')) {
                return self.broken("an element", first);
            }
        } else if matches!(first, None | Some(b']' | b'}' | b',')) {
            return self.end(first, "an object");
        }
        let line = self.line;
        let (bytes, is_whole) = self.value()?;
        if !is_whole {
            self.has_ended = true;
        }
        let parse = |json, surroundings| object::parse(json, source, surroundings);
        let surroundings = match self.is_array {
            true => Surroundings::Array,
            false => Surroundings::Sequence,
        };
        let content = match &bytes {
            _ if !is_whole => Err(RecordError::BrokenArray {
                expected: "the end of the element",
                found: "the end of the file".to_owned(),
            }),
            None => Err(RecordError::TooLong {
                maximum: MAXIMUM_LENGTH,
            }),
            Some(bytes) => RecordError::text(bytes).and_then(|json| parse(json, surroundings)),
        };
        // Whether it is alone matters for what is wrong with it, and a pipe may
        // take its time to tell.
        let content = match (&bytes, content) {
            (Some(bytes), Err(_)) if is_whole && self.is_alone()? => {
                RecordError::text(bytes).and_then(|json| parse(json, Surroundings::Nothing))
            }
            (_, content) => content,
        };
        let id = match (&bytes, &content) {
            (Some(bytes), Err(_)) => {
                let json = RecordError::text(bytes).ok();
                json.and_then(|json| object::own_id(json, &source.columns))
            }
            (Some(_) | None, _) => None,
        };
        Ok(Some((line, content, id)))
    }

    /// Whether the element that was read is all that the file holds.
    fn is_alone(&mut self) -> io::Result<bool> {
        Ok(!self.is_array && self.position == 1 && self.space()?.is_none())
    }

    /// The end of all elements, where nothing more is there.
    fn end(&mut self, found: Option<u8>, expected: &'static str) -> io::Result<Option<Element>> {
        match found {
            None => Ok(None),
            found => self.broken(expected, found),
        }
    }

    /// The last record of an array that cannot be read on.
    fn broken(&mut self, expected: &'static str, found: Option<u8>) -> io::Result<Option<Element>> {
        let line = self.line;
        self.has_ended = true;
        // The digest is that of the whole file.
        io::copy(&mut self.reader, &mut io::sink())?;
        let found = match found {
            None => "the end of the file".to_owned(),
            Some(byte) => format!("{:?}", char::from(byte)),
        };
        Ok(Some((
            line,
            Err(RecordError::BrokenArray { expected, found }),
            None,
        )))
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.reader.fill_buf()?.first().copied())
    }

    fn advance(&mut self, byte: u8) {
        self.reader.consume(1);
        self.decoded += 1;
        let is_line_end = byte == b'\r' || (byte == b'\n' && !self.is_after_return);
        self.line += u64::from(is_line_end);
        self.is_after_return = byte == b'\r';
    }

    /// Goes over space, and returns what stands behind it.
    fn space(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.peek()? {
                Some(byte @ (b' ' | b'\t' | b'\n' | b'\r')) => self.advance(byte),
                found => return Ok(found),
            }
        }
    }

    /// The bytes of a value, by its brackets and quotation marks alone, `None`
    /// where there are too many; and whether the value ends before the file does.
    fn value(&mut self) -> io::Result<(Option<Vec<u8>>, bool)> {
        let mut bytes = Vec::new();
        let mut is_too_long = false;
        let (mut depth, mut is_quoted, mut is_escaped) = (0_u64, false, false);
        while let Some(byte) = self.peek()? {
            let is_end = matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
            if depth == 0 && !is_quoted && is_end && !bytes.is_empty() {
                break;
            }
            self.advance(byte);
            is_too_long |= bytes.len() == MAXIMUM_LENGTH;
            if !is_too_long {
                bytes.push(byte);
            }
            let was_quoted = is_quoted;
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if is_quoted => is_escaped = true,
                b'"' => is_quoted = !is_quoted,
                b'{' | b'[' if !is_quoted => depth += 1,
                b'}' | b']' if !is_quoted => depth = depth.saturating_sub(1),
                _ => {}
            }
            let closes = matches!(byte, b'}' | b']') && !was_quoted;
            if depth == 0 && !is_quoted && (closes || (byte == b'"' && was_quoted)) {
                break;
            }
        }
        let is_whole = depth == 0 && !is_quoted;
        Ok(((!is_too_long).then_some(bytes), is_whole))
    }
}
