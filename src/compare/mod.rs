//! What differs between two sets of attention maps over the same units: pure
//! functions over runs and maps, as in [`crate::analysis`]. No pictures, no
//! files.
//!
//! Head h of one model is head h of another only where both grew from the same
//! initialisation: by fine-tuning, quantising or exporting it. Between others
//! the numbers are arithmetic, not meaning. And a difference is not a fault:
//! attention is where a model looks, not why it answers.

mod caution;
pub mod check;
mod comparison;
mod difference;
mod error;
mod keys;
mod many;
mod measure;
mod pairing;
pub mod rules;
mod score_difference;
mod spread;
mod thresholds;
mod units;
mod unlike;

pub use caution::{ModelFacts, caution};
pub use comparison::{
    Comparison, GreatestCell, NO_SCORES, check_tokens, compare_runs, of_units, other_ids,
    unlike_tokens,
};
pub use difference::{Differences, differences};
pub use error::CompareError;
pub use many::{HeadSpread, InputDifferences, ManyDifferences, Quantity};
pub use measure::DifferenceMeasure;
pub use pairing::Pairing;
pub use score_difference::ScoreDifferences;
pub use spread::Spread;
pub use thresholds::{Exceeded, Thresholds};
pub use units::{Alignment, UnitPair, aligned, alignment};
pub use unlike::{NamedUnit, UnlikeUnits, unlike};
