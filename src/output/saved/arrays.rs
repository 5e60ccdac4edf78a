//! A file of named arrays, whatever its format.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use half::slice::HalfFloatSliceExt;

use super::npz::NpzArrays;
use super::safetensors::SafetensorsArrays;
use super::{MAXIMUM_VALUES, SavedError};

/// Values that are read at once.
const CHUNK: usize = 16_384;

/// A number as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FloatType {
    F64,
    F32,
    F16,
    Bf16,
}

impl FloatType {
    /// Bytes of one number.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }
}

/// What an array holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// Floating-point numbers.
    Floats(FloatType),
    /// Anything else, as the file names it.
    Other(String),
}

/// An array that has been checked: its values are in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArrayInfo {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) content: Content,
}

/// A file whose directory was read and checked.
#[derive(Debug)]
pub(super) enum ArrayFile {
    Safetensors(SafetensorsArrays),
    Npz(NpzArrays),
}

impl ArrayFile {
    pub(super) fn open(path: &Path) -> Result<Self, SavedError> {
        let failed = |source| SavedError::Io {
            path: path.to_owned(),
            source,
        };
        let mut file = File::open(path).map_err(failed)?;
        let mut start = Vec::new();
        file.by_ref()
            .take(9)
            .read_to_end(&mut start)
            .map_err(failed)?;
        file.rewind().map_err(failed)?;
        // A safetensors header is JSON behind its length.
        let found = match start.as_slice() {
            [b'P', b'K', 3 | 5, ..] => return Ok(Self::Npz(NpzArrays::open(path, file)?)),
            [_, _, _, _, _, _, _, _, b'{'] => {
                return Ok(Self::Safetensors(SafetensorsArrays::open(path, file)?));
            }
            [] => "an empty file",
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => "a single npy array",
            [0x80, ..] => "a pickle",
            [b'{' | b'[', ..] => "JSON",
            [0x89, b'P', b'N', b'G', ..] => "a PNG picture",
            _ => "something else",
        };
        Err(SavedError::Format {
            path: path.to_owned(),
            found: found.to_owned(),
        })
    }

    /// What attnviz wrote about the attention, as JSON.
    pub(super) fn manifest(&mut self) -> Result<Option<String>, SavedError> {
        match self {
            Self::Safetensors(arrays) => Ok(arrays.manifest()),
            Self::Npz(arrays) => arrays.manifest(),
        }
    }

    pub(super) fn arrays(&self) -> &[ArrayInfo] {
        match self {
            Self::Safetensors(arrays) => arrays.arrays(),
            Self::Npz(arrays) => arrays.arrays(),
        }
    }

    /// All numbers of the array at a position of [`ArrayFile::arrays`], the
    /// last dimension fastest.
    pub(super) fn read(&mut self, position: usize) -> Result<Vec<f32>, SavedError> {
        match self {
            Self::Safetensors(arrays) => arrays.read(position),
            Self::Npz(arrays) => arrays.read(position),
        }
    }
}

/// The number of values of a shape, `None` above [`MAXIMUM_VALUES`].
pub(super) fn value_count(shape: &[usize]) -> Option<usize> {
    let product = shape
        .iter()
        .try_fold(1_u64, |product, &size| product.checked_mul(size as u64))?;
    // Sizes beside a zero are as untrue as a product that is too large.
    let is_small = shape.iter().all(|&size| size as u64 <= MAXIMUM_VALUES);
    let count = (is_small && product <= MAXIMUM_VALUES).then_some(product)?;
    usize::try_from(count).ok()
}

/// `count` numbers as `f32`. The caller has checked that the source says to
/// hold as many.
pub(super) fn read_floats(
    source: &mut dyn Read,
    float_type: FloatType,
    big_endian: bool,
    count: usize,
) -> io::Result<Vec<f32>> {
    let size = float_type.size();
    let mut values = Vec::with_capacity(count);
    let mut buffer = vec![0_u8; CHUNK.min(count) * size];
    while values.len() < count {
        let chunk = CHUNK.min(count - values.len());
        let bytes = buffer.get_mut(..chunk * size).unwrap_or_default();
        source.read_exact(bytes)?;
        if big_endian {
            bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
        }
        append(&mut values, float_type, bytes);
    }
    Ok(values)
}

/// Appends little-endian numbers.
fn append(values: &mut Vec<f32>, float_type: FloatType, bytes: &[u8]) {
    let halves = || bytes.as_chunks().0.iter().copied().map(u16::from_le_bytes);
    match float_type {
        FloatType::F64 => {
            let (numbers, _) = bytes.as_chunks();
            values.extend(
                numbers
                    .iter()
                    .map(|&bytes| f64::from_le_bytes(bytes) as f32),
            );
        }
        FloatType::F32 => {
            let (numbers, _) = bytes.as_chunks();
            values.extend(numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)));
        }
        FloatType::F16 => {
            let numbers: Vec<half::f16> = halves().map(half::f16::from_bits).collect();
            let start = values.len();
            values.resize(start + numbers.len(), 0.0);
            if let Some(end) = values.get_mut(start..) {
                numbers.convert_to_f32_slice(end);
            }
        }
        FloatType::Bf16 => {
            values.extend(halves().map(|bits| half::bf16::from_bits(bits).to_f32()));
        }
    }
}
