//! `attnviz render`: pictures of a run that was saved, or of attention that
//! another program computed. No model, no tokenizer, no network.

use std::time::Instant;

use anyhow::Result;

use super::encode::{self, Delivery, Durations};
use super::messages::Messages;
use super::settings::RenderSettings;
use crate::run::Run;
use crate::store::saved;

pub(super) fn run(settings: &RenderSettings, messages: &Messages) -> Result<()> {
    let start = Instant::now();
    let saved = saved::read(&settings.file, &settings.names)?;
    let run = select(saved.run, settings)?;
    let warnings = [saved.warnings, settings.warnings.clone()].concat();
    messages.warnings(&warnings);
    let durations = Durations {
        load: start.elapsed(),
        ..Durations::default()
    };
    let delivery = Delivery {
        options: &settings.options,
        folder: &settings.output,
        source: Some(&saved.file),
        json: settings.json,
        terminal_view: settings.terminal_view,
    };
    encode::write(&run, &delivery, durations, warnings, messages)
}

/// The layers and heads of the file that were asked for.
fn select(run: Run, settings: &RenderSettings) -> Result<Run> {
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
