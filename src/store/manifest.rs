//! `manifest.json`: what a run's folder holds and how it was made. No time
//! stamp, no host name, no absolute path: the same run gives the same bytes.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{HeadsRecord, OptionsRecord};
use crate::analysis::{AxisUnit, Maps};
use crate::attention::{Attention, AttentionKind, LayerHeads, Mask, RowSums, Selection};
use crate::checkpoint::ModelProvenance;
use crate::input::{Input, Place, SpecialRole, Stream, StreamRole, Unit};
use crate::remedy::Remedy;
use crate::run::Run;

/// The manifest's name in a run's folder.
pub const MANIFEST: &str = "manifest.json";

/// Grows when a field changes its meaning or goes. Older ones are read too.
pub const SCHEMA_VERSION: u32 = 2;

/// A manifest or numbers could not be put into their format.
#[derive(Debug, Error)]
#[error("{file} could not be serialized: {reason}")]
pub struct SerializeError {
    /// The file.
    pub file: &'static str,
    /// What went wrong.
    pub reason: String,
}

impl SerializeError {
    /// Nothing: no input is a reason for it.
    pub fn remedy(&self) -> Option<Remedy> {
        None
    }
}

/// The content of a `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA_VERSION`] of the attnviz that wrote it.
    pub schema_version: u32,
    /// The version of attnviz that wrote it.
    pub attnviz_version: String,
    /// Which model was asked.
    pub model: ModelProvenance,
    /// What it was asked about.
    pub input: Input,
    /// What became of the input, the source first.
    pub streams: Vec<StreamRecord>,
    /// The attention of the run: which heads the files show.
    pub attention: Vec<AttentionRecord>,
    /// The rows and columns of `shown` in a file of numbers, where the files
    /// show something else than the run's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<ShownRecord>,
    /// Every other file of the folder, relative to it. Empty in the copy that
    /// a file carries in its own metadata.
    pub files: Vec<FileRecord>,
}

/// A stream, as a manifest has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRecord {
    /// Which side of the model it is on.
    pub role: StreamRole,
    /// In the order of the maps' rows or columns.
    pub units: Vec<UnitRecord>,
    /// How many units `--truncate` dropped.
    #[serde(default)]
    pub dropped: usize,
}

/// A unit of a stream, as a manifest has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitRecord {
    /// Its number in the vocabulary.
    pub id: u32,
    /// The vocabulary's own string, as `convert_ids_to_tokens` gives it.
    pub text: String,
    /// What an axis shows.
    pub label: String,
    /// What it is for, `null` for an ordinary one.
    pub special: Option<SpecialRole>,
    /// 0 for the first text, 1 for the second.
    pub segment: u32,
    /// Which word of its segment's text it is a piece of.
    pub word: Option<u32>,
    /// Its first byte in its segment's text; `null` for what was added.
    pub start: Option<usize>,
    /// The byte after its last; `null` for what was added.
    pub end: Option<usize>,
}

/// An attention tensor, as a manifest has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttentionRecord {
    /// Which streams it runs over.
    pub kind: AttentionKind,
    /// The model's layers.
    pub layers: Vec<usize>,
    /// The model's heads.
    pub heads: HeadsRecord,
    /// What each layer may attend to; nothing where all may attend to all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masks: Vec<Mask>,
    /// What rows sum to, where that is not 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_sums: Option<RowSums>,
    /// What was done to it before it came here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What was done to the attention, and the rows and columns that it has since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownRecord {
    /// The queries, and the run's units that each stands for.
    pub rows: Vec<AxisUnit>,
    /// The keys, likewise.
    pub columns: Vec<AxisUnit>,
    /// What rows sum to.
    pub row_sums: RowSums,
    /// What was done, as sentences.
    pub notes: Vec<String>,
}

/// A file of a run's folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Relative to the folder, `/` between its parts.
    pub name: String,
    /// SHA-256 of the content, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The options that made it.
    pub options: OptionsRecord,
}

impl Manifest {
    /// The manifest of a run, its list of files still empty.
    pub fn new(run: &Run, model: &ModelProvenance) -> Self {
        let attention = run.attention.iter().map(AttentionRecord::from);
        Self::of_parts(&run.input, &run.streams, attention.collect(), model)
    }

    /// The manifest that the run of an input is going to have.
    pub fn of_parts(
        input: &Input,
        streams: &[Stream],
        attention: Vec<AttentionRecord>,
        model: &ModelProvenance,
    ) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            attnviz_version: env!("CARGO_PKG_VERSION").to_owned(),
            model: model.clone(),
            input: input.clone(),
            streams: streams.iter().map(StreamRecord::from).collect(),
            attention,
            shown: None,
            files: Vec::new(),
        }
    }
}

