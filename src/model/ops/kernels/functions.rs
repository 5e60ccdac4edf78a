//! exp, erf and the activations, lane by lane.

use pulp::{Simd, WithSimd};

use super::instructions::Instructions;
use super::multiply_add::multiply_add;
use crate::model::architecture::Activation;

/// The activation of every value, in place.
pub fn activate(instructions: Instructions, activation: Activation, values: &mut [f32]) {
    let lane_count = instructions.lane_count();
    let whole = values.len() / lane_count * lane_count;
    let (vectors, rest) = values.split_at_mut(whole);
    instructions.run(Activate(activation, vectors));
    let mut last = vec![0.0; lane_count];
    last[..rest.len()].copy_from_slice(rest);
    instructions.run(Activate(activation, &mut last));
    rest.copy_from_slice(&last[..rest.len()]);
}

struct Activate<'values>(Activation, &'values mut [f32]);

impl WithSimd for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        activate_vectors(simd, self.0, S::as_mut_simd_f32s(self.1).0);
    }
}

#[inline(always)]
pub(super) fn activate_vectors<S: Simd>(simd: S, activation: Activation, values: &mut [S::f32s]) {
    match activation {
        Activation::Gelu => each(
            values,
            #[inline(always)]
            |x| gelu(simd, x),
        ),
        Activation::GeluTanh => each(
            values,
            #[inline(always)]
            |x| gelu_tanh(simd, x),
        ),
        Activation::GeluQuick => each(
            values,
            #[inline(always)]
            |x| {
                let scaled = simd.mul_f32s(x, simd.splat_f32s(1.702));
                simd.mul_f32s(x, sigmoid(simd, scaled))
            },
        ),
        Activation::Relu => each(
            values,
            #[inline(always)]
            |x| {
                let zero = simd.splat_f32s(0.0);
                // Written so that NaN stays NaN.
                simd.select_f32s(simd.less_than_f32s(x, zero), zero, x)
            },
        ),
        Activation::Silu => each(
            values,
            #[inline(always)]
            |x| simd.mul_f32s(x, sigmoid(simd, x)),
        ),
        Activation::Tanh => each(
            values,
            #[inline(always)]
            |x| tanh(simd, x),
        ),
    }
}

#[inline(always)]
fn each<V: Copy>(values: &mut [V], function: impl Fn(V) -> V) {
    for value in values {
        *value = function(*value);
    }
}

/// Coefficients from the highest power down.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, x: S::f32s, coefficients: [f32; N]) -> S::f32s {
    let mut sum = simd.splat_f32s(coefficients[0]);
    for &coefficient in &coefficients[1..] {
        sum = multiply_add(simd, sum, x, simd.splat_f32s(coefficient));
    }
    sum
}

/// eˣ with a relative error below 2e-7; 0 below −87 and ∞ above 88.
/// x = n·ln 2 + r, and e^r by the polynomial of Cephes (Moshier 1989), `expf.c`.
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    // Adding 1.5·2²³ rounds to a whole number and leaves it in the low bits.
    let shift = simd.splat_f32s(12_582_912.0);
    let shifted = multiply_add(simd, x, simd.splat_f32s(std::f32::consts::LOG2_E), shift);
    let n = simd.sub_f32s(shifted, shift);
    // ln 2 in two parts, of which n times the first is exact.
    let r = multiply_add(simd, n, simd.splat_f32s(-0.693_359_4), x);
    let r = multiply_add(simd, n, simd.splat_f32s(2.121_944_4e-4), r);
    let sum = polynomial(
        simd,
        r,
        [
            1.987_569_1e-4,
            1.398_199_9e-3,
            8.333_452e-3,
            4.166_579_6e-2,
            1.666_666_5e-1,
            0.5,
        ],
    );
    let square = simd.mul_f32s(r, r);
    let sum = simd.add_f32s(multiply_add(simd, sum, square, r), simd.splat_f32s(1.0));
    let exponent =
        simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    let bits = simd.add_u32s(simd.transmute_u32s_f32s(sum), exponent);
    let value = simd.transmute_f32s_u32s(bits);
    // Comparisons with NaN are false, so the sum of NaN goes through.
    let is_nan = simd.not_m32s(simd.equal_f32s(x, x));
    let value = simd.select_f32s(is_nan, x, value);
    let tiny = simd.less_than_f32s(x, simd.splat_f32s(-87.0));
    let value = simd.select_f32s(tiny, simd.splat_f32s(0.0), value);
    let huge = simd.greater_than_f32s(x, simd.splat_f32s(88.0));
    simd.select_f32s(huge, simd.splat_f32s(f32::INFINITY), value)
}

