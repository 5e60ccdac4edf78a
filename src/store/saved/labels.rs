//! Labels of tokens out of a file: one a line, or JSON: a list of strings, such
//! a list in a list (a batch of one), or either under `tokens`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::{MAXIMUM_TEXT_LENGTH, SavedError};
use crate::remedy::LabelsOf;

/// How the JSON of labels begins, apart from space. A label may begin with a
/// bracket, as `[CLS]` does.
const JSON_STARTS: [&str; 4] = ["[\"", "[[", "{\"", "[]"];

/// Reads labels of at most `most` tokens; an empty last line is none.
pub(super) fn read(path: &Path, of: LabelsOf, most: usize) -> Result<Vec<String>, SavedError> {
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
    let labels = match serde_json::from_str::<Value>(text) {
        Ok(json @ (Value::Array(_) | Value::Object(_))) => of_json(json).map_err(wrong)?,
        Ok(_) => text.lines().map(str::to_owned).collect(),
        Err(error) => {
            let shape: String = text.split_ascii_whitespace().take(3).collect();
            if JSON_STARTS.iter().any(|start| shape.starts_with(start)) {
                return Err(wrong(format!(
                    "expected a JSON array of strings, or one label a line: {error}"
                )));
            }
            text.lines().map(str::to_owned).collect()
        }
    };
    match labels.len() > most {
        true => Err(SavedError::LabelCount {
            path: path.to_owned(),
            of,
            expected: most,
            found: labels.len(),
            padding: None,
        }),
        false => Ok(labels),
    }
}

/// # Errors
/// With what was expected and found, in words.
fn of_json(json: Value) -> Result<Vec<String>, String> {
    match json {
        Value::Object(mut entries) => match entries
            .remove("tokens")
            .or_else(|| entries.remove("labels"))
        {
            Some(tokens @ Value::Array(_)) => of_json(tokens),
            Some(other) => Err(format!(
                "expected a list under tokens, found {}",
                kind(&other)
            )),
            None => {
                let found: Vec<&str> = entries.keys().take(6).map(String::as_str).collect();
                Err(format!(
                    "expected a list under tokens, found the entries {}",
                    found.join(", ")
                ))
            }
        },
        Value::Array(mut items) => {
            let lists = items.iter().filter(|item| item.is_array()).count();
            if lists == 1 && items.len() == 1 {
                return of_json(items.remove(0));
            }
            if lists > 0 && lists == items.len() {
                return Err(format!(
                    "expected the tokens of one input, found a list of {lists} lists: a batch"
                ));
            }
            let texts = items
                .into_iter()
                .enumerate()
                .map(|(index, item)| match item {
                    Value::String(text) => Ok(text),
                    other => Err(format!(
                        "expected a JSON array of strings, found {} at {index}",
                        kind(&other)
                    )),
                });
            texts.collect()
        }
        other => Err(format!(
            "expected a JSON array of strings, found {}",
            kind(&other)
        )),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
