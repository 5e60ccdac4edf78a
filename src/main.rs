//! Parses, runs, prints the error chain and its hint, exits: nothing else.

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use attnviz::cli::{self, Arguments, Messages};
use clap::Parser;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let messages = Messages::new(&arguments.messages);
    // A reader of malformed files panics where it should return an error. The
    // library turns that into one, so the hook has nothing to print.
    panic::set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        cli::run(&arguments, &messages)?;
        Ok(io::stdout().flush()?)
    }));
    let error = match outcome {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(error)) => error,
        Err(panic) => internal_error(panic.as_ref()),
    };
    if is_closed_pipe(&error) {
        return ExitCode::SUCCESS;
    }
    cli::print_error(&error, cli::hint(&error).as_deref());
    ExitCode::from(cli::exit_code(&error))
}

/// `attnviz … | head -1` is no error.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn internal_error(panic: &(dyn std::any::Any + Send)) -> anyhow::Error {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    anyhow::anyhow!("attnviz itself failed ({message}); please report this with the command")
}
