//! Figures and links for a terminal: as pictures where it takes them, else as
//! half blocks in colour, or as digits where there are no colours; and lists as
//! text.
//!
//! Everything that comes from the input is written without control characters.

mod blocks;
mod differences;
mod graphics;
mod links;
mod pictures;
mod printable;
mod profile;
mod scores;
mod shaded_text;
mod units;

pub use differences::{aligned, difference_table, unlike_table, written_difference};
pub use graphics::{Depth, Graphics, Terminal};
pub use links::{head_table, similarity_table, table};
pub use printable::{Printable, PrintableLine, one_line};
pub use profile::written as written_value;
pub use scores::score_table;
pub use units::unit_table;

use super::{RenderError, TextShaper, png, prepare};
use crate::analysis::Maps;
use crate::figure::{self, Body, Figure, FigureError, FigureOptions, MapDifference};
use crate::run::Run;

/// A figure as what a terminal takes for a picture.
///
/// # Errors
/// When the figure does not fit a canvas, or encoding fails.
pub fn draw(
    figure: &Figure<'_>,
    terminal: Terminal,
    shaper: &mut TextShaper,
) -> Result<String, RenderError> {
    let depth = match terminal.graphics {
        Graphics::Blocks(depth) => Some(depth),
        Graphics::Plain => None,
        Graphics::Kitty => {
            let picture = png::encode(&prepare(figure, shaper)?)?;
            return Ok(pictures::kitty(&picture, terminal.columns));
        }
        Graphics::ITerm => {
            let picture = png::encode(&prepare(figure, shaper)?)?;
            return Ok(pictures::iterm(&picture, terminal.columns));
        }
    };
    let drawn = match &figure.body {
        Body::Map(map) => blocks::map(figure, map, terminal.columns, depth),
        Body::Grid(grid) => blocks::overview(figure, grid, terminal.columns),
        Body::Profile(bars) => profile::profile(figure, bars, terminal.columns),
        Body::Scores(grids) => {
            return Ok(scores::scores(&figure.title, grids, None, terminal.columns));
        }
        Body::Difference(maps) => difference(figure, maps, terminal.columns, depth),
        Body::Lines(lines) => links::lines(figure, lines, terminal.columns),
        Body::Text(text) => shaded_text::shaded_text(figure, text, terminal.columns),
    };
    Ok(drawn.to_text(depth))
}

/// The figure of all heads, as finely as a terminal draws it.
///
/// # Errors
/// When the options name no range.
pub fn overview<'maps>(
    run: &Run,
    maps: &'maps Maps<'_>,
    options: &FigureOptions,
    terminal: Terminal,
) -> Result<Figure<'maps>, FigureError> {
    let depth = match terminal.graphics {
        Graphics::Kitty | Graphics::ITerm => return figure::overview(run, maps, options),
        Graphics::Blocks(depth) => Some(depth),
        Graphics::Plain => None,
    };
    let last_layer = maps.selection.layer_indices().into_iter().max();
    let digits = last_layer.unwrap_or(0).to_string().len();
    let head_count = maps.selection.head_indices().len();
    let counts = [maps.rows.len(), maps.columns.len()];
    let panels = blocks::Panels::new(digits, head_count, counts, terminal.columns);
    figure::overview_in_steps(run, maps, options, panels.steps(depth))
}

/// Left, right, and right − left under one another.
fn difference(
    figure: &Figure<'_>,
    maps: &MapDifference<'_>,
    columns: usize,
    depth: Option<Depth>,
) -> blocks::Drawing {
    let mut drawing = blocks::heading(figure, columns);
    let sides = &figure.color_scale;
    let scales = [sides, sides, &maps.difference_scale];
    for ((map, name), scale) in maps.maps.iter().zip(&maps.names).zip(scales) {
        let part = Figure {
            title: name.clone(),
            captions: Vec::new(),
            body: Body::Map(map.clone()),
            color_scale: scale.clone(),
            palette: figure.palette,
            notes: Vec::new(),
        };
        drawing
            .lines
            .extend(blocks::map(&part, map, columns, depth).lines);
        drawing.push_plain("");
    }
    for note in &figure.notes {
        drawing.push_plain(note);
    }
    drawing
}
