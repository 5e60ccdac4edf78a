//! Figures and links for a terminal: as pictures where it takes them, else as
//! half blocks in colour; and lists as text.
//!
//! Everything that comes from the input is written without control characters.

mod blocks;
mod graphics;
mod links;
mod pictures;
mod printable;
mod units;

pub use graphics::{Depth, Graphics, Terminal};
pub use links::table;
pub use printable::Printable;
pub use units::unit_table;

use super::{RenderError, TextShaper, png, prepare};
use crate::figure::{Body, Figure};

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
        Graphics::Blocks(depth) => depth,
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
        Body::Map(map) => blocks::map(figure, map, terminal.columns),
        Body::Grid(grid) => blocks::overview(figure, grid, terminal.columns),
        // Maps and overviews alone are drawn in a terminal.
        Body::Profile(_) => return Ok(String::new()),
    };
    Ok(drawn.to_text(depth))
}
