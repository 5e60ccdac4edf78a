//! A zlib stream of the rows of a picture made of cells and letters, a byte a
//! pixel.
//!
//! General compressors look for what is known here: most rows repeat the row
//! above, most of what is left of a row does too, and the rest are stretches of
//! one colour or the edges of letters. So a row is compared with the row above
//! once, and only what differs is looked at: for runs of a pixel, and for what
//! stood further left in the same row, as the same number in a cell of the same
//! colour does.
//!
//! Pixels are indices of a palette. What repeats the row above is written under
//! the filter "up", as a run of zeros: a match at the distance of a row would
//! take eleven more bits each time, which is more than literals lose by being
//! differences of indices. Literals are what is left: the edges of the numbers
//! in the cells.

mod bits;
mod block;
mod code;
mod huffman;
mod row;

use block::Block;
use code::SHORTEST;
use pulp::NullaryFnOnce;
use row::{FilteredRow, Kernels};

/// A row is written as it is.
const FILTER_NONE: u8 = 0;
/// A row is written as its difference from the row above.
const FILTER_UP: u8 = 2;
/// So many equal pixels end a stretch of what differs.
const GAP: usize = 8;
/// Shorter stretches are letters' edges and hold no runs worth looking for.
const LETTER_EDGE: usize = 48;
/// A block is written when it has so many literals and matches.
const BLOCK: usize = 1 << 15;
/// Places remembered for what begins there; a power of two.
const PLACES: usize = 1 << 10;
/// What Adler-32 counts by.
const MODULUS: u64 = 65_521;

/// Compresses rows of pixels for a PNG. Its memory is used again for the next
/// picture.
#[derive(Debug)]
pub struct RowCompressor {
    kernels: Kernels,
    row: FilteredRow,
    /// Where bytes stood in the same row, by a hash of them; the row's number
    /// is beside the place, so that nothing has to be cleared.
    places: Vec<(u32, u16)>,
    row_number: u32,
    block: Block,
    /// The two sums of Adler-32.
    sums: (u64, u64),
}

impl Default for RowCompressor {
    fn default() -> Self {
        Self::new()
    }
}

impl RowCompressor {
    /// With nothing to compress yet.
    pub fn new() -> Self {
        Self::with(Kernels::detect())
    }

    /// The same without anything that not every CPU has; it writes the same
    /// bytes.
    pub fn portable() -> Self {
        Self::with(Kernels::portable())
    }

    fn with(kernels: Kernels) -> Self {
        Self {
            kernels,
            row: FilteredRow::default(),
            places: vec![(0, 0); PLACES],
            row_number: 0,
            block: Block::default(),
            sums: (1, 0),
        }
    }

    /// Begins a picture of rows of so many pixels, a byte each. A row has at
    /// most 32,767.
    pub fn start(&mut self, width: usize) {
        self.row.resize(width);
        self.places.fill((0, 0));
        self.row_number = 0;
        self.block.start();
        self.sums = (1, 0);
    }

    /// Adds a row and as many rows like it as make `count`. `above` is the row
    /// before it, nothing for the first.
    pub fn push(&mut self, row: &[u8], above: Option<&[u8]>, count: usize) {
        let kernels = self.kernels;
        kernels.run(Push {
            compressor: self,
            row,
            above,
            count,
        });
        if self.block.size() >= BLOCK {
            self.block.write(false, kernels);
        }
    }

    #[inline(always)]
    fn push_rows(&mut self, row: &[u8], above: Option<&[u8]>, count: usize) {
        self.row_number += 1;
        // What is here, and not behind a reference, can stay in registers.
        let mut block = std::mem::take(&mut self.block);
        // A row has less symbols than bytes, an equal row hardly any.
        let length = self.row.length();
        block.reserve((length + 2) + (length / 128 + 4) * count);
        let changed = match above {
            Some(above) => self.row.subtract(row, above, self.kernels),
            None => usize::MAX,
        };
        // Neighbours differ less from each other than from the row above where
        // a row of cells begins.
        if changed <= self.row.length() / 2 {
            self.sums = self.row.checksum_of_changes(FILTER_UP, self.sums);
            self.push_changes(&mut block);
        } else {
            self.row.copy(row);
            self.sums = self.row.checksum(FILTER_NONE, self.sums);
            self.push_all(&mut block);
        }
        for _ in 1..count {
            self.push_equal(&mut block);
        }
        self.block = block;
    }

