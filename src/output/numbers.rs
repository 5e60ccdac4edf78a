//! The attention tensor as files for other programs.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, TensorView};
use serde::Serialize;

use super::{Manifest, OutputError};
use crate::run::Run;

pub(super) const SAFETENSORS: &str = "attention.safetensors";
pub(super) const JSON: &str = "attention.json";

/// `attention`, F32 `[layer, head, query, key]`, with the manifest as JSON in
/// the metadata under `attnviz`.
pub(super) fn safetensors(run: &Run, manifest: &Manifest) -> Result<Vec<u8>, OutputError> {
    let failed = |reason: String| OutputError::Serialize {
        file: SAFETENSORS,
        reason,
    };
    let manifest = serde_json::to_string(manifest).map_err(|error| failed(error.to_string()))?;
    // The format is little-endian whatever the machine is.
    let bytes: Vec<u8> = run
        .attention
        .values()
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let tensor = TensorView::new(Dtype::F32, run.attention.shape().to_vec(), &bytes)
        .map_err(|error| failed(error.to_string()))?;
    let metadata = HashMap::from([("attnviz".to_owned(), manifest)]);
    safetensors::serialize([("attention", tensor)], Some(metadata))
        .map_err(|error| failed(error.to_string()))
}

/// The manifest and `attention` as arrays nested `[layer][head][query][key]`.
/// Numbers are written with as many digits as it takes to read the same `f32`.
pub(super) fn json(run: &Run, manifest: &Manifest) -> Result<Vec<u8>, OutputError> {
    #[derive(Serialize)]
    struct Document<'a> {
        manifest: &'a Manifest,
        attention: Vec<Vec<Vec<&'a [f32]>>>,
    }
    let [layer_count, head_count, _, _] = run.attention.shape();
    let rows = |layer: usize, head: usize| match run.attention.map(layer, head) {
        Some(map) => (0..map.query_count()).map(|query| map.row(query)).collect(),
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
