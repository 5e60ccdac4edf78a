//! The sets of instructions that the kernels are compiled for, and which of
//! them the process uses.

use std::sync::OnceLock;

use pulp::{Arch, Simd, WithSimd};
use thiserror::Error;

use crate::names::{UnknownName, closed_set};
use crate::remedy::Remedy;

/// Vector instructions. All sets give the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstructionSet {
    /// Of x86-64: 16 numbers at a time.
    Avx512,
    /// Of x86-64, with FMA: 8 numbers at a time.
    Avx2,
    /// Of 64-bit ARM: 4 numbers at a time.
    Neon,
    /// What every CPU has: one number at a time, and fused multiply-adds in
    /// software where the CPU has none.
    Portable,
}

closed_set!(
    InstructionSet, "instruction set",
    Avx512 => "avx512",
    Avx2 => "avx2",
    Neon => "neon",
    Portable => "portable",
);

impl InstructionSet {
    /// Those that this machine has, the fastest first.
    pub fn available() -> Vec<Self> {
        let all = Instructions::available().into_iter();
        all.map(Instructions::set).collect()
    }
}

/// Why instructions cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InstructionsError {
    /// No set has the name.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The CPU, or the system, does not have them.
    #[error("this machine has no {set} instructions")]
    Lacking {
        /// What was asked for.
        set: InstructionSet,
    },
    /// A model was loaded, or another set chosen, before.
    #[error("the process uses {used} instructions already, found {set}")]
    InUse {
        /// What was asked for.
        set: InstructionSet,
        /// What is used.
        used: InstructionSet,
    },
}

impl InstructionsError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        let available = InstructionSet::available().into_iter();
        Some(Remedy::SetInstructionsVariable {
            available: available.map(InstructionSet::name).collect(),
        })
    }
}

/// Instructions that this machine has, and with them the width of a panel.
#[derive(Debug, Clone, Copy)]
pub struct Instructions {
    set: InstructionSet,
    vectors: Arch,
}

/// What [`Instructions::of_process`] returns.
static OF_PROCESS: OnceLock<Instructions> = OnceLock::new();

impl Instructions {
    /// What every CPU has.
    const PORTABLE: Self = Self {
        set: InstructionSet::Portable,
        vectors: Arch::Scalar,
    };

    /// Those of a set, if this machine has it.
    pub fn new(set: InstructionSet) -> Option<Self> {
        let vectors = match set {
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => Arch::V4(pulp::x86::V4::try_new()?),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => Arch::V3(pulp::x86::V3::try_new()?),
            #[cfg(not(target_arch = "x86_64"))]
            InstructionSet::Avx512 | InstructionSet::Avx2 => return None,
            #[cfg(target_arch = "aarch64")]
            InstructionSet::Neon => Arch::Neon(pulp::aarch64::Neon::try_new()?),
            #[cfg(not(target_arch = "aarch64"))]
            InstructionSet::Neon => return None,
            InstructionSet::Portable => return Some(Self::PORTABLE),
        };
        Some(Self { set, vectors })
    }

    /// Those of every set that this machine has, the fastest first.
    pub fn available() -> Vec<Self> {
        let all = InstructionSet::ALL.iter();
        all.filter_map(|&set| Self::new(set)).collect()
    }

    /// The fastest that this machine has.
    pub fn fastest() -> Self {
        let mut all = InstructionSet::ALL.iter();
        all.find_map(|&set| Self::new(set))
            .unwrap_or(Self::PORTABLE)
    }

    /// Those that the process uses: what [`use_instructions`] has chosen, else
    /// the fastest.
    pub fn of_process() -> Self {
        *OF_PROCESS.get_or_init(Self::fastest)
    }

    /// The set that they are of.
    pub fn set(self) -> InstructionSet {
        self.set
    }

    /// Rows of a panel.
    pub fn lane_count(self) -> usize {
        self.run(LaneCount)
    }

    pub(super) fn run<Operation: WithSimd>(self, operation: Operation) -> Operation::Output {
        self.vectors.dispatch(operation)
    }
}

/// Chooses the instructions of the whole process, before its first model is
/// loaded. It changes how fast it is, and no bit of what it computes.
///
/// # Errors
/// When this machine does not have them, or others are in use.
pub fn use_instructions(set: InstructionSet) -> Result<(), InstructionsError> {
    let chosen = Instructions::new(set).ok_or(InstructionsError::Lacking { set })?;
    let used = OF_PROCESS.get_or_init(|| chosen).set;
    match used == set {
        true => Ok(()),
        false => Err(InstructionsError::InUse { set, used }),
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
