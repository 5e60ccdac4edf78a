//! `attnviz tokens`: what a text becomes, and what its units are called in a
//! view. No weights are read.

use std::io::Write;

use anyhow::{Context, Result};
use serde::Serialize;

use super::messages::Messages;
use super::model;
use super::settings::TokensSettings;
use super::standard_output::{StandardOutputError, write_json};
use crate::input::{Input, Prepared, StreamRole, Unit};
use crate::pipeline;
use crate::render::terminal::{Printable, unit_table};
use crate::store::UnitRecord;

pub(super) fn run(settings: &TokensSettings, messages: &Messages) -> Result<()> {
    let checkpoint = model::checkpoint(&settings.model, messages)?;
    let loaded =
        pipeline::load_tokenizer(&checkpoint).with_context(|| model::of(&checkpoint.id))?;
    let limit = loaded.limit(settings.truncate);
    let prepared = pipeline::prepare(&loaded.tokenizer, &settings.input, limit)?;
    let mut warnings: Vec<String> = checkpoint.notice.iter().cloned().collect();
    messages.warnings(&settings.warnings);
    warnings.extend(settings.warnings.iter().cloned());
    if let Some(warning) = loaded.tokenizer.warning() {
        messages.warning(warning);
        warnings.push(warning.to_owned());
    }
    match settings.json {
        true => print_json(&checkpoint.id, &prepared, &warnings),
        false if messages.shows_results() => Ok(print_text(&checkpoint.id, &prepared)?),
        false => Ok(()),
    }
}

fn print_text(model: &str, prepared: &Prepared) -> Result<(), StandardOutputError> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "model   {}", Printable(model))?;
    for stream in &prepared.streams {
        let name = match prepared.streams.len() {
            1 => "tokens",
            _ => stream.role.name(),
        };
        let units = stream.units.iter();
        let unknown = match units.filter(|unit| unit.is_unknown()).count() {
            0 => String::new(),
            count => format!(", {count} unknown to the vocabulary"),
        };
        let dropped = match stream.dropped {
            0 => String::new(),
            count => format!(", {count} more cut off"),
        };
        let count = stream.units.len();
        write!(out, "{name:<7} {count}{unknown}{dropped}\n\n")?;
        write!(out, "{}", unit_table(&stream.units))?;
    }
    Ok(())
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    model: &'a str,
    input: &'a Input,
    streams: Vec<StreamReport>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct StreamReport {
    role: StreamRole,
    units: Vec<UnitReport>,
    dropped: usize,
}

#[derive(Serialize)]
struct UnitReport {
    /// What `@N` in a view and `--crop` count.
    position: usize,
    #[serde(flatten)]
    unit: UnitRecord,
    unknown: bool,
}

fn print_json(model: &str, prepared: &Prepared, warnings: &[String]) -> Result<()> {
    let unit = |(position, unit): (usize, &Unit)| UnitReport {
        position,
        unit: UnitRecord::from(unit),
        unknown: unit.is_unknown(),
    };
    let streams = prepared.streams.iter().map(|stream| StreamReport {
        role: stream.role,
        units: stream.units.iter().enumerate().map(unit).collect(),
        dropped: stream.dropped,
    });
    let report = Report {
        model,
        input: &prepared.input,
        streams: streams.collect(),
        warnings,
    };
    write_json(&report)
}
