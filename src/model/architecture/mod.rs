//! What a model is, as data: what a family's `config.json` is turned into, and
//! all that the forward pass knows of it.
//!
//! Names of tensors are without the prefix that a checkpoint puts before all of
//! them. What has a name is read under that name when the model is loaded.

mod attention;
mod embeddings;
mod linear;

use crate::attention::Mask;
use crate::weights::TensorNames;

pub use super::activation::Activation;
pub use attention::{
    Attention, Buckets, Disentangled, HeadColumns, HeadNorm, HeadStart, Position, RelativeTable,
    Rotation,
};
pub use embeddings::{
    Convolution, Embeddings, PositionCount, Positions, Projection, ProjectionPlace, Table,
    TokenDropout,
};
pub use linear::{Linear, Norm, NormKind, Stored};

/// A model with one stream: an encoder or a decoder.
#[derive(Debug, Clone, PartialEq)]
pub struct Architecture {
    /// The family, as `model_type` names it.
    pub model_type: &'static str,
    /// What its tensors are called.
    pub names: TensorNames,
    /// From the ids of tokens to the first hidden state.
    pub embeddings: Embeddings,
    /// Width of a token's hidden state.
    pub hidden_size: usize,
    /// The layers, in their order. A model that uses a layer several times has
    /// it several times.
    pub blocks: Vec<Block>,
    /// What follows the last layer.
    pub final_norm: Option<Norm>,
    /// What [`Position::Rotary`] counts.
    pub rotations: Vec<Rotation>,
    /// What [`Position::Buckets`] and [`Position::Disentangled`] look up.
    pub relative: Option<RelativeTable>,
    /// The greatest number of tokens of one input.
    pub maximum_token_count: usize,
}

/// One layer: attention, then a feed-forward network.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Which tokens attend to which.
    pub attention: Attention,
    /// Around the attention.
    pub attention_norms: Norms,
    /// Each token for itself.
    pub feed_forward: FeedForward,
    /// Around the feed-forward network.
    pub feed_forward_norms: Norms,
    /// What the feed-forward network reads.
    pub flow: Flow,
}

/// How the two halves of a layer follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// The feed-forward network reads what attention has left.
    OneAfterTheOther,
    /// Both read what the layer is given, and their results are added to it:
    /// GPT-NeoX (Wang & Komatsuzaki 2021).
    SideBySide,
}

/// The norms around a half of a layer, and what its result is added to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Norms {
    /// Of what the half reads.
    pub before: Option<Norm>,
    /// Of what it returns, before that is added.
    pub after: Option<Norm>,
    /// Of the sum.
    pub of_sum: Option<Norm>,
    /// What is added: what the half was given, or that after the norm before.
    pub adds_normalized: bool,
}

impl Norms {
    /// Before the half, as in GPT-2.
    pub fn before(norm: Norm) -> Self {
        Self {
            before: Some(norm),
            ..Self::default()
        }
    }

    /// Of the sum, as in BERT.
    pub fn of_sum(norm: Norm) -> Self {
        Self {
            of_sum: Some(norm),
            ..Self::default()
        }
    }

    /// Before the half and of its result, as in Gemma 2.
    pub fn around(before: Norm, after: Norm) -> Self {
        Self {
            before: Some(before),
            after: Some(after),
            ..Self::default()
        }
    }

    /// Of the half's result, as in OLMo 2.
    pub fn after(norm: Norm) -> Self {
        Self {
            after: Some(norm),
            ..Self::default()
        }
    }
}

/// The network of two linear maps that each token passes.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedForward {
    /// From hidden to intermediate columns; twice as many where it is gated.
    pub widening: Linear,
    /// Of what comes out; of the first half where it is gated.
    pub activation: Activation,
    /// Whether the first half is multiplied with the second (Shazeer 2020,
    /// <https://arxiv.org/abs/2002.05202>).
    pub is_gated: bool,
    /// Back to hidden columns.
    pub narrowing: Linear,
}

impl Architecture {
    /// Number of layers.
    pub fn layer_count(&self) -> usize {
        self.blocks.len()
    }

    /// Number of heads of every layer.
    pub fn head_count(&self) -> usize {
        let first = self.blocks.first();
        first.map_or(0, |block| block.attention.head_count)
    }

    /// Rows of the word embedding table.
    pub fn vocabulary_size(&self) -> usize {
        self.embeddings.words.rows
    }

    /// Number of segments that have an embedding.
    pub fn segment_count(&self) -> Option<usize> {
        self.embeddings.segments.as_ref().map(|table| table.rows)
    }

    /// The rule of each layer.
    pub fn masks(&self) -> Vec<Mask> {
        let blocks = self.blocks.iter();
        blocks.map(|block| block.attention.mask).collect()
    }

    /// Additions and multiplications of the matrix products for inputs of some
    /// lengths that go together.
    pub fn operation_count(&self, lengths: &[usize]) -> u64 {
        let block = |block: &Block, length: u64| {
            // Scores and context: each a product of queries and keys.
            let columns = block.attention.query_columns() as u64;
            2 * length * block.weight_count() + 4 * length * length * columns
        };
        let lengths = lengths.iter().map(|&length| length as u64);
        let of_length = |length| self.blocks.iter().map(move |it| block(it, length));
        lengths.flat_map(of_length).sum()
    }

    /// Bytes of the weights that every pass reads, word embeddings aside.
    pub fn weight_byte_count(&self) -> u64 {
        let weights = self.blocks.iter().map(Block::weight_count);
        weights.sum::<u64>() * size_of::<f32>() as u64
    }
}

impl Block {
    /// All linear maps.
    pub fn linears(&self) -> [&Linear; 4] {
        [
            &self.attention.query_key_value,
            &self.attention.output,
            &self.feed_forward.widening,
            &self.feed_forward.narrowing,
        ]
    }

    /// All norms.
    pub fn norms(&self) -> impl Iterator<Item = &Norm> {
        let around = [&self.attention_norms, &self.feed_forward_norms];
        let around = around.into_iter().flat_map(|norms| {
            let all = [&norms.before, &norms.after, &norms.of_sum];
            all.into_iter().flatten()
        });
        let heads = [&self.attention.query_norm, &self.attention.key_norm];
        around.chain(heads.into_iter().flatten().map(|head| &head.norm))
    }

    /// Values in its matrices.
    fn weight_count(&self) -> u64 {
        let linears = self.linears().into_iter();
        let sizes = linears.map(|linear| (linear.outputs() * linear.inputs) as u64);
        sizes.sum()
    }
}
