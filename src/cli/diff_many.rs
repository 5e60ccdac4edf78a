//! `attnviz diff` of many inputs: two models on the same files, two folders of
//! runs, two folders of scores.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};

use super::Outcome;
use super::batch::of_file;
use super::batch_progress::BatchProgress;
use super::diff_many_report::{self, ComparedMany};
use super::diff_printed::{Times, print_exceeded};
use super::diff_settings::{DiffSettings, DiffTask};
use super::diff_sides::two_models;
use super::hints::in_words;
use super::messages::{Messages, missing_glyphs};
use super::model;
use super::settings::ModelSettings;
use super::usage::UsageError;
use crate::analysis::Granularity;
use crate::attention::Selection;
use crate::batch::InputSource;
use crate::batch::diff::{
    self, DiffError, DiffModel, DiffModels, FolderSide, ManyOptions, ManyOutcome, ManySides,
    RunFolders, ScoreFolders,
};
use crate::checkpoint::ModelProvenance;
use crate::compare::{CompareError, DifferenceMeasure, ModelFacts, caution};
use crate::pipeline::{Use, WrittenDiff};
use crate::remedy::{Remedy, Setting};
use crate::store::diff::SideRecord;

/// The most tokens that an encoder gets at once.
const BATCH_TOKENS: usize = 1024;

pub(super) fn run(settings: &DiffSettings, messages: &Messages) -> Result<Outcome> {
    messages.warnings(&settings.warnings);
    match &settings.task {
        DiffTask::ModelsOnMany { sides, sources } => of_models(settings, sides, sources, messages),
        DiffTask::Batches([left, right]) => {
            let folders = RunFolders {
                left: left.clone(),
                right: right.clone(),
            };
            let described = folders.describe()?;
            of_folders(settings, ManySides::Runs(folders), described, messages)
        }
        DiffTask::Scores([left, right]) => {
            check_scores(settings)?;
            let folders = ScoreFolders {
                left: left.clone(),
                right: right.clone(),
            };
            let described = folders.describe()?;
            of_folders(settings, ManySides::Scores(folders), described, messages)
        }
        // One input: the caller's.
        DiffTask::Models { .. } | DiffTask::Texts { .. } | DiffTask::Runs { .. } => {
            Ok(Outcome::Done)
        }
    }
}

/// What needs maps, which folders of scores have not.
fn check_scores(settings: &DiffSettings) -> Result<()> {
    let limits = &settings.thresholds;
    let limit = limits.limits().next().map(|(measure, _)| measure);
    let asked = match limit {
        Some(DifferenceMeasure::JsBits) => Some(Setting::MaxJsBits),
        Some(DifferenceMeasure::TotalVariation) => Some(Setting::MaxTotalVariation),
        Some(DifferenceMeasure::MaxAbs) => Some(Setting::MaxAbs),
        // None of these has a limit.
        Some(DifferenceMeasure::JsDistanceBits | DifferenceMeasure::Hellinger) | None => None,
    };
    let words = settings.options.granularity == Granularity::Word;
    match asked.or(words.then_some(Setting::Words)) {
        None => Ok(()),
        Some(setting) => Err(UsageError::error(
            "folders of scores hold no maps, only what heads do in them",
            Remedy::LeaveOut(setting),
        )),
    }
}

fn of_models(
    settings: &DiffSettings,
    sides: &[ModelSettings; 2],
    sources: &[InputSource],
    messages: &Messages,
) -> Result<Outcome> {
    let start = Instant::now();
    // Before a model is loaded, which may take a download.
    InputSource::check(sources).map_err(DiffError::from)?;
    let (models, mut warnings) = two_models(sides, settings, Use::Often, messages)?;
    let [left, right] = &models;
    let selection = model::selection(left, &settings.layers, &settings.heads)?;
    let facts = [left, right].map(|loaded| ModelFacts::of(loaded.model.architecture()));
    let records = [
        record(model::wait(&left.provenance, messages)?),
        record(model::wait(&right.provenance, messages)?),
    ];
    let [of_left, of_right] = [left, right].map(|loaded| DiffModel {
        loaded,
        limit: loaded.limit(settings.truncate),
    });
    let models = ManySides::Models(DiffModels {
        left: of_left,
        right: of_right,
        sources: sources.to_vec(),
        batch_tokens: BATCH_TOKENS,
    });
    warnings.extend(settings.warnings.iter().cloned());
    let caution = caution(Some([&facts[0], &facts[1]]), &[]);
    let options = options(settings, selection, caution);
    compare(
        settings, &models, &options, &records, warnings, start, messages,
    )
}

