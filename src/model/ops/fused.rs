//! The kernels as operations on candle's tensors. Hidden states have the shape
//! `[panel, column, lane]` that [`kernels`] explains.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{
    CpuStorage, Device, InplaceOp1, InplaceOp2, Layout, Result, Storage, Tensor, bail,
};

use super::kernels::{self, Aligned, AttentionShape, Instructions, NormParameters};
use crate::model::config::Activation;
use crate::model::error::ModelError;
use crate::weights::{WeightMemory, Weights, WeightsError};

/// The weights of a linear map, `[outputs, inputs]`, as PyTorch stores them.
#[derive(Debug)]
pub enum LinearWeights {
    /// In memory, for any number of forward passes.
    Loaded(WeightMemory),
    /// Read anew in every forward pass.
    Stored {
        /// Where they are.
        weights: Arc<Weights>,
        /// Matrices that stand one under the other.
        names: Vec<String>,
        /// Of each of them: `[outputs, inputs]`.
        shape: [usize; 2],
    },
}

/// A linear map with its bias: `input · weightᵀ + bias`.
#[derive(Debug)]
pub struct LinearMap {
    /// What inputs are multiplied with.
    pub weights: LinearWeights,
    /// `[outputs]`.
    pub bias: Vec<f32>,
    /// Applied to what comes out.
    pub activation: Option<Activation>,
    /// What computes it.
    pub instructions: Instructions,
}

impl LinearMap {
    /// Writes the map of `input`, of shape `[panel, inputs, lane]`, over
    /// `output`, of shape `[panel, outputs, lane]`: memory that is used again
    /// need not be cleared, nor be had from the system.
    ///
    /// # Errors
    /// When the shapes do not fit, or stored weights cannot be read or are not
    /// finite.
    pub fn forward_into(
        &self,
        input: &Tensor,
        output: &Tensor,
    ) -> std::result::Result<(), ModelError> {
        let product = Product {
            linear: self,
            failure: Mutex::new(None),
        };
        output.inplace_op2(input, &product)?;
        let failure = product.failure.into_inner();
        match failure.unwrap_or_else(PoisonError::into_inner) {
            Some((_, error)) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Weights that a matrix of so many inputs and outputs has.
    fn fits(&self, input_count: usize) -> bool {
        let output_count = self.bias.len();
        match &self.weights {
            LinearWeights::Loaded(weights) => weights.values().len() == output_count * input_count,
            LinearWeights::Stored { names, shape, .. } => {
                (shape[0] * names.len(), shape[1]) == (output_count, input_count)
            }
        }
    }
}

/// One use of a linear map.
struct Product<'linear> {
    linear: &'linear LinearMap,
    /// Of stored weights: the first row that could not be read, and why.
    failure: Mutex<Option<(usize, WeightsError)>>,
}

impl InplaceOp2 for Product<'_> {
    fn name(&self) -> &'static str {
        "linear-in-panels"
    }

    fn cpu_fwd(
        &self,
        output: &mut CpuStorage,
        output_layout: &Layout,
        input: &CpuStorage,
        input_layout: &Layout,
    ) -> Result<()> {
        let linear = self.linear;
        let (panel_count, input_count, lane_count) = input_layout.shape().dims3()?;
        let output_count = linear.bias.len();
        let fits = linear.fits(input_count)
            && lane_count == linear.instructions.lane_count()
            && output_layout.dims() == [panel_count, output_count, lane_count];
        if !fits {
            bail!(
                "a linear map to {output_count} outputs met tensors of {:?} and {:?}",
                input_layout.dims(),
                output_layout.dims()
            );
        }
        let input = cpu_values(input, input_layout)?;
        let output = cpu_values_mut(output, output_layout)?;
        let map = |weight| kernels::LinearParameters {
            weight,
            bias: &linear.bias,
            activation: linear.activation,
        };
        match &linear.weights {
            LinearWeights::Loaded(weights) => {
                kernels::linear(linear.instructions, map(weights.values()), input, output);
            }
            LinearWeights::Stored {
                weights,
                names,
                shape,
            } => {
                let read = |first_row: usize, rows: &mut [f32]| {
                    if let Err(error) = weights.read_rows_from(names, *shape, first_row, rows) {
                        self.fail(first_row, error);
                    }
                };
                let map = map(&[]);
                kernels::linear_from(linear.instructions, map, &read, input_count, input, output);
            }
        }
        Ok(())
    }
}

impl Product<'_> {
    /// Keeps the failure of the first row, whichever thread comes first.
    fn fail(&self, first_row: usize, error: WeightsError) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.as_ref().is_none_or(|&(row, _)| first_row < row) {
            *failure = Some((first_row, error));
        }
    }
}

/// Scale and shift of a layer norm; see [`kernels::add_and_normalize`].
#[derive(Debug, Clone)]
pub struct LayerNorm {
    /// `[columns]`.
    pub weight: Vec<f32>,
    /// `[columns]`.
    pub bias: Vec<f32>,
    /// What is added to the variance.
    pub epsilon: f32,
    /// What computes it.
    pub instructions: Instructions,
}

impl LayerNorm {
    /// Normalizes a tensor in place.
    ///
    /// # Errors
    /// When the shape does not fit.
    pub fn apply(&self, tensor: &Tensor) -> Result<()> {
        tensor.inplace_op1(self)
    }

