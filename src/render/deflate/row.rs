//! A row under its filter, and where it differs from the row above.

use std::ops::Range;

#[cfg(target_arch = "x86_64")]
use pulp::x86::V4;
use pulp::{Arch, NullaryFnOnce};

/// Bytes that are looked at together, a bit of a word for each.
const CHUNK: usize = 64;

/// A row as it is written.
#[derive(Debug, Default)]
pub(super) struct FilteredRow {
    length: usize,
    /// The bytes from `CHUNK` on, zeros behind them; before them the number
    /// of the filter.
    bytes: Vec<u8>,
    /// A bit for every byte that is not zero, under [`FilteredRow::subtract`].
    changes: Vec<u64>,
}

impl FilteredRow {
    pub(super) fn resize(&mut self, length: usize) {
        self.length = length;
        let chunks = length.div_ceil(CHUNK);
        self.bytes.clear();
        self.bytes.resize((chunks + 2) * CHUNK, 0);
        self.changes.clear();
        self.changes.resize(chunks + 1, 0);
    }

    /// In bytes, without the number of the filter.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Takes a row as it is.
    #[inline(always)]
    pub(super) fn copy(&mut self, row: &[u8]) {
        let bytes = self.bytes.get_mut(CHUNK..).unwrap_or_default();
        bytes
            .iter_mut()
            .zip(row)
            .for_each(|(byte, &new)| *byte = new);
    }

    /// Takes a row as its difference from another; returns the number of bytes
    /// that are not zero.
    #[inline(always)]
    pub(super) fn subtract(&mut self, row: &[u8], above: &[u8], kernels: Kernels) -> usize {
        kernels.subtract(Subtract {
            row,
            above,
            out: self.bytes.get_mut(CHUNK..).unwrap_or_default(),
            changes: &mut self.changes,
        });
        let changed = self.changes.iter().map(|word| word.count_ones() as usize);
        changed.sum()
    }

    /// Adler-32 continued over a difference and the number of its filter.
    #[inline(always)]
    pub(super) fn checksum_of_changes(&self, filter: u8, (low, high): (u64, u64)) -> (u64, u64) {
        let low = low + u64::from(filter);
        let bytes = self.bytes(0..self.length);
        let changes = self.changes.iter().map(|&changes| changes != 0);
        checksum(bytes, changes, (low, high + low))
    }

    /// The same for a row as it is.
    #[inline(always)]
    pub(super) fn checksum(&self, filter: u8, (low, high): (u64, u64)) -> (u64, u64) {
        let low = low + u64::from(filter);
        let bytes = self.bytes(0..self.length);
        checksum(bytes, std::iter::repeat(true), (low, high + low))
    }

    /// Some of the bytes.
    #[inline(always)]
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        let range = range.start + CHUNK..range.end + CHUNK;
        self.bytes.get(range).unwrap_or_default()
    }

    /// Four bytes, zeros behind the end.
    #[inline(always)]
    pub(super) fn key(&self, at: usize) -> u64 {
        let bytes = self
            .bytes
            .get(at + CHUNK..)
            .and_then(|bytes| bytes.first_chunk());
        bytes.map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
    }

    /// How many bytes from a place on equal those so far before them.
    #[inline(always)]
    pub(super) fn equal(&self, start: usize, distance: usize) -> usize {
        let words = |at: usize| {
            let bytes = self.bytes.get(at + CHUNK..).unwrap_or_default();
            bytes.as_chunks::<8>().0.iter()
        };
        let mut count = 0;
        for (word, before) in words(start).zip(words(start - distance)) {
            let difference = u64::from_le_bytes(*word) ^ u64::from_le_bytes(*before);
            if difference != 0 {
                count += difference.trailing_zeros() as usize / 8;
                break;
            }
            count += 8;
        }
        count.min(self.length.saturating_sub(start))
    }

    /// The first place from one on that is not zero.
    #[inline(always)]
    pub(super) fn next_change(&self, at: usize) -> usize {
        let (mut start, mut word) = (at, self.window(at));
        let mut chunk = at / CHUNK + 1;
        while word == 0 {
            // Some of it was seen already.
            start = chunk * CHUNK;
            match self.changes.get(chunk) {
                Some(&next) => word = next,
                None => return self.length,
            }
            chunk += 1;
        }
        (start + word.trailing_zeros() as usize).min(self.length)
    }

    /// The first place from one on where `COUNT` zeros begin, 4 to 8.
    #[inline(always)]
    pub(super) fn change_end<const COUNT: usize>(&self, at: usize) -> usize {
        let mut at = at;
        while at < self.length {
            let zeros = !self.window(at);
            let two = zeros & zeros >> 1;
            let four = two & two >> 2;
            let ends = four & four >> (COUNT - 4);
            // What is shifted in from beyond the window is unknown.
            let known = CHUNK + 1 - COUNT;
            let found = ends.trailing_zeros() as usize;
            if found < known {
                return (at + found).min(self.length);
            }
            at += known;
        }
        self.length
    }

    /// Which of the 64 bytes from a place on are not zero.
    #[inline(always)]
    fn window(&self, at: usize) -> u64 {
        let (chunk, shift) = (at / CHUNK, at % CHUNK);
        let word = |chunk| self.changes.get(chunk).copied().unwrap_or(0);
        // Shifting by 64 would be by nothing.
        word(chunk) >> shift | word(chunk + 1) << 1 << (CHUNK - 1 - shift)
    }
}

