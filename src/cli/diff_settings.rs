//! The arguments of `diff` into settings: what each side is, and whether the
//! two go together.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::diff_arguments::DiffArguments;
use super::diff_idle::{Subject, idle};
use super::input_sources::{idle_quotes, sources};
use super::model_arguments::ModelArguments;
use super::model_name::ModelName;
use super::settings::{ModelSettings, computed_model, input, named_files, set_threads};
use super::side::{Side, check_side, is_missing_file, is_model};
use super::threshold::Threshold;
use super::usage::UsageError;
use crate::analysis::Score;
use crate::attention::IndexList;
use crate::batch::diff::DiffError;
use crate::batch::{InputSource, Relations, SourceError};
use crate::compare::{DifferenceMeasure, Quantity, Thresholds};
use crate::input::Input;
use crate::remedy::{Remedy, Setting};
use crate::store::diff::{DiffOptions, DiffPlace};
use crate::store::saved::{ForeignNames, SavedRuns};

/// The folder that comparisons lie in when nobody names another.
const DEFAULT_ROOT: &str = "attnviz-out";

/// What `diff` does.
#[derive(Debug)]
pub struct DiffSettings {
    pub task: DiffTask,
    /// What both sides are called as they were typed.
    pub names: [String; 2],
    pub layers: IndexList,
    pub heads: IndexList,
    pub truncate: Option<usize>,
    pub thresholds: Thresholds,
    pub options: DiffOptions,
    /// Where all of it goes.
    pub place: DiffPlace,
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

impl DiffTask {
    fn subject(&self) -> Subject {
        let (are_models, are_many_inputs) = match self {
            Self::Models { .. } | Self::Texts { .. } => (true, false),
            Self::ModelsOnMany { .. } => (true, true),
            Self::Runs { .. } => (false, false),
            Self::Batches(_) | Self::Scores(_) => (false, true),
        };
        Subject {
            are_models,
            are_many_inputs,
            are_files: !are_models && !are_many_inputs,
        }
    }
}

/// The settings of `diff`; sets the number of threads of the process, and reads
/// standard input where that is the text.
pub(super) fn diff(arguments: &DiffArguments) -> Result<DiffSettings> {
    set_threads(arguments.cores.threads)?;
    let task = task(arguments)?;
    let value = |threshold: Option<Threshold>| threshold.map(Threshold::value);
    check_thresholds(arguments, &task)?;
    let ranked_by = ranked_by(arguments.measure, &task)?;
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
    warnings.extend(idle(arguments, &task.subject()));
    let right = arguments.right.as_ref().map(ModelName::name);
    let names = match (&arguments.text, &arguments.against, right) {
        (Some(text), Some(against), _) => [text.as_str(), against],
        (_, _, right) => [arguments.left.name(), right.unwrap_or_default()],
    };
    Ok(DiffSettings {
        task,
        names: names.map(str::to_owned),
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
            ranked_by,
            top: usize::from(arguments.top_k),
            formats: arguments.formats.iter().copied().collect(),
            theme: arguments.theme,
            overwrite: arguments.overwrite,
        },
        place: place(arguments),
        warnings,
        json: arguments.result.json,
    })
}

/// What sorts heads: what was asked for, where the sides have it.
fn ranked_by(asked: Option<Quantity>, task: &DiffTask) -> Result<Quantity> {
    let by = |quantity: Quantity| Remedy::SetValue(["--measure", quantity.typed()].map(Into::into));
    let measure = Quantity::Measure(DifferenceMeasure::default());
    let score = Quantity::Score(Score::EntropyNormalized);
    match (task, asked) {
        (DiffTask::Scores(_), None) => Ok(score),
        (DiffTask::Scores(_), Some(Quantity::Measure(asked))) => Err(UsageError::error(
            format!("folders of scores hold no maps, which {asked} is a measure of"),
            by(score),
        )),
        (
            DiffTask::Models { .. } | DiffTask::Texts { .. } | DiffTask::Runs { .. },
            Some(Quantity::Score(asked)),
        ) => Err(UsageError::error(
            format!("heads are sorted by {asked} over many inputs alone; of one, diff.csv has it"),
            by(measure),
        )),
        (
            DiffTask::Models { .. }
            | DiffTask::Texts { .. }
            | DiffTask::Runs { .. }
            | DiffTask::ModelsOnMany { .. }
            | DiffTask::Batches(_)
            | DiffTask::Scores(_),
            asked,
        ) => Ok(asked.unwrap_or(measure)),
    }
}

/// Whether each threshold can be exceeded at all: one that cannot would be within
/// whatever happens.
fn check_thresholds(arguments: &DiffArguments, task: &DiffTask) -> Result<()> {
    // Numbers from elsewhere may be greater than attention is.
    let is_of_models = task.subject().are_models;
    let thresholds = [
        ("--max-js-bits", arguments.max_js_bits, true),
        ("--max-total-variation", arguments.max_total_variation, true),
        ("--max-abs", arguments.max_abs, is_of_models),
    ];
    let idle = thresholds
        .into_iter()
        .find_map(|(option, threshold, is_bounded)| {
            let value = threshold?.value();
            (is_bounded && value >= 1.0).then_some((option, value))
        });
    match idle {
        None => Ok(()),
        Some((option, value)) => Err(UsageError::error(
            format!("{option} {value} can never be exceeded: no two maps differ by more than 1"),
            Remedy::SetValue([option.to_owned(), "0.05".to_owned()]),
        )),
    }
}

