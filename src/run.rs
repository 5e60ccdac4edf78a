//! A run: what one input was, which model looked at it, and where every head
//! attended. It is the unit that is saved, drawn and compared.

use crate::attention::{AttentionMap, AttentionTensor, HeadId, Selection};
use crate::checkpoint::PendingProvenance;
use crate::tokenizer::TokenizedInput;

/// One input's tokens, attention tensor and provenance.
#[derive(Debug, Clone)]
pub struct Run {
    /// The model that was asked.
    pub model: PendingProvenance,
    /// The text or pair, and its tokens.
    pub input: TokenizedInput,
    /// The model's layers and heads that `attention` holds.
    pub selection: Selection,
    /// Shape `[selected layer, selected head, query, key]`.
    pub attention: AttentionTensor,
}

impl Run {
    /// The map of a head of the model, `None` where the selection lacks it.
    pub fn map(&self, id: HeadId) -> Option<AttentionMap<'_>> {
        let layer_position = self
            .selection
            .layers
            .iter()
            .position(|&layer| layer == id.layer)?;
        let head_position = self
            .selection
            .heads
            .iter()
            .position(|&head| head == id.head)?;
        self.attention.map(layer_position, head_position)
    }
}
