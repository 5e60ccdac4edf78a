//! Attention out of files: runs that attnviz saved, and attention that another
//! program computed.
//!
//! Files are untrusted. Shapes, sizes and names are checked against the file's
//! length and the limits below before anything is allocated for them, and every
//! value before it becomes [`Attention`](crate::attention::Attention).

mod array_file;
mod arrays;
mod counted;
mod elsewhere;
mod error;
mod held;
mod json;
mod labels;
mod neurons;
mod npy;
mod npy_file;
mod npz;
mod numbers;
mod own;
mod own_tokens;
mod padding;
mod place;
mod runs;
mod safetensors;
mod torch;
mod units;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

pub use error::SavedError;
pub use numbers::{SavedNumbers, numbers};
pub use runs::{SavedRuns, is_saved_run, runs_below};

use crate::remedy::Setting;
use crate::run::Run;
use crate::store::MANIFEST;
use crate::store::numbers::FILES;
use crate::store::write::beneath;
use array_file::ArrayFile;

/// The most values of one file: 4 GiB of them as `f32`.
const MAXIMUM_VALUES: u64 = 1 << 30;

/// The most arrays of one file.
const MAXIMUM_ARRAYS: usize = 10_000;

/// So many bytes at the beginning of a manifest have its version.
const MANIFEST_START: u64 = 64;

/// The longest manifest or list of labels, in bytes.
const MAXIMUM_TEXT_LENGTH: u64 = 64 << 20;

/// What a file that attnviz did not write does not say of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ForeignNames {
    /// A file with a label for every query, which are the keys too unless
    /// those have labels of their own.
    pub labels: Option<PathBuf>,
    /// A file with a label for every key, where they are another sequence.
    pub key_labels: Option<PathBuf>,
    /// The model's name; `None` for the file's.
    pub title: Option<String>,
}

impl ForeignNames {
    /// What of it is said.
    fn given(&self) -> Vec<Setting> {
        let said = [
            (self.labels.is_some(), Setting::Labels),
            (self.key_labels.is_some(), Setting::KeyLabels),
            (self.title.is_some(), Setting::Title),
        ];
        let said = said.into_iter().filter(|(is_said, _)| *is_said);
        said.map(|(_, setting)| setting).collect()
    }
}

/// A run out of a file, and what the user should know about it.
#[derive(Debug, Clone)]
pub struct SavedRun {
    /// The file that was read.
    pub file: PathBuf,
    /// All that the file holds.
    pub run: Run,
    /// As sentences without a full stop.
    pub warnings: Vec<String>,
    /// Whether the file has numbers in double precision, which are rounded.
    pub is_double: bool,
}

/// Reads a run from a file, or from the folder of a run. Which format it is
/// the content says.
///
/// # Errors
/// When the file cannot be read, is malformed or too large, holds no attention
/// or no numbers that could be, or `names` does not fit it.
pub fn read(path: &Path, names: &ForeignNames) -> Result<SavedRun, SavedError> {
    let file = match path.parent() {
        _ if path.is_dir() => attention_file(path)?,
        // It says all of a run but its numbers, which lie beside it.
        Some(folder) if is_manifest(path) => attention_file(folder)?,
        Some(_) | None => path.to_owned(),
    };
    let mut arrays = ArrayFile::open(&file)?;
    match arrays.manifest()? {
        Some(manifest) => {
            let given = names.given();
            if !given.is_empty() {
                return Err(SavedError::SaysItself { path: file, given });
            }
            own::run(&file, &mut arrays, &manifest)
        }
        None => elsewhere::run(&file, &mut arrays, names),
    }
}

/// Whether a file is what attnviz says of a run, by its name and beginning.
fn is_manifest(path: &Path) -> bool {
    let mut start = String::new();
    let is_called_so = path.file_name().is_some_and(|name| name == MANIFEST);
    is_called_so
        && beneath::is_real_file(path)
        && File::open(path)
            .is_ok_and(|file| file.take(MANIFEST_START).read_to_string(&mut start).is_ok())
        && start.contains("\"schema_version\"")
}

fn attention_file(folder: &Path) -> Result<PathBuf, SavedError> {
    let candidates = FILES.iter().map(|(_, name)| folder.join(name));
    candidates
        .into_iter()
        // A link in a run is not the run's.
        .find(|file| beneath::is_real_file(file))
        .ok_or_else(|| SavedError::NothingInFolder {
            folder: folder.to_owned(),
        })
}
