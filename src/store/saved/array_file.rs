//! A file of named arrays, whatever its format.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use super::SavedError;
use super::arrays::ArrayInfo;
use super::json::JsonArrays;
use super::npy_file::NpyFile;
use super::npz::NpzArrays;
use super::safetensors::SafetensorsArrays;
use super::torch::TorchArrays;
use crate::checkpoint::FileKind;

/// So many bytes at the start of a file tell what it is.
const LOOKED_AT: u64 = 512;

/// A file whose directory was read and checked.
#[derive(Debug)]
pub(super) enum ArrayFile {
    Safetensors(SafetensorsArrays),
    Npz(NpzArrays),
    Npy(NpyFile),
    Json(JsonArrays),
    Torch(TorchArrays),
}

impl ArrayFile {
    pub(super) fn open(path: &Path) -> Result<Self, SavedError> {
        let failed = |source| SavedError::Io {
            path: path.to_owned(),
            source,
        };
        // A pipe would be waited for, and has no length to hold claims against.
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(SavedError::Format {
                path: path.to_owned(),
                found: "something that is no regular file".to_owned(),
            });
        }
        let mut file = File::open(path).map_err(failed)?;
        let mut start = Vec::new();
        file.by_ref()
            .take(LOOKED_AT)
            .read_to_end(&mut start)
            .map_err(failed)?;
        file.rewind().map_err(failed)?;
        let kind = FileKind::of(&start);
        if matches!(kind, FileKind::TorchZip | FileKind::TorchLegacy) {
            return Ok(Self::Torch(TorchArrays::open(path)?));
        }
        let found = match start.as_slice() {
            [b'P', b'K', 3 | 5, ..] => return Ok(Self::Npz(NpzArrays::open(path, file)?)),
            // A safetensors header is JSON behind its length, which is far
            // below what eight bytes can hold.
            [_, _, _, _, _, _, _, 0, b'{', ..] => {
                return Ok(Self::Safetensors(SafetensorsArrays::open(path, file)?));
            }
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => {
                return Ok(Self::Npy(NpyFile::open(path, file)?));
            }
            _ if begins_json(&start) => return Ok(Self::Json(JsonArrays::open(path, file)?)),
            // What claims more says so itself.
            [_, _, _, _, _, _, _, _, b'{', ..] => {
                return Ok(Self::Safetensors(SafetensorsArrays::open(path, file)?));
            }
            [] => "an empty file",
            _ => match kind {
                FileKind::Unknown => "something else",
                kind => kind.in_words(),
            },
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
            Self::Npy(_) | Self::Torch(_) => Ok(None),
            Self::Json(arrays) => Ok(arrays.manifest()),
        }
    }

    pub(super) fn arrays(&self) -> &[ArrayInfo] {
        match self {
            Self::Safetensors(arrays) => arrays.arrays(),
            Self::Npz(arrays) => arrays.arrays(),
            Self::Npy(file) => file.arrays(),
            Self::Json(arrays) => arrays.arrays(),
            Self::Torch(arrays) => arrays.arrays(),
        }
    }

    /// What the file calls the queries and the keys, where it does.
    pub(super) fn tokens(&mut self) -> [Option<Vec<String>>; 2] {
        match self {
            Self::Safetensors(arrays) => arrays.tokens(),
            Self::Npz(arrays) => arrays.tokens(),
            Self::Npy(_) => [None, None],
            Self::Json(arrays) => arrays.tokens(),
            Self::Torch(arrays) => arrays.tokens(),
        }
    }

    /// All numbers of the array at a position of [`ArrayFile::arrays`], the
    /// last dimension fastest. Each array is read once.
    pub(super) fn read(&mut self, position: usize) -> Result<Vec<f32>, SavedError> {
        match self {
            Self::Safetensors(arrays) => arrays.read(position),
            Self::Npz(arrays) => arrays.read(position),
            Self::Npy(file) => file.read(),
            Self::Json(arrays) => Ok(arrays.take(position)),
            Self::Torch(arrays) => arrays.read(position),
        }
    }
}

/// Whether a file begins with an object or a list, whatever space is before it.
fn begins_json(start: &[u8]) -> bool {
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'['))
}
