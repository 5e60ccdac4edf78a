//! What was typed. Nothing here reads a file, a variable or a clock.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::ArgValueCompleter;

use super::candidates::{layers_or_heads, models};
use super::index_list::IndexList;
use super::message_arguments::MessageArguments;
use super::model_name::ModelName;
use super::terminal_view::TerminalView;
use super::truncate::Truncate;
use super::values::{
    ViewParser, in_full, input_format, input_formats_in_full, one_of, views_in_full,
};
use crate::analysis::{Crop, Granularity, SpecialTokens};
use crate::batch::InputFormat;
use crate::figure::{Colormap, Progression, Scale, Theme, View};
use crate::store::Format;
use crate::store::batch_records::Shard;

const EXAMPLES: &str = "\
Examples:
  attnviz encode \"Hello, how are you?\"
  attnviz encode \"It was late.\" --pair \"She went home.\" --model ./my-bert
  attnviz render attnviz-out/hello-how-are-you --views mean
  attnviz pull google-bert/bert-base-uncased";

const ENCODE_EXAMPLE: &str = "\
Example:
  attnviz encode \"Hello, how are you?\" --layers 0-3,-1 --format png,safetensors";

const BATCH_EXAMPLE: &str = "\
Example:
  attnviz batch sentences.txt --output attnviz-out --resume";

const BENCH_EXAMPLE: &str = "\
Example:
  attnviz bench --model builtin --threads 2";

const RENDER_EXAMPLE: &str = "\
Examples:
  attnviz render attnviz-out/hello-how-are-you --views mean --theme dark
  attnviz render gpt2.npz --labels tokens.txt --title gpt2";

const PULL_EXAMPLE: &str = "\
Example:
  attnviz pull google-bert/bert-base-uncased --revision main";

const MERGE_EXAMPLE: &str = "\
Example:
  attnviz merge shard-1 shard-2 shard-3 --output attnviz-out";

const COMPLETIONS_EXAMPLE: &str = "\
Example:
  attnviz completions bash > ~/.local/share/bash-completion/completions/attnviz";

const MAN_EXAMPLE: &str = "\
Example:
  attnviz man > attnviz.1 && man ./attnviz.1";

/// Every attention map of a BERT as a picture.
#[derive(Debug, Parser)]
#[command(name = "attnviz", version, max_term_width = 80, after_help = EXAMPLES)]
#[command(arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to talk to the user.
    #[command(flatten)]
    pub messages: MessageArguments,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Draw every attention map of one text or pair
    #[command(after_help = ENCODE_EXAMPLE)]
    Encode(Box<EncodeArguments>),
    /// Draw the attention maps of files of texts
    #[command(after_help = BATCH_EXAMPLE)]
    Batch(Box<BatchArguments>),
    /// Draw a saved run again, or attention that came from elsewhere
    #[command(after_help = RENDER_EXAMPLE)]
    Render(Box<RenderArguments>),
    /// Join the shards of a batch into one folder
    #[command(after_help = MERGE_EXAMPLE)]
    Merge(MergeArguments),
    /// Download models ahead of time and print what was resolved
    #[command(after_help = PULL_EXAMPLE)]
    Pull(PullArguments),
    /// Measure how fast this machine loads, encodes and renders
    #[command(after_help = BENCH_EXAMPLE)]
    Bench(BenchArguments),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS_EXAMPLE)]
    Completions(CompletionsArguments),
    /// Print the manual page
    #[command(after_help = MAN_EXAMPLE)]
    Man,
}

