//! One row of a table, line by line: fields between delimiters, with quotation
//! marks around them or without.
//!
//! As in RFC 4180: a quotation mark that begins a field encloses it, a doubled
//! one within it is one, and behind the closing one the field ends. Elsewhere
//! it is a letter.

use super::record::MAXIMUM_FIELDS;

const QUOTE: u8 = b'"';

/// Where in a row a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowEnd {
    /// The row ended with it.
    Whole,
    /// A quotation mark is open: the row goes on.
    Open,
    /// Something follows a closing quotation mark.
    AfterQuote,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Plain,
    Quoted,
    /// After a quotation mark in a quoted field.
    Closing,
}

/// A row that is being read.
#[derive(Debug)]
pub(super) struct Row {
    delimiter: u8,
    has_quotes: bool,
    state: State,
    bytes: Vec<u8>,
    /// Where each of the first fields ends in `bytes`.
    ends: Vec<usize>,
    count: usize,
    /// What followed a closing quotation mark.
    stray: Vec<u8>,
}

impl Row {
    pub(super) fn new(delimiter: u8, has_quotes: bool) -> Self {
        Self {
            delimiter,
            has_quotes,
            state: State::Start,
            bytes: Vec::new(),
            ends: Vec::new(),
            count: 0,
            stray: Vec::new(),
        }
    }

    /// Reads another line of it: its content, and its end, which is part of a
    /// field that goes on.
    pub(super) fn read(&mut self, content: &[u8], end: &[u8]) -> RowEnd {
        for (position, &byte) in content.iter().enumerate() {
            self.state = match self.state {
                State::Start if byte == QUOTE && self.has_quotes => State::Quoted,
                State::Start | State::Plain | State::Closing if byte == self.delimiter => {
                    self.end_field();
                    State::Start
                }
                State::Quoted if byte == QUOTE => State::Closing,
                State::Closing if byte != QUOTE => {
                    let rest = content.get(position..).unwrap_or_default();
                    self.stray = rest.to_vec();
                    return RowEnd::AfterQuote;
                }
                state => {
                    self.bytes.push(byte);
                    match state {
                        State::Start | State::Plain => State::Plain,
                        State::Quoted | State::Closing => State::Quoted,
                    }
                }
            };
        }
        if self.state == State::Quoted {
            self.bytes.extend(end);
            return RowEnd::Open;
        }
        self.end_field();
        RowEnd::Whole
    }

    fn end_field(&mut self) {
        self.count += 1;
        if self.count <= MAXIMUM_FIELDS {
            self.ends.push(self.bytes.len());
        }
    }

    /// How many fields have ended so far.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// A field without its quotation marks; empty where there is none, and
    /// beyond [`MAXIMUM_FIELDS`].
    pub(super) fn field(&self, index: usize) -> &[u8] {
        let start = match index.checked_sub(1) {
            None => Some(0),
            Some(before) => self.ends.get(before).copied(),
        };
        let end = self.ends.get(index).copied();
        let range = start.zip(end).map(|(start, end)| start..end);
        range
            .and_then(|range| self.bytes.get(range))
            .unwrap_or_default()
    }

    /// The letter behind a closing quotation mark.
    pub(super) fn stray(&self) -> char {
        let text = String::from_utf8_lossy(&self.stray);
        text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}
