//! The product of activations with a weight matrix in the matrix unit.
//!
//! Both sides are first split into parts (see [`super::tile`]): the activations
//! once for all; the weights by each task for itself, a few rows at a time, so
//! that they go from memory into the cache once. For a single panel memory is
//! what takes the time, so there the weights are split while they are
//! multiplied.

use std::cell::Cell;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::product::{begin, finish};
use super::tile::{AHEAD, Ahead, MatrixUnit, PARTS, STEP_INPUTS, Step, Sums, TILE_SIDE};
use super::{Instructions, Linear, ReadRows};

/// Panels whose parts are kept at the same time: 19 MB for 3,072 inputs.
const GROUP_PANELS: usize = 64;

/// Steps of activations that are kept for the next product: 32 MB.
const KEPT_STEPS: usize = (32 << 20) / size_of::<Step>();

/// Weight rows of a task, for many panels and for one: with many, splitting
/// rows pays the more, the more of them the same activations meet.
const BLOCK_ROWS: usize = 4 * TILE_SIDE;
const STREAMED_ROWS: usize = 2 * TILE_SIDE;

/// Steps whose weights a task splits at a time. With [`CACHED_PANELS`] of
/// activations they take most of a second-level cache of two megabytes.
const CHUNK_STEPS: usize = 24;

/// Panels that go past a few weights together.
const CACHED_PANELS: usize = 16;

// Fresh memory would cost more than the splitting.
thread_local! {
    /// Parts of activations.
    static INPUT_PARTS: Cell<Vec<Step>> = const { Cell::new(Vec::new()) };
    /// Parts of a task's weights.
    static WEIGHT_PARTS: Cell<Vec<Step>> = const { Cell::new(Vec::new()) };
    /// Weights that a task has read.
    static WEIGHTS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Weights in memory, or a way to read them.
#[derive(Clone, Copy)]
pub(super) enum Rows<'weights> {
    Memory(&'weights [f32]),
    Read(ReadRows<'weights>),
}

/// As [`super::linear`] and [`super::linear_from`]; the weights of `map` are in
/// `rows`.
pub(super) fn linear(
    instructions: Instructions,
    unit: MatrixUnit,
    (map, rows, input_count): (Linear<'_>, Rows<'_>, usize),
    input: &[f32],
    output: &mut [f32],
) {
    let output_count = map.bias.len();
    if input_count == 0 || output_count == 0 {
        return;
    }
    let step_count = input_count.div_ceil(STEP_INPUTS);
    let panel_length = input_count * TILE_SIDE;
    let output_length = output_count * TILE_SIDE;
    let mut parts = INPUT_PARTS.take();
    let groups = input.chunks(GROUP_PANELS * panel_length);
    for (input, output) in groups.zip(output.chunks_mut(GROUP_PANELS * output_length)) {
        let panel_count = input.len() / panel_length;
        let parts = room(&mut parts, panel_count * step_count);
        // A single panel is shared among threads, too.
        let chunk_steps = if panel_count == 1 {
            CHUNK_STEPS
        } else {
            step_count
        };
        let chunk_length = panel_length.min(chunk_steps * STEP_INPUTS * TILE_SIDE);
        input
            .par_chunks(chunk_length)
            .zip(parts.par_chunks_mut(chunk_steps))
            .for_each(|(panel, steps)| instructions.run(SplitPanel { panel, steps }));
        let block_rows = match panel_count {
            1 => STREAMED_ROWS,
            _ => BLOCK_ROWS,
        };
        let mut panels: Vec<_> = output
            .chunks_exact_mut(output_length)
            .take(panel_count)
            .map(|panel| panel.chunks_mut(block_rows * TILE_SIDE))
            .collect();
        let blocks: Vec<Block> = map
            .bias
            .chunks(block_rows)
            .enumerate()
            .map(|(index, bias)| Block {
                unit,
                map: Linear { bias, ..map },
                rows,
                first_row: index * block_rows,
                input_count,
                step_count,
                input: parts,
                output: panels.iter_mut().filter_map(Iterator::next).collect(),
            })
            .collect();
        blocks
            .into_par_iter()
            .with_max_len(1)
            .for_each(|block| instructions.run(block));
    }
    if parts.len() <= KEPT_STEPS {
        INPUT_PARTS.set(parts);
    }
}

/// A panel of activations into its parts.
struct SplitPanel<'data> {
    /// `[input, lane]`.
    panel: &'data [f32],
    steps: &'data mut [Step],
}

impl WithSimd for SplitPanel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        let vectors = S::as_simd_f32s(self.panel).0;
        for (inputs, step) in vectors.chunks(STEP_INPUTS).zip(self.steps) {
            let at = |index: usize| inputs.get(index).copied().unwrap_or(zero);
            for row in 0..TILE_SIDE {
                let parts = split(simd, at(row), at(row + TILE_SIDE));
                store::<S>(step, row, parts);
            }
        }
    }
}

