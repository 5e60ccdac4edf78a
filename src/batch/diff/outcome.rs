//! What a comparison over many inputs came to.

use std::collections::{BTreeMap, BTreeSet};

use crate::attention::HeadId;
use crate::batch::source::FileWarning;
use crate::compare::{DifferenceMeasure, ManyDifferences, NamedUnit, Quantity, UnlikeUnits};
use crate::store::FileRecord;
use crate::store::batch_records::{BatchCounts, InputFile, ResultRecord};

/// A threshold, and the input and head that come nearest to it or are farthest
/// above it.
#[derive(Debug, Clone, PartialEq)]
pub struct NearestToLimit {
    /// Which measure.
    pub measure: DifferenceMeasure,
    /// The most that is allowed.
    pub limit: f64,
    /// The greatest value.
    pub value: f64,
    /// The head that has it, of equal ones the first.
    pub head: HeadId,
    /// What the query and the key of its cell are called, where the threshold is of
    /// cells and both sides are not equal.
    pub cell: Option<[String; 2]>,
    /// Its input, of equal ones the first.
    pub id: String,
    /// That input's place among all.
    pub index: u64,
    /// How many inputs are above the threshold.
    pub count: u64,
}

impl NearestToLimit {
    /// Whether an input is above the threshold.
    pub fn is_exceeded(&self) -> bool {
        self.count > 0
    }
}

/// One of the inputs that differ most.
#[derive(Debug, Clone, PartialEq)]
pub struct WorstInput {
    /// Its place among all inputs.
    pub index: u64,
    /// Its id.
    pub id: String,
    /// Its text, as far as that is known.
    pub text: Option<String>,
    /// The second text of a pair.
    pub pair: Option<String>,
    /// The head that differs most there.
    pub head: HeadId,
    /// By how much.
    pub value: f64,
    /// Its pictures, relative to the folder.
    pub pictures: Vec<String>,
}

/// The units of an input that are not the same on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct UnlikeInput {
    /// Its id.
    pub id: String,
    /// They themselves.
    pub units: UnlikeUnits,
    /// Whether what both sides have was compared.
    pub is_compared: bool,
}

/// What a comparison over many inputs came to.
#[derive(Debug, Clone, PartialEq)]
pub struct ManyOutcome {
    /// How many inputs there were, were compared, and were not.
    pub counts: BatchCounts,
    /// SHA-256 of their ids and texts.
    pub sha256: String,
    /// The statistics of every head.
    pub many: ManyDifferences,
    /// What ranks heads and inputs.
    pub ranked_by: Quantity,
    /// The ids of inputs in which some head differs most, by their places.
    pub ids: BTreeMap<u64, String>,
    /// Every threshold, as far as an input was compared.
    pub limits: Vec<NearestToLimit>,
    /// The inputs that differ most, the worst first.
    pub worst: Vec<WorstInput>,
    /// Of how many inputs that are compared not all units are the same on both
    /// sides.
    pub unlike_count: u64,
    /// How many inputs are not compared because their units are not the same.
    pub other_units_count: u64,
    /// How many units of all inputs were compared, and of how many: those of the
    /// side that has more of them.
    pub units: [u64; 2],
    /// Of how many inputs tokens were cut off.
    pub truncated_count: u64,
    /// The id of the first of them.
    pub first_truncated: Option<String>,
    /// Where the same tokens have other numbers on both sides, a sentence of the
    /// first input.
    pub other_ids: Option<String>,
    /// The first inputs whose units are not all the same, compared or not.
    pub unlike: Vec<UnlikeInput>,
    /// Whether the scores of some inputs could not be compared, of other tokens.
    pub lacks_scores: bool,
    /// The first inputs that could not be compared.
    pub failed: Vec<ResultRecord>,
    /// Whether each side attends to everything alike in every input that tells.
    pub is_uniform: [bool; 2],
    /// The files of inputs, where two models read them.
    pub input_files: Vec<InputFile>,
    /// What is to be said of them.
    pub file_warnings: Vec<(String, FileWarning)>,
    /// Letters that no font has.
    pub missing_glyphs: BTreeSet<char>,
    /// What is written, in order.
    pub files: Vec<FileRecord>,
}

impl ManyOutcome {
    /// Whether an input is above a threshold.
    pub fn is_exceeded(&self) -> bool {
        self.limits.iter().any(NearestToLimit::is_exceeded)
    }

    /// The id of an input in which some head differs most.
    pub fn id_of(&self, index: u64) -> &str {
        self.ids.get(&index).map_or("", String::as_str)
    }

    /// What is not compared of inputs that are, as warnings: what was cut off, and
    /// which units only one side has.
    pub fn reservations(&self) -> Vec<String> {
        let of_inputs = |count: u64| match count {
            1 => "1 input".to_owned(),
            count => format!("{count} inputs"),
        };
        let cut = self.first_truncated.as_ref().map(|id| {
            let inputs = of_inputs(self.truncated_count);
            format!("tokens of {inputs} are cut off; the first: {id:?}")
        });
        let mut compared = self.unlike.iter().filter(|input| input.is_compared);
        let unlike = compared.next().map(|first| {
            let named = |unit: &Option<NamedUnit>| match unit {
                Some(unit) => format!("{:?}", unit.text),
                None => "nothing".to_owned(),
            };
            let unit = first.units.first().map(|[left, right]| {
                let (left, right) = (named(left), named(right));
                format!(", {left} on the left, {right} on the right")
            });
            format!(
                "units of {} are not the same on both sides and are left out; the first: {:?}{}",
                of_inputs(self.unlike_count),
                first.id,
                unit.unwrap_or_default()
            )
        });
        cut.into_iter().chain(unlike).collect()
    }
}
