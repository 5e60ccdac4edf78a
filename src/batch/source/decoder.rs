//! The bytes of a file as UTF-8: a byte order mark is no part of the text, and
//! UTF-16 that begins with one is decoded as it comes.
//!
//! Half of a surrogate pair stays what UTF-8 has no place for (its three bytes
//! as "WTF-8" writes them), so that the line it is in fails alone.

use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

use sha2::{Digest, Sha256};

/// So many bytes are read at once, and looked at before the first line.
const BLOCK: usize = 8 << 10;

/// The longest first bytes that tell what a file is.
const TELLING: usize = 24;

/// What is known of the bytes that went by.
#[derive(Debug, Default)]
pub(super) struct Meter {
    pub(super) hasher: Sha256,
    /// Bytes of the file so far.
    read: u64,
    /// What became of them, in bytes of UTF-8.
    decoded: u64,
}

impl Meter {
    /// About how many bytes of the file so many bytes of UTF-8 were.
    pub(super) fn offset(&self, decoded: u64) -> u64 {
        let read = u128::from(decoded) * u128::from(self.read) / u128::from(self.decoded.max(1));
        u64::try_from(read).unwrap_or(u64::MAX)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16LittleEndian,
    Utf16BigEndian,
}

/// Reads a file as UTF-8, whatever of the two it is in.
pub(super) struct Decoder {
    inner: Box<dyn Read>,
    meter: Rc<RefCell<Meter>>,
    encoding: Encoding,
    /// UTF-8 that waits to be read, and how far it is.
    ready: Vec<u8>,
    taken: usize,
    /// The first byte of a unit of UTF-16, and a unit that wants another.
    half_unit: Option<u8>,
    high: Option<u16>,
    has_ended: bool,
}

impl Decoder {
    /// Reads the first bytes, which say the encoding, and returns them as well.
    pub(super) fn open(
        inner: Box<dyn Read>,
        meter: &Rc<RefCell<Meter>>,
    ) -> io::Result<(Self, Vec<u8>)> {
        let mut decoder = Self {
            inner,
            meter: Rc::clone(meter),
            encoding: Encoding::Utf8,
            ready: Vec::new(),
            taken: 0,
            half_unit: None,
            high: None,
            has_ended: false,
        };
        // A pipe gives what it has. A first line that is whole is enough.
        let mut head = Vec::new();
        while head.len() < TELLING && !head.contains(&b'\n') && !decoder.has_ended {
            head.extend(decoder.block()?);
        }
        let (encoding, mark) = match head.as_slice() {
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
            [0xff, 0xfe, ..] => (Encoding::Utf16LittleEndian, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16BigEndian, 2),
            _ => (Encoding::Utf8, 0),
        };
        decoder.encoding = encoding;
        decoder.decode(head.get(mark..).unwrap_or_default());
        Ok((decoder, head))
    }

    /// Some bytes of the file; none at its end.
    fn block(&mut self) -> io::Result<Vec<u8>> {
        let mut block = vec![0; BLOCK];
        let count = loop {
            match self.inner.read(&mut block) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                count => break count?,
            }
        };
        block.truncate(count);
        self.has_ended = count == 0;
        let mut meter = self.meter.borrow_mut();
        meter.hasher.update(&block);
        meter.read += count as u64;
        Ok(block)
    }

    /// Makes UTF-8 of some bytes of the file.
    fn decode(&mut self, bytes: &[u8]) {
        self.ready.clear();
        self.taken = 0;
        match self.encoding {
            Encoding::Utf8 => self.ready.extend(bytes),
            Encoding::Utf16LittleEndian => self.decode_units(bytes, u16::from_le_bytes),
            Encoding::Utf16BigEndian => self.decode_units(bytes, u16::from_be_bytes),
        }
        if self.has_ended {
            if let Some(high) = self.high.take() {
                self.push_half(high);
            }
            // A byte that no UTF-8 has: the file ends within a letter.
            if self.half_unit.take().is_some() {
                self.ready.push(0xff);
            }
        }
        self.meter.borrow_mut().decoded += self.ready.len() as u64;
    }

    fn decode_units(&mut self, bytes: &[u8], unit: fn([u8; 2]) -> u16) {
        for &byte in bytes {
            match self.half_unit.take() {
                None => self.half_unit = Some(byte),
                Some(first) => self.push_unit(unit([first, byte])),
            }
        }
    }

    fn push_unit(&mut self, unit: u16) {
        if let Some(high) = self.high.take() {
            match char::decode_utf16([high, unit]).next() {
                Some(Ok(letter)) => return self.push_letter(letter),
                _ => self.push_half(high),
            }
        }
        match char::from_u32(u32::from(unit)) {
            Some(letter) => self.push_letter(letter),
            None if unit < 0xdc00 => self.high = Some(unit),
            None => self.push_half(unit),
        }
    }

    fn push_letter(&mut self, letter: char) {
        let mut bytes = [0; 4];
        self.ready.extend(letter.encode_utf8(&mut bytes).as_bytes());
    }

    fn push_half(&mut self, unit: u16) {
        let [high, low] = unit.to_be_bytes();
        let middle = (high & 0x0f) << 2 | low >> 6;
        self.ready
            .extend([0xe0 | high >> 4, 0x80 | middle, 0x80 | low & 0x3f]);
    }
}

impl Read for Decoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.ready.len() && !self.has_ended {
            let block = self.block()?;
            self.decode(&block);
        }
        let ready = self.ready.get(self.taken..).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        let (target, source) = (buffer.get_mut(..count), ready.get(..count));
        if let (Some(target), Some(source)) = (target, source) {
            target.copy_from_slice(source);
        }
        self.taken += count;
        Ok(count)
    }
}