/// Some weight rows with all panels of a group: the work of one task.
struct Block<'data> {
    unit: MatrixUnit,
    /// The block's bias, and the activation.
    map: Linear<'data>,
    /// Those of the whole map, and the block's first among them.
    rows: Rows<'data>,
    first_row: usize,
    input_count: usize,
    step_count: usize,
    /// `[panel, step]`.
    input: &'data [Step],
    /// Each panel's part: `[outputs of the block, lane]`.
    output: Vec<&'data mut [f32]>,
}

impl WithSimd for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let start = self.first_row * self.input_count;
        let length = self.map.bias.len() * self.input_count;
        let mut memory = WEIGHTS.take();
        let weights = match self.rows {
            Rows::Memory(all) => all.get(start..start + length).unwrap_or_default(),
            Rows::Read(read) => {
                if memory.len() < length {
                    memory.resize(length, 0.0);
                }
                read(self.first_row, &mut memory[..length]);
                &memory[..length]
            }
        };
        if self.output.len() == 1 && self.input_count.is_multiple_of(STEP_INPUTS) {
            self.stream(simd, weights);
        } else {
            self.add_chunks(simd, weights);
        }
        WEIGHTS.set(memory);
    }
}

impl<'data> Block<'data> {
    /// One panel with weights that are split on the way.
    #[inline(always)]
    fn stream<S: Simd>(&mut self, simd: S, weights: &[f32]) {
        begin(simd, self.map.bias, &mut self.output);
        let [panel] = self.output.as_mut_slice() else {
            return;
        };
        let tiles = weights.chunks(TILE_SIDE * self.input_count);
        for (weights, sums) in tiles.zip(panel.chunks_mut(SUMS_LENGTH)) {
            if let ([sums], _) = sums.as_chunks_mut() {
                self.unit.stream(weights, self.input, sums);
                continue;
            }
            // The last tile has fewer rows.
            let mut parts = vec![Step::ZERO; self.step_count];
            split_tile(simd, weights, self.input_count, 0, &mut parts);
            add_one(self.unit, &parts, self.input, sums);
        }
        finish(simd, self.map.activation, &mut self.output);
    }

    /// All panels with weights that are split some steps at a time.
    #[inline(always)]
    fn add_chunks<S: Simd>(&mut self, simd: S, weights: &[f32]) {
        let tile_count = self.map.bias.len().div_ceil(TILE_SIDE);
        let mut parts = WEIGHT_PARTS.take();
        for first in (0..self.step_count).step_by(CHUNK_STEPS) {
            let steps = CHUNK_STEPS.min(self.step_count - first);
            // Rows that a last tile lacks keep what was there: nobody reads what
            // comes of them.
            let parts = room(&mut parts, tile_count * steps);
            let tiles = weights.chunks(TILE_SIDE * self.input_count);
            for (weights, parts) in tiles.zip(parts.chunks_exact_mut(steps)) {
                split_tile(simd, weights, self.input_count, first, parts);
            }
            self.add_products(simd, first, steps, parts);
        }
        WEIGHT_PARTS.set(parts);
    }

