//! `attnviz completions`: a script that makes a shell ask attnviz itself what
//! can stand where the cursor is, so that every shell offers the same, values
//! included.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Write;

use anyhow::Result;
use clap::{CommandFactory, Error};
use clap_complete::engine::ValueCompleter;
use clap_complete::env::{CompleteEnv, Shells};
use clap_complete::{CompletionCandidate, PathCompleter};

use super::args::{Arguments, CompletionsArguments};
use super::standard_output::StandardOutputError;
use crate::checkpoint::hub::{HubEnvironment, cached_models};

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

/// Models: `builtin`, what the cache holds, and directories.
pub(super) fn models(begun: &OsStr) -> Vec<CompletionCandidate> {
    let cached = HubEnvironment::from_process()
        .map(|environment| cached_models(&environment.cache))
        .unwrap_or_default();
    let names = ["builtin".to_owned()].into_iter().chain(cached);
    let mut candidates: Vec<_> = names
        .filter(|name| name.starts_with(&*begun.to_string_lossy()))
        .map(CompletionCandidate::new)
        .collect();
    candidates.extend(PathCompleter::dir().complete(begun));
    candidates
}

/// Lists of layers or heads: nobody knows how many there are before a model is
/// loaded, so that all and the last one have to do.
pub(super) fn layers_or_heads(begun: &OsStr) -> Vec<CompletionCandidate> {
    ["all", "0", "-1"]
        .into_iter()
        .filter(|value| value.starts_with(&*begun.to_string_lossy()))
        .map(CompletionCandidate::new)
        .collect()
}
