//! Tensors out of weight files, as `f32`, each checked before it is used.

mod bytes;
mod choice;
mod error;
mod header;
mod memory;
mod names;
mod pickle;
mod safetensors_file;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use pulp::Arch;

use self::choice::{choose, drop_aliases, found_instead, mixed_with};
use self::source::Source;
use crate::checkpoint::WeightFiles;

pub use self::error::WeightsError;
pub use self::header::{HeaderError, SafetensorsHeader};
pub use self::memory::WeightMemory;
pub use self::names::{AdapterKind, TensorNames};
pub use self::pickle::{PickleError, PickleFile, pickled_texts};

/// The tensors of a checkpoint, by name.
#[derive(Debug)]
pub struct Weights {
    sources: Vec<Source>,
    /// Which source holds a tensor.
    source_of: BTreeMap<String, usize>,
    /// What the model's tensors are called.
    model: TensorNames,
    /// What stands before the name of the word embedding table, and so before
    /// the name of every tensor of the model.
    prefix: String,
    /// Whether there are other encoders that could have been chosen.
    has_others: bool,
}

/// Values that are read and checked at a time: a part of the second-level
/// cache.
const CHUNK_LENGTH: usize = 1 << 16;

/// How many times as large as its pickles a model may be in memory.
const MAXIMUM_GROWTH: u64 = 8;

/// Bytes that a model may take whatever its files have.
const FREE_LENGTH: u64 = 64 << 20;

impl Weights {
    /// Opens the files and reads what they say they hold; no tensor yet.
    /// `model` tells which of the tensors are the model's, and `prefix` chooses one of several encoders, with or without the point at
    /// its end.
    ///
    /// # Errors
    /// When a file cannot be read, is malformed, holds an adapter or quantized
    /// weights, or when none of them holds a word embedding table, or several
    /// do and none is chosen.
    pub fn open(
        files: &WeightFiles,
        prefix: Option<&str>,
        model: &TensorNames,
    ) -> Result<Self, WeightsError> {
        let (sources, file) = source::open(files)?;
        let mut source_of = BTreeMap::new();
        for (index, source) in sources.iter().enumerate() {
            for name in source.names() {
                source_of.insert(name, index);
            }
        }
        let names: BTreeSet<&str> = source_of.keys().map(String::as_str).collect();
        let mut prefixes = model.prefixes(&names);
        drop_aliases(&sources, &names, model, &mut prefixes);
        let chosen = choose(&prefixes, prefix, &file)?;
        if let (None, Some(chosen)) = (prefix, chosen)
            && let Some((other, name)) = mixed_with(&names, model, chosen)
        {
            return Err(WeightsError::MixedPrefixes {
                file,
                prefixes: [chosen.to_owned(), other],
                name,
            });
        }
        if let Some((name, kind)) = model.adapter(&names, chosen) {
            return Err(WeightsError::Adapter { file, name, kind });
        }
        if let Some(name) = model.quantization(&names, chosen) {
            return Err(WeightsError::Quantized { file, name });
        }
        let several = |prefixes| WeightsError::SeveralEncoders {
            file: file.clone(),
            prefixes,
        };
        let Some(prefix) = chosen.map(str::to_owned) else {
            return Err(match prefixes.is_empty() {
                false => several(prefixes),
                true => WeightsError::NoEmbeddings {
                    expected: model.word_embeddings.clone(),
                    found: found_instead(&sources, &names),
                    file,
                },
            });
        };
        Ok(Self {
            has_others: prefixes.len() > 1,
            sources,
            source_of,
            prefix,
            model: model.clone(),
        })
    }

    /// What stands before the names of the encoder's tensors, where it was
    /// chosen among several.
    pub fn chosen_prefix(&self) -> Option<&str> {
        self.has_others.then_some(self.prefix.as_str())
    }

