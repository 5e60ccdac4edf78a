//! The kernels that model families share, behind plain functions on tensors.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::config::Activation;

/// A linear map with its bias: `x · weightᵀ + bias`.
#[derive(Debug, Clone)]
pub struct Linear {
    /// `[outputs, inputs]`, as PyTorch stores it.
    pub weight: Tensor,
    /// `[outputs]`.
    pub bias: Tensor,
}

impl Linear {
    /// `input` of shape `[row, inputs]` to `[row, outputs]`. The bits of a row
    /// do not depend on the rows beside it.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        let (row_count, input_count) = input.dims2()?;
        let transposed = self.weight.t()?; // [inputs, outputs]
        let minimum = minimum_row_count(self.weight.dim(0)?);
        let output = if row_count < minimum {
            let shape = (minimum - row_count, input_count);
            let padding = Tensor::zeros(shape, input.dtype(), input.device())?; // [padding, inputs]
            let padded = Tensor::cat(&[input, &padding], 0)?; // [minimum, inputs]
            padded.matmul(&transposed)?.narrow(0, 0, row_count)? // [row, outputs]
        } else {
            input.matmul(&transposed)? // [row, outputs]
        };
        output.broadcast_add(&self.bias) // [row, outputs]
    }
}

/// The fewest rows with which a product takes the path that it takes with
/// many rows. gemm (`gemm_basic_generic` of gemm-common 0.19) sums in another
/// order where the result is one row or one column, has at most 256 values,
/// or is at most 64 by 64; such products get rows of zeros. Four are enough
/// for every published BERT.
fn minimum_row_count(output_count: usize) -> usize {
    let by_side = if output_count <= 64 { 65 } else { 2 };
    by_side.max(257_usize.div_ceil(output_count.max(1)))
}

/// Scale and shift of a layer norm (Ba et al. 2016, <https://arxiv.org/abs/1607.06450>).
#[derive(Debug, Clone)]
pub struct LayerNorm {
    /// `[columns]`.
    pub weight: Vec<f32>,
    /// `[columns]`.
    pub bias: Vec<f32>,
    /// What is added to the variance.
    pub epsilon: f32,
}

impl LayerNorm {
    /// `input` of shape `[row, columns]` to the same shape.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        input.contiguous()?.apply_op1_no_bwd(self)
    }

    /// Normalizes one row in place, in two passes: the mean first, then the
    /// variance of the differences. The one-pass form E\[x²\] − mean² loses
    /// everything where the mean is much greater than the deviation.
    fn normalize_row(&self, row: &mut [f32]) {
        let count = row.len() as f32;
        let mean = row.iter().sum::<f32>() / count;
        let variance = row
            .iter()
            .map(|value| (value - mean) * (value - mean))
            .sum::<f32>()
            / count;
        let scale = 1.0 / (variance + self.epsilon).sqrt();
        for ((value, weight), bias) in row.iter_mut().zip(&self.weight).zip(&self.bias) {
            *value = (*value - mean) * scale * weight + bias;
        }
    }
}

impl CustomOp1 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm-in-two-passes"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let column_count = self.weight.len();
        let Some((start, end)) = layout.contiguous_offsets() else {
            bail!("layer norm expects a contiguous tensor");
        };
        if layout.dims().last() != Some(&column_count) || self.bias.len() != column_count {
            bail!(
                "layer norm of {column_count} columns met a tensor of {:?}",
                layout.dims()
            );
        }
        let mut values = storage.as_slice::<f32>()?[start..end].to_vec();
        values
            .par_chunks_mut(column_count)
            .for_each(|row| self.normalize_row(row));
        Ok((CpuStorage::F32(values), layout.shape().clone()))
    }
}

/// The activation, value by value.
///
/// # Errors
/// When candle cannot compute it.
pub fn activate(activation: Activation, input: &Tensor) -> Result<Tensor> {
    match activation {
        Activation::Gelu => input.gelu_erf(),
        Activation::GeluTanh => input.gelu(),
        Activation::GeluQuick => input * candle_nn::ops::sigmoid(&(input * 1.702)?)?,
        Activation::Relu => input.relu(),
        Activation::Silu => input.silu(),
        Activation::Tanh => input.tanh(),
    }
}

/// Softmax over the last dimension: `[.., key]` to the same shape.
///
/// # Errors
/// When candle cannot compute it.
pub fn softmax(scores: &Tensor) -> Result<Tensor> {
    candle_nn::ops::softmax_last_dim(scores)
}