    /// Adds what the inputs of some steps contribute to all outputs. What comes
    /// before and after the sums is done while they are in the cache.
    #[inline(always)]
    fn add_products<S: Simd>(&mut self, simd: S, first: usize, steps: usize, weights: &[Step]) {
        let unit = self.unit;
        let mut aheads = self.aheads(first, steps);
        let input = |panel: usize| &self.input[panel * self.step_count + first..][..steps];
        for (index, group) in self.output.chunks_mut(CACHED_PANELS).enumerate() {
            if first == 0 {
                begin(simd, self.map.bias, group);
            }
            for (row, weights) in weights.chunks(2 * steps).enumerate() {
                let start = row * 2 * SUMS_LENGTH;
                let mut panels = group.iter_mut().enumerate().map(|(panel, output)| {
                    let end = output.len().min(start + 2 * SUMS_LENGTH);
                    let inputs = input(index * CACHED_PANELS + panel);
                    (inputs, &mut output[start..end])
                });
                while let Some((inputs, sums)) = panels.next() {
                    match panels.next().zip(aheads.next()) {
                        Some(((more_inputs, more_sums), ahead)) => add_to_two(
                            unit,
                            weights,
                            [inputs, more_inputs],
                            [sums, more_sums],
                            ahead,
                        ),
                        None => add_to_one(unit, weights, inputs, sums),
                    }
                }
            }
            if first + steps == self.step_count {
                finish(simd, self.map.activation, group);
            }
        }
    }

    /// What each square of tiles may fetch of the weights that are split next:
    /// of the block's other inputs, or of the next block's rows.
    fn aheads(
        &self,
        first: usize,
        steps: usize,
    ) -> impl Iterator<Item = Ahead<'data>> + use<'data> {
        let (row, column) = match first + steps < self.step_count {
            true => (self.first_row, (first + steps) * STEP_INPUTS),
            false => (self.first_row + BLOCK_ROWS, 0),
        };
        let input_count = self.input_count;
        let (weights, row_count) = match self.rows {
            Rows::Memory(weights) => (weights, BLOCK_ROWS),
            // They are in no memory yet.
            Rows::Read(_) => (Default::default(), 0),
        };
        let part_count = (steps * STEP_INPUTS).div_ceil(AHEAD);
        (0..).map(move |count: usize| {
            let (rows, part) = (count / part_count * steps, count % part_count);
            let start = (row + rows) * input_count + column + part * AHEAD;
            match rows < row_count {
                true => Ahead {
                    weights,
                    start,
                    stride: input_count,
                },
                false => Ahead {
                    weights,
                    start: 0,
                    stride: 0,
                },
            }
        })
    }
}

/// As many steps as are asked for, out of memory that is used again.
fn room(parts: &mut Vec<Step>, count: usize) -> &mut [Step] {
    if parts.len() < count {
        parts.resize(count, Step::ZERO);
    }
    &mut parts[..count]
}

/// The parts of the inputs of some steps of a tile's weight rows.
#[inline(always)]
fn split_tile<S: Simd>(
    simd: S,
    weights: &[f32],
    input_count: usize,
    first: usize,
    parts: &mut [Step],
) {
    for (index, row) in weights.chunks_exact(input_count).enumerate() {
        let (whole, rest) = row[first * STEP_INPUTS..].as_chunks::<STEP_INPUTS>();
        for (step, inputs) in parts.iter_mut().zip(whole) {
            split_row(simd, inputs, step, index);
        }
        if let Some(step) = parts.get_mut(whole.len()) {
            let mut inputs = [0.0; STEP_INPUTS];
            inputs[..rest.len()].copy_from_slice(rest);
            split_row(simd, &inputs, step, index);
        }
    }
}

