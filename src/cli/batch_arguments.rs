//! What was typed of `batch` and `scores`: many inputs.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::model_arguments::{ComputationArguments, ModelArguments};
use super::output_arguments::{HeadArguments, OutputArguments};
use super::shared_arguments::{JsonArgument, OpenArgument, ThreadsArgument};
use super::truncate::Truncate;
use super::values::{input_format, input_formats_in_full};
use crate::batch::InputFormat;
use crate::store::batch_records::Shard;

/// Arguments of `batch`.
#[derive(Debug, Args)]
pub struct BatchArguments {
    /// What is read.
    #[command(flatten)]
    pub inputs: InputArguments,
    /// Which model.
    #[command(flatten)]
    pub model: ModelArguments,
    /// What computes it.
    #[command(flatten)]
    pub computation: ComputationArguments,
    /// What is written.
    #[command(flatten)]
    pub output: OutputArguments,
    /// One page of all inputs, up to 200, with -f html
    ///
    /// index.html has the pages of all inputs in it, with a list that opens each in
    /// place.
    #[arg(long)]
    pub single_file: bool,
    /// What becomes of the result.
    #[command(flatten)]
    pub opening: OpenArgument,
    /// What becomes of each input.
    #[command(flatten)]
    pub course: CourseArguments,
    /// Add Markdown here [default: GITHUB_STEP_SUMMARY]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub summary: Option<PathBuf>,
    /// Write a JUnit report, each input a test case
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub junit: Option<PathBuf>,
    /// With how many threads.
    #[command(flatten)]
    pub cores: ThreadsArgument,
    /// How the result is told.
    #[command(flatten)]
    pub result: JsonArgument,
}

/// Arguments of `scores`.
#[derive(Debug, Args)]
pub struct ScoresArguments {
    /// What is read.
    #[command(flatten)]
    pub inputs: InputArguments,
    /// Answer each line of standard input with a line
    ///
    /// A filter for engines: reads JSON Lines on standard input and writes one JSON
    /// object an input on standard output, in order, each as soon as it is there:
    /// {"id", "line", "tokens", "truncated_tokens", "layers", "heads", "scores":
    /// {NAME: [layer, head]}, "received_unit": [layer, head]}, with null for what
    /// is empty. What fails is answered with {"id", "line", "error", "hint"}, and
    /// the exit code stays 0. No folder is written.
    #[arg(long, conflicts_with_all = ["output", "overwrite", "resume", "shard", "fail_fast",
        "max_failures", "json", "open"])]
    pub stream: bool,
    /// Which model.
    #[command(flatten)]
    pub model: ModelArguments,
    /// What computes it.
    #[command(flatten)]
    pub computation: ComputationArguments,
    /// Which heads.
    #[command(flatten)]
    pub heads: HeadArguments,
    /// Folder for the tables
    #[arg(short, long, value_name = "FOLDER", default_value = "attnviz-scores", value_hint = ValueHint::DirPath)]
    pub output: PathBuf,
    /// Replace what is somebody else's in a folder
    #[arg(long)]
    pub overwrite: bool,
    /// What becomes of the result.
    #[command(flatten)]
    pub opening: OpenArgument,
    /// What becomes of each input.
    #[command(flatten)]
    pub course: CourseArguments,
    /// With how many threads.
    #[command(flatten)]
    pub cores: ThreadsArgument,
    /// How the result is told.
    #[command(flatten)]
    pub result: JsonArgument,
}

/// Files of inputs.
#[derive(Debug, Args)]
pub struct InputArguments {
    /// .txt, .jsonl, .json, .csv, .tsv, .conllu, .parquet; "-": stdin
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// How they are read.
    #[command(flatten)]
    pub reading: ReadingArguments,
}

/// How files of inputs are read.
#[derive(Debug, Args)]
pub struct ReadingArguments {
    /// txt, jsonl, csv … [default: by name]
    #[arg(long, value_name = "FORMAT", value_parser = input_format(),
        hide_possible_values = true, long_help = input_formats_in_full("Format of the files [default: by extension]"))]
    pub input_format: Option<InputFormat>,
    /// Column of the text [default: text …]
    ///
    /// Without it: text, sentence, sentence1, premise, question, query and the
    /// like, in any case.
    #[arg(long, value_name = "NAME")]
    pub text_column: Option<String>,
    /// Column or field of a pair's second text
    #[arg(long, value_name = "NAME")]
    pub pair_column: Option<String>,
    /// Column or field of the id [default: id]
    #[arg(long, value_name = "NAME")]
    pub id_column: Option<String>,
    /// Quotation marks enclose fields of .tsv, too
    #[arg(long, hide_short_help = true)]
    pub quotes: bool,
}

/// What becomes of each of many inputs.
#[derive(Debug, Args)]
pub struct CourseArguments {
    /// Cut to so many tokens, or never
    ///
    /// "never": a text with more tokens than the model takes is an error. A number
    /// counts special tokens, too; what is cut off is said.
    #[arg(
        long,
        value_name = "TOKENS",
        default_value = "never",
        allow_negative_numbers = true
    )]
    pub truncate: Truncate,
    /// Keep what an earlier run has done
    ///
    /// Inputs whose text, model or options changed are done again.
    #[arg(long, conflicts_with = "overwrite")]
    pub resume: bool,
    /// Do one part, such as 3/16; see attnviz merge
    ///
    /// The third of sixteen parts. Which inputs a part has depends on nothing but
    /// the inputs, so that parts can be done on different machines.
    #[arg(
        long,
        value_name = "PART",
        allow_negative_numbers = true,
        hide_short_help = true
    )]
    pub shard: Option<Shard>,
    /// Stop at the first input that fails
    #[arg(long, conflicts_with = "max_failures")]
    pub fail_fast: bool,
    /// Stop after so many inputs that failed
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true,
        hide_short_help = true, value_parser = clap::value_parser!(u64).range(1..))]
    pub max_failures: Option<u64>,
    /// Tokens that are encoded at once
    ///
    /// At least 1. More need more memory and change no file.
    #[arg(
        long,
        value_name = "NUMBER",
        default_value = "1024",
        allow_negative_numbers = true,
        hide_short_help = true
    )]
    pub batch_tokens: NonZeroUsize,
}
