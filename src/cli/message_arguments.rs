//! How much is said, and in which colours: options of every command.

use clap::{ArgAction, Args, ValueEnum};

/// How attnviz talks to the user.
#[derive(Debug, Clone, Args)]
pub struct MessageArguments {
    /// Print neither progress nor results
    ///
    /// Errors and warnings are printed all the same, because they change what a
    /// result means; so is what --json and --show print.
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "verbose",
        display_order = 1000
    )]
    pub quiet: bool,
    /// Print what is being done; -vv more of it
    #[arg(short, long, global = true, display_order = 1001, action = ArgAction::Count)]
    pub verbose: u8,
    /// auto, always, never
    #[arg(
        long,
        global = true,
        display_order = 1002,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true,
        hide_short_help = true,
        long_help = "When to use colours\n\n- auto: on a terminal, unless NO_COLOR is set\n\
            - always: in pipes and files, too\n- never: nowhere"
    )]
    pub color: ColorWhen,
}

/// Whether messages are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// on a terminal, unless NO_COLOR is set
    Auto,
    /// in pipes and files, too
    Always,
    /// nowhere
    Never,
}
