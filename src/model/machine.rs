//! What this machine can do at best, to hold the encoder against: the rate of
//! multiplications and the rate at which memory is read.

use candle_core::{Device, Tensor};
use rayon::prelude::*;
use std::time::{Duration, Instant};

use super::error::ModelError;
use super::ops::kernels::{self, Aligned, Instructions, LinearParameters};

/// Side of the matrices that are multiplied.
const SIDE: usize = 1_024;
/// Floating-point numbers that are read: 256 MB, beyond every cache.
const READ_COUNT: usize = 64 << 20;

/// How long it takes to multiply two square matrices, the faster of candle's
/// way and of the encoder's, and how many additions and multiplications that
/// are.
///
/// # Errors
/// When candle cannot compute it.
pub fn multiplication() -> Result<(Duration, u64), ModelError> {
    let values: Vec<f32> = (0..SIDE * SIDE).map(|index| (index % 7) as f32).collect();
    let instructions = Instructions::of_process();
    let input = kernels::to_panels(instructions, &values, SIDE); // [panel, inner, lane]
    let mut output = Aligned::zeros(input.values().len()); // [panel, column, lane]
    let map = LinearParameters {
        weight: &values,
        bias: &[0.0; SIDE],
        activation: None,
    };
    let start = Instant::now();
    kernels::linear(instructions, map, input.values(), output.values_mut());
    let ours = start.elapsed();
    std::hint::black_box(output);
    let left = Tensor::from_vec(values, (SIDE, SIDE), &Device::Cpu)?; // [row, inner]
    let right = left.t()?.contiguous()?; // [inner, column]
    let start = Instant::now();
    let product = left.matmul(&right)?; // [row, column]
    let theirs = start.elapsed();
    std::hint::black_box(product);
    Ok((ours.min(theirs), 2 * (SIDE as u64).pow(3)))
}

/// Memory to be read by [`read`].
pub fn readable() -> Vec<f32> {
    (0..READ_COUNT)
        .into_par_iter()
        .map(|index| (index % 3) as f32)
        .collect()
}

/// How long it takes to read memory on all threads, and how many bytes it is.
pub fn read(memory: &[f32]) -> (Duration, u64) {
    let start = Instant::now();
    let sum: f32 = memory
        .par_chunks(1 << 16)
        .map(|chunk| {
            // Sixteen sums at once, so that additions do not wait for one
            // another longer than for memory.
            let mut sums = [0.0_f32; 16];
            for values in chunk.as_chunks::<16>().0 {
                sums.iter_mut()
                    .zip(values)
                    .for_each(|(sum, value)| *sum += value);
            }
            sums.iter().sum::<f32>()
        })
        .sum();
    let duration = start.elapsed();
    std::hint::black_box(sum);
    (duration, size_of_val(memory) as u64)
}
