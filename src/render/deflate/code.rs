//! The symbols of deflate, and a block's code for them.

use super::bits::{BitWriter, MOST_BITS};
use super::block::Match;
use super::huffman::{code_lengths, codes};

/// Literals, the end of a block, and lengths.
const SYMBOLS: usize = 286;
/// The symbol that ends a block.
const END: usize = 256;
/// The symbol of the first length.
const FIRST_LENGTH: usize = 257;
const DISTANCES: usize = 30;
/// A match is at most so long; longer ones are several.
pub(super) const LONGEST: usize = 258;
/// Four codes and what waits in the writer fit a word.
const LONGEST_CODE: usize = 14;
/// A run, a match at the distance 1, is this and its length in a [`super::block::Block`].
pub(super) const FIRST_RUN: u16 = 256 - SHORTEST as u16;
/// Stands for any other match there.
pub(super) const MATCH: u16 = FIRST_RUN + LONGEST as u16 + 1;
/// What a block is made of.
const PARTS: usize = MATCH as usize + 1;
/// More bits than the writer takes, as the code of what is no code.
const NO_CODE: u32 = 64;
/// No match is shorter.
pub(super) const SHORTEST: usize = 3;

const LENGTH_BASES: [u16; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
];
const LENGTH_BITS: [u8; 29] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
/// The length symbol of every length, from 0.
const LENGTH_SYMBOLS: [u8; LONGEST + 1] = {
    let mut symbols = [0; LONGEST + 1];
    let mut length = 3;
    while length <= LONGEST {
        let mut symbol = 28;
        while LENGTH_BASES[symbol] as usize > length {
            symbol -= 1;
        }
        symbols[length] = symbol as u8;
        length += 1;
    }
    symbols
};

/// The order in which the lengths of the code for code lengths are written.
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// How often symbols occur in a block.
#[derive(Debug)]
pub(super) struct Counts {
    symbols: [u32; SYMBOLS],
    distances: [u32; DISTANCES],
}

impl Counts {
    /// Counts what a block is made of.
    pub(super) fn new(parts: &[u16], matches: &[Match]) -> Self {
        // Several tables, since counting the same twice in a row waits for the
        // first.
        let mut tables = [[0_u32; PARTS]; 4];
        let (fours, rest) = parts.as_chunks::<4>();
        for four in fours {
            for (table, &part) in tables.iter_mut().zip(four) {
                if let Some(count) = table.get_mut(usize::from(part)) {
                    *count += 1;
                }
            }
        }
        for &part in rest {
            tables[0][usize::from(part)] += 1;
        }
        let [first, others @ ..] = &mut tables;
        for other in others {
            first
                .iter_mut()
                .zip(other)
                .for_each(|(count, more)| *count += *more);
        }
        let mut counts = Self {
            symbols: [0; SYMBOLS],
            distances: [0; DISTANCES],
        };
        for (symbol, &count) in counts.symbols.iter_mut().zip(&first[..END]) {
            *symbol = count;
        }
        counts.symbols[END] = 1;
        for (length, &count) in (SHORTEST..=LONGEST).zip(&first[END..]) {
            counts.add(length, 0, count);
        }
        for found in matches {
            let (distance, ..) = distance_symbol(found.distance);
            counts.add(usize::from(found.length), distance, 1);
        }
        counts
    }

    #[inline(always)]
    fn add(&mut self, length: usize, distance: usize, count: u32) {
        let symbol = FIRST_LENGTH + usize::from(LENGTH_SYMBOLS[length]);
        self.symbols[symbol] += count;
        self.distances[distance] += count;
    }
}

/// Bits, the first lowest, and how many.
#[derive(Debug, Clone, Copy, Default)]
struct Bits {
    bits: u32,
    count: u32,
}

/// The code of a block.
pub(super) struct Code {
    lengths: [u8; SYMBOLS],
    distance_lengths: [u8; DISTANCES],
    /// Of literals and runs.
    parts: [Bits64; PARTS],
    end: Bits,
    /// Of lengths, with their extra bits.
    matches: [Bits; LONGEST + 1],
    distances: [Bits; DISTANCES],
}

