//! What the terminal can show, and the escape sequences for pictures.

use std::env;
use std::fmt::Write;
use std::io::{IsTerminal, stdout};

use anstream::{AutoStream, ColorChoice};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::render::Picture;

/// What is assumed where the terminal does not tell, in columns.
const COLUMNS: usize = 80;
/// A column of a terminal in pixels of a picture, which is twice as dense as
/// a screen.
const COLUMN_PIXELS: u32 = 18;
/// What kitty takes at a time, in bytes of base64.
const KITTY_CHUNK: usize = 4_096;

/// The terminal behind standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terminal {
    pub(super) columns: usize,
    pub(super) graphics: Graphics,
}

/// The best way to draw in a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Graphics {
    /// <https://sw.kovidgoyal.net/kitty/graphics-protocol/>
    Kitty,
    /// <https://iterm2.com/documentation-images.html>
    ITerm,
    /// Half blocks, two pixels above one another.
    Blocks(Depth),
}

/// How many colours there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// 24 bits.
    True,
    /// xterm's 256.
    Palette,
}

impl Terminal {
    /// `None` where standard output is no terminal, or one without colours.
    pub(super) fn of_standard_output() -> Option<Self> {
        let is_colored = AutoStream::choice(&stdout()) != ColorChoice::Never;
        if !stdout().is_terminal() || !is_colored {
            return None;
        }
        let size = terminal_size::terminal_size();
        let columns = size.map_or(COLUMNS, |(width, _)| usize::from(width.0));
        Some(Self {
            // A terminal that does not know its size says 0.
            columns: if columns == 0 { COLUMNS } else { columns },
            graphics: graphics(|name| env::var(name).unwrap_or_default()),
        })
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

fn picture_columns(picture: &Picture, columns: usize) -> usize {
    let natural = picture.width.div_ceil(COLUMN_PIXELS);
    columns.min(usize::try_from(natural).unwrap_or(columns))
}

/// A picture for kitty: shown at once, in pieces of base64, without an answer.
pub(super) fn kitty(picture: &Picture, columns: usize) -> String {
    let data = STANDARD.encode(&picture.bytes);
    let columns = picture_columns(picture, columns);
    let mut text = String::with_capacity(data.len() + data.len() / 64);
    let mut rest = data.as_str();
    let mut control = format!("a=T,f=100,q=2,c={columns},");
    while !rest.is_empty() {
        // Base64 is ASCII, so that every place is between two letters.
        let (chunk, after) = rest.split_at(rest.len().min(KITTY_CHUNK));
        let more = u8::from(!after.is_empty());
        let _ = write!(text, "\x1b_G{control}m={more};{chunk}\x1b\\");
        control.clear();
        rest = after;
    }
    text.push('\n');
    text
}

/// A picture for iTerm2 and WezTerm.
pub(super) fn iterm(picture: &Picture, columns: usize) -> String {
    let data = STANDARD.encode(&picture.bytes);
    let columns = picture_columns(picture, columns);
    let size = picture.bytes.len();
    format!(
        "\x1b]1337;File=inline=1;size={size};width={columns};preserveAspectRatio=1:{data}\x07\n"
    )
}
