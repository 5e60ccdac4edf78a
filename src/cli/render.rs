//! `attnviz render`: pictures of a run that was saved, or of attention that
//! another program computed. No model, no tokenizer, no network.

use std::time::Instant;

use anyhow::Result;

use super::encode::{self, Destination, Durations};
use super::messages::Messages;
use super::settings::RenderSettings;
use crate::attention::Selection;
use crate::output::saved;
use crate::run::Run;

pub(super) fn run(settings: &RenderSettings, messages: &Messages) -> Result<()> {
    let start = Instant::now();
    let saved = saved::read(&settings.file, &settings.missing)?;
    let run = select(saved.run, settings)?;
    for warning in &saved.warnings {
        messages.warning(warning);
    }
    let durations = Durations {
        load: start.elapsed(),
        ..Durations::default()
    };
    let destination = Destination {
        options: &settings.options,
        folder: &settings.output,
        source: Some(&saved.file),
        json: settings.json,
        show: settings.show,
    };
    encode::write(&run, &destination, durations, saved.warnings, messages)
}

/// The layers and heads of the file that were asked for.
fn select(run: Run, settings: &RenderSettings) -> Result<Run> {
    let all = &run.selection;
    let selection = Selection {
        layers: settings.layers.resolve_among("layer", &all.layers)?,
        heads: settings.heads.resolve_among("head", &all.heads)?,
    };
    if selection == *all {
        return Ok(run);
    }
    // Where in the tensor they are.
    let positions = |wanted: &[usize], all: &[usize]| {
        let position = |index: &usize| all.iter().position(|held| held == index);
        wanted.iter().filter_map(position).collect()
    };
    let positions = Selection {
        layers: positions(&selection.layers, &all.layers),
        heads: positions(&selection.heads, &all.heads),
    };
    Ok(Run {
        attention: run.attention.select(&positions),
        selection,
        ..run
    })
}
