//! The settings of `check`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::check_again::Again;
use super::check_arguments::CheckArguments;
use super::check_error::say_in_reports;
use super::hints::of_rules;
use super::messages::Messages;
use super::model_name::ModelName;
use super::rules_file::{self, RulesFileError, beside};
use super::settings::{
    ModelSettings, SUMMARY_VARIABLE, computed_model_called, set_threads, summary_file,
};
use super::usage::UsageError;
use crate::batch::check::{CheckOptions, default_output};
use crate::batch::{InputSource, ReadOptions, Relations, ReportFile, Reports};
use crate::compare::rules::Rules;
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
    /// What hints are made of that tell another `attnviz check`.
    pub again: Again,
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
/// the rules. What is wrong with them is told in the reports, too.
pub(super) fn check(arguments: &CheckArguments, messages: &Messages) -> Result<CheckSettings> {
    let again = Again::new(arguments);
    let json = arguments.result.json;
    if arguments.init {
        set_threads(arguments.cores.threads)?;
        let model = arguments.model.model.as_ref();
        let task = CheckTask::Init {
            model: model.map(|name| name.name().to_owned()),
            overwrite: arguments.overwrite,
            path: arguments.rules.clone(),
        };
        return Ok(CheckSettings { task, again, json });
    }
    let mut options = without_rules(arguments);
    let model = ready(arguments, &mut options).inspect_err(|error| {
        if !arguments.accept {
            say_in_reports(&options, error, &again, messages);
        }
    })?;
    let (options, model) = (Box::new(options), Box::new(model));
    let task = match (arguments.accept, options.baseline.clone()) {
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
    Ok(CheckSettings { task, again, json })
}

/// All that is known before the rules are read. Nobody knows yet what the check
/// is going to read: of reports that are there, only earlier ones can be written
/// over.
fn without_rules(arguments: &CheckArguments) -> CheckOptions {
    let asked = reports(arguments);
    let is_free = |file: &ReportFile| {
        let is_variable = file.option == SUMMARY_VARIABLE;
        let is_rules = is_same_place(&arguments.rules, &file.path);
        !is_rules && (is_variable || is_report(&file.path))
    };
    let mut options = CheckOptions {
        output: arguments.output.clone().unwrap_or_default(),
        overwrite: arguments.overwrite,
        reports: Reports {
            summary: asked.summary.filter(is_free),
            junit: asked.junit.filter(is_free),
        },
        batch_tokens: BATCH_TOKENS,
        remedy_in_words: of_rules,
        rules_sha256: String::new(),
        sources: Vec::new(),
        truncate: arguments.truncate.limit(),
        baseline: None,
        working_directory: std::env::current_dir().unwrap_or_default(),
        rules_path: arguments.rules.clone(),
        rules: Rules::default(),
    };
    if arguments.output.is_none() {
        options.output = default_output(&options, Path::new(OUTPUT));
    }
    options
}

/// Whether there is nothing but a report of attnviz.
fn is_report(path: &Path) -> bool {
    let begins = || -> std::io::Result<String> {
        let mut bytes = Vec::new();
        File::open(path)?.take(4_096).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    match path.symlink_metadata() {
        Ok(found) if found.is_file() => {
            let marks = [
                "<testsuites name=\"attnviz\"",
                "# ✅ attnviz check",
                "# ❌ attnviz check",
            ];
            let is_ours = |text: &str| marks.iter().any(|mark| text.contains(mark));
            begins().is_ok_and(|text| text.is_empty() || is_ours(&text))
        }
        // A pipe waits for whoever reads it.
        Ok(_) => false,
        Err(_) => true,
    }
}

/// Reads the rules into the options, and settles which model is checked.
fn ready(arguments: &CheckArguments, options: &mut CheckOptions) -> Result<ModelSettings> {
    set_threads(arguments.cores.threads)?;
    (options.rules, options.rules_sha256) = rules_file::read(&arguments.rules)?;
    let of = |name: &String| beside(&arguments.rules, name);
    let files: Vec<PathBuf> = options.rules.inputs.iter().map(of).collect();
    options.baseline = options.rules.baseline.as_ref().map(of);
    if arguments.output.is_none() {
        // Rules that were moved have the folder that they had.
        options.output = default_output(options, Path::new(OUTPUT));
    }
    options.reports = reports(arguments);
    check_reports(arguments, options, &files)?;
    options.sources = sources(&files, &options.rules.inputs)?;
    model(arguments, options.rules.model.as_deref())
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
fn model(arguments: &CheckArguments, named: Option<&str>) -> Result<ModelSettings> {
    let rules = &arguments.rules;
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

/// The reports that are asked for.
fn reports(arguments: &CheckArguments) -> Reports {
    let junit = arguments.junit.as_ref();
    match arguments.accept {
        true => Reports::default(),
        false => Reports {
            summary: summary_file(arguments.summary.as_deref()),
            junit: junit.map(|path| ReportFile {
                path: path.clone(),
                option: "--junit",
            }),
        },
    }
}

/// Whether none of the reports is a file that the check reads; one that is, is
/// not written.
fn check_reports(
    arguments: &CheckArguments,
    options: &mut CheckOptions,
    inputs: &[PathBuf],
) -> Result<()> {
    let baseline = options.baseline.as_ref();
    let baseline = baseline.map(|path| [path.clone(), data_path(path)]);
    let mut read: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
    read.push(&arguments.rules);
    read.extend(baseline.iter().flatten().map(PathBuf::as_path));
    let is_read = |file: &mut ReportFile| read.iter().any(|path| is_same_place(path, &file.path));
    let reports = &mut options.reports;
    let taken = [
        reports.summary.take_if(|file| is_read(file)),
        reports.junit.take_if(|file| is_read(file)),
    ];
    match taken.into_iter().flatten().next() {
        None => Ok(()),
        Some(file) => Err(RulesFileError::ReportIsRead {
            option: file.option,
            report: file.path,
        }
        .into()),
    }
}
