//! Blocks of a deflate stream: literals and matches, and the bits that they
//! become under a code of their own.

use std::ops::Range;

use super::bits::BitWriter;
use super::code::{Code, Counts, LONGEST, SHORTEST};
use super::row::{FilteredRow, Kernels};
use pulp::NullaryFnOnce;

/// Bytes that are copied together, though they may not all be wanted.
const STRIDE: usize = 16;

/// Literals, then a match.
#[derive(Debug, Clone, Copy)]
pub(super) struct Match {
    pub(super) literals: u16,
    pub(super) length: u16,
    pub(super) distance: u16,
}

/// A block in the making, and the stream that it goes to.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// All literals, and room for more.
    literals: Vec<u8>,
    literal_count: usize,
    /// Literals that no match follows yet.
    waiting: usize,
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
        self.literal_count = 0;
        self.waiting = 0;
        self.matches.clear();
    }

    /// Literals and matches.
    pub(super) fn size(&self) -> usize {
        self.literal_count.max(self.matches.len())
    }

    #[inline(always)]
    pub(super) fn literal(&mut self, byte: u8) {
        self.reserve(1);
        if let Some(place) = self.literals.get_mut(self.literal_count) {
            *place = byte;
            self.literal_count += 1;
            self.waiting += 1;
        }
    }

    /// Adds bytes of a row as literals.
    #[inline(always)]
    pub(super) fn copy(&mut self, row: &FilteredRow, range: Range<usize>) {
        let count = range.len();
        self.reserve(count);
        // A few bytes too many are faster than a loop that knows the end.
        let end = range.start + count.next_multiple_of(STRIDE);
        let source = row.bytes(range.start..end).as_chunks::<STRIDE>().0;
        let target = self.literals.get_mut(self.literal_count..);
        let target = target.unwrap_or_default().as_chunks_mut::<STRIDE>().0;
        for (target, source) in target.iter_mut().zip(source) {
            *target = *source;
        }
        self.literal_count += count;
        self.waiting += count;
    }

    #[inline(always)]
    fn reserve(&mut self, count: usize) {
        let needed = self.literal_count + count + STRIDE;
        if self.literals.len() < needed {
            self.literals.resize(needed * 2, 0);
        }
    }

    /// Adds a match of at least 3 bytes.
    #[inline(always)]
    pub(super) fn repeat(&mut self, length: usize, distance: usize) {
        // No rest of matches of the greatest length is too short for one.
        let last = match length % LONGEST {
            1 | 2 if length > LONGEST => SHORTEST,
            _ => 0,
        };
        self.push_match(length - last, distance);
        if last > 0 {
            self.push_match(last, distance);
        }
    }

    #[inline(always)]
    fn push_match(&mut self, length: usize, distance: usize) {
        // All of them are less than a row, which 16 bits hold.
        self.matches.push(Match {
            literals: self.waiting as u16,
            length: length as u16,
            distance: distance as u16,
        });
        self.waiting = 0;
    }

    /// Writes what there is as a block.
    pub(super) fn write(&mut self, is_last: bool, kernels: Kernels) {
        let literals = self.literals.get(..self.literal_count).unwrap_or_default();
        let mut counts = Counts::default();
        counts.add_literals(literals);
        counts.add_matches(&self.matches);
        let code = Code::new(&counts);
        let bit_count = code.bit_count(&counts);
        if self.matches.is_empty() && bit_count > (literals.len() + literals.len() / 8_192 + 8) * 8
        {
            self.writer.write_stored(literals, is_last);
        } else {
            self.writer.reserve(bit_count);
            code.write_header(is_last, &mut self.writer);
            kernels.run(WriteBody {
                code: &code,
                literals,
                matches: &self.matches,
                writer: &mut self.writer,
            });
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
    literals: &'block [u8],
    matches: &'block [Match],
    writer: &'block mut BitWriter,
}

impl NullaryFnOnce for WriteBody<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let writer = self.writer;
        self.code.write_body(self.literals, self.matches, writer);
    }
}
