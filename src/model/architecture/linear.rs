//! Linear maps and norms, by the names of their tensors.

use crate::weights::Matrix;

/// A linear map, or several of the same input one under the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linear {
    /// Names without `.weight` and `.bias`, and how many outputs each has.
    pub parts: Vec<(String, usize)>,
    /// How many inputs they have.
    pub inputs: usize,
    /// Whether there are biases.
    pub has_bias: bool,
    /// How a file holds the weights.
    pub stored: Stored,
}

/// How a file holds a matrix of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// `[outputs, inputs]`, as `torch.nn.Linear`.
    ByOutput,
    /// `[inputs, outputs]`, as GPT-2's `Conv1D`.
    ByInput,
}

impl Linear {
    /// One map, stored by output.
    pub fn new(name: impl Into<String>, [outputs, inputs]: [usize; 2], has_bias: bool) -> Self {
        Self {
            parts: vec![(name.into(), outputs)],
            inputs,
            has_bias,
            stored: Stored::ByOutput,
        }
    }

    /// Several maps of the same input as one.
    pub fn stacked(
        parts: impl IntoIterator<Item = (String, usize)>,
        inputs: usize,
        has_bias: bool,
    ) -> Self {
        Self {
            parts: parts.into_iter().collect(),
            inputs,
            has_bias,
            stored: Stored::ByOutput,
        }
    }

    /// The same, stored as GPT-2 does.
    #[must_use]
    pub fn by_input(self) -> Self {
        Self {
            stored: Stored::ByInput,
            ..self
        }
    }

    /// How many outputs all parts have.
    pub fn outputs(&self) -> usize {
        self.parts.iter().map(|(_, outputs)| outputs).sum()
    }

    /// Its matrices in the files, in their order.
    pub fn matrices(&self) -> Vec<Matrix> {
        let parts = self.parts.iter().map(|(name, outputs)| Matrix {
            name: format!("{name}.weight"),
            shape: match self.stored {
                Stored::ByOutput => [*outputs, self.inputs],
                Stored::ByInput => [self.inputs, *outputs],
            },
        });
        parts.collect()
    }
}

/// A normalization of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Norm {
    /// Name without `.weight` and `.bias`.
    pub name: String,
    /// What it does.
    pub kind: NormKind,
    /// How many columns it has.
    pub columns: usize,
    /// What is added to the variance or the mean square.
    pub epsilon: f32,
}

/// Kinds of normalization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormKind {
    /// Mean and variance, with weight and bias (Ba et al. 2016,
    /// <https://arxiv.org/abs/1607.06450>).
    Layer,
    /// The same without a bias.
    LayerWithoutBias,
    /// The same without weight and bias.
    LayerWithoutWeights,
    /// The root of the mean square, with a weight (Zhang & Sennrich 2019,
    /// <https://arxiv.org/abs/1910.07467>).
    RootMeanSquare,
    /// The same with 1 + weight, as Gemma's.
    RootMeanSquareFromOne,
}
