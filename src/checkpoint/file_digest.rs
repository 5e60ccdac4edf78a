//! A file and what it held.

use serde::{Deserialize, Serialize};

/// A file of a checkpoint and what it held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// The file's name, relative to the checkpoint.
    pub name: String,
    /// SHA-256 of the content, 64 lower-case hexadecimal digits.
    pub sha256: String,
}
