//! What a model is, as data: what a family's `config.json` is turned into, and
//! all that the forward pass knows of it.
//!
//! Names of tensors are without the prefix that a checkpoint puts before all of
//! them. What has a name is read under that name when the model is loaded.

use crate::attention::Mask;
use crate::weights::{Matrix, TensorNames};

pub use super::activation::Activation;

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
    /// From the width of the words to that of the hidden states, before all
    /// else is added.
    pub word_projection: Option<Linear>,
    /// A row a segment; all tokens are of segment 0 where there is one row.
    pub segments: Option<Table>,
    /// A row a position.
    pub positions: Option<Positions>,
    /// A table of which all tokens get row 0: ERNIE's task types.
    pub tasks: Option<Table>,
    /// After the sum.
    pub norm: Option<Norm>,
    /// From the width of the tables to that of the hidden states, after the
    /// norm.
    pub projection: Option<Linear>,
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
            word_projection: None,
            segments: None,
            positions: None,
            tasks: None,
            norm: None,
            projection: None,
            convolution: None,
        }
    }
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

/// A linear map, or several of the same input one under the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linear {
    /// Names without `.weight` and `.bias`, and how many outputs each has.
    pub parts: Vec<(String, usize)>,
    /// How many inputs they have.
    pub inputs: usize,
    /// Whether there are biases.
    pub has_bias: bool,
    /// How a file holds the weights.
    pub stored: Stored,
}

/// How a file holds a matrix of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// `[outputs, inputs]`, as `torch.nn.Linear`.
    ByOutput,
    /// `[inputs, outputs]`, as GPT-2's `Conv1D`.
    ByInput,
}

impl Linear {
    /// One map, stored by output.
    pub fn new(name: impl Into<String>, [outputs, inputs]: [usize; 2], has_bias: bool) -> Self {
        Self {
            parts: vec![(name.into(), outputs)],
            inputs,
            has_bias,
            stored: Stored::ByOutput,
        }
    }

    /// Several maps of the same input as one.
    pub fn stacked(
        parts: impl IntoIterator<Item = (String, usize)>,
        inputs: usize,
        has_bias: bool,
    ) -> Self {
        Self {
            parts: parts.into_iter().collect(),
            inputs,
            has_bias,
            stored: Stored::ByOutput,
        }
    }

    /// The same, stored as GPT-2 does.
    #[must_use]
    pub fn by_input(self) -> Self {
        Self {
            stored: Stored::ByInput,
            ..self
        }
    }

    /// How many outputs all parts have.
    pub fn outputs(&self) -> usize {
        self.parts.iter().map(|(_, outputs)| outputs).sum()
    }

    /// Its matrices in the files, in their order.
    pub fn matrices(&self) -> Vec<Matrix> {
        let parts = self.parts.iter().map(|(name, outputs)| Matrix {
            name: format!("{name}.weight"),
            shape: match self.stored {
                Stored::ByOutput => [*outputs, self.inputs],
                Stored::ByInput => [self.inputs, *outputs],
            },
        });
        parts.collect()
    }
}

/// A normalization of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Norm {
    /// Name without `.weight` and `.bias`.
    pub name: String,
    /// What it does.
    pub kind: NormKind,
    /// How many columns it has.
    pub columns: usize,
    /// What is added to the variance or the mean square.
    pub epsilon: f32,
}

/// Kinds of normalization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormKind {
    /// Mean and variance, with weight and bias (Ba et al. 2016,
    /// <https://arxiv.org/abs/1607.06450>).
    Layer,
    /// The same without a bias.
    LayerWithoutBias,
    /// The same without weight and bias.
    LayerWithoutWeights,
    /// The root of the mean square, with a weight (Zhang & Sennrich 2019,
    /// <https://arxiv.org/abs/1910.07467>).
    RootMeanSquare,
    /// The same with 1 + weight, as Gemma's.
    RootMeanSquareFromOne,
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
/// [`Embeddings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Not here.
    None,
    /// Queries and keys are turned by angles that grow with the position, as
    /// this entry of [`Architecture::rotations`] says.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// order, as far as [`Disentangled`] has them; none where the layer's own
    /// queries and keys do it.
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
