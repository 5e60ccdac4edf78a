//! `attnviz check`: rules on attention, for CI.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use serde::Serialize;

use super::Outcome;
use super::batch::of_file;
use super::check_accept;
use super::check_error::say_in_reports;
use super::check_settings::{CheckSettings, CheckTask};
use super::messages::Messages;
use super::model;
use super::phrases::quoted_path;
use super::rules_file::RulesFileError;
use super::settings::ModelSettings;
use super::standard_output::{StandardOutputError, write_json};
use crate::batch::BatchModel;
use crate::batch::check::{CheckOptions, CheckOutcome, check};
use crate::checkpoint::ModelProvenance;
use crate::compare::check::named;
use crate::compare::rules::TEMPLATE;
use crate::pipeline::{LoadedModel, Use};
use crate::render::terminal::PrintableLine;
use crate::store::MANIFEST;
use crate::store::batch_records::PAGE;
use crate::store::check_record::{CheckRecord, RuleStatus};
use crate::store::write::report;

pub(super) fn run(settings: &CheckSettings, messages: &Messages) -> Result<Outcome> {
    match &settings.task {
        CheckTask::Init {
            path,
            model,
            overwrite,
        } => {
            init(path, model.as_deref(), *overwrite)?;
            print_init(settings, path, *messages)?;
            Ok(Outcome::Done)
        }
        CheckTask::Accept {
            options,
            model,
            baseline,
            precision,
        } => {
            let ready = Ready::new(options, model, messages)?;
            let asked = check_accept::Asked {
                options,
                baseline,
                precision: *precision,
                json: settings.json,
            };
            check_accept::run(&asked, ready.model(), &ready.interrupted, messages)
        }
        CheckTask::Check { options, model } => {
            let checked = checked(options, model, messages);
            let (outcome, mut warnings) = checked.inspect_err(|error| {
                say_in_reports(options, error, &settings.again, messages);
            })?;
            for (file, warning) in &outcome.file_warnings {
                let warning = format!("{file}: {}", of_file(warning));
                messages.warning(&warning);
                warnings.push(warning);
            }
            match settings.json {
                true => print_json(&outcome.record, &options.output, &warnings)?,
                false => {
                    let shows_all = messages.shows_results();
                    print_text(&outcome.record, &options.output, shows_all)?;
                    if shows_all && breaks_on_baseline(options, &outcome.record) {
                        let accept = settings.again.command(&["--accept"]);
                        print_accept(&accept)?;
                    }
                }
            }
            Ok(match (outcome.record.broken, outcome.record.failed) {
                (1.., _) => Outcome::Broken,
                (0, 1..) => Outcome::SomeInputsFailed,
                (0, 0) => Outcome::Done,
            })
        }
    }
}

/// What the check came to, and what is to be said of the model.
fn checked(
    options: &CheckOptions,
    model: &ModelSettings,
    messages: &Messages,
) -> Result<(CheckOutcome, Vec<String>)> {
    let ready = Ready::new(options, model, messages)?;
    let outcome = check(options, ready.model(), &ready.interrupted)?;
    Ok((outcome, ready.warnings))
}

/// A model that is loaded, and the flag that Ctrl-C sets.
struct Ready {
    loaded: LoadedModel,
    provenance: ModelProvenance,
    interrupted: Arc<AtomicBool>,
    warnings: Vec<String>,
}

impl Ready {
    fn new(options: &CheckOptions, model: &ModelSettings, messages: &Messages) -> Result<Self> {
        // Before the model is loaded, which may take a download.
        options.reports.check()?;
        let (loaded, warnings) = model::load(model, Use::Often, messages)?;
        let provenance = model::wait(&loaded.provenance, messages)?;
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&interrupted);
        ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
            .context("Ctrl-C could not be taken over")?;
        Ok(Self {
            loaded,
            provenance,
            interrupted,
            warnings,
        })
    }

    fn model(&self) -> BatchModel<'_> {
        BatchModel {
            loaded: &self.loaded,
            provenance: &self.provenance,
        }
    }
}

/// Writes a rules file to start from.
fn init(path: &Path, model: Option<&str>, overwrite: bool) -> Result<()> {
    if path.symlink_metadata().is_ok() && !overwrite {
        let path = path.to_owned();
        return Err(RulesFileError::Taken { path }.into());
    }
    let mut text = TEMPLATE.replace("THIS-FILE", &quoted_path(path));
    if let Some(model) = model {
        // A text of JSON is one of TOML.
        let line = format!("model = {}", serde_json::to_string(model)?);
        text = text.replace("model = \"builtin\"", &line);
    }
    report::make_folder(path).map_err(RulesFileError::from)?;
    let written = report::replace(path, |out| out.write_all(text.as_bytes()));
    Ok(written.map_err(RulesFileError::from)?)
}

