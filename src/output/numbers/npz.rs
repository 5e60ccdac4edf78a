//! NumPy's archive: a zip file of arrays, as `numpy.savez` writes it, with
//! nothing in it that needs a pickle.
//!
//! The entries are stored and carry the zip format's first day, so that the
//! same numbers give the same bytes.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use super::NPZ;
use crate::analysis::Shown;
use crate::output::{Manifest, OutputError};

/// Values of an array begin at a multiple of so many bytes.
const ALIGNMENT: usize = 64;

/// `attention` in float32 `[layer, head, query, key]`, `tokens`, `layers` and
/// `heads`, and the manifest as JSON in `manifest`, a text without dimensions.
pub(super) fn encode(shown: &Shown<'_>, manifest: &Manifest) -> Result<Vec<u8>, OutputError> {
    let failed = |reason: String| OutputError::Serialize { file: NPZ, reason };
    let manifest = serde_json::to_string(manifest).map_err(|error| failed(error.to_string()))?;
    let tokens: Vec<&str> = shown
        .tokens
        .iter()
        .map(|token| token.text.as_str())
        .collect();
    let attention = array("<f4", &shown.shape(), |bytes| {
        bytes.extend(shown.values.iter().flat_map(|value| value.to_le_bytes()));
    });
    let arrays = [
        ("attention", attention),
        ("tokens", texts(&tokens, &[tokens.len()])),
        ("layers", indices(&shown.layers)),
        ("heads", indices(&shown.heads)),
        ("manifest", texts(&[&manifest], &[])),
    ];
    archive(&arrays).map_err(|error| failed(error.to_string()))
}

fn archive(arrays: &[(&str, Vec<u8>)]) -> zip::result::ZipResult<Vec<u8>> {
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
