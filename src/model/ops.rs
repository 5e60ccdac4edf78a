//! The kernels as operations on candle's tensors. Hidden states have the shape
//! `[panel, column, lane]` that [`kernels`] explains.

use candle_core::{
    CpuStorage, CustomOp3, Device, InplaceOp1, InplaceOp2, Layout, Result, Shape, Storage, Tensor,
    bail,
};

use super::config::Activation;
use super::kernels::{self, AttentionShape, Instructions, NormParameters};

/// A linear map with its bias: `input · weightᵀ + bias`.
#[derive(Debug, Clone)]
pub struct Linear {
    /// `[outputs, inputs]`, as PyTorch stores it.
    pub weight: Tensor,
    /// `[outputs]`.
    pub bias: Tensor,
    /// Applied to what comes out.
    pub activation: Option<Activation>,
    /// What computes it.
    pub instructions: Instructions,
}

impl Linear {
    /// `[panel, inputs, lane]` to `[panel, outputs, lane]`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        input.apply_op3_no_bwd(&self.weight, &self.bias, self)
    }
}

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear-in-panels"
    }

    fn cpu_fwd(
        &self,
        input: &CpuStorage,
        input_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (panel_count, input_count, lane_count) = input_layout.shape().dims3()?;
        let (output_count, weight_columns) = weight_layout.shape().dims2()?;
        let lanes_fit = lane_count == self.instructions.lane_count();
        if weight_columns != input_count || bias_layout.dims() != [output_count] || !lanes_fit {
            bail!(
                "a linear map of {:?} met a tensor of {:?}",
                weight_layout.dims(),
                input_layout.dims()
            );
        }
        let map = kernels::Linear {
            weight: values(weight, weight_layout)?,
            bias: values(bias, bias_layout)?,
            activation: self.activation,
        };
        let mut output = vec![0.0; panel_count * output_count * lane_count];
        kernels::linear(
            self.instructions,
            map,
            values(input, input_layout)?,
            &mut output,
        );
        let shape = Shape::from((panel_count, output_count, lane_count));
        Ok((CpuStorage::F32(output), shape))
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
        let CpuStorage::F32(all) = storage else {
            bail!("layer norm expects F32");
        };
        let Some(values) = layout
            .contiguous_offsets()
            .filter(|_| fits)
            .and_then(|(start, end)| all.get_mut(start..end))
        else {
            bail!(
                "layer norm of {} columns met a tensor of {:?}",
                self.weight.len(),
                layout.dims()
            );
        };
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
        let residual = values(residual, residual_layout)?;
        self.normalize(storage, layout, Some(residual))
    }
}

/// Attention of inputs stacked row under row; see [`kernels::attend`].
/// `[panel, 3 · hidden, lane]` to `[panel, hidden, lane]`.
///
/// # Errors
/// When the tensor is not in panels.
pub fn attend(
    instructions: Instructions,
    shape: AttentionShape,
    query_key_value: &Tensor,
    spans: &[(usize, usize)],
    probabilities: &mut [&mut [f32]],
) -> Result<Tensor> {
    let (panel_count, column_count, lane_count) = query_key_value.dims3()?;
    let hidden = shape.head_count * shape.head_size;
    if column_count != 3 * hidden || lane_count != instructions.lane_count() {
        bail!("attention met a tensor of {:?}", query_key_value.dims());
    }
    let context = with_values(query_key_value, |query_key_value| {
        kernels::attend(instructions, shape, query_key_value, spans, probabilities)
    })?;
    Tensor::from_vec(context, (panel_count, hidden, lane_count), &Device::Cpu)
}

/// `[row, column]` to `[panel, column, lane]`.
///
/// # Errors
/// When the tensor is no matrix.
pub fn to_panels(instructions: Instructions, rows: &Tensor) -> Result<Tensor> {
    let (_, column_count) = rows.dims2()?;
    let panels = with_values(rows, |rows| {
        kernels::to_panels(instructions, rows, column_count)
    })?;
    let lane_count = instructions.lane_count();
    Tensor::from_vec(panels, ((), column_count, lane_count), &Device::Cpu)
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
    with_values(panels, |panels| {
        kernels::from_panels(instructions, panels, column_count, start, length)
    })
}

fn with_values<Output>(tensor: &Tensor, function: impl FnOnce(&[f32]) -> Output) -> Result<Output> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => Ok(function(values(storage, layout)?)),
        _ => bail!("expected a tensor in main memory"),
    }
}

/// The values of a contiguous tensor.
fn values<'storage>(storage: &'storage CpuStorage, layout: &Layout) -> Result<&'storage [f32]> {
    let values = storage.as_slice::<f32>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&values[start..end]),
        None => bail!("expected a contiguous tensor"),
    }
}