/// Arguments of `encode`.
#[derive(Debug, Args)]
pub struct EncodeArguments {
    /// The text to encode, in quotes; "-" is standard input
    ///
    /// Of standard input all is one text: its line ends count as spaces. A text
    /// that begins with "-" stands behind "--".
    pub text: String,
    /// A second text: both are encoded as a sentence pair
    ///
    /// "-" reads it from standard input.
    #[arg(long, value_name = "TEXT")]
    pub pair: Option<String>,
    /// Which model.
    #[command(flatten)]
    pub model: ModelArguments,
    /// What is written.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What is shown in the terminal.
    #[command(flatten)]
    pub terminal: TerminalArguments,
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
    /// [default: all cores, or RAYON_NUM_THREADS]
    ///
    /// From 1 to 1024. The files are the same at every number.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// Print the result as JSON
    ///
    /// On standard output, errors included: {"error": {"message", "causes", "hint",
    /// "exit_code"}}.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `batch`.
#[derive(Debug, Args)]
pub struct BatchArguments {
    /// Files of texts: .txt, .jsonl, .csv or .tsv; "-" is standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// txt, jsonl, csv, tsv [default: by extension]
    #[arg(long, value_name = "FORMAT", value_parser = input_format(),
        hide_possible_values = true, long_help = input_formats_in_full("Format of the files [default: by extension]"))]
    pub input_format: Option<InputFormat>,
    /// Which model.
    #[command(flatten)]
    pub model: ModelArguments,
    /// What is written.
    #[command(flatten)]
    pub output: OutputArguments,
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
    #[arg(long, value_name = "PART")]
    pub shard: Option<Shard>,
    /// Stop at the first input that fails
    #[arg(long, conflicts_with = "max_failures")]
    pub fail_fast: bool,
    /// Stop after so many inputs that failed
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_failures: Option<u64>,
    /// Add Markdown here [default: GITHUB_STEP_SUMMARY]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub summary: Option<PathBuf>,
    /// Write a JUnit report, each input a test case
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub junit: Option<PathBuf>,
    /// Tokens that are encoded at once
    ///
    /// At least 1. More need more memory and change no file.
    #[arg(long, value_name = "NUMBER", default_value = "1024")]
    pub batch_tokens: NonZeroUsize,
    /// [default: all cores, or RAYON_NUM_THREADS]
    ///
    /// From 1 to 1024. The files are the same at every number.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// Print the result as JSON
    ///
    /// On standard output, errors included: {"error": {"message", "causes", "hint",
    /// "exit_code"}}.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `render`.
