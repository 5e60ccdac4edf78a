//! An error of `attnviz check` in the reports of an earlier one.

use super::check_again::Again;
use super::hints::of_check;
use super::messages::Messages;
use crate::batch::BatchError;
use crate::batch::check::{CheckError, CheckOptions, report_error};

/// Puts an error where an earlier check has said that all is well. What cannot
/// be put there is a warning: the error itself is what the user gets.
pub(super) fn say_in_reports(
    options: &CheckOptions,
    error: &anyhow::Error,
    again: &Again,
    messages: &Messages,
) {
    // The folder is right where only a report beside it could not be written.
    if let Some(CheckError::Batch(error)) = error.downcast_ref()
        && matches!(**error, BatchError::Report { .. })
    {
        return;
    }
    let mut text = format!("{error:#}");
    if let Some(hint) = of_check(error, again) {
        text.push_str(&format!("\nhint: {hint}"));
    }
    let is_of_report = matches!(error.downcast_ref(), Some(BatchError::Report { .. }));
    if let Err(failed) = report_error(options, &text)
        && !is_of_report
    {
        messages.warning(format!("the reports do not tell this error: {failed}"));
    }
}
