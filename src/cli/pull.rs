//! `attnviz pull`: models ahead of time.

use std::io::Write;

use anyhow::{Context, Result};

use super::args::PullArguments;
use super::messages::Messages;
use super::nearest;
use super::standard_output::{StandardOutputError, write_json};
use crate::checkpoint::{self, LoadOptions, ModelProvenance};
use crate::render::terminal::Printable;

pub(super) fn run(
    arguments: &PullArguments,
    options: &LoadOptions,
    messages: &Messages,
) -> Result<()> {
    let mut resolved: Vec<ModelProvenance> = Vec::new();
    let revision = arguments.revision.as_deref();
    let sources = arguments
        .models
        .iter()
        .map(|model| Ok((model, model.source(revision)?)));
    // Before the first is downloaded.
    let sources = sources.collect::<Result<Vec<_>>>()?;
    for (model, source) in sources {
        let mut observer = messages.download_observer();
        let checkpoint = checkpoint::load(&source, options, &mut observer)
            .map_err(|error| nearest::explained(model.name(), "attnviz pull", error))
            .with_context(|| format!("{} could not be pulled", model.name()))?;
        checkpoint
            .notice
            .iter()
            .for_each(|notice| messages.warning(notice));
        let provenance = checkpoint.provenance().wait()?;
        if !arguments.result.json && messages.shows_results() {
            print_text(&provenance)?;
        }
        resolved.push(provenance);
    }
    if arguments.result.json {
        write_json(&resolved)?;
    }
    Ok(())
}

fn print_text(provenance: &ModelProvenance) -> Result<(), StandardOutputError> {
    let mut out = anstream::stdout().lock();
    let commit = provenance.commit.as_deref().unwrap_or("none");
    writeln!(out, "model   {}", Printable(&provenance.id))?;
    writeln!(out, "commit  {}", Printable(commit))?;
    for file in &provenance.files {
        writeln!(
            out,
            "file    {} sha256 {}",
            Printable(&file.name),
            file.sha256
        )?;
    }
    Ok(())
}
