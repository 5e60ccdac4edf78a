//! Which files of inputs a command reads, and how.

use std::path::PathBuf;

use anyhow::Result;

use super::batch_arguments::ReadingArguments;
use super::usage::UsageError;
use crate::batch::{InputFormat, InputSource, ReadOptions, Relations};
use crate::store::batch_records::Columns;

/// What is said where quotation marks are for no file.
pub(super) fn idle_quotes(inputs: &ReadingArguments, sources: &[InputSource]) -> Option<String> {
    let has_tabs = |source: &InputSource| source.format == InputFormat::Tsv;
    let is_idle = inputs.quotes && !sources.iter().any(has_tabs);
    is_idle.then(|| "--quotes does nothing: no file is read as .tsv".to_owned())
}

/// The files that a command reads, and how: where nobody says the format, by
/// their names, or all in this one.
pub(super) fn sources(
    files: &[PathBuf],
    arguments: &ReadingArguments,
    otherwise: Option<InputFormat>,
    relations: Relations,
) -> Result<Vec<InputSource>> {
    let options = ReadOptions {
        format: arguments.input_format.or(otherwise),
        has_quotes: arguments.quotes,
        columns: Columns {
            text: arguments.text_column.clone(),
            pair: arguments.pair_column.clone(),
            id: arguments.id_column.clone(),
        },
        relations,
    };
    InputSource::all(files, &options).map_err(|error| match error.remedy() {
        Some(remedy) if error.is_usage() => UsageError::error(error.to_string(), remedy),
        _ => error.into(),
    })
}
