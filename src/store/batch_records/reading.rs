//! How a batch's files were read: the same file read otherwise holds other
//! inputs.

use serde::{Deserialize, Serialize};

/// How a batch's files were read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reading {
    /// The format of each file, by its name on the command line.
    pub formats: Vec<String>,
    /// `--quotes`: whether quotation marks enclose fields between tabs, too.
    pub quotes: bool,
    /// The columns that were named.
    pub columns: Columns,
}

/// The columns of tables, or the fields of JSON objects, that were named; the
/// usual ones where none is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Columns {
    /// `--text-column`.
    pub text: Option<String>,
    /// `--pair-column`.
    pub pair: Option<String>,
    /// `--id-column`.
    pub id: Option<String>,
}

impl Columns {
    /// Whether none was named.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}
