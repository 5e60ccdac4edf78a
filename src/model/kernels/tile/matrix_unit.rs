//! Intel's AMX: a unit that multiplies tiles of 16 × 32 `bfloat16` and adds the
//! products in `f32`, sixteen times as fast as vector registers multiply `f32`
//! (Intel, *Architecture Instruction Set Extensions Programming Reference*,
//! chapter 3).
//!
//! A product of `f32` that is as good as one in vector registers takes six of
//! them (Henry, Tang & Heinecke 2019, <https://arxiv.org/abs/1904.06376>): a
//! number above 2⁻¹¹⁰ is the exact sum of three `bfloat16`, and of the nine
//! products of parts the three smallest are 2⁻²⁴ of the whole on average and
//! 2⁻²¹ at most. The unit sums 32
//! products before they join the others, so that its rounding errors are even
//! smaller than those of a chain of multiply-adds.
//!
//! The six come in one order whatever the shape of the tiles, so that the bits
//! of a sum do not depend on what is computed beside it: the greatest part of
//! the weights with the inputs' third, second and first, the second with the
//! first and second, the third with the first.
//!
//! Rust has its instructions only in unstable form, so they are written as
//! assembly. No tile register is alive outside a block of it.

use std::arch::asm;
use std::mem::MaybeUninit;
use std::sync::LazyLock;

use raw_cpuid::CpuId;

use super::{Ahead, STEP_INPUTS, Step, Sums, TILE_SIDE};

/// The right to use the matrix unit: there is one only where the CPU has it,
/// beside AVX-512, and the system has granted it to this process.
#[derive(Debug, Clone, Copy)]
pub struct MatrixUnit(());

/// Bytes from a row of a tile to the next, in steps and in sums alike.
const ROW_BYTES: usize = size_of::<f32>() * TILE_SIDE;
/// Bytes of a part of a step.
const PART_BYTES: usize = ROW_BYTES * TILE_SIDE;

/// What `ldtilecfg` reads: eight tiles of 16 rows of 64 bytes.
#[repr(C, align(64))]
struct TileConfiguration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

static CONFIGURATION: TileConfiguration = {
    let mut configuration = TileConfiguration {
        palette: 1,
        start_row: 0,
        reserved: [0; 14],
        row_bytes: [0; 16],
        rows: [0; 16],
    };
    let mut tile = 0;
    while tile < 8 {
        configuration.row_bytes[tile] = ROW_BYTES as u16;
        configuration.rows[tile] = TILE_SIDE as u8;
        tile += 1;
    }
    configuration
};

