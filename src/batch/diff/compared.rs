//! What one input comes to when both sides are compared.

use std::sync::Arc;

use super::options::ManyOptions;
use crate::attention::HeadId;
use crate::compare::{
    CompareError, DifferenceMeasure, InputDifferences, Pairing, UnlikeUnits, compare_runs,
    other_ids,
};
use crate::input::Input;
use crate::pipeline;
use crate::remedy::Remedy;
use crate::run::Run;
use crate::store::batch_records::{ResultRecord, Status};

/// An input of both sides, compared or not.
pub(super) struct Compared {
    /// Its place among all inputs.
    pub(super) index: u64,
    /// What results say of it.
    pub(super) record: ResultRecord,
    /// Where its maps come from.
    pub(super) place: Place,
    /// `None` where it could not be compared, and the record says why.
    pub(super) found: Option<Found>,
}

/// What differs of an input.
pub(super) struct Found {
    /// How many units were compared.
    pub(super) tokens: usize,
    /// How many units were compared, and of how many.
    pub(super) units: [usize; 2],
    /// How many tokens were cut off, of the side that lost more.
    pub(super) truncated: usize,
    /// What is said where the same tokens have other numbers.
    pub(super) other_ids: Option<String>,
    pub(super) differences: InputDifferences,
    /// The head with the cell that differs most, and what its query and key are
    /// called; `None` where there is none, or nobody asks for it.
    pub(super) greatest_cell: Option<(HeadId, [String; 2])>,
    /// The units that are not the same on both sides.
    pub(super) unlike: UnlikeUnits,
    /// Whether each side attends to everything alike; `None` where that is not
    /// to be told.
    pub(super) is_uniform: [Option<bool>; 2],
}

impl Found {
    /// What differs between two runs of one input. An input whose sides are of
    /// other units is one that failed; what is wrong with both sides as a whole is
    /// an error.
    pub(super) fn of(
        runs: &[Run; 2],
        options: &ManyOptions,
    ) -> Result<Result<Self, Failure>, CompareError> {
        let [left, right] = runs;
        let granularity = options.diff.granularity;
        let comparison = match compare_runs(left, right, granularity, Pairing::SameInput) {
            Ok(comparison) => comparison,
            Err(
                error @ (CompareError::UnitsDiffer { .. }
                | CompareError::NothingInCommon { .. }
                | CompareError::OtherKinds { .. }
                | CompareError::NoAttention
                | CompareError::Reshape(_)),
            ) => return Ok(Err(error.into())),
            Err(error) => return Err(error),
        };
        let asks = options.thresholds.max_abs.is_some();
        let ranked = || comparison.differences.ranked(DifferenceMeasure::MaxAbs);
        let greatest = || {
            let (head, _) = ranked().into_iter().next()?;
            Some((head, comparison.greatest_cell(head)?.names()))
        };
        Ok(Ok(Self {
            greatest_cell: asks.then(greatest).flatten(),
            tokens: comparison.left.columns.len(),
            units: comparison.unit_counts(),
            other_ids: other_ids([left, right]),
            truncated: runs.iter().map(dropped).max().unwrap_or(0),
            differences: InputDifferences::new(&comparison.differences, comparison.scores.as_ref()),
            unlike: comparison.unlike,
            is_uniform: runs.each_ref().map(pipeline::is_uniform),
        }))
    }
}

/// How many tokens of a run's input were cut off.
fn dropped(run: &Run) -> usize {
    run.streams.iter().map(|stream| stream.dropped).sum()
}

impl Compared {
    pub(super) fn new(
        index: u64,
        mut record: ResultRecord,
        outcome: Result<(Found, Place), Failure>,
        options: &ManyOptions,
    ) -> Self {
        let (found, place) = match outcome {
            Ok((mut found, place)) => {
                record.unlike_units = std::mem::take(&mut found.unlike);
                record.status = Status::Done;
                record.truncated_tokens = found.truncated;
                (Some(found), place)
            }
            Err(failure) => {
                record.error = Some(failure.reason);
                record.unlike_units = failure.unlike;
                record.hint = failure.remedy.as_deref().map(options.remedy_in_words);
                (None, Place::Nowhere)
            }
        };
        Self {
            index,
            record,
            place,
            found,
        }
    }
}

/// Where the maps of an input come from, so that they can be had again.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// Both models are asked.
    Input(Arc<Input>),
    /// The names of its folders.
    Runs(Arc<[String; 2]>),
    /// It has none: only scores are there.
    Nowhere,
}

/// Why an input could not be compared, and what can be done about it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failure {
    pub(super) reason: String,
    pub(super) remedy: Option<Box<Remedy>>,
    /// The units that are not the same on both sides, where those are the reason.
    pub(super) unlike: UnlikeUnits,
}

impl From<CompareError> for Failure {
    fn from(error: CompareError) -> Self {
        Self {
            unlike: error.unlike().cloned().unwrap_or_default(),
            ..Self::new(error.to_string(), error.remedy())
        }
    }
}

impl Failure {
    pub(super) fn new(reason: impl Into<String>, remedy: Option<Remedy>) -> Self {
        Self {
            reason: reason.into(),
            remedy: remedy.map(Box::new),
            unlike: UnlikeUnits::new(),
        }
    }

    pub(super) fn of(reason: impl Into<String>) -> Self {
        Self::new(reason, None)
    }

    /// The same of one of the sides.
    pub(super) fn on(self, side: &str) -> Self {
        Self {
            reason: format!("{side}: {}", self.reason),
            ..self
        }
    }
}

/// Why an input is not compared whose id has another text on the other side.
pub(super) fn other_text(side: &str) -> Failure {
    Failure::of(format!(
        "both sides have this id, with two texts; this is the {side} one"
    ))
}