    /// Checks that so many numbers are not far more than the files hold, which
    /// tensors that share their data in a pickle may pretend. A model that uses
    /// its layers several times is some times as large as its file.
    ///
    /// # Errors
    /// When they are.
    pub fn check_size(&self, number_count: u64) -> Result<(), WeightsError> {
        let needed = number_count.saturating_mul(size_of::<f32>() as u64);
        let lengths = self.sources.iter().map(|source| match source {
            // It has room for what it says it holds.
            Source::Safetensors(_) => u64::MAX,
            Source::Pickle(file) => file.file_length,
        });
        let found = lengths.fold(0, u64::saturating_add);
        match needed
            > found
                .saturating_mul(MAXIMUM_GROWTH)
                .saturating_add(FREE_LENGTH)
        {
            true => Err(WeightsError::LargerThanFiles { needed, found }),
            false => Ok(()),
        }
    }

    /// The encoder's tensors that are not among the `expected` ones, which are
    /// without prefix: names with it, for people.
    pub fn unexpected(&self, expected: &BTreeSet<String>) -> Vec<String> {
        let names = self.source_of.keys().map(String::as_str).collect();
        let old: BTreeSet<String> = expected
            .iter()
            .filter_map(|name| names::old_name(name))
            .collect();
        self.model
            .of_model(&names, &self.prefix)
            .into_iter()
            .filter(|name| !expected.contains(*name) && !old.contains(*name))
            .filter(|name| !self.model.is_unused(name))
            .map(|name| names::shortened(&format!("{}{name}", self.prefix)))
            .collect()
    }

    /// Whether there is a tensor of this name, which is without prefix.
    pub fn has(&self, name: &str) -> bool {
        let name = format!("{}{name}", self.prefix);
        self.source_of.contains_key(&name)
    }

