//! `attnviz merge`: the shards of a batch into one folder.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Outcome;
use super::args::MergeArguments;
use super::batch_report::BatchReport;
use crate::batch;
use crate::render::terminal::Printable;
use crate::store::batch_records::PAGE;

pub(super) fn run(arguments: &MergeArguments) -> Result<Outcome> {
    let output = &arguments.output;
    let start = Instant::now();
    let manifest = batch::merge(&arguments.folders, output, arguments.overwrite)
        .context("the shards could not be merged")?;
    let counts = manifest.counts;
    if arguments.json {
        BatchReport {
            manifest: &manifest,
            folder: output,
            kept: 0,
            load: Duration::ZERO,
            work: start.elapsed(),
            warnings: &[],
        }
        .print()?;
        return Ok(Outcome::of(counts));
    }
    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "inputs  {} done, {} failed",
        counts.done, counts.failed
    )?;
    let page = output.join(PAGE).display().to_string();
    writeln!(out, "wrote   {}", Printable(&page))?;
    Ok(Outcome::of(counts))
}
