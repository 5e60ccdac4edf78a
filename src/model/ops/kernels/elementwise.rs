//! What is done column by column: sums, gates and rotary positions.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::functions::activate_vectors;
use super::instructions::Instructions;
use crate::model::architecture::Activation;

/// Values in a task of at least this many.
const TASK_LENGTH: usize = 1 << 15;

/// Adds `others` to `values`, of the same shape in panels.
pub fn add(instructions: Instructions, values: &mut [f32], others: &[f32]) {
    let tasks = values.par_chunks_mut(TASK_LENGTH);
    tasks
        .zip(others.par_chunks(TASK_LENGTH))
        .for_each(|(values, others)| instructions.run(Add { values, others }));
}

struct Add<'data> {
    values: &'data mut [f32],
    others: &'data [f32],
}

impl WithSimd for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let others = S::as_simd_f32s(self.others).0;
        for (value, &other) in S::as_mut_simd_f32s(self.values).0.iter_mut().zip(others) {
            *value = simd.add_f32s(*value, other);
        }
    }
}

/// `activation(first half) · second half` of the columns of `input`, of shape
/// `[panel, 2 · column_count, lane]`, into `output`, of shape
/// `[panel, column_count, lane]`.
pub fn gate(
    instructions: Instructions,
    activation: Activation,
    input: &[f32],
    output: &mut [f32],
    column_count: usize,
) {
    let panel_length = (column_count * instructions.lane_count()).max(1);
    let tasks = output.par_chunks_exact_mut(panel_length);
    tasks
        .zip(input.par_chunks_exact(2 * panel_length))
        .with_min_len(TASK_LENGTH / panel_length + 1)
        .for_each(|(output, input)| {
            let (gates, values) = input.split_at(panel_length);
            output.copy_from_slice(gates);
            instructions.run(Gate {
                activation,
                output,
                values,
            });
        });
}

struct Gate<'data> {
    activation: Activation,
    output: &'data mut [f32],
    values: &'data [f32],
}

impl WithSimd for Gate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let output = S::as_mut_simd_f32s(self.output).0;
        activate_vectors(simd, self.activation, output);
        for (output, &value) in output.iter_mut().zip(S::as_simd_f32s(self.values).0) {
            *output = simd.mul_f32s(*output, value);
        }
    }
}

/// Turns pairs of columns of `values`, of shape `[panel, column_count, lane]`,
/// by angles that `cosines` and `sines` hold, of shape `[panel, half, lane]`:
/// for each start, the columns from there on and those `half` further.
pub fn rotate(
    instructions: Instructions,
    values: &mut [f32],
    column_count: usize,
    [cosines, sines]: [&[f32]; 2],
    half: usize,
    starts: &[usize],
) {
    let lane_count = instructions.lane_count();
    let panel_length = (column_count * lane_count).max(1);
    let angles_length = (half * lane_count).max(1);
    let angles = cosines.par_chunks_exact(angles_length);
    let angles = angles.zip(sines.par_chunks_exact(angles_length));
    values
        .par_chunks_exact_mut(panel_length)
        .zip(angles)
        .with_min_len(TASK_LENGTH / panel_length + 1)
        .for_each(|(panel, (cosines, sines))| {
            for start in starts {
                let columns = panel.get_mut(start * lane_count..);
                if let Some(columns) = columns.and_then(|all| all.get_mut(..2 * angles_length)) {
                    instructions.run(Rotate {
                        columns,
                        cosines,
                        sines,
                    });
                }
            }
        });
}

struct Rotate<'data> {
    /// Both halves.
    columns: &'data mut [f32],
    cosines: &'data [f32],
    sines: &'data [f32],
}

impl WithSimd for Rotate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (first, second) = self.columns.split_at_mut(self.cosines.len());
        let first = S::as_mut_simd_f32s(first).0.iter_mut();
        let pairs = first.zip(S::as_mut_simd_f32s(second).0);
        let sines = S::as_simd_f32s(self.sines).0;
        let angles = S::as_simd_f32s(self.cosines).0.iter().zip(sines);
        for ((first, second), (&cosine, &sine)) in pairs.zip(angles) {
            let (x, y) = (*first, *second);
            *first = simd.sub_f32s(simd.mul_f32s(x, cosine), simd.mul_f32s(y, sine));
            *second = simd.add_f32s(simd.mul_f32s(y, cosine), simd.mul_f32s(x, sine));
        }
    }
}
