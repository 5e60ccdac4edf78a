//! Tensors of a file that `torch.save` wrote: a tensor, a tuple of them, or
//! what a model returned. Nothing of its pickle is run.

use std::path::{Path, PathBuf};

use super::arrays::{ArrayInfo, Content, FloatType};
use super::own_tokens::tokens_among;
use super::{MAXIMUM_ARRAYS, SavedError};
use crate::weights::PickleFile;

/// All tensors together may always have this many bytes.
const FREE_LENGTH: u64 = 64 << 20;

/// Bytes of the smallest numbers that are read.
const LEAST_SIZE: u64 = 2;

/// A file whose pickle was read and checked.
#[derive(Debug)]
pub(super) struct TorchArrays {
    path: PathBuf,
    file: PickleFile,
    arrays: Vec<ArrayInfo>,
}

impl TorchArrays {
    pub(super) fn open(path: &Path) -> Result<Self, SavedError> {
        let file = PickleFile::open_everything(path).map_err(SavedError::Pickle)?;
        let names = file.names();
        if names.len() > MAXIMUM_ARRAYS {
            return Err(SavedError::TooLarge {
                path: path.to_owned(),
                reason: format!("it has more than {MAXIMUM_ARRAYS} tensors"),
            });
        }
        let tensors = names.into_iter().map(|name| ArrayInfo {
            shape: file.shape(&name).unwrap_or_default(),
            content: match file.other_type(&name) {
                Some(found) => Content::Other(found),
                // Whatever it is in the file, it is read as this.
                None => Content::Floats(FloatType::F32),
            },
            name,
        });
        let nothing = file.nothing.iter().map(|name| ArrayInfo {
            name: name.clone(),
            shape: Vec::new(),
            content: Content::Nothing,
        });
        let arrays: Vec<ArrayInfo> = tensors.chain(nothing).collect();
        check_total(path, &arrays, file.file_length)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            arrays,
        })
    }

    pub(super) fn arrays(&self) -> &[ArrayInfo] {
        &self.arrays
    }

    /// What its entries call the queries and the keys.
    pub(super) fn tokens(&self) -> [Option<Vec<String>>; 2] {
        tokens_among(&self.file.texts)
    }

    pub(super) fn read(&self, position: usize) -> Result<Vec<f32>, SavedError> {
        match self.arrays.get(position) {
            Some(array) => self.file.read(&array.name).map_err(SavedError::Pickle),
            None => Err(SavedError::Malformed {
                path: self.path.clone(),
                reason: "a tensor is missing".to_owned(),
            }),
        }
    }
}

/// Tensors may share their numbers, and a small file claim as many as it likes.
fn check_total(path: &Path, arrays: &[ArrayInfo], file_length: u64) -> Result<(), SavedError> {
    let count = |array: &ArrayInfo| {
        let sizes = array.shape.iter().map(|&size| size as u64);
        sizes.fold(1, u64::saturating_mul)
    };
    let total = arrays.iter().map(count).fold(0, u64::saturating_add);
    match total.saturating_mul(LEAST_SIZE) > file_length.saturating_add(FREE_LENGTH) {
        true => Err(SavedError::TooLarge {
            path: path.to_owned(),
            reason: format!("its tensors claim {total} numbers, more than the file can hold"),
        }),
        false => Ok(()),
    }
}
