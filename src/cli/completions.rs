//! `attnviz completions`: a script that makes a shell ask attnviz itself what
//! can stand where the cursor is, so that every shell offers the same, values
//! included.

use std::env;
use std::ffi::OsString;
use std::io::Write;

use anyhow::Result;
use clap::{CommandFactory, Error};
use clap_complete::env::{CompleteEnv, Shells};

use super::args::{Arguments, CompletionsArguments};
use super::standard_output::StandardOutputError;

/// What the script sets when it asks.
const VARIABLE: &str = "ATTNVIZ_COMPLETE";
const PROGRAM: &str = "attnviz";

pub(super) fn run(arguments: &CompletionsArguments) -> Result<()> {
    let name = arguments.shell.to_string();
    let mut script = Vec::new();
    if let Some(shell) = Shells::builtins().completer(&name) {
        shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    }
    std::io::stdout()
        .write_all(&script)
        .map_err(StandardOutputError::from)?;
    Ok(())
}

/// Answers a shell that asks what can be typed; whether one did.
///
/// # Errors
/// When the question is none, or the answer cannot be printed.
pub fn complete(typed: impl Iterator<Item = OsString>) -> Result<bool, Error> {
    let folder = env::current_dir().ok();
    CompleteEnv::with_factory(Arguments::command)
        .var(VARIABLE)
        .bin(PROGRAM)
        .completer(PROGRAM)
        .try_complete(typed, folder.as_deref())
}
