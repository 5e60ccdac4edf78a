//! The product of activations with a weight matrix, its bias and activation.

use std::cell::Cell;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::functions::activate_vectors;
use super::instructions::Instructions;
use super::tile::{Strided, add_tile};
use crate::model::architecture::Activation;

/// Products are summed over this many inputs before they join the others:
/// errors grow with the length of a chain of sums. What a tile reads of the
/// weights meanwhile fits the first-level cache.
pub(super) const DEPTH: usize = 512;

/// The most bytes of input that a task works on: a part of the second-level cache
/// of current server cores.
const GROUP_BYTES: usize = 1 << 18;

/// Weight rows of a tile, and its panels: 24 sums, two inputs and one weight
/// take 27 of the 32 registers of AVX-512.
const TILE_ROWS: usize = 12;
const TILE_PANELS: usize = 2;

/// A linear map and what follows it.
#[derive(Debug, Clone, Copy)]
pub struct LinearParameters<'weights> {
    /// `[outputs, inputs]`, as PyTorch stores it.
    pub weight: &'weights [f32],
    /// `[outputs]`.
    pub bias: &'weights [f32],
    /// Applied to what comes out.
    pub activation: Option<Activation>,
}

/// `activation(input · weightᵀ + bias)`: `input` of shape
/// `[panel, inputs, lane]` to `output` of shape `[panel, outputs, lane]`.
/// Slices that do not fit each other leave part of `output` as it was.
pub fn linear(
    instructions: Instructions,
    map: LinearParameters<'_>,
    input: &[f32],
    output: &mut [f32],
) {
    let output_count = map.bias.len();
    let input_count = map.weight.len().checked_div(output_count).unwrap_or(0);
    if input_count == 0 {
        return;
    }
    let lane_count = instructions.lane_count();
    let panel_length = input_count * lane_count;
    let depth_bytes = input_count.min(DEPTH) * lane_count * size_of::<f32>();
    let group_size = (GROUP_BYTES / depth_bytes).max(TILE_PANELS) / TILE_PANELS * TILE_PANELS;
    let block_size = (output_count / 16)
        .next_multiple_of(TILE_ROWS)
        .max(4 * TILE_ROWS);
    let mut tasks = Vec::new();
    let groups = input.chunks(group_size * panel_length);
    for (input, output) in groups.zip(output.chunks_mut(group_size * output_count * lane_count)) {
        let mut panels: Vec<_> = output
            .chunks_exact_mut(output_count * lane_count)
            .map(|panel| panel.chunks_mut(block_size * lane_count))
            .collect();
        let weights = map.weight.chunks(block_size * input_count);
        for (weight, bias) in weights.zip(map.bias.chunks(block_size)) {
            tasks.push(Block {
                map: LinearParameters {
                    weight,
                    bias,
                    ..map
                },
                input_count,
                input,
                output: panels.iter_mut().filter_map(Iterator::next).collect(),
            });
        }
    }
    tasks
        .into_par_iter()
        .with_max_len(1)
        .for_each(|task| instructions.run(task));
}

/// Reads weights into memory for them: `[outputs, inputs]`.
pub type ReadWeights<'weights> = &'weights dyn Fn(&mut [f32]);

/// As [`linear`], with weights that are read when their turn comes; `map` has
/// none. What is used once need not be kept: the next product's weights take
/// its place, in memory that the system has handed out already.
pub fn linear_from(
    instructions: Instructions,
    map: LinearParameters<'_>,
    read: ReadWeights<'_>,
    input_count: usize,
    input: &[f32],
    output: &mut [f32],
) {
    let length = map.bias.len() * input_count;
    let mut memory = WEIGHTS.take();
    if memory.len() < length {
        memory.resize(length, 0.0);
    }
    read(&mut memory[..length]);
    let weight = &memory[..length];
    linear(
        instructions,
        LinearParameters { weight, ..map },
        input,
        output,
    );
    WEIGHTS.set(memory);
}

