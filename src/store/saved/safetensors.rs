//! Arrays of a safetensors file: its header is read and checked first, then
//! what is needed, by position.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::Dtype;

use super::arrays::{ArrayInfo, Content, FloatType, read_floats, value_count};
use super::own_tokens::{may_be_tokens, tokens_among};
use super::{MAXIMUM_ARRAYS, MAXIMUM_TEXT_LENGTH, SavedError};
use crate::store::numbers::names::MANIFEST_KEY;
use crate::weights::{HeaderError, SafetensorsHeader};

/// A file whose header was read and checked.
#[derive(Debug)]
pub(in crate::store) struct SafetensorsArrays {
    path: PathBuf,
    file: File,
    arrays: Vec<ArrayInfo>,
    /// Where each array starts in the file.
    starts: Vec<u64>,
    manifest: Option<String>,
    /// Lists of texts in the metadata, by their entries.
    texts: Vec<(String, Vec<String>)>,
}

impl SafetensorsArrays {
    /// Reads the header.
    pub(super) fn open(path: &Path, mut file: File) -> Result<Self, SavedError> {
        let failed = |source| SavedError::Io {
            path: path.to_owned(),
            source,
        };
        let malformed = |reason: String| SavedError::Malformed {
            path: path.to_owned(),
            reason,
        };
        let file_length = file.metadata().map_err(failed)?.len();
        let header = SafetensorsHeader::read(&mut file, file_length, MAXIMUM_TEXT_LENGTH);
        let SafetensorsHeader {
            metadata,
            data_start,
        } = header.map_err(|error| match error {
            HeaderError::Io(source) => failed(source),
            HeaderError::Malformed(reason) | HeaderError::Incomplete(reason) => malformed(reason),
            HeaderError::TooLong { .. } => SavedError::TooLarge {
                path: path.to_owned(),
                reason: error.to_string(),
            },
        })?;
        let names = metadata.offset_keys();
        if names.len() > MAXIMUM_ARRAYS {
            return Err(malformed(format!(
                "it has {} tensors, expected at most {MAXIMUM_ARRAYS}",
                names.len()
            )));
        }
        let (mut arrays, mut starts) = (Vec::new(), Vec::new());
        for name in names {
            let Some(info) = metadata.info(&name) else {
                continue;
            };
            arrays.push(ArrayInfo {
                name,
                shape: info.shape.clone(),
                content: match info.dtype {
                    Dtype::F64 => Content::Floats(FloatType::F64),
                    Dtype::F32 => Content::Floats(FloatType::F32),
                    Dtype::F16 => Content::Floats(FloatType::F16),
                    Dtype::BF16 => Content::Floats(FloatType::Bf16),
                    other => Content::Other(format!("{other:?}")),
                },
            });
            starts.push(data_start.saturating_add(info.data_offsets.0 as u64));
        }
        let manifest = metadata.metadata().as_ref();
        let entries = manifest.into_iter().flatten();
        let texts = entries
            .filter(|(entry, _)| may_be_tokens(entry))
            .filter_map(|(entry, json)| Some((entry.clone(), serde_json::from_str(json).ok()?)));
        let mut texts: Vec<(String, Vec<String>)> = texts.collect();
        texts.sort_unstable();
        Ok(Self {
            path: path.to_owned(),
            file,
            arrays,
            starts,
            texts,
            manifest: manifest.and_then(|fields| fields.get(MANIFEST_KEY).cloned()),
        })
    }

    pub(super) fn manifest(&self) -> Option<String> {
        self.manifest.clone()
    }

    pub(super) fn arrays(&self) -> &[ArrayInfo] {
        &self.arrays
    }

    /// What its metadata calls the queries and the keys: JSON lists of texts.
    pub(super) fn tokens(&self) -> [Option<Vec<String>>; 2] {
        tokens_among(&self.texts)
    }

    /// The header was checked: sizes of shape and type are those of the
    /// offsets, and the file is as long as they say.
    pub(super) fn read(&mut self, position: usize) -> Result<Vec<f32>, SavedError> {
        let failed = |source| SavedError::Io {
            path: self.path.clone(),
            source,
        };
        let (Some(array), Some(&start)) = (self.arrays.get(position), self.starts.get(position))
        else {
            return Ok(Vec::new());
        };
        let (Content::Floats(float_type), Some(count)) =
            (&array.content, value_count(&array.shape))
        else {
            return Err(SavedError::TooLarge {
                path: self.path.clone(),
                reason: format!("{} has the shape {:?}", array.name, array.shape),
            });
        };
        self.file.seek(SeekFrom::Start(start)).map_err(failed)?;
        read_floats(&mut self.file, *float_type, false, count).map_err(failed)
    }
}
