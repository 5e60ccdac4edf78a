//! The numbers of a run as files for other programs: the raw attention, and
//! what the views show of it.

mod arrays;
pub(in crate::store) mod names;
mod neurons;
mod npz;
pub(in crate::store) mod ragged;
mod scores;
mod tables;

use std::collections::HashMap;

use safetensors::tensor::{Dtype, TensorView};
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};

use super::diff::DiffManifest;
use super::{Format, Manifest, SerializeError};
use crate::attention::Selection;

pub use arrays::{NumberArray, arrays, lengths};
pub use tables::{Table, tables};
pub(in crate::store) use tables::{number, quoted};

use names::{JSON, MANIFEST_ENTRY, MANIFEST_KEY, NPZ, SAFETENSORS};

/// The files of numbers, in the order of a manifest.
pub const FILES: [(Format, &str); 3] = [
    (Format::Safetensors, SAFETENSORS),
    (Format::Npz, NPZ),
    (Format::Json, JSON),
];

/// The arrays in one of the formats of numbers, `None` for one of pictures or
/// tables.
///
/// # Errors
/// When serde_json or safetensors refuses, which no run gives it a reason for.
pub fn encode(
    format: Format,
    arrays: &[NumberArray<'_>],
    manifest: &Manifest,
) -> Result<Option<Vec<u8>>, SerializeError> {
    match format {
        Format::Json => json(arrays, manifest).map(Some),
        Format::Npz => {
            let json = manifest_json(NPZ, manifest)?;
            npz::encode(arrays, manifest, &json).map(Some)
        }
        Format::Safetensors => {
            let json = manifest_json(SAFETENSORS, manifest)?;
            safetensors(SAFETENSORS, arrays, json).map(Some)
        }
        Format::Png | Format::Svg | Format::Html | Format::Csv => Ok(None),
    }
}

/// The arrays of a comparison in one of the formats that have such, `None` for
/// another. `tokens` are the units of the rows by the name of their side.
///
/// # Errors
/// As [`encode`].
pub fn encode_comparison(
    format: Format,
    arrays: &[NumberArray<'_>],
    tokens: &[(String, Vec<&str>)],
    selection: &Selection,
    manifest: &DiffManifest,
) -> Result<Option<Vec<u8>>, SerializeError> {
    match format {
        Format::Npz => {
            let json = manifest_json("diff.npz", manifest)?;
            npz::encode_with(arrays, tokens, Some(selection), &json).map(Some)
        }
        Format::Safetensors => {
            let file = "diff.safetensors";
            let json = manifest_json(file, manifest)?;
            safetensors(file, arrays, json).map(Some)
        }
        Format::Png | Format::Svg | Format::Html | Format::Json | Format::Csv => Ok(None),
    }
}

fn manifest_json(file: &'static str, manifest: &impl Serialize) -> Result<String, SerializeError> {
    serde_json::to_string(manifest).map_err(|error| SerializeError {
        file,
        reason: error.to_string(),
    })
}

/// Each array in F32 under its name, with the manifest as JSON in the metadata
/// under `attnviz`.
fn safetensors(
    file: &'static str,
    arrays: &[NumberArray<'_>],
    manifest: String,
) -> Result<Vec<u8>, SerializeError> {
    let failed = |reason: String| SerializeError { file, reason };
    // The format is little-endian whatever the machine is.
    let bytes: Vec<Vec<u8>> = arrays.iter().map(NumberArray::to_le_bytes).collect();
    let tensors = arrays.iter().zip(&bytes).map(|(array, bytes)| {
        let tensor = TensorView::new(Dtype::F32, array.shape.clone(), bytes)
            .map_err(|error| failed(error.to_string()))?;
        Ok((array.name.as_str(), tensor))
    });
    let tensors: Vec<_> = tensors.collect::<Result<_, SerializeError>>()?;
    let metadata = HashMap::from([(MANIFEST_KEY.to_owned(), manifest)]);
    safetensors::serialize(tensors, Some(metadata)).map_err(|error| failed(error.to_string()))
}

/// The manifest, and each array nested as its shape is. Numbers are written
/// with as many digits as it takes to read the same `f32`; what is not there
/// is `null`.
fn json(arrays: &[NumberArray<'_>], manifest: &Manifest) -> Result<Vec<u8>, SerializeError> {
    struct Document<'a>(&'a Manifest, &'a [NumberArray<'a>]);
    impl Serialize for Document<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(self.1.len() + 1))?;
            map.serialize_entry(MANIFEST_ENTRY, self.0)?;
            for array in self.1 {
                map.serialize_entry(&array.name, &Nested(&array.shape, &array.values))?;
            }
            map.end()
        }
    }
    let document = Document(manifest, arrays);
    let mut bytes = serde_json::to_vec(&document).map_err(|error| SerializeError {
        file: JSON,
        reason: error.to_string(),
    })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Values of some shape as lists in lists.
struct Nested<'values>(&'values [usize], &'values [f32]);

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            [] | [_] => self.1.serialize(serializer),
            [count, inner @ ..] => {
                let size = inner.iter().product::<usize>().max(1);
                let mut list = serializer.serialize_seq(Some(*count))?;
                for values in self.1.chunks_exact(size) {
                    list.serialize_element(&Nested(inner, values))?;
                }
                list.end()
            }
        }
    }
}
