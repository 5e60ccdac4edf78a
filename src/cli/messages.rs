//! What the user reads on standard error: warnings, details, progress.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{ColorWhen, MessageArguments};
use crate::checkpoint::hub::DownloadEvent;

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
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // A transparent wrapper repeats its source word for word.
        if causes.last() != Some(&cause) {
            causes.push(cause);
        }
    }
    let message = error.to_string();
    causes.retain(|cause| *cause != message);
    labelled("error", AnsiColor::Red, message);
    for cause in causes {
        print_line(format_args!("  {cause}"));
    }
    if let Some(hint) = hint {
        labelled("hint", AnsiColor::Cyan, hint);
    }
}

fn labelled(label: &str, color: AnsiColor, message: impl Display) {
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

/// A duration for people: `12 ms`, `1.23 s`.
pub fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        0..1_000 => format!("{} ms", duration.as_millis()),
        _ => format!("{:.2} s", duration.as_secs_f64()),
    }
}

/// Text from outside (inputs, file names, servers) without control
/// characters, which could steer the terminal.
pub struct Printable<'text>(pub &'text str);

impl Display for Printable<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for letter in self.0.chars() {
            match letter.is_control() && letter != '\n' {
                true => write!(formatter, "{}", letter.escape_unicode())?,
                false => write!(formatter, "{letter}")?,
            }
        }
        Ok(())
    }
}
