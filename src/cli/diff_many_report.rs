//! What `attnviz diff` prints of a comparison of many inputs.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};

use super::diff_report::{Times, equal_on_both_sides};
use super::messages::seconds;
use super::standard_output::{StandardOutputError, write_json};
use crate::attention::HeadId;
use crate::batch::diff::{ManyOptions, ManyOutcome};
use crate::checkpoint::ModelProvenance;
use crate::compare::{HeadSpread, Quantity, of_units};
use crate::pipeline::WrittenDiff;
use crate::render::terminal::{Printable, aligned, one_line, written_difference};
use crate::store::MANIFEST;
use crate::store::batch_records::{BatchCounts, ResultRecord};
use crate::store::diff::PAGE;

/// So many heads are listed at least, whatever is drawn.
const FEWEST_HEADS: usize = 5;
/// So many inputs that differ most are listed.
const LISTED_WORST: usize = 5;
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
    for limit in limits(compared) {
        writeln!(out, "{}", limit.in_words())?;
    }
    for note in &manifest.notes {
        writeln!(out, "note      {}", Printable(note))?;
    }
    let folder = written.folder.display().to_string();
    let files = manifest.files.len() + 1;
    writeln!(out, "wrote     {} ({files} files)", Printable(&folder))?;
    let page = written.folder.join(PAGE).display().to_string();
    writeln!(out, "open      {}", Printable(&page))?;
    writeln!(
        out,
        "time      read {}, compare {}",
        seconds(compared.times.read),
        seconds(compared.times.compare)
    )?;
    Ok(())
}

/// What broke, where nothing else is to be printed.
pub(super) fn print_exceeded(compared: &ComparedMany<'_>) -> Result<(), StandardOutputError> {
    let mut out = anstream::stdout().lock();
    for limit in limits(compared).iter().filter(|limit| limit.exceeded) {
        writeln!(out, "{}", limit.in_words())?;
    }
    Ok(())
}

fn write_indented(out: &mut impl Write, table: &str) -> Result<(), StandardOutputError> {
    for line in table.lines() {
        writeln!(out, "  {line}")?;
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

/// A threshold, and what was found.
#[derive(Serialize)]
struct Limit<'a> {
    measure: &'static str,
    limit: f64,
    /// The greatest of any input and head.
    value: f64,
    layer: usize,
    head: usize,
    /// Its input.
    id: &'a str,
    index: u64,
    /// How many inputs are above the threshold.
    inputs: u64,
    /// How many units of all inputs were compared, and of how many.
    units: [u64; 2],
    exceeded: bool,
}

impl Limit<'_> {
    fn in_words(&self) -> String {
        let (word, sign) = match self.exceeded {
            true => ("exceeded ", '>'),
            false => ("within   ", '≤'),
        };
        let value = match written_difference(self.value) {
            // As few digits as tell the two apart.
            short if short == written_difference(self.limit) => self.value.to_string(),
            short => short,
        };
        let head = HeadId {
            layer: self.layer,
            head: self.head,
        };
        let more = match self.inputs {
            0 | 1 => String::new(),
            count => format!("; {count} inputs are above it"),
        };
        let (measure, limit) = (self.measure, self.limit);
        let id = Printable(self.id);
        let part = of_units(self.units).map(|part| format!("; {part}"));
        let part = part.unwrap_or_default();
        format!("{word} {measure} {value} {sign} {limit}: {head}, input \"{id}\"{more}{part}")
    }
}

/// Every threshold with the input and head that is nearest to it or above.
fn limits<'a>(compared: &'a ComparedMany<'_>) -> Vec<Limit<'a>> {
    let outcome = compared.outcome;
    let found = compared.options.thresholds.limits();
    let found = found.filter_map(|(measure, limit)| {
        let mut exceeded = outcome.exceeded.iter();
        if let Some(found) = exceeded.find(|found| found.measure == measure) {
            return Some(Limit {
                measure: measure.name(),
                limit,
                value: found.value,
                layer: found.head.layer,
                head: found.head.head,
                id: &found.id,
                index: found.index,
                inputs: found.count,
                units: outcome.units,
                exceeded: true,
            });
        }
        let heads = outcome.many.of(Quantity::Measure(measure)).into_iter();
        let worst = heads.reduce(|one, other| if other.worst > one.worst { other } else { one })?;
        Some(Limit {
            measure: measure.name(),
            limit,
            value: worst.worst,
            layer: worst.head.layer,
            head: worst.head.head,
            id: outcome.id_of(worst.worst_index),
            index: worst.worst_index,
            inputs: 0,
            units: outcome.units,
            exceeded: false,
        })
    });
    found.collect()
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    left: SideReport<'a>,
    right: SideReport<'a>,
    inputs: BatchCounts,
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

#[derive(Serialize)]
struct Seconds {
    read: f64,
    compare: f64,
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
    write_json(&Report {
        left: SideReport {
            model: &manifest.left.model,
        },
        right: SideReport {
            model: &manifest.right.model,
        },
        inputs: outcome.counts,
        measure: outcome.ranked_by.name(),
        heads: heads(outcome),
        worst: worst.collect(),
        thresholds: limits(compared),
        failed: outcome.failed.iter().map(failed).collect(),
        notes: &manifest.notes,
        folder: written.folder.display().to_string(),
        open: path(PAGE),
        files: files.chain([MANIFEST]).map(path).collect(),
        seconds: Seconds {
            read: compared.times.read.as_secs_f64(),
            compare: compared.times.compare.as_secs_f64(),
        },
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
