//! Residuals and norms.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::instructions::Instructions;
use super::multiply_add::multiply_add;

/// Values in a task of at least this many.
const TASK_LENGTH: usize = 1 << 15;

/// What a norm does to the columns of a row.
#[derive(Debug, Clone, Copy)]
pub struct NormParameters<'weights> {
    /// `[columns]`.
    pub weight: &'weights [f32],
    /// `[columns]`: of a layer norm (Ba et al. 2016,
    /// <https://arxiv.org/abs/1607.06450>). `None` for the root mean square
    /// alone (Zhang & Sennrich 2019, <https://arxiv.org/abs/1910.07467>).
    pub bias: Option<&'weights [f32]>,
    /// What is added to the variance, or to the mean square.
    pub epsilon: f32,
}

/// What is done to values before they are normalized.
#[derive(Debug, Clone, Copy)]
pub enum Before<'data> {
    /// Nothing.
    Nothing,
    /// A residual of the same shape is added to them.
    Added(&'data [f32]),
    /// They are replaced by others of the same shape.
    Copied(&'data [f32]),
}

/// Normalizes `values`, of shape `[panel, column, lane]`, in place.
///
/// A layer norm takes two passes: the mean first, then the variance of the
/// differences. The one-pass form E\[x²\] − mean² loses everything where the
/// mean is much greater than the deviation.
pub fn normalize(
    instructions: Instructions,
    parameters: NormParameters<'_>,
    values: &mut [f32],
    before: Before<'_>,
) {
    let panel_length = parameters.weight.len() * instructions.lane_count();
    if panel_length == 0 {
        return;
    }
    let panels = values
        .par_chunks_exact_mut(panel_length)
        .with_min_len(TASK_LENGTH / panel_length + 1);
    panels.enumerate().for_each(|(index, panel)| {
        let of_panel =
            |all: &'_ [f32]| index * panel_length..all.len().min((index + 1) * panel_length);
        instructions.run(Normalize {
            parameters,
            panel,
            before: match before {
                Before::Nothing => Before::Nothing,
                Before::Added(all) => Before::Added(&all[of_panel(all)]),
                Before::Copied(all) => Before::Copied(&all[of_panel(all)]),
            },
        });
    });
}

/// Normalizes groups of columns by the same parameters: those from `start` on,
/// `group_count` groups of them, of the `column_count` columns that `values`
/// have, of shape `[panel, column, lane]`.
pub fn normalize_groups(
    instructions: Instructions,
    parameters: NormParameters<'_>,
    values: &mut [f32],
    column_count: usize,
    starts: &[usize],
) {
    let lane_count = instructions.lane_count();
    let group_length = parameters.weight.len() * lane_count;
    let panel_length = (column_count * lane_count).max(1);
    let panels = values.par_chunks_exact_mut(panel_length);
    let panels = panels.with_min_len(TASK_LENGTH / panel_length + 1);
    panels.for_each(|panel| {
        for start in starts {
            let columns = panel.get_mut(start * lane_count..);
            let group = columns.and_then(|columns| columns.get_mut(..group_length));
            if let Some(panel) = group {
                instructions.run(Normalize {
                    parameters,
                    panel,
                    before: Before::Nothing,
                });
            }
        }
    });
}

struct Normalize<'data> {
    parameters: NormParameters<'data>,
    panel: &'data mut [f32],
    before: Before<'data>,
}

impl WithSimd for Normalize<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if let Before::Copied(values) = self.before {
            self.panel.copy_from_slice(values);
        }
        let panel = S::as_mut_simd_f32s(self.panel).0;
        if let Before::Added(residual) = self.before {
            for (value, &other) in panel.iter_mut().zip(S::as_simd_f32s(residual).0) {
                *value = simd.add_f32s(*value, other);
            }
        }
        match self.parameters.bias {
            Some(bias) => normalize_layer(simd, self.parameters, bias, panel),
            None => normalize_root_mean_square(simd, self.parameters, panel),
        }
    }
}

#[inline(always)]
fn normalize_layer<S: Simd>(
    simd: S,
    parameters: NormParameters<'_>,
    bias: &[f32],
    panel: &mut [S::f32s],
) {
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
    let epsilon = simd.splat_f32s(parameters.epsilon);
    let deviation = simd.sqrt_f32s(simd.add_f32s(variance, epsilon));
    let scale = simd.div_f32s(simd.splat_f32s(1.0), deviation);
    let parameters = parameters.weight.iter().zip(bias);
    for (value, (&weight, &bias)) in panel.iter_mut().zip(parameters) {
        let normal = simd.mul_f32s(simd.sub_f32s(*value, mean), scale);
        *value = multiply_add(simd, normal, simd.splat_f32s(weight), simd.splat_f32s(bias));
    }
}

#[inline(always)]
fn normalize_root_mean_square<S: Simd>(
    simd: S,
    parameters: NormParameters<'_>,
    panel: &mut [S::f32s],
) {
    let count = simd.splat_f32s(panel.len() as f32);
    let squares = sum_of(
        simd,
        panel,
        #[inline(always)]
        |value| simd.mul_f32s(value, value),
    );
    let mean = simd.div_f32s(squares, count);
    let root = simd.sqrt_f32s(simd.add_f32s(mean, simd.splat_f32s(parameters.epsilon)));
    let scale = simd.div_f32s(simd.splat_f32s(1.0), root);
    for (value, &weight) in panel.iter_mut().zip(parameters.weight) {
        let normal = simd.mul_f32s(*value, scale);
        *value = simd.mul_f32s(normal, simd.splat_f32s(weight));
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
