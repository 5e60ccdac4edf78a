//! A file of named arrays, whatever its format.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use super::SavedError;
use super::arrays::ArrayInfo;
use super::npz::NpzArrays;
use super::safetensors::SafetensorsArrays;

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
