//! `attnviz merge`: the shards of a batch into one folder.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Outcome;
use super::args::MergeArguments;
use super::batch_report::BatchReport;
use super::messages::Messages;
use super::page_size;
use crate::batch;
use crate::render::terminal::Printable;
use crate::store::batch_records::PAGE;

pub(super) fn run(arguments: &MergeArguments, messages: &Messages) -> Result<Outcome> {
    let output = &arguments.output;
    let start = Instant::now();
    let manifest = batch::merge(&arguments.folders, output, arguments.overwrite)
        .context("the shards could not be merged")?;
    let counts = manifest.counts;
    let too_large = page_size::written(&output.join(PAGE)).filter(|_| manifest.single_file);
    let warnings: Vec<String> = too_large.into_iter().collect();
    messages.warnings(&warnings);
    if arguments.result.json {
        BatchReport {
            manifest: &manifest,
            folder: output,
            kept: 0,
            load: Duration::ZERO,
            work: start.elapsed(),
            warnings: &warnings,
        }
        .print()?;
        return Ok(Outcome::of(counts));
    }
    if !messages.shows_results() {
        return Ok(Outcome::of(counts));
    }
    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "inputs  {} done, {} failed",
        counts.done, counts.failed
    )?;
    let (folder, page) = (output.display(), output.join(PAGE));
    writeln!(out, "wrote   {}", Printable(&folder.to_string()))?;
    writeln!(out, "open    {}", Printable(&page.display().to_string()))?;
    Ok(Outcome::of(counts))
}
