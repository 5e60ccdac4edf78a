//! `manifest.json` of a comparison: both sides, which of their units stand
//! beside one another, and the files. No time stamp, no absolute path.

use serde::{Deserialize, Serialize};

use crate::analysis::AxisUnit;
use crate::checkpoint::ModelProvenance;
use crate::input::Input;
use crate::store::FileRecord;
use crate::store::batch_records::{BatchCounts, InputFile};

/// Grows when a field changes its meaning or goes.
pub const DIFF_SCHEMA_VERSION: u32 = 1;

/// What tells the manifest from that of a run or a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiffKind {
    /// A comparison.
    Diff,
}

/// The content of a comparison's `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiffManifest {
    /// [`DIFF_SCHEMA_VERSION`] of the attnviz that wrote it.
    pub schema_version: u32,
    /// The version of attnviz that wrote it.
    pub attnviz_version: String,
    /// That it is a comparison.
    pub kind: DiffKind,
    /// What is compared.
    pub left: SideRecord,
    /// What it is compared with; differences with a sign are right − left.
    pub right: SideRecord,
    /// Queries and keys of the numbers, where one input is compared; nothing in
    /// a manifest that only tells whose the folder is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<UnitsRecord>,
    /// Where many inputs are compared, which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<InputsRecord>,
    /// What the reader has to know, as sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Every other file of the folder, relative to it.
    pub files: Vec<FileRecord>,
}

/// A side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideRecord {
    /// The model that was asked.
    pub model: ModelProvenance,
    /// What it was asked about; nothing of many inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Input>,
}

/// Many inputs that are compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputsRecord {
    /// SHA-256 of their ids and texts in their order, 64 lower-case hexadecimal
    /// digits.
    pub sha256: String,
    /// How many there were, were compared, and were not.
    pub counts: BatchCounts,
    /// The files that both models read, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<InputFile>,
}

/// The rows and columns of the numbers: those of both sides, one beside the
/// other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnitsRecord {
    /// `[left, right]` of every query.
    pub rows: Vec<[AxisUnit; 2]>,
    /// `[left, right]` of every key.
    pub columns: Vec<[AxisUnit; 2]>,
    /// Rows whose unit is another one on the right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced_rows: Vec<usize>,
    /// Columns whose unit is another one on the right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced_columns: Vec<usize>,
    /// `[left, right]` of what is not the same unit on both sides, compared or
    /// left out, as it is written; `null` where one has nothing for the other's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlike: Vec<[Option<String>; 2]>,
}

impl DiffManifest {
    /// Of two sides, its list of files still empty.
    pub fn new(left: SideRecord, right: SideRecord) -> Self {
        Self {
            schema_version: DIFF_SCHEMA_VERSION,
            attnviz_version: env!("CARGO_PKG_VERSION").to_owned(),
            kind: DiffKind::Diff,
            left,
            right,
            units: None,
            inputs: None,
            notes: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Whose the folder is: that of the sides and, of many inputs, of those.
    pub fn owner(&self) -> (&SideRecord, &SideRecord, Option<&str>) {
        let inputs = self.inputs.as_ref();
        (
            &self.left,
            &self.right,
            inputs.map(|inputs| inputs.sha256.as_str()),
        )
    }

    /// Whether the folder of another manifest is this comparison's: one of the
    /// same sides and inputs.
    pub fn is_of_same(&self, other: &Self) -> bool {
        self.owner() == other.owner()
    }
}
