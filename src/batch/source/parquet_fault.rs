//! What is wrong with a Parquet file as one of inputs.

use thiserror::Error;

use crate::remedy::{ColumnContent, InputColumn, ParquetRemedy, Remedy};

/// In the place of a file that is not known.
const ANY_FILE: &str = "texts.parquet";

/// What is wrong with a Parquet file as one of inputs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParquetFault {
    /// It begins like another file.
    #[error("expected a Parquet table, found a file that begins otherwise")]
    Other,
    /// It can only be read once, from its beginning on.
    #[error(
        "expected a file or a folder, found a pipe; the directory of a Parquet table is at its end"
    )]
    Pipe,
    /// It is damaged, incomplete, or of a kind that the reader does not know.
    #[error("the Parquet table cannot be read: {reason}")]
    Broken {
        /// What the reader says.
        reason: String,
    },
    /// It is compressed in a way that is not read.
    #[error(
        "expected a Parquet table without compression or with Snappy, gzip or Zstandard, found {found}"
    )]
    Compression {
        /// How it is compressed.
        found: &'static str,
    },
    /// It cannot be read without a key.
    #[error("expected a Parquet table that anybody can read, found an encrypted one")]
    Encrypted,
    /// A column holds something that no part of an input is made of.
    #[error("expected {expected} in the column {name:?}, found {}", in_words(.content))]
    Column {
        /// What it would be.
        column: InputColumn,
        /// Its name.
        name: String,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        content: ColumnContent,
    },
}

fn in_words(content: &ColumnContent) -> &'static str {
    match content {
        ColumnContent::Lists => "lists",
        ColumnContent::Records { .. } => "records of several fields",
        ColumnContent::ListsOfRecords { .. } => "lists of records",
        ColumnContent::Maps => "maps",
        ColumnContent::Numbers => "numbers",
        ColumnContent::Booleans => "true and false",
        ColumnContent::Decimals => "decimal numbers",
        ColumnContent::Times => "dates or times",
        ColumnContent::Identifiers => "UUIDs",
        ColumnContent::Bytes => "bytes that are no text",
        ColumnContent::Nothing => "nothing in any row",
    }
}

impl ParquetFault {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(self.remedy_in(ANY_FILE))
    }

    /// What the user can do about it in a file at this path.
    pub(super) fn remedy_in(&self, file: &str) -> Remedy {
        let file = file.to_owned();
        Remedy::Parquet(match self {
            Self::Other => return Remedy::SayInputFormat,
            Self::Broken { .. } => return Remedy::WriteFileAgain,
            Self::Pipe => ParquetRemedy::SaveFirst,
            Self::Compression { .. } => ParquetRemedy::CompressOtherwise { file },
            Self::Encrypted => ParquetRemedy::Decrypt,
            Self::Column { name, content, .. } => ParquetRemedy::RewriteColumn {
                file,
                name: name.clone(),
                content: content.clone(),
            },
        })
    }
}