fn of_folders(
    settings: &DiffSettings,
    sides: ManySides<'_>,
    described: [FolderSide; 2],
    messages: &Messages,
) -> Result<Outcome> {
    let start = Instant::now();
    let mut chosen = Vec::new();
    for FolderSide { selection, .. } in &described {
        let layers = selection.layer_indices();
        let layers = settings.layers.resolve_among("layer", &layers)?;
        let heads = selection.head_indices();
        let heads = settings.heads.resolve_among("head", &heads)?;
        chosen.push(selection.among(&layers, &heads));
    }
    let [Some(left), Some(right)] = [chosen.first(), chosen.get(1)] else {
        return Err(DiffError::NoAttention.into());
    };
    if left != right {
        let sides = Box::new([left.clone(), right.clone()]);
        return Err(CompareError::OtherHeads { sides }.into());
    }
    let options = options(settings, left.clone(), None);
    let records = described.map(|side| record(side.model));
    let warnings = settings.warnings.clone();
    compare(
        settings, &sides, &options, &records, warnings, start, messages,
    )
}

fn record(model: ModelProvenance) -> SideRecord {
    SideRecord { model, input: None }
}

fn options(settings: &DiffSettings, selection: Selection, caution: Option<String>) -> ManyOptions {
    ManyOptions {
        diff: settings.options.clone(),
        selection,
        thresholds: settings.thresholds,
        caution,
        remedy_in_words: in_words,
    }
}

fn compare(
    settings: &DiffSettings,
    sides: &ManySides<'_>,
    options: &ManyOptions,
    records: &[SideRecord; 2],
    mut warnings: Vec<String>,
    start: Instant,
    messages: &Messages,
) -> Result<Outcome> {
    let read = start.elapsed();
    let start = Instant::now();
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .context("Ctrl-C could not be taken over")?;
    let mut progress = BatchProgress::new(*messages);
    let [left, right] = records;
    let records = [left, right];
    let done = diff::diff(
        sides,
        options,
        records,
        &settings.place,
        &interrupted,
        &mut |event| progress.tell(&event),
    );
    warnings.extend(progress.finish());
    let (outcome, written) = done?;
    let mut warn = |warning: String| {
        messages.warning(&warning);
        warnings.push(warning);
    };
    for (file, warning) in &outcome.file_warnings {
        warn(format!("{file}: {}", of_file(warning)));
    }
    for warning in outcome.reservations() {
        warn(warning);
    }
    if !written.missing_glyphs.is_empty() {
        warn(missing_glyphs(&written.missing_glyphs));
    }
    print(
        settings,
        options,
        &outcome,
        &written,
        &warnings,
        Times {
            read,
            compare: start.elapsed(),
        },
        messages,
    )?;
    // What is of other units is compared by no threshold.
    Ok(
        match (
            outcome.other_units_count,
            outcome.is_exceeded(),
            outcome.counts.failed,
        ) {
            (1.., _, _) => Outcome::UnitsDiffer,
            (0, true, _) => Outcome::Broken,
            (0, false, 1..) => Outcome::SomeInputsFailed,
            (0, false, 0) => Outcome::Done,
        },
    )
}

fn print(
    settings: &DiffSettings,
    options: &ManyOptions,
    outcome: &ManyOutcome,
    written: &WrittenDiff,
    warnings: &[String],
    times: Times,
    messages: &Messages,
) -> Result<()> {
    let compared = ComparedMany {
        options,
        outcome,
        written,
        warnings,
        times,
    };
    match settings.json {
        true => diff_many_report::print_json(&compared)?,
        false if messages.shows_results() => diff_many_report::print_text(&compared)?,
        false => print_exceeded(&diff_many_report::limits(&compared))?,
    }
    Ok(())
}
