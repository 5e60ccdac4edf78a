//! What comes out of an encoder.

use crate::attention::{AttentionTensor, Neurons};

/// Whether [`Model::forward`](super::Model::forward) returns the hidden states too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiddenStates {
    /// Attention only.
    Drop,
    /// The hidden states of the embeddings and of every layer.
    Keep,
}

/// What a forward pass hands out beside the maps of heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extras {
    /// Whether hidden states, too.
    pub hidden_states: HiddenStates,
    /// Whether queries, keys and lengths of values, too.
    pub neurons: bool,
}

impl From<HiddenStates> for Extras {
    fn from(hidden_states: HiddenStates) -> Self {
        Self {
            hidden_states,
            neurons: false,
        }
    }
}

/// What the encoder makes of one input.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderOutput {
    /// Shape `[layer, head, query, key]`, as softmax(QKᵀ/√d) leaves it.
    pub attention: AttentionTensor,
    /// One entry for the embeddings and one a layer, as Hugging Face's
    /// `outputs.hidden_states`; each of shape `[token, hidden]`, flat.
    pub hidden_states: Option<Vec<Vec<f32>>>,
    /// What the heads' scores were computed of, where that was asked for.
    pub neurons: Option<Neurons>,
}
