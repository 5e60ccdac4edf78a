//! `--show`: a run in the terminal. A picture where standard output is a
//! terminal with colours, and below it the strongest links as text.

use std::io::Write;

use anyhow::Result;

use super::standard_output::StandardOutputError;
use super::terminal::of_standard_output;
use super::terminal_view::TerminalView;
use crate::analysis::{MapId, Maps, reshape};
use crate::figure::{self, Figure, FigureError};
use crate::pipeline::OutputError;
use crate::render::TextShaper;
use crate::render::terminal::{self, draw};
use crate::run::Run;
use crate::store::OutputOptions;

/// Shows a run on standard output.
pub(super) fn run(run: &Run, options: &OutputOptions, view: TerminalView) -> Result<()> {
    let attention = run.attention.first().ok_or(OutputError::NoAttention)?;
    let maps = reshape(run, attention, &options.reshape)?;
    let terminal = of_standard_output();
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
    let table = terminal::table(&maps);
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
