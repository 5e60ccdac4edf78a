//! `--open`: hands the one file to look at first to the program that the system
//! opens such files with.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::messages::Messages;
use crate::render::terminal::Printable;

/// A program that has not failed by then has opened the file, or is what shows it.
const PATIENCE: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(10);

/// Opens a file. Where nobody sits in front, nothing is opened and that is said;
/// a file that cannot be opened is there all the same, so that this is a warning.
pub(super) fn open(path: &Path, messages: &Messages) {
    if let Some(reason) = nobody_looks() {
        messages.suggestion(format_args!("--open opens nothing {reason}"));
        return;
    }
    if let Err(error) = hand_over(path) {
        let path = path.display().to_string();
        messages.warning(format_args!(
            "{} could not be opened: {error}",
            Printable(&path)
        ));
    }
}

/// Why nobody would see what is opened.
fn nobody_looks() -> Option<&'static str> {
    let is_set = |value: std::ffi::OsString| !matches!(value.to_str(), Some("" | "0" | "false"));
    if std::env::var_os("CI").is_some_and(is_set) {
        return Some("where CI is set");
    }
    let is_terminal = io::stdout().is_terminal();
    (!is_terminal).then_some("where standard output is no terminal")
}

/// The program of the system. Windows' own `start` belongs to its shell, which
/// would read signs in a name as commands; Explorer does the same without one.
const OPENER: &str = match () {
    () if cfg!(target_os = "macos") => "open",
    () if cfg!(windows) => "explorer",
    () => "xdg-open",
};

fn hand_over(path: &Path) -> io::Result<()> {
    // Absolute, so that no name looks like an option.
    let path = std::path::absolute(path)?;
    let mut opener = Command::new(OPENER);
    let opener = opener.arg(path).stdin(Stdio::null());
    let opener = opener.stdout(Stdio::null()).stderr(Stdio::null());
    let started = opener.spawn();
    let mut child =
        started.map_err(|error| io::Error::new(error.kind(), format!("{OPENER}: {error}")))?;
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match child.try_wait()? {
            // Explorer says 1 whatever happens.
            Some(status) if status.success() || cfg!(windows) => return Ok(()),
            Some(status) => return Err(io::Error::other(format!("{OPENER} ended with {status}"))),
            None => sleep(STEP),
        }
    }
    Ok(())
}
