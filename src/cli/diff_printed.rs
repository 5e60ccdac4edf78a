//! What `attnviz diff` prints of any comparison, of one input as of many: its
//! thresholds, and the lines at the end.

use std::io::Write;
use std::time::Duration;

use serde::Serialize;

use super::messages::seconds;
use super::standard_output::StandardOutputError;
use crate::attention::HeadId;
use crate::compare::{DifferenceMeasure, of_units};
use crate::pipeline::WrittenDiff;
use crate::render::terminal::{Printable, written_difference};

/// How long each stage took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) read: Duration,
    pub(super) compare: Duration,
}

/// The same as JSON.
#[derive(Serialize)]
pub(super) struct Seconds {
    read: f64,
    compare: f64,
}

impl From<Times> for Seconds {
    fn from(times: Times) -> Self {
        Self {
            read: times.read.as_secs_f64(),
            compare: times.compare.as_secs_f64(),
        }
    }
}

/// A threshold, and what was found.
#[derive(Serialize)]
pub(super) struct Limit<'a> {
    measure: &'static str,
    limit: f64,
    /// The greatest, and its head.
    value: f64,
    layer: usize,
    head: usize,
    /// Of many inputs, the one that has it.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    input: Option<LimitInput<'a>>,
    /// The units of the greatest cell, where the threshold is of cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// How many units were compared, and of how many.
    units: [u64; 2],
    exceeded: bool,
}

/// The input where many come nearest to a threshold, or are above it.
#[derive(Serialize)]
pub(super) struct LimitInput<'a> {
    pub(super) id: &'a str,
    pub(super) index: u64,
    /// How many inputs are above the threshold.
    pub(super) inputs: u64,
}

/// What a threshold is compared with.
pub(super) struct Greatest<'a> {
    pub(super) value: f64,
    pub(super) head: HeadId,
    /// The units of the cell that has it, where the threshold is of cells.
    pub(super) cell: Option<[String; 2]>,
    pub(super) input: Option<LimitInput<'a>>,
    pub(super) is_exceeded: bool,
}

impl<'a> Limit<'a> {
    /// Of the units of all inputs, so many were compared.
    pub(super) fn new(
        (measure, limit): (DifferenceMeasure, f64),
        found: Greatest<'a>,
        units: [u64; 2],
    ) -> Self {
        let (query, key) = found.cell.map(|[query, key]| (query, key)).unzip();
        Self {
            measure: measure.name(),
            limit,
            value: found.value,
            layer: found.head.layer,
            head: found.head.head,
            input: found.input,
            query,
            key,
            units,
            exceeded: found.is_exceeded,
        }
    }

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
        let input = self.input.as_ref();
        let id = input.map(|input| format!(", input \"{}\"", Printable(input.id)));
        let cell = self.query.as_ref().zip(self.key.as_ref());
        let cell = cell.map(|(query, key)| format!(", {} → {}", Printable(query), Printable(key)));
        let inputs = input.map_or(0, |input| input.inputs);
        let more = (inputs > 1).then(|| format!("; {inputs} inputs are above it"));
        let separator = if input.is_some() { ';' } else { ',' };
        let part = of_units(self.units).map(|part| format!("{separator} {part}"));
        let limit = match self.limit {
            // As it is typed.
            small @ 0.0..1e-3 if small > 0.0 => format!("{small:e}"),
            limit => limit.to_string(),
        };
        let measure = self.measure;
        let rest: String = [id, cell, more, part].into_iter().flatten().collect();
        format!("{word} {measure} {value} {sign} {limit}: {head}{rest}")
    }
}

/// What broke, where nothing else is to be printed.
pub(super) fn print_exceeded(limits: &[Limit<'_>]) -> Result<(), StandardOutputError> {
    let mut out = anstream::stdout().lock();
    for limit in limits.iter().filter(|limit| limit.exceeded) {
        writeln!(out, "{}", limit.in_words())?;
    }
    Ok(())
}

/// A table under the line that says what it is.
pub(super) fn write_indented(out: &mut impl Write, table: &str) -> Result<(), StandardOutputError> {
    for line in table.lines() {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

/// What stands under the tables: thresholds and notes, what was written, how long
/// it took. `first` is the file to look at first.
pub(super) fn write_ending(
    out: &mut impl Write,
    limits: &[Limit<'_>],
    written: &WrittenDiff,
    first: &str,
    times: Times,
) -> Result<(), StandardOutputError> {
    for limit in limits {
        writeln!(out, "{}", limit.in_words())?;
    }
    for note in &written.manifest.notes {
        writeln!(out, "note      {}", Printable(note))?;
    }
    let folder = written.folder.display().to_string();
    let files = written.manifest.files.len() - written.kept.len() + 1;
    writeln!(out, "wrote     {} ({files} files)", Printable(&folder))?;
    writeln!(out, "open      {}", Printable(first))?;
    let (read, compare) = (seconds(times.read), seconds(times.compare));
    writeln!(out, "time      read {read}, compare {compare}")?;
    Ok(())
}

/// That so many heads do not differ.
pub(super) fn equal_on_both_sides(count: usize) -> String {
    match count {
        1 => "the one is equal on both sides".to_owned(),
        _ => format!("all {count} are equal on both sides"),
    }
}
