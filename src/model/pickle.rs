//! `pytorch_model.bin` in PyTorch's zip format, read through candle, which
//! executes nothing that the pickle asks for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::pickle::PthTensors;
use candle_core::{DType, Tensor};
use thiserror::Error;

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

/// An opened `.bin` file.
pub struct PickleFile {
    tensors: PthTensors,
    file: String,
    file_length: u64,
    /// The word embedding table, kept because its rows are asked for one input
    /// after the other.
    last: Mutex<Option<(String, Arc<Vec<f32>>)>>,
}

impl std::fmt::Debug for PickleFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PickleFile")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl PickleFile {
    /// Reads the names, shapes and types of the tensors.
    ///
    /// # Errors
    /// When the file cannot be read or is malformed.
    pub fn open(path: &Path) -> Result<Self, PickleError> {
        let io = |source| PickleError::Io {
            path: path.to_owned(),
            source,
        };
        // A directory opens as a file does, so its kind is asked for as well.
        let metadata = std::fs::File::open(path)
            .and_then(|file| file.metadata())
            .map_err(io)?;
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let tensors = guard(&file, || PthTensors::new(path, None))?;
        Ok(Self {
            tensors,
            file,
            file_length: metadata.len(),
            last: Mutex::new(None),
        })
    }

    /// The names of all tensors.
    pub fn names(&self) -> Vec<String> {
        self.tensors.tensor_infos().keys().cloned().collect()
    }

    /// The shape of a tensor, `None` if there is none of that name.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.tensors
            .tensor_infos()
            .get(name)
            .map(|info| info.layout.dims().to_vec())
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
        let file = &self.file;
        let malformed = |reason: String| PickleError::Malformed {
            file: file.clone(),
            reason,
        };
        let info = self
            .tensors
            .tensor_infos()
            .get(name)
            .ok_or_else(|| malformed(format!("no tensor {name}")))?;
        if !matches!(info.dtype, DType::F32 | DType::F16 | DType::BF16) {
            let found = format!("{:?}", info.dtype);
            return Err(PickleError::Dtype {
                file: file.clone(),
                name: name.to_owned(),
                found,
            });
        }
        // The entries of the zip are stored, not compressed, so a tensor that
        // is larger than the file is a lie that must not be allocated for.
        let element_count = info
            .layout
            .dims()
            .iter()
            .fold(1_u128, |count, &size| count.saturating_mul(size as u128));
        let expected = element_count.saturating_mul(info.dtype.size_in_bytes() as u128);
        let found = self.file_length;
        if expected > u128::from(found) {
            let (file, name) = (file.clone(), name.to_owned());
            return Err(PickleError::LargerThanFile {
                file,
                name,
                expected,
                found,
            });
        }
        let tensor: Option<Tensor> = guard(file, || self.tensors.get(name))?;
        let tensor = tensor.ok_or_else(|| malformed(format!("no data of tensor {name}")))?;
        let values = guard(file, || {
            tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()
        })?;
        // The layout was checked against the config, the data were not.
        if values.len() as u128 != element_count {
            return Err(malformed(format!(
                "tensor {name} has {} values",
                values.len()
            )));
        }
        Ok(values)
    }
}

/// Runs a step of the reader, which panics on some malformed files; that is
/// reported like any other malformed file.
fn guard<T>(file: &str, step: impl FnOnce() -> candle_core::Result<T>) -> Result<T, PickleError> {
    let malformed = |reason: String| PickleError::Malformed {
        file: file.to_owned(),
        reason,
    };
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(malformed(first_line(&error.to_string()))),
        Err(_) => Err(malformed("its structure is broken".to_owned())),
    }
}

/// Without the backtrace that candle appends when `RUST_BACKTRACE` is set.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
