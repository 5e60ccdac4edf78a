//! The operations that a forward pass is made of, in two implementations:
//! [`fused`] with kernels of our own, and [`plain`] with candle's alone, which
//! the kernels are held against.

pub mod fused;
pub mod kernels;
pub mod plain;

use std::sync::Arc;

use candle_core::{Result, Tensor};

use super::architecture::{Activation, Attention, Linear, Norm};
use super::error::ModelError;
use crate::weights::Weights;

/// Which weights stay in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// All but the word embeddings.
    All,
    /// Biases, norms and small tables.
    Little,
}

/// What a layer's heads attend with, beside their columns.
pub struct Attending<'model, Norm> {
    /// The layer's attention.
    pub attention: &'model Attention,
    /// Of queries and of keys.
    pub norms: [Option<&'model Norm>; 2],
    /// Cosines and sines of the stack's positions, in the implementation's
    /// layout, `[row, half]`.
    pub angles: Option<&'model [Tensor; 2]>,
    /// Added to scores for distances.
    pub distances: Option<&'model Distances>,
    /// Queries and keys of distances: a row for each distance from
    /// `1 − longest` to `longest − 1` of query minus key, in the
    /// implementation's layout.
    pub relative: Option<&'model Relative>,
    /// First row and number of rows of each input in the stack.
    pub spans: &'model [(usize, usize)],
}

/// Numbers for heads and distances: `[head, 2 · longest − 1]`, at
/// `longest − 1 + query − key`.
#[derive(Debug, Clone, PartialEq)]
pub struct Distances {
    /// The numbers.
    pub values: Vec<f32>,
    /// The length of the longest input that they are for.
    pub longest: usize,
}

/// What distances ask for and are found by, as [`Distances`] counts them.
#[derive(Debug, Clone)]
pub struct Relative {
    /// `[distance, column]`, in the implementation's layout.
    pub rows: Tensor,
    /// Where the queries of all heads begin among the columns, if there are
    /// any.
    pub queries: Option<usize>,
    /// Where the keys begin.
    pub keys: Option<usize>,
    /// The length of the longest input that they are for.
    pub longest: usize,
}

/// The wanted maps of each input, `[query, key]` each; `None` for those that
/// nobody wants.
pub type WantedMaps<'maps> = Vec<Vec<Option<&'maps mut [f32]>>>;

/// The operations. Hidden states are candle tensors in a layout of the
/// implementation's own; inputs are stacked row under row.
pub trait Operations: std::fmt::Debug + Send + Sync {
    /// A linear map with its weights.
    type Linear: std::fmt::Debug + Send + Sync;
    /// A norm with its weights.
    type Norm: std::fmt::Debug + Send + Sync;
    /// Memory of a forward pass that is used over and over.
    type Room;

    /// Reads the weights of a linear map, or finds out where they are.
    ///
    /// # Errors
    /// When a tensor is missing, of another shape or type, or not finite.
    fn load_linear(
        &self,
        weights: &Arc<Weights>,
        keep: Keep,
        linear: &Linear,
        activation: Option<Activation>,
    ) -> std::result::Result<Self::Linear, ModelError>;

    /// Takes weights `[outputs, inputs]` and bias as they are.
    ///
    /// # Errors
    /// When there is no memory.
    fn linear_of(
        &self,
        weights: &[f32],
        bias: Vec<f32>,
        activation: Option<Activation>,
    ) -> std::result::Result<Self::Linear, ModelError>;

    /// Reads the weights of a norm.
    ///
    /// # Errors
    /// As [`Operations::load_linear`].
    fn load_norm(
        &self,
        weights: &Weights,
        norm: &Norm,
    ) -> std::result::Result<Self::Norm, ModelError>;

    /// Memory for a stack of so many rows.
    fn room(&self, row_count: usize) -> Self::Room;

    /// Takes back a tensor that nobody reads any more.
    fn give_back(&self, room: &Self::Room, tensor: Tensor);

    /// `[row, column]` into the layout.
    ///
    /// # Errors
    /// When the tensor is no matrix.
    fn lay_out(&self, rows: &Tensor) -> Result<Tensor>;

    /// Some rows out of the layout: `[row, column]`, flat.
    ///
    /// # Errors
    /// When the tensor is not in the layout.
    fn rows_of(&self, tensor: &Tensor, span: (usize, usize)) -> Result<Vec<f32>>;

    /// Some rows, in the order and as often as they are named.
    ///
    /// # Errors
    /// When the tensor is not in the layout, or has no such row.
    fn take_rows(&self, tensor: &Tensor, rows: &[u32]) -> Result<Tensor>;

    /// `activation(input · weightᵀ + bias)`.
    ///
    /// # Errors
    /// When the shapes do not fit, or weights that are read now cannot be read
    /// or are not finite.
    fn linear(
        &self,
        room: &Self::Room,
        linear: &Self::Linear,
        input: &Tensor,
    ) -> std::result::Result<Tensor, ModelError>;

    /// The norm of every row.
    ///
    /// # Errors
    /// When the shapes do not fit.
    fn normalize(&self, room: &Self::Room, norm: &Self::Norm, input: &Tensor) -> Result<Tensor>;

    /// The norm of every row of a sum.
    ///
    /// # Errors
    /// When the shapes do not fit.
    fn normalize_sum(&self, norm: &Self::Norm, values: Tensor, others: &Tensor) -> Result<Tensor>;

    /// The sum.
    ///
    /// # Errors
    /// When the shapes do not fit.
    fn add(&self, values: Tensor, others: &Tensor) -> Result<Tensor>;

    /// `activation(first half of the columns) · second half`.
    ///
    /// # Errors
    /// When the columns have no halves.
    fn gate(&self, room: &Self::Room, activation: Activation, input: &Tensor) -> Result<Tensor>;

    /// Queries, keys and values with the norms of queries and keys, and turned by
    /// their positions, as attention takes them.
    ///
    /// # Errors
    /// When the shapes do not fit.
    fn turn(
        &self,
        attending: &Attending<'_, Self::Norm>,
        query_key_value: Tensor,
    ) -> Result<Tensor>;

    /// Attention of inputs stacked row under row, of queries, keys and values that
    /// [`Operations::turn`] has turned: the context of all heads, side by side.
    /// Fills the maps.
    ///
    /// # Errors
    /// When the shapes do not fit.
    fn attend(
        &self,
        room: &Self::Room,
        attending: &Attending<'_, Self::Norm>,
        query_key_value: Tensor,
        maps: WantedMaps<'_>,
    ) -> Result<Tensor>;
}