impl Code {
    /// The code that suits the counts.
    pub(super) fn new(counts: &Counts) -> Self {
        let mut lengths = [0; SYMBOLS];
        code_lengths(&counts.symbols, LONGEST_CODE, &mut lengths);
        let mut distance_lengths = [0; DISTANCES];
        code_lengths(&counts.distances, LONGEST_CODE, &mut distance_lengths);
        // One of them has to have a code, though nothing uses it.
        if distance_lengths.iter().all(|&length| length == 0) {
            distance_lengths[0] = 1;
        }
        let symbols = bits_of::<SYMBOLS>(&lengths);
        let matches: [Bits; LONGEST + 1] = std::array::from_fn(|length| {
            let symbol = usize::from(LENGTH_SYMBOLS[length]);
            let Bits { bits, count } = symbols[FIRST_LENGTH + symbol];
            let extra = (length as u32).saturating_sub(u32::from(LENGTH_BASES[symbol]));
            Bits {
                bits: bits | extra << count,
                count: count + u32::from(LENGTH_BITS[symbol]),
            }
        });
        let distances = bits_of::<DISTANCES>(&distance_lengths);
        let mut parts = [Bits64 {
            bits: 0,
            count: NO_CODE,
        }; PARTS];
        for (part, &symbol) in parts.iter_mut().zip(&symbols[..END]) {
            *part = Bits64::from(symbol);
        }
        for (part, &length) in parts[END..].iter_mut().zip(&matches[SHORTEST..]) {
            *part = Bits64::from(length);
            part.add(distances[0].into());
        }
        Self {
            lengths,
            distance_lengths,
            parts,
            end: symbols[END],
            matches,
            distances,
        }
    }

    /// An upper bound of what a block takes.
    pub(super) fn bit_count(&self, counts: &Counts) -> usize {
        let sum = |counts: &[u32], bits: &mut dyn Iterator<Item = u32>| -> usize {
            let products = counts.iter().zip(bits);
            products
                .map(|(&count, bits)| count as usize * bits as usize)
                .sum()
        };
        let extra = std::iter::repeat_n(0, FIRST_LENGTH).chain(LENGTH_BITS);
        let mut symbols = self
            .lengths
            .iter()
            .zip(extra)
            .map(|(&length, extra)| u32::from(length + extra));
        let mut distances = (0_u32..)
            .zip(&self.distance_lengths)
            .map(|(symbol, &length)| u32::from(length) + (symbol / 2).saturating_sub(1));
        let header = (SYMBOLS + DISTANCES) * 7 + 128;
        header + sum(&counts.symbols, &mut symbols) + sum(&counts.distances, &mut distances)
    }

    /// Writes the lengths of the codes, which tell the codes.
    pub(super) fn write_header(&self, is_last: bool, writer: &mut BitWriter) {
        let mut all = [0; SYMBOLS + DISTANCES];
        let (lengths, distance_lengths) = all.split_at_mut(SYMBOLS);
        lengths.copy_from_slice(&self.lengths);
        distance_lengths.copy_from_slice(&self.distance_lengths);
        let runs = length_symbols(&all);
        let mut counts = [0; 19];
        for &(symbol, ..) in &runs {
            counts[symbol] += 1;
        }
        let mut lengths = [0; 19];
        code_lengths(&counts, 7, &mut lengths);
        let bits = bits_of::<19>(&lengths);
        // A block with a code of its own.
        writer.put(u64::from(is_last) | 2 << 1, 3);
        writer.put((SYMBOLS - 257) as u64, 5);
        writer.put((DISTANCES - 1) as u64, 5);
        writer.put((ORDER.len() - 4) as u64, 4);
        for symbol in ORDER {
            writer.put(u64::from(lengths[symbol]), 3);
        }
        for (symbol, extra, extra_count) in runs {
            let Bits { bits, count } = bits[symbol];
            writer.put(u64::from(bits | extra << count), count + extra_count);
        }
    }

