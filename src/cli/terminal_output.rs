//! `--show`: a run in the terminal, and below it the strongest links as text.

use std::io::Write;

use anyhow::Result;

use super::standard_output::StandardOutputError;
use super::terminal::of_standard_output;
use super::terminal_view::{TerminalSettings, TerminalView};
use crate::analysis::{Analyses, MapId, Maps, Reduction, reshape};
use crate::figure::{self, PictureId, View};
use crate::pipeline::OutputError;
use crate::render::TextShaper;
use crate::render::terminal::{self, draw};
use crate::run::Run;
use crate::store::OutputOptions;

/// Shows a run on standard output.
pub(super) fn run(run: &Run, options: &OutputOptions, settings: TerminalSettings) -> Result<()> {
    let attention = run.attention.first().ok_or(OutputError::NoAttention)?;
    let maps = reshape(run, attention, &options.reshape)?;
    let analyses = Analyses::new(run, attention, &maps, options.rollout);
    let terminal = of_standard_output();
    let mut out = anstream::stdout().lock();
    let mut shaper = TextShaper::new();
    let pictures = pictures(&maps, options, settings.view);
    for picture in &pictures {
        let figure = match picture {
            // Numbers say more here than colours would.
            PictureId::Scores => continue,
            PictureId::Overview => terminal::overview(run, &maps, &options.figure, terminal)?,
            PictureId::Head(_)
            | PictureId::Joined(..)
            | PictureId::Unit(..)
            | PictureId::Link(..)
            | PictureId::Rollout
            | PictureId::RolloutByLayer
            | PictureId::Similarity
            | PictureId::Lines(_)
            | PictureId::Text(_) => {
                figure::figure(run, &maps, &analyses, picture, &options.figure)?
            }
        };
        let drawn = draw(&figure, terminal, &mut shaper)?;
        writeln!(out).map_err(StandardOutputError::from)?;
        out.write_all(drawn.as_bytes())
            .map_err(StandardOutputError::from)?;
    }
    let (choice, count) = (options.figure.links, options.figure.top_links);
    let mut tables = Vec::new();
    for picture in &pictures {
        match picture {
            PictureId::Link(from, to) => {
                let link = figure::link_between(run, &maps, from, to)?;
                tables.push(terminal::head_table(&link, count));
            }
            PictureId::Similarity => {
                tables.push(terminal::similarity_table(analyses.similarity(), count));
            }
            PictureId::Scores => {
                let figure = figure::figure(run, &maps, &analyses, picture, &options.figure)?;
                let drawn = terminal::score_table(&figure, settings.sort, terminal.columns);
                tables.extend(drawn);
            }
            PictureId::Overview
            | PictureId::Head(_)
            | PictureId::Joined(..)
            | PictureId::Unit(..)
            | PictureId::Rollout
            | PictureId::RolloutByLayer
            | PictureId::Lines(_)
            | PictureId::Text(_) => {}
        }
    }
    // Where nothing else is shown, nobody asks for all links.
    if tables.is_empty() || tables.len() < pictures.len() {
        tables.push(terminal::table(&maps, choice, count));
    }
    for table in tables {
        write!(out, "\n{table}").map_err(StandardOutputError::from)?;
    }
    Ok(())
}

/// What is drawn: the maps or the overview, and every other view that is asked
/// for, of means and maxima the one of all heads, of rollout that after the last
/// layer.
fn pictures(maps: &Maps<'_>, options: &OutputOptions, view: TerminalView) -> Vec<PictureId> {
    let heads = || maps.selection.head_ids().map(PictureId::Head).collect();
    let of_maps = match (view, maps.ids.len()) {
        (TerminalView::Heads, _) | (TerminalView::Auto, 1) => heads(),
        (TerminalView::Scores, _) => vec![PictureId::Scores],
        (TerminalView::Auto | TerminalView::Overview, _) => vec![PictureId::Overview],
    };
    match view {
        TerminalView::Heads | TerminalView::Overview | TerminalView::Scores => return of_maps,
        TerminalView::Auto => {}
    }
    let is_of_maps = |view: &View| match view {
        View::Heads | View::Overview | View::Lines => true,
        View::Mean
        | View::Max
        | View::Unit(..)
        | View::Link(..)
        | View::Rollout
        | View::Similarity
        | View::Scores
        | View::Text(_) => false,
    };
    let mut pictures = match options.views.iter().any(is_of_maps) {
        true => of_maps,
        false => Vec::new(),
    };
    pictures.extend(options.views.iter().filter_map(|view| match view {
        // Lines are those of the table below, or of the head's map.
        View::Heads | View::Overview | View::Lines => None,
        View::Mean => Some(PictureId::Joined(Reduction::Mean, MapId::All)),
        View::Max => Some(PictureId::Joined(Reduction::Max, MapId::All)),
        View::Unit(direction, choice) => Some(PictureId::Unit(*direction, choice.clone())),
        View::Link(from, to) => Some(PictureId::Link(from.clone(), to.clone())),
        View::Rollout => Some(PictureId::Rollout),
        View::Similarity => Some(PictureId::Similarity),
        View::Scores => Some(PictureId::Scores),
        View::Text(choice) => Some(PictureId::Text(choice.clone())),
    }));
    pictures
}
