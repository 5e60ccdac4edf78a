//! `pytorch_model.bin` in PyTorch's zip format: a pickle that describes the
//! tensors, and their storages beside it, stored as they are.
//!
//! candle reads the format too. Its reader copies values where the pickle
//! shares them, so that a file of some hundred bytes takes all memory, frees
//! nested ones recursively, so that one of a megabyte overflows the stack, and
//! prints to standard error.

mod state_dict;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;
use zip::{CompressionMethod, ZipArchive};

use super::bytes::{ByteSource, FloatType, ReadError, file_name};
use crate::remedy::{CheckpointPart, Remedy};
use state_dict::TensorRecord;

/// The name of the pickle, below the archive's own folder.
const PICKLE: &str = "data.pkl";

/// The longest pickle that is read, in bytes; a BERT's has some ten thousand.
const MAXIMUM_PICKLE_LENGTH: u64 = 64 << 20;

/// Why a `.bin` file cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PickleError {
    /// The file cannot be opened.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what PyTorch 1.6 and later write.
    #[error("{file}: not a checkpoint in PyTorch's zip format: {reason}")]
    Malformed {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file says that a tensor is larger than the file.
    #[error("{file}: tensor {name} of {expected} bytes cannot be in a file of {found} bytes")]
    LargerThanFile {
        /// The file's name.
        file: String,
        /// The tensor's name.
        name: String,
        /// Bytes that its shape asks for.
        expected: u128,
        /// Bytes of the file.
        found: u64,
    },
    /// A tensor holds something else than floating-point numbers.
    #[error("{file}: tensor {name}: expected F32, F16 or BF16, found {found}")]
    Dtype {
        /// The file's name.
        file: String,
        /// The tensor's name.
        name: String,
        /// The type in the file.
        found: String,
    },
}

impl PickleError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Io { .. } => Remedy::LookAtFile,
            Self::Malformed { .. } | Self::Dtype { .. } => {
                Remedy::SaveCheckpoint(CheckpointPart::Safetensors)
            }
            Self::LargerThanFile { .. } => {
                Remedy::SaveCheckpoint(CheckpointPart::ConfigWithWeights)
            }
        })
    }
}

impl From<ReadError> for PickleError {
    fn from(error: ReadError) -> Self {
        let ReadError { path, source } = error;
        Self::Io { path, source }
    }
}

/// An opened `.bin` file.
#[derive(Debug)]
pub struct PickleFile {
    tensors: BTreeMap<String, TensorRecord>,
    storages: BTreeMap<String, Storage>,
    bytes: ByteSource,
    file: String,
    file_length: u64,
    /// The word embedding table, kept because its rows are asked for one input
    /// after the other.
    last: Mutex<Option<KeptTensor>>,
}

/// A tensor's name and values.
type KeptTensor = (String, Arc<Vec<f32>>);

/// Where a storage is in the file, in bytes.
#[derive(Debug, Clone, Copy)]
struct Storage {
    start: u64,
    length: u64,
}

impl PickleFile {
    /// Reads the names, shapes and types of the tensors.
    ///
    /// # Errors
    /// When the file cannot be read or is malformed.
    pub fn open(path: &Path) -> Result<Self, PickleError> {
        let bytes = ByteSource::open(path)?;
        let file_length = bytes.length()?;
        let file = file_name(path);
        let malformed = |reason: String| PickleError::Malformed {
            file: file.clone(),
            reason,
        };
        // The zip crate has had panics on malformed files; one is reported
        // like any other such file.
        let contents = catch_unwind(AssertUnwindSafe(|| contents(path, file_length)));
        let (pickle, storages) = contents
            .unwrap_or_else(|_| Err("its structure is broken".to_owned()))
            .map_err(malformed)?;
        let tensors = state_dict::tensors(&pickle).map_err(malformed)?;
        Ok(Self {
            tensors: tensors
                .into_iter()
                .map(|tensor| (tensor.name.clone(), tensor))
                .collect(),
            storages,
            bytes,
            file,
            file_length,
            last: Mutex::new(None),
        })
    }

