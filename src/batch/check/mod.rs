//! Rules on the attention of a model, checked over many inputs.
//!
//! Inputs go through in windows, as those of any batch do, and every run is
//! dropped when it has been looked at. What the rules need of them is a few
//! numbers each; what a broken rule shows is computed again at the end.

mod accept;
mod beside;
mod error;
mod looks;
mod options;
mod own_texts;
mod pictures;
mod publish;
mod run;
mod walk;

pub use accept::{Accepted, Proposal, propose};
pub use error::CheckError;
pub use options::{CheckOptions, CheckOutcome};
pub use publish::{default_output, report_error};
pub use run::check;
