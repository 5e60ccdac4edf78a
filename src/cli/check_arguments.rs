//! What was typed of `check`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::model_arguments::{ComputationArguments, ModelArguments};
use super::shared_arguments::{JsonArgument, ThreadsArgument};
use super::truncate::Truncate;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The rules file, such as attention.toml
    #[arg(value_name = "RULES", value_hint = ValueHint::FilePath)]
    pub rules: PathBuf,
    /// Write a commented rules file to start from
    #[arg(long, conflicts_with_all = ["accept", "exact", "truncate", "output", "junit", "summary"])]
    pub init: bool,
    /// Make or renew the baseline; says what changes
    ///
    /// It says what changes before it writes the file that `baseline` names and
    /// its numbers, in a second file that ends in .zst. No rule is checked.
    #[arg(long, conflicts_with_all = ["output", "junit", "summary"])]
    pub accept: bool,
    /// Keep exact numbers in the baseline, not 16 bits
    #[arg(long, requires = "accept")]
    pub exact: bool,
    /// Which model; goes before that of the rules.
    #[command(flatten)]
    pub model: ModelArguments,
    /// What computes it.
    #[command(flatten)]
    pub computation: ComputationArguments,
    /// Cut to so many tokens, or never
    ///
    /// "never": a text with more tokens than the model takes fails. A number counts
    /// special tokens, too; what is cut off is said. A baseline keeps texts as they
    /// were cut: it is to be made and checked with the same number.
    #[arg(
        long,
        value_name = "TOKENS",
        default_value = "never",
        allow_negative_numbers = true
    )]
    pub truncate: Truncate,
    /// Folder for page and pictures [default: attnviz-out/check-RULES]
    #[arg(short, long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub output: Option<PathBuf>,
    /// Replace what is somebody else's
    #[arg(long)]
    pub overwrite: bool,
    /// Add Markdown here [default: GITHUB_STEP_SUMMARY]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub summary: Option<PathBuf>,
    /// Write a JUnit report, each rule a test case
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub junit: Option<PathBuf>,
    /// With how many threads.
    #[command(flatten)]
    pub cores: ThreadsArgument,
    /// How the result is told.
    #[command(flatten)]
    pub result: JsonArgument,
}
