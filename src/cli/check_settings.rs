//! The settings of `check`.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::check_arguments::CheckArguments;
use super::check_error::say_in_reports;
use super::hints::in_words;
use super::messages::Messages;
use super::model_name::ModelName;
use super::rules_file::{self, RulesFileError, beside};
use super::settings::{ModelSettings, computed_model_called, set_threads, summary_file};
use super::usage::UsageError;
use crate::batch::check::{CheckOptions, default_output};
use crate::batch::{InputSource, ReadOptions, Relations, ReportFile, Reports};
use crate::store::baseline::{Precision, data_path};
use crate::store::batch_records::Columns;
use crate::store::write::is_same_place;

/// The most tokens that go through the model at once.
const BATCH_TOKENS: usize = 1_024;
/// The folder of folders that checks write into.
const OUTPUT: &str = "attnviz-out";

/// What `check` does.
#[derive(Debug)]
pub struct CheckSettings {
    pub task: CheckTask,
    pub json: bool,
}

/// What `check` was called for.
#[derive(Debug)]
pub enum CheckTask {
    /// To write a rules file to start from.
    Init {
        path: PathBuf,
        model: Option<String>,
        overwrite: bool,
    },
    /// To make or renew a baseline.
    Accept {
        options: Box<CheckOptions>,
        model: Box<ModelSettings>,
        baseline: PathBuf,
        precision: Precision,
    },
    /// To check the rules.
    Check {
        options: Box<CheckOptions>,
        model: Box<ModelSettings>,
    },
}

/// The settings of `check`; sets the number of threads of the process and reads
/// the rules.
pub(super) fn check(arguments: &CheckArguments, messages: &Messages) -> Result<CheckSettings> {
    set_threads(arguments.threads)?;
    let path = arguments.rules.clone();
    let json = arguments.json;
    if arguments.init {
        let model = arguments.model.model.as_ref();
        let task = CheckTask::Init {
            model: model.map(|name| name.name().to_owned()),
            overwrite: arguments.overwrite,
            path,
        };
        return Ok(CheckSettings { task, json });
    }
    let (rules, rules_sha256) = rules_file::read(&path)?;
    let files: Vec<PathBuf> = rules
        .inputs
        .iter()
        .map(|name| beside(&path, name))
        .collect();
    let baseline = rules.baseline.as_ref().map(|name| beside(&path, name));
    let mut options = CheckOptions {
        output: arguments.output.clone().unwrap_or_default(),
        overwrite: arguments.overwrite,
        reports: reports(arguments, &files, baseline.as_deref())?,
        batch_tokens: BATCH_TOKENS,
        remedy_in_words: in_words,
        rules_sha256,
        sources: Vec::new(),
        truncate: arguments.truncate.limit(),
        baseline: baseline.clone(),
        working_directory: std::env::current_dir().unwrap_or_default(),
        rules_path: path,
        rules,
    };
    if arguments.output.is_none() {
        options.output = default_output(&options, Path::new(OUTPUT));
    }
    let named = options.rules.model.as_deref();
    let ready = sources(&files, &options.rules.inputs)
        .and_then(|sources| Ok((sources, model(arguments, &options.rules_path, named)?)));
    let (sources, model) = ready.inspect_err(|error| {
        if !arguments.accept {
            say_in_reports(&options, error, messages);
        }
    })?;
    options.sources = sources;
    let (options, model) = (Box::new(options), Box::new(model));
    let task = match (arguments.accept, baseline) {
        (false, _) => CheckTask::Check { options, model },
        (true, Some(baseline)) => CheckTask::Accept {
            options,
            model,
            baseline,
            precision: match arguments.exact {
                true => Precision::F32,
                false => Precision::U16,
            },
        },
        (true, None) => {
            return Err(UsageError::error(
                "the rules name no baseline, and one is to be made",
                crate::remedy::Remedy::Check(crate::remedy::CheckRemedy::NameBaseline),
            ));
        }
    };
    Ok(CheckSettings { task, json })
}

/// The files of inputs, as the rules call them, wherever the command runs.
fn sources(files: &[PathBuf], names: &[String]) -> Result<Vec<InputSource>> {
    let reading = ReadOptions {
        format: None,
        has_quotes: false,
        columns: Columns::default(),
        relations: Relations::Ignored,
    };
    let mut sources = InputSource::all(files, &reading)?;
    for (source, name) in sources.iter_mut().zip(names) {
        source.name.clone_from(name);
    }
    Ok(sources)
}

/// The model that was typed, or that of the rules, whose paths are relative to
/// their file. None stands in for one that nobody names.
fn model(arguments: &CheckArguments, rules: &Path, named: Option<&str>) -> Result<ModelSettings> {
    let typed = arguments.model.model.as_ref();
    let of_rules = named.map(|name| -> Result<ModelName> {
        let path = beside(rules, name);
        let is_path = name != "builtin" && (name.starts_with('.') || path.is_dir());
        let name = match is_path {
            true => path.display().to_string(),
            false => name.to_owned(),
        };
        name.parse().map_err(anyhow::Error::msg)
    });
    let of_rules = of_rules.transpose()?;
    let Some(name) = typed.or(of_rules.as_ref()) else {
        let path = rules.to_owned();
        return Err(RulesFileError::NoModel { path }.into());
    };
    computed_model_called(&arguments.model, &arguments.computation, Some(name))
}

/// The reports, none of which is a file that the check reads.
fn reports(
    arguments: &CheckArguments,
    inputs: &[PathBuf],
    baseline: Option<&Path>,
) -> Result<Reports> {
    let report = |option, path: &Path| ReportFile {
        path: path.to_owned(),
        option,
    };
    let junit = arguments.junit.as_deref();
    let reports = match arguments.accept {
        true => Reports::default(),
        false => Reports {
            summary: summary_file(arguments.summary.as_deref()),
            junit: junit.map(|path| report("--junit", path)),
        },
    };
    let baseline = baseline.map(|path| [path.to_owned(), data_path(path)]);
    let mut read: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
    read.push(&arguments.rules);
    read.extend(baseline.iter().flatten().map(PathBuf::as_path));
    for file in [&reports.summary, &reports.junit].into_iter().flatten() {
        if read.iter().any(|path| is_same_place(path, &file.path)) {
            return Err(RulesFileError::ReportIsRead {
                option: file.option,
                report: file.path.clone(),
            }
            .into());
        }
    }
    Ok(reports)
}
