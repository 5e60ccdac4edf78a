//! `--show`: a run in the terminal. A picture where standard output is a
//! terminal with colours, and below it the strongest links as text.
//!
//! Everything that comes from the input is printed without control characters.

mod blocks;
mod links;
mod terminal;

use std::io::Write;

use anyhow::Result;

use super::messages::Printable;
use super::standard_output::StandardOutputError;
use super::terminal_view::TerminalView;
use crate::analysis::{MapId, Maps, reshape};
use crate::figure::{self, Body, Figure, FigureError};
use crate::pipeline::OutputError;
use crate::render::{TextShaper, png, prepare};
use crate::run::Run;
use crate::store::OutputOptions;
use terminal::{Graphics, Terminal};

/// Shows a run on standard output.
pub(super) fn run(run: &Run, options: &OutputOptions, view: TerminalView) -> Result<()> {
    let attention = run.attention.first().ok_or(OutputError::NoAttention)?;
    let maps = reshape(run, attention, &options.reshape)?;
    let terminal = Terminal::of_standard_output();
    let mut out = anstream::stdout().lock();
    if let Some(terminal) = terminal {
        let mut shaper = TextShaper::new();
        for choice in choices(&maps, view) {
            let figure = figure_of(run, &maps, choice, options)?;
            let drawn = draw(&figure, terminal, &mut shaper)?;
            writeln!(out).map_err(StandardOutputError::from)?;
            out.write_all(drawn.as_bytes())
                .map_err(StandardOutputError::from)?;
        }
    }
    let table = links::table(&maps);
    write!(out, "\n{table}").map_err(StandardOutputError::from)?;
    Ok(())
}

/// The maps to draw, `None` for the overview.
fn choices(maps: &Maps<'_>, view: TerminalView) -> Vec<Option<MapId>> {
    let heads: Vec<_> = maps.ids.iter().copied().map(Some).collect();
    match view {
        TerminalView::Heads => heads,
        TerminalView::Auto if heads.len() == 1 => heads,
        TerminalView::Auto | TerminalView::Overview => vec![None],
    }
}

fn figure_of<'maps>(
    run: &Run,
    maps: &'maps Maps<'_>,
    choice: Option<MapId>,
    options: &OutputOptions,
) -> Result<Figure<'maps>, FigureError> {
    match choice {
        Some(id) => figure::single_map(run, maps, id, &options.figure),
        None => figure::overview(run, maps, &options.figure),
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
