//! Arrays of a safetensors file: its header is read and checked first, then
//! what is needed, by position.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::arrays::{ArrayInfo, Content, FloatType, read_floats, value_count};
use super::{MAXIMUM_ARRAYS, MAXIMUM_TEXT_LENGTH, SavedError};

/// Where attnviz puts the manifest in a file's metadata.
const MANIFEST_KEY: &str = "attnviz";

/// A file whose header was read and checked.
#[derive(Debug)]
pub(in crate::store) struct SafetensorsArrays {
    path: PathBuf,
    file: File,
    arrays: Vec<ArrayInfo>,
    /// Where each array starts in the file.
    starts: Vec<u64>,
    manifest: Option<String>,
}

impl SafetensorsArrays {
    /// Reads the header: its length fits the file, the offsets leave no gap and
    /// no overlap, and the tensors end where the file ends.
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
        let mut length_field = [0_u8; 8];
        file.read_exact(&mut length_field).map_err(failed)?;
        let header_length = u64::from_le_bytes(length_field);
        let available = file_length.saturating_sub(8);
        if header_length > available {
            return Err(malformed(format!(
                "its header says it is {header_length} bytes long, and {available} bytes follow"
            )));
        }
        if header_length > MAXIMUM_TEXT_LENGTH {
            return Err(SavedError::TooLarge {
                path: path.to_owned(),
                reason: format!(
                    "its header has {header_length} bytes, at most {MAXIMUM_TEXT_LENGTH} are read"
                ),
            });
        }
        let mut header = Vec::new();
        file.by_ref()
            .take(header_length)
            .read_to_end(&mut header)
            .map_err(failed)?;
        let metadata: Metadata = serde_json::from_slice(&header)
            .map_err(|error| malformed(format!("its header is not one of safetensors: {error}")))?;
        let data_start = 8 + header_length;
        let data_length = metadata.data_len() as u64;
        if data_start.checked_add(data_length) != Some(file_length) {
            return Err(malformed(format!(
                "its tensors take {data_length} bytes, and {} bytes follow the header",
                file_length.saturating_sub(data_start)
            )));
        }
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
        Ok(Self {
            path: path.to_owned(),
            file,
            arrays,
            starts,
            manifest: manifest.and_then(|fields| fields.get(MANIFEST_KEY).cloned()),
        })
    }

    pub(super) fn manifest(&self) -> Option<String> {
        self.manifest.clone()
    }

    pub(super) fn arrays(&self) -> &[ArrayInfo] {
        &self.arrays
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