fn print_init(settings: &CheckSettings, path: &Path, messages: Messages) -> Result<()> {
    #[derive(Serialize)]
    struct Written {
        rules: String,
    }
    let rules = path.display().to_string();
    if settings.json {
        return write_json(&Written { rules });
    }
    if messages.shows_results() {
        let mut out = anstream::stdout().lock();
        let write = |out: &mut dyn Write| -> std::io::Result<()> {
            writeln!(out, "wrote   {}", PrintableLine(&rules))?;
            writeln!(out, "next    {}", settings.again.without_model())
        };
        write(&mut out).map_err(StandardOutputError::from)?;
    }
    Ok(())
}

fn print_json(record: &CheckRecord, folder: &Path, warnings: &[String]) -> Result<()> {
    #[derive(Serialize)]
    struct Report<'a> {
        #[serde(flatten)]
        record: &'a CheckRecord,
        folder: String,
        /// The one to look at first.
        open: String,
        manifest: String,
        warnings: &'a [String],
    }
    let path = |name: &str| folder.join(name).display().to_string();
    write_json(&Report {
        record,
        folder: folder.display().to_string(),
        open: path(PAGE),
        manifest: path(MANIFEST),
        warnings,
    })
}

/// Whether a rule is broken that looks at the baseline.
fn breaks_on_baseline(options: &CheckOptions, record: &CheckRecord) -> bool {
    let mut rules = options.rules.rules.iter().zip(&record.rules);
    rules.any(|(rule, record)| {
        rule.check.kind().needs_baseline() && record.status == RuleStatus::Broken
    })
}

/// What to type where the model is right and the baseline is not.
fn print_accept(command: &str) -> Result<(), StandardOutputError> {
    let mut out = anstream::stdout().lock();
    let line = PrintableLine(command);
    writeln!(out, "accept  if what is found is as it should be: {line}")?;
    Ok(())
}

/// All of it, or, with `-q`, only what makes the exit code another one than 0.
fn print_text(
    record: &CheckRecord,
    folder: &Path,
    shows_all: bool,
) -> Result<(), StandardOutputError> {
    let mut out = anstream::stdout().lock();
    if shows_all {
        writeln!(out, "model   {}", PrintableLine(&record.model.name()))?;
        if let Some(baseline) = record.baseline.as_ref().filter(|it| !it.is_same_model) {
            let of = baseline.in_words(&record.model.name());
            writeln!(out, "against the baseline of {}", PrintableLine(&of))?;
        }
    }
    for rule in record.broken_first() {
        if rule.status == RuleStatus::Holds && !shows_all {
            continue;
        }
        let status = match rule.status {
            RuleStatus::Broken => "BROKEN",
            RuleStatus::Holds => "holds",
        };
        let line = match rule.status {
            RuleStatus::Broken => format!(
                "{} ({}:{}): {}; expected {}",
                rule.name, record.rules_file, rule.line, rule.message, rule.expected
            ),
            RuleStatus::Holds => format!("{}: {}", rule.name, rule.message),
        };
        writeln!(out, "{status:<8}{}", PrintableLine(&line))?;
    }
    let mut told = BTreeSet::new();
    for failure in &record.failures {
        let place = match failure.line {
            Some(line) => format!("{}:{line}", failure.file),
            None => failure.file.clone(),
        };
        let line = format!("input {} ({place}): {}", named(&failure.id), failure.error);
        writeln!(out, "failed  {}", PrintableLine(&line))?;
        // Of several with the same hint, it stands once, behind the first.
        if let Some(hint) = failure.hint.as_ref().filter(|hint| told.insert(*hint)) {
            writeln!(out, "        hint: {}", PrintableLine(hint))?;
        }
    }
    if !shows_all {
        return Ok(());
    }
    writeln!(
        out,
        "rules   {} hold, {} broken",
        record.holding, record.broken
    )?;
    // Rules with texts of their own need no inputs.
    if record.checked + record.failed > 0 {
        writeln!(
            out,
            "inputs  {} checked, {} failed",
            record.checked, record.failed
        )?;
    }
    if let Some(cut) = record.cut_in_words() {
        writeln!(out, "cut     {cut}, by --truncate")?;
    }
    let page = folder.join(PAGE).display().to_string();
    writeln!(out, "open    {}", PrintableLine(&page))?;
    Ok(())
}