    /// Adds a residual to a tensor, and normalizes it, in place.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn apply_with(&self, tensor: &Tensor, residual: &Tensor) -> Result<()> {
        tensor.inplace_op2(residual, self)
    }

    fn normalize(
        &self,
        storage: &mut CpuStorage,
        layout: &Layout,
        residual: Option<&[f32]>,
    ) -> Result<()> {
        let shape = layout.shape().dims3()?;
        let lane_count = self.instructions.lane_count();
        let fits = self.bias.len() == self.weight.len()
            && (shape.1, shape.2) == (self.weight.len(), lane_count)
            && residual.is_none_or(|residual| residual.len() == layout.shape().elem_count());
        if !fits {
            bail!(
                "layer norm of {} columns met a tensor of {:?}",
                self.weight.len(),
                layout.dims()
            );
        }
        let values = cpu_values_mut(storage, layout)?;
        let parameters = NormParameters {
            weight: &self.weight,
            bias: &self.bias,
            epsilon: self.epsilon,
        };
        kernels::add_and_normalize(self.instructions, parameters, values, residual);
        Ok(())
    }
}

impl InplaceOp1 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm-in-panels"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        self.normalize(storage, layout, None)
    }
}

impl InplaceOp2 for LayerNorm {
    fn name(&self) -> &'static str {
        "residual-and-layer-norm-in-panels"
    }

    fn cpu_fwd(
        &self,
        storage: &mut CpuStorage,
        layout: &Layout,
        residual: &CpuStorage,
        residual_layout: &Layout,
    ) -> Result<()> {
        let residual = cpu_values(residual, residual_layout)?;
        self.normalize(storage, layout, Some(residual))
    }
}

/// Attention of inputs stacked row under row; see [`kernels::attend_some`].
/// `[panel, 3 · hidden, lane]` to `[panel, hidden, lane]`.
///
/// # Errors
/// When the tensor is not in panels.
pub fn attend(
    instructions: Instructions,
    shape: AttentionShape,
    query_key_value: &Tensor,
    spans: &[(usize, usize)],
    maps: Vec<Vec<Option<&mut [f32]>>>,
) -> Result<Tensor> {
    let (panel_count, column_count, lane_count) = query_key_value.dims3()?;
    let hidden = shape.head_count * shape.head_size;
    if column_count != 3 * hidden || lane_count != instructions.lane_count() {
        bail!("attention met a tensor of {:?}", query_key_value.dims());
    }
    let (storage, layout) = query_key_value.storage_and_layout();
    let values = values(&storage, layout)?;
    let context = kernels::attend_some(instructions, shape, values, spans, maps);
    tensor(context, (panel_count, hidden, lane_count))
}

/// `[row, column]` to `[panel, column, lane]`.
///
/// # Errors
/// When the tensor is no matrix.
pub fn to_panels(instructions: Instructions, rows: &Tensor) -> Result<Tensor> {
    let (row_count, column_count) = rows.dims2()?;
    let (storage, layout) = rows.storage_and_layout();
    let panels = kernels::to_panels(instructions, values(&storage, layout)?, column_count);
    let lane_count = instructions.lane_count();
    let panel_count = row_count.div_ceil(lane_count);
    tensor(panels, (panel_count, column_count, lane_count))
}

/// Some rows of `[panel, column, lane]`, as `[row, column]`, flat.
///
/// # Errors
/// When the tensor is not in panels.
pub fn rows_of(
    instructions: Instructions,
    panels: &Tensor,
    (start, length): (usize, usize),
) -> Result<Vec<f32>> {
    let (_, column_count, _) = panels.dims3()?;
    let (storage, layout) = panels.storage_and_layout();
    let panels = values(&storage, layout)?;
    Ok(kernels::from_panels(
        instructions,
        panels,
        column_count,
        start,
        length,
    ))
}

/// Room for `row_count` rows in panels.
///
/// # Errors
/// When candle refuses the shape.
pub fn panels(instructions: Instructions, row_count: usize, column_count: usize) -> Result<Tensor> {
    let lane_count = instructions.lane_count();
    let panel_count = row_count.div_ceil(lane_count);
    let zeros = Aligned::zeros(panel_count * column_count * lane_count);
    tensor(zeros, (panel_count, column_count, lane_count))
}

/// A tensor whose values start where a cache line does.
fn tensor(aligned: Aligned, shape: (usize, usize, usize)) -> Result<Tensor> {
    let length = aligned.values().len();
    let (all, start) = aligned.into_parts();
    let all_length = all.len();
    let all = Tensor::from_vec(all, all_length, &Device::Cpu)?;
    // Both only change the view.
    all.narrow(0, start, length)?.reshape(shape)
}

/// The values of a contiguous tensor.
fn values<'storage>(storage: &'storage Storage, layout: &Layout) -> Result<&'storage [f32]> {
    match storage {
        Storage::Cpu(storage) => cpu_values(storage, layout),
        _ => bail!("expected a tensor in main memory"),
    }
}

fn cpu_values<'storage>(storage: &'storage CpuStorage, layout: &Layout) -> Result<&'storage [f32]> {
    let values = storage.as_slice::<f32>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&values[start..end]),
        None => bail!("expected a contiguous tensor"),
    }
}

fn cpu_values_mut<'storage>(
    storage: &'storage mut CpuStorage,
    layout: &Layout,
) -> Result<&'storage mut [f32]> {
    let CpuStorage::F32(values) = storage else {
        bail!("expected F32");
    };
    let part = layout.contiguous_offsets();
    match part.and_then(|(start, end)| values.get_mut(start..end)) {
        Some(part) => Ok(part),
        None => bail!("expected a contiguous tensor"),
    }
}
