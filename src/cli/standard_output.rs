//! Standard output, where the result goes.

use std::io;

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
