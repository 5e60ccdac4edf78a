//! The lines of a file. As in Python, `\n`, `\r\n` and `\r` end one.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader};
use std::rc::Rc;

use super::decoder::{Decoder, Meter};
use super::record::MAXIMUM_LENGTH;

/// A line, with its end.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: u64,
    /// Bytes of the file up to its end.
    pub(super) offset: u64,
    /// Empty where it is too long.
    pub(super) bytes: Vec<u8>,
    pub(super) is_too_long: bool,
}

impl Line {
    /// What stands before its end.
    pub(super) fn content(&self) -> &[u8] {
        let bytes = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
        bytes.strip_suffix(b"\r").unwrap_or(bytes)
    }

    /// Its end.
    pub(super) fn end(&self) -> &[u8] {
        self.bytes.get(self.content().len()..).unwrap_or_default()
    }
}

/// The lines of a file that is being read.
pub(super) struct Lines {
    reader: BufReader<Decoder>,
    meter: Rc<RefCell<Meter>>,
    number: u64,
    decoded: u64,
}

impl Lines {
    pub(super) fn new(decoder: Decoder, meter: &Rc<RefCell<Meter>>) -> Self {
        Self {
            reader: BufReader::new(decoder),
            meter: Rc::clone(meter),
            number: 0,
            decoded: 0,
        }
    }

    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        let mut line = Line::default();
        let mut length = 0_usize;
        loop {
            let block = self.reader.fill_buf()?;
            if block.is_empty() {
                break;
            }
            let end = block
                .iter()
                .position(|&byte| byte == b'\n' || byte == b'\r');
            let count = end.map_or(block.len(), |end| end + 1);
            length += count;
            line.is_too_long |= length > MAXIMUM_LENGTH;
            let part = block.get(..count).unwrap_or_default();
            let is_return = part.last() == Some(&b'\r');
            match line.is_too_long {
                true => line.bytes = Vec::new(),
                false => line.bytes.extend(part),
            }
            self.reader.consume(count);
            if is_return && self.reader.fill_buf()?.first() == Some(&b'\n') {
                length += 1;
                if !line.is_too_long {
                    line.bytes.push(b'\n');
                }
                self.reader.consume(1);
            }
            if end.is_some() {
                break;
            }
        }
        if length == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.decoded += length as u64;
        line.number = self.number;
        line.offset = self.meter.borrow().offset(self.decoded);
        Ok(Some(line))
    }
}
