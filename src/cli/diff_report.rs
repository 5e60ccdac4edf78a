//! What `attnviz diff` prints of a comparison of one input.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use super::diff_idle::FEWEST_HEADS;
use super::diff_printed::{
    Greatest, Limit, Seconds, Times, equal_on_both_sides, write_ending, write_indented,
};
use super::diff_settings::DiffSettings;
use super::standard_output::{StandardOutputError, write_json};
use crate::analysis::Score;
use crate::attention::HeadId;
use crate::checkpoint::ModelProvenance;
use crate::compare::{
    Comparison, DifferenceMeasure, Exceeded, GreatestCell, NamedUnit, Pairing, UnlikeUnits,
};
use crate::input::Input;
use crate::pipeline::{WrittenDiff, side_names};
use crate::render::terminal::{Printable, difference_table, unlike_table, written_difference};
use crate::run::Run;
use crate::store::MANIFEST;

/// So many units that differ are listed above the table.
const MOST_UNITS: usize = 12;

/// A comparison that was written.
pub(super) struct Compared<'a> {
    pub(super) settings: &'a DiffSettings,
    pub(super) runs: [&'a Run; 2],
    pub(super) pairing: Pairing,
    pub(super) comparison: &'a Comparison<'a>,
    pub(super) exceeded: &'a [Exceeded],
    pub(super) written: &'a WrittenDiff,
    pub(super) warnings: &'a [String],
    pub(super) times: Times,
}

pub(super) fn print_text(compared: &Compared<'_>) -> Result<(), StandardOutputError> {
    let Compared {
        settings,
        comparison,
        written,
        ..
    } = compared;
    let mut out = anstream::stdout().lock();
    let names = side_names(compared.runs, compared.pairing);
    for (label, name) in ["left", "right"].into_iter().zip(&names) {
        writeln!(out, "{label:<9} {}", Printable(name))?;
    }
    if !comparison.unlike.is_empty() {
        writeln!(out, "units     {}", in_words(comparison))?;
        let names = ["left", "right"];
        let table = unlike_table(&comparison.unlike, names, MOST_UNITS);
        write_indented(&mut out, &table)?;
    }
    let measure = settings.options.measure();
    writeln!(out, "{:<9} {}", "heads", summary(comparison, measure))?;
    let count = settings.options.top.max(FEWEST_HEADS);
    if comparison
        .differences
        .ranked(measure)
        .iter()
        .any(|(_, value)| *value > 0.0)
    {
        write_indented(&mut out, &difference_table(comparison, measure, count))?;
    }
    let first = first_to_open(written);
    write_ending(&mut out, &limits(compared), written, &first, compared.times)
}

/// How many units are compared, and what becomes of those that differ.
fn in_words(comparison: &Comparison<'_>) -> String {
    let pairs = &comparison.columns.pairs;
    let same = pairs.iter().filter(|pair| pair.is_same).count();
    let replaced = pairs.len() - same;
    let alone = comparison.columns.left_only.len() + comparison.columns.right_only.len();
    let mut parts = vec![format!("{same} equal")];
    if replaced > 0 {
        parts.push(format!("{replaced} compared with what replaces them"));
    }
    if alone > 0 {
        parts.push(format!("{alone} left out"));
    }
    format!("{}; those that differ:", parts.join(", "))
}

/// How many heads differ, and by how much all together.
fn summary(comparison: &Comparison<'_>, measure: DifferenceMeasure) -> String {
    let values = comparison.differences.heads(measure);
    let changed = values.iter().filter(|value| **value > 0.0).count();
    let all = measure.joined(values.iter().copied()).unwrap_or(0.0);
    let count = values.len();
    if changed == 0 {
        return equal_on_both_sides(count);
    }
    let joined = match measure {
        DifferenceMeasure::MaxAbs => "greatest",
        DifferenceMeasure::JsBits
        | DifferenceMeasure::JsDistanceBits
        | DifferenceMeasure::TotalVariation
        | DifferenceMeasure::Hellinger => "mean",
    };
    format!(
        "{changed} of {count} differ, {joined} {measure} {}; the most changed:",
        written_difference(all)
    )
}

/// The picture to look at first, or else what has the numbers.
fn first_to_open(written: &WrittenDiff) -> String {
    let names = || {
        let names = written.manifest.files.iter().map(|file| file.name.as_str());
        names.filter(|name| !written.kept.contains(*name))
    };
    let begins = |start: &'static str| names().find(move |name| name.starts_with(start));
    let first = begins("index.html")
        .or_else(|| begins("differences."))
        .or_else(|| begins("diff.csv"))
        .unwrap_or(MANIFEST);
    written.folder.join(first).display().to_string()
}

