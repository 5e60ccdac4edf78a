//! Parses, runs, prints the error chain and its hint, exits: nothing else.

#![forbid(unsafe_code)]

use std::env;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use attnviz::cli::{self, Arguments, Messages, StandardOutputError};
use clap::Parser;
use clap::error::ErrorKind;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if is_wrong_usage(&error) => {
            cli::print_usage_error(&error, env::args_os().skip(1));
            return ExitCode::from(2);
        }
        // Help or the version.
        Err(help) => {
            return match print(&help) {
                Ok(()) => ExitCode::from(u8::try_from(help.exit_code()).unwrap_or(1)),
                Err(error) => told(&error),
            };
        }
    };
    let messages = Messages::new(&arguments.messages);
    // A reader of malformed files panics where it should return an error. The
    // library turns that into one, so the hook has nothing to print.
    panic::set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(|| -> anyhow::Result<cli::Outcome> {
        let outcome = cli::run(&arguments, &messages)?;
        io::stdout().flush().map_err(StandardOutputError::from)?;
        Ok(outcome)
    }));
    match outcome {
        Ok(Ok(outcome)) => ExitCode::from(outcome.exit_code()),
        Ok(Err(error)) => told(&error),
        Err(panic) => told(&internal_error(panic.as_ref())),
    }
}

/// Tells the error, unless nobody reads any more.
fn told(error: &anyhow::Error) -> ExitCode {
    if is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    cli::print_error(error, cli::hint(error).as_deref());
    ExitCode::from(cli::exit_code(error))
}

/// Prints help or the version.
fn print(help: &clap::Error) -> anyhow::Result<()> {
    let printed = help.print().and_then(|()| io::stdout().flush());
    Ok(printed.map_err(StandardOutputError::from)?)
}

/// `attnviz … | head -1` is no error.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref()
        .is_some_and(StandardOutputError::is_closed_pipe)
}

fn is_wrong_usage(error: &clap::Error) -> bool {
    error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
}

fn internal_error(panic: &(dyn std::any::Any + Send)) -> anyhow::Error {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    anyhow::anyhow!("attnviz itself failed ({message}); please report this with the command")
}
