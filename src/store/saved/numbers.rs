//! All arrays of numbers of a file that attnviz wrote: a later command on the
//! same input and model keeps those of views that it does not draw itself.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde_json::Value;

use super::SavedError;
use super::array_file::ArrayFile;
use super::arrays::{Content, FloatType};
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
    match path
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        true => of_json(path),
        false => of_arrays(path),
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

fn of_arrays(path: &Path) -> Result<SavedNumbers, SavedError> {
    let mut file = ArrayFile::open(path)?;
    let manifest = manifest_of(path, file.manifest()?)?;
    let infos = file.arrays().to_vec();
    let mut arrays = Vec::new();
    for (position, info) in infos.into_iter().enumerate() {
        if info.content == Content::Floats(FloatType::F32) {
            arrays.push(NumberArray {
                values: file.read(position)?.into(),
                name: array_name_anew(&info.name, &manifest),
                shape: info.shape,
            });
        }
    }
    Ok(SavedNumbers { manifest, arrays })
}

fn of_json(path: &Path) -> Result<SavedNumbers, SavedError> {
    let malformed = |reason: String| SavedError::Malformed {
        path: path.to_owned(),
        reason,
    };
    let file = File::open(path).map_err(|source| SavedError::Io {
        path: path.to_owned(),
        source,
    })?;
    let document: Value = serde_json::from_reader(BufReader::new(file))
        .map_err(|error| malformed(error.to_string()))?;
    let Value::Object(mut entries) = document else {
        return Err(malformed("expected an object".to_owned()));
    };
    let manifest = entries.remove("manifest").map(|value| value.to_string());
    let manifest = manifest_of(path, manifest)?;
    let arrays = entries.into_iter().map(|(name, value)| {
        let mut array = NumberArray {
            shape: shape(&value),
            values: Vec::new().into(),
            name: array_name_anew(&name, &manifest),
        };
        flatten(&value, array.values.to_mut());
        let expected: usize = array.shape.iter().product();
        match array.values.len() {
            found if found == expected => Ok(array),
            found => Err(malformed(format!(
                "{}: expected {expected} numbers, found {found}",
                array.name
            ))),
        }
    });
    let arrays = arrays.collect::<Result<_, SavedError>>()?;
    Ok(SavedNumbers { manifest, arrays })
}

/// The lengths of the first lists, from the outermost one on.
fn shape(value: &Value) -> Vec<usize> {
    match value {
        Value::Array(values) => {
            let inner = values.first().map(shape).unwrap_or_default();
            [values.len()].into_iter().chain(inner).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Vec::new()
        }
    }
}

fn flatten(value: &Value, numbers: &mut Vec<f32>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| flatten(value, numbers)),
        Value::Number(number) => numbers.extend(number.as_f64().map(|number| number as f32)),
        // What is not there.
        Value::Null => numbers.push(f32::NAN),
        Value::Bool(_) | Value::String(_) | Value::Object(_) => {}
    }
}