/// Linux gives the unit's registers, eight kilobytes a thread, only to a
/// process that asks for them.
fn is_granted() -> bool {
    /// `ARCH_REQ_XCOMP_PERM` of Linux' `asm/prctl.h`.
    const REQUEST_PERMISSION: libc::c_long = 0x1023;
    /// `XFEATURE_XTILE_DATA`, a number of the CPU's state components.
    const TILE_DATA: libc::c_long = 18;
    let features = CpuId::new().get_extended_feature_info();
    let has_unit = features.is_some_and(|info| info.has_amx_tile() && info.has_amx_bf16())
        && is_x86_feature_detected!("avx512f");
    // SAFETY: this call reads and writes no memory of the process; a system
    // that does not know it returns an error.
    has_unit && unsafe { libc::syscall(libc::SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0 }
}

static IS_GRANTED: LazyLock<bool> = LazyLock::new(is_granted);

/// The lines that come into the caches with a product of parts: of the panels'
/// next step into the first level, of the weights to come into the second.
macro_rules! fetch_ahead {
    ($index:literal) => {
        concat!(
            "prefetcht0 [{i0} + {step} + 128 * ",
            $index,
            "]\n",
            "prefetcht0 [{i0} + {step} + 128 * ",
            $index,
            " + 64]\n",
            "prefetcht0 [{i1} + {step} + 128 * ",
            $index,
            "]\n",
            "prefetcht0 [{i1} + {step} + 128 * ",
            $index,
            " + 64]\n",
            "prefetcht1 [{ahead} + 64 * ",
            $index,
            "]",
        )
    };
}

/// The first half kilobyte of a row of the tile that is likely to come next:
/// before it has seen that much, the CPU does not fetch ahead by itself.
macro_rules! fetch_row_start {
    () => {
        concat!(
            "prefetcht0 [{ahead}]\n",
            "prefetcht0 [{ahead} + 64]\n",
            "prefetcht0 [{ahead} + 128]\n",
            "prefetcht0 [{ahead} + 192]\n",
            "prefetcht0 [{ahead} + 256]\n",
            "prefetcht0 [{ahead} + 320]\n",
            "prefetcht0 [{ahead} + 384]\n",
            "prefetcht0 [{ahead} + 448]",
        )
    };
}

/// Splits the inputs of one step of the next weight row.
macro_rules! split_row {
    ($row:literal) => {
        concat!(
            "vmovups zmm0, [{weights}]\n",
            "vmovups zmm1, [{weights} + 64]\n",
            "add {weights}, {row_stride}\n",
            split_part!($row, 0),
            split_part!($row, 1),
            "vpsrld zmm2, zmm0, 16\n",
            "vpandd zmm4, zmm1, zmm5\n",
            "vpord zmm2, zmm2, zmm4\n",
            "vmovdqa64 [{next} + 64 * ",
            $row,
            " + 2 * {part}], zmm2\n",
        )
    };
}

/// Writes a part of two vectors, and leaves what remains of them.
macro_rules! split_part {
    ($row:literal, $part:literal) => {
        concat!(
            "vpsrld zmm2, zmm0, 16\n",
            "vpandd zmm3, zmm0, zmm5\n",
            "vpandd zmm4, zmm1, zmm5\n",
            "vpord zmm2, zmm2, zmm4\n",
            "vmovdqa64 [{next} + 64 * ",
            $row,
            " + ",
            $part,
            " * {part}], zmm2\n",
            "vsubps zmm0, zmm0, zmm3\n",
            "vsubps zmm1, zmm1, zmm4\n",
        )
    };
}

impl MatrixUnit {
    /// The unit of this machine, if it has one that may be used.
    pub fn detect() -> Option<Self> {
        IS_GRANTED.then_some(Self(()))
    }

    /// Adds the products of two tiles of weight rows with two panels; the sums
    /// are `[tile of weight rows, panel]`.
    ///
    /// # Panics
    /// When there are not as many steps of each.
    pub fn add_square(
        self,
        weights: [&[Step]; 2],
        inputs: [&[Step]; 2],
        sums: [[&mut Sums; 2]; 2],
        ahead: Ahead<'_>,
    ) {
        let step_count = inputs[0].len();
        assert!(inputs[1].len() == step_count);
        assert!(weights.iter().all(|weights| weights.len() == step_count));
        if step_count == 0 {
            return;
        }
        let [w0, w1] = weights.map(<[Step]>::as_ptr);
        let [i0, i1] = inputs.map(<[Step]>::as_ptr);
        let [[s00, s01], [s10, s11]] = sums.map(|sums| sums.map(|sums| sums.as_mut_ptr()));
        // SAFETY: `self` proves that the instructions exist and may be used.
        // The loop runs `step_count` times and reads the three parts of a step
        // from each pointer, which then moves on by one step, so that all
        // reads are inside the slices. The sums are read and written as 16 rows
        // of 64 bytes, their size; they are distinct, being borrowed mutably.
        // What is fetched ahead may be anywhere: a prefetch neither faults nor
        // changes anything but caches.
        unsafe {
            asm!(
                "ldtilecfg [{configuration}]",
                "tileloadd tmm0, [{s00} + {row}]",
                "tileloadd tmm1, [{s01} + {row}]",
                "tileloadd tmm2, [{s10} + {row}]",
                "tileloadd tmm3, [{s11} + {row}]",
                "2:",
                "tileloadd tmm4, [{w0} + {row}]",
                "tileloadd tmm6, [{i0} + {row} + 2 * {part}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                fetch_ahead!(0),
                "tileloadd tmm7, [{i1} + {row} + 2 * {part}]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                fetch_ahead!(1),
                "tileloadd tmm5, [{w1} + {row}]",
                "tdpbf16ps tmm2, tmm5, tmm6",
                fetch_ahead!(2),
                "tdpbf16ps tmm3, tmm5, tmm7",
                fetch_ahead!(3),
                "tileloadd tmm6, [{i0} + {row} + {part}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                fetch_ahead!(4),
                "tileloadd tmm7, [{i1} + {row} + {part}]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                fetch_ahead!(5),
                "tdpbf16ps tmm2, tmm5, tmm6",
                fetch_ahead!(6),
                "tdpbf16ps tmm3, tmm5, tmm7",
                fetch_ahead!(7),
                "tileloadd tmm6, [{i0} + {row}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                fetch_ahead!(8),
                "tileloadd tmm7, [{i1} + {row}]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                fetch_ahead!(9),
                "tdpbf16ps tmm2, tmm5, tmm6",
                fetch_ahead!(10),
                "tdpbf16ps tmm3, tmm5, tmm7",
                fetch_ahead!(11),
                "tileloadd tmm4, [{w0} + {row} + {part}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                fetch_ahead!(12),
                "tdpbf16ps tmm1, tmm4, tmm7",
                fetch_ahead!(13),
                "tileloadd tmm5, [{w1} + {row} + {part}]",
                "tdpbf16ps tmm2, tmm5, tmm6",
                fetch_ahead!(14),
                "tdpbf16ps tmm3, tmm5, tmm7",
                fetch_ahead!(15),
                "tileloadd tmm6, [{i0} + {row} + {part}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                fetch_ahead!(16),
                "tileloadd tmm7, [{i1} + {row} + {part}]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                fetch_ahead!(17),
                "tdpbf16ps tmm2, tmm5, tmm6",
                fetch_ahead!(18),
                "tdpbf16ps tmm3, tmm5, tmm7",
                fetch_ahead!(19),
                "tileloadd tmm4, [{w0} + {row} + 2 * {part}]",
                "tileloadd tmm6, [{i0} + {row}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                fetch_ahead!(20),
                "tileloadd tmm7, [{i1} + {row}]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                fetch_ahead!(21),
                "tileloadd tmm5, [{w1} + {row} + 2 * {part}]",
                "tdpbf16ps tmm2, tmm5, tmm6",
                fetch_ahead!(22),
                "tdpbf16ps tmm3, tmm5, tmm7",
                fetch_ahead!(23),
                "add {w0}, {step}",
                "add {w1}, {step}",
                "add {i0}, {step}",
                "add {i1}, {step}",
                "add {ahead}, {ahead_step}",
                "dec {count}",
                "jnz 2b",
                "tilestored [{s00} + {row}], tmm0",
                "tilestored [{s01} + {row}], tmm1",
                "tilestored [{s10} + {row}], tmm2",
                "tilestored [{s11} + {row}], tmm3",
                "tilerelease",
                configuration = in(reg) &raw const CONFIGURATION,
                row = in(reg) ROW_BYTES,
                part = const PART_BYTES,
                step = const size_of::<Step>(),
                count = inout(reg) step_count => _,
                ahead = inout(reg) ahead.weights.as_ptr().wrapping_add(ahead.start) => _,
                ahead_step = in(reg) ahead.stride.wrapping_mul(size_of::<f32>()),
                w0 = inout(reg) w0 => _,
                w1 = inout(reg) w1 => _,
                i0 = inout(reg) i0 => _,
                i1 = inout(reg) i1 => _,
                s00 = in(reg) s00,
                s01 = in(reg) s01,
                s10 = in(reg) s10,
                s11 = in(reg) s11,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }

    /// Adds the products of a tile of weight rows with a panel.
    ///
    /// # Panics
    /// When there are not as many steps of each.
    pub fn add_one(self, weights: &[Step], inputs: &[Step], sums: &mut Sums) {
        let step_count = inputs.len();
        assert!(weights.len() == step_count);
        if step_count == 0 {
            return;
        }
        // SAFETY: as in `add_square`; both slices have `step_count` steps.
        unsafe {
            asm!(
                "ldtilecfg [{configuration}]",
                "tileloadd tmm0, [{sums} + {row}]",
                "2:",
                "tileloadd tmm4, [{weights} + {row}]",
                "tileloadd tmm7, [{inputs} + {row} + 2 * {part}]",
                "tdpbf16ps tmm0, tmm4, tmm7",
                "tileloadd tmm6, [{inputs} + {row} + {part}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm5, [{inputs} + {row}]",
                "tdpbf16ps tmm0, tmm4, tmm5",
                "tileloadd tmm4, [{weights} + {row} + {part}]",
                "tdpbf16ps tmm0, tmm4, tmm5",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm4, [{weights} + {row} + 2 * {part}]",
                "tdpbf16ps tmm0, tmm4, tmm5",
                "add {weights}, {step}",
                "add {inputs}, {step}",
                "dec {count}",
                "jnz 2b",
                "tilestored [{sums} + {row}], tmm0",
                "tilerelease",
                configuration = in(reg) &raw const CONFIGURATION,
                row = in(reg) ROW_BYTES,
                part = const PART_BYTES,
                step = const size_of::<Step>(),
                count = inout(reg) step_count => _,
                weights = inout(reg) weights.as_ptr() => _,
                inputs = inout(reg) inputs.as_ptr() => _,
                sums = in(reg) sums.as_mut_ptr(),
                out("tmm0") _, out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }

    /// Adds the products of [`TILE_SIDE`] rows of weights, which were not split
    /// yet, with a panel: each weight is read once, and the next step's are
    /// split while this step's are multiplied.
    ///
    /// # Panics
    /// When the weights are not as many rows of as many steps.
    pub fn stream(self, weights: &[f32], inputs: &[Step], sums: &mut Sums) {
        let step_count = inputs.len();
        let input_count = step_count * STEP_INPUTS;
        assert!(weights.len() == TILE_SIDE * input_count);
        if step_count == 0 {
            return;
        }
        let row_bytes = input_count * size_of::<f32>();
        let mut parts = [const { MaybeUninit::<Step>::uninit() }; 2];
        let [this, next] = parts.each_mut().map(MaybeUninit::as_mut_ptr);
        // SAFETY: `self` proves that the instructions exist and may be used,
        // AVX-512 among them. Splitting a step reads 128 bytes of each of the
        // rows and then moves on by as much, and it is done `step_count` times,
        // so that it ends at the end of each row. It writes 16 rows of 64 bytes
        // of three parts, all of a step, before the step is read. `inputs` and
        // `sums` are read and written as in `add_one`; what is fetched ahead may
        // be anywhere, as in `add_square`.
        unsafe {
            asm!(
                "vpbroadcastd zmm5, {upper:e}",
                "ldtilecfg [{configuration}]",
                "tileloadd tmm0, [{sums} + {row}]",
                split_row!(0), split_row!(1), split_row!(2), split_row!(3),
                split_row!(4), split_row!(5), split_row!(6), split_row!(7),
                split_row!(8), split_row!(9), split_row!(10), split_row!(11),
                split_row!(12), split_row!(13), split_row!(14), split_row!(15),
                "dec {count}",
                "jz 3f",
                "2:",
                "sub {weights}, {back}",
                "xchg {this}, {next}",
                fetch_row_start!(),
                "add {ahead}, {row_stride}",
                "tileloadd tmm4, [{this} + {row}]",
                "tileloadd tmm5, [{inputs} + {row} + 2 * {part}]",
                "tdpbf16ps tmm0, tmm4, tmm5",
                split_row!(0), split_row!(1), split_row!(2),
                "tileloadd tmm6, [{inputs} + {row} + {part}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                split_row!(3), split_row!(4), split_row!(5),
                "tileloadd tmm7, [{inputs} + {row}]",
                "tdpbf16ps tmm0, tmm4, tmm7",
                split_row!(6), split_row!(7), split_row!(8),
                "tileloadd tmm4, [{this} + {row} + {part}]",
                "tdpbf16ps tmm0, tmm4, tmm7",
                split_row!(9), split_row!(10), split_row!(11),
                "tdpbf16ps tmm0, tmm4, tmm6",
                split_row!(12), split_row!(13),
                "tileloadd tmm4, [{this} + {row} + 2 * {part}]",
                "tdpbf16ps tmm0, tmm4, tmm7",
                split_row!(14), split_row!(15),
                "add {inputs}, {step}",
                "dec {count}",
                "jnz 2b",
                "3:",
                "tileloadd tmm4, [{next} + {row}]",
                "tileloadd tmm5, [{inputs} + {row} + 2 * {part}]",
                "tdpbf16ps tmm0, tmm4, tmm5",
                "tileloadd tmm6, [{inputs} + {row} + {part}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm7, [{inputs} + {row}]",
                "tdpbf16ps tmm0, tmm4, tmm7",
                "tileloadd tmm4, [{next} + {row} + {part}]",
                "tdpbf16ps tmm0, tmm4, tmm7",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm4, [{next} + {row} + 2 * {part}]",
                "tdpbf16ps tmm0, tmm4, tmm7",
                "tilestored [{sums} + {row}], tmm0",
                "tilerelease",
                configuration = in(reg) &raw const CONFIGURATION,
                row = in(reg) ROW_BYTES,
                part = const PART_BYTES,
                step = const size_of::<Step>(),
                count = inout(reg) step_count => _,
                weights = inout(reg) weights.as_ptr() => _,
                ahead = inout(reg) weights.as_ptr().wrapping_add(weights.len()) => _,
                row_stride = in(reg) row_bytes,
                back = in(reg) TILE_SIDE * row_bytes - STEP_INPUTS * size_of::<f32>(),
                inputs = inout(reg) inputs.as_ptr() => _,
                this = inout(reg) this => _,
                next = inout(reg) next => _,
                upper = in(reg) 0xFFFF_0000_u32,
                sums = in(reg) sums.as_mut_ptr(),
                out("zmm0") _, out("zmm1") _, out("zmm2") _,
                out("zmm3") _, out("zmm4") _, out("zmm5") _,
                out("tmm0") _, out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }
}
