//! `attnviz diff`: what differs between two models, two saved runs, or two
//! texts on one model.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Error, Result};

use super::Outcome;
use super::diff_error::OF_AGAINST;
use super::diff_many;
use super::diff_printed::{Times, print_exceeded};
use super::diff_report::{self, Compared};
use super::diff_settings::{DiffSettings, DiffTask};
use super::diff_sides::of_one_input;
use super::messages::{Messages, missing_glyphs};
use super::standard_output::StandardOutputError;
use crate::batch::diff::OneComparison;
use crate::batch::real_place;
use crate::compare::{CompareError, DifferenceMeasure, Pairing, caution, compare_runs};
use crate::pipeline::{self, OutputError};
use crate::render::terminal::unlike_table;
use crate::store::MANIFEST;
use crate::store::batch_records::INPUTS;
use crate::store::diff::{DiffPlace, GRID, NUMBERS};
use crate::store::saved::is_saved_run;
use crate::store::write::check_root;

/// So many units that differ are listed where they are the result.
const MOST_UNITS: usize = 40;

pub(super) fn run(settings: &DiffSettings, messages: &Messages) -> Result<Outcome> {
    // Before a model is loaded, which may take a download.
    let root = match &settings.place {
        DiffPlace::Folder(folder) => folder.as_path(),
        DiffPlace::Below { root, .. } => root.as_path(),
    };
    let not_written = || format!("the result could not be written to {}", root.display());
    check_root(root).with_context(not_written)?;
    check_place(settings).with_context(not_written)?;
    let start = Instant::now();
    let sides = of_one_input(settings, messages);
    let sides = or_unlike(sides, settings, messages)?;
    let Some(sides) = sides else {
        return diff_many::run(settings, messages);
    };
    messages.warnings(&settings.warnings);
    let mut warnings = sides.warnings.clone();
    warnings.extend(settings.warnings.iter().cloned());
    let read = start.elapsed();

    let start = Instant::now();
    let [left, right] = &sides.runs;
    let options = &settings.options;
    let comparison = compare_runs(left, right, options.granularity, sides.pairing);
    let comparison = comparison.map_err(|error| match sides.pairing {
        Pairing::SameInput => error.into(),
        Pairing::OtherInput => Error::from(error).context(OF_AGAINST),
    });
    let comparison = or_unlike(comparison, settings, messages)?;
    if sides.pairing == Pairing::SameInput && !comparison.unlike.is_empty() {
        let warning = match comparison.unlike.len() {
            1 => "1 unit is not the same on both sides and is left out".to_owned(),
            count => format!("{count} units are not the same on both sides and are left out"),
        };
        messages.warning(&warning);
        warnings.push(warning);
    }
    let mut notes = comparison.notes.clone();
    notes.extend(match sides.pairing {
        Pairing::SameInput => {
            let facts = sides.facts.as_ref().map(|[left, right]| [left, right]);
            caution(
                facts,
                comparison.differences.heads(DifferenceMeasure::JsBits),
            )
        }
        Pairing::OtherInput => None,
    });
    let page = OneComparison {
        comparison: &comparison,
        runs: [left, right],
        pairing: sides.pairing,
        options,
        thresholds: &settings.thresholds,
    };
    let written = pipeline::write_comparison(
        &comparison,
        [left, right],
        sides.pairing,
        options,
        &settings.place,
        &notes,
        &|manifest, pictures| page.page(manifest, pictures),
    );
    let written = written.with_context(not_written)?;
    if !written.missing_glyphs.is_empty() {
        let warning = missing_glyphs(&written.missing_glyphs);
        messages.warning(&warning);
        warnings.push(warning);
    }
    let exceeded = settings.thresholds.exceeded(&comparison.differences);
    let compared = Compared {
        settings,
        runs: [left, right],
        pairing: sides.pairing,
        comparison: &comparison,
        exceeded: &exceeded,
        written: &written,
        warnings: &warnings,
        times: Times {
            read,
            compare: start.elapsed(),
        },
    };
    match settings.json {
        true => diff_report::print_json(&compared)?,
        false if messages.shows_results() => diff_report::print_text(&compared)?,
        false => print_exceeded(&diff_report::limits(&compared))?,
    }
    Ok(match exceeded.is_empty() {
        true => Outcome::Done,
        false => Outcome::Broken,
    })
}

/// Where units are the reason that nothing is compared, they are the result.
fn or_unlike<T>(compared: Result<T>, settings: &DiffSettings, messages: &Messages) -> Result<T> {
    let error = match compared {
        Ok(compared) => return Ok(compared),
        Err(error) => error,
    };
    let unlike = error.downcast_ref().and_then(CompareError::unlike);
    if let Some(unlike) = unlike.filter(|_| !settings.json && messages.shows_results()) {
        let [left, right] = &settings.names;
        let table = unlike_table(unlike, [left, right], MOST_UNITS);
        let mut out = anstream::stdout().lock();
        write!(out, "{table}").map_err(StandardOutputError::from)?;
    }
    Err(error)
}

/// Whether nothing of a side would be replaced by what is written.
///
/// # Errors
/// When the folder is a side, lies in one, or is the one that a saved run has.
fn check_place(settings: &DiffSettings) -> Result<(), OutputError> {
    let DiffPlace::Folder(folder) = &settings.place else {
        // It is named after both sides, and somebody else's is left alone.
        return Ok(());
    };
    let is_of = |side: &Path| is_part_of_side(&real_place(folder), side);
    let is_taken = match &settings.task {
        DiffTask::Runs { files, .. } => files.iter().any(|side| is_of(side)),
        DiffTask::Scores(sides) => sides.iter().any(|side| is_of(side)),
        DiffTask::Batches(sides) => sides.iter().any(|side| {
            let batch = side.root.parent().filter(|_| side.root.ends_with(INPUTS));
            match batch {
                Some(batch) => is_of(batch),
                // Other folders may lie beside those of the runs.
                None => {
                    let mut runs = side.names.iter();
                    real_place(folder) == real_place(&side.root)
                        || runs.any(|name| is_of(&side.root.join(name)))
                }
            }
        }),
        DiffTask::Models { .. } | DiffTask::Texts { .. } | DiffTask::ModelsOnMany { .. } => false,
    };
    match is_taken {
        true => Err(OutputError::ReplacesSource {
            path: folder.clone(),
        }),
        false => Ok(()),
    }
}

/// Whether a folder is a side or in it; of a file, whether it is the folder of a
/// run that the file belongs to, or one where the file has the name of a result.
fn is_part_of_side(folder: &Path, side: &Path) -> bool {
    let real = real_place(side);
    if folder.starts_with(&real) {
        return true;
    }
    let stem = real.file_stem().and_then(|stem| stem.to_str());
    let is_result = stem.is_some_and(|stem| [NUMBERS, GRID].contains(&stem));
    real.is_file()
        && real.parent() == Some(folder)
        && (is_result || is_saved_run(folder) || folder.join(MANIFEST).is_file())
}
