//! What the user reads on standard error: warnings, details, progress.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue};
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{Arguments, ColorWhen, MessageArguments};
use super::hints::{in_words, remedy};
use crate::checkpoint::hub::DownloadEvent;
use crate::remedy::Remedy;
use crate::render::terminal::Printable;

/// How much is said, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Messages {
    quiet: bool,
    verbose: bool,
}

impl Messages {
    /// Takes `-q`, `-v` and `--color`; the colour choice holds for everything
    /// that is printed from here on.
    pub fn new(arguments: &MessageArguments) -> Self {
        let choice = match arguments.color {
            ColorWhen::Auto => anstream::ColorChoice::Auto,
            ColorWhen::Always => anstream::ColorChoice::Always,
            ColorWhen::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
        Self {
            quiet: arguments.quiet,
            verbose: arguments.verbose,
        }
    }

    /// Something that the user should know and that stops nothing.
    pub fn warning(self, message: impl Display) {
        if !self.quiet {
            labelled("warning", AnsiColor::Yellow, message);
        }
    }

    /// Several of them.
    pub fn warnings(self, messages: &[String]) {
        for message in messages {
            self.warning(message);
        }
    }

    /// Something that changes what the result means; in spite of `-q`.
    pub fn caveat(self, message: impl Display) {
        labelled("warning", AnsiColor::Yellow, message);
    }

    /// Whether warnings are hidden.
    pub fn is_quiet(self) -> bool {
        self.quiet
    }

    /// What is being done, with `-v`.
    pub fn detail(self, message: impl Display) {
        if self.verbose {
            labelled("info", AnsiColor::Cyan, message);
        }
    }

    /// A bar that counts to `length`; hidden with `-q` and where standard
    /// error is no terminal.
    pub fn progress(self, length: u64, template: &str) -> ProgressBar {
        let target = match self.shows_progress() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(length), target);
        match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style.progress_chars("━╸ ")),
            Err(_) => bar,
        }
    }

    /// Whether standard error is a log that wants a line now and then.
    pub fn shows_lines(self) -> bool {
        !self.quiet && !std::io::stderr().is_terminal()
    }

    fn shows_progress(self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// Shows downloads as they come: a bar on a terminal, else a line a file,
    /// so that a log says what takes so long.
    pub fn download_observer(self) -> impl FnMut(DownloadEvent<'_>) {
        let mut bar: Option<ProgressBar> = None;
        move |event| match event {
            DownloadEvent::Started {
                file,
                size,
                resumed_from,
            } => {
                if !self.shows_progress() && !self.quiet {
                    let resumed = match resumed_from {
                        0 => String::new(),
                        bytes => format!(", {} already here", HumanBytes(bytes)),
                    };
                    labelled(
                        "downloading",
                        AnsiColor::Green,
                        format_args!("{file} ({}{resumed})", HumanBytes(size)),
                    );
                }
                let started = self.progress(
                    size,
                    "{msg} {bar:24} {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
                );
                started.set_message(file.to_owned());
                started.set_position(resumed_from);
                started.reset_eta();
                bar = Some(started);
            }
            DownloadEvent::Advanced { bytes } => {
                if let Some(bar) = &bar {
                    bar.set_position(bytes);
                }
            }
            DownloadEvent::Finished { file } => {
                if let Some(bar) = bar.take() {
                    bar.finish_and_clear();
                }
                self.detail(format_args!("{file} is downloaded and verified"));
            }
            DownloadEvent::Retrying {
                file,
                attempt,
                delay,
                reason,
            } => {
                if let Some(bar) = bar.take() {
                    bar.finish_and_clear();
                }
                self.warning(format_args!(
                    "{file}: {reason}; attempt {attempt} follows in {}",
                    seconds(delay)
                ));
            }
        }
    }
}

/// The error, its causes below it, and the hint; in spite of `-q`.
pub fn print_error(error: &anyhow::Error, hint: Option<&str>) {
    let mut causes: Vec<String> = Vec::new();
    let message = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // A transparent wrapper repeats its source word for word, and others
        // end with it.
        if !causes.last().unwrap_or(&message).ends_with(&cause) {
            causes.push(cause);
        }
    }
    labelled("error", AnsiColor::Red, message);
    for cause in causes {
        print_line(format_args!("  {}", Printable(&cause)));
    }
    if let Some(hint) = hint {
        labelled("hint", AnsiColor::Cyan, hint);
    }
}

/// What is wrong with the command line as clap says it, and a hint in the
/// place of its own last line, so that every error ends alike.
pub fn print_usage_error(error: &clap::Error, typed: impl Iterator<Item = OsString>) {
    let message = error.render().ansi().to_string();
    let end = message
        .rfind("\n\nFor more information")
        .unwrap_or(message.len());
    let message = message.get(..end).unwrap_or(&message);
    print_line(format_args!("{}", message.trim_end()));
    let command = Arguments::command();
    let mut typed = typed.filter_map(|argument| argument.into_string().ok());
    let subcommand = typed.find(|argument| command.find_subcommand(argument).is_some());
    // A value that is wrong may know a right one.
    let of_value = error.source().and_then(remedy);
    let of_value = of_value.filter(|remedy| !matches!(remedy, Remedy::ReadHelp { .. }));
    let remedy = of_value.unwrap_or(Remedy::ReadHelp { subcommand });
    let option = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(usage)) => usage.split(' ').next(),
        _ => None,
    };
    let hint = match (&remedy, option) {
        (Remedy::CorrectValue { value }, Some(option)) => format!("{option} {value}"),
        (remedy, _) => in_words(remedy),
    };
    labelled("hint", AnsiColor::Cyan, hint);
}

pub(super) fn labelled(label: &str, color: AnsiColor, message: impl Display) {
    let style = Style::new().bold().fg_color(Some(color.into()));
    print_line(format_args!(
        "{style}{label}:{style:#} {}",
        Printable(&message.to_string())
    ));
}

fn print_line(line: std::fmt::Arguments<'_>) {
    // Standard error that is closed leaves nobody to tell.
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// A warning about letters that are drawn as boxes.
pub fn missing_glyphs(letters: &BTreeSet<char>) -> String {
    let named: Vec<String> = letters
        .iter()
        .take(8)
        .map(|&letter| format!("U+{:04X}", u32::from(letter)))
        .collect();
    let more = match letters.len() {
        0..=8 => String::new(),
        count => format!(" and {} more", count - 8),
    };
    format!(
        "no font has {}{more}; drawn as a box with the number",
        named.join(", ")
    )
}

/// A duration for people: `12 ms`, `1.23 s`.
pub fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        0..1_000 => format!("{} ms", duration.as_millis()),
        _ => format!("{:.2} s", duration.as_secs_f64()),
    }
}

/// How fast inputs are done, for people: `45 inputs/s`, `2.3 inputs/s`,
/// `12.0 inputs/min`.
pub fn rate(input_count: u64, duration: Duration) -> String {
    let rate = input_count as f64 / duration.as_secs_f64().max(1e-3);
    match rate {
        10.0.. => format!("{rate:.0} inputs/s"),
        1.0.. => format!("{rate:.1} inputs/s"),
        _ => format!("{:.1} inputs/min", rate * 60.0),
    }
}

/// Says that a vocabulary lacks parts of a text, `None` where it does not.
pub fn unknown_tokens(unknown: usize, total: usize) -> Option<String> {
    let are = match unknown {
        0 => return None,
        1 => "is",
        _ => "are",
    };
    Some(format!(
        "{unknown} of {total} tokens {are} unknown to this vocabulary"
    ))
}
