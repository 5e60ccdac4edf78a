//! Standard output, where the result goes.

use std::io::{self, Write};

use serde::Serialize;
use thiserror::Error;

use crate::remedy::Remedy;

/// The result could not be printed. A type of its own, because a reader who
/// went away is no error, while a hub that broke the connection is one.
#[derive(Debug, Error)]
#[error("the result could not be written to standard output: {0}")]
pub struct StandardOutputError(#[from] io::Error);

impl StandardOutputError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::RedirectOutput)
    }

    /// Whether the reader closed the pipe, as `attnviz … | head -1` does.
    pub fn is_closed_pipe(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

/// Writes a report as indented JSON with a line end.
pub(super) fn write_json(report: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(StandardOutputError::from)?;
    Ok(())
}
