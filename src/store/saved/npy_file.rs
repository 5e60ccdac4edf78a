//! A file of a single array in NumPy's format, as `numpy.save` writes it.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::SavedError;
use super::arrays::{ArrayInfo, Content, read_floats};
use super::npy::{NpyHeader, from_fortran_order, read_header};
use crate::store::numbers::names::RAW;

/// A file whose header was read and checked.
#[derive(Debug)]
pub(super) struct NpyFile {
    path: PathBuf,
    file: BufReader<File>,
    header: NpyHeader,
    count: usize,
    /// The array, by the name that attention has.
    array: ArrayInfo,
}

impl NpyFile {
    pub(super) fn open(path: &Path, file: File) -> Result<Self, SavedError> {
        let length = file.metadata().map(|metadata| metadata.len());
        let length = length.map_err(|source| SavedError::Io {
            path: path.to_owned(),
            source,
        })?;
        let mut file = BufReader::new(file);
        let mut header = read_header(&mut file).map_err(|reason| SavedError::Malformed {
            path: path.to_owned(),
            reason,
        })?;
        header.look_into_objects(&mut file);
        let count =
            header.checked_count(path, "the array", length.saturating_sub(header.length))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            array: ArrayInfo {
                name: RAW.to_owned(),
                shape: header.shape.clone(),
                content: header.content.clone(),
            },
            header,
            count,
        })
    }

    pub(super) fn arrays(&self) -> &[ArrayInfo] {
        std::slice::from_ref(&self.array)
    }

    pub(super) fn read(&mut self) -> Result<Vec<f32>, SavedError> {
        let Content::Floats(float_type) = self.header.content else {
            return Ok(Vec::new());
        };
        let (start, big_endian) = (self.header.length, self.header.big_endian);
        let values = self
            .file
            .seek(SeekFrom::Start(start))
            .and_then(|_| read_floats(&mut self.file, float_type, big_endian, self.count))
            .map_err(|source| SavedError::Io {
                path: self.path.clone(),
                source,
            })?;
        Ok(match self.header.fortran_order {
            true => from_fortran_order(&values, &self.header.shape),
            false => values,
        })
    }
}
