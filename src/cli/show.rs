//! `--show`: a run in the terminal. A picture where standard output is a
//! terminal with colours, and below it the strongest links as text.
//!
//! Everything that comes from the input is printed without control characters.

mod blocks;
mod links;
mod terminal;

use std::io::Write;

use anyhow::Result;

use super::messages::{Printable, StandardOutputError};
use crate::analysis::{Shown, show};
use crate::figure::{self, Body, Figure, FigureError, MapChoice};
use crate::names::closed_set;
use crate::output::OutputOptions;
use crate::render::{TextShaper, png, prepare};
use crate::run::Run;
use terminal::{Graphics, Terminal};

/// What is drawn in the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TerminalView {
    /// The map where one is selected, else the overview.
    #[default]
    Auto,
    /// The grid of all selected heads.
    Overview,
    /// Every selected map, one after the other.
    Heads,
}

closed_set!(
    TerminalView,
    "terminal view",
    Auto => "auto",
    Overview => "overview",
    Heads => "heads",
);

/// Shows a run on standard output.
pub(super) fn run(run: &Run, options: &OutputOptions, view: TerminalView) -> Result<()> {
    let shown = show(run, &options.show)?;
    let terminal = Terminal::of_standard_output();
    let mut out = anstream::stdout().lock();
    if let Some(terminal) = terminal {
        let mut shaper = TextShaper::new();
        for choice in choices(&shown, view) {
            let figure = figure_of(run, &shown, choice, options)?;
            let drawn = draw(&figure, terminal, &mut shaper)?;
            writeln!(out).map_err(StandardOutputError::from)?;
            out.write_all(drawn.as_bytes())
                .map_err(StandardOutputError::from)?;
        }
    }
    let table = links::table(&shown);
    write!(out, "\n{table}").map_err(StandardOutputError::from)?;
    Ok(())
}

/// The maps to draw, `None` for the overview.
fn choices(shown: &Shown<'_>, view: TerminalView) -> Vec<Option<MapChoice>> {
    let heads = shown
        .head_ids()
        .map(|head| Some(MapChoice::Head(head)))
        .collect::<Vec<_>>();
    match view {
        TerminalView::Heads => heads,
        TerminalView::Auto if heads.len() == 1 => heads,
        TerminalView::Auto | TerminalView::Overview => vec![None],
    }
}

fn figure_of<'shown>(
    run: &Run,
    shown: &'shown Shown<'_>,
    choice: Option<MapChoice>,
    options: &OutputOptions,
) -> Result<Figure<'shown>, FigureError> {
    match choice {
        Some(choice) => figure::single_map(run, shown, choice, &options.figure),
        None => figure::overview(run, shown, &options.figure),
    }
}

/// A figure as what a terminal takes for a picture.
fn draw(figure: &Figure<'_>, terminal: Terminal, shaper: &mut TextShaper) -> Result<String> {
    let depth = match terminal.graphics {
        Graphics::Blocks(depth) => depth,
        Graphics::Kitty => {
            let picture = png::encode(&prepare(figure, shaper)?)?;
            return Ok(terminal::kitty(&picture, terminal.columns));
        }
        Graphics::ITerm => {
            let picture = png::encode(&prepare(figure, shaper)?)?;
            return Ok(terminal::iterm(&picture, terminal.columns));
        }
    };
    let drawn = match &figure.body {
        Body::Map(map) => blocks::map(figure, map, terminal.columns),
        Body::Grid(grid) => blocks::overview(figure, grid, terminal.columns),
        // Maps and overviews alone are drawn in a terminal.
        Body::Profile(_) => return Ok(String::new()),
    };
    Ok(drawn.to_text(depth))
}

/// Text of the input as one line of a terminal, at most so many columns wide.
fn one_line(text: &str, columns: usize) -> String {
    let printable = Printable(text).to_string().replace('\n', "\\n");
    elide(&printable, columns)
}

/// The beginning of a text, with … where something is left out.
fn elide(text: &str, columns: usize) -> String {
    use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut width = 0;
    let mut elided: String = text
        .chars()
        .take_while(|letter| {
            width += letter.width().unwrap_or(0);
            width < columns
        })
        .collect();
    elided.push('…');
    elided
}
