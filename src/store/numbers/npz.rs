//! NumPy's archive: a zip file of arrays, as `numpy.savez` writes it, with
//! nothing in it that needs a pickle.
//!
//! The entries are stored and carry the zip format's first day, so that the
//! same numbers give the same bytes.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use super::NumberArray;
use super::names::{MANIFEST_ENTRY, NPZ};
use crate::attention::Selection;
use crate::input::StreamRole;
use crate::store::{AttentionRecord, Manifest, SerializeError};

/// Values of an array begin at a multiple of so many bytes.
const ALIGNMENT: usize = 64;

/// Each array in float32 under its name; `tokens`, the units of the source as
/// texts (`target_tokens` those of the target), `layers` and `heads`; and the
/// manifest as JSON in `manifest`, a text without dimensions.
pub(super) fn encode(
    arrays: &[NumberArray<'_>],
    manifest: &Manifest,
    json: &str,
) -> Result<Vec<u8>, SerializeError> {
    let failed = |reason: String| SerializeError { file: NPZ, reason };
    let tokens = manifest.streams.iter().map(|stream| {
        let name = match stream.role {
            StreamRole::Source => "tokens",
            StreamRole::Target => "target_tokens",
        };
        let units = stream.units.iter().map(|unit| unit.text.as_str());
        (name.to_owned(), units.collect())
    });
    let tokens: Vec<(String, Vec<&str>)> = tokens.collect();
    let attention = manifest.attention.first();
    let selection = attention.map(AttentionRecord::selection).transpose();
    let selection = selection.map_err(failed)?;
    encode_with(arrays, &tokens, selection.as_ref(), json)
}

/// Each array in float32 under its name, then `tokens` under theirs, `layers`
/// and `heads` of the selection, and the manifest.
pub(super) fn encode_with(
    arrays: &[NumberArray<'_>],
    tokens: &[(String, Vec<&str>)],
    selection: Option<&Selection>,
    json: &str,
) -> Result<Vec<u8>, SerializeError> {
    let numbers = arrays.iter().map(|numbers| {
        let values = array("<f4", &numbers.shape, |bytes| {
            bytes.extend(numbers.to_le_bytes());
        });
        (numbers.name.clone(), values)
    });
    let mut entries: Vec<(String, Vec<u8>)> = numbers.collect();
    for (name, units) in tokens {
        entries.push((name.clone(), texts(units, &[units.len()])));
    }
    if let Some(selection) = selection {
        entries.push(("layers".to_owned(), indices(&selection.layer_indices())));
        entries.push(("heads".to_owned(), indices(&selection.head_indices())));
    }
    entries.push((MANIFEST_ENTRY.to_owned(), texts(&[json], &[])));
    archive(&entries).map_err(|error| SerializeError {
        file: NPZ,
        reason: error.to_string(),
    })
}

fn archive(arrays: &[(String, Vec<u8>)]) -> zip::result::ZipResult<Vec<u8>> {
    let length = arrays.iter().map(|(_, bytes)| bytes.len() + 256).sum();
    let mut writer = ZipWriter::new(Cursor::new(Vec::with_capacity(length)));
    for (name, bytes) in arrays {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(0o644)
            // Whatever system this is.
            .system(System::Unix)
            .large_file(u32::try_from(bytes.len()).is_err());
        writer.start_file(format!("{name}.npy"), options)?;
        writer.write_all(bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// An array in NumPy's format, version 1.0: its header, then what `values`
/// appends.
fn array(descr: &str, shape: &[usize], values: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    let tuple = match sizes.as_slice() {
        [only] => format!("({only},)"),
        _ => format!("({})", sizes.join(", ")),
    };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {tuple}, }}");
    // Magic number, version and length take ten bytes, a line feed ends it.
    let unpadded = 10 + header.len() + 1;
    header.push_str(&" ".repeat(unpadded.next_multiple_of(ALIGNMENT) - unpadded));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    // Far below the 65,535 of the field: a few numbers.
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    values(&mut bytes);
    bytes
}

/// Texts in UTF-32, each as long as the longest.
fn texts(texts: &[&str], shape: &[usize]) -> Vec<u8> {
    let longest = texts.iter().map(|text| text.chars().count()).max();
    // NumPy has no texts of no letters.
    let width = longest.unwrap_or(0).max(1);
    array(&format!("<U{width}"), shape, |bytes| {
        for text in texts {
            let letters = text.chars().map(u32::from);
            let filled = letters.chain(std::iter::repeat(0)).take(width);
            bytes.extend(filled.flat_map(u32::to_le_bytes));
        }
    })
}

fn indices(indices: &[usize]) -> Vec<u8> {
    array("<i8", &[indices.len()], |bytes| {
        bytes.extend(
            indices
                .iter()
                .flat_map(|&index| (index as u64).to_le_bytes()),
        );
    })
}
