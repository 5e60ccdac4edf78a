//! What a user can do about a Parquet table that holds no inputs as it stands.

/// What a user can do about a Parquet table that holds no inputs as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParquetRemedy {
    /// Write one that comes from a pipe to a file, and name that.
    SaveFirst,
    /// Compress it in a way that is read.
    CompressOtherwise {
        /// The table.
        file: String,
    },
    /// Write it without encryption.
    Decrypt,
    /// Make texts of what a column holds.
    RewriteColumn {
        /// The table.
        file: String,
        /// The column.
        name: String,
        /// What it holds.
        content: ColumnContent,
    },
    /// Make UTF-8 of the bytes in a column.
    DecodeColumn {
        /// The column.
        name: String,
    },
}

/// What a column of a Parquet table holds, where no part of an input is made of
/// that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnContent {
    /// Lists of values, such as tokens.
    Lists,
    /// Records.
    Records {
        /// A field of theirs that holds a text.
        field: Option<String>,
    },
    /// Lists of records, such as the turns of a conversation.
    ListsOfRecords {
        /// A field of theirs that holds a text.
        field: Option<String>,
    },
    /// Maps from keys to values.
    Maps,
    /// Numbers.
    Numbers,
    /// True or false.
    Booleans,
    /// Numbers with a fixed number of decimals.
    Decimals,
    /// Dates, times of day, or both.
    Times,
    /// UUIDs.
    Identifiers,
    /// Bytes that are said to be something else than text.
    Bytes,
    /// Nothing in any row.
    Nothing,
}
