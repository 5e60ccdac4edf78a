//! Which layers and heads of a saved run are drawn.

use anyhow::Result;

use super::settings::RenderSettings;
use crate::run::Run;

/// The layers and heads of the file that were asked for.
pub(super) fn select(run: Run, settings: &RenderSettings) -> Result<Run> {
    let Some(attention) = run.attention.first() else {
        return Ok(run);
    };
    let held = attention.maps().selection();
    let (layers, heads) = (held.layer_indices(), held.head_indices());
    let layers = settings.layers.resolve_among("layer", &layers)?;
    let heads = settings.heads.resolve_among("head", &heads)?;
    let selection = held.among(&layers, &heads);
    Ok(run.select(&selection))
}
