//! `pytorch_model.bin`: a pickle that describes the tensors, and their storages
//! beside it or behind it, stored as they are.
//!
//! candle reads the format too. Its reader copies values where the pickle
//! shares them, so that a file of some hundred bytes takes all memory, frees
//! nested ones recursively, so that one of a megabyte overflows the stack, and
//! prints to standard error.

mod classes;
mod error;
mod everything;
mod legacy_file;
mod machine;
mod state_dict;
mod zip_file;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::bytes::{ByteOrder, ByteSource, FloatType, ReadError, file_name};
use crate::checkpoint::FileKind;
pub use error::PickleError;
pub use everything::{everything, pickled_texts};
use machine::Pickled;
use state_dict::{Entry, NoStateDict, StateDict, TensorRecord, state_dict};

/// The longest pickle that is read, in bytes; a BERT's has some ten thousand.
const MAXIMUM_PICKLE_LENGTH: u64 = 64 << 20;

impl From<ReadError> for PickleError {
    fn from(error: ReadError) -> Self {
        let ReadError { path, source } = error;
        Self::Io { path, source }
    }
}

/// What is wrong with a file, before it is said which one.
#[derive(Debug)]
enum Problem {
    Io(ReadError),
    Malformed(String),
    Incomplete(String),
    Object(String),
    SeveralModels(Vec<String>),
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        Self::Io(error)
    }
}

impl From<NoStateDict> for Problem {
    fn from(problem: NoStateDict) -> Self {
        match problem {
            NoStateDict::Object(class) => Self::Object(class),
            NoStateDict::Several(keys) => Self::SeveralModels(keys),
            NoStateDict::Malformed(reason) => Self::Malformed(reason),
        }
    }
}

impl Problem {
    fn of(self, path: &Path) -> PickleError {
        let path_owned = path.to_owned();
        match self {
            Self::Io(error) => error.into(),
            Self::Malformed(reason) => PickleError::Malformed {
                file: file_name(path),
                reason,
            },
            Self::Incomplete(reason) => PickleError::Incomplete {
                path: path_owned,
                reason,
            },
            Self::Object(found) => PickleError::Object {
                path: path_owned,
                found,
            },
            Self::SeveralModels(keys) => PickleError::SeveralModels {
                path: path_owned,
                keys,
            },
        }
    }
}

