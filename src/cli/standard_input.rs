//! Standard input, where a text may come from.

use std::io::Read;

use anyhow::Result;

use super::usage::UsageError;
use crate::remedy::Remedy;

/// No text is longer, in bytes: no model takes a hundredth of that.
const MAXIMUM_LENGTH: u64 = 16 << 20;

/// The text that was given: for `-` what standard input holds, its line ends as
/// spaces but for the last.
pub(super) fn text(given: &str) -> Result<String> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let failed = |what: String| UsageError::error(what, Remedy::GiveText);
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(MAXIMUM_LENGTH + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(format!("standard input cannot be read: {error}")))?;
    if bytes.len() as u64 > MAXIMUM_LENGTH {
        return Err(failed(format!(
            "expected a text of at most {MAXIMUM_LENGTH} bytes on standard input"
        )));
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| failed(format!("expected UTF-8 on standard input: {error}")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let lines: Vec<&str> = text.trim_end_matches(['\r', '\n']).lines().collect();
    Ok(lines.join(" "))
}
