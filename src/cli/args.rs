//! What was typed. Nothing here reads a file, a variable or a clock.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use super::index_list::IndexList;
use super::model_name::ModelName;
use super::terminal_view::TerminalView;
use super::view_list::ViewList;
use crate::analysis::{Crop, Granularity, LinkChoice, SpecialTokens};
use crate::batch::InputFormat;
use crate::figure::{Colormap, Progression, Scale, Theme};
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

const TOKENS_EXAMPLE: &str = "\
Example:
  attnviz tokens \"Hello, how are you?\" --model builtin";

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
#[command(disable_help_subcommand = true, arg_required_else_help = true)]
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
    /// List the tokens of a text with their positions
    #[command(after_help = TOKENS_EXAMPLE)]
    Tokens(TokensArguments),
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
    /// The text to encode
    pub text: String,
    /// A second text: both are encoded as a sentence pair
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
    #[arg(
        long,
        value_name = "TOKENS",
        default_value = "never",
        allow_negative_numbers = true
    )]
    pub truncate: Truncate,
    /// [default: all cores, or RAYON_NUM_THREADS]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `batch`.
#[derive(Debug, Args)]
pub struct BatchArguments {
    /// Files of texts: .txt, .jsonl, .json, .csv, .tsv; "-" is standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// txt, jsonl, json, csv, tsv [default: by extension]
    #[arg(long, value_name = "FORMAT")]
    pub input_format: Option<InputFormat>,
    /// Column or field of the text [default: text, sentence …]
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
    /// What is written.
    #[command(flatten)]
    pub output: OutputArguments,
    /// Cut to so many tokens, or never
    #[arg(
        long,
        value_name = "TOKENS",
        default_value = "never",
        allow_negative_numbers = true
    )]
    pub truncate: Truncate,
    /// Keep what an earlier run has done
    #[arg(long, conflicts_with = "overwrite")]
    pub resume: bool,
    /// Do one part, such as 3/16; see attnviz merge
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
    #[arg(long, value_name = "NUMBER", default_value = "1024")]
    pub batch_tokens: NonZeroUsize,
    /// [default: all cores, or RAYON_NUM_THREADS]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// Print the result as JSON
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
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `tokens`.
#[derive(Debug, Args)]
pub struct TokensArguments {
    /// The text; "-" is standard input
    pub text: String,
    /// A second text: both are encoded as a sentence pair
    #[arg(long, value_name = "TEXT")]
    pub pair: Option<String>,
    /// Which model; its weights are not read.
    #[command(flatten)]
    pub model: ModelArguments,
    /// Cut to so many tokens, or never
    #[arg(
        long,
        value_name = "TOKENS",
        default_value = "never",
        allow_negative_numbers = true
    )]
    pub truncate: Truncate,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `pull`.
