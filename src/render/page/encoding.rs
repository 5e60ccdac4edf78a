//! Values as few bits, so that a page of many maps stays small.
//!
//! Up to [`LONGEST_EXACT`] units a value is 16 bits: the upper bits of its
//! `f32`, counted from 32 octaves below the greatest value of all. That is 2⁻¹²
//! of the value itself, whatever its size, and keeps the order; where different
//! values of a row share a code, their order stands beside the codes. Of longer
//! inputs a value is 8 bits: equal steps up to the maximum of its row. What the
//! page can hide keeps its 16 bits and does not count for that maximum, and what
//! each row sums to without it stands beside it: attention that is scaled back
//! after special units are gone would be a few steps of theirs otherwise.
//!
//! 0 is 0 and nothing else is.

use rayon::prelude::*;

use crate::attention::Mask;

/// Up to so many queries or keys, values have 16 bits.
pub const LONGEST_EXACT: usize = 256;

/// The bits of an `f32` that a code of 16 bits leaves out.
const DROPPED_BITS: u32 = 12;
/// The greatest code of 16 bits.
const GREATEST: u32 = 0xffff;
/// The steps of a code of 8 bits: code 1 is the lowest step, that of values too
/// small to tell from 0, so that code 0 is 0 itself. A byte holds more of them, which
/// would make pages of trained models a seventh larger: what their special units
/// leave is spread over all steps.
const STEPS: f32 = 150.0;

/// So many keys have 16 bits in long inputs: special units that are many, such as
/// padding, are no more than others.
const MOST_APART: usize = 8;

/// Bytes of one layer of maps.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Layer {
    /// The codes. Of 16 bits, all upper bytes stand before all lower ones, which
    /// compresses better. Of 8 bits, codes of 16 bits stand before them in the same
    /// two parts: maxima of all rows, what the rows sum to without each of the sets
    /// of [`Hideable`], and row by row the keys that are apart.
    pub(super) codes: Vec<u8>,
    /// For every cell that shares its code, which is not 0, with another of its
    /// row: how many different values below it share that code.
    pub(super) ties: Vec<u8>,
}

/// The keys that a page can hide: special ones, and the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hideable {
    /// Which are special, by key.
    special: Vec<bool>,
}

impl Hideable {
    pub(super) fn new(special: Vec<bool>) -> Self {
        Self { special }
    }

    /// The keys that have 16 bits whatever the others have: the first ones of those
    /// that can be hidden.
    pub(super) fn apart(&self) -> Vec<usize> {
        let keys = self.special.iter().enumerate();
        keys.filter(|(key, special)| *key == 0 || **special)
            .map(|(key, _)| key)
            .take(MOST_APART)
            .collect()
    }

    /// The sets of keys that a page hides: the special ones, and with them the
    /// first, where that is none of them.
    pub(super) fn set_count(&self) -> usize {
        match self.special.first() {
            Some(false) => 2,
            Some(true) | None => 1,
        }
    }

    /// What a row sums to without the keys of a set.
    fn remainder(&self, row: &[f32], first_key: usize, set: usize) -> f32 {
        let cells = (first_key..).zip(row);
        let is_left = |key: usize| {
            let is_special = self.special.get(key).copied().unwrap_or_default();
            !is_special && (set == 0 || key > 0)
        };
        let left = cells.filter(|(key, _)| is_left(*key));
        left.map(|(_, value)| f64::from(*value)).sum::<f64>() as f32
    }
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
    /// For these values, `[map, query, key]`.
    pub(super) fn new(values: &[f32], [queries, keys]: [usize; 2]) -> Self {
        let bits = match queries.max(keys) > LONGEST_EXACT {
            true => 8,
            false => 16,
        };
        // What rows sum to has codes where values have 8 bits.
        let of_row = |row: &[f32]| match bits {
            8 => row.iter().copied().map(f64::from).sum::<f64>() as f32,
            _ => row.iter().copied().fold(0.0, f32::max),
        };
        let rows = values.par_chunks_exact(keys.max(1));
        let greatest = rows.map(of_row).reduce(|| 0.0, f32::max);
        Self {
            base: upper_bits(greatest).saturating_sub(GREATEST),
            bits,
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
    pub(super) fn encode(
        self,
        maps: &[f32],
        shape: [usize; 2],
        mask: Mask,
        hideable: &Hideable,
    ) -> Layer {
        match self.bits {
            8 => self.encode_by_row(maps, shape, mask, hideable),
            _ => self.encode_exactly(maps, shape, mask),
        }
    }

    fn encode_exactly(self, maps: &[f32], [queries, keys]: [usize; 2], mask: Mask) -> Layer {
        let (mut upper, mut lower) = (Vec::with_capacity(maps.len()), Vec::new());
        let mut layer = Layer::default();
        let mut order: Vec<usize> = Vec::with_capacity(keys);
        for (index, row) in maps.chunks_exact(keys.max(1)).enumerate() {
            let row = &row[mask.allowed(index % queries.max(1), keys)];
            let codes: Vec<u16> = row.iter().map(|&value| self.code(value)).collect();
            for code in &codes {
                let [low, high] = code.to_le_bytes();
                upper.push(high);
                lower.push(low);
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

    fn encode_by_row(
        self,
        maps: &[f32],
        [queries, keys]: [usize; 2],
        mask: Mask,
        hideable: &Hideable,
    ) -> Layer {
        let is_apart = {
            let mut marks = vec![false; keys];
            hideable
                .apart()
                .into_iter()
                .for_each(|key| marks[key] = true);
            marks
        };
        let mut maxima = Vec::new();
        let mut remainders = vec![Vec::new(); hideable.set_count()];
        let mut apart = Vec::new();
        let mut cells = Vec::with_capacity(maps.len());
        for (index, row) in maps.chunks_exact(keys.max(1)).enumerate() {
            let allowed = mask.allowed(index % queries.max(1), keys);
            for (set, remainders) in remainders.iter_mut().enumerate() {
                let rest = &row[allowed.clone()];
                let remainder = hideable.remainder(rest, allowed.start, set);
                remainders.push(self.code(remainder));
            }
            for (key, &value) in row.iter().enumerate() {
                if is_apart[key] {
                    apart.push(match allowed.contains(&key) {
                        true => self.code(value),
                        false => 0,
                    });
                }
            }
            let others = allowed.clone().filter(|&key| !is_apart[key]);
            let code = self.code(others.map(|key| row[key]).fold(0.0, f32::max));
            maxima.push(code);
            let step = self.value(code) / STEPS;
            cells.extend(allowed.map(|key| match is_apart[key] || row[key] == 0.0 {
                true => 0,
                false => 1 + (row[key] / step + 0.5).clamp(0.0, STEPS) as u8,
            }));
        }
        let codes = [maxima, remainders.concat(), apart].concat();
        let upper = codes.iter().map(|code| (code >> 8) as u8);
        let lower = codes.iter().map(|code| (code & 0xff) as u8);
        Layer {
            codes: upper.chain(lower).chain(cells).collect(),
            ties: Vec::new(),
        }
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