thread_local! {
    /// The weights of the product at hand.
    static WEIGHTS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Some panels times some weight rows: the work of one task.
struct Block<'data> {
    map: LinearParameters<'data>,
    input_count: usize,
    /// `[panel, inputs, lane]`.
    input: &'data [f32],
    /// Each panel's part: `[outputs of the block, lane]`.
    output: Vec<&'data mut [f32]>,
}

impl WithSimd for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        begin(simd, self.map.bias, &mut self.output);
        let group_length = TILE_ROWS * self.input_count;
        let group_count = self.map.weight.len().div_ceil(group_length);
        let start_count = self.input_count.div_ceil(DEPTH);
        // Where the input fits, weights go by in the order in which they lie in
        // memory.
        let fits = size_of_val(self.input) <= GROUP_BYTES;
        for step in 0..group_count * start_count {
            let (index, start) = match fits {
                true => (step / start_count, step % start_count * DEPTH),
                false => (step % group_count, step / group_count * DEPTH),
            };
            let rows = &self.map.weight[index * group_length..];
            add_row_group(
                simd,
                self.input,
                self.input_count,
                &rows[..rows.len().min(group_length)],
                start,
                index,
                &mut self.output,
            );
        }
        finish(simd, self.map.activation, &mut self.output);
    }
}

/// Writes the bias to the sums of some panels, `[outputs, lane]` each.
#[inline(always)]
fn begin<S: Simd>(simd: S, bias: &[f32], panels: &mut [&mut [f32]]) {
    for panel in panels {
        let sums = S::as_mut_simd_f32s(panel).0;
        for (sum, &bias) in sums.iter_mut().zip(bias) {
            *sum = simd.splat_f32s(bias);
        }
    }
}

/// Applies the activation to the sums of some panels.
#[inline(always)]
fn finish<S: Simd>(simd: S, activation: Option<Activation>, panels: &mut [&mut [f32]]) {
    if let Some(activation) = activation {
        for panel in panels {
            activate_vectors(simd, activation, S::as_mut_simd_f32s(panel).0);
        }
    }
}

/// Adds to every panel what the inputs from `start` on contribute to the
/// outputs of some weight rows, which are group `index` of the block.
#[inline(always)]
fn add_row_group<S: Simd>(
    simd: S,
    input: &[f32],
    input_count: usize,
    rows: &[f32],
    start: usize,
    index: usize,
    output: &mut [&mut [f32]],
) {
    let depth = DEPTH.min(input_count - start);
    let lanes = S::F32_LANES;
    let first = index * TILE_ROWS * lanes;
    let inputs = input.chunks(TILE_PANELS * input_count * lanes);
    for (input, output) in inputs.zip(output.chunks_mut(TILE_PANELS)) {
        let mut panels = input
            .chunks_exact(input_count * lanes)
            .map(|panel| S::as_simd_f32s(&panel[start * lanes..(start + depth) * lanes]).0);
        let mut next = || panels.next().unwrap_or_default();
        match output {
            [a] => add_rows(simd, [next()], rows, input_count, start, [&mut a[first..]]),
            [a, b] => {
                let output = [&mut a[first..], &mut b[first..]];
                add_rows(simd, [next(), next()], rows, input_count, start, output);
            }
            _ => {}
        }
    }
}

#[inline(always)]
fn add_rows<S: Simd, const PANELS: usize>(
    simd: S,
    panels: [&[S::f32s]; PANELS],
    rows: &[f32],
    input_count: usize,
    start: usize,
    output: [&mut [f32]; PANELS],
) {
    let mut output = output.map(|output| S::as_mut_simd_f32s(output).0);
    let row_count = rows.len() / input_count;
    let weights = |row: usize| Strided {
        values: &rows[row * input_count + start..],
        row_stride: input_count,
        position_stride: 1,
    };
    if row_count == TILE_ROWS {
        add_tile::<S, PANELS, TILE_ROWS>(simd, panels, weights(0), &mut output);
        return;
    }
    for row in 0..row_count {
        let mut output = output.each_mut().map(|panel| &mut panel[row..]);
        add_tile::<S, PANELS, 1>(simd, panels, weights(row), &mut output);
    }
}
