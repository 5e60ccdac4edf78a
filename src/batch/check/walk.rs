//! Every input of a check, one after the other: encoded in windows, looked at
//! in order, dropped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::CheckError;
use super::options::CheckOptions;
use crate::attention::{MapMemory, Selection};
use crate::batch::feed::{Feed, Plan};
use crate::batch::run::check_limit;
use crate::batch::window::{attention_cost, groups, reason};
use crate::batch::{BatchError, FileWarning, InputSource, SourceError};
use crate::compare::check::InputName;
use crate::input::{Input, Prepared};
use crate::model::ModelError;
use crate::pipeline::{self, LoadedModel};
use crate::remedy::Remedy;
use crate::run::Run;
use crate::store::check_record::FailureRecord;

/// How long another input is waited for before those that are there go on.
const PATIENCE: Duration = Duration::from_millis(30);
/// So many of the file's own inputs go together at the most.
const WINDOW: usize = 32;

/// An input that failed, and its texts where they could be read.
pub(super) struct Failed {
    pub(super) record: FailureRecord,
    pub(super) input: Option<Input>,
}

/// Who looks at the inputs.
pub(super) trait Visitor {
    /// An input's run.
    fn see(&mut self, name: &InputName, run: &Run) -> Result<(), CheckError>;
    /// An input that has none.
    fn fail(&mut self, failed: Failed);
}

/// An input on its way.
struct Item {
    name: InputName,
    file: String,
    line: Option<u64>,
    prepared: Result<Prepared, Failure>,
    /// Whether its text could be read.
    is_read: bool,
}

/// Why an input failed.
struct Failure {
    reason: String,
    remedy: Option<Remedy>,
}

impl Failure {
    fn of(error: &ModelError) -> Self {
        Self {
            reason: reason(error),
            remedy: error.remedy(),
        }
    }
}

/// Takes every input of the files, and then every one of the rules file.
/// Returns what is to be said of whole files.
pub(super) fn walk(
    options: &CheckOptions,
    loaded: &LoadedModel,
    interrupted: &AtomicBool,
    visitor: &mut dyn Visitor,
) -> Result<Vec<(String, FileWarning)>, CheckError> {
    let memory = MapMemory::default();
    let mut index = 0;
    let mut warnings = Vec::new();
    if !options.sources.is_empty() {
        let plan = Plan {
            sources: options.sources.clone(),
            limit: loaded.limit(options.truncate),
            shard: None,
            maximum_failures: None,
            unique: false,
        };
        let mut feed = Feed::start(plan, loaded.tokenizer.clone());
        let cost = |length| attention_cost(loaded, length);
        while !feed.has_ended() {
            check_flag(interrupted)?;
            let items = feed.window(true, PATIENCE, interrupted, cost)?;
            let items: Vec<Item> = items
                .into_iter()
                .map(|item| {
                    let is_read = item.text.is_some();
                    let input = Input::pair(item.text.unwrap_or_default(), item.pair);
                    Item {
                        name: InputName {
                            index: item.index,
                            id: item.id,
                            input,
                        },
                        file: item.file,
                        line: Some(item.line),
                        is_read,
                        prepared: item.prepared.map_err(|error| Failure {
                            reason: error.to_string(),
                            remedy: error.remedy(),
                        }),
                    }
                })
                .collect();
            index += items.len() as u64;
            pass(options, loaded, &memory, items, visitor)?;
        }
        warnings = feed.warnings(&options.sources);
    }
    for own in options.rules.own_inputs.chunks(WINDOW) {
        check_flag(interrupted)?;
        let items = own.iter().map(|own| {
            let name = InputName {
                index,
                id: own.id.clone(),
                input: own.input.clone(),
            };
            index += 1;
            Item {
                name,
                file: options.rules_name(),
                line: None,
                is_read: true,
                prepared: prepare(loaded, &own.input, options.truncate),
            }
        });
        let items = items.collect();
        pass(options, loaded, &memory, items, visitor)?;
    }
    Ok(warnings)
}

fn check_flag(interrupted: &AtomicBool) -> Result<(), CheckError> {
    match interrupted.load(Ordering::Relaxed) {
        true => Err(CheckError::Interrupted),
        false => Ok(()),
    }
}

fn prepare(
    loaded: &LoadedModel,
    input: &Input,
    truncate: Option<usize>,
) -> Result<Prepared, Failure> {
    let prepared = pipeline::prepare(&loaded.tokenizer, input, loaded.limit(truncate));
    prepared.map_err(|error| Failure {
        reason: error.to_string(),
        remedy: error.remedy(),
    })
}

