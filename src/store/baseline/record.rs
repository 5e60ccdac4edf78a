//! The text of a baseline.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attention::Mask;
use crate::checkpoint::ModelProvenance;
use crate::compare::DifferenceMeasure;
use crate::digest::sha256;
use crate::input::{Input, Unit};
use crate::names::closed_set;
use crate::store::UnitRecord;

/// Grows when a field changes its meaning or goes.
pub const BASELINE_SCHEMA_VERSION: u32 = 1;

/// The distance between two neighbouring 16-bit numbers: no cell is off by more
/// than half of it, a row that sums to a little more than 1 included.
pub const STEP: f64 = 1.6e-5;

/// How exact the numbers of a baseline are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 16 bits, in steps of 1 / 65,535.
    #[default]
    U16,
    /// As the model gave them.
    F32,
}

closed_set!(Precision, "precision", U16 => "u16", F32 => "f32");

/// What a baseline is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselineManifest {
    /// [`BASELINE_SCHEMA_VERSION`] of the attnviz that wrote it.
    pub baseline_schema_version: u32,
    /// SHA-256 of all of this, see [`BaselineManifest::seal`].
    pub sha256: String,
    /// The version of attnviz that wrote it.
    pub attnviz_version: String,
    /// The model that it was made with.
    pub model: ModelProvenance,
    /// Layers of the model.
    pub layers: usize,
    /// Heads of each of them.
    pub heads: usize,
    /// What each layer may attend to; nothing where all may attend to all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masks: Vec<Mask>,
    /// How exact the numbers are.
    pub precision: Precision,
    /// How far rounding alone took a head from its maps: the greatest of all
    /// heads and inputs, by measure. 0 of exact numbers.
    pub rounding: BTreeMap<String, f64>,
    /// The file of numbers.
    pub data: DataRecord,
    /// Every input.
    pub inputs: Vec<BaselineInput>,
}

/// The file of numbers of a baseline, which stands beside its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRecord {
    /// Its length in bytes.
    pub length: u64,
    /// SHA-256 of its content, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// An input of a baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineInput {
    /// As it was given.
    pub input: Input,
    /// Where its numbers begin in the file of numbers.
    pub offset: u64,
    /// How many bytes they are there.
    pub length: u64,
    /// SHA-256 of these bytes.
    pub sha256: String,
    /// How many tokens were cut off its text.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: usize,
    /// What became of it.
    pub units: Vec<UnitRecord>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl BaselineInput {
    /// The units as a run has them.
    pub fn units(&self) -> Vec<Unit> {
        self.units.iter().cloned().map(Unit::from).collect()
    }
}

impl BaselineManifest {
    /// Layers, and heads of each.
    pub fn shape(&self) -> [usize; 2] {
        [self.layers, self.heads]
    }

    /// The rule of a layer.
    pub fn mask(&self, layer: usize) -> Mask {
        self.masks.get(layer).copied().unwrap_or_default()
    }

    /// The least that a measure can tell apart: twice what rounding does to it.
    /// Of the greatest difference of a cell that is what 16 bits promise.
    pub fn least(&self, measure: DifferenceMeasure) -> f64 {
        let rounding = self.rounding.get(measure.name()).copied();
        let measured = 2.0 * rounding.unwrap_or(0.0);
        match (self.precision, measure) {
            (Precision::F32, _) => 0.0,
            (Precision::U16, DifferenceMeasure::MaxAbs) => measured.max(STEP),
            (
                Precision::U16,
                DifferenceMeasure::JsBits
                | DifferenceMeasure::JsDistanceBits
                | DifferenceMeasure::TotalVariation
                | DifferenceMeasure::Hellinger,
            ) => measured,
        }
    }

    /// SHA-256 of the text that has nothing in this field's place. It is that of
    /// what the text says: line ends that somebody's git has changed are the same.
    fn digest(&self) -> serde_json::Result<String> {
        let unsealed = Self {
            sha256: String::new(),
            ..self.clone()
        };
        Ok(sha256(unsealed.to_text()?))
    }

    /// Writes down what the rest of it hashes to.
    ///
    /// # Errors
    /// As [`BaselineManifest::to_text`].
    pub fn seal(&mut self) -> serde_json::Result<()> {
        self.sha256 = self.digest()?;
        Ok(())
    }

    /// Whether it is as it was sealed.
    pub fn is_whole(&self) -> bool {
        self.digest().is_ok_and(|digest| digest == self.sha256)
    }

    /// The text: what all inputs share, then a line for each.
    ///
    /// # Errors
    /// When serde_json refuses, which no baseline gives it a reason for.
    pub fn to_text(&self) -> serde_json::Result<String> {
        let shared = Self {
            inputs: Vec::new(),
            ..self.clone()
        };
        let shared = serde_json::to_string_pretty(&shared)?;
        let begun = shared.strip_suffix("[]\n}").unwrap_or(&shared);
        let lines: Vec<String> = self
            .inputs
            .iter()
            .map(|input| Ok(format!("    {}", serde_json::to_string(input)?)))
            .collect::<serde_json::Result<_>>()?;
        Ok(format!("{begun}[\n{}\n  ]\n}}\n", lines.join(",\n")))
    }
}