    /// One whole tensor of `shape`, row after row. `name` is without prefix;
    /// a layer norm's `weight` and `bias` are also found as `gamma` and `beta`,
    /// which go before.
    ///
    /// # Errors
    /// When it is missing, of another shape or type, or not finite.
    pub fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        let length = shape.iter().product();
        self.read_parts(&[(name.to_owned(), shape.to_vec())], length)
    }

    /// Several vectors, each of so many numbers, one after the other.
    ///
    /// # Errors
    /// As [`Weights::read`].
    pub fn read_vectors(&self, vectors: &[(String, usize)]) -> Result<Vec<f32>, WeightsError> {
        let length = vectors.iter().map(|(_, length)| length).sum();
        let vectors = vectors.iter();
        let parts: Vec<_> = vectors
            .map(|(name, length)| (name.clone(), vec![*length]))
            .collect();
        self.read_parts(&parts, length)
    }

    /// Several tensors, one after the other, straight into the memory that is
    /// returned, which holds `length` numbers.
    fn read_parts(
        &self,
        parts: &[(String, Vec<usize>)],
        length: usize,
    ) -> Result<Vec<f32>, WeightsError> {
        let located = self.locate_all(parts)?;
        if !are_trusted(&located) {
            let mut all = Vec::new();
            for (name, source, shape) in located {
                let values = source.read(&name, shape)?;
                check_finite(&name, 0, &values)?;
                all.extend(values);
            }
            return Ok(all);
        }
        // The system hands out zeros page by page, as they are written to.
        let mut all = vec![0.0; length];
        fill(&located, &mut all)?;
        Ok(all)
    }

    /// Several matrices, one after the other, of what is large and read over
    /// and over.
    ///
    /// # Errors
    /// As [`Weights::read`], and when there is no memory.
    pub fn read_matrices(&self, matrices: &[Matrix]) -> Result<WeightMemory, WeightsError> {
        let zeros = |length: usize| {
            WeightMemory::zeros(length).map_err(|source| WeightsError::Memory {
                byte_count: length.saturating_mul(size_of::<f32>()),
                source,
            })
        };
        let length = matrices.iter().map(Matrix::length).sum();
        let parts = named_shapes(matrices);
        let located = self.locate_all(&parts)?;
        if !are_trusted(&located) {
            let all = self.read_parts(&parts, length)?;
            let mut memory = zeros(all.len())?;
            memory.values_mut().copy_from_slice(&all);
            return Ok(memory);
        }
        let mut memory = zeros(length)?;
        fill(&located, memory.values_mut())?;
        Ok(memory)
    }

    /// Whether matrices can be read in parts. Those of a pickle come whole.
    ///
    /// # Errors
    /// When one is missing or of another shape.
    pub fn can_stream(&self, matrices: &[Matrix]) -> Result<bool, WeightsError> {
        Ok(are_trusted(&self.locate_all(&named_shapes(matrices))?))
    }

    /// Rows from `first_row` on, as many as fit, of matrices that stand one
    /// under the other and have as many columns each.
    ///
    /// # Errors
    /// As [`Weights::read`].
    pub fn read_rows_from(
        &self,
        matrices: &[Matrix],
        first_row: usize,
        mut rows: &mut [f32],
    ) -> Result<(), WeightsError> {
        let mut skipped = first_row;
        for matrix in matrices {
            let [row_count, column_count] = matrix.shape;
            if skipped >= row_count {
                skipped -= row_count;
                continue;
            }
            let start = skipped * column_count;
            skipped = 0;
            let (part, rest) = rows.split_at_mut(rows.len().min(matrix.length() - start));
            let (name, source) = self.locate(&matrix.name, &matrix.shape)?;
            source.read_part(&name, &matrix.shape, start, part)?;
            check_finite(&name, start, part)?;
            rows = rest;
            if rows.is_empty() {
                return Ok(());
            }
        }
        match (rows.is_empty(), matrices.first()) {
            (false, Some(first)) => Err(WeightsError::missing(&first.name, &first.shape)),
            (true, _) | (false, None) => Ok(()),
        }
    }

    fn locate_all<'parts>(
        &self,
        parts: &'parts [(String, Vec<usize>)],
    ) -> Result<Vec<Located<'_, 'parts>>, WeightsError> {
        let parts = parts.iter();
        parts
            .map(|(name, shape)| {
                let (name, source) = self.locate(name, shape)?;
                Ok((name, source, shape.as_slice()))
            })
            .collect()
    }

    /// Some rows of a matrix of `shape` `[rows, columns]`, in the order asked
    /// for: shape `[row_indices, columns]`. A row that the matrix does not
    /// have is a missing tensor.
    ///
    /// # Errors
    /// As [`Weights::read`].
    pub fn read_rows(
        &self,
        name: &str,
        shape: [usize; 2],
        row_indices: &[u32],
    ) -> Result<Vec<f32>, WeightsError> {
        let [row_count, column_count] = shape;
        let (name, source) = self.locate(name, &shape)?;
        if row_indices.iter().any(|&row| row as usize >= row_count) {
            return Err(WeightsError::missing(&name, &shape));
        }
        let values = match source {
            Source::Pickle(file) => {
                // PyTorch's format is read tensor by tensor, so the table is
                // kept by the file after the first read.
                let table = file.read_and_keep(&name)?;
                let mut values = Vec::with_capacity(row_indices.len() * column_count);
                for &row in row_indices {
                    let start = row as usize * column_count;
                    values.extend_from_slice(&table[start..start + column_count]);
                }
                values
            }
            Source::Safetensors(_) => {
                let mut values = vec![0.0; row_indices.len() * column_count];
                for (part, &row) in values
                    .chunks_exact_mut(column_count.max(1))
                    .zip(row_indices)
                {
                    source.read_part(&name, &shape, row as usize * column_count, part)?;
                }
                values
            }
        };
        check_finite(&name, 0, &values)?;
        Ok(values)
    }

    /// Checks that a tensor is there with `shape`, without reading it.
    ///
    /// # Errors
    /// When it is missing, of another shape or type, or larger than its file.
    pub fn check_shape(&self, name: &str, shape: &[usize]) -> Result<(), WeightsError> {
        let (name, source) = self.locate(name, shape)?;
        source.check(&name)
    }

    /// The full name and the file of a tensor whose shape is as expected.
    fn locate(&self, name: &str, shape: &[usize]) -> Result<(String, &Source), WeightsError> {
        let name = format!("{}{name}", self.prefix);
        // Where a layer norm has both, transformers takes the old one.
        let (name, index) = [names::old_name(&name), Some(name.clone())]
            .into_iter()
            .flatten()
            .find_map(|name| self.source_of.get(&name).map(|&index| (name, index)))
            .ok_or_else(|| WeightsError::missing(&name, shape))?;
        let source = &self.sources[index];
        if let Some(found) = source.other_type(&name) {
            return Err(WeightsError::Dtype { name, found });
        }
        let found = source
            .shape(&name)
            .ok_or_else(|| WeightsError::missing(&name, shape))?;
        if found != shape {
            let mut prunable = self.model.prunable.iter();
            if prunable.any(|part| name.contains(&format!(".{part}.")))
                && let Some((found, expected)) = shortened(&found, shape)
            {
                return Err(WeightsError::PrunedHeads {
                    name,
                    expected,
                    found,
                });
            }
            return Err(WeightsError::Shape {
                name,
                expected: shape.to_vec(),
                found,
            });
        }
        Ok((name, source))
    }
}

