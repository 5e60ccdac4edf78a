//! All maps of a run in one small picture, for a page of many runs: no text,
//! a palette, and nothing painted between the maps, so that it sits on light
//! and dark paper alike.

use super::draw::{Drawing, length};
use super::{Picture, RenderError, png};
use crate::analysis::Maps;
use crate::figure::layout::{thumbnail as lay_out, thumbnail_side, thumbnail_size};
use crate::figure::{self, Body, FigureOptions};
use crate::run::Run;

/// Draws all maps of a run without any text, coloured as an overview of this
/// size. Its size is that of [`size`], whatever the number of tokens.
///
/// # Errors
/// When the options name no range, there are more layers or heads than pixels,
/// or drawing or encoding fails.
pub fn thumbnail(
    run: &Run,
    maps: &Maps<'_>,
    options: &FigureOptions,
) -> Result<Picture, RenderError> {
    let selection = &maps.selection;
    let (layers, heads) = (selection.layers.len(), selection.head_indices().len());
    let side = thumbnail_side(layers, heads);
    let figure = figure::overview_in_steps(run, maps, options, [side, side])?;
    let layout = match &figure.body {
        Body::Grid(grid) => lay_out(grid, figure.palette)?,
        Body::Map(_)
        | Body::Profile(_)
        | Body::Scores(_)
        | Body::Difference(_)
        | Body::Lines(_)
        | Body::Text(_) => {
            let message = "an overview is a grid".to_owned();
            return Err(RenderError::Drawing { message });
        }
    };
    png::encode_transparent(&Drawing::new(&figure, layout, Vec::new()))
}

/// Width and height of the thumbnail of so many layers and heads, in pixels.
pub fn size(layer_count: usize, head_count: usize) -> (u32, u32) {
    let (width, height) = thumbnail_size(layer_count, head_count);
    (length(width), length(height))
}
