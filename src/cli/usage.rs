//! Wrong usage that only the command line can see, and the exit code of every
//! error.

use anyhow::Error;
use thiserror::Error;

use crate::attention::{IndexNotSaved, IndexOutOfRange};
use crate::batch::BatchError;
use crate::batch::check::CheckError;
use crate::batch::diff::DiffError;
use crate::model::InstructionsError;
use crate::pipeline::OutputError;
use crate::pipeline::PipelineError;
use crate::remedy::Remedy;
use crate::store::saved::SavedError;
use crate::tokenizer::TokenizerError;

/// Options that are each right and do not go together.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct UsageError {
    message: String,
    remedy: Remedy,
}

impl UsageError {
    /// With what to type instead.
    pub fn error(message: impl Into<String>, remedy: Remedy) -> Error {
        Self {
            message: message.into(),
            remedy,
        }
        .into()
    }

    /// What to type instead.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(self.remedy.clone())
    }
}

/// 2 for wrong usage, 130 after Ctrl-C as shells have it, else 1.
pub fn exit_code(error: &Error) -> u8 {
    if let Some(BatchError::Interrupted { .. }) = error.downcast_ref() {
        return 130;
    }
    if let Some(DiffError::Interrupted) = error.downcast_ref() {
        return 130;
    }
    if let Some(CheckError::Interrupted) = error.downcast_ref() {
        return 130;
    }
    let is_usage = error.chain().any(|cause| {
        cause.is::<UsageError>()
            || cause.is::<IndexOutOfRange>()
            || cause.is::<IndexNotSaved>()
            || cause.is::<InstructionsError>()
            || matches!(
                cause.downcast_ref(),
                Some(OutputError::Reshape(_) | OutputError::Figure(_))
            )
            || matches!(cause.downcast_ref(), Some(SavedError::SaysItself { .. }))
            || matches!(
                cause.downcast_ref(),
                Some(TokenizerError::TruncateTo { .. })
            )
            || matches!(
                cause.downcast_ref(),
                Some(PipelineError::Tokenizer(TokenizerError::TruncateTo { .. }))
            )
    });
    if is_usage { 2 } else { 1 }
}
