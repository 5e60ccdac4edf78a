//! From the ids of tokens to the first hidden state.

use super::linear::{Linear, Norm};
use crate::model::activation::Activation;

/// A table of embeddings, of which rows are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The tensor's name.
    pub name: String,
    /// How many rows it has.
    pub rows: usize,
    /// The width of a row.
    pub columns: usize,
}

/// From the ids of tokens to the first hidden state: words, times `scale`, plus
/// segments, plus positions, in that order.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// A row a token of the vocabulary.
    pub words: Table,
    /// What words are multiplied with: √hidden in Gemma.
    pub scale: Option<f32>,
    /// ESM's scale for inputs with masked tokens.
    pub token_dropout: Option<TokenDropout>,
    /// A row a segment; all tokens are of segment 0 where there is one row.
    pub segments: Option<Table>,
    /// A row a position.
    pub positions: Option<Positions>,
    /// A table of which all tokens get row 0: ERNIE's task types.
    pub tasks: Option<Table>,
    /// After the sum.
    pub norm: Option<Norm>,
    /// From the width of the words to that of the hidden states.
    pub projection: Option<Projection>,
    /// DeBERTa's convolution, whose result joins that of the first layer.
    pub convolution: Option<Convolution>,
}

impl Embeddings {
    /// Words alone.
    pub fn of_words(words: Table) -> Self {
        Self {
            words,
            scale: None,
            token_dropout: None,
            segments: None,
            positions: None,
            tasks: None,
            norm: None,
            projection: None,
            convolution: None,
        }
    }
}

/// A linear map to the width of the hidden states.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// What it takes.
    pub place: ProjectionPlace,
    /// The map.
    pub linear: Linear,
}

/// What embeddings are mapped to the width of the hidden states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectionPlace {
    /// Words, before all else is added.
    Words,
    /// The sum, before the norm.
    Sum,
    /// The sum after the norm.
    Normalized,
}

/// Learned or sinusoidal positions, which a table holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positions {
    /// A row a position.
    pub table: Table,
    /// Which row the first token has.
    pub count: PositionCount,
}

/// How positions are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PositionCount {
    /// The first token has this row, each next one the next.
    From(usize),
    /// Tokens of this id have the row of that number, and all others the rows
    /// that follow, as fairseq counts.
    BehindPadding(u32),
}

/// What ESM does with the embeddings of masked tokens, having been trained with
/// a share of them (Rives et al. 2021; transformers' `EsmEmbeddings`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenDropout {
    /// The id of `<mask>`, whose embedding becomes 0.
    pub mask_id: u32,
    /// The share of tokens that were masked in training.
    pub trained_share: f32,
}

/// DeBERTa-v2's convolution over neighbouring tokens: a product with the token
/// and those around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Convolution {
    /// The tensor's name without its end: `[outputs, inputs / groups, width]`.
    pub name: String,
    /// How many neighbouring tokens it sees.
    pub width: usize,
    /// How many groups its columns fall into.
    pub groups: usize,
    /// Whether it has a bias.
    pub has_bias: bool,
    /// After it.
    pub activation: Activation,
    /// Of the sum of the first layer's output and this.
    pub norm: Norm,
}

impl Convolution {
    /// Of the tensor.
    pub fn shape(&self) -> Vec<usize> {
        let columns = self.norm.columns;
        vec![columns, columns / self.groups, self.width]
    }
}
