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

    /// The values of a tensor from element `first` on, as many as fit; `None`
    /// if the file does not have them.
    pub(super) fn read_part(
        &self,
        name: &str,
        first: usize,
        values: &mut [f32],
    ) -> Result<Option<()>, WeightsError> {
        let Some(info) = self.metadata.info(name) else {
            return Ok(None);
        };
        let float_type = float_type(name, info)?;
        let (start, end) = info.data_offsets;
        let first_byte = first.saturating_mul(float_type.size());
        let byte_count = values.len().saturating_mul(float_type.size());
        if first_byte.saturating_add(byte_count) > end - start {
            return Ok(None);
        }
        let position = self.data_start + (start + first_byte) as u64;
        self.bytes.read_floats_into(float_type, position, values)?;
        Ok(Some(()))
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

fn float_type(name: &str, info: &TensorInfo) -> Result<FloatType, WeightsError> {
    match info.dtype {
        Dtype::F32 => Ok(FloatType::F32),
        Dtype::F16 => Ok(FloatType::F16),
        Dtype::BF16 => Ok(FloatType::Bf16),
        found => Err(WeightsError::Dtype {
            name: name.to_owned(),
            found: format!("{found:?}"),
        }),
    }
}
