//! What a remedy is about, where that is one of a few things: settings, columns,
//! parts of checkpoints, files of other programs, folders.

use std::fmt;

/// Units that are left out of what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HiddenUnits {
    /// The first one.
    pub first: bool,
    /// Special ones.
    pub special: bool,
}

/// What labels of attention from elsewhere are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelsOf {
    /// The queries, which are the keys too where those have none of their own.
    Queries,
    /// The keys.
    Keys,
}

/// What can be left out of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// The second text.
    Pair,
    /// The model's revision.
    Revision,
    /// A stretch of the tokens.
    Crop,
    /// Words in the place of their pieces.
    Words,
    /// Labels of attention from elsewhere.
    Labels,
    /// Labels of its keys.
    KeyLabels,
    /// The name of its model.
    Title,
    /// The view of rollout.
    Rollout,
    /// That it is without the residual connection.
    NoResidual,
    /// Another text for the same model.
    Against,
    /// The text that two models are given.
    Text,
    /// Files of inputs that two models are given.
    Inputs,
    /// The most that a head's divergence may be.
    MaxJsBits,
    /// The most that a head's total variation may be.
    MaxTotalVariation,
    /// The most that a cell may differ by.
    MaxAbs,
    /// That all inputs come into one page.
    SingleFile,
}

/// Where rollout can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutLayers {
    /// At this layer, above those that are missing, unless they are selected.
    Above(usize),
    /// At the last layer.
    Last(usize),
}

/// A part of an input, which a column of a table or a field of an object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputColumn {
    /// The text.
    Text,
    /// The second text of a pair.
    Pair,
    /// What tells it from others.
    Id,
}

impl fmt::Display for InputColumn {
    /// The option that names it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Text => "--text-column",
            Self::Pair => "--pair-column",
            Self::Id => "--id-column",
        })
    }
}

/// A file that holds no inputs as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignFile {
    /// A Parquet table.
    Parquet,
    /// An Arrow or Feather table.
    Arrow,
    /// A workbook of Excel or another program.
    Spreadsheet,
    /// A file that gzip compressed.
    Gzip,
    /// A file that bzip2 compressed.
    Bzip2,
    /// A file that xz compressed.
    Xz,
    /// A file that zstd compressed.
    Zstandard,
    /// A zip or tar file and the like.
    Archive,
    /// What git holds in the place of a large file.
    LfsPointer,
    /// A PDF, or a document of an office program.
    Document,
    /// A picture.
    Picture,
    /// A database.
    Database,
    /// Arrays, weights, pickled objects.
    Arrays,
    /// One token a line, as CoNLL has it.
    TokenLines,
    /// UTF-16 that nothing marks as such, low bytes first.
    Utf16LittleEndian,
    /// UTF-16 that nothing marks as such, high bytes first.
    Utf16BigEndian,
    /// UTF-32.
    Utf32,
    /// Bytes that are no text.
    Binary,
    /// What its name says nothing of.
    Unknown,
}

/// What is saved of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointPart {
    /// Model and tokenizer.
    Whole,
    /// Config and weights, anew.
    Model,
    /// Config and weights, so that they belong together.
    ConfigWithWeights,
    /// The weights as 32-bit numbers in a safetensors file.
    Safetensors,
    /// `config.json`.
    Config,
    /// The tokenizer that belongs to the model.
    Tokenizer,
}

/// Weights that another program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignWeights {
    /// TensorFlow or Keras, in an HDF5 file.
    TensorFlow,
    /// TensorFlow's checkpoints of 2018.
    TensorFlowCheckpoint,
    /// Flax.
    Flax,
    /// ONNX.
    Onnx,
    /// llama.cpp.
    Gguf,
    /// PyTorch before 0.2.
    OldTorch,
}

/// What was done to a model that attnviz cannot follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alteration {
    /// An adapter that cannot be merged.
    Adapter,
    /// Heads were taken out.
    PrunedHeads,
    /// The weights were quantized.
    Quantization,
}

/// A folder that could be written into instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderKind {
    /// Any other.
    Other,
    /// Any other, or this one whosever it is.
    OtherOrOverwrite,
    /// One that is not there yet, or this one whosever it is.
    NewOrOverwrite,
    /// One that is not there yet.
    New,
    /// One that may be written to.
    Writable,
}

/// Where a state dict is in a file of PyTorch's that is none itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateDictPlace {
    /// It is that of the model that the file holds.
    Model,
    /// It is in a list or tuple, most likely the first of it.
    First,
    /// Under one of these keys, the parts of each joined by `"]["`.
    Keys(Vec<String>),
}

/// What an array is to be made into before it is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrayForm {
    /// One of all layers.
    Layers,
    /// One of all layers, with one input of their batch.
    LayersOfOneInput,
    /// One with the dimensions that attention has.
    Shaped,
    /// Arrays of numbers instead of Python objects.
    Numbers,
    /// The numbers of a DataFrame.
    OfFrame,
    /// One input of a batch, of which the array has this many dimensions.
    OneInput {
        /// The batch among them.
        dimensions: usize,
    },
}
