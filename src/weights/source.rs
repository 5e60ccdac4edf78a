//! One weight file, of whichever format.

use std::path::Path;

use super::bytes::file_name;
use super::error::WeightsError;
use super::pickle::PickleFile;
use super::safetensors_file::SafetensorsFile;
use crate::checkpoint::{ExpectedKind, WeightFiles};

/// An opened weight file.
#[derive(Debug)]
pub(super) enum Source {
    Safetensors(SafetensorsFile),
    Pickle(PickleFile),
}

/// Opens the files of a checkpoint; with them, the name of the first.
///
/// # Errors
/// When one cannot be read, is malformed, or is something else than its name
/// says.
pub(super) fn open(files: &WeightFiles) -> Result<(Vec<Source>, String), WeightsError> {
    Ok(match files {
        WeightFiles::Safetensors(paths) => {
            let open = |path: &Path| SafetensorsFile::open(path).map(Source::Safetensors);
            let sources = open_all(paths, ExpectedKind::Safetensors, open)?;
            (sources, first_name(paths))
        }
        WeightFiles::Pickles(paths) => {
            let open = |path: &Path| Ok(Source::Pickle(PickleFile::open(path)?));
            (
                open_all(paths, ExpectedKind::Pickle, open)?,
                first_name(paths),
            )
        }
        WeightFiles::Builtin(bytes) => {
            let name = "the built-in model.safetensors";
            let file = SafetensorsFile::builtin(bytes, name)?;
            (vec![Source::Safetensors(file)], name.to_owned())
        }
    })
}

fn open_all(
    paths: &[impl AsRef<Path>],
    kind: ExpectedKind,
    open: impl Fn(&Path) -> Result<Source, WeightsError>,
) -> Result<Vec<Source>, WeightsError> {
    let open = |path: &Path| {
        kind.check_file(path).map_err(|source| WeightsError::Io {
            path: path.to_owned(),
            source,
        })??;
        open(path)
    };
    paths.iter().map(|path| open(path.as_ref())).collect()
}

fn first_name(paths: &[impl AsRef<Path>]) -> String {
    paths
        .first()
        .map_or_else(String::new, |path| file_name(path.as_ref()))
}

impl Source {
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Self::Safetensors(file) => file.names(),
            Self::Pickle(file) => file.names(),
        }
    }

    /// Whether two names stand for the same numbers of the file.
    pub(super) fn is_same(&self, one: &str, other: &str) -> bool {
        match self {
            // Every tensor has a place of its own.
            Self::Safetensors(_) => false,
            Self::Pickle(file) => file.is_same(one, other),
        }
    }

    /// The type of a tensor that holds no floating-point numbers.
    pub(super) fn other_type(&self, name: &str) -> Option<String> {
        match self {
            Self::Safetensors(file) => file.other_type(name),
            Self::Pickle(file) => file.other_type(name),
        }
    }

    pub(super) fn shape(&self, name: &str) -> Option<Vec<usize>> {
        match self {
            Self::Safetensors(file) => file.shape(name),
            Self::Pickle(file) => file.shape(name),
        }
    }

    /// Checks that a tensor's numbers are in the file, without reading them.
    pub(super) fn check(&self, name: &str) -> Result<(), WeightsError> {
        match self {
            // Its header was checked as a whole.
            Self::Safetensors(_) => Ok(()),
            Self::Pickle(file) => Ok(file.check(name)?),
        }
    }

    /// A whole tensor.
    pub(super) fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        match self {
            Self::Pickle(file) => Ok(file.read(name)?),
            Self::Safetensors(_) => {
                let mut values = vec![0.0; shape.iter().product()];
                self.read_part(name, shape, 0, &mut values)?;
                Ok(values)
            }
        }
    }

    /// The values of a tensor from element `first` on, as many as fit.
    pub(super) fn read_part(
        &self,
        name: &str,
        shape: &[usize],
        first: usize,
        values: &mut [f32],
    ) -> Result<(), WeightsError> {
        let found = match self {
            Self::Safetensors(file) => file.read_part(name, first, values)?,
            Self::Pickle(file) => {
                let all = file.read_and_keep(name)?;
                let part = all.get(first..first + values.len());
                part.map(|part| values.copy_from_slice(part))
            }
        };
        found.ok_or_else(|| WeightsError::missing(name, shape))
    }
}
