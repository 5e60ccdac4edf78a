//! What was typed of `diff`: two sides, what both are asked, and how much they
//! may differ.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use clap_complete::ArgValueCompleter;

use super::batch_arguments::ReadingArguments;
use super::candidates::models;
use super::model_arguments::ComputationArguments;
use super::model_name::ModelName;
use super::output_arguments::HeadArguments;
use super::shared_arguments::{JsonArgument, ThreadsArgument};
use super::threshold::Threshold;
use super::truncate::Truncate;
use super::values::{among, in_full, in_full_among, one_of, quantities_in_full, quantity};
use crate::analysis::Granularity;
use crate::compare::Quantity;
use crate::figure::Theme;
use crate::store::Format;
use crate::store::diff::FORMATS;

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub struct DiffArguments {
    /// Model, saved run, attention file, or folder of batch or scores
    ///
    /// A model: a hub id, owner/name@revision, a directory with its config.json, or
    /// builtin. A run: a folder that encode has written with --format npz or
    /// safetensors, or a file as render reads it.
    #[arg(value_hint = ValueHint::AnyPath, add = ArgValueCompleter::new(models))]
    pub left: ModelName,
    /// What it is compared with, of the same kind
    #[arg(value_hint = ValueHint::AnyPath, add = ArgValueCompleter::new(models))]
    pub right: Option<ModelName>,
    /// What both are given; "-": standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub text: Option<String>,
    /// A second text, encoded with it as a pair
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        requires = "text"
    )]
    pub pair: Option<String>,
    /// Another text for LEFT, without RIGHT
    ///
    /// Units that both texts have stand beside one another; those that replace one
    /// another are marked, and what one of them has alone is left out.
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        requires = "text",
        conflicts_with = "right"
    )]
    pub against: Option<String>,
    /// The second text of --against
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        requires = "against",
        hide_short_help = true
    )]
    pub against_pair: Option<String>,
    /// Files of texts, as batch reads them
    ///
    /// Both models are given each of them. Inputs that the two cut into other tokens
    /// are listed and not compared, and the exit code is 1.
    #[arg(
        long,
        value_name = "FILE",
        num_args = 1..,
        conflicts_with_all = ["text", "against"],
        value_hint = ValueHint::FilePath
    )]
    pub inputs: Vec<PathBuf>,
    /// How they are read.
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Tokens of files from elsewhere
    ///
    /// One a line, or JSON: an array of strings, as tokenizer.convert_ids_to_tokens
    /// gives it. Both sides have them.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub labels: Option<PathBuf>,
    /// Their keys, where they are not the queries
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, hide_short_help = true)]
    pub key_labels: Option<PathBuf>,
    /// Hub id or directory of both tokenizers
    #[arg(long, value_name = "MODEL", value_hint = ValueHint::DirPath, add = ArgValueCompleter::new(models))]
    pub tokenizer: Option<ModelName>,
    /// Use the cache only; also HF_HUB_OFFLINE=1
    #[arg(long)]
    pub offline: bool,
    /// What computes both.
    #[command(flatten)]
    pub computation: ComputationArguments,
    /// Which heads.
    #[command(flatten)]
    pub heads: HeadArguments,
    /// Units: subword, word
    #[arg(long, value_name = "UNIT", default_value_t, value_parser = one_of::<Granularity>(),
        hide_possible_values = true, long_help = in_full::<Granularity>("What a row and a column is; words, where two models cut them into other pieces"))]
    pub tokens: Granularity,
    /// Tokens to cut to, or never
    #[arg(
        long,
        value_name = "TOKENS",
        default_value = "never",
        allow_negative_numbers = true
    )]
    pub truncate: Truncate,
    /// js_bits, max_abs … [default: js_bits]
    #[arg(long, value_name = "NAME", value_parser = quantity(), hide_possible_values = true,
        long_help = quantities_in_full("What sorts the table and colours the grid; all of them are computed. Of many inputs it may be the difference of a score, of folders of scores it is one [default: js_bits, of scores entropy_normalized]"))]
    pub measure: Option<Quantity>,
    /// Draw so many changed heads
    ///
    /// The most changed ones by --measure.
    /// From 0, which draws the grid alone, to 100.
    #[arg(long, value_name = "NUMBER", default_value_t = 5, allow_negative_numbers = true,
        value_parser = clap::value_parser!(u16).range(0..=100))]
    pub top_k: u16,
    /// Most js_bits of a head, else exit code 4
    ///
    /// A head's is the mean over its queries. Where one has more, this is told on
    /// standard output, and everything is written all the same.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub max_js_bits: Option<Threshold>,
    /// Most total_variation of a head, likewise
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub max_total_variation: Option<Threshold>,
    /// Most that a cell may differ by, likewise
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub max_abs: Option<Threshold>,
    /// png, svg, safetensors, npz
    #[arg(
        short,
        long = "format",
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "png",
        value_parser = among(&FORMATS),
        hide_possible_values = true, hide_default_value = true,
        long_help = in_full_among(&FORMATS, "What is written beside diff.csv, with commas between [default: png]")
    )]
    pub formats: Vec<Format>,
    /// Folder [default: attnviz-out/diff-…]
    ///
    /// Without it: attnviz-out/diff-LEFT-RIGHT.
    #[arg(short, long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub output: Option<PathBuf>,
    /// Replace what is somebody else's in a folder
    #[arg(long)]
    pub overwrite: bool,
    /// Paper and ink: light, dark
    #[arg(long, value_name = "NAME", default_value_t, value_parser = one_of::<Theme>(),
        hide_possible_values = true, long_help = in_full::<Theme>("Paper and ink"))]
    pub theme: Theme,
    /// With how many threads.
    #[command(flatten)]
    pub cores: ThreadsArgument,
    /// How the result is told.
    #[command(flatten)]
    pub result: JsonArgument,
}
