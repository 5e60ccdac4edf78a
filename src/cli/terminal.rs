//! The terminal behind standard output, as far as it tells.

use std::env;
use std::io::{IsTerminal, stdout};

use anstream::{AutoStream, ColorChoice};

use crate::render::terminal::{Depth, Graphics, Terminal};

/// What is assumed where the terminal does not tell, in columns.
const COLUMNS: usize = 80;

/// What standard output can show: pictures on a terminal alone, colours where
/// they are wanted, else text.
pub(super) fn of_standard_output() -> Terminal {
    // Of a pipe it is "never", unless colours are asked for.
    let is_colored = AutoStream::choice(&stdout()) != ColorChoice::Never;
    let size = terminal_size::terminal_size_of(stdout());
    let told = env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    let columns = match size {
        Some((width, _)) => Some(usize::from(width.0)),
        None => told,
    };
    let graphics = match (is_colored, stdout().is_terminal()) {
        (false, _) => Graphics::Plain,
        (true, true) => graphics(|name| env::var(name).unwrap_or_default()),
        // A file or a pager takes colours, not pictures.
        (true, false) => Graphics::Blocks(Depth::Palette),
    };
    Terminal {
        // A terminal that does not know its size says 0.
        columns: columns.filter(|&columns| columns > 0).unwrap_or(COLUMNS),
        graphics,
    }
}

/// What the environment says of the terminal. Nothing is asked of the terminal
/// itself: one that does not understand the question would print it.
fn graphics(variable: impl Fn(&str) -> String) -> Graphics {
    let term = variable("TERM");
    // A multiplexer keeps pictures to itself.
    let is_multiplexed = !variable("TMUX").is_empty()
        || !variable("STY").is_empty()
        || term.starts_with("screen")
        || term.starts_with("tmux");
    let program = match variable("TERM_PROGRAM") {
        program if program.is_empty() => variable("LC_TERMINAL"),
        program => program,
    };
    let is_kitty = term == "xterm-kitty"
        || term == "xterm-ghostty"
        || !variable("KITTY_WINDOW_ID").is_empty()
        || program == "ghostty";
    let is_iterm = ["iTerm.app", "iTerm2", "WezTerm"].contains(&program.as_str());
    let has_true_color = ["truecolor", "24bit"].contains(&variable("COLORTERM").as_str())
        || term.ends_with("-direct");
    match (is_multiplexed, has_true_color) {
        (false, _) if is_kitty => Graphics::Kitty,
        (false, _) if is_iterm => Graphics::ITerm,
        (_, true) => Graphics::Blocks(Depth::True),
        (_, false) => Graphics::Blocks(Depth::Palette),
    }
}
