//! The arguments of `diff` into settings: what each side is, and whether the
//! two go together.

use std::path::PathBuf;

use anyhow::Result;

use super::diff_arguments::DiffArguments;
use super::model_arguments::ModelArguments;
use super::model_name::ModelName;
use super::settings::{
    ModelSettings, computed_model, idle_quotes, input, named_files, set_threads, sources,
};
use super::side::Side;
use super::threshold::Threshold;
use super::usage::UsageError;
use crate::attention::IndexList;
use crate::batch::{InputSource, Relations};
use crate::compare::Thresholds;
use crate::input::Input;
use crate::remedy::{Remedy, Setting};
use crate::store::diff::DiffOptions;
use crate::store::saved::{ForeignNames, SavedRuns};

/// What `diff` does.
#[derive(Debug)]
pub struct DiffSettings {
    pub task: DiffTask,
    pub layers: IndexList,
    pub heads: IndexList,
    pub truncate: Option<usize>,
    pub thresholds: Thresholds,
    pub options: DiffOptions,
    /// `None`: named after both sides, in the default folder.
    pub output: Option<PathBuf>,
    /// Options that do nothing, and texts that are names of files.
    pub warnings: Vec<String>,
    pub json: bool,
}

/// What is compared; the left side first.
#[derive(Debug)]
pub enum DiffTask {
    /// Two models, on one input.
    Models {
        sides: Box<[ModelSettings; 2]>,
        input: Input,
    },
    /// Two inputs, on one model.
    Texts {
        model: Box<ModelSettings>,
        inputs: [Input; 2],
    },
    /// Two saved runs, or files of attention.
    Runs {
        files: [PathBuf; 2],
        names: ForeignNames,
    },
    /// Two models, on many inputs.
    ModelsOnMany {
        sides: Box<[ModelSettings; 2]>,
        sources: Vec<InputSource>,
    },
    /// Two folders of runs.
    Batches([SavedRuns; 2]),
    /// Two folders of scores.
    Scores([PathBuf; 2]),
}

/// The settings of `diff`; sets the number of threads of the process, and reads
/// standard input where that is the text.
pub(super) fn diff(arguments: &DiffArguments) -> Result<DiffSettings> {
    set_threads(arguments.threads)?;
    let task = task(arguments)?;
    let value = |threshold: Option<Threshold>| threshold.map(Threshold::value);
    let texts = [&arguments.text, &arguments.against].into_iter().flatten();
    let mut warnings: Vec<String> = texts
        .flat_map(|text| named_files(text, None))
        .chain(
            arguments
                .pair
                .iter()
                .flat_map(|pair| named_files(pair, None)),
        )
        .collect();
    if let DiffTask::ModelsOnMany { sources, .. } = &task {
        warnings.extend(idle_quotes(&arguments.reading, sources));
    }
    Ok(DiffSettings {
        task,
        layers: arguments.heads.layers.clone(),
        heads: arguments.heads.heads.clone(),
        truncate: arguments.truncate.limit(),
        thresholds: Thresholds {
            js_bits: value(arguments.max_js_bits),
            total_variation: value(arguments.max_total_variation),
            max_abs: value(arguments.max_abs),
        },
        options: DiffOptions {
            granularity: arguments.tokens,
            measure: arguments.measure,
            top: usize::from(arguments.top_k),
            formats: arguments.formats.iter().copied().collect(),
            theme: arguments.theme,
            overwrite: arguments.overwrite,
        },
        output: arguments.output.clone(),
        warnings,
        json: arguments.json,
    })
}

fn task(arguments: &DiffArguments) -> Result<DiffTask> {
    let left = Side::of(&arguments.left);
    if let Some(against) = &arguments.against {
        let Side::Model(name) = &left else {
            return Err(UsageError::error(
                format!(
                    "--against asks a model about two texts, and {} is {}",
                    arguments.left.name(),
                    left.in_words()
                ),
                Remedy::LeaveOut(Setting::Against),
            ));
        };
        let text = arguments.text.as_deref().unwrap_or_default();
        check_standard_input([
            Some(text),
            arguments.pair.as_deref(),
            Some(against),
            arguments.against_pair.as_deref(),
        ])?;
        return Ok(DiffTask::Texts {
            model: Box::new(model(name, arguments)?),
            inputs: [
                input(text, arguments.pair.as_deref())?,
                input(against, arguments.against_pair.as_deref())?,
            ],
        });
    }
    let Some(right) = &arguments.right else {
        return Err(UsageError::error(
            "expected two sides to compare, found one",
            Remedy::NameRightSide {
                left: arguments.left.name().to_owned(),
                text: arguments.text.clone(),
            },
        ));
    };
    let of_models = || match &arguments.text {
        Some(_) => Some(Setting::Text),
        None => (!arguments.inputs.is_empty()).then_some(Setting::Inputs),
    };
    let task = match (left, Side::of(right)) {
        (Side::Model(left), Side::Model(right)) => return of_two_models(arguments, &left, &right),
        (Side::Run(left), Side::Run(right)) => DiffTask::Runs {
            files: [left, right],
            names: ForeignNames {
                labels: arguments.labels.clone(),
                key_labels: arguments.key_labels.clone(),
                title: None,
            },
        },
        (Side::Runs(left), Side::Runs(right)) => DiffTask::Batches([left, right]),
        (Side::Scores(left), Side::Scores(right)) => DiffTask::Scores([left, right]),
        (left, right_side) => {
            return Err(UsageError::error(
                format!(
                    "expected two sides of one kind, found {} ({}) and {} ({})",
                    left.in_words(),
                    arguments.left.name(),
                    right_side.in_words(),
                    right.name()
                ),
                Remedy::NameSidesOfOneKind,
            ));
        }
    };
    match of_models() {
        None => Ok(task),
        Some(setting) => Err(UsageError::error(
            format!(
                "what both models are given is asked for, and {} and {} are no models",
                arguments.left.name(),
                right.name()
            ),
            Remedy::LeaveOut(setting),
        )),
    }
}

fn of_two_models(
    arguments: &DiffArguments,
    left: &ModelName,
    right: &ModelName,
) -> Result<DiffTask> {
    let sides = Box::new([model(left, arguments)?, model(right, arguments)?]);
    let pair = arguments.pair.as_deref();
    match &arguments.text {
        Some(text) => Ok(DiffTask::Models {
            sides,
            input: input(text, pair)?,
        }),
        None if arguments.inputs.is_empty() => Err(UsageError::error(
            "expected what both models are given, found neither --text nor --inputs",
            Remedy::GiveTextOrInputs,
        )),
        None => Ok(DiffTask::ModelsOnMany {
            sides,
            sources: sources(
                &arguments.inputs,
                &arguments.reading,
                None,
                Relations::Ignored,
            )?,
        }),
    }
}

/// Standard input is one text.
fn check_standard_input(texts: [Option<&str>; 4]) -> Result<()> {
    match texts.iter().filter(|text| **text == Some("-")).count() {
        0 | 1 => Ok(()),
        count => Err(UsageError::error(
            format!("standard input is one text, and {count} are to be read from it"),
            Remedy::NameStandardInputOnce,
        )),
    }
}

fn model(name: &ModelName, arguments: &DiffArguments) -> Result<ModelSettings> {
    let of_side = ModelArguments {
        model: Some(name.clone()),
        weights_prefix: None,
        tokenizer: arguments.tokenizer.clone(),
        revision: None,
        offline: arguments.offline,
    };
    computed_model(&of_side, &arguments.computation)
}