/// The folder that was named, or one named after what was typed.
fn place(arguments: &DiffArguments) -> DiffPlace {
    if let Some(folder) = &arguments.output {
        return DiffPlace::Folder(folder.clone());
    }
    let left = arguments.left.name();
    let right = arguments.right.as_ref().map(ModelName::name);
    let sides = match right {
        None => vec![last_part(left)],
        Some(right) => Vec::from(telling_parts([left, right].map(without_extension))),
    };
    let texts = [&arguments.against, &arguments.against_pair];
    let texts = texts.into_iter().flatten().map(String::as_str);
    // The text of two models tells nothing of what differs.
    let text = arguments.against.as_ref().and(arguments.text.as_deref());
    let parts = ["diff"].into_iter().chain(sides).chain(text).chain(texts);
    DiffPlace::Below {
        root: PathBuf::from(DEFAULT_ROOT),
        title: parts.collect::<Vec<_>>().join(" "),
    }
}

/// The name of a directory or of a model on the hub without those that it is in.
fn last_part(name: &str) -> &str {
    let trimmed = name.trim_end_matches(['/', '\\']);
    let last = trimmed.rsplit(['/', '\\']).next();
    last.filter(|last| !last.chars().all(|letter| letter == '.'))
        .unwrap_or(name)
}

/// The name of a file without its format.
fn without_extension(name: &str) -> &str {
    let stem = Path::new(name).extension().and_then(|extension| {
        let stem = name.strip_suffix(extension.to_str()?)?.strip_suffix('.')?;
        Path::new(name).is_file().then_some(stem)
    });
    stem.unwrap_or(name)
}

/// The last parts of two names that differ, so that `a/run` and `b/run` are told
/// apart.
fn telling_parts<'name>(names: [&'name str; 2]) -> [&'name str; 2] {
    let parts = |name: &'name str| {
        name.split(['/', '\\'])
            .rev()
            .filter(|part| !part.is_empty())
    };
    let mut pairs = parts(names[0]).zip(parts(names[1]));
    let differing = pairs.find(|(left, right)| left != right);
    differing.map_or(names.map(last_part), |(left, right)| [left, right])
}

fn task(arguments: &DiffArguments) -> Result<DiffTask> {
    for side in [Some(&arguments.left), arguments.right.as_ref()] {
        side.map_or(Ok(()), check_side)?;
    }
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
            match &left {
                Side::Model(_) => Remedy::NameRightSide {
                    left: arguments.left.name().to_owned(),
                    text: arguments.text.clone(),
                },
                // Another text is nothing for what is saved.
                Side::Run(_) | Side::Runs(_) | Side::Scores(_) => Remedy::NameSidesOfOneKind,
            },
        ));
    };
    let of_models = || match &arguments.text {
        Some(_) => Some(Setting::Text),
        None => (!arguments.inputs.is_empty()).then_some(Setting::Inputs),
    };
    let task = match (left, Side::of(right)) {
        (Side::Model(left), Side::Model(right)) if ![&left, &right].iter().any(is_missing_file) => {
            return of_two_models(arguments, &left, &right);
        }
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
                    kind(&left),
                    arguments.left.name(),
                    kind(&right_side),
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

/// What a side is, where the other is something else: a name that nothing on the
/// disk has is rather mistyped than a model, and not every folder is one.
fn kind(side: &Side) -> &'static str {
    match side {
        Side::Model(name) if !is_there(name) => "neither a file nor a folder that is there",
        Side::Model(name) if !is_model(name) => "a folder with neither a model nor attention",
        Side::Model(_) | Side::Run(_) | Side::Runs(_) | Side::Scores(_) => side.in_words(),
    }
}

/// Whether something on the disk has the name, or the binary.
fn is_there(name: &ModelName) -> bool {
    name.name() == "builtin" || Path::new(name.name()).exists()
}

/// That two names are those of models, which they need not be.
fn taken_for_models(names: [&ModelName; 2]) -> String {
    let missing = names.into_iter().filter(|name| !is_there(name));
    let missing: Vec<&str> = missing.map(ModelName::name).collect();
    match missing.as_slice() {
        [] => String::new(),
        [name] => format!("{name} is taken for a model, since no file or folder has that name; "),
        names => format!(
            "{} are taken for models, since no file or folder has those names; ",
            names.join(" and ")
        ),
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
            taken_for_models([left, right])
                + "expected what both models are given, found neither --text nor --inputs",
            Remedy::GiveTextOrInputs,
        )),
        None => Ok(DiffTask::ModelsOnMany {
            sides,
            sources: inputs_of(arguments)?,
        }),
    }
}

/// The files that both models read.
fn inputs_of(arguments: &DiffArguments) -> Result<Vec<InputSource>> {
    let read = sources(
        &arguments.inputs,
        &arguments.reading,
        None,
        Relations::Ignored,
    );
    // What is wrong with them is mended by other options than those of batch.
    read.map_err(|error| match error.downcast::<SourceError>() {
        Ok(error) => DiffError::from(error).into(),
        Err(error) => error,
    })
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
