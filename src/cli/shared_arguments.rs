//! Options that several commands have, in the same words.

use clap::Args;

/// With how many threads a command computes.
#[derive(Debug, Args)]
pub struct ThreadsArgument {
    /// [default: all cores, or RAYON_NUM_THREADS]
    ///
    /// From 1 to 1024. The files are the same at every number.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub threads: Option<usize>,
}

/// Whether the result is told to programs.
#[derive(Debug, Args)]
pub struct JsonArgument {
    /// Print the result as JSON
    ///
    /// On standard output, errors included: {"error": {"message", "causes", "hint",
    /// "exit_code"}}.
    #[arg(long)]
    pub json: bool,
}

/// Whether the result is opened.
#[derive(Debug, Args)]
pub struct OpenArgument {
    /// Open the one file to look at first
    ///
    /// That behind "open" in what is printed, in the program that shows such files:
    /// with xdg-open, open or Explorer. Nothing is opened where standard output is no terminal, or CI is
    /// set.
    #[arg(long)]
    pub open: bool,
}
