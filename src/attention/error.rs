//! Why numbers are no attention.

use thiserror::Error;

use crate::remedy::{ArrayForm, Remedy};

/// Why numbers are no attention tensor.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum AttentionError {
    /// The number of values is not the product of the shape.
    #[error("expected {expected} attention values for shape {shape:?}, found {found}")]
    ValueCount {
        /// `[layer, head, query, key]`.
        shape: [usize; 4],
        /// As many as the heads have (saturating).
        expected: usize,
        /// The number of values given.
        found: usize,
    },
    /// A dimension of the shape is zero.
    #[error("expected at least one layer, head, query and key, found shape {shape:?}")]
    Empty {
        /// `[layer, head, query, key]`.
        shape: [usize; 4],
    },
    /// Layers, or the heads of a layer, are not in ascending order.
    #[error("expected layers and heads in ascending order, found {found:?}")]
    Order {
        /// The layers, or the heads of one.
        found: Vec<usize>,
    },
    /// There is not one mask for each layer.
    #[error("expected {expected} masks, one for each layer, found {found}")]
    MaskCount {
        /// Layers.
        expected: usize,
        /// Masks.
        found: usize,
    },
    /// A value is NaN, infinite, negative or greater than one.
    #[error(
        "expected a probability at layer {layer}, head {head}, query {query}, key {key}, found {found}"
    )]
    NotAProbability {
        /// Zero-based layer.
        layer: usize,
        /// Zero-based head.
        head: usize,
        /// Zero-based row of the map.
        query: usize,
        /// Zero-based column of the map.
        key: usize,
        /// The offending value.
        found: f32,
    },
    /// A query attends to a key that its layer's mask forbids.
    #[error(
        "expected 0 where the mask forbids attention, at layer {layer}, head {head}, query {query}, key {key}, found {found}"
    )]
    Forbidden {
        /// Zero-based layer.
        layer: usize,
        /// Zero-based head.
        head: usize,
        /// Zero-based row of the map.
        query: usize,
        /// Zero-based column of the map.
        key: usize,
        /// The offending value.
        found: f32,
    },
    /// A value from elsewhere is NaN, infinite or negative.
    #[error(
        "expected attention of at least 0 at layer {layer}, head {head}, query {query}, key {key}, found {found}"
    )]
    NotAWeight {
        /// Zero-based layer.
        layer: usize,
        /// Zero-based head.
        head: usize,
        /// Zero-based row of the map.
        query: usize,
        /// Zero-based column of the map.
        key: usize,
        /// The offending value.
        found: f32,
    },
    /// A value from elsewhere is NaN, and others of its row are not.
    #[error(
        "the attention at layer {layer}, head {head}, query {query}, key {key} is NaN: whatever computed it had numbers that were too large for it, as float16 has"
    )]
    NotANumber {
        /// Zero-based layer.
        layer: usize,
        /// Zero-based head.
        head: usize,
        /// Zero-based row of the map.
        query: usize,
        /// Zero-based column of the map.
        key: usize,
    },
    /// All values of a row from elsewhere are NaN.
    #[error(
        "the row of query {query} at layer {layer}, head {head} is NaN throughout: a query that may attend to nothing, as padding before or between the tokens"
    )]
    NothingAllowed {
        /// So many rows at the beginning of the map are.
        leading: usize,
        /// Zero-based layer.
        layer: usize,
        /// Zero-based head.
        head: usize,
        /// Zero-based row of the map.
        query: usize,
    },
    /// A row does not sum to one.
    #[error(
        "expected the row of query {query} at layer {layer}, head {head} to sum to 1, found {found}"
    )]
    RowSum {
        /// Zero-based layer.
        layer: usize,
        /// Zero-based head.
        head: usize,
        /// Zero-based row of the map.
        query: usize,
        /// The sum of the row.
        found: f32,
    },
}

impl AttentionError {
    /// What the user can do about it: of most, only where the numbers come from
    /// can anything be done about them.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::NotANumber { .. } => Some(Remedy::ComputeInSingle),
            Self::NothingAllowed { leading, .. } => Some(Remedy::CutPadding { count: *leading }),
            Self::Empty { .. } => Some(Remedy::SaveArray(ArrayForm::Layers)),
            Self::NotAWeight { .. } => Some(Remedy::SaveProbabilities),
            Self::ValueCount { .. }
            | Self::Order { .. }
            | Self::MaskCount { .. }
            | Self::NotAProbability { .. }
            | Self::Forbidden { .. }
            | Self::RowSum { .. } => None,
        }
    }
}
