//! `attnviz render` of a folder of several runs: each is drawn into a folder of
//! its own name, and one that cannot be drawn does not end the rest.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Error, Result};
use serde::Serialize;

use super::Outcome;
use super::encode::{first_to_open, paths_of_files};
use super::hints::hint;
use super::idle_options::hides_nothing;
use super::messages::{Messages, missing_glyphs, seconds};
use super::open;
use super::page_size;
use super::render_list::{self, RunList};
use super::saved_selection::select;
use super::settings::RenderSettings;
use super::standard_output::{StandardOutputError, write_json};
use super::terminal_output;
use super::usage::UsageError;
use crate::pipeline::{self, WrittenRun};
use crate::remedy::{FolderKind, Remedy};
use crate::render::terminal::Printable;
use crate::store::saved::{self, SavedRuns};

pub(super) fn run(
    settings: &RenderSettings,
    runs: &SavedRuns,
    messages: &Messages,
) -> Result<Outcome> {
    check_output(settings)?;
    let has_page = render_list::check(settings, runs.names.len())?;
    let mut list = RunList::default();
    let start = Instant::now();
    messages.warnings(&settings.warnings);
    let mut report = Report {
        folder: settings.output.display().to_string(),
        open: None,
        runs: Vec::new(),
        failed: Vec::new(),
        seconds: 0.0,
        warnings: settings.warnings.clone(),
    };
    let mut missing = BTreeSet::new();
    let count = runs.names.len() as u64;
    let bar = messages.progress(count, "drawing {bar:24} {pos}/{len} runs {eta} left");
    for name in &runs.names {
        let mut warn = |warning: &str| {
            let warning = format!("{name}: {warning}");
            bar.suspend(|| messages.warning(&warning));
            report.warnings.push(warning);
        };
        match draw(settings, &runs.root, name, &mut warn) {
            Ok(written) => {
                missing.extend(&written.missing_glyphs);
                list.add(name, &written);
                report
                    .open
                    .get_or_insert_with(|| first_to_open(&written).display().to_string());
                report.runs.push(Drawn::new(name, &written));
            }
            // Nobody reads on, or nobody can.
            Err(error) if error.is::<StandardOutputError>() => return Err(error),
            Err(error) => {
                let failed = Failed::new(name, &error);
                bar.suspend(|| messages.warning(failed.in_words()));
                list.add_failed(name, failed.error.clone(), failed.hint.clone());
                report.failed.push(failed);
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if !missing.is_empty() {
        let warning = missing_glyphs(&missing);
        messages.warning(&warning);
        report.warnings.push(warning);
    }
    if has_page && !report.runs.is_empty() {
        let page = list.write(settings)?;
        if let Some(warning) = page_size::written(&page).filter(|_| settings.single_file) {
            messages.warning(&warning);
            report.warnings.push(warning);
        }
        report.open = Some(page.display().to_string());
    }
    report.seconds = start.elapsed().as_secs_f64();
    match settings.json {
        true => write_json(&report)?,
        false if messages.shows_results() => report.print_text(start)?,
        false => {}
    }
    if let Some(path) = report.open.as_ref().filter(|_| settings.opens) {
        open::open(Path::new(path), messages);
    }
    Ok(match report.failed.is_empty() {
        true => Outcome::Done,
        false => Outcome::SomeInputsFailed,
    })
}

/// A batch owns its folder, and a run is not drawn into what it is read from.
fn check_output(settings: &RenderSettings) -> Result<()> {
    let (Some(output), Ok(source)) = (existing(&settings.output), settings.file.canonicalize())
    else {
        return Ok(());
    };
    match output.starts_with(&source) {
        true => Err(UsageError::error(
            format!(
                "{} holds the runs that are drawn, and their pictures go elsewhere",
                settings.file.display()
            ),
            Remedy::NameFolder(FolderKind::Other),
        )),
        false => Ok(()),
    }
}

/// The folder, or the nearest one above it that is there, without links.
fn existing(folder: &Path) -> Option<PathBuf> {
    let folder = std::path::absolute(folder).ok()?;
    folder.ancestors().find_map(|path| path.canonicalize().ok())
}

fn draw(
    settings: &RenderSettings,
    root: &Path,
    name: &str,
    warn: &mut dyn FnMut(&str),
) -> Result<WrittenRun> {
    let saved = saved::read(&root.join(name), &settings.names)?;
    for warning in &saved.warnings {
        warn(warning);
    }
    let run = select(saved.run, settings)?;
    if let Some(warning) = hides_nothing(&run, settings.options.reshape.special_tokens) {
        warn(&warning);
    }
    let place = (settings.output.as_path(), name);
    let written = pipeline::redraw_run_as(&run, &settings.options, place, &saved.file, &|| ())?;
    if let Some(view) = settings.terminal_view {
        terminal_output::run(&run, &settings.options, view)?;
    }
    Ok(written)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    folder: String,
    /// The one to look at first; none where nothing is drawn.
    open: Option<String>,
    runs: Vec<Drawn>,
    failed: Vec<Failed>,
    seconds: f64,
    warnings: Vec<String>,
}

/// A run that was drawn.
#[derive(Serialize)]
struct Drawn {
    name: String,
    folder: String,
    files: Vec<String>,
}

impl Drawn {
    fn new(name: &str, written: &WrittenRun) -> Self {
        Self {
            name: name.to_owned(),
            folder: written.folder.display().to_string(),
            files: paths_of_files(written),
        }
    }
}

/// A run that was not.
#[derive(Serialize)]
struct Failed {
    name: String,
    error: String,
    hint: Option<String>,
}

impl Failed {
    fn new(name: &str, error: &Error) -> Self {
        Self {
            name: name.to_owned(),
            error: error.to_string(),
            hint: hint(error),
        }
    }

    fn in_words(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{} is not drawn: {} ({hint})", self.name, self.error),
            None => format!("{} is not drawn: {}", self.name, self.error),
        }
    }
}

impl Report {
    fn print_text(&self, start: Instant) -> Result<(), StandardOutputError> {
        let mut out = anstream::stdout().lock();
        let (drawn, failed) = (self.runs.len(), self.failed.len());
        writeln!(out, "runs    {drawn} drawn, {failed} failed")?;
        if let Some(open) = &self.open {
            writeln!(out, "wrote   {}", Printable(&self.folder))?;
            writeln!(out, "open    {}", Printable(open))?;
        }
        writeln!(out, "time    {}", seconds(start.elapsed()))?;
        Ok(())
    }
}
