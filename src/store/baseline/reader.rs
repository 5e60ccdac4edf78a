//! Reads a baseline: its text at once, the numbers of an input when they are
//! asked for.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::codec::{DecodeError, decode};
use super::{
    BASELINE_SCHEMA_VERSION, BaselineError, BaselineInput, BaselineManifest, Precision, data_path,
};
use crate::analysis::{Axis, MapId, Maps, Measure, ReshapeOptions};
use crate::attention::{Mask, RowSums, Selection};
use crate::digest::{sha256, sha256_of};
use crate::input::{Input, StreamRole};
use crate::memory;

/// The longest text of a baseline that is read.
const MAXIMUM_TEXT: u64 = 256 << 20;
/// The most layers and heads that a model is believed to have.
const MAXIMUM_COUNT: usize = 1 << 16;

/// A baseline that can be checked against.
#[derive(Debug)]
pub struct Baseline {
    /// What it is of.
    pub manifest: BaselineManifest,
    /// Its text.
    path: PathBuf,
    /// The rules that name it.
    rules: PathBuf,
    /// The rule of each layer.
    masks: Vec<Mask>,
    /// The place of each input by its texts; of the same ones, the first.
    by_texts: HashMap<Vec<String>, usize>,
}

fn texts(input: &Input) -> Vec<String> {
    input.captions().into_iter().map(str::to_owned).collect()
}

/// Whether a file is the text of a baseline, damaged or not: whatever else it
/// is, nobody may write over it.
pub fn is_baseline(path: &Path) -> bool {
    let begins = || -> io::Result<bool> {
        let mut start = Vec::new();
        let is_file = fs::metadata(path)?.is_file();
        if is_file {
            File::open(path)?.take(64).read_to_end(&mut start)?;
        }
        let start = String::from_utf8_lossy(&start);
        Ok(start.contains("\"baseline_schema_version\""))
    };
    begins().unwrap_or(false)
}

