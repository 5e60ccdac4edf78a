//! Floating-point numbers out of weight files, by position: two threads can
//! read at once, and nothing is read that is not needed.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
use thiserror::Error;

/// A weight file cannot be opened or read.
#[derive(Debug, Error)]
#[error("{}: {source}", path.display())]
pub(super) struct ReadError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// The name of a file without its folders, for errors.
pub fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Numbers of another width than `f32` that are read at a time, and then
/// converted.
const PART_LENGTH: usize = 1 << 12;

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// The lowest: almost everywhere.
    Little,
    /// The highest: where a file was written on such a machine and says so.
    Big,
}

impl ByteOrder {
    const NATIVE: Self = match cfg!(target_endian = "big") {
        true => Self::Big,
        false => Self::Little,
    };
}

/// How a number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatType {
    F64,
    F32,
    F16,
    Bf16,
}

impl FloatType {
    /// Bytes of one number.
    pub fn size(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }
}

/// Where bytes are read from.
#[derive(Debug)]
pub enum ByteSource {
    /// A file.
    File {
        /// Open for reading.
        file: File,
        /// Where it is, for errors.
        path: PathBuf,
    },
    /// What is compiled into the binary.
    Builtin(&'static [u8]),
}

impl ByteSource {
    /// A file, opened for reading.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let path = path.to_owned();
        match File::open(&path) {
            Ok(file) => Ok(Self::File { file, path }),
            Err(source) => Err(ReadError { path, source }),
        }
    }

    /// The number of bytes.
    ///
    /// # Errors
    /// When the system does not tell it.
    pub fn length(&self) -> Result<u64, ReadError> {
        match self {
            Self::Builtin(bytes) => Ok(bytes.len() as u64),
            Self::File { file, .. } => match file.metadata() {
                Ok(metadata) => Ok(metadata.len()),
                Err(source) => Err(self.failed(source)),
            },
        }
    }

    /// What was just opened, from its start on.
    pub fn reader(&self) -> Box<dyn Read + '_> {
        match self {
            Self::Builtin(bytes) => Box::new(*bytes),
            Self::File { file, .. } => Box::new(file),
        }
    }

    /// The error of a file that could not be read.
    pub fn failed(&self, source: io::Error) -> ReadError {
        let path = match self {
            Self::Builtin(_) => PathBuf::new(),
            Self::File { path, .. } => path.clone(),
        };
        ReadError { path, source }
    }

    /// Fills a buffer from `position` on.
    ///
    /// # Errors
    /// When the file cannot be read or ends before.
    pub fn read_exact_at(&self, position: u64, buffer: &mut [u8]) -> Result<(), ReadError> {
        match self {
            Self::Builtin(bytes) => {
                // Positions come from a header that was checked against the
                // length, so the slice is there; an empty one would leave the
                // buffer as it is.
                let start = position as usize;
                if let Some(part) = bytes.get(start..start + buffer.len()) {
                    buffer.copy_from_slice(part);
                }
                Ok(())
            }
            Self::File { file, .. } => {
                read_exact_at(file, position, buffer).map_err(|source| self.failed(source))
            }
        }
    }

    /// `byte_count` bytes from `position` on, as `f32`.
    ///
    /// # Errors
    /// When the file cannot be read or ends before.
    pub fn read_floats(
        &self,
        float_type: FloatType,
        order: ByteOrder,
        position: u64,
        byte_count: usize,
    ) -> Result<Vec<f32>, ReadError> {
        let mut values = vec![0.0; byte_count / float_type.size()];
        self.read_floats_into(float_type, order, position, &mut values)?;
        Ok(values)
    }

    /// Numbers from `position` on, as `f32`, as many as fit.
    ///
    /// # Errors
    /// When the file cannot be read or ends before.
    pub fn read_floats_into(
        &self,
        float_type: FloatType,
        order: ByteOrder,
        position: u64,
        values: &mut [f32],
    ) -> Result<(), ReadError> {
        let is_swapped = order != ByteOrder::NATIVE;
        match float_type {
            FloatType::F32 => {
                self.read_exact_at(position, bytemuck::cast_slice_mut(values))?;
                if is_swapped {
                    for value in values {
                        *value = f32::from_bits(value.to_bits().swap_bytes());
                    }
                }
                Ok(())
            }
            // Rounded to the nearest `f32`, as PyTorch does.
            FloatType::F64 => self.read_in_parts(position, values, |bits: &mut [u64], part| {
                for (bits, value) in bits.iter().zip(part) {
                    let bits = if is_swapped { bits.swap_bytes() } else { *bits };
                    *value = f64::from_bits(bits) as f32;
                }
            }),
            FloatType::F16 => self.read_in_parts(position, values, |bits: &mut [u16], part| {
                swap(is_swapped, bits);
                let halves = bits.reinterpret_cast::<half::f16>();
                halves.convert_to_f32_slice(part);
            }),
            FloatType::Bf16 => self.read_in_parts(position, values, |bits: &mut [u16], part| {
                swap(is_swapped, bits);
                let halves = bits.reinterpret_cast::<half::bf16>();
                halves.convert_to_f32_slice(part);
            }),
        }
    }

    /// Numbers of another width, some at a time, each lot converted.
    fn read_in_parts<Bits: bytemuck::Pod>(
        &self,
        mut position: u64,
        values: &mut [f32],
        convert: impl Fn(&mut [Bits], &mut [f32]),
    ) -> Result<(), ReadError> {
        let mut bits = [Bits::zeroed(); PART_LENGTH];
        for part in values.chunks_mut(PART_LENGTH) {
            let bits = &mut bits[..part.len()];
            self.read_exact_at(position, bytemuck::cast_slice_mut(bits))?;
            position += size_of_val(bits) as u64;
            convert(bits, part);
        }
        Ok(())
    }
}

fn swap(is_swapped: bool, bits: &mut [u16]) {
    if is_swapped {
        bits.iter_mut().for_each(|bits| *bits = bits.swap_bytes());
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, position: u64, buffer: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, position)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut position: u64, mut buffer: &mut [u8]) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !buffer.is_empty() {
        match file.seek_read(buffer, position)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                position += count as u64;
                buffer = &mut buffer[count..];
            }
        }
    }
    Ok(())
}
