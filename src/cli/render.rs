//! `attnviz render`: pictures of a run that was saved, or of attention that
//! another program computed. No model, no tokenizer, no network.

use std::time::Instant;

use anyhow::Result;

use super::Outcome;
use super::encode::{self, Delivery, Durations};
use super::messages::Messages;
use super::render_runs;
use super::saved_selection::select;
use super::settings::RenderSettings;
use crate::store::saved;

pub(super) fn run(settings: &RenderSettings, messages: &Messages) -> Result<Outcome> {
    if let Some(runs) = saved::runs_below(&settings.file) {
        return render_runs::run(settings, &runs, messages);
    }
    let start = Instant::now();
    let saved = saved::read(&settings.file, &settings.names)?;
    let run = select(saved.run, settings)?;
    let mut warnings = [saved.warnings, settings.warnings.clone()].concat();
    if settings.single_file {
        warnings.push("--single-file does nothing: one run is one page".to_owned());
    }
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
        opens: settings.opens,
    };
    encode::write(&run, &delivery, durations, warnings, messages)?;
    Ok(Outcome::Done)
}
