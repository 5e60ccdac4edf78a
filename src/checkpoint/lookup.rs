//! How the files of a checkpoint are asked for, wherever they are.

use std::fs;

use super::CheckpointError;
use super::digest::PendingDigest;
use super::file_kind::ExpectedKind;
use super::hub::CachedFile;
use super::python_json::as_python_reads;

/// What every checkpoint has.
pub(super) const CONFIG: &str = "config.json";

/// The largest text file that is read, in bytes. The largest vocabularies in
/// use are a tenth of it.
const MAXIMUM_TEXT_LENGTH: u64 = 256 << 20;

/// The longest `config.json` that is read, in bytes; with names for ten
/// thousand classes it has one million.
const MAXIMUM_CONFIG_LENGTH: u64 = 16 << 20;

/// Asks for one file by name; `None` if the checkpoint does not have it.
pub(super) type Lookup<'a> = &'a mut dyn FnMut(&str) -> Result<Option<CachedFile>, CheckpointError>;

/// The bytes of a small file, and its digest; JSON as Python reads it.
pub(super) fn text(
    name: &str,
    lookup: Lookup<'_>,
    digests: &mut Vec<PendingDigest>,
) -> Result<Option<Vec<u8>>, CheckpointError> {
    let Some(file) = lookup(name)? else {
        return Ok(None);
    };
    let io = |source| CheckpointError::Io {
        path: file.path.clone(),
        source,
    };
    let found = fs::metadata(&file.path).map_err(io)?.len();
    let maximum = match name {
        CONFIG => MAXIMUM_CONFIG_LENGTH,
        _ => MAXIMUM_TEXT_LENGTH,
    };
    if found > maximum {
        let file = name.to_owned();
        return Err(CheckpointError::FileTooLarge {
            file,
            maximum,
            found,
        });
    }
    let bytes = fs::read(&file.path).map_err(io)?;
    let is_json = name.ends_with(".json");
    let expected = match is_json {
        true => ExpectedKind::Json,
        false if name.ends_with(".model") => ExpectedKind::SentencePiece,
        false => ExpectedKind::Text,
    };
    expected.check(&file.path, &bytes)?;
    if is_json && ends_in_the_middle(&bytes) {
        return Err(CheckpointError::Incomplete { path: file.path });
    }
    digests.push(PendingDigest::of_bytes(name, &bytes));
    // A tokenizer.json is large, and Python has the tokenizers crate read it.
    Ok(Some(match is_json && !name.starts_with("tokenizer.") {
        true => as_python_reads(bytes),
        false => bytes,
    }))
}

/// Whether a JSON object has no end. One that is cut behind an inner object is
/// left to who reads it: looking through every brace takes too long.
fn ends_in_the_middle(json: &[u8]) -> bool {
    let json = json.trim_ascii();
    json.starts_with(b"{") && !json.ends_with(b"}")
}
