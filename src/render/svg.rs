//! A figure as an SVG.

use super::text::TextShaper;
use super::{Picture, RenderError};
use crate::figure::Figure;

/// Draws a figure.
///
/// # Errors
/// When the figure does not fit a canvas.
pub fn encode(_figure: &Figure<'_>, _shaper: &mut TextShaper) -> Result<Picture, RenderError> {
    Err(RenderError::Drawing {
        message: "SVG is not written yet".to_owned(),
    })
}