/// Every head of a model.
pub(super) fn all_heads(loaded: &LoadedModel) -> Selection {
    let architecture = loaded.model.architecture();
    Selection::all(architecture.layer_count(), architecture.head_count())
}

/// The run of one input; a sentence where there is none.
pub(super) fn run_of(
    loaded: &LoadedModel,
    input: &Input,
    truncate: Option<usize>,
) -> Result<Run, String> {
    let prepared = prepare(loaded, input, truncate).map_err(|failure| failure.reason)?;
    let memory = MapMemory::default();
    let mut runs = runs(loaded, &[&prepared], &all_heads(loaded), &memory);
    match runs.pop() {
        Some(run) => run.map_err(|failure| failure.reason),
        None => Err("the model gave no attention".to_owned()),
    }
}

/// Encodes a window and has it looked at, in its order.
fn pass(
    options: &CheckOptions,
    loaded: &LoadedModel,
    memory: &MapMemory,
    items: Vec<Item>,
    visitor: &mut dyn Visitor,
) -> Result<(), CheckError> {
    let selection = all_heads(loaded);
    let inputs = items.iter().enumerate();
    let mut lengths: Vec<(usize, usize)> = inputs
        .filter_map(|(index, item)| Some((item.prepared.as_ref().ok()?.source().len(), index)))
        .collect();
    lengths.sort_unstable();
    let mut outcomes: Vec<Option<Result<Run, Failure>>> =
        std::iter::repeat_with(|| None).take(items.len()).collect();
    for group in groups(&lengths, options.batch_tokens) {
        let prepared: Vec<&Prepared> = group
            .iter()
            .filter_map(|&(_, index)| items.get(index)?.prepared.as_ref().ok())
            .collect();
        if prepared.is_empty() {
            continue;
        }
        let runs = runs(loaded, &prepared, &selection, memory);
        for (&(_, index), run) in group.iter().zip(runs) {
            if let Some(place) = outcomes.get_mut(index) {
                *place = Some(run);
            }
        }
    }
    for (item, outcome) in items.into_iter().zip(outcomes) {
        let failure = match (item.prepared, outcome) {
            (Ok(_), Some(Ok(run))) => {
                visitor.see(&item.name, &run)?;
                run.give_back(memory);
                continue;
            }
            (Ok(_), Some(Err(failure))) | (Err(failure), _) => failure,
            // Every input that is prepared is in one of the groups.
            (Ok(_), None) => Failure {
                reason: "the model gave no attention".to_owned(),
                remedy: None,
            },
        };
        visitor.fail(Failed {
            input: item.is_read.then_some(item.name.input),
            record: FailureRecord {
                id: item.name.id,
                file: item.file,
                line: item.line,
                error: failure.reason,
                hint: failure.remedy.as_ref().map(options.remedy_in_words),
            },
        });
    }
    Ok(())
}

/// The runs of some inputs. Where the model refuses one of them, the others are
/// encoded all the same.
fn runs(
    loaded: &LoadedModel,
    inputs: &[&Prepared],
    selection: &Selection,
    memory: &MapMemory,
) -> Vec<Result<Run, Failure>> {
    if let [input] = inputs {
        // A baseline's maps of it stand beside, and differences are computed.
        let mut demand = loaded.model.demand(selection.head_count(), false);
        demand.each_pair = demand.each_pair.saturating_mul(2);
        let lengths = [input.source().len()].into_iter();
        if let Err(error) = demand.check(lengths) {
            return vec![Err(Failure::of(&error.into()))];
        }
    }
    match pipeline::runs_in(loaded, inputs, selection, memory) {
        Ok(runs) => runs.into_iter().map(Ok).collect(),
        Err(error) if inputs.len() == 1 => vec![Err(Failure::of(&error))],
        Err(_) => inputs
            .iter()
            .flat_map(|&input| runs(loaded, &[input], selection, memory))
            .collect(),
    }
}

/// Whether there is an input at all, as far as that shows before one is read.
pub(super) fn check_sources(options: &CheckOptions) -> Result<(), SourceError> {
    match options.sources.is_empty() {
        true => Ok(()),
        false => InputSource::check(&options.sources),
    }
}

/// Whether texts can be cut to as many tokens as was asked for.
pub(super) fn check_truncate(
    options: &CheckOptions,
    loaded: &LoadedModel,
) -> Result<(), BatchError> {
    let limit = loaded.limit(options.truncate);
    check_limit(limit, &loaded.tokenizer).map_err(BatchError::Truncate)
}

/// The texts of an input.
pub(super) fn texts(input: &Input) -> Vec<String> {
    input.captions().into_iter().map(str::to_owned).collect()
}