/// What is computed for every byte, with the widest vectors that there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kernels(Arch);

impl Kernels {
    pub(super) fn detect() -> Self {
        Self(Arch::new())
    }

    pub(super) fn portable() -> Self {
        Self(Arch::Scalar)
    }

    #[inline(always)]
    fn subtract(self, work: Subtract<'_>) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(simd) => simd.vectorize(SubtractWide(work, simd)),
            arch => arch.dispatch(work),
        }
    }

    /// Does something with all that the CPU has.
    pub(super) fn run<Work: NullaryFnOnce>(self, work: Work) -> Work::Output {
        self.0.dispatch(work)
    }
}

/// A row minus the row above, and where the two differ.
struct Subtract<'row> {
    row: &'row [u8],
    above: &'row [u8],
    out: &'row mut [u8],
    changes: &'row mut [u64],
}

impl NullaryFnOnce for Subtract<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.run(changed);
    }
}

/// The same where one instruction tells where 64 bytes differ.
#[cfg(target_arch = "x86_64")]
struct SubtractWide<'row>(Subtract<'row>, V4);

#[cfg(target_arch = "x86_64")]
impl NullaryFnOnce for SubtractWide<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self(work, simd) = self;
        let zero = pulp::cast([0_u8; CHUNK]);
        let different = |chunk: &[u8; CHUNK]| {
            simd.avx512bw
                ._mm512_cmpneq_epi8_mask(pulp::cast(*chunk), zero)
        };
        work.run(different);
    }
}

impl Subtract<'_> {
    #[inline(always)]
    fn run(self, changed: impl Fn(&[u8; CHUNK]) -> u64) {
        let (rows, row_rest) = self.row.as_chunks::<CHUNK>();
        let (aboves, above_rest) = self.above.as_chunks::<CHUNK>();
        let outs = self.out.as_chunks_mut::<CHUNK>().0.iter_mut();
        let mut outs = outs.zip(self.changes);
        for ((row, above), (out, changes)) in rows.iter().zip(aboves).zip(&mut outs) {
            *out = std::array::from_fn(|index| row[index].wrapping_sub(above[index]));
            *changes = changed(out);
        }
        if let Some((out, changes)) = outs.next() {
            for ((out, row), above) in out.iter_mut().zip(row_rest).zip(above_rest) {
                *out = row.wrapping_sub(*above);
            }
            *changes = changed(out);
        }
    }
}

/// A bit for every byte that is not zero.
#[inline(always)]
fn changed(chunk: &[u8; CHUNK]) -> u64 {
    if *chunk == [0; CHUNK] {
        return 0;
    }
    (0..CHUNK).fold(0, |word, index| {
        word | u64::from(chunk[index] != 0) << index
    })
}

/// Both sums of Adler-32, in 16 lanes. Chunks are known to be zeros or not.
#[inline(always)]
fn checksum(
    bytes: &[u8],
    changed: impl Iterator<Item = bool>,
    (low, high): (u64, u64),
) -> (u64, u64) {
    const LANES: usize = 16;
    let (chunks, rest) = bytes.as_chunks::<CHUNK>();
    // Sums of bytes, sums of those sums before each chunk, and sums of bytes by
    // how often they count within their chunk. A row is short enough for them.
    let mut sums = [0_u32; LANES];
    let mut earlier = [0_u32; LANES];
    let mut weighted = [0_u32; LANES];
    for (chunk, is_changed) in chunks.iter().zip(changed) {
        for lane in 0..LANES {
            earlier[lane] += sums[lane];
        }
        if !is_changed {
            continue;
        }
        for lane in 0..LANES {
            let quarters = [0, 1, 2, 3].map(|quarter| {
                let index = quarter * LANES + lane;
                (u16::from(chunk[index]), (CHUNK - index) as u16)
            });
            let sum: u16 = quarters.iter().map(|(byte, _)| byte).sum();
            let product: u16 = quarters.iter().map(|(byte, weight)| byte * weight).sum();
            sums[lane] += u32::from(sum);
            weighted[lane] += u32::from(product);
        }
    }
    let total = |lanes: [u32; LANES]| lanes.iter().copied().map(u64::from).sum::<u64>();
    let length = (chunks.len() * CHUNK) as u64;
    let mut high = high + length * low + CHUNK as u64 * total(earlier) + total(weighted);
    let mut low = low + total(sums);
    for &byte in rest {
        low += u64::from(byte);
        high += low;
    }
    (low % super::MODULUS, high % super::MODULUS)
}
