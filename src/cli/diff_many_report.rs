//! What `attnviz diff` prints of a comparison of many inputs.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};

use super::diff_idle::FEWEST_HEADS;
use super::diff_printed::{
    Greatest, Limit, LimitInput, Seconds, Times, equal_on_both_sides, write_ending, write_indented,
};
use super::standard_output::{StandardOutputError, write_json};
use crate::batch::diff::{ManyOptions, ManyOutcome, UnlikeInput};
use crate::checkpoint::ModelProvenance;
use crate::compare::{HeadSpread, Quantity, UnlikeUnits};
use crate::pipeline::WrittenDiff;
use crate::render::terminal::{Printable, aligned, one_line, unlike_table, written_difference};
use crate::store::MANIFEST;
use crate::store::batch_records::{BatchCounts, RESULTS, ResultRecord};
use crate::store::diff::PAGE;

/// So many inputs that differ most are listed.
const LISTED_WORST: usize = 5;
/// So many units that differ are listed of an input.
const MOST_UNITS: usize = 12;
/// An id in a table is not longer, in columns.
const LONGEST_ID: usize = 40;

/// A comparison of many inputs that was written.
pub(super) struct ComparedMany<'a> {
    pub(super) options: &'a ManyOptions,
    pub(super) outcome: &'a ManyOutcome,
    pub(super) written: &'a WrittenDiff,
    pub(super) warnings: &'a [String],
    pub(super) times: Times,
}

pub(super) fn print_text(compared: &ComparedMany<'_>) -> Result<(), StandardOutputError> {
    let ComparedMany {
        options,
        outcome,
        written,
        ..
    } = compared;
    let mut out = anstream::stdout().lock();
    let manifest = &written.manifest;
    write_other_units(&mut out, outcome)?;
    for (label, side) in [("left", &manifest.left), ("right", &manifest.right)] {
        writeln!(out, "{label:<9} {}", Printable(&side.model.name()))?;
    }
    let counts = outcome.counts;
    writeln!(
        out,
        "inputs    {} compared, {} not compared",
        counts.done, counts.failed
    )?;
    let quantity = outcome.ranked_by;
    let ranked = outcome.many.ranked(quantity);
    let changed = ranked.iter().filter(|head| head.worst > 0.0).count();
    if changed == 0 && !ranked.is_empty() {
        let count = ranked.len();
        writeln!(out, "heads     {}", equal_on_both_sides(count))?;
    } else if !ranked.is_empty() {
        writeln!(
            out,
            "heads     {changed} of {} differ; {}, the most changed by their mean:",
            ranked.len(),
            quantity.name()
        )?;
        let count = options.diff.top.max(FEWEST_HEADS);
        write_indented(&mut out, &heads_table(outcome, &ranked, count))?;
        writeln!(out, "worst     the inputs that differ most in any head:")?;
        write_indented(&mut out, &worst_table(outcome))?;
    }
    let page = written.folder.join(PAGE).display().to_string();
    write_ending(&mut out, &limits(compared), written, &page, compared.times)
}

/// The units of the inputs that are not compared because of them: where there are
/// some, they are what matters first.
fn write_other_units(
    out: &mut impl Write,
    outcome: &ManyOutcome,
) -> Result<(), StandardOutputError> {
    let count = outcome.other_units_count;
    if count == 0 {
        return Ok(());
    }
    let inputs = if count == 1 { "input is" } else { "inputs are" };
    writeln!(
        out,
        "units     {count} {inputs} not compared, whose units differ:"
    )?;
    let shown = outcome.unlike.iter().filter(|input| !input.is_compared);
    let mut rest = count;
    for UnlikeInput { id, units, .. } in shown {
        rest = rest.saturating_sub(1);
        writeln!(out, "  {}", one_line(id, LONGEST_ID))?;
        let table = unlike_table(units, ["left", "right"], MOST_UNITS);
        for line in table.lines() {
            writeln!(out, "    {line}")?;
        }
    }
    if rest > 0 {
        writeln!(out, "  … {rest} more in {RESULTS}")?;
    }
    Ok(())
}

fn heads_table(outcome: &ManyOutcome, ranked: &[HeadSpread], count: usize) -> String {
    let names = ["layer", "head", "mean", "95 %", "worst", "in input"];
    let mut rows = vec![names.map(str::to_owned).to_vec()];
    rows.extend(ranked.iter().take(count).map(|found| {
        let [mean, p95, worst] = [found.mean, found.p95, found.worst].map(written_difference);
        let id = one_line(outcome.id_of(found.worst_index), LONGEST_ID);
        let place = [found.head.layer.to_string(), found.head.head.to_string()];
        place.into_iter().chain([mean, p95, worst, id]).collect()
    }));
    aligned(&rows, |column| column < 5)
}

fn worst_table(outcome: &ManyOutcome) -> String {
    let names = ["value", "layer", "head", "input"];
    let mut rows = vec![names.map(str::to_owned).to_vec()];
    rows.extend(outcome.worst.iter().take(LISTED_WORST).map(|input| {
        vec![
            written_difference(input.value),
            input.head.layer.to_string(),
            input.head.head.to_string(),
            one_line(&input.id, LONGEST_ID),
        ]
    }));
    aligned(&rows, |column| column < 3)
}

