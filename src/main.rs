//! Parses, runs, prints the error chain and its hint, exits: nothing else.

#![forbid(unsafe_code)]

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use attnviz::cli::{self, Arguments, Messages, StandardOutputError};
use clap::Parser;
use clap::error::ErrorKind;

fn main() -> ExitCode {
    match cli::complete(env::args_os()) {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(error) => return print_help(&error),
    }
    let typed: Vec<OsString> = env::args_os().skip(1).collect();
    let json = cli::asks_for_json(&typed);
    if let Err(error) = cli::check_values(&typed) {
        return fail(&error, cli::hint(&error), json);
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if is_wrong_usage(&error) => {
            cli::print_usage_error(error, &typed, json);
            return ExitCode::from(2);
        }
        Err(error) => return print_help(&error),
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
    let error = match outcome {
        Ok(Ok(outcome)) => return ExitCode::from(outcome.exit_code()),
        Ok(Err(error)) => error,
        Err(panic) => internal_error(panic.as_ref()),
    };
    fail(&error, cli::hint_about(&arguments, &error), json)
}

/// Tells an error, and with which code to end.
fn fail(error: &anyhow::Error, hint: Option<String>, json: bool) -> ExitCode {
    if is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let code = cli::exit_code(error);
    cli::print_error(error, hint.as_deref(), code, json);
    ExitCode::from(code)
}

/// Help or the version, which is the result that was asked for.
fn print_help(error: &clap::Error) -> ExitCode {
    let printed = error.print().and_then(|()| io::stdout().flush());
    match printed.map_err(StandardOutputError::from) {
        Ok(()) => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
        Err(error) => {
            let error = error.into();
            fail(&error, cli::hint(&error), false)
        }
    }
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
