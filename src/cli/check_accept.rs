//! `attnviz check --accept`: a baseline, after what it changes was said.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use serde::Serialize;

use super::Outcome;
use super::messages::Messages;
use super::standard_output::{StandardOutputError, write_json};
use crate::batch::BatchModel;
use crate::batch::check::{Accepted, CheckOptions, propose};
use crate::compare::check::{named, number};
use crate::render::terminal::PrintableLine;
use crate::store::baseline::{Precision, data_path};
use crate::store::check_record::{FailureRecord, cut_in_words};

/// So many texts are listed of those that come and go.
const LISTED: usize = 20;

/// What was asked for.
pub(super) struct Asked<'a> {
    pub(super) options: &'a CheckOptions,
    pub(super) baseline: &'a Path,
    pub(super) precision: Precision,
    pub(super) json: bool,
}

pub(super) fn run(
    asked: &Asked<'_>,
    model: BatchModel<'_>,
    interrupted: &AtomicBool,
    messages: &Messages,
) -> Result<Outcome> {
    let path = asked.baseline.to_owned();
    let proposal = propose(asked.options, &path, asked.precision, model, interrupted)?;
    let name = model.provenance.name();
    let shows = messages.shows_results() && !asked.json;
    if shows {
        let mut out = anstream::stdout().lock();
        print_changes(&proposal.accepted, &name, &mut out).map_err(StandardOutputError::from)?;
        out.flush().map_err(StandardOutputError::from)?;
    }
    if let Some(reason) = &proposal.accepted.too_tight {
        let said = format!("{reason}; --accept --exact keeps numbers that can");
        messages.warning(said);
    }
    if !proposal.accepted.failures.is_empty() {
        let accepted = &proposal.accepted;
        if asked.json {
            print_json(accepted, &name, asked.baseline, false)?;
        }
        messages.warning("nothing was written: a baseline lacks nothing that is checked");
        return Ok(Outcome::SomeInputsFailed);
    }
    let accepted = proposal.write()?;
    match asked.json {
        true => print_json(&accepted, &name, asked.baseline, true)?,
        false if shows => {
            let mut out = anstream::stdout().lock();
            let files = [asked.baseline.to_owned(), data_path(asked.baseline)];
            for (index, file) in files.iter().enumerate() {
                let title = if index == 0 { "wrote" } else { "" };
                let file = file.display().to_string();
                writeln!(out, "{title:<8}{}", PrintableLine(&file))
                    .map_err(StandardOutputError::from)?;
            }
        }
        false => {}
    }
    Ok(Outcome::Done)
}

fn print_changes(accepted: &Accepted, model: &str, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "model   {}", PrintableLine(model))?;
    writeln!(out, "inputs  {}", accepted.inputs)?;
    if let Some(cut) = cut_in_words(accepted.cut, accepted.truncate) {
        writeln!(out, "cut     {cut}, by --truncate")?;
    }
    if let Some(error) = &accepted.earlier_error {
        writeln!(
            out,
            "change  what is there is replaced: {}",
            PrintableLine(error)
        )?;
    } else if !accepted.has_earlier {
        writeln!(out, "change  there was no baseline before")?;
    }
    if !accepted.is_change() {
        writeln!(out, "change  nothing: the model is as the baseline has it")?;
    }
    if let Some([before, now]) = &accepted.models {
        let line = match before == now {
            true => format!("the files of the model {now} are others"),
            false => format!("the model was {before} and is {now}"),
        };
        writeln!(out, "change  {}", PrintableLine(&line))?;
    }
    if let Some([[layers, heads], [now_layers, now_heads]]) = accepted.shapes {
        writeln!(
            out,
            "change  layers × heads were {layers} × {heads} and are {now_layers} × {now_heads}"
        )?;
    }
    if let Some([before, now]) = accepted.precisions {
        writeln!(out, "change  numbers were {before} and are {now}")?;
    }
    if accepted.stays_exact {
        writeln!(
            out,
            "numbers exact, as they were; --accept --overwrite keeps 16 bits of them"
        )?;
    }
    let all = [
        ("new input", &accepted.added),
        ("no more", &accepted.removed),
        ("other tokens in input", &accepted.other_tokens),
    ];
    for (what, texts) in all {
        // All of the first baseline are new.
        if !accepted.has_earlier {
            continue;
        }
        for text in texts.iter().take(LISTED) {
            writeln!(out, "change  {what} {}", PrintableLine(&named(text)))?;
        }
        if let Some(more @ 1..) = texts.len().checked_sub(LISTED) {
            writeln!(out, "change  {what}: {more} more")?;
        }
    }
    for (measure, (value, head, id)) in &accepted.moved {
        let line = format!(
            "{measure} up to {} in {head}, input {}",
            number(*value),
            named(id)
        );
        writeln!(out, "change  {}", PrintableLine(&line))?;
    }
    for failure in &accepted.failures {
        let line = format!(
            "input {} ({}): {}",
            named(&failure.id),
            failure.file,
            failure.error
        );
        writeln!(out, "failed  {}", PrintableLine(&line))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Report<'a> {
    baseline: String,
    data: String,
    model: &'a str,
    written: bool,
    changed: bool,
    inputs: usize,
    truncate: Option<usize>,
    cut: u64,
    had_baseline: bool,
    earlier_error: Option<&'a str>,
    models: Option<&'a [String; 2]>,
    added: &'a [String],
    removed: &'a [String],
    other_tokens: &'a [String],
    moved: Vec<Moved<'a>>,
    failures: &'a [FailureRecord],
}

#[derive(Serialize)]
struct Moved<'a> {
    measure: &'static str,
    value: f64,
    layer: usize,
    head: usize,
    input: &'a str,
}

fn print_json(accepted: &Accepted, model: &str, baseline: &Path, written: bool) -> Result<()> {
    let moved = accepted.moved.iter();
    let moved = moved.map(|(measure, (value, head, input))| Moved {
        measure: measure.name(),
        value: *value,
        layer: head.layer,
        head: head.head,
        input,
    });
    write_json(&Report {
        baseline: baseline.display().to_string(),
        data: data_path(baseline).display().to_string(),
        model,
        written,
        changed: accepted.is_change(),
        inputs: accepted.inputs,
        truncate: accepted.truncate,
        cut: accepted.cut,
        had_baseline: accepted.has_earlier,
        earlier_error: accepted.earlier_error.as_deref(),
        models: accepted.models.as_ref(),
        added: &accepted.added,
        removed: &accepted.removed,
        other_tokens: &accepted.other_tokens,
        moved: moved.collect(),
        failures: &accepted.failures,
    })
}
