//! `attnviz batch` and `attnviz scores`: many inputs through the same pipeline.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Outcome;
use super::batch_progress::BatchProgress;
use super::batch_report::BatchReport;
use super::hints::in_words;
use super::messages::{Messages, missing_glyphs, rate, seconds, unknown_tokens};
use super::model;
use super::open;
use super::page_size;
use super::phrases::quoted;
use super::settings::BatchSettings;
use super::standard_output::StandardOutputError;
use crate::batch::{
    self, BatchError, BatchModel, BatchOptions, BatchOutcome, FileWarning, InputFormat,
    InputSource, SourceError,
};
use crate::pipeline::{LoadedModel, UNIFORM, Use};
use crate::render::terminal::Printable;
use crate::store::batch_records::PAGE;
use crate::store::tables::RankedRelation;
use crate::store::write::check_root;

pub(super) fn run(settings: &BatchSettings, messages: &Messages) -> Result<Outcome> {
    // Before the model is loaded, which may take a download.
    InputSource::check(&settings.sources)?;
    batch::check_places(&settings.sources, &settings.output, &settings.reports)?;
    check_root(&settings.output)?;
    settings.reports.check()?;

    let start = Instant::now();
    let (loaded, mut warnings) = model::load(&settings.model, Use::Often, messages)?;
    messages.warnings(&settings.warnings);
    warnings.extend(settings.warnings.iter().cloned());
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
    warnings.extend(progress.finish());
    let outcome = match outcome {
        Err(error @ BatchError::Report { .. }) => return Err(error.into()),
        // It did not begin, and says so itself.
        Err(
            error @ (BatchError::Folder(_)
            | BatchError::Overlap(_)
            | BatchError::TooManyForOnePage
            | BatchError::Source(SourceError::Empty { .. })),
        ) => return Err(error.into()),
        outcome => outcome.with_context(|| {
            format!("the batch in {} is not finished", settings.output.display())
        })?,
    };
    let mut warn = |warning: String| {
        messages.warning(&warning);
        warnings.push(warning);
    };
    if let Some(warning) = unknown_tokens(outcome.unknown_tokens, outcome.tokens) {
        warn(warning);
    }
    if outcome.is_uniform {
        warn(format!("in every input {UNIFORM}"));
    }
    if !outcome.missing_glyphs.is_empty() {
        warn(missing_glyphs(&outcome.missing_glyphs));
    }
    for (file, warning) in &outcome.file_warnings {
        warn(format!("{file}: {}", of_file(warning)));
    }
    if let Some(warning) = settings
        .single_file
        .then(|| page_size::written(&settings.output.join(PAGE)))
        .flatten()
    {
        warn(warning);
    }
    if !outcome.manifest.complete {
        warn("the batch stopped early, after as many failures as it was allowed".to_owned());
    }
    let durations = [load, start.elapsed()];
    match settings.json {
        true => BatchReport {
            manifest: &outcome.manifest,
            folder: &settings.output,
            kept: outcome.kept,
            load,
            work: durations[1],
            warnings: &warnings,
        }
        .print()?,
        false if messages.shows_results() => print_text(settings, &outcome, durations)?,
        false => {}
    }
    if settings.opens {
        open::open(&settings.output.join(PAGE), messages);
    }
    Ok(Outcome::of(outcome.manifest.counts))
}

/// What changes the meaning of a whole file's results, and what to do about it.
pub(super) fn of_file(warning: &FileWarning) -> String {
    match warning {
        FileWarning::LooksLike(format) => {
            let what = match format {
                InputFormat::JsonLines | InputFormat::Json => "JSON",
                InputFormat::Csv | InputFormat::Tsv | InputFormat::Parquet => "a table",
                InputFormat::Text => "text",
                InputFormat::Conllu => "a treebank",
            };
            format!("it looks like {what} and was read as text; see --input-format {format}")
        }
        FileWarning::UnreadColumn(column) => format!(
            "the column {column:?} is not read; if it is the second text: --pair-column {}",
            quoted(column)
        ),
        FileWarning::EmptyPairs(count) => format!(
            "inputs with an empty second text, which are encoded alone while others are pairs: {count}"
        ),
        FileWarning::LetteredQuotes(count) => format!(
            "inputs with quotation marks that are read as letters and look as if they enclose \
             fields: {count}; if so: --quotes"
        ),
        FileWarning::SpacedQuotes(count) => format!(
            "inputs with a space before a quotation mark, which is read as a letter behind it: \
             {count}; if it encloses the field, leave the space out"
        ),
        FileWarning::Empty => "there is no input in it".to_owned(),
    }
}

fn options(settings: &BatchSettings, loaded: &LoadedModel) -> Result<BatchOptions> {
    Ok(BatchOptions {
        sources: settings.sources.clone(),
        output: settings.output.clone(),
        kind: settings.kind,
        files: settings.options.clone(),
        selection: model::selection(loaded, &settings.layers, &settings.heads)?,
        limit: loaded.limit(settings.truncate),
        batch_tokens: settings.batch_tokens,
        maximum_failures: settings.maximum_failures,
        resume: settings.resume,
        shard: settings.shard,
        single_file: settings.single_file,
        reports: settings.reports.clone(),
        remedy_in_words: in_words,
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
    writeln!(out, "model   {}", Printable(&manifest.model.name()))?;
    writeln!(
        out,
        "inputs  {} done{kept}, {} failed",
        counts.done, counts.failed
    )?;
    writeln!(out, "wrote   {}", Printable(&folder))?;
    writeln!(out, "open    {}", Printable(&page))?;
    print_relations(&outcome.relations, &mut out)?;
    writeln!(
        out,
        "time    load {}, work {}, {}",
        seconds(load),
        seconds(work),
        rate(counts.inputs, work)
    )?;
    Ok(())
}

/// So many relations are listed; the file of them has all.
const LISTED_RELATIONS: usize = 12;

/// The best head of each of the most frequent relations, beside the best fixed
/// offset.
fn print_relations(
    relations: &[RankedRelation],
    out: &mut impl Write,
) -> Result<(), StandardOutputError> {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    for (place, relation) in relations.iter().take(LISTED_RELATIONS).enumerate() {
        let Some(best) = relation.heads.first() else {
            continue;
        };
        let Some(share) = relation.share(best.right) else {
            continue;
        };
        let title = if place == 0 { "finds" } else { "" };
        let (offset, right) = relation.found.best_offset();
        writeln!(
            out,
            "{title:<8}{:<14} {:>7}  {} {}; offset {offset:+}: {}",
            Printable(&relation.name).to_string(),
            percent(share),
            best.head,
            best.direction,
            percent(relation.share(right).unwrap_or_default()),
        )?;
    }
    Ok(())
}
