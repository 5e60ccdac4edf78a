//! What was typed. Nothing here reads a file, a variable or a clock.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::ArgValueCompleter;

use super::batch_arguments::{BatchArguments, ScoresArguments};
use super::candidates::models;
use super::check_arguments::CheckArguments;
use super::diff_arguments::DiffArguments;
use super::message_arguments::MessageArguments;
use super::model_arguments::{ComputationArguments, MODEL_NAMES, ModelArguments};
use super::model_name::ModelName;
use super::output_arguments::{OutputArguments, TerminalArguments};
use super::shared_arguments::{JsonArgument, OpenArgument, ThreadsArgument};
use super::truncate::Truncate;

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

const SCORES_EXAMPLE: &str = "\
Examples:
  attnviz scores sentences.txt --model builtin --output attnviz-scores
  cat inputs.jsonl | attnviz scores - --stream --model builtin";

const DIFF_EXAMPLE: &str = "\
Examples:
  attnviz diff builtin ./my-model --text \"Hello, how are you?\"
  attnviz diff builtin --text \"I am tired.\" --against \"I am wide.\"
  attnviz diff builtin ./my-model --inputs sentences.txt --max-js-bits 0.05";

const BENCH_EXAMPLE: &str = "\
Example:
  attnviz bench --model builtin --threads 2";

const CHECK_MODEL: &str = "Id, folder, builtin [default: that of the rules]";

const CHECK_EXAMPLE: &str = "\
Examples:
  attnviz check attention.toml --init
  attnviz check attention.toml --accept
  attnviz check attention.toml --junit attnviz.xml";

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

/// Every attention map of a transformer as a picture.
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
    /// Measure what every head does over files of texts
    ///
    /// The folder has index.html, one file to look around in: all heads by any score,
    /// a head's every number, the inputs at both ends. Tables beside it have all of it
    /// for programs.
    #[command(after_help = SCORES_EXAMPLE)]
    Scores(Box<ScoresArguments>),
    /// Show what differs between two models, runs or texts
    #[command(after_help = DIFF_EXAMPLE)]
    Diff(Box<DiffArguments>),
    /// Check rules on attention, for CI
    #[command(after_help = CHECK_EXAMPLE, mut_arg("model", |model| {
        model.help(CHECK_MODEL).long_help(format!("{CHECK_MODEL}\n\n{MODEL_NAMES}"))
    }))]
    Check(Box<CheckArguments>),
    /// Draw a saved run again, or attention that came from elsewhere
    #[command(after_help = RENDER_EXAMPLE)]
    Render(Box<RenderArguments>),
    /// List the tokens of a text with their positions
    #[command(after_help = TOKENS_EXAMPLE)]
    Tokens(TokensArguments),
    /// Join the shards of a batch or of scores into one folder
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
    /// A second text: both are encoded as a pair
    ///
    /// "-" reads it from standard input.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub pair: Option<String>,
    /// Which model.
    #[command(flatten)]
    pub model: ModelArguments,
    /// What computes it.
    #[command(flatten)]
    pub computation: ComputationArguments,
    /// What is written.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What is shown in the terminal.
    #[command(flatten)]
    pub terminal: TerminalArguments,
    /// Save queries, keys and value norms, too
    ///
    /// What the scores of every head are computed of, in the numeric file: query and
    /// key [layer, head, unit, dimension], as their products are taken (normalized
    /// and turned by their positions where the model does that), value_norm [layer,
    /// head, unit], score_scale [layer].
    #[arg(long)]
    pub neurons: bool,
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
    /// What becomes of the result.
    #[command(flatten)]
    pub opening: OpenArgument,
    /// With how many threads.
    #[command(flatten)]
    pub cores: ThreadsArgument,
    /// How the result is told.
    #[command(flatten)]
    pub result: JsonArgument,
}

/// Arguments of `render`.
#[derive(Debug, Args)]
pub struct RenderArguments {
    /// A run's folder, a batch's, or a file of attention (npz, npy,
    /// safetensors, json, pt)
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
    /// One page of all runs, up to 200, with -f html
    ///
    /// index.html has the pages of all runs of a folder in it, with a list that opens each in
    /// place.
    #[arg(long)]
    pub single_file: bool,
    /// What becomes of the result.
    #[command(flatten)]
    pub opening: OpenArgument,
    /// With how many threads.
    #[command(flatten)]
    pub cores: ThreadsArgument,
    /// How the result is told.
    #[command(flatten)]
    pub result: JsonArgument,
}

/// Arguments of `tokens`.
#[derive(Debug, Args)]
pub struct TokensArguments {
    /// The text; "-" is standard input
    pub text: String,
    /// A second text: both are encoded as a pair
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
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
    /// How the result is told.
    #[command(flatten)]
    pub result: JsonArgument,
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
    /// How the result is told.
    #[command(flatten)]
    pub result: JsonArgument,
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
    /// How the result is told.
    #[command(flatten)]
    pub result: JsonArgument,
}

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub struct BenchArguments {
    /// Which model.
    #[command(flatten)]
    pub model: ModelArguments,
    /// What computes it.
    #[command(flatten)]
    pub computation: ComputationArguments,
    /// With how many threads.
    #[command(flatten)]
    pub cores: ThreadsArgument,
    /// How the result is told.
    #[command(flatten)]
    pub result: JsonArgument,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell that is to complete what is typed
    pub shell: clap_complete::Shell,
}
