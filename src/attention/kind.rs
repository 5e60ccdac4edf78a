//! What attends to what, and what may.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::input::StreamRole;
use crate::names::closed_set;

/// Which sequences an attention tensor runs over, as Hugging Face's
/// `encoder_attentions`, `decoder_attentions` and `cross_attentions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttentionKind {
    /// A stream attends to itself, in a model that has one alone.
    #[serde(rename = "self")]
    SelfAttention,
    /// The source of an encoder-decoder attends to itself.
    Encoder,
    /// The target of an encoder-decoder attends to itself.
    Decoder,
    /// The target attends to the source.
    Cross,
}

closed_set!(
    AttentionKind,
    "attention kind",
    SelfAttention => "self",
    Encoder => "encoder",
    Decoder => "decoder",
    Cross => "cross",
);

impl AttentionKind {
    /// The streams of the queries and of the keys.
    pub fn streams(self) -> [StreamRole; 2] {
        match self {
            Self::SelfAttention | Self::Encoder => [StreamRole::Source; 2],
            Self::Decoder => [StreamRole::Target; 2],
            Self::Cross => [StreamRole::Target, StreamRole::Source],
        }
    }
}

/// Which keys a query may attend to: a rule, never a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mask {
    /// All of them.
    #[default]
    Full,
    /// Those up to its own position.
    Causal,
    /// Those near its own position.
    Window {
        /// How many before it.
        behind: usize,
        /// How many after it.
        ahead: usize,
    },
}

impl Mask {
    /// The keys, out of so many, that a query may attend to.
    pub fn allowed(self, query: usize, key_count: usize) -> Range<usize> {
        let (start, end) = match self {
            Self::Full => (0, key_count),
            Self::Causal => (0, query.saturating_add(1)),
            Self::Window { behind, ahead } => (
                query.saturating_sub(behind),
                query.saturating_add(ahead).saturating_add(1),
            ),
        };
        start.min(key_count)..end.min(key_count)
    }
}
