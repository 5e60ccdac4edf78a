//! One safetensors file: its header, checked, and the tensors behind it.
//!
//! It is read by position, tensor by tensor, straight into the memory that the
//! model keeps: nothing is mapped (a file that shrinks under a mapping kills
//! the process), nothing is read that is not needed, and two threads can read
//! at once.

use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use super::{WeightsError, file_name};
use crate::model::bytes::{ByteSource, FloatType};

/// The longest safetensors header that is read, in bytes: the limit of the
/// safetensors crate itself.
const MAXIMUM_HEADER_LENGTH: u64 = 100_000_000;

/// A file whose header was read and checked, or the one in the binary.
#[derive(Debug)]
pub(super) struct SafetensorsFile {
    bytes: ByteSource,
    metadata: Metadata,
    data_start: u64,
}

impl SafetensorsFile {
    pub(super) fn open(path: &Path) -> Result<Self, WeightsError> {
        read_header(ByteSource::open(path)?, &file_name(path))
    }

    /// A file in memory; errors call it `name`.
    pub(super) fn builtin(bytes: &'static [u8], name: &str) -> Result<Self, WeightsError> {
        read_header(ByteSource::Builtin(bytes), name)
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.metadata.offset_keys()
    }

    pub(super) fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.metadata.info(name).map(|info| info.shape.clone())
    }

    /// The whole tensor, `None` if the file has none of this name.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<f32>>, WeightsError> {
        let Some(info) = self.metadata.info(name) else {
            return Ok(None);
        };
        let (start, end) = info.data_offsets;
        let position = self.data_start + start as u64;
        read_values(&self.bytes, name, info, position, end - start).map(Some)
    }

    /// Some rows of a matrix of `shape` `[rows, columns]`, each of which it
    /// must have; `None` if the file has no tensor of this name.
    pub(super) fn read_rows(
        &self,
        name: &str,
        [row_count, column_count]: [usize; 2],
        row_indices: &[u32],
    ) -> Result<Option<Vec<f32>>, WeightsError> {
        let Some(info) = self.metadata.info(name) else {
            return Ok(None);
        };
        let byte_count = info.data_offsets.1 - info.data_offsets.0;
        let row_length = byte_count.checked_div(row_count).unwrap_or(0);
        let mut values = Vec::with_capacity(row_indices.len() * column_count);
        for &row in row_indices {
            let start = info.data_offsets.0 + row as usize * row_length;
            let position = self.data_start + start as u64;
            values.extend(read_values(&self.bytes, name, info, position, row_length)?);
        }
        Ok(Some(values))
    }
}

/// Reads and checks the header: its length fits the file, the offsets leave
/// no gap and no overlap, and the tensors end where the file ends.
fn read_header(bytes: ByteSource, file: &str) -> Result<SafetensorsFile, WeightsError> {
    let invalid = |reason: String| WeightsError::Safetensors {
        file: file.to_owned(),
        reason,
    };
    let file_length = bytes.length()?;
    if file_length < 8 {
        return Err(invalid(format!(
            "it has {file_length} bytes, expected at least 8"
        )));
    }
    let mut length_field = [0_u8; 8];
    bytes.read_exact_at(0, &mut length_field)?;
    let header_length = u64::from_le_bytes(length_field);
    let available = file_length - 8;
    if header_length > available.min(MAXIMUM_HEADER_LENGTH) {
        return Err(invalid(format!(
            "its header says it is {header_length} bytes long, and {available} bytes follow"
        )));
    }
    // At most MAXIMUM_HEADER_LENGTH, so it fits a usize on every platform.
    let mut header = vec![0_u8; header_length as usize];
    bytes.read_exact_at(8, &mut header)?;
    let metadata: Metadata =
        serde_json::from_slice(&header).map_err(|error| invalid(error.to_string()))?;
    let data_start = 8 + header_length;
    let data_length = metadata.data_len() as u64;
    if Some(file_length) != data_start.checked_add(data_length) {
        return Err(invalid(format!(
            "its tensors take {data_length} bytes, and {} bytes follow the header",
            file_length - data_start
        )));
    }
    Ok(SafetensorsFile {
        bytes,
        metadata,
        data_start,
    })
}

/// `byte_count` bytes of a tensor, from `position` of the file, as `f32`.
fn read_values(
    bytes: &ByteSource,
    name: &str,
    info: &TensorInfo,
    position: u64,
    byte_count: usize,
) -> Result<Vec<f32>, WeightsError> {
    let float_type = match info.dtype {
        Dtype::F32 => FloatType::F32,
        Dtype::F16 => FloatType::F16,
        Dtype::BF16 => FloatType::Bf16,
        found => {
            return Err(WeightsError::Dtype {
                name: name.to_owned(),
                found: format!("{found:?}"),
            });
        }
    };
    Ok(bytes.read_floats(float_type, position, byte_count)?)
}
