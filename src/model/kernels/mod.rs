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
//! Each kernel is written once, over pulp's `Simd`. AVX-512 and AVX2 give the
//! same bits as each other, because both round once a multiply-add; the
//! portable path rounds twice and stays within 2e-6 of them.

mod aligned;
mod attention;
mod functions;
mod normalize;
mod panels;
mod product;
mod tile;

use pulp::{Arch, Simd, WithSimd};

pub use super::config::Activation;
pub use aligned::Aligned;
pub use attention::{AttentionShape, attend};
pub use functions::{activate, are_finite};
pub use normalize::{NormParameters, add_and_normalize};
pub use panels::{from_panels, padded_row_count, to_panels};
pub use product::{Linear, ReadRows, linear, linear_from};

/// The instructions that the kernels use, and with them the width of a panel.
#[derive(Debug, Clone, Copy)]
pub struct Instructions(Arch);

impl Instructions {
    /// The best that this CPU has.
    pub fn detect() -> Self {
        Self(Arch::new())
    }

    /// Those that every CPU has.
    pub fn portable() -> Self {
        Self(Arch::Scalar)
    }

    /// Every set that this CPU has, the portable one first and the best last.
    pub fn available() -> Vec<Self> {
        let mut all = vec![Self::portable()];
        #[cfg(target_arch = "x86_64")]
        all.extend(pulp::x86::V3::try_new().map(|simd| Self(Arch::V3(simd))));
        all.push(Self::detect());
        all
    }

    /// Rows of a panel.
    pub fn lane_count(self) -> usize {
        self.run(LaneCount)
    }

    fn run<Operation: WithSimd>(self, operation: Operation) -> Operation::Output {
        self.0.dispatch(operation)
    }
}

struct LaneCount;

impl WithSimd for LaneCount {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}
