//! What the heads of a layer do, and how positions enter.

use super::embeddings::Table;
use super::linear::{Linear, Norm};
use crate::attention::Mask;

/// Attention of a layer (Vaswani et al. 2017,
/// <https://arxiv.org/abs/1706.03762>): softmax(scale · Q·Kᵀ + position)·V.
#[derive(Debug, Clone, PartialEq)]
pub struct Attention {
    /// How many heads have queries, and so maps.
    pub head_count: usize,
    /// How many heads have keys and values: neighbouring query heads share one
    /// (Ainslie et al. 2023, <https://arxiv.org/abs/2305.13245>).
    pub key_value_head_count: usize,
    /// Columns of a head.
    pub head_size: usize,
    /// What scores are multiplied with.
    pub scale: f32,
    /// Scores become `cap · tanh(score / cap)`, as in Gemma 2.
    pub score_cap: Option<f32>,
    /// What may attend to what.
    pub mask: Mask,
    /// How positions enter.
    pub position: Position,
    /// Queries, keys and values of all heads as one product.
    pub query_key_value: Linear,
    /// Where they are in it.
    pub columns: HeadColumns,
    /// Of queries, before positions enter.
    pub query_norm: Option<HeadNorm>,
    /// Of keys, before positions enter.
    pub key_norm: Option<HeadNorm>,
    /// From the context of all heads to the hidden state.
    pub output: Linear,
}

/// Where the heads' columns are in the product of queries, keys and values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadColumns {
    /// The queries of all heads, then all keys, then all values.
    ByKind,
    /// Query, key and value of the first head, then of the second: GPT-NeoX
    /// and BLOOM. Every head has its own keys.
    ByHead,
}

/// Where the columns of a head begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadStart {
    /// Of its queries.
    pub query: usize,
    /// Of its keys.
    pub key: usize,
    /// Of its values.
    pub value: usize,
}

impl Attention {
    /// Columns of the queries of all heads, and of the context.
    pub fn query_columns(&self) -> usize {
        self.head_count * self.head_size
    }

    /// Columns of the keys of all heads, and of the values.
    pub fn key_columns(&self) -> usize {
        self.key_value_head_count * self.head_size
    }

    /// Where the columns of a query head, and of the key-value head that it
    /// shares, begin.
    pub fn starts(&self, head: usize) -> HeadStart {
        let size = self.head_size;
        match self.columns {
            HeadColumns::ByKind => {
                let key_value_head = head / (self.head_count / self.key_value_head_count);
                let keys = self.query_columns();
                HeadStart {
                    query: head * size,
                    key: keys + key_value_head * size,
                    value: keys + self.key_columns() + key_value_head * size,
                }
            }
            HeadColumns::ByHead => HeadStart {
                query: 3 * head * size,
                key: (3 * head + 1) * size,
                value: (3 * head + 2) * size,
            },
        }
    }
}

/// A norm of queries or keys.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadNorm {
    /// What it does; of the columns of one head or of all.
    pub norm: Norm,
    /// Whether each head is normalized for itself, by the same weights.
    pub each_head: bool,
}

/// How positions enter attention. Learned and sinusoidal ones are part of the
/// [`Embeddings`](super::Embeddings).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Not here.
    None,
    /// Queries and keys are turned by angles that grow with the position, as
    /// this entry of [`Architecture::rotations`](super::Architecture::rotations) says.
    Rotary(usize),
    /// Scores fall with the distance, by a slope for each head (Press et al.
    /// 2022, <https://arxiv.org/abs/2108.12409>).
    Alibi,
    /// Scores get a learned number for each head and distance.
    Buckets,
    /// Scores get the products of contents with learned distances, both ways
    /// (He et al. 2021, <https://arxiv.org/abs/2006.03654>).
    Disentangled(Disentangled),
}

/// Which products of [`Position::Disentangled`] there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Disentangled {
    /// Queries times the keys of distances.
    pub content_to_position: bool,
    /// Keys times the queries of distances.
    pub position_to_content: bool,
}

/// Rotary positions (Su et al. 2021, <https://arxiv.org/abs/2104.09864>): of
/// each head's first `2 · frequencies` columns, the first half and the second
/// are the two coordinates that are turned.
#[derive(Debug, Clone, PartialEq)]
pub struct Rotation {
    /// Radians from one position to the next.
    pub frequencies: Vec<f32>,
    /// Names of tensors that hold them too: where a checkpoint has one, the
    /// first of them counts instead.
    pub stored_as: Vec<String>,
    /// Other ones for inputs of more tokens than this, as LongRoPE has.
    pub long: Option<(usize, Vec<f32>)>,
    /// What sine and cosine are multiplied with.
    pub scale: f32,
}

/// What is known of distances between tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct RelativeTable {
    /// A row a bucket: a number for each head, or an embedding.
    pub table: Table,
    /// Which row a distance has.
    pub buckets: Buckets,
    /// Of the rows, before they are used.
    pub norm: Option<Norm>,
    /// For each layer, how rows become queries and keys of distances, in this
    /// order, as far as [`Disentangled`] has them. They may have the tensors of
    /// the layer's own queries and keys.
    pub projections: Vec<Linear>,
}

/// How distances fall into buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buckets {
    /// T5's, in both directions, which MPNet has too: half of the rows for each
    /// sign, half of these for short distances, logarithmic up to `maximum`.
    Logarithmic {
        /// How many rows there are.
        count: usize,
        /// From where on distances share a bucket.
        maximum: usize,
    },
    /// DeBERTa's: rows `span + distance`, with distances above half of
    /// `bucket_count` logarithmic up to `maximum` where there are buckets.
    Centred {
        /// Row of distance 0.
        span: usize,
        /// `position_buckets`, if there are any.
        bucket_count: Option<usize>,
        /// From where on distances share a bucket.
        maximum: usize,
    },
}
