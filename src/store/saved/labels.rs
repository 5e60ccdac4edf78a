//! Labels of tokens out of a file: one a line, or a JSON array of strings.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{MAXIMUM_TEXT_LENGTH, SavedError};
use crate::remedy::LabelsOf;

/// Reads the labels; an empty last line is none.
pub(super) fn read(path: &Path, of: LabelsOf) -> Result<Vec<String>, SavedError> {
    let failed = |source| SavedError::Io {
        path: path.to_owned(),
        source,
    };
    let wrong = |reason: String| SavedError::Labels {
        path: path.to_owned(),
        of,
        reason,
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAXIMUM_TEXT_LENGTH + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.len() as u64 > MAXIMUM_TEXT_LENGTH {
        return Err(wrong(format!(
            "expected labels of at most {MAXIMUM_TEXT_LENGTH} bytes"
        )));
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| wrong(format!("expected labels in UTF-8: {error}")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // A label may begin with a bracket, as [CLS] does; an array of strings is
    // JSON as a whole.
    if let Ok(labels) = serde_json::from_str::<Vec<String>>(text) {
        return Ok(labels);
    }
    if text.trim_start().starts_with("[\"") {
        return Err(wrong(
            "expected a JSON array of strings, or one label a line".to_owned(),
        ));
    }
    Ok(text.lines().map(str::to_owned).collect())
}
