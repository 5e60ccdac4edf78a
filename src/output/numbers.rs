//! The attention tensor as files for other programs.

mod npz;

use std::collections::HashMap;

use safetensors::tensor::{Dtype, TensorView};
use serde::Serialize;

use super::{Format, Manifest, OutputError};
use crate::analysis::Shown;

const SAFETENSORS: &str = "attention.safetensors";
const NPZ: &str = "attention.npz";
const JSON: &str = "attention.json";

/// The files of numbers, in the order of a manifest.
pub(super) const FILES: [(Format, &str); 3] = [
    (Format::Safetensors, SAFETENSORS),
    (Format::Npz, NPZ),
    (Format::Json, JSON),
];

/// The shown attention in one of the formats of numbers.
pub(super) fn encode(
    format: Format,
    shown: &Shown<'_>,
    manifest: &Manifest,
) -> Result<Vec<u8>, OutputError> {
    match format {
        Format::Json => json(shown, manifest),
        Format::Npz => npz::encode(shown, manifest),
        _ => safetensors(shown, manifest),
    }
}

/// `attention`, F32 `[layer, head, query, key]`, with the manifest as JSON in
/// the metadata under `attnviz`.
fn safetensors(shown: &Shown<'_>, manifest: &Manifest) -> Result<Vec<u8>, OutputError> {
    let failed = |reason: String| OutputError::Serialize {
        file: SAFETENSORS,
        reason,
    };
    let manifest = serde_json::to_string(manifest).map_err(|error| failed(error.to_string()))?;
    // The format is little-endian whatever the machine is.
    let bytes: Vec<u8> = shown
        .values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let tensor = TensorView::new(Dtype::F32, shown.shape().to_vec(), &bytes)
        .map_err(|error| failed(error.to_string()))?;
    let metadata = HashMap::from([("attnviz".to_owned(), manifest)]);
    safetensors::serialize([("attention", tensor)], Some(metadata))
        .map_err(|error| failed(error.to_string()))
}

/// The manifest and `attention` as arrays nested `[layer][head][query][key]`.
/// Numbers are written with as many digits as it takes to read the same `f32`.
fn json(shown: &Shown<'_>, manifest: &Manifest) -> Result<Vec<u8>, OutputError> {
    #[derive(Serialize)]
    struct Document<'a> {
        manifest: &'a Manifest,
        attention: Vec<Vec<Vec<&'a [f32]>>>,
    }
    let [layer_count, head_count, _, key_count] = shown.shape();
    let rows = |layer: usize, head: usize| match shown.map_at(layer, head) {
        Some(map) => map.chunks_exact(key_count.max(1)).collect(),
        None => Vec::new(),
    };
    let attention = (0..layer_count)
        .map(|layer| (0..head_count).map(|head| rows(layer, head)).collect())
        .collect();
    let document = Document {
        manifest,
        attention,
    };
    let mut bytes = serde_json::to_vec(&document).map_err(|error| OutputError::Serialize {
        file: JSON,
        reason: error.to_string(),
    })?;
    bytes.push(b'\n');
    Ok(bytes)
}
