//! Attention as plain numbers: the tensor of one input, the map of one head,
//! which layers and heads somebody asked for, and what may attend to what.
//!
//! Nothing here knows candle. What leaves [`crate::model`] is an
//! [`AttentionTensor`], whose rows are distributions; what other programs
//! computed is a [`ForeignAttention`], of which nothing is promised. Everything
//! after them (saving, analysis, pictures) works on these alone.

mod error;
mod foreign;
mod heads;
mod index_list;
mod kind;
mod memory;
mod neurons;
mod tensor;

pub use error::AttentionError;
pub use foreign::{ForeignAttention, RowSums, foreign_row_sum_tolerance};
pub use heads::{HeadId, HeadMaps, LayerHeads, Selection};
pub use index_list::{IndexList, IndexListError, IndexNotSaved, IndexOutOfRange, listed};
pub use kind::{AttentionKind, Mask};
pub use memory::MapMemory;
pub use neurons::Neurons;
pub use tensor::{AttentionTensor, ROW_SUM_TOLERANCE, row_sum_tolerance};

/// Attention of a run, of whatever origin.
#[derive(Debug, Clone, PartialEq)]
pub enum Attention {
    /// As a model returned it.
    Own(AttentionTensor),
    /// As it came from elsewhere.
    Foreign(ForeignAttention),
}

impl Attention {
    /// Which sequences it runs over.
    pub fn kind(&self) -> AttentionKind {
        match self {
            Self::Own(tensor) => tensor.kind(),
            Self::Foreign(foreign) => foreign.kind(),
        }
    }

    /// The maps of all heads.
    pub fn maps(&self) -> &HeadMaps {
        match self {
            Self::Own(tensor) => tensor.maps(),
            Self::Foreign(foreign) => foreign.maps(),
        }
    }

    /// The numbers alone, for their memory.
    pub fn into_values(self) -> Vec<f32> {
        match self {
            Self::Own(tensor) => tensor.into_values(),
            Self::Foreign(foreign) => foreign.into_values(),
        }
    }

    /// What each layer of the maps may attend to.
    pub fn masks(&self) -> Vec<Mask> {
        match self {
            Self::Own(tensor) => tensor.masks().to_vec(),
            Self::Foreign(foreign) => vec![foreign.mask(); self.maps().selection().layers.len()],
        }
    }

    /// What the rows sum to.
    pub fn row_sums(&self) -> RowSums {
        match self {
            Self::Own(_) => RowSums::One,
            Self::Foreign(foreign) => foreign.row_sums(),
        }
    }

    /// What was done to it before it was saved, as sentences; nothing where it
    /// is what a model returned.
    pub fn notes(&self) -> &[String] {
        match self {
            Self::Own(_) => &[],
            Self::Foreign(foreign) => foreign.notes(),
        }
    }

    /// The maps of the heads that `selection` has too.
    #[must_use]
    pub fn select(&self, selection: &Selection) -> Self {
        match self {
            Self::Own(tensor) => Self::Own(tensor.select(selection)),
            Self::Foreign(foreign) => Self::Foreign(foreign.select(selection)),
        }
    }
}
