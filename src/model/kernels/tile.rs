//! The innermost loops of products and attention, and the only unsafe code of
//! the kernels: in vector registers, and in a matrix unit where the CPU has one.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod matrix_unit;
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
#[path = "tile/no_matrix_unit.rs"]
mod matrix_unit;
mod vectors;

pub use matrix_unit::MatrixUnit;
pub use vectors::{Strided, add_tile};

/// Rows and columns of a tile of sums.
pub const TILE_SIDE: usize = 16;

/// Inputs that a matrix unit multiplies in one step.
pub const STEP_INPUTS: usize = 32;

/// Parts of a number: `f32` has 24 significant bits, `bfloat16` has 8.
pub const PARTS: usize = 3;

/// Sums of [`TILE_SIDE`] weight rows, each for the lanes of a panel:
/// `[weight row, lane]`.
pub type Sums = [f32; TILE_SIDE * TILE_SIDE];

/// What one step multiplies: [`STEP_INPUTS`] inputs of [`TILE_SIDE`] weight
/// rows or lanes, each in three parts. Of weights a row holds the inputs of a
/// weight row; of activations, those of all lanes. A word holds two
/// inputs that are 16 apart, the first in its lower half.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Step {
    /// `[part, row, word]`, the greatest part first.
    pub parts: [[[u32; TILE_SIDE]; TILE_SIDE]; PARTS],
}

/// What a square of tiles fetches into the second-level cache meanwhile,
/// [`AHEAD`] numbers a step.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(all(target_arch = "x86_64", target_os = "linux")),
    expect(dead_code, reason = "nothing fetches ahead without a matrix unit")
)]
pub struct Ahead<'weights> {
    /// The weights.
    pub weights: &'weights [f32],
    /// The first of them, which may lie outside: nothing is fetched there.
    pub start: usize,
    /// From the numbers of one step to those of the next.
    pub stride: usize,
}

/// Numbers that a square of tiles fetches ahead with every step.
pub const AHEAD: usize = 24 * 16;

impl Step {
    /// Nothing but zeros.
    pub const ZERO: Self = Self {
        parts: [[[0; TILE_SIDE]; TILE_SIDE]; PARTS],
    };
}
