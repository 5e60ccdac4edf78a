//! What comes out of an encoder.

use crate::attention::AttentionTensor;

/// Whether [`Model::forward`](super::Model::forward) returns the hidden states too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiddenStates {
    /// Attention only.
    Drop,
    /// The hidden states of the embeddings and of every layer.
    Keep,
}

/// What the encoder makes of one input.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderOutput {
    /// Shape `[layer, head, query, key]`, as softmax(QKᵀ/√d) leaves it.
    pub attention: AttentionTensor,
    /// One entry for the embeddings and one a layer, as Hugging Face's
    /// `outputs.hidden_states`; each of shape `[token, hidden]`, flat.
    pub hidden_states: Option<Vec<Vec<f32>>>,
}
