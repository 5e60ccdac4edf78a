//! Residual and layer norm.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::instructions::Instructions;
use super::multiply_add::multiply_add;

/// Values in a task of at least this many.
const TASK_LENGTH: usize = 1 << 15;

/// Scale and shift of a layer norm (Ba et al. 2016, <https://arxiv.org/abs/1607.06450>).
#[derive(Debug, Clone, Copy)]
pub struct NormParameters<'weights> {
    /// `[columns]`.
    pub weight: &'weights [f32],
    /// `[columns]`.
    pub bias: &'weights [f32],
    /// What is added to the variance.
    pub epsilon: f32,
}

/// The layer norm of `values + residual`, into `values`; both of shape
/// `[panel, column, lane]`.
///
/// In two passes: the mean first, then the variance of the differences. The
/// one-pass form E\[x²\] − mean² loses everything where the mean is much
/// greater than the deviation.
pub fn add_and_normalize(
    instructions: Instructions,
    parameters: NormParameters<'_>,
    values: &mut [f32],
    residual: Option<&[f32]>,
) {
    let panel_length = parameters.weight.len() * instructions.lane_count();
    if panel_length == 0 {
        return;
    }
    let panels = values
        .par_chunks_exact_mut(panel_length)
        .with_min_len(TASK_LENGTH / panel_length + 1);
    panels.enumerate().for_each(|(index, panel)| {
        let residual = residual.and_then(|all| all.chunks_exact(panel_length).nth(index));
        instructions.run(Normalize {
            parameters,
            panel,
            residual,
        });
    });
}

struct Normalize<'data> {
    parameters: NormParameters<'data>,
    panel: &'data mut [f32],
    residual: Option<&'data [f32]>,
}

impl WithSimd for Normalize<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let panel = S::as_mut_simd_f32s(self.panel).0;
        if let Some(residual) = self.residual {
            for (value, &other) in panel.iter_mut().zip(S::as_simd_f32s(residual).0) {
                *value = simd.add_f32s(*value, other);
            }
        }
        let count = simd.splat_f32s(panel.len() as f32);
        let mean = simd.div_f32s(
            sum_of(
                simd,
                panel,
                #[inline(always)]
                |value| value,
            ),
            count,
        );
        let variance = sum_of(
            simd,
            panel,
            #[inline(always)]
            |value| {
                let difference = simd.sub_f32s(value, mean);
                simd.mul_f32s(difference, difference)
            },
        );
        let variance = simd.div_f32s(variance, count);
        let epsilon = simd.splat_f32s(self.parameters.epsilon);
        let deviation = simd.sqrt_f32s(simd.add_f32s(variance, epsilon));
        let scale = simd.div_f32s(simd.splat_f32s(1.0), deviation);
        let parameters = self.parameters.weight.iter().zip(self.parameters.bias);
        for (value, (&weight, &bias)) in panel.iter_mut().zip(parameters) {
            let normal = simd.mul_f32s(simd.sub_f32s(*value, mean), scale);
            *value = multiply_add(simd, normal, simd.splat_f32s(weight), simd.splat_f32s(bias));
        }
    }
}

/// In four chains, which do not wait for each other.
#[inline(always)]
fn sum_of<S: Simd>(simd: S, values: &[S::f32s], function: impl Fn(S::f32s) -> S::f32s) -> S::f32s {
    let mut sums = [simd.splat_f32s(0.0); 4];
    let (whole, rest) = values.as_chunks::<4>();
    for chunk in whole {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum = simd.add_f32s(*sum, function(value));
        }
    }
    for &value in rest {
        sums[0] = simd.add_f32s(sums[0], function(value));
    }
    let [a, b, c, d] = sums;
    simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d))
}