/// The one length of a shape that is less than expected, and what was expected;
/// none where another one differs too.
fn shortened(found: &[usize], expected: &[usize]) -> Option<(usize, usize)> {
    let lengths = || found.iter().copied().zip(expected.iter().copied());
    let mut others = lengths().filter(|(found, expected)| found != expected);
    let (first, second) = (others.next()?, others.next());
    let is_one = found.len() == expected.len() && second.is_none();
    (is_one && first.0 < first.1).then_some(first)
}

/// A matrix of weights in the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// Without prefix.
    pub name: String,
    /// Rows and columns, as the file has them.
    pub shape: [usize; 2],
}

impl Matrix {
    fn length(&self) -> usize {
        self.shape.iter().product()
    }
}

fn named_shapes(matrices: &[Matrix]) -> Vec<(String, Vec<usize>)> {
    let matrices = matrices.iter();
    matrices
        .map(|matrix| (matrix.name.clone(), matrix.shape.to_vec()))
        .collect()
}

/// The full name, the file and the shape of a tensor.
type Located<'weights, 'shape> = (String, &'weights Source, &'shape [usize]);

/// Whether the memory that tensors need is no more than twice the length of
/// their files. A safetensors file that was opened holds what it says it holds;
/// a pickle may claim anything until it is read.
fn are_trusted(located: &[Located<'_, '_>]) -> bool {
    let mut sources = located.iter().map(|(_, source, _)| source);
    sources.all(|source| matches!(source, Source::Safetensors(_)))
}

/// Reads tensors, one after the other, into `all`.
fn fill(located: &[Located<'_, '_>], mut all: &mut [f32]) -> Result<(), WeightsError> {
    for (name, source, shape) in located {
        let (part, rest) = all.split_at_mut(shape.iter().product());
        all = rest;
        for (index, chunk) in part.chunks_mut(CHUNK_LENGTH).enumerate() {
            let first = index * CHUNK_LENGTH;
            source.read_part(name, shape, first, chunk)?;
            // While the chunk is in the cache.
            check_finite(name, first, chunk)?;
        }
    }
    Ok(())
}

/// `values` are those of the tensor from element `first` on.
fn check_finite(name: &str, first: usize, values: &[f32]) -> Result<(), WeightsError> {
    // Without an early exit the compiler compares as many values at once as the
    // CPU can.
    let vectors = Arch::new();
    let is_clean = |chunk: &[f32]| {
        vectors.dispatch(
            #[inline(always)]
            || {
                let values = chunk.iter();
                values.fold(true, |clean, value| clean & value.is_finite())
            },
        )
    };
    if values.chunks(CHUNK_LENGTH).all(is_clean) {
        return Ok(());
    }
    let mut all = values.iter().zip(first..);
    match all.find(|(value, _)| !value.is_finite()) {
        Some((&found, index)) => Err(WeightsError::NotFinite {
            name: name.to_owned(),
            found,
            index,
        }),
        None => Ok(()),
    }
}
