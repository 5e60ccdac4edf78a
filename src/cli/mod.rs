//! The command line: what was typed, what it means, and one short file per
//! subcommand. Nothing else in the crate knows this module.

mod args;
mod batch;
mod batch_arguments;
mod batch_progress;
mod batch_report;
mod bench;
mod candidates;
mod check;
mod check_accept;
mod check_again;
mod check_arguments;
mod check_error;
mod check_settings;
mod completions;
mod diff;
mod diff_arguments;
mod diff_error;
mod diff_idle;
mod diff_many;
mod diff_many_report;
mod diff_printed;
mod diff_report;
mod diff_settings;
mod diff_sides;
mod encode;
mod forgotten_value;
mod hints;
mod idle_options;
mod input_sources;
mod instructions;
mod man;
mod merge;
mod message_arguments;
mod messages;
mod model;
mod model_arguments;
mod model_name;
mod nearest;
mod open;
mod output_arguments;
mod page_size;
mod parquet_phrases;
mod phrases;
mod pull;
mod render;
mod render_list;
mod render_runs;
mod rules_file;
mod saved_selection;
mod scores_stream;
mod settings;
mod shared_arguments;
mod side;
mod standard_output;
mod terminal;
mod terminal_output;
mod terminal_view;
mod text_argument;
mod threads;
mod threshold;
mod tokens;
mod truncate;
mod typed;
mod usage;
mod values;
mod view_list;

use anyhow::Result;

pub use args::Arguments;
pub use completions::complete;
pub use forgotten_value::check_values;
pub use hints::{about as hint_about, hint, in_words};
// Where the command line's other values are looked for.
pub use crate::attention::{IndexList, IndexListError, IndexNotSaved, IndexOutOfRange};
pub use messages::{Messages, print_error, rate};
pub use model_name::ModelName;
pub use nearest::MistypedModel;
pub use standard_output::StandardOutputError;
pub use terminal_view::{TerminalSettings, TerminalView};
pub use text_argument::StandardInputError;
pub use typed::{asks_for_json, print_usage_error};
pub use usage::exit_code;

use crate::store::batch_records::BatchCounts;
use args::Command;

/// Runs a subcommand. The result goes to standard output, everything else
/// through the messages of [`Messages`] to standard error.
///
/// # Errors
/// Whatever stopped the command; [`hint`] and [`exit_code`] say what to make
/// of it.
pub fn run(arguments: &Arguments, messages: &Messages) -> Result<Outcome> {
    instructions::choose()?;
    messages.more_detail(format_args!("attnviz {}", env!("CARGO_PKG_VERSION")));
    match &arguments.command {
        Command::Encode(encode) => encode::run(&settings::encode(encode)?, messages)?,
        Command::Batch(batch) => return batch::run(&settings::batch(batch)?, messages),
        Command::Scores(scores) if scores.stream => scores_stream::run(scores, messages)?,
        Command::Scores(scores) => return batch::run(&settings::scores(scores)?, messages),
        Command::Diff(diff) => return diff::run(&diff_settings::diff(diff)?, messages),
        Command::Check(arguments) => {
            return check::run(&check_settings::check(arguments, messages)?, messages);
        }
        Command::Render(render) => return render::run(&settings::render(render)?, messages),
        Command::Tokens(tokens) => tokens::run(&settings::tokens(tokens)?, messages)?,
        Command::Merge(merge) => return merge::run(merge, messages),
        Command::Bench(bench) => bench::run(&settings::bench(bench)?, messages)?,
        Command::Pull(pull) => pull::run(pull, &settings::hub(pull.offline)?, messages)?,
        Command::Completions(completions) => completions::run(completions)?,
        Command::Man => man::run()?,
    }
    Ok(Outcome::Done)
}

/// How a command ended that did not fail as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything that was asked for is there.
    Done,
    /// A batch was finished, and some of its inputs failed.
    SomeInputsFailed,
    /// The units of inputs that are compared are not the same on both sides.
    UnitsDiffer,
    /// Something differs by more than a threshold allows, or a rule is broken.
    Broken,
}

impl Outcome {
    /// Of a batch with these counts.
    fn of(counts: BatchCounts) -> Self {
        match counts.failed {
            0 => Self::Done,
            _ => Self::SomeInputsFailed,
        }
    }

    /// The exit code of the process.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::UnitsDiffer => 1,
            Self::SomeInputsFailed => 3,
            Self::Broken => 4,
        }
    }
}
