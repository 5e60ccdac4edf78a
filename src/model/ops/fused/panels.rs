//! candle's tensors as panels and back, and what is done value by value.

use candle_core::{CpuStorage, Device, InplaceOp2, Layout, Result, Storage, Tensor, bail};

use crate::model::architecture::Activation;
use crate::model::ops::kernels::{self, Aligned, Instructions};

/// Adds a tensor to another one.
pub struct Sum(pub Instructions);

impl InplaceOp2 for Sum {
    fn name(&self) -> &'static str {
        "sum-in-panels"
    }

    fn cpu_fwd(
        &self,
        storage: &mut CpuStorage,
        layout: &Layout,
        others: &CpuStorage,
        others_layout: &Layout,
    ) -> Result<()> {
        if layout.shape() != others_layout.shape() {
            bail!(
                "a sum met tensors of {:?} and {:?}",
                layout.dims(),
                others_layout.dims()
            );
        }
        let values = cpu_values_mut(storage, layout)?;
        kernels::add(self.0, values, cpu_values(others, others_layout)?);
        Ok(())
    }
}

/// The product of the halves of a tensor, into one of half as many columns.
pub struct Gate {
    /// What computes it.
    pub instructions: Instructions,
    /// Of the first half.
    pub activation: Activation,
}

impl InplaceOp2 for Gate {
    fn name(&self) -> &'static str {
        "gate-in-panels"
    }

    fn cpu_fwd(
        &self,
        output: &mut CpuStorage,
        layout: &Layout,
        input: &CpuStorage,
        input_layout: &Layout,
    ) -> Result<()> {
        let (panel_count, column_count, lane_count) = layout.shape().dims3()?;
        if input_layout.dims() != [panel_count, 2 * column_count, lane_count] {
            bail!("a gate met a tensor of {:?}", input_layout.dims());
        }
        let output = cpu_values_mut(output, layout)?;
        let input = cpu_values(input, input_layout)?;
        kernels::gate(
            self.instructions,
            self.activation,
            input,
            output,
            column_count,
        );
        Ok(())
    }
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

/// Some rows of `[panel, column, lane]`, in the same layout.
///
/// # Errors
/// When the tensor is not in panels, or has no such row.
pub fn take_rows(instructions: Instructions, panels: &Tensor, rows: &[u32]) -> Result<Tensor> {
    let (panel_count, column_count, lane_count) = panels.dims3()?;
    if rows
        .iter()
        .any(|&row| row as usize >= panel_count * lane_count)
    {
        bail!("expected rows of a tensor of {:?}", panels.dims());
    }
    let (storage, layout) = panels.storage_and_layout();
    let panels = values(&storage, layout)?;
    let taken = kernels::take_rows(instructions, panels, column_count, rows);
    let shape = (rows.len().div_ceil(lane_count), column_count, lane_count);
    tensor(taken, shape)
}

/// Room for `row_count` rows in panels.
///
/// # Errors
/// When candle refuses the shape.
pub fn zeros(instructions: Instructions, row_count: usize, column_count: usize) -> Result<Tensor> {
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
pub fn values<'storage>(storage: &'storage Storage, layout: &Layout) -> Result<&'storage [f32]> {
    match storage {
        Storage::Cpu(storage) => cpu_values(storage, layout),
        _ => bail!("expected a tensor in main memory"),
    }
}

pub fn cpu_values<'storage>(
    storage: &'storage CpuStorage,
    layout: &Layout,
) -> Result<&'storage [f32]> {
    let values = storage.as_slice::<f32>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&values[start..end]),
        None => bail!("expected a contiguous tensor"),
    }
}

pub fn cpu_values_mut<'storage>(
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
