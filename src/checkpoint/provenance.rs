//! What is written down about a model, so that a result can be traced back to
//! the very bytes that made it.

use serde::{Deserialize, Serialize};

use super::DigestError;
use super::digest::Digests;
use super::file_digest::FileDigest;

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
    /// Another program: its attention was read from a file.
    Elsewhere,
}

impl ModelSource {
    /// Where the model came from, for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Directory => "directory",
            Self::Builtin => "built in",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// The names of files that name units, without their folders.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LabelFiles {
    /// Of the queries, which are the keys too unless those have a file of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queries: Option<String>,
    /// Of the keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
}

impl LabelFiles {
    /// Whether no file names units.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
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
    /// What stands before the names of the encoder's tensors, where the files
    /// hold several encoders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_prefix: Option<String>,
    /// What computed it, as `--backend` names it, where that is not the default:
    /// it gives other bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// Of attention from elsewhere the files that name its units.
    #[serde(default, skip_serializing_if = "LabelFiles::is_empty")]
    pub label_files: LabelFiles,
    /// SHA-256 of the weights, the tokenizer and the config, by file name.
    pub files: Vec<FileDigest>,
}

impl ModelProvenance {
    /// What the model is called where people read it: its id, which of its
    /// encoders it is, and what computed it where that is not the default.
    pub fn name(&self) -> String {
        name(
            &self.id,
            self.weights_prefix.as_deref(),
            self.backend.as_deref(),
        )
    }
}

fn name(id: &str, weights_prefix: Option<&str>, backend: Option<&str>) -> String {
    let prefix = weights_prefix.map(|prefix| match prefix {
        "" => "no prefix".to_owned(),
        prefix => prefix.to_owned(),
    });
    let backend = backend.map(|backend| format!("{backend} backend"));
    let more: Vec<String> = prefix.into_iter().chain(backend).collect();
    match more.is_empty() {
        true => id.to_owned(),
        false => format!("{id} ({})", more.join(", ")),
    }
}

/// Which model produces a run, while its files may still be read for their
/// SHA-256. Clones share that work.
#[derive(Debug, Clone)]
pub struct PendingProvenance {
    /// As in [`ModelProvenance`].
    pub id: String,
    /// As in [`ModelProvenance`].
    pub source: ModelSource,
    /// As in [`ModelProvenance`].
    pub commit: Option<String>,
    /// As in [`ModelProvenance`].
    pub weights_prefix: Option<String>,
    /// As in [`ModelProvenance`].
    pub backend: Option<String>,
    /// As in [`ModelProvenance`].
    pub label_files: LabelFiles,
    pub(super) files: Digests,
}

impl PendingProvenance {
    /// As [`ModelProvenance::name`].
    pub fn name(&self) -> String {
        name(
            &self.id,
            self.weights_prefix.as_deref(),
            self.backend.as_deref(),
        )
    }

    /// Waits until all files are read.
    ///
    /// # Errors
    /// When a file cannot be read any more.
    pub fn wait(&self) -> Result<ModelProvenance, DigestError> {
        Ok(ModelProvenance {
            id: self.id.clone(),
            source: self.source,
            commit: self.commit.clone(),
            weights_prefix: self.weights_prefix.clone(),
            backend: self.backend.clone(),
            label_files: self.label_files.clone(),
            files: self.files.wait()?,
        })
    }
}

impl From<ModelProvenance> for PendingProvenance {
    fn from(provenance: ModelProvenance) -> Self {
        let ModelProvenance {
            id,
            source,
            commit,
            weights_prefix,
            backend,
            label_files,
            files,
        } = provenance;
        Self {
            id,
            source,
            commit,
            weights_prefix,
            backend,
            label_files,
            files: Digests::known(files),
        }
    }
}
