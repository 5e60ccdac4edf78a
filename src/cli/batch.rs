//! `attnviz batch`: many inputs through the same pipeline.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;

use super::Outcome;
use super::batch_progress::BatchProgress;
use super::messages::{Messages, missing_glyphs, rate, seconds};
use super::model;
use super::settings::BatchSettings;
use super::standard_output::StandardOutputError;
use crate::batch::{self, BatchModel, BatchOptions, BatchOutcome};
use crate::checkpoint::ModelProvenance;
use crate::pipeline::{LoadedModel, Use};
use crate::render::terminal::Printable;
use crate::store::batch_records::{BatchCounts, PAGE, RESULTS};

pub(super) fn run(settings: &BatchSettings, messages: &Messages) -> Result<Outcome> {
    // Before the model is loaded, which may take a download.
    for source in &settings.sources {
        source.check()?;
    }

    let start = Instant::now();
    let (loaded, mut warnings) = model::load(&settings.model, Use::Often, messages)?;
    // The digests tell whether an earlier batch used the same model.
    let provenance = model::wait(&loaded.provenance, messages)?;
    let load = start.elapsed();

    // Not before: a download that is interrupted has nothing to finish.
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .context("Ctrl-C could not be taken over")?;

    let start = Instant::now();
    let options = options(settings, &loaded)?;
    let model = BatchModel {
        loaded: &loaded,
        provenance: &provenance,
    };
    let mut progress = BatchProgress::new(*messages);
    let outcome = batch::run(&options, model, &interrupted, &mut |event| {
        progress.tell(&event);
    });
    progress.finish();
    let outcome = outcome
        .with_context(|| format!("the batch in {} is not finished", settings.output.display()))?;
    if !outcome.missing_glyphs.is_empty() {
        warnings.push(missing_glyphs(&outcome.missing_glyphs));
        messages.warning(missing_glyphs(&outcome.missing_glyphs));
    }
    if outcome.manifest.counts.inputs == 0 {
        warnings.push("there is no input".to_owned());
        messages.warning("there is no input");
    }
    if !outcome.manifest.complete {
        messages.warning("the batch stopped early, after as many failures as it was allowed");
    }
    let durations = [load, start.elapsed()];
    match settings.json {
        true => print_json(settings, &outcome, durations, &warnings)?,
        false if messages.shows_results() => print_text(settings, &outcome, durations)?,
        false => {}
    }
    Ok(Outcome::of(outcome.manifest.counts))
}

fn options(settings: &BatchSettings, loaded: &LoadedModel) -> Result<BatchOptions> {
    Ok(BatchOptions {
        sources: settings.sources.clone(),
        output: settings.output.clone(),
        files: settings.options.clone(),
        selection: model::selection(loaded, &settings.layers, &settings.heads)?,
        limit: loaded.limit(settings.truncate),
        batch_tokens: settings.batch_tokens,
        maximum_failures: settings.maximum_failures,
        resume: settings.resume,
        shard: settings.shard,
        reports: settings.reports.clone(),
    })
}

fn print_text(
    settings: &BatchSettings,
    outcome: &BatchOutcome,
    [load, work]: [Duration; 2],
) -> Result<(), StandardOutputError> {
    let manifest = &outcome.manifest;
    let counts = manifest.counts;
    let kept = match outcome.kept {
        0 => String::new(),
        kept => format!(", {kept} of them from an earlier run"),
    };
    let folder = settings.output.display().to_string();
    let page = settings.output.join(PAGE).display().to_string();
    let mut out = anstream::stdout().lock();
    writeln!(out, "model   {}", Printable(&manifest.model.id))?;
    writeln!(
        out,
        "inputs  {} done{kept}, {} failed",
        counts.done, counts.failed
    )?;
    writeln!(out, "wrote   {}", Printable(&folder))?;
    writeln!(out, "open    {}", Printable(&page))?;
    writeln!(
        out,
        "time    load {}, work {}, {}",
        seconds(load),
        seconds(work),
        rate(counts.inputs, work)
    )?;
    Ok(())
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    model: &'a ModelProvenance,
    counts: BatchCounts,
    kept: u64,
    complete: bool,
    folder: String,
    page: &'static str,
    results: &'static str,
    seconds: Seconds,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct Seconds {
    load: f64,
    work: f64,
}

fn print_json(
    settings: &BatchSettings,
    outcome: &BatchOutcome,
    [load, work]: [Duration; 2],
    warnings: &[String],
) -> Result<()> {
    let report = Report {
        model: &outcome.manifest.model,
        counts: outcome.manifest.counts,
        kept: outcome.kept,
        complete: outcome.manifest.complete,
        folder: settings.output.display().to_string(),
        page: PAGE,
        results: RESULTS,
        seconds: Seconds {
            load: load.as_secs_f64(),
            work: work.as_secs_f64(),
        },
        warnings,
    };
    let mut text = serde_json::to_string_pretty(&report)?;
    text.push('\n');
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(StandardOutputError::from)?;
    Ok(())
}