    /// The whole stream.
    pub fn finish(&mut self) -> &[u8] {
        self.block.write(true, self.kernels);
        let (low, high) = self.sums;
        // Both are less than the modulus.
        self.block.finish((high as u32) << 16 | low as u32)
    }

    /// A row that equals the row above: zeros behind the filter's number.
    #[inline(always)]
    fn push_equal(&mut self, block: &mut Block) {
        let length = self.row.length();
        block.literal(FILTER_UP);
        zeros(block, length);
        let (low, high) = self.sums;
        let low = low + u64::from(FILTER_UP);
        self.sums = (low % MODULUS, (high + low * (length as u64 + 1)) % MODULUS);
    }

    /// What differs from the row above, with zeros between.
    #[inline(always)]
    fn push_changes(&mut self, block: &mut Block) {
        block.literal(FILTER_UP);
        let mut at = 0;
        loop {
            let start = self.row.next_change(at);
            zeros(block, start - at);
            if start >= self.row.length() {
                return;
            }
            at = self.push_change(start, block);
        }
    }

    /// A stretch that differs from the row above; returns where it ended.
    #[inline(always)]
    fn push_change(&mut self, start: usize, block: &mut Block) -> usize {
        let end = self.row.change_end::<GAP>(start);
        let mut at = start;
        while let Some((length, distance)) = self.seen(at) {
            block.repeat(length, distance);
            at += length;
            if at >= end {
                return at;
            }
        }
        if end - at <= LETTER_EDGE {
            block.copy(&self.row, at..end);
            return end;
        }
        let mut from = at;
        while at < end {
            let run = self.row.equal(at + 1, 1);
            at += 1;
            if run >= SHORTEST {
                block.copy(&self.row, from..at);
                block.repeat(run, 1);
                at += run;
                from = at;
            }
        }
        let end = at.min(self.row.length());
        block.copy(&self.row, from..end);
        end
    }

    /// A row that has little in common with the row above.
    #[inline(always)]
    fn push_all(&mut self, block: &mut Block) {
        block.literal(FILTER_NONE);
        let length = self.row.length();
        let (mut at, mut from) = (0, 0);
        while at < length {
            let run = self.row.equal(at + 1, 1);
            match self.seen(at) {
                Some((found, distance)) if found > run => {
                    block.copy(&self.row, from..at);
                    block.repeat(found, distance);
                    at += found;
                    from = at;
                }
                _ if run >= SHORTEST => {
                    at += 1;
                    block.copy(&self.row, from..at);
                    block.repeat(run, 1);
                    at += run;
                    from = at;
                }
                _ => at += 1,
            }
        }
        block.copy(&self.row, from..length);
    }

    /// How many pixels from a place on stood further left, and how far.
    #[inline(always)]
    fn seen(&mut self, at: usize) -> Option<(usize, usize)> {
        let key = self.row.key(at);
        let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PLACES.ilog2());
        let place = self.places.get_mut(hash as usize)?;
        // A row has fewer pixels than 16 bits count.
        let (row_number, before) = std::mem::replace(place, (self.row_number, at as u16));
        let distance = at - usize::from(before).min(at);
        if row_number != self.row_number || distance == 0 || self.row.key(at - distance) != key {
            return None;
        }
        let length = self.row.equal(at, distance);
        (length >= SHORTEST).then_some((length, distance))
    }
}

/// Adds so many zeros.
#[inline(always)]
fn zeros(block: &mut Block, count: usize) {
    let literals = if count > SHORTEST { 1 } else { count };
    for _ in 0..literals {
        block.literal(0);
    }
    if count > literals {
        block.repeat(count - literals, 1);
    }
}

/// A row on its way, for what the CPU has.
struct Push<'work> {
    compressor: &'work mut RowCompressor,
    row: &'work [u8],
    above: Option<&'work [u8]>,
    count: usize,
}

impl NullaryFnOnce for Push<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.compressor.push_rows(self.row, self.above, self.count);
    }
}
