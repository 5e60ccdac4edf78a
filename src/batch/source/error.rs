//! Why a file of inputs cannot be read at all.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::columns::ColumnError;
use super::foreign;
use super::parquet_fault::ParquetFault;
use super::record::RecordError;
use crate::remedy::{ForeignFile, InputColumn, Remedy};

/// How a header is written that is none of the format it is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderLayout {
    /// With commas or semicolons, where tabs are expected.
    Csv,
    /// With another sign between names.
    Between(char),
    /// With names in quotation marks that are letters here.
    Quoted,
    /// As a schema, which nobody forgets to write.
    Schema,
}

/// A file of inputs cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// It cannot be opened or read on.
    #[error("{file}: {source}")]
    Io {
        /// The file, as it was named.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// It is a folder.
    #[error("{file}: expected a file of texts, found a folder")]
    Folder {
        /// The folder, as it was named.
        file: String,
        /// Files of inputs in it, as they would be named; some of many.
        files: Vec<String>,
    },
    /// It is none of a format that is read.
    #[error("{file}: expected .txt, .jsonl, .json, .csv, .tsv, .conllu or .parquet, found {}", foreign::in_words(*.kind))]
    Foreign {
        /// The file, as it was named.
        file: String,
        /// Where it is.
        path: PathBuf,
        /// What it is.
        kind: ForeignFile,
    },
    /// It is named as JSON and begins with something else.
    #[error("{file}: expected an array of objects or of texts, found {found:?} at its beginning")]
    NoArray {
        /// The file, as it was named.
        file: String,
        /// What is there.
        found: char,
    },
    /// The header of a table cannot be read.
    #[error("{file}: the header: {error}")]
    Header {
        /// The file, as it was named.
        file: String,
        /// What is wrong with it.
        error: RecordError,
    },
    /// A table without the columns that matter.
    #[error("{file}: {error}")]
    Columns {
        /// The file, as it was named.
        file: String,
        /// What is missing.
        error: ColumnError,
        /// What its header looks like instead.
        layout: Option<HeaderLayout>,
    },
    /// A Parquet table that cannot be read.
    #[error("{file}: {error}")]
    Parquet {
        /// The file, as it was named, with its own name where a folder was.
        file: String,
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        error: Box<ParquetFault>,
    },
    /// Standard input can only be read once.
    #[error("standard input (-) is named twice")]
    StandardInputTwice,
    /// A column is named, and no file has names for columns.
    #[error("{column} is for tables and JSON, and every file holds lines of text")]
    NoColumns {
        /// Which was named.
        column: InputColumn,
    },
    /// There is nothing to encode.
    #[error("there is no input in {files}")]
    Empty {
        /// The files, as they were named.
        files: String,
    },
}

impl SourceError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Io { file, source } if is_text(file, source) => {
                Remedy::EncodeText { text: file.clone() }
            }
            Self::Io { .. } => Remedy::NameReadableInputs,
            Self::Folder { files, .. } if !files.is_empty() => Remedy::NameFiles(files.clone()),
            Self::Folder { .. } => Remedy::NameReadableInputs,
            Self::Foreign { path, kind, .. } => Remedy::ConvertFile {
                file: path.display().to_string(),
                kind: *kind,
            },
            Self::NoArray { .. } => Remedy::WriteJson,
            Self::Header { error, file } => return error.remedy_in(Some(file)),
            Self::Columns {
                layout: Some(layout),
                error,
                ..
            } => match layout {
                HeaderLayout::Csv => Remedy::ReadAsCsv,
                HeaderLayout::Between(delimiter) => Remedy::SayDelimiter {
                    delimiter: *delimiter,
                },
                HeaderLayout::Quoted => Remedy::ReadQuotes,
                HeaderLayout::Schema => return error.remedy(),
            },
            Self::Columns {
                error: ColumnError::NoText { likely, .. },
                ..
            } => Remedy::NameColumnOrWriteHeader {
                names: likely.clone(),
            },
            Self::Columns { error, .. } => return error.remedy(),
            Self::Parquet { path, error, .. } => error.remedy_in(&path.display().to_string()),
            Self::StandardInputTwice => Remedy::NameStandardInputOnce,
            Self::NoColumns { column } => Remedy::LeaveOutColumn(*column),
            Self::Empty { .. } => Remedy::GiveInputs,
        })
    }

    /// Whether options do not go with the files, as far as their names tell.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::StandardInputTwice | Self::NoColumns { .. } => true,
            Self::Io { .. }
            | Self::Folder { .. }
            | Self::Foreign { .. }
            | Self::NoArray { .. }
            | Self::Header { .. }
            | Self::Columns { .. }
            | Self::Parquet { .. }
            | Self::Empty { .. } => false,
        }
    }
}

/// Whether what is no file is rather a text than a file's name.
fn is_text(file: &str, error: &io::Error) -> bool {
    let has_extension = Path::new(file).extension().is_some_and(|extension| {
        !extension.is_empty() && !extension.to_string_lossy().contains(' ')
    });
    error.kind() == io::ErrorKind::NotFound && file.contains(' ') && !has_extension
}
