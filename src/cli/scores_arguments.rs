//! Arguments of `scores`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use clap_complete::ArgValueCompleter;

use super::args::{ComputationArguments, ModelArguments};
use super::candidates::layers_or_heads;
use super::index_list::IndexList;
use super::truncate::Truncate;
use super::values::{input_format, input_formats_in_full};
use crate::batch::InputFormat;

/// Arguments of `scores`.
#[derive(Debug, Args)]
pub struct ScoresArguments {
    /// .txt, .jsonl, .json, .csv, .tsv, .parquet; "-" is standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// Answer each line of standard input with a line
    ///
    /// Reads JSON Lines on standard input and writes one JSON object an input on
    /// standard output, in order, each as soon as it is there: {"id", "line",
    /// "tokens", "truncated_tokens", "layers", "heads", "scores": {NAME: [layer,
    /// head]}, "received_unit": [layer, head]}. What is empty is null. A bad line
    /// is answered with {"id", "line", "error", "hint"}, and the exit code stays 0.
    #[arg(long)]
    pub stream: bool,
    /// txt, jsonl, json, csv, tsv, parquet [default: by name]
    #[arg(long, value_name = "FORMAT", value_parser = input_format(),
        hide_possible_values = true, long_help = input_formats_in_full("Format of the files [default: by extension; of a stream: jsonl]"))]
    pub input_format: Option<InputFormat>,
    /// Column or field of the text [default: text …]
    ///
    /// Without it: text, sentence, sentence1, premise, question, query and the
    /// like, in any case.
    #[arg(long, value_name = "NAME")]
    pub text_column: Option<String>,
    /// Column or field of the second text of a pair
    #[arg(long, value_name = "NAME")]
    pub pair_column: Option<String>,
    /// Column or field of the id [default: id]
    #[arg(long, value_name = "NAME")]
    pub id_column: Option<String>,
    /// Quotation marks enclose fields of .tsv, too
    #[arg(long)]
    pub quotes: bool,
    /// Which model.
    #[command(flatten)]
    pub model: ModelArguments,
    /// What computes it.
    #[command(flatten)]
    pub computation: ComputationArguments,
    /// Layers, such as 0-3,11 or -1
    ///
    /// "all", or numbers and ranges with commas between, counted from 0; -1 is the
    /// last one.
    #[arg(long, value_name = "LIST", default_value = "all", allow_hyphen_values = true,
        add = ArgValueCompleter::new(layers_or_heads))]
    pub layers: IndexList,
    /// Heads, such as 0-3,11 or -1
    ///
    /// "all", or numbers and ranges with commas between, counted from 0; -1 is the
    /// last one.
    #[arg(long, value_name = "LIST", default_value = "all", allow_hyphen_values = true,
        add = ArgValueCompleter::new(layers_or_heads))]
    pub heads: IndexList,
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
    /// Tokens that are encoded at once
    ///
    /// At least 1. More need more memory and change no number.
    #[arg(
        long,
        value_name = "NUMBER",
        default_value = "1024",
        allow_negative_numbers = true,
        hide_short_help = true
    )]
    pub batch_tokens: NonZeroUsize,
    /// [default: all cores, or RAYON_NUM_THREADS]
    ///
    /// From 1 to 1024. The numbers are the same at every number.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub threads: Option<usize>,
}
