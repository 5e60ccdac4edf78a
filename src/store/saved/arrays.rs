//! Named arrays, and how their numbers are read.

use std::io::{self, Read};

use half::slice::HalfFloatSliceExt;

use super::MAXIMUM_VALUES;
use crate::memory;

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
    /// Python's None, or a list of them: what a model returns that was not
    /// asked for attention, or cannot give it.
    Nothing,
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
    memory::check((count as u64).saturating_mul(size_of::<f32>() as u64))
        .map_err(|error| io::Error::new(io::ErrorKind::OutOfMemory, error))?;
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
