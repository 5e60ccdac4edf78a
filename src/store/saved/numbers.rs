//! All arrays of numbers of a file that attnviz wrote: a later command on the
//! same input and model keeps those of views that it does not draw itself.

use std::path::Path;

use super::SavedError;
use super::array_file::ArrayFile;
use super::arrays::{ArrayInfo, Content, FloatType, value_count};
use crate::store::earlier_options::array_name_anew;
use crate::store::numbers::NumberArray;
use crate::store::{Manifest, read_manifest};

/// What a file of numbers holds.
#[derive(Debug)]
pub struct SavedNumbers {
    /// As the file carries it.
    pub manifest: Manifest,
    /// Its arrays of numbers.
    pub arrays: Vec<NumberArray<'static>>,
}

/// Reads a file that attnviz wrote in one of its formats of numbers.
///
/// # Errors
/// When it cannot be read, or is none.
pub fn numbers(path: &Path) -> Result<SavedNumbers, SavedError> {
    let mut file = ArrayFile::open(path)?;
    let manifest = manifest_of(path, file.manifest()?)?;
    let infos = file.arrays().to_vec();
    let mut arrays = Vec::new();
    for (position, info) in infos.into_iter().enumerate() {
        if holds_numbers(&info) {
            let values = file.read(position)?;
            if value_count(&info.shape) != Some(values.len()) {
                continue;
            }
            arrays.push(NumberArray {
                values: values.into(),
                name: array_name_anew(&info.name, &manifest),
                shape: info.shape,
            });
        }
    }
    Ok(SavedNumbers { manifest, arrays })
}

/// An array all of which is empty is full of nulls in JSON.
fn holds_numbers(info: &ArrayInfo) -> bool {
    match &info.content {
        Content::Floats(FloatType::F32) => true,
        Content::Nothing => !info.shape.is_empty(),
        Content::Floats(_) | Content::Other(_) => false,
    }
}

fn manifest_of(path: &Path, json: Option<String>) -> Result<Manifest, SavedError> {
    let json = json.ok_or_else(|| "it has none".to_owned());
    json.and_then(|json| read_manifest(json.as_bytes()))
        .map_err(|reason| SavedError::Manifest {
            path: path.to_owned(),
            reason,
        })
}