/// Every threshold with the input and head that is nearest to it or above.
pub(super) fn limits<'a>(compared: &'a ComparedMany<'_>) -> Vec<Limit<'a>> {
    let outcome = compared.outcome;
    let limits = outcome.limits.iter().map(|limit| {
        let found = Greatest {
            value: limit.value,
            head: limit.head,
            cell: limit.cell.clone(),
            input: Some(LimitInput {
                id: &limit.id,
                index: limit.index,
                inputs: limit.count,
            }),
            is_exceeded: limit.is_exceeded(),
        };
        Limit::new((limit.measure, limit.limit), found, outcome.units)
    });
    limits.collect()
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    left: SideReport<'a>,
    right: SideReport<'a>,
    inputs: BatchCounts,
    /// The first inputs whose units are not all the same; results.jsonl has all.
    unlike: Vec<UnlikeReport<'a>>,
    measure: String,
    /// All of them, the most changed first.
    heads: Vec<HeadReport>,
    /// The inputs that differ most, the worst first.
    worst: Vec<WorstReport<'a>>,
    thresholds: Vec<Limit<'a>>,
    /// The first inputs that could not be compared; results.jsonl has all.
    failed: Vec<FailedReport<'a>>,
    notes: &'a [String],
    folder: String,
    /// The one to look at first.
    open: String,
    files: Vec<String>,
    seconds: Seconds,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct SideReport<'a> {
    model: &'a ModelProvenance,
}

#[derive(Serialize)]
struct UnlikeReport<'a> {
    id: &'a str,
    /// Whether what both sides have is compared.
    compared: bool,
    units: &'a UnlikeUnits,
}

#[derive(Serialize)]
struct HeadReport {
    layer: usize,
    head: usize,
    /// Statistics by the name of a measure or of a difference of a score.
    #[serde(flatten)]
    quantities: Map<String, Value>,
}

#[derive(Serialize)]
struct WorstReport<'a> {
    id: &'a str,
    index: u64,
    text: Option<&'a str>,
    pair: Option<&'a str>,
    layer: usize,
    head: usize,
    value: f64,
    pictures: Vec<String>,
}

#[derive(Serialize)]
struct FailedReport<'a> {
    id: &'a str,
    file: &'a str,
    line: u64,
    error: Option<&'a str>,
    hint: Option<&'a str>,
}

pub(super) fn print_json(compared: &ComparedMany<'_>) -> Result<()> {
    let ComparedMany {
        outcome, written, ..
    } = compared;
    let manifest = &written.manifest;
    let path = |name: &str| written.folder.join(name).display().to_string();
    let files = manifest.files.iter().map(|file| file.name.as_str());
    let worst = outcome.worst.iter().map(|input| WorstReport {
        id: &input.id,
        index: input.index,
        text: input.text.as_deref(),
        pair: input.pair.as_deref(),
        layer: input.head.layer,
        head: input.head.head,
        value: input.value,
        pictures: input.pictures.iter().map(|name| path(name)).collect(),
    });
    let unlike = outcome.unlike.iter().map(|input| UnlikeReport {
        id: &input.id,
        compared: input.is_compared,
        units: &input.units,
    });
    write_json(&Report {
        left: SideReport {
            model: &manifest.left.model,
        },
        right: SideReport {
            model: &manifest.right.model,
        },
        inputs: outcome.counts,
        unlike: unlike.collect(),
        measure: outcome.ranked_by.name(),
        heads: heads(outcome),
        worst: worst.collect(),
        thresholds: limits(compared),
        failed: outcome.failed.iter().map(failed).collect(),
        notes: &manifest.notes,
        folder: written.folder.display().to_string(),
        open: path(PAGE),
        files: files.chain([MANIFEST]).map(path).collect(),
        seconds: compared.times.into(),
        warnings: compared.warnings,
    })
}

fn failed(record: &ResultRecord) -> FailedReport<'_> {
    FailedReport {
        id: &record.id,
        file: &record.file,
        line: record.line,
        error: record.error.as_deref(),
        hint: record.hint.as_deref(),
    }
}

/// The statistics of every head, the most changed first.
fn heads(outcome: &ManyOutcome) -> Vec<HeadReport> {
    let all: Vec<(String, Vec<HeadSpread>)> = Quantity::all()
        .map(|quantity| (quantity.name(), outcome.many.of(quantity)))
        .collect();
    let ranked = outcome.many.ranked(outcome.ranked_by).into_iter();
    let heads = ranked.map(|of_rank| {
        let known = all.iter().filter_map(|(name, heads)| {
            let found = heads.iter().find(|found| found.head == of_rank.head)?;
            let statistics = serde_json::json!({
                "mean": found.mean,
                "p95": found.p95,
                "worst": found.worst,
                "worst_index": found.worst_index,
                "worst_id": outcome.id_of(found.worst_index),
                "count": found.count,
            });
            Some((name.clone(), statistics))
        });
        HeadReport {
            layer: of_rank.head.layer,
            head: of_rank.head.head,
            quantities: known.collect(),
        }
    });
    heads.collect()
}
