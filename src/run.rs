//! A run: what one input was, which model looked at it, and where every head
//! attended. It is the unit that is saved, drawn and compared.

use serde::{Deserialize, Serialize};

use crate::attention::{AttentionMap, AttentionTensor, HeadId, Selection};
use crate::tokenizer::TokenizedInput;

/// Where a model came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelSource {
    /// The model hub, or its local cache.
    Hub,
    /// A directory that the user named.
    Directory,
    /// The checkpoint compiled into the binary.
    Builtin,
}

/// A file of a checkpoint and what it held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// The file's name, relative to the checkpoint.
    pub name: String,
    /// SHA-256 of the content, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// Which model produced a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelProvenance {
    /// The hub id, the last component of the directory, or the built-in
    /// checkpoint's name. Never a path: outputs hold no absolute paths.
    pub id: String,
    /// Where the model came from.
    pub source: ModelSource,
    /// The commit that the revision resolved to, where the hub told one.
    pub commit: Option<String>,
    /// SHA-256 of the weights, the tokenizer and the config, by file name.
    pub files: Vec<FileDigest>,
}

/// One input's tokens, attention tensor and provenance.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The model that was asked.
    pub model: ModelProvenance,
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
