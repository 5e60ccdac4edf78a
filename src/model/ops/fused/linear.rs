//! Linear maps, whose weights are in memory or are read when their turn comes.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};
use rayon::prelude::*;

use super::panels::{cpu_values, cpu_values_mut};
use crate::model::architecture::{Activation, Linear, Stored};
use crate::model::error::ModelError;
use crate::model::ops::Keep;
use crate::model::ops::kernels::{self, Instructions};
use crate::weights::{Matrix, WeightMemory, Weights, WeightsError};

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
        matrices: Vec<Matrix>,
        /// How: what is stored by input is a single matrix.
        stored: Stored,
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
    /// Reads a linear map, or notes where it is.
    ///
    /// # Errors
    /// When a tensor is missing, of another shape or type, or not finite.
    pub fn load(
        instructions: Instructions,
        weights: &Arc<Weights>,
        keep: Keep,
        linear: &Linear,
        activation: Option<Activation>,
    ) -> std::result::Result<Self, ModelError> {
        let matrices = linear.matrices();
        let is_in_rows = linear.stored == Stored::ByOutput || matrices.len() == 1;
        let streams = keep == Keep::Little && is_in_rows && weights.can_stream(&matrices)?;
        let biases = linear.parts.iter();
        let biases: Vec<_> = biases
            .map(|(name, outputs)| (format!("{name}.bias"), *outputs))
            .collect();
        Ok(Self {
            weights: match (streams, linear.stored) {
                (true, _) => LinearWeights::Stored {
                    weights: Arc::clone(weights),
                    matrices,
                    stored: linear.stored,
                },
                (false, Stored::ByOutput) => {
                    LinearWeights::Loaded(weights.read_matrices(&matrices)?)
                }
                (false, Stored::ByInput) => {
                    let mut memory = weights.read_matrices(&matrices)?;
                    let mut values = memory.values_mut();
                    for (_, outputs) in &linear.parts {
                        let (part, rest) = values.split_at_mut(outputs * linear.inputs);
                        by_output(linear.inputs, part);
                        values = rest;
                    }
                    LinearWeights::Loaded(memory)
                }
            },
            bias: match linear.has_bias {
                true => weights.read_vectors(&biases)?,
                false => vec![0.0; linear.outputs()],
            },
            activation,
            instructions,
        })
    }

    /// Of weights `[outputs, inputs]` and a bias as they are.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn of(
        instructions: Instructions,
        weights: &[f32],
        bias: Vec<f32>,
        activation: Option<Activation>,
    ) -> std::result::Result<Self, ModelError> {
        let memory = WeightMemory::zeros(weights.len());
        let mut memory = memory.map_err(|source| WeightsError::Memory {
            byte_count: size_of_val(weights),
            source,
        })?;
        memory.values_mut().copy_from_slice(weights);
        Ok(Self {
            weights: LinearWeights::Loaded(memory),
            bias,
            activation,
            instructions,
        })
    }

    /// How many outputs it has.
    pub fn output_count(&self) -> usize {
        self.bias.len()
    }

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
            LinearWeights::Stored {
                matrices, stored, ..
            } => {
                let shapes = matrices.iter().map(|matrix| match (stored, matrix.shape) {
                    (Stored::ByOutput, [outputs, inputs])
                    | (Stored::ByInput, [inputs, outputs]) => (outputs, inputs),
                });
                let outputs: usize = shapes.clone().map(|(outputs, _)| outputs).sum();
                outputs == output_count && shapes.clone().all(|(_, inputs)| inputs == input_count)
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
                matrices,
                stored,
            } => {
                let read = |memory: &mut [f32]| {
                    let row_length = match stored {
                        Stored::ByOutput => input_count,
                        Stored::ByInput => output_count,
                    };
                    let parts = memory.par_chunks_mut((READ_ROWS * row_length).max(1));
                    parts.enumerate().for_each(|(index, rows)| {
                        let first_row = index * READ_ROWS;
                        if let Err(error) = weights.read_rows_from(matrices, first_row, rows) {
                            self.fail(first_row, error);
                        }
                    });
                    if *stored == Stored::ByInput {
                        by_output(input_count, memory);
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

/// Rows of stored weights that a thread reads at a time.
const READ_ROWS: usize = 64;

/// Rows that are written side by side: as many as their cache lines stay in the
/// first-level cache, so that each line that is read is used whole.
const BLOCK_ROWS: usize = 16;

/// Turns weights from `[inputs, outputs]` to `[outputs, inputs]`, in place.
fn by_output(input_count: usize, weights: &mut [f32]) {
    let stored = weights.to_vec();
    let output_count = stored.len().checked_div(input_count).unwrap_or(0);
    let blocks = weights.par_chunks_mut((BLOCK_ROWS * input_count).max(1));
    blocks.enumerate().for_each(|(block, rows)| {
        let row_count = rows.len().checked_div(input_count).unwrap_or(0);
        for input in 0..input_count {
            let values = &stored[input * output_count + block * BLOCK_ROWS..][..row_count];
            for (row, &value) in values.iter().enumerate() {
                rows[row * input_count + input] = value;
            }
        }
    });
}