/// Which tensors of a pickle are wanted.
type Find = fn(&Pickled<'_>) -> Result<StateDict, NoStateDict>;

/// What a file holds, whichever of PyTorch's formats it has.
#[derive(Debug)]
struct Contents {
    state_dict: StateDict,
    storages: BTreeMap<String, Storage>,
    is_big_endian: bool,
}

/// An opened `.bin` file.
#[derive(Debug)]
pub struct PickleFile {
    tensors: BTreeMap<String, TensorRecord>,
    /// Tensors of other kinds, by the function that would make each.
    unreadable: BTreeMap<String, String>,
    /// What is None instead of a tensor.
    pub nothing: Vec<String>,
    /// A few keys that lead to no tensor.
    pub other_keys: Vec<String>,
    /// Lists of texts, by the keys that lead to them.
    pub texts: Vec<(String, Vec<String>)>,
    storages: BTreeMap<String, Storage>,
    byte_order: ByteOrder,
    bytes: ByteSource,
    file: String,
    /// In bytes.
    pub file_length: u64,
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

/// Where a tensor's numbers are, checked against the file.
struct Place<'file> {
    tensor: &'file TensorRecord,
    float_type: FloatType,
    element_count: usize,
    /// Where the first is, in bytes.
    position: u64,
    /// Bytes from the first to the last.
    byte_count: usize,
}

impl PickleFile {
    /// Reads the names, shapes and types of the tensors.
    ///
    /// # Errors
    /// When the file cannot be read or is malformed.
    pub fn open(path: &Path) -> Result<Self, PickleError> {
        Self::open_and_find(path, state_dict)
    }

    /// Reads what there is of all tensors, not of a state dict alone: by the
    /// keys and positions that lead to each.
    ///
    /// # Errors
    /// When the file cannot be read or is malformed.
    pub fn open_everything(path: &Path) -> Result<Self, PickleError> {
        Self::open_and_find(path, everything)
    }

    fn open_and_find(path: &Path, find: Find) -> Result<Self, PickleError> {
        let bytes = ByteSource::open(path)?;
        let file_length = bytes.length()?;
        let kind = FileKind::of_file(path).map_err(|source| bytes.failed(source))?;
        let contents = match kind == FileKind::TorchLegacy {
            true => legacy_file::contents(&bytes, file_length, find),
            false => zip_file::contents(path, file_length, find),
        };
        let contents = contents.map_err(|problem| problem.of(path))?;
        let (mut tensors, mut unreadable) = (BTreeMap::new(), BTreeMap::new());
        let mut nothing = Vec::new();
        for (name, entry) in contents.state_dict.entries {
            match entry {
                Entry::Tensor(tensor) => drop(tensors.insert(name, tensor)),
                Entry::Unreadable(function) => drop(unreadable.insert(name, function)),
                Entry::Nothing => nothing.push(name),
            }
        }
        Ok(Self {
            tensors,
            unreadable,
            nothing,
            other_keys: contents.state_dict.other_keys,
            texts: contents.state_dict.texts,
            storages: contents.storages,
            byte_order: match contents.is_big_endian {
                true => ByteOrder::Big,
                false => ByteOrder::Little,
            },
            bytes,
            file: file_name(path),
            file_length,
            last: Mutex::new(None),
        })
    }

    /// The names of all tensors.
    pub fn names(&self) -> Vec<String> {
        let names = self.tensors.keys().chain(self.unreadable.keys());
        names.cloned().collect()
    }

    /// Whether two names stand for the same numbers.
    pub fn is_same(&self, one: &str, other: &str) -> bool {
        let one = self.tensors.get(one);
        one.is_some() && one == self.tensors.get(other)
    }

    /// The type of a tensor that holds no floating-point numbers.
    pub fn other_type(&self, name: &str) -> Option<String> {
        let function = self.unreadable.get(name).cloned();
        function.or_else(|| {
            let tensor = self.tensors.get(name)?;
            let found = &tensor.storage_type;
            float_type(found).is_none().then(|| found.clone())
        })
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
        let Place {
            tensor,
            float_type,
            element_count,
            position,
            byte_count,
        } = self.place(name)?;
        if element_count == 0 {
            return Ok(Vec::new());
        }
        let order = self.byte_order;
        let values = self
            .bytes
            .read_floats(float_type, order, position, byte_count)?;
        let mut values = match is_contiguous(tensor) {
            true => values,
            false => gather(tensor, &values, element_count).ok_or_else(|| self.beyond(name))?,
        };
        if tensor.is_negated {
            values.iter_mut().for_each(|value| *value = -*value);
        }
        Ok(values)
    }

    /// Checks that a tensor's data are there, without reading them.
    ///
    /// # Errors
    /// As [`PickleFile::read`].
    pub fn check(&self, name: &str) -> Result<(), PickleError> {
        self.place(name).map(drop)
    }

    fn place(&self, name: &str) -> Result<Place<'_>, PickleError> {
        let no_tensor = || self.malformed(format!("no tensor {name}"));
        let tensor = self.tensors.get(name).ok_or_else(no_tensor)?;
        let float_type = float_type(&tensor.storage_type).ok_or_else(|| PickleError::Dtype {
            file: self.file.clone(),
            name: name.to_owned(),
            found: tensor.storage_type.clone(),
        })?;
        let element_count = self.element_count(name, tensor, float_type)?;
        let mut place = Place {
            tensor,
            float_type,
            element_count,
            position: 0,
            byte_count: 0,
        };
        if element_count == 0 {
            return Ok(place);
        }
        let beyond = || self.beyond(name);
        let no_data = || self.malformed(format!("no data of tensor {name}"));
        let storage = self.storages.get(&tensor.storage).ok_or_else(no_data)?;
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
        place.position = storage.start + tensor.offset * size;
        place.byte_count = usize::try_from(span * size).map_err(|_| beyond())?;
        Ok(place)
    }

    fn beyond(&self, name: &str) -> PickleError {
        self.malformed(format!("tensor {name} reaches beyond its data"))
    }

    fn malformed(&self, reason: String) -> PickleError {
        PickleError::Malformed {
            file: self.file.clone(),
            reason,
        }
    }

    /// The number of elements. The storages are not compressed, so a tensor
    /// that is larger than the file is a lie that must not be allocated for.
    fn element_count(
        &self,
        name: &str,
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
                name: name.to_owned(),
                expected,
                found,
            }),
        }
    }
}

/// How the numbers of a storage are stored, if they are floating-point ones.
fn float_type(storage_type: &str) -> Option<FloatType> {
    Some(match storage_type {
        "DoubleStorage" => FloatType::F64,
        "FloatStorage" => FloatType::F32,
        "HalfStorage" => FloatType::F16,
        "BFloat16Storage" => FloatType::Bf16,
        _ => return None,
    })
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