    /// Writes what a block is made of, and that it ends.
    #[inline(always)]
    pub(super) fn write_body(&self, parts: &[u16], matches: &[Match], writer: &mut BitWriter) {
        // What is here, and not behind a reference, can stay in registers.
        let mut out = std::mem::take(writer);
        let mut matches = matches.iter();
        let (fours, rest) = parts.as_chunks::<4>();
        for four in fours {
            let codes = four.map(|part| self.part(part));
            let [first, second, third, fourth] = codes;
            // Four codes nearly always fit together.
            if first.count + second.count + third.count + fourth.count <= MOST_BITS {
                let mut all = first;
                all.add(second);
                all.add(third);
                all.add(fourth);
                out.put(all.bits, all.count);
            } else {
                for code in codes {
                    self.write_part(code, &mut matches, &mut out);
                }
            }
        }
        for &part in rest {
            self.write_part(self.part(part), &mut matches, &mut out);
        }
        out.put(u64::from(self.end.bits), self.end.count);
        *writer = out;
    }

    #[inline(always)]
    fn part(&self, part: u16) -> Bits64 {
        self.parts
            .get(usize::from(part))
            .copied()
            .unwrap_or_default()
    }

    /// Writes a literal or a run, or the next match where there is no code.
    #[inline(always)]
    fn write_part(
        &self,
        code: Bits64,
        matches: &mut std::slice::Iter<'_, Match>,
        writer: &mut BitWriter,
    ) {
        if code.count < NO_CODE {
            writer.put(code.bits, code.count);
        } else if let Some(found) = matches.next() {
            let (symbol, extra, extra_count) = distance_symbol(found.distance);
            let mut all = Bits64::from(self.matches[usize::from(found.length)]);
            all.add(self.distances[symbol].into());
            all.add(Bits64 {
                bits: extra,
                count: extra_count,
            });
            writer.put(all.bits, all.count);
        }
    }
}

/// Some codes one after the other.
#[derive(Debug, Clone, Copy, Default)]
struct Bits64 {
    bits: u64,
    count: u32,
}

impl Bits64 {
    #[inline(always)]
    fn add(&mut self, code: Self) {
        self.bits |= code.bits << self.count;
        self.count += code.count;
    }
}

impl From<Bits> for Bits64 {
    #[inline(always)]
    fn from(Bits { bits, count }: Bits) -> Self {
        let bits = u64::from(bits);
        Self { bits, count }
    }
}

fn bits_of<const COUNT: usize>(lengths: &[u8; COUNT]) -> [Bits; COUNT] {
    let mut all = [0; COUNT];
    codes(lengths, &mut all);
    std::array::from_fn(|symbol| Bits {
        bits: u32::from(all[symbol]),
        count: u32::from(lengths[symbol]),
    })
}

/// Code lengths as symbols with their extra bits: 16 to 18 stand for runs.
fn length_symbols(lengths: &[u8]) -> Vec<(usize, u32, u32)> {
    let mut symbols = Vec::with_capacity(lengths.len());
    for run in lengths.chunk_by(|left, right| left == right) {
        let Some(&length) = run.first() else {
            continue;
        };
        let mut left = run.len();
        if length > 0 {
            symbols.push((usize::from(length), 0, 0));
            left -= 1;
        }
        while left >= 3 {
            let (most, symbol, base, bits) = match (length, left) {
                (0, 11..) => (138, 18, 11, 7),
                (0, _) => (10, 17, 3, 3),
                _ => (6, 16, 3, 2),
            };
            let now = left.min(most);
            symbols.push((symbol, now as u32 - base, bits));
            left -= now;
        }
        symbols.extend(std::iter::repeat_n((usize::from(length), 0, 0), left));
    }
    symbols
}

/// Symbol, extra bits and their number.
#[inline(always)]
fn distance_symbol(distance: u16) -> (usize, u64, u32) {
    let distance = u32::from(distance) - 1;
    if distance < 4 {
        return (distance as usize, 0, 0);
    }
    let top = distance.ilog2();
    let extra = top - 1;
    let symbol = 2 * top + (distance >> extra & 1);
    let value = distance & ((1 << extra) - 1);
    (symbol as usize, u64::from(value), extra)
}
