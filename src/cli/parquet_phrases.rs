//! Pieces of hints: what to do about a Parquet table.

use super::phrases::{SAVE_FIRST, beside};
use crate::remedy::{ColumnContent, ParquetRemedy};

/// What to do, as one line.
pub(super) fn in_words(remedy: &ParquetRemedy) -> String {
    match remedy {
        ParquetRemedy::SaveFirst => SAVE_FIRST.to_owned(),
        ParquetRemedy::CompressOtherwise { file } => {
            let written = beside(file, "inputs", "parquet");
            format!("in Python: pandas.read_parquet({file:?}).to_parquet({written:?})")
        }
        ParquetRemedy::Decrypt => "write it without encryption, where its keys are".to_owned(),
        ParquetRemedy::RewriteColumn {
            file,
            name,
            content,
        } => {
            let texts = as_texts(content);
            let written = beside(file, "inputs", "parquet");
            format!(
                "name another column, or in Python: table = pandas.read_parquet({file:?}); \
                 table[{name:?}] = table[{name:?}]{texts}; table.to_parquet({written:?})"
            )
        }
        ParquetRemedy::DecodeColumn { name } => format!(
            "in Python, with its encoding in place of latin-1: \
             table[{name:?}] = table[{name:?}].str.decode(\"latin-1\")"
        ),
    }
}

/// What makes texts of a column in pandas.
fn as_texts(content: &ColumnContent) -> String {
    let text = |field: &Option<String>| field.clone().unwrap_or_else(|| "text".to_owned());
    match content {
        ColumnContent::Lists => ".str.join(\" \")".to_owned(),
        ColumnContent::Records { field } => format!(".str[{:?}]", text(field)),
        ColumnContent::ListsOfRecords { field } => format!(
            ".map(lambda rows: \" \".join(row[{:?}] for row in rows))",
            text(field)
        ),
        ColumnContent::Bytes => ".str.decode(\"utf-8\")".to_owned(),
        ColumnContent::Maps
        | ColumnContent::Numbers
        | ColumnContent::Booleans
        | ColumnContent::Decimals
        | ColumnContent::Times
        | ColumnContent::Identifiers
        | ColumnContent::Nothing => ".astype(str)".to_owned(),
    }
}
