//! Values as few bits, so that a page of many maps stays small.
//!
//! Up to [`LONGEST_EXACT`] units a value is 16 bits: the upper bits of its
//! `f32`, counted from 32 octaves below the greatest value of all. That is 2⁻¹²
//! of the value itself, whatever its size, and keeps the order; where different
//! values of a row share a code, their order stands beside the codes. Of longer
//! inputs a value is 8 bits: equal steps up to the maximum of its row.
//!
//! 0 is 0 and nothing else is.

use crate::attention::Mask;

/// Up to so many queries or keys, values have 16 bits.
pub const LONGEST_EXACT: usize = 256;

/// The bits of an `f32` that a code of 16 bits leaves out.
const DROPPED_BITS: u32 = 12;
/// The greatest code of 16 bits.
const GREATEST: u32 = 0xffff;
/// The steps of a code of 8 bits: code 1 is the lowest step, that of values too
/// small to tell from 0, so that code 0 is 0 itself.
const STEPS: f32 = 254.0;

/// Bytes of one layer of maps.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Layer {
    /// The codes. Of 16 bits, all upper bytes stand before all lower ones, which
    /// compresses better. Of 8 bits, the maxima of the rows stand before them, as
    /// codes of 16 bits in the same two parts.
    pub(super) codes: Vec<u8>,
    /// For every cell that shares its code, which is not 0, with another of its
    /// row: how many different values below it share that code.
    pub(super) ties: Vec<u8>,
    /// How far a value is from what its code stands for, at most.
    pub(super) largest_error: f32,
}

/// How codes of 16 bits are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coding {
    /// The upper bits of code 0.
    pub(super) base: u32,
    /// 16 or 8 bits a cell.
    pub(super) bits: u8,
}

impl Coding {
    /// For values up to this.
    pub(super) fn new(greatest: f32, [queries, keys]: [usize; 2]) -> Self {
        Self {
            base: upper_bits(greatest).saturating_sub(GREATEST),
            bits: match queries.max(keys) > LONGEST_EXACT {
                true => 8,
                false => 16,
            },
        }
    }

    fn code(self, value: f32) -> u16 {
        if value == 0.0 {
            return 0;
        }
        let code = upper_bits(value).saturating_sub(self.base);
        // Never more than GREATEST: the base is that far below the greatest.
        code.clamp(1, GREATEST) as u16
    }

    /// What a code stands for.
    pub(super) fn value(self, code: u16) -> f32 {
        match code {
            0 => 0.0,
            code => f32::from_bits((u32::from(code) + self.base) << DROPPED_BITS),
        }
    }

    /// The maps of a layer, `[head, query, key]`, of which only the cells count
    /// that the mask allows.
    pub(super) fn encode(self, maps: &[f32], [queries, keys]: [usize; 2], mask: Mask) -> Layer {
        match self.bits {
            8 => self.encode_by_row(maps, [queries, keys], mask),
            _ => self.encode_exactly(maps, [queries, keys], mask),
        }
    }

    fn encode_exactly(self, maps: &[f32], [queries, keys]: [usize; 2], mask: Mask) -> Layer {
        let (mut upper, mut lower) = (Vec::with_capacity(maps.len()), Vec::new());
        let mut layer = Layer::default();
        let mut order: Vec<usize> = Vec::with_capacity(keys);
        for (index, row) in maps.chunks_exact(keys.max(1)).enumerate() {
            let row = &row[mask.allowed(index % queries.max(1), keys)];
            let codes: Vec<u16> = row.iter().map(|&value| self.code(value)).collect();
            for (&value, &code) in row.iter().zip(&codes) {
                let [low, high] = code.to_le_bytes();
                upper.push(high);
                lower.push(low);
                let error = (value - self.value(code)).abs();
                layer.largest_error = layer.largest_error.max(error);
            }
            order.clear();
            order.extend(0..row.len());
            order.sort_unstable_by(|&left, &right| row[left].total_cmp(&row[right]));
            put_ties(row, &codes, &order, &mut layer.ties);
        }
        upper.append(&mut lower);
        layer.codes = upper;
        layer
    }

    fn encode_by_row(self, maps: &[f32], [queries, keys]: [usize; 2], mask: Mask) -> Layer {
        let (mut upper, mut lower) = (Vec::new(), Vec::new());
        let mut cells = Vec::with_capacity(maps.len());
        let mut layer = Layer::default();
        for (index, row) in maps.chunks_exact(keys.max(1)).enumerate() {
            let row = &row[mask.allowed(index % queries.max(1), keys)];
            let maximum = row.iter().copied().fold(0.0, f32::max);
            let code = self.code(maximum);
            let [low, high] = code.to_le_bytes();
            upper.push(high);
            lower.push(low);
            let step = self.value(code) / STEPS;
            for &value in row {
                let cell = match value == 0.0 {
                    true => 0,
                    false => 1 + (value / step + 0.5).clamp(0.0, STEPS) as u8,
                };
                cells.push(cell);
                let stands_for = f32::from(cell.saturating_sub(1)) * step;
                layer.largest_error = layer.largest_error.max((value - stands_for).abs());
            }
        }
        layer.codes = [upper, lower, cells].concat();
        layer
    }
}

/// Notes the order of different values that share a code. `order` has the cells
/// of the row, the least first.
fn put_ties(row: &[f32], codes: &[u16], order: &[usize], ties: &mut Vec<u8>) {
    // What stands below each cell, `None` for one whose code is its alone.
    let mut below: Vec<Option<u8>> = vec![None; row.len()];
    for group in order.chunk_by(|&left, &right| codes[left] == codes[right]) {
        if group.len() < 2 || codes[group[0]] == 0 {
            continue;
        }
        let mut rank = 0_u8;
        for (place, &cell) in group.iter().enumerate() {
            let is_greater = place > 0 && row[group[place - 1]] < row[cell];
            // A row has 256 cells at most, so 255 different values below one.
            rank = rank.saturating_add(u8::from(is_greater));
            below[cell] = Some(rank);
        }
    }
    ties.extend(below.into_iter().flatten());
}

/// The upper bits of a value that is not negative, rounded to the nearest.
fn upper_bits(value: f32) -> u32 {
    (value.to_bits() + (1 << (DROPPED_BITS - 1))) >> DROPPED_BITS
}
