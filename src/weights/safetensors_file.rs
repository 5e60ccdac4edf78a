//! One safetensors file: its header, checked, and the tensors behind it.
//!
//! It is read by position, tensor by tensor, straight into the memory that the
//! model keeps: nothing is mapped (a file that shrinks under a mapping kills
//! the process), nothing is read that is not needed, and two threads can read
//! at once.

use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use super::bytes::{ByteOrder, ByteSource, FloatType, file_name};
use super::error::WeightsError;
use super::header::{HeaderError, SafetensorsHeader};

/// The longest safetensors header that is read, in bytes: the limit of the
/// safetensors crate itself.
const MAXIMUM_HEADER_LENGTH: u64 = 100_000_000;

/// A file whose header was read and checked, or the one in the binary.
#[derive(Debug)]
pub(super) struct SafetensorsFile {
    bytes: ByteSource,
    header: SafetensorsHeader,
}

impl SafetensorsFile {
    pub(super) fn open(path: &Path) -> Result<Self, WeightsError> {
        read_header(ByteSource::open(path)?, path)
    }

    /// A file in memory; errors call it `name`.
    pub(super) fn builtin(bytes: &'static [u8], name: &str) -> Result<Self, WeightsError> {
        read_header(ByteSource::Builtin(bytes), Path::new(name))
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.header.metadata.offset_keys()
    }

    /// The type of a tensor that holds no floating-point numbers.
    pub(super) fn other_type(&self, name: &str) -> Option<String> {
        let info = self.header.metadata.info(name)?;
        float_type(name, info)
            .is_err()
            .then(|| format!("{:?}", info.dtype))
    }

    pub(super) fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.header
            .metadata
            .info(name)
            .map(|info| info.shape.clone())
    }

    /// The values of a tensor from element `first` on, as many as fit; `None`
    /// if the file does not have them.
    pub(super) fn read_part(
        &self,
        name: &str,
        first: usize,
        values: &mut [f32],
    ) -> Result<Option<()>, WeightsError> {
        let Some(info) = self.header.metadata.info(name) else {
            return Ok(None);
        };
        let float_type = float_type(name, info)?;
        let (start, end) = info.data_offsets;
        let first_byte = first.saturating_mul(float_type.size());
        let byte_count = values.len().saturating_mul(float_type.size());
        if first_byte.saturating_add(byte_count) > end - start {
            return Ok(None);
        }
        let position = self.header.data_start + (start + first_byte) as u64;
        let order = ByteOrder::Little;
        self.bytes
            .read_floats_into(float_type, order, position, values)?;
        Ok(Some(()))
    }
}

fn read_header(bytes: ByteSource, path: &Path) -> Result<SafetensorsFile, WeightsError> {
    let length = bytes.length()?;
    let header = SafetensorsHeader::read(bytes.reader(), length, MAXIMUM_HEADER_LENGTH);
    match header {
        Ok(header) => Ok(SafetensorsFile { bytes, header }),
        Err(HeaderError::Io(source)) => Err(bytes.failed(source).into()),
        Err(error @ (HeaderError::Malformed(_) | HeaderError::TooLong { .. })) => {
            Err(WeightsError::Safetensors {
                file: file_name(path),
                reason: error.to_string(),
            })
        }
        Err(HeaderError::Incomplete(reason)) => Err(WeightsError::Incomplete {
            path: path.to_owned(),
            reason,
        }),
    }
}

fn float_type(name: &str, info: &TensorInfo) -> Result<FloatType, WeightsError> {
    match info.dtype {
        Dtype::F64 => Ok(FloatType::F64),
        Dtype::F32 => Ok(FloatType::F32),
        Dtype::F16 => Ok(FloatType::F16),
        Dtype::BF16 => Ok(FloatType::Bf16),
        found => Err(WeightsError::Dtype {
            name: name.to_owned(),
            found: format!("{found:?}"),
        }),
    }
}
