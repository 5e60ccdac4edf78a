//! `attnviz completions`: a completion script for a shell.

use std::io::Write;

use anyhow::Result;
use clap::CommandFactory;

use super::args::{Arguments, CompletionsArguments};
use super::standard_output::StandardOutputError;

pub(super) fn run(arguments: &CompletionsArguments) -> Result<()> {
    // Made in memory, because the generator panics when its output breaks, as
    // a closed pipe does.
    let mut script = Vec::new();
    let mut command = Arguments::command();
    clap_complete::generate(arguments.shell, &mut command, "attnviz", &mut script);
    std::io::stdout()
        .write_all(&script)
        .map_err(StandardOutputError::from)?;
    Ok(())
}