/// Every threshold with the head that is nearest to it or above.
pub(super) fn limits(compared: &Compared<'_>) -> Vec<Limit<'static>> {
    let differences = &compared.comparison.differences;
    let limits = compared.settings.thresholds.limits();
    let units = compared.comparison.unit_counts().map(|count| count as u64);
    let found = limits.filter_map(|(measure, limit)| {
        let (head, value) = differences.ranked(measure).into_iter().next()?;
        let is_of_cells = measure == DifferenceMeasure::MaxAbs;
        let cell = compared.comparison.greatest_cell(head);
        let cell = cell.filter(|_| is_of_cells);
        let mut exceeded = compared.exceeded.iter();
        let found = Greatest {
            value,
            head,
            cell: cell.as_ref().map(GreatestCell::names),
            input: None,
            is_exceeded: exceeded.any(|found| found.measure == measure),
        };
        Some(Limit::new((measure, limit), found, units))
    });
    found.collect()
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    left: SideReport<'a>,
    right: SideReport<'a>,
    /// What both have not in common, compared or not.
    unlike: Vec<[Option<UnitReport<'a>>; 2]>,
    measure: &'static str,
    /// All of them, the most changed first.
    heads: Vec<HeadReport>,
    thresholds: Vec<Limit<'static>>,
    notes: &'a [String],
    folder: String,
    /// The one to look at first.
    open: String,
    /// What this command wrote, the folder included.
    files: Vec<String>,
    /// Files of earlier commands in the same folder.
    kept: Vec<String>,
    seconds: Seconds,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct SideReport<'a> {
    model: &'a ModelProvenance,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: &'a Option<Input>,
}

#[derive(Serialize)]
struct UnitReport<'a> {
    position: usize,
    text: &'a str,
}

#[derive(Serialize)]
struct HeadReport {
    layer: usize,
    head: usize,
    #[serde(flatten)]
    measures: serde_json::Map<String, serde_json::Value>,
    /// Where it differs most; `null` where it does not.
    greatest: Option<CellReport>,
    /// Right − left of each score; `null` where scores are not compared.
    scores: Option<serde_json::Map<String, serde_json::Value>>,
}

#[derive(Serialize)]
struct CellReport {
    query: String,
    key: String,
    left: f32,
    right: f32,
}

pub(super) fn print_json(compared: &Compared<'_>) -> Result<()> {
    let written = compared.written;
    let path = |name: &str| written.folder.join(name).display().to_string();
    let files = written.manifest.files.iter().map(|file| file.name.as_str());
    let files = files.filter(|name| !written.kept.contains(*name));
    let manifest = &written.manifest;
    write_json(&Report {
        left: SideReport {
            model: &manifest.left.model,
            input: &manifest.left.input,
        },
        right: SideReport {
            model: &manifest.right.model,
            input: &manifest.right.input,
        },
        unlike: unlike_report(&compared.comparison.unlike),
        measure: compared.settings.options.measure().name(),
        heads: heads(compared),
        thresholds: limits(compared),
        notes: &manifest.notes,
        folder: written.folder.display().to_string(),
        open: first_to_open(written),
        files: files.chain([MANIFEST]).map(path).collect(),
        kept: written.kept.iter().map(|name| path(name)).collect(),
        seconds: compared.times.into(),
        warnings: compared.warnings,
    })
}

fn unlike_report(unlike: &UnlikeUnits) -> Vec<[Option<UnitReport<'_>>; 2]> {
    fn unit(unit: &Option<NamedUnit>) -> Option<UnitReport<'_>> {
        unit.as_ref().map(|unit| UnitReport {
            position: unit.position,
            text: &unit.text,
        })
    }
    let rows = unlike.iter();
    rows.map(|[left, right]| [unit(left), unit(right)])
        .collect()
}

fn heads(compared: &Compared<'_>) -> Vec<HeadReport> {
    let comparison = compared.comparison;
    let differences = &comparison.differences;
    let ids: Vec<HeadId> = differences.selection.head_ids().collect();
    let scores = comparison.scores.as_ref().map(|scores| {
        let all = Score::ALL.iter().map(|&score| (score, scores.get(score)));
        all.collect::<Vec<_>>()
    });
    let ranked = differences.ranked(compared.settings.options.measure());
    let heads = ranked.into_iter().map(|(id, _)| {
        let place = ids.iter().position(|other| *other == id).unwrap_or(0);
        let at = |values: &[f64]| values.get(place).copied().unwrap_or(f64::NAN);
        let measures = DifferenceMeasure::ALL.iter();
        HeadReport {
            layer: id.layer,
            head: id.head,
            measures: measures
                .map(|&measure| (measure.to_string(), at(differences.heads(measure)).into()))
                .collect(),
            greatest: comparison.greatest_cell(id).map(|cell| {
                let [query, key] = cell.names();
                let GreatestCell { left, right, .. } = cell;
                CellReport {
                    query,
                    key,
                    left,
                    right,
                }
            }),
            scores: scores.as_ref().map(|scores| {
                let scores = scores.iter();
                scores
                    .map(|(score, values)| (score.to_string(), at(values).into()))
                    .collect()
            }),
        }
    });
    heads.collect()
}
