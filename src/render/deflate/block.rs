//! Blocks of a deflate stream: literals and matches in the making, as one list
//! of symbols, so that nothing has to be guessed when they are written.

use std::ops::Range;

use pulp::NullaryFnOnce;

use super::bits::BitWriter;
use super::code::{Code, Counts, FIRST_RUN, LONGEST, MATCH, SHORTEST};
use super::row::{FilteredRow, Kernels};

/// Bytes that are copied together, though they may not all be wanted.
const STRIDE: usize = 48;

/// A match at another distance than 1, at most of the greatest length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Match {
    pub(super) length: u16,
    pub(super) distance: u16,
}

/// A block in the making, and the stream that it goes to.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Literals as they are, runs by their length, and [`MATCH`] for what is
    /// in `matches`; then room for more.
    symbols: Vec<u16>,
    length: usize,
    matches: Vec<Match>,
    writer: BitWriter,
}

impl Block {
    /// Begins a stream.
    pub(super) fn start(&mut self) {
        self.clear();
        // Deflate with the window of 32 KiB; the fastest level.
        self.writer.start(&[0x78, 0x01]);
    }

    fn clear(&mut self) {
        self.length = 0;
        self.matches.clear();
    }

    /// In symbols.
    pub(super) fn size(&self) -> usize {
        self.length
    }

    /// Makes room for so many symbols, without which they are lost.
    pub(super) fn reserve(&mut self, count: usize) {
        let needed = self.length + count + STRIDE;
        if self.symbols.len() < needed {
            self.symbols.resize(needed * 2, 0);
        }
    }

    #[inline(always)]
    pub(super) fn literal(&mut self, byte: u8) {
        self.push(u16::from(byte));
    }

    #[inline(always)]
    fn push(&mut self, symbol: u16) {
        if let Some(place) = self.symbols.get_mut(self.length) {
            *place = symbol;
            self.length += 1;
        }
    }

    /// Adds bytes of a row as literals.
    #[inline(always)]
    pub(super) fn copy(&mut self, row: &FilteredRow, range: Range<usize>) {
        let mut start = range.start;
        while start < range.end {
            let source = row.bytes(start..start + STRIDE).first_chunk::<STRIDE>();
            let target = self.symbols.get_mut(self.length..);
            let target = target.and_then(|target| target.first_chunk_mut::<STRIDE>());
            let (Some(source), Some(target)) = (source, target) else {
                return;
            };
            // Some too many are faster than knowing where the end is.
            for (target, &source) in target.iter_mut().zip(source) {
                *target = u16::from(source);
            }
            self.length += STRIDE.min(range.end - start);
            start += STRIDE;
        }
    }

    /// Adds a match of at least 3 bytes.
    #[inline(always)]
    pub(super) fn repeat(&mut self, length: usize, distance: usize) {
        let mut left = length;
        while left > LONGEST {
            // No rest is too short for a match.
            let now = LONGEST.min(left - SHORTEST);
            self.push_match(now, distance);
            left -= now;
        }
        self.push_match(left, distance);
    }

    #[inline(always)]
    fn push_match(&mut self, length: usize, distance: usize) {
        // A length is at most 258, a distance less than a row.
        let (length, distance) = (length as u16, distance as u16);
        if distance == 1 {
            self.push(FIRST_RUN + length);
        } else {
            self.push(MATCH);
            self.matches.push(Match { length, distance });
        }
    }

    /// Writes what there is as a block.
    pub(super) fn write(&mut self, is_last: bool, kernels: Kernels) {
        let symbols = self.symbols.get(..self.length).unwrap_or_default();
        let counts = Counts::new(symbols, &self.matches);
        let code = Code::new(&counts);
        let bit_count = code.bit_count(&counts);
        let literals = || symbols.iter().map(|&symbol| u8::try_from(symbol).ok());
        // What does not get shorter holds no matches.
        let stored: Option<Vec<u8>> = match bit_count > symbols.len() * 8 {
            true => literals().collect(),
            false => None,
        };
        match stored {
            Some(stored) => self.writer.write_stored(&stored, is_last),
            None => {
                self.writer.reserve(bit_count);
                code.write_header(is_last, &mut self.writer);
                kernels.run(WriteBody {
                    code: &code,
                    symbols,
                    matches: &self.matches,
                    writer: &mut self.writer,
                });
            }
        }
        self.clear();
    }

    /// Ends the stream; all blocks are written.
    pub(super) fn finish(&mut self, checksum: u32) -> &[u8] {
        self.writer.finish(&checksum.to_be_bytes())
    }
}

/// What is left of writing a block, for what the CPU has.
struct WriteBody<'block> {
    code: &'block Code,
    symbols: &'block [u16],
    matches: &'block [Match],
    writer: &'block mut BitWriter,
}

impl NullaryFnOnce for WriteBody<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let writer = self.writer;
        self.code.write_body(self.symbols, self.matches, writer);
    }
}
