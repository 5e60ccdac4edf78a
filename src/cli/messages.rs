//! What the user reads on standard error: warnings, details, progress.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::message_arguments::{ColorWhen, MessageArguments};
use super::standard_output::write_json;
use crate::checkpoint::hub::DownloadEvent;
use crate::render::terminal::Printable;

/// How much is said, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Messages {
    quiet: bool,
    /// How often `-v` was typed.
    verbosity: u8,
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
            verbosity: arguments.verbose,
        }
    }

    /// Something that changes what the result means and stops nothing; in spite
    /// of `-q`. What changes nothing is no warning.
    pub fn warning(self, message: impl Display) {
        labelled("warning", AnsiColor::Yellow, message);
    }

    /// What could be typed to see more; not with `-q`.
    pub fn suggestion(self, message: impl Display) {
        if !self.quiet {
            labelled("hint", AnsiColor::Cyan, message);
        }
    }

    /// Whether results are printed as text.
    pub fn shows_results(self) -> bool {
        !self.quiet
    }

    /// Several of them.
    pub fn warnings(self, messages: &[String]) {
        for message in messages {
            self.warning(message);
        }
    }

    /// What is being done, with `-v`.
    pub fn detail(self, message: impl Display) {
        if self.verbosity > 0 {
            labelled("info", AnsiColor::Cyan, message);
        }
    }

    /// More of what is being done, with `-vv`.
    pub fn more_detail(self, message: impl Display) {
        if self.verbosity > 1 {
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
        !self.quiet && !can_redraw()
    }

    fn shows_progress(self) -> bool {
        !self.quiet && can_redraw()
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
                if !self.quiet {
                    let delay = seconds(delay);
                    let message =
                        format_args!("{file}: {reason}; attempt {attempt} follows in {delay}");
                    labelled("retrying", AnsiColor::Yellow, message);
                }
            }
        }
    }
}

/// Whether standard error is a terminal that can go back in its line.
fn can_redraw() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// What `--json` prints of an error.
#[derive(Serialize)]
struct ErrorReport<'a> {
    error: ErrorRecord<'a>,
}

#[derive(Serialize)]
struct ErrorRecord<'a> {
    message: &'a str,
    causes: &'a [String],
    hint: Option<&'a str>,
    exit_code: u8,
}

/// The error, its causes below it, and what to do, in spite of `-q`; on
/// standard output as well where JSON is asked for.
pub fn print_error(error: &anyhow::Error, remedy: Option<&str>, exit_code: u8, json: bool) {
    let mut causes: Vec<String> = Vec::new();
    let message = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // A transparent wrapper repeats its source word for word, and others
        // end with it.
        if !causes.last().unwrap_or(&message).ends_with(&cause) {
            causes.push(cause);
        }
    }
    labelled("error", AnsiColor::Red, &message);
    for cause in &causes {
        print_line(format_args!("  {}", Printable(cause)));
    }
    if let Some(remedy) = remedy {
        labelled("hint", AnsiColor::Cyan, remedy);
    }
    if json {
        print_error_as_json(&message, &causes, remedy, exit_code);
    }
}

/// An error on standard output, for programs.
pub(super) fn print_error_as_json(
    message: &str,
    causes: &[String],
    hint: Option<&str>,
    exit_code: u8,
) {
    let error = ErrorRecord {
        message,
        causes,
        hint,
        exit_code,
    };
    // Standard output that is closed leaves nobody to tell.
    let _ = write_json(&ErrorReport { error });
}

pub(super) fn labelled(label: &str, color: AnsiColor, message: impl Display) {
    let style = Style::new().bold().fg_color(Some(color.into()));
    print_line(format_args!(
        "{style}{label}:{style:#} {}",
        Printable(&message.to_string())
    ));
}

pub(super) fn print_line(line: std::fmt::Arguments<'_>) {
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