#[derive(Debug, Args)]
pub struct PullArguments {
    /// Hub ids such as google-bert/bert-base-uncased
    #[arg(required = true, value_name = "MODEL")]
    pub models: Vec<ModelName>,
    /// Branch, tag or commit on the hub
    #[arg(long, default_value = "main")]
    pub revision: String,
    /// Use the cache only; also HF_HUB_OFFLINE=1
    #[arg(long)]
    pub offline: bool,
    /// Print the result as JSON
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
    /// Replace what is somebody else's in a folder
    #[arg(long)]
    pub overwrite: bool,
    /// Print the result as JSON
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
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Which model is used.
#[derive(Debug, Args)]
pub struct ModelArguments {
    /// Hub id, directory or "builtin" [default: bert-base-uncased]
    #[arg(short, long, value_hint = ValueHint::DirPath)]
    pub model: Option<ModelName>,
    /// Of several encoders, the one whose tensors begin so
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub weights_prefix: Option<String>,
    /// Hub id or directory to take the tokenizer from
    #[arg(long, value_name = "MODEL", value_hint = ValueHint::DirPath)]
    pub tokenizer: Option<ModelName>,
    /// Branch, tag or commit on the hub
    #[arg(long, default_value = "main")]
    pub revision: String,
    /// Use the cache only; also HF_HUB_OFFLINE=1
    #[arg(long)]
    pub offline: bool,
}

/// What is written, and how it looks.
#[derive(Debug, Args)]
pub struct OutputArguments {
    /// Layers, such as 0-3,11 or -1
    #[arg(
        long,
        value_name = "LIST",
        default_value = "all",
        allow_hyphen_values = true
    )]
    pub layers: IndexList,
    /// Heads, such as 0-3,11 or -1
    #[arg(
        long,
        value_name = "LIST",
        default_value = "all",
        allow_hyphen_values = true
    )]
    pub heads: IndexList,
    /// heads, overview, mean, max, from:TOKEN, to:TOKEN;
    /// TOKEN is a text or a position such as @3
    /// [default: heads,overview; batch: overview]
    #[arg(long, value_name = "LIST")]
    pub views: Option<Vec<ViewList>>,
    /// png, svg, safetensors, npz, json
    #[arg(
        short,
        long = "format",
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "png"
    )]
    pub formats: Vec<Format>,
    /// Folder for the results
    #[arg(short, long, value_name = "FOLDER", default_value = "attnviz-out", value_hint = ValueHint::DirPath)]
    pub output: PathBuf,
    /// Replace what is somebody else's in a folder
    #[arg(long)]
    pub overwrite: bool,
    /// Units: subword, word
    #[arg(long, value_name = "UNIT", default_value_t)]
    pub tokens: Granularity,
    /// keep, hide, renormalize
    #[arg(long, value_name = "WHAT", default_value_t)]
    pub special_tokens: SpecialTokens,
    /// Show a stretch of the tokens, such as 10-40,
    /// counted from 0 as attnviz tokens lists them
    #[arg(long, value_name = "FIRST-LAST")]
    pub crop: Option<Crop>,
    /// List so many of the strongest links by a map
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true,
        value_parser = clap::value_parser!(u16).range(0..=100))]
    pub top_k: u16,
    /// best: one a query, no special tokens; all
    #[arg(long, value_name = "WHICH", default_value_t)]
    pub links: LinkChoice,
    /// Colours to: head, unit, run [default: by view]
    #[arg(long)]
    pub scale: Option<Scale>,
    /// linear, logarithmic
    #[arg(long, value_name = "WAY", default_value_t)]
    pub color_scale: Progression,
    /// The value of the first colour
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub vmin: Option<f32>,
    /// The value of the last colour
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub vmax: Option<f32>,
    /// Such as cividis, mako or greys
    #[arg(long, value_name = "NAME", default_value_t)]
    pub colormap: Colormap,
    /// Turn the colours around
    #[arg(long)]
    pub invert: bool,
    /// Paper and ink: light, dark
    #[arg(long, value_name = "NAME", default_value_t)]
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
        conflicts_with = "json"
    )]
    pub show: Option<TerminalView>,
}

/// How attnviz talks to the user.
#[derive(Debug, Clone, Args)]
pub struct MessageArguments {
    /// Print errors only
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "verbose",
        display_order = 1000
    )]
    pub quiet: bool,
    /// Print what is being done
    #[arg(short, long, global = true, display_order = 1001)]
    pub verbose: bool,
    /// auto, always, never
    #[arg(
        long,
        global = true,
        display_order = 1002,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub color: ColorWhen,
}

/// Whether messages are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The value of `--truncate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truncate {
    /// Too long input is an error.
    Never,
    /// Longer input is cut to this many tokens.
    To(usize),
}

impl Truncate {
    /// The number of tokens, `None` for never.
    pub fn limit(self) -> Option<usize> {
        match self {
            Self::Never => None,
            Self::To(count) => Some(count),
        }
    }
}

impl std::str::FromStr for Truncate {
    type Err = String;

    fn from_str(value: &str) -> Result<Self, String> {
        match value.parse() {
            _ if value == "never" => Ok(Self::Never),
            Ok(count) => Ok(Self::To(count)),
            Err(_) => Err(format!(
                "expected \"never\" or a number of tokens, found {value:?}"
            )),
        }
    }
}