/// The bytes of a folder's `manifest.json`, whatever the folder is of: a run, a
/// comparison, a check, a batch.
///
/// # Errors
/// When serde_json refuses, which no manifest gives it a reason for.
pub fn manifest_json(manifest: &impl Serialize) -> Result<Vec<u8>, SerializeError> {
    let mut bytes = serde_json::to_vec_pretty(manifest).map_err(|error| SerializeError {
        file: MANIFEST,
        reason: error.to_string(),
    })?;
    bytes.push(b'\n');
    Ok(bytes)
}

impl ShownRecord {
    /// `None` where the maps are the run's own, row by row.
    pub fn new(maps: &Maps<'_>, attention: &Attention) -> Option<Self> {
        let is_raw = std::ptr::eq(maps.values.as_ref(), attention.maps().values());
        (!is_raw).then(|| Self {
            rows: maps.rows.units.clone(),
            columns: maps.columns.units.clone(),
            row_sums: maps.row_sums,
            notes: maps.notes.clone(),
        })
    }
}

impl From<&Stream> for StreamRecord {
    fn from(stream: &Stream) -> Self {
        Self {
            role: stream.role,
            units: stream.units.iter().map(UnitRecord::from).collect(),
            dropped: stream.dropped,
        }
    }
}

impl From<&Unit> for UnitRecord {
    fn from(unit: &Unit) -> Self {
        let (start, end) = match unit.place {
            // Patches have a grid, and no bytes.
            Place::Added | Place::Patch { .. } => (None, None),
            Place::Bytes { start, end } => (Some(start), Some(end)),
        };
        Self {
            id: unit.id,
            text: unit.text.clone(),
            label: unit.label.clone(),
            special: unit.special,
            segment: unit.segment,
            word: unit.word,
            start,
            end,
        }
    }
}

impl From<UnitRecord> for Unit {
    fn from(record: UnitRecord) -> Self {
        Self {
            id: record.id,
            text: record.text,
            label: record.label,
            special: record.special,
            segment: record.segment,
            word: record.word,
            place: match (record.start, record.end) {
                (Some(start), Some(end)) => Place::Bytes { start, end },
                _ => Place::Added,
            },
        }
    }
}

impl From<&Attention> for AttentionRecord {
    fn from(attention: &Attention) -> Self {
        let selection = attention.maps().selection();
        let row_sums = attention.row_sums();
        Self {
            kind: attention.kind(),
            layers: selection.layer_indices(),
            heads: HeadsRecord::from(selection),
            masks: listed(attention.masks()),
            row_sums: (row_sums != RowSums::One).then_some(row_sums),
            notes: attention.notes().to_vec(),
        }
    }
}

/// Masks as a manifest has them: none where all may attend to all.
fn listed(masks: Vec<Mask>) -> Vec<Mask> {
    match masks.iter().all(|mask| *mask == Mask::Full) {
        true => Vec::new(),
        false => masks,
    }
}

impl AttentionRecord {
    /// A model's own attention, of these heads, where its layers have these
    /// masks.
    pub fn own(kind: AttentionKind, selection: &Selection, masks: &[Mask]) -> Self {
        let held = selection.layers.iter().map(|layer| layer.layer);
        let masks = held.map(|layer| masks.get(layer).copied().unwrap_or_default());
        Self {
            kind,
            layers: selection.layer_indices(),
            heads: HeadsRecord::from(selection),
            masks: listed(masks.collect()),
            row_sums: None,
            notes: Vec::new(),
        }
    }

    /// Which heads of which layers there are.
    ///
    /// # Errors
    /// When there is not one list of heads for each layer, in words.
    pub fn selection(&self) -> Result<Selection, String> {
        let lists = match &self.heads {
            HeadsRecord::Same(heads) => vec![heads.clone(); self.layers.len()],
            HeadsRecord::ByLayer(lists) => lists.clone(),
        };
        if lists.len() != self.layers.len() {
            return Err(format!(
                "expected heads of {} layers, found those of {}",
                self.layers.len(),
                lists.len()
            ));
        }
        let layers = self.layers.iter().zip(lists);
        Ok(Selection {
            layers: layers
                .map(|(&layer, heads)| LayerHeads { layer, heads })
                .collect(),
        })
    }
}