/// Two tiles of weight rows with two panels, whose sums are
/// `[weight row, lane]`.
fn add_to_two(
    unit: MatrixUnit,
    weights: &[Step],
    inputs: [&[Step]; 2],
    [a, b]: [&mut [f32]; 2],
    ahead: Ahead<'_>,
) {
    match (a.as_chunks_mut(), b.as_chunks_mut()) {
        (([a0, a1], []), ([b0, b1], [])) => {
            let (w0, w1) = weights.split_at(inputs[0].len());
            unit.add_square([w0, w1], inputs, [[a0, b0], [a1, b1]], ahead);
        }
        _ => {
            add_to_one(unit, weights, inputs[0], a);
            add_to_one(unit, weights, inputs[1], b);
        }
    }
}

/// Tiles of weight rows with a panel, whose sums are `[weight row, lane]`.
fn add_to_one(unit: MatrixUnit, weights: &[Step], inputs: &[Step], sums: &mut [f32]) {
    let tiles = weights.chunks_exact(inputs.len());
    for (weights, sums) in tiles.zip(sums.chunks_mut(SUMS_LENGTH)) {
        add_one(unit, weights, inputs, sums);
    }
}

/// A tile of weight rows, the last of which may be none, with a panel.
fn add_one(unit: MatrixUnit, weights: &[Step], inputs: &[Step], sums: &mut [f32]) {
    if let ([sums], _) = sums.as_chunks_mut() {
        unit.add_one(weights, inputs, sums);
        return;
    }
    let mut all: Sums = [0.0; SUMS_LENGTH];
    all[..sums.len()].copy_from_slice(sums);
    unit.add_one(weights, inputs, &mut all);
    sums.copy_from_slice(&all[..sums.len()]);
}

const SUMS_LENGTH: usize = TILE_SIDE * TILE_SIDE;

/// A step of one weight row.
#[inline(always)]
fn split_row<S: Simd>(simd: S, inputs: &[f32; STEP_INPUTS], step: &mut Step, row: usize) {
    let (low, high) = inputs.split_at(TILE_SIDE);
    if let ([low], [high]) = (S::as_simd_f32s(low).0, S::as_simd_f32s(high).0) {
        store::<S>(step, row, split(simd, *low, *high));
    }
}

/// The parts of two numbers a lane: the upper half of an `f32` is a `bfloat16`
/// that differs by what its lower half holds, which is exact as an `f32`.
#[inline(always)]
fn split<S: Simd>(simd: S, mut low: S::f32s, mut high: S::f32s) -> [S::u32s; PARTS] {
    let upper = simd.splat_u32s(0xFFFF_0000);
    let half = simd.splat_u32s(16);
    std::array::from_fn(
        #[inline(always)]
        |_| {
            let (low_bits, high_bits) = (
                simd.transmute_u32s_f32s(low),
                simd.transmute_u32s_f32s(high),
            );
            let (low_upper, high_upper) = (
                simd.and_u32s(low_bits, upper),
                simd.and_u32s(high_bits, upper),
            );
            low = simd.sub_f32s(low, simd.transmute_f32s_u32s(low_upper));
            high = simd.sub_f32s(high, simd.transmute_f32s_u32s(high_upper));
            simd.or_u32s(simd.wrapping_dyn_shr_u32s(low_bits, half), high_upper)
        },
    )
}

/// Writes a row of a step. Registers are as wide as the row: the unit comes
/// with AVX-512.
#[inline(always)]
fn store<S: Simd>(step: &mut Step, row: usize, parts: [S::u32s; PARTS]) {
    for (part, words) in step.parts.iter_mut().zip(parts) {
        if let Some(row) = part.get_mut(row)
            && let [place] = S::as_mut_simd_u32s(row).0
        {
            *place = words;
        }
    }
}
