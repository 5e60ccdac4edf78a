//! What the tables say of a run.

use rayon::prelude::*;

use crate::analysis::{LinkChoice, ReshapeOptions, head_scores, reshape, strongest_links};
use crate::pipeline::OutputError;
use crate::run::Run;
use crate::store::tables::InputScores;

/// The scores of every head of a run, and its strongest links.
///
/// # Errors
/// When the run has no attention.
pub(in crate::batch) fn scores_of(run: &Run) -> Result<InputScores, OutputError> {
    let attention = run.attention.first().ok_or(OutputError::NoAttention)?;
    let scores = head_scores(run, attention);
    let maps = reshape(run, attention, &ReshapeOptions::default())?;
    let size = maps.rows.len() * maps.columns.len();
    let links = maps.values.par_chunks(size.max(1)).map(|map| {
        let links = strongest_links(map, [&maps.rows, &maps.columns], LinkChoice::Best, 1);
        links.first().copied()
    });
    let links = links.collect();
    Ok(InputScores::new(maps.rows.len(), &scores, links))
}
