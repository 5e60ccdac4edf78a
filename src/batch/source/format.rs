//! Which format a file of inputs has: by its name, or as the user says.

use std::path::Path;

use crate::names::closed_set;

/// How a file holds its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputFormat {
    /// One text a line; blank lines are none.
    Text,
    /// A JSON object, a text or two texts a line.
    JsonLines,
    /// A JSON array of objects, of texts, or of two texts each.
    Json,
    /// Comma-separated values with a header, in quotation marks where needed.
    Csv,
    /// Values between tabs, with a header; a quotation mark is a letter.
    Tsv,
    /// Sentences with their words and what they are to one another, as treebanks
    /// have them.
    Conllu,
    /// A Parquet table: a file, or a folder of them.
    Parquet,
}

closed_set!(InputFormat, "input format",
    Text => "txt", JsonLines => "jsonl", Json => "json", Csv => "csv", Tsv => "tsv",
    Conllu => "conllu", Parquet => "parquet");

impl InputFormat {
    /// By a file's extension; `None` where it is one that says nothing of texts.
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension().unwrap_or_default();
        match extension.to_str()?.to_ascii_lowercase().as_str() {
            "" | "txt" | "text" => Some(Self::Text),
            "jsonl" | "ndjson" | "jsonlines" => Some(Self::JsonLines),
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            "tsv" | "tab" => Some(Self::Tsv),
            "conllu" => Some(Self::Conllu),
            "parquet" | "pq" | "parq" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// Whether its inputs have fields with names.
    pub(super) fn has_names(self) -> bool {
        match self {
            Self::Csv | Self::Tsv | Self::JsonLines | Self::Json | Self::Parquet => true,
            Self::Text | Self::Conllu => false,
        }
    }
}
