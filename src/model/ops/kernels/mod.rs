//! The arithmetic that model families share, behind plain functions on slices.
//!
//! # Panels
//!
//! Hidden states are kept as *panels*: the rows (tokens) of a matrix in groups
//! of [`Instructions::lane_count`], each group stored column by column, so
//! shape `[panel, column, lane]`. One vector register holds the same column of
//! neighbouring tokens. That has four consequences:
//!
//! - Every kernel works lane by lane, so the bits of a token do not depend on
//!   the tokens beside it, on how many there are, or on the thread count:
//!   inputs stacked together get what each gets alone, by construction.
//! - A product reads each weight once, as PyTorch stores it, and multiplies it
//!   with all lanes: few tokens run at memory speed.
//! - What one product writes is what the next one reads.
//! - Layer norm and softmax never sum across a register.
//!
//! The last panel is filled up with lanes whose values nobody reads.
//!
//! # Instruction sets
//!
//! Each kernel is written once, over pulp's `Simd`, and gives the same bits on
//! every set: each number is computed in its own lane, in an order that does not
//! depend on how many lanes there are, of operations that IEEE 754 rounds one
//! way, and a multiply-add rounds once everywhere (`multiply_add.rs`).

// The one folder that may; every block in it says why it is sound.
#![allow(unsafe_code)]

mod aligned;
mod attention;
mod columns;
mod distant;
mod elementwise;
mod functions;
mod instructions;
mod multiply_add;
mod normalize;
mod panels;
mod product;
mod tile;

pub use crate::model::architecture::{Activation, HeadStart};
pub use aligned::Aligned;
pub use attention::{AttentionShape, DistanceScores, attend};
pub use distant::RelativeScores;
pub use elementwise::{add, gate, rotate};
pub use functions::activate;
pub use instructions::{InstructionSet, Instructions, InstructionsError, use_instructions};
pub use normalize::{Before, NormParameters, normalize, normalize_groups};
pub use panels::{from_panels, padded_row_count, take_rows, to_panels};
pub use product::{LinearParameters, ReadWeights, linear, linear_from};
