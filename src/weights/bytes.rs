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

/// Half-precision numbers that are read at a time, and then converted.
const HALVES_LENGTH: usize = 1 << 12;

/// How a number is stored; little-endian all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatType {
    F32,
    F16,
    Bf16,
}

impl FloatType {
    /// Bytes of one number.
    pub fn size(self) -> usize {
        match self {
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
        position: u64,
        byte_count: usize,
    ) -> Result<Vec<f32>, ReadError> {
        let mut values = vec![0.0; byte_count / float_type.size()];
        self.read_floats_into(float_type, position, &mut values)?;
        Ok(values)
    }

    /// Numbers from `position` on, as `f32`, as many as fit.
    ///
    /// # Errors
    /// When the file cannot be read or ends before.
    pub fn read_floats_into(
        &self,
        float_type: FloatType,
        mut position: u64,
        values: &mut [f32],
    ) -> Result<(), ReadError> {
        if float_type == FloatType::F32 {
            self.read_exact_at(position, bytemuck::cast_slice_mut(values))?;
            if cfg!(target_endian = "big") {
                for value in values {
                    *value = f32::from_bits(value.to_bits().swap_bytes());
                }
            }
            return Ok(());
        }
        let mut bits = [0_u16; HALVES_LENGTH];
        for chunk in values.chunks_mut(HALVES_LENGTH) {
            let bits = &mut bits[..chunk.len()];
            self.read_exact_at(position, bytemuck::cast_slice_mut(bits))?;
            position += size_of_val(bits) as u64;
            if cfg!(target_endian = "big") {
                bits.iter_mut().for_each(|bits| *bits = bits.swap_bytes());
            }
            match float_type {
                FloatType::Bf16 => bits
                    .reinterpret_cast::<half::bf16>()
                    .convert_to_f32_slice(chunk),
                // F32 has returned.
                FloatType::F16 | FloatType::F32 => bits
                    .reinterpret_cast::<half::f16>()
                    .convert_to_f32_slice(chunk),
            }
        }
        Ok(())
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