/// The error function, by two minimax polynomials (Juffa,
/// <https://stackoverflow.com/a/35148199>), to about one unit in the last place.
#[inline(always)]
pub(super) fn erf<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let absolute = simd.abs_f32s(x);
    let square = simd.mul_f32s(x, x);
    let far = {
        let high = polynomial(simd, absolute, [-1.728_534_7e-5, 3.831_972e-4]);
        let low = polynomial(simd, absolute, [-3.883_964_4e-3, 2.425_462_2e-2]);
        let mut sum = multiply_add(simd, high, square, low);
        for coefficient in [-1.067_778_8e-1, -6.348_468_7e-1, -1.287_175_1e-1] {
            sum = multiply_add(simd, sum, absolute, simd.splat_f32s(coefficient));
        }
        let sum = multiply_add(simd, sum, absolute, simd.neg_f32s(absolute));
        simd.sub_f32s(simd.splat_f32s(1.0), exp(simd, sum))
    };
    let negative = simd.less_than_f32s(x, simd.splat_f32s(0.0));
    let far = simd.select_f32s(negative, simd.neg_f32s(far), far);
    let near = polynomial(
        simd,
        square,
        [
            -5.967_617e-4,
            4.991_194_2e-3,
            -2.676_813_5e-2,
            1.128_199_25e-1,
            -3.761_253_4e-1,
            1.283_791_7e-1,
        ],
    );
    let near = multiply_add(simd, near, x, x);
    let is_far = simd.greater_than_f32s(absolute, simd.splat_f32s(0.921_875));
    // Beyond 4 the result is ±1 in f32, and the polynomial would turn.
    simd.select_f32s(is_far, far, near)
}

/// x·Φ(x) (Hendrycks & Gimpel 2016, <https://arxiv.org/abs/1606.08415>).
#[inline(always)]
fn gelu<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let scaled = simd.mul_f32s(x, simd.splat_f32s(std::f32::consts::FRAC_1_SQRT_2));
    let one_more = simd.add_f32s(erf(simd, scaled), simd.splat_f32s(1.0));
    simd.mul_f32s(simd.mul_f32s(x, simd.splat_f32s(0.5)), one_more)
}

/// The form with tanh, of the same paper.
#[inline(always)]
fn gelu_tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let cube = simd.mul_f32s(simd.mul_f32s(x, x), x);
    let sum = multiply_add(simd, cube, simd.splat_f32s(0.044_715), x);
    let root = (2.0 / std::f32::consts::PI).sqrt();
    let one_more = simd.add_f32s(
        tanh(simd, simd.mul_f32s(sum, simd.splat_f32s(root))),
        simd.splat_f32s(1.0),
    );
    simd.mul_f32s(simd.mul_f32s(x, simd.splat_f32s(0.5)), one_more)
}

#[inline(always)]
fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    let power = exp(simd, simd.neg_f32s(x));
    simd.div_f32s(one, simd.add_f32s(one, power))
}

/// 1 − 2 / (e²ˣ + 1): an absolute error of 1e-7 everywhere.
#[inline(always)]
pub(super) fn tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    let power = exp(simd, simd.add_f32s(x, x));
    let quotient = simd.div_f32s(simd.splat_f32s(2.0), simd.add_f32s(power, one));
    simd.sub_f32s(one, quotient)
}