#[derive(Debug, Args)]
pub struct RenderArguments {
    /// A run's folder, or a safetensors or npz file with attention
    #[arg(value_name = "RUN", value_hint = ValueHint::AnyPath)]
    pub run: PathBuf,
    /// Tokens of a foreign file: one a line, or JSON
    ///
    /// JSON is an array of strings, as tokenizer.convert_ids_to_tokens gives it.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub labels: Option<PathBuf>,
    /// Keys of a foreign file, where they are not the queries
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key_labels: Option<PathBuf>,
    /// Model of a foreign file [default: its name]
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub title: Option<String>,
    /// What is drawn in the terminal.
    #[command(flatten)]
    pub terminal: TerminalArguments,
    /// What is written.
    #[command(flatten)]
    pub output: OutputArguments,
    /// [default: all cores, or RAYON_NUM_THREADS]
    ///
    /// From 1 to 1024. The files are the same at every number.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// Print the result as JSON
    ///
    /// On standard output, errors included: {"error": {"message", "causes", "hint",
    /// "exit_code"}}.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `pull`.
#[derive(Debug, Args)]
pub struct PullArguments {
    /// Hub ids or addresses such as google-bert/bert-base-uncased
    #[arg(required = true, value_name = "MODEL", add = ArgValueCompleter::new(models))]
    pub models: Vec<ModelName>,
    /// Branch, tag or commit on the hub [default: main]
    #[arg(long)]
    pub revision: Option<String>,
    /// Use the cache only; also HF_HUB_OFFLINE=1
    #[arg(long)]
    pub offline: bool,
    /// Print the result as JSON
    ///
    /// On standard output, errors included: {"error": {"message", "causes", "hint",
    /// "exit_code"}}.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `merge`.
#[derive(Debug, Args)]
pub struct MergeArguments {
    /// The folders of all shards
    #[arg(required = true, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub folders: Vec<PathBuf>,
    /// Folder for the whole batch
    #[arg(short, long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub output: PathBuf,
    /// Replace a folder that holds something else
    #[arg(long)]
    pub overwrite: bool,
    /// Print the result as JSON
    ///
    /// On standard output, errors included: {"error": {"message", "causes", "hint",
    /// "exit_code"}}.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub struct BenchArguments {
    /// Which model.
    #[command(flatten)]
    pub model: ModelArguments,
    /// [default: all cores, or RAYON_NUM_THREADS]
    ///
    /// From 1 to 1024. The files are the same at every number.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// Print the result as JSON
    ///
    /// On standard output, errors included: {"error": {"message", "causes", "hint",
    /// "exit_code"}}.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell that is to complete what is typed
    pub shell: clap_complete::Shell,
}

/// Which model is used.
#[derive(Debug, Args)]
pub struct ModelArguments {
    /// Hub id, directory or "builtin" [default: bert-base-uncased]
    ///
    /// "builtin": sentence-transformers/all-MiniLM-L6-v2, compiled in. A directory:
    /// as save_pretrained leaves it. A hub id: owner/name, owner/name@revision or
    /// an address such as https://huggingface.co/owner/name/tree/main.
    #[arg(short, long, value_hint = ValueHint::DirPath, add = ArgValueCompleter::new(models))]
    pub model: Option<ModelName>,
    /// Branch, tag or commit on the hub [default: main]
    #[arg(long)]
    pub revision: Option<String>,
    /// Use the cache only; also HF_HUB_OFFLINE=1
    #[arg(long)]
    pub offline: bool,
}

/// What is written, and how it looks.
#[derive(Debug, Args)]
pub struct OutputArguments {
    /// Layers, such as 0-3,11 or -1
    ///
    /// "all", or numbers and ranges with commas between, counted from 0; -1 is the
    /// last one.
    #[arg(
        long,
        value_name = "LIST",
        default_value = "all",
        allow_hyphen_values = true,
        add = ArgValueCompleter::new(layers_or_heads)
    )]
    pub layers: IndexList,
    /// Heads, such as 0-3,11 or -1
    ///
    /// "all", or numbers and ranges with commas between, counted from 0; -1 is the
    /// last one.
    #[arg(
        long,
        value_name = "LIST",
        default_value = "all",
        allow_hyphen_values = true,
        add = ArgValueCompleter::new(layers_or_heads)
    )]
    pub heads: IndexList,
    /// heads, overview, mean, max, from:TOKEN, to:TOKEN
    /// [default: heads,overview; batch: overview]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = ViewParser,
        hide_possible_values = true, long_help = views_in_full("What is drawn, with commas between [default: heads,overview; batch: overview]"))]
    pub views: Option<Vec<View>>,
    /// png, svg, safetensors, npz, json
    #[arg(
        short,
        long = "format",
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "png",
        value_parser = one_of::<Format>(),
        hide_possible_values = true, long_help = in_full::<Format>("What is written, with commas between")
    )]
    pub formats: Vec<Format>,
    /// Folder for the results
    #[arg(short, long, value_name = "FOLDER", default_value = "attnviz-out", value_hint = ValueHint::DirPath)]
    pub output: PathBuf,
    /// Replace a folder that holds something else
    #[arg(long)]
    pub overwrite: bool,
    /// Units: subword, word
    #[arg(long, value_name = "UNIT", default_value_t, value_parser = one_of::<Granularity>(),
        hide_possible_values = true, long_help = in_full::<Granularity>("What a row and a column is"))]
    pub tokens: Granularity,
    /// keep, hide, renormalize
    #[arg(long, value_name = "WHAT", default_value_t, value_parser = one_of::<SpecialTokens>(),
        hide_possible_values = true, long_help = in_full::<SpecialTokens>("What becomes of [CLS], [SEP] and the like"))]
    pub special_tokens: SpecialTokens,
    /// Show a stretch of the tokens, such as 10-40
    ///
    /// The first and the last that are shown, counted from 0.
    #[arg(long, value_name = "FIRST-LAST")]
    pub crop: Option<Crop>,
    /// List so many of the strongest links by a map
    ///
    /// From 0, which lists none, to 100.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true,
        value_parser = clap::value_parser!(u16).range(0..=100))]
    pub top_k: u16,
    /// Colours to: head, unit, run [default: by view]
    #[arg(long, value_parser = one_of::<Scale>(),
        hide_possible_values = true, long_help = in_full::<Scale>("What the colours reach to [default: by view]"))]
    pub scale: Option<Scale>,
    /// linear, logarithmic
    #[arg(long, value_name = "WAY", default_value_t, value_parser = one_of::<Progression>(),
        hide_possible_values = true, long_help = in_full::<Progression>("How the colours follow the values"))]
    pub color_scale: Progression,
    /// The value of the first colour
    ///
    /// A number; what is below it is clipped, and the picture says so.
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub vmin: Option<f32>,
    /// The value of the last colour
    ///
    /// A number; what is above it is clipped, and the picture says so.
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub vmax: Option<f32>,
    /// Such as cividis, mako or greys
    #[arg(long, value_name = "NAME", default_value_t, value_parser = one_of::<Colormap>(),
        hide_possible_values = true, long_help = in_full::<Colormap>("The colours"))]
    pub colormap: Colormap,
    /// Turn the colours around
    #[arg(long)]
    pub invert: bool,
    /// Paper and ink: light, dark
    #[arg(long, value_name = "NAME", default_value_t, value_parser = one_of::<Theme>(),
        hide_possible_values = true, long_help = in_full::<Theme>("Paper and ink"))]
    pub theme: Theme,
    /// Write even more than 1 GB for one input
    #[arg(long)]
    pub large: bool,
}

/// What is shown in the terminal; for commands that have `--json` too.
#[derive(Debug, Clone, Args)]
pub struct TerminalArguments {
    /// Draw in the terminal, too: overview or heads
    #[arg(
        long,
        value_name = "VIEW",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "auto",
        conflicts_with = "json",
        value_parser = one_of::<TerminalView>(),
        hide_possible_values = true, long_help = in_full::<TerminalView>("Draw in the terminal, too; a value stands behind \"=\", as in --show=heads")
    )]
    pub show: Option<TerminalView>,
}
