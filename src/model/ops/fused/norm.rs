//! Norms with their weights.

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result, bail};

use super::panels::{cpu_values, cpu_values_mut};
use crate::model::architecture::{Norm, NormKind};
use crate::model::error::ModelError;
use crate::model::ops::kernels::{self, Before, Instructions, NormParameters};
use crate::weights::Weights;

/// The weights of a norm; see [`kernels::normalize`].
#[derive(Debug, Clone)]
pub struct NormWeights {
    /// `[columns]`.
    weight: Vec<f32>,
    /// `[columns]`; `None` where it is the root mean square alone.
    bias: Option<Vec<f32>>,
    /// What is added to the variance.
    epsilon: f32,
    /// What computes it.
    pub instructions: Instructions,
}

impl NormWeights {
    /// Reads them.
    ///
    /// # Errors
    /// When a tensor is missing, of another shape or type, or not finite.
    pub fn load(
        instructions: Instructions,
        weights: &Weights,
        norm: &Norm,
    ) -> std::result::Result<Self, ModelError> {
        let read = |end: &str| weights.read(&format!("{}.{end}", norm.name), &[norm.columns]);
        let zeros = || vec![0.0; norm.columns];
        let (weight, bias) = match norm.kind {
            NormKind::Layer => (read("weight")?, Some(read("bias")?)),
            NormKind::LayerWithoutBias => (read("weight")?, Some(zeros())),
            NormKind::LayerWithoutWeights => (vec![1.0; norm.columns], Some(zeros())),
            NormKind::RootMeanSquare => (read("weight")?, None),
            NormKind::RootMeanSquareFromOne => {
                let weight = read("weight")?.into_iter();
                (weight.map(|weight| 1.0 + weight).collect(), None)
            }
        };
        Ok(Self {
            weight,
            bias,
            epsilon: norm.epsilon,
            instructions,
        })
    }

    /// How many columns it has.
    pub fn column_count(&self) -> usize {
        self.weight.len()
    }

    /// For the kernels.
    pub fn parameters(&self) -> NormParameters<'_> {
        NormParameters {
            weight: &self.weight,
            bias: self.bias.as_deref(),
            epsilon: self.epsilon,
        }
    }

    fn normalize(
        &self,
        storage: &mut CpuStorage,
        layout: &Layout,
        before: Before<'_>,
    ) -> Result<()> {
        let shape = layout.shape().dims3()?;
        let lane_count = self.instructions.lane_count();
        let fits = match before {
            Before::Nothing => true,
            Before::Added(others) | Before::Copied(others) => {
                others.len() == layout.shape().elem_count()
            }
        };
        if !fits || (shape.1, shape.2) != (self.weight.len(), lane_count) {
            bail!(
                "a norm of {} columns met a tensor of {:?}",
                self.weight.len(),
                layout.dims()
            );
        }
        let values = cpu_values_mut(storage, layout)?;
        kernels::normalize(self.instructions, self.parameters(), values, before);
        Ok(())
    }
}

impl InplaceOp1 for NormWeights {
    fn name(&self) -> &'static str {
        "norm-in-panels"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        self.normalize(storage, layout, Before::Nothing)
    }
}

impl InplaceOp2 for NormWeights {
    fn name(&self) -> &'static str {
        "sum-and-norm-in-panels"
    }

    fn cpu_fwd(
        &self,
        storage: &mut CpuStorage,
        layout: &Layout,
        residual: &CpuStorage,
        residual_layout: &Layout,
    ) -> Result<()> {
        let residual = cpu_values(residual, residual_layout)?;
        self.normalize(storage, layout, Before::Added(residual))
    }
}

/// The norm of a tensor, into another one.
pub struct Copied<'model>(pub &'model NormWeights);

impl InplaceOp2 for Copied<'_> {
    fn name(&self) -> &'static str {
        "norm-into-panels"
    }

    fn cpu_fwd(
        &self,
        storage: &mut CpuStorage,
        layout: &Layout,
        input: &CpuStorage,
        input_layout: &Layout,
    ) -> Result<()> {
        let input = cpu_values(input, input_layout)?;
        self.0.normalize(storage, layout, Before::Copied(input))
    }
}