    /// The names of all tensors.
    pub fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    /// The shape of a tensor, `None` if there is none of that name.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.tensors.get(name).map(|tensor| tensor.shape.clone())
    }

    /// A whole tensor, row after row, kept until another one is asked for.
    ///
    /// # Errors
    /// As [`PickleFile::read`].
    pub fn read_and_keep(&self, name: &str) -> Result<Arc<Vec<f32>>, PickleError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((last_name, values)) = &*last
            && last_name == name
        {
            return Ok(Arc::clone(values));
        }
        let values = Arc::new(self.read(name)?);
        *last = Some((name.to_owned(), Arc::clone(&values)));
        Ok(values)
    }

    /// A whole tensor, row after row.
    ///
    /// # Errors
    /// When it is not there, larger than the file, or of another type.
    pub fn read(&self, name: &str) -> Result<Vec<f32>, PickleError> {
        let malformed = |reason: String| PickleError::Malformed {
            file: self.file.clone(),
            reason,
        };
        let tensor = self
            .tensors
            .get(name)
            .ok_or_else(|| malformed(format!("no tensor {name}")))?;
        let float_type = self.float_type(tensor)?;
        let element_count = self.element_count(tensor, float_type)?;
        if element_count == 0 {
            return Ok(Vec::new());
        }
        let beyond = || malformed(format!("tensor {name} reaches beyond its data"));
        let storage = self
            .storages
            .get(&tensor.storage)
            .ok_or_else(|| malformed(format!("no data of tensor {name}")))?;
        let span = span(tensor).ok_or_else(beyond)?;
        let size = float_type.size() as u64;
        let end = tensor
            .offset
            .checked_add(span)
            .and_then(|end| end.checked_mul(size));
        if end.is_none_or(|end| end > storage.length) {
            return Err(beyond());
        }
        // Both fit, for they are within the storage.
        let position = storage.start + tensor.offset * size;
        let byte_count = usize::try_from(span * size).map_err(|_| beyond())?;
        let values = self.bytes.read_floats(float_type, position, byte_count)?;
        match is_contiguous(tensor) {
            true => Ok(values),
            false => gather(tensor, &values, element_count).ok_or_else(beyond),
        }
    }

    fn float_type(&self, tensor: &TensorRecord) -> Result<FloatType, PickleError> {
        match tensor.storage_type.as_str() {
            "FloatStorage" => Ok(FloatType::F32),
            "HalfStorage" => Ok(FloatType::F16),
            "BFloat16Storage" => Ok(FloatType::Bf16),
            found => Err(PickleError::Dtype {
                file: self.file.clone(),
                name: tensor.name.clone(),
                found: found.to_owned(),
            }),
        }
    }

    /// The number of elements. The storages are not compressed, so a tensor
    /// that is larger than the file is a lie that must not be allocated for.
    fn element_count(
        &self,
        tensor: &TensorRecord,
        float_type: FloatType,
    ) -> Result<usize, PickleError> {
        let element_count = tensor
            .shape
            .iter()
            .fold(1_u128, |count, &size| count.saturating_mul(size as u128));
        let expected = element_count.saturating_mul(float_type.size() as u128);
        let found = self.file_length;
        match usize::try_from(element_count) {
            Ok(element_count) if expected <= u128::from(found) => Ok(element_count),
            _ => Err(PickleError::LargerThanFile {
                file: self.file.clone(),
                name: tensor.name.clone(),
                expected,
                found,
            }),
        }
    }
}

/// The pickle, and where the storages beside it are.
fn contents(path: &Path, file_length: u64) -> Result<(Vec<u8>, BTreeMap<String, Storage>), String> {
    let reason = |error: &dyn std::fmt::Display| error.to_string();
    let file = File::open(path).map_err(|error| reason(&error))?;
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|error| reason(&error))?;
    let mut pickle = None;
    let mut entries = Vec::new();
    for index in 0..zip.len() {
        let entry = zip.by_index(index).map_err(|error| reason(&error))?;
        let name = entry.name().map_err(|error| reason(&error))?.into_owned();
        let start = entry.data_start().unwrap_or(u64::MAX);
        let length = entry.size();
        let is_inside = start
            .checked_add(length)
            .is_some_and(|end| end <= file_length);
        if entry.compression() != CompressionMethod::Stored || !is_inside {
            return Err(format!("its entry {name} is compressed or not whole"));
        }
        let is_pickle = name == PICKLE || name.ends_with(&format!("/{PICKLE}"));
        if is_pickle && pickle.is_none() {
            if length > MAXIMUM_PICKLE_LENGTH {
                return Err(format!("its pickle has {length} bytes"));
            }
            let mut bytes = Vec::new();
            entry
                .take(MAXIMUM_PICKLE_LENGTH)
                .read_to_end(&mut bytes)
                .map_err(|error| reason(&error))?;
            let folder = name.strip_suffix(".pkl").unwrap_or(&name);
            pickle = Some((bytes, format!("{folder}/")));
        }
        entries.push((name, Storage { start, length }));
    }
    let (pickle, folder) = pickle.ok_or_else(|| format!("there is no {PICKLE} in it"))?;
    let storages = entries
        .into_iter()
        .filter_map(|(name, storage)| Some((name.strip_prefix(&folder)?.to_owned(), storage)))
        .collect();
    Ok((pickle, storages))
}

/// The number of elements from a tensor's first to its last, in its storage.
fn span(tensor: &TensorRecord) -> Option<u64> {
    let dimensions = tensor.shape.iter().zip(&tensor.strides);
    dimensions
        .map(|(&size, &stride)| (size as u64).saturating_sub(1).checked_mul(stride))
        .try_fold(1_u64, |span, step| span.checked_add(step?))
}

/// Whether the elements lie in the storage as they are read, row after row.
fn is_contiguous(tensor: &TensorRecord) -> bool {
    let mut expected = 1;
    tensor
        .shape
        .iter()
        .zip(&tensor.strides)
        .rev()
        .all(|(&size, &stride)| {
            let fits = size == 1 || stride == expected;
            expected *= size as u64;
            fits
        })
}

/// The elements row after row, from where the strides say they are.
fn gather(tensor: &TensorRecord, values: &[f32], element_count: usize) -> Option<Vec<f32>> {
    (0..element_count as u64)
        .map(|element| {
            let (mut rest, mut at) = (element, 0);
            for (&size, &stride) in tensor.shape.iter().zip(&tensor.strides).rev() {
                at += rest % size as u64 * stride;
                rest /= size as u64;
            }
            values.get(usize::try_from(at).ok()?).copied()
        })
        .collect()
}
