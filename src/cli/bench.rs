//! `attnviz bench`: how fast this machine is.

use std::io::Write;

use anyhow::{Context, Result};

use super::messages::Messages;
use super::model;
use super::settings::BenchSettings;
use super::standard_output::{StandardOutputError, write_json};
use crate::bench::{self, BenchReport, Timing};

pub(super) fn run(settings: &BenchSettings, messages: &Messages) -> Result<()> {
    let checkpoint = model::checkpoint(&settings.model, messages)?;
    let bar = messages.progress(0, "measuring {msg}");
    let report = bench::measure(&checkpoint, settings.model.backend, &mut |stage| {
        bar.set_message(stage.to_owned());
        messages.detail(format_args!("measuring {stage}"));
    });
    bar.finish_and_clear();
    let report =
        report.with_context(|| format!("the model {} cannot be measured", checkpoint.id))?;
    if settings.json {
        return write_json(&report);
    }
    match messages.shows_results() {
        true => Ok(print_text(&checkpoint.id, &report)?),
        false => Ok(()),
    }
}

fn print_text(model: &str, report: &BenchReport) -> Result<(), StandardOutputError> {
    let mut out = anstream::stdout().lock();
    let machine = report.machine;
    writeln!(out, "model    {model}, {} threads", report.threads)?;
    writeln!(
        out,
        "machine  {:.0} GFLOP/s, {:.1} GB/s read",
        machine.gigaflops, machine.gigabytes
    )?;
    writeln!(out, "load     {}", timing(&report.load))?;
    for size in &report.encode {
        writeln!(
            out,
            "encode   {} × {:<4} {}  {:>4.0} GFLOP/s  {:>5.1} GB/s",
            size.inputs,
            size.tokens,
            timing(&size.timing),
            size.gigaflops,
            size.gigabytes
        )?;
    }
    for picture in &report.render {
        writeln!(
            out,
            "render   {:<8} {}  {:>4} kB",
            picture.picture,
            timing(&picture.timing),
            picture.bytes / 1_000
        )?;
    }
    writeln!(
        out,
        "render   {:.0} head maps/s on all threads",
        report.head_maps_per_second
    )?;
    Ok(())
}

/// The median with its spread, in milliseconds.
fn timing(timing: &Timing) -> String {
    let milliseconds = |seconds: f64| seconds * 1e3;
    format!(
        "{:>8.2} ms ({:.2} to {:.2})",
        milliseconds(timing.median),
        milliseconds(timing.least),
        milliseconds(timing.greatest)
    )
}
