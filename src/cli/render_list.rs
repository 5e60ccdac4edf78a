//! The page that leads to those of several runs, or has them in it.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use super::settings::RenderSettings;
use super::usage::UsageError;
use crate::checkpoint::ModelProvenance;
use crate::pipeline::WrittenRun;
use crate::remedy::{FolderKind, Remedy, Setting};
use crate::render::page::many::{
    ListedInput, ListedOutcome, Listing, MOST_INPUTS, is_list, write_index, write_single,
};
use crate::store::write::report;
use crate::store::{Format, PAGE};

/// The runs so far, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct RunList {
    runs: Vec<ListedInput>,
    /// Those that were drawn have it; `None` where they differ.
    model: Option<ModelProvenance>,
}

/// Whether there is a page to write, and room for it. Asked before any work.
///
/// # Errors
/// When there are too many runs for one page, or somebody else's is in its place.
pub(super) fn check(settings: &RenderSettings, count: usize) -> Result<bool> {
    if !settings.options.formats.contains(&Format::Html) {
        return Ok(false);
    }
    if settings.single_file && count as u64 > MOST_INPUTS {
        return Err(UsageError::error(
            format!("expected at most {MOST_INPUTS} runs for one page, found {count}"),
            Remedy::RunWithout(Setting::SingleFile),
        ));
    }
    let path = place(settings);
    let is_taken = fs::symlink_metadata(&path).is_ok()
        && !fs::read_to_string(&path).is_ok_and(|page| is_list(&page));
    if is_taken && !settings.options.overwrite {
        return Err(UsageError::error(
            format!("{} is there, and somebody else's", path.display()),
            Remedy::NameFolder(FolderKind::OtherOrOverwrite),
        ));
    }
    Ok(true)
}

fn place(settings: &RenderSettings) -> PathBuf {
    settings.output.join(PAGE)
}

impl RunList {
    pub(super) fn add(&mut self, name: &str, written: &WrittenRun) {
        let model = &written.manifest.model;
        match &self.model {
            _ if self.runs.is_empty() => self.model = Some(model.clone()),
            Some(other) if other != model => self.model = None,
            Some(_) | None => {}
        }
        self.runs.push(ListedInput {
            id: name.to_owned(),
            text: written.manifest.input.captions().join(" / "),
            outcome: ListedOutcome::Page(format!("{name}/{PAGE}")),
        });
    }

    pub(super) fn add_failed(&mut self, name: &str, reason: String, hint: Option<String>) {
        self.runs.push(ListedInput {
            id: name.to_owned(),
            text: String::new(),
            outcome: ListedOutcome::Failed { reason, hint },
        });
    }

    /// Writes the page and tells where it is.
    pub(super) fn write(&self, settings: &RenderSettings) -> Result<PathBuf> {
        let listing = Listing {
            nouns: ["run", "runs"],
            model: self.model.as_ref().map_or_else(String::new, |model| {
                format!("{} ({})", model.name(), model.source.in_words())
            }),
            notices: Vec::new(),
        };
        let path = place(settings);
        report::replace(&path, |out| match settings.single_file {
            true => write_single(&listing, &self.runs, &settings.output, out),
            false => write_index(&listing, &self.runs, out),
        })?;
        Ok(path)
    }
}
