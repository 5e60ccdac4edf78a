//! The baseline of a check: the tokens and maps of its inputs, as a text that
//! people and `git diff` can read, beside a compressed file of numbers.
//!
//! Both are the same bytes for the same inputs, model and version. What they
//! hold is read as if somebody hostile had written it: sizes are known before
//! memory is taken, and numbers are checked.

mod codec;
mod error;
mod reader;
mod record;
mod writer;

pub use error::BaselineError;
pub use reader::{Baseline, is_baseline};
pub use record::{
    BASELINE_SCHEMA_VERSION, BaselineInput, BaselineManifest, DataRecord, Precision, STEP,
};
pub use writer::{BaselineWriter, data_path};