impl Baseline {
    /// Opens a baseline and checks that its files belong together.
    ///
    /// # Errors
    /// When it is not there, cannot be read or is none.
    pub fn open(path: &Path, rules: &Path) -> Result<Self, BaselineError> {
        let unreadable = |path: &Path, source: io::Error| BaselineError::Unreadable {
            path: path.to_owned(),
            rules: rules.to_owned(),
            source,
        };
        let not_one = |reason: String| BaselineError::NotABaseline {
            path: path.to_owned(),
            reason,
        };
        let found = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BaselineError::NotThere {
                    path: path.to_owned(),
                    rules: rules.to_owned(),
                });
            }
            found => found.map_err(|error| unreadable(path, error))?,
        };
        if !found.is_file() {
            return Err(not_one("it is no file".to_owned()));
        }
        if found.len() > MAXIMUM_TEXT {
            let reason = format!("{} bytes are more than {MAXIMUM_TEXT}", found.len());
            return Err(not_one(reason));
        }
        // The text, what is read out of it, and the text of that.
        memory::check(found.len().saturating_mul(12))?;
        let mut text = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAXIMUM_TEXT).read_to_end(&mut text))
            .map_err(|error| unreadable(path, error))?;
        let version = serde_json::from_slice::<Version>(&text);
        let version = version.map_err(|error| match is_baseline(path) {
            true => BaselineError::Damaged {
                path: path.to_owned(),
                rules: rules.to_owned(),
                reason: error.to_string(),
            },
            false => not_one("it does not begin as one".to_owned()),
        })?;
        if version.baseline_schema_version != BASELINE_SCHEMA_VERSION {
            return Err(not_one(format!(
                "expected version {BASELINE_SCHEMA_VERSION} of it, found {}",
                version.baseline_schema_version
            )));
        }
        let damaged = |reason: String| BaselineError::Damaged {
            path: path.to_owned(),
            rules: rules.to_owned(),
            reason,
        };
        let manifest: BaselineManifest =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        check(&manifest).map_err(damaged)?;
        if !manifest.is_whole() {
            return Err(damaged("it has another hash than it says".to_owned()));
        }
        let data = data_path(path);
        let length = fs::metadata(&data)
            .map_err(|error| unreadable(&data, error))?
            .len();
        if length != manifest.data.length {
            return Err(damaged(format!(
                "expected {} bytes in {}, found {length}",
                manifest.data.length,
                data.display()
            )));
        }
        let digest = File::open(&data).and_then(|file| sha256_of(file.take(length)));
        let digest = digest.map_err(|error| unreadable(&data, error))?;
        if digest != manifest.data.sha256 {
            return Err(damaged(format!(
                "{} has another hash than its text says",
                data.display()
            )));
        }
        let mut by_texts = HashMap::new();
        for (index, held) in manifest.inputs.iter().enumerate() {
            by_texts.entry(texts(&held.input)).or_insert(index);
        }
        Ok(Self {
            by_texts,
            masks: (0..manifest.layers)
                .map(|layer| manifest.mask(layer))
                .collect(),
            manifest,
            path: path.to_owned(),
            rules: rules.to_owned(),
        })
    }

    /// An input of the baseline by its text, `None` where it has none like it.
    pub fn find(&self, input: &Input) -> Option<&BaselineInput> {
        let index = self.by_texts.get(&texts(input))?;
        self.manifest.inputs.get(*index)
    }

    /// The maps of one of its inputs. 0 stands where a mask forbids.
    ///
    /// # Errors
    /// When they are damaged or do not fit into memory.
    pub fn maps(&self, input: &BaselineInput) -> Result<Maps<'static>, BaselineError> {
        let damaged = |reason: String| BaselineError::Damaged {
            path: self.path.clone(),
            rules: self.rules.clone(),
            reason,
        };
        let data = data_path(&self.path);
        memory::check(input.length)?;
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&data)?;
            file.seek(SeekFrom::Start(input.offset))?;
            let mut bytes = Vec::new();
            file.take(input.length).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(|source| BaselineError::Unreadable {
            path: data.clone(),
            rules: self.rules.clone(),
            source,
        })?;
        if sha256(&bytes) != input.sha256 {
            return Err(damaged(
                "the numbers of an input have another hash than its text says".to_owned(),
            ));
        }
        let (heads, precision) = (self.manifest.heads, self.manifest.precision);
        let values = decode(&bytes, &self.masks, heads, input.units.len(), precision);
        let values = values.map_err(|error| match error {
            DecodeError::Memory(error) => error.into(),
            DecodeError::Wrong(reason) => damaged(reason),
        })?;
        let selection = Selection::all(self.manifest.layers, heads);
        let axis = Axis::new(StreamRole::Source, &input.units());
        let notes = match precision {
            Precision::U16 => vec!["The baseline holds 16 bits of every number.".to_owned()],
            Precision::F32 => Vec::new(),
        };
        Ok(Maps {
            measure: Measure::Attention,
            reshape: ReshapeOptions::default(),
            rows: axis.clone(),
            columns: axis,
            ids: selection.head_ids().map(MapId::Head).collect(),
            selection,
            masks: self.masks.clone(),
            head_maximum: values.iter().copied().fold(0.0, f32::max),
            values: Cow::Owned(values),
            // Rounded, they need not sum to 1 any more.
            row_sums: RowSums::Unnormalized,
            notes,
        })
    }
}

/// What tells how the rest is to be read.
#[derive(serde::Deserialize)]
struct Version {
    baseline_schema_version: u32,
}

/// Whether a text can be that of a baseline, whatever its numbers are.
fn check(manifest: &BaselineManifest) -> Result<(), String> {
    for (name, count) in [("layers", manifest.layers), ("heads", manifest.heads)] {
        if !(1..=MAXIMUM_COUNT).contains(&count) {
            return Err(format!(
                "expected 1 to {MAXIMUM_COUNT} {name}, found {count}"
            ));
        }
    }
    let masks = manifest.masks.len();
    if masks != 0 && masks != manifest.layers {
        return Err(format!(
            "expected masks of {} layers, found {masks}",
            manifest.layers
        ));
    }
    let is_odd = |value: &f64| !value.is_finite() || *value < 0.0;
    if manifest.rounding.values().any(is_odd) {
        return Err("a rounding that is no number of 0 or more".to_owned());
    }
    for input in &manifest.inputs {
        let end = input.offset.checked_add(input.length);
        if input.units.is_empty() {
            return Err("an input without tokens".to_owned());
        }
        if end.is_none_or(|end| end > manifest.data.length) {
            return Err("numbers of an input behind the end of their file".to_owned());
        }
    }
    Ok(())
}
