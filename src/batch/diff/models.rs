//! Two models on the same files: read once, tokenized and encoded by both.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rayon::prelude::*;

use super::DiffError;
use super::compared::{Compared, Failure, Found, Place};
use super::options::ManyOptions;
use super::tally::Tally;
use crate::analysis::Granularity;
use crate::attention::{MapMemory, Selection};
use crate::batch::feed::{Feed, Item, Plan};
use crate::batch::run::check_limit;
use crate::batch::source::{FileWarning, InputSource};
use crate::batch::window::{attention_cost, groups, reason};
use crate::compare::check_tokens;
use crate::input::{Input, Prepared};
use crate::model::ModelError;
use crate::pipeline::{self, LoadedModel};
use crate::run::Run;
use crate::store::batch_records::{InputFile, ResultRecord};
use crate::tokenizer::TokenLimit;

/// How long more inputs are waited for before those that are there are encoded.
const PATIENCE: Duration = Duration::from_millis(30);

/// One of the two models.
#[derive(Debug, Clone, Copy)]
pub struct DiffModel<'a> {
    /// Model and tokenizer.
    pub loaded: &'a LoadedModel,
    /// How long its inputs may be.
    pub limit: TokenLimit,
}

/// Two models and the files that both read.
#[derive(Debug)]
pub struct DiffModels<'a> {
    /// What is compared.
    pub left: DiffModel<'a>,
    /// What it is compared with.
    pub right: DiffModel<'a>,
    /// The files, in order.
    pub sources: Vec<InputSource>,
    /// The most tokens that an encoder gets at once; a longer input goes alone.
    pub batch_tokens: usize,
}

/// What is known of the files when they were read to their ends.
#[derive(Debug, Clone, Default)]
pub(super) struct FilesRead {
    pub(super) input_files: Vec<InputFile>,
    pub(super) warnings: Vec<(String, FileWarning)>,
}

impl DiffModels<'_> {
    fn sides(&self) -> [DiffModel<'_>; 2] {
        [self.left, self.right]
    }

    /// Compares input by input.
    pub(super) fn each(
        &self,
        options: &ManyOptions,
        tally: &mut Tally<'_>,
        interrupted: &AtomicBool,
    ) -> Result<FilesRead, DiffError> {
        for side in self.sides() {
            check_limit(side.limit, &side.loaded.tokenizer).map_err(DiffError::Truncate)?;
        }
        let plan = Plan {
            sources: self.sources.clone(),
            limit: self.left.limit,
            shard: None,
            maximum_failures: None,
            unique: true,
        };
        let mut feed = Feed::start(plan, self.left.loaded.tokenizer.clone());
        feed.wait_for_first(PATIENCE, interrupted)?;
        if feed.has_nothing() {
            return Err(InputSource::empty(&self.sources).into());
        }
        let memory = [MapMemory::default(), MapMemory::default()];
        let cost = |length| {
            let costs = self.sides().map(|side| attention_cost(side.loaded, length));
            costs
                .iter()
                .fold(0_usize, |sum, cost| sum.saturating_add(*cost))
        };
        let total: Option<u64> = self.sources.iter().map(InputSource::size).sum();
        let total = total.filter(|&total| total > 0);
        let mut offsets = vec![0; self.sources.len()];
        while !feed.has_ended() {
            if interrupted.load(Ordering::Relaxed) {
                return Err(DiffError::Interrupted);
            }
            let items = feed.window(true, PATIENCE, interrupted, cost)?;
            for item in &items {
                if let Some(offset) = offsets.get_mut(item.file_index) {
                    *offset = item.offset;
                }
            }
            let done: u64 = offsets.iter().sum();
            let fraction = total.map(|total| (done as f64 / total as f64).min(1.0));
            for compared in self.window(options, items, &memory) {
                tally.enter(compared?, fraction)?;
            }
        }
        Ok(FilesRead {
            input_files: feed.input_files(&self.sources),
            warnings: feed.warnings(&self.sources),
        })
    }

    fn window(
        &self,
        options: &ManyOptions,
        items: Vec<Item>,
        memory: &[MapMemory; 2],
    ) -> Vec<Result<Compared, DiffError>> {
        let right: Vec<Option<Result<Prepared, Failure>>> = items
            .par_iter()
            .map(|item| {
                let left = item.prepared.as_ref().ok()?;
                let right = prepare(self.right, &left.input);
                let right = right.map_err(|failure| failure.on("right"));
                // Before anything is computed.
                Some(right.and_then(|right| {
                    match options.diff.granularity {
                        Granularity::Subword => check_tokens(left.source(), right.source())
                            .map_err(Failure::from)
                            .map(|()| right),
                        Granularity::Word => Ok(right),
                    }
                }))
            })
            .collect();
        let left = items.iter().map(|item| item.prepared.as_ref().ok());
        let left: Vec<Option<&Prepared>> = left
            .zip(&right)
            .map(|(left, right)| left.filter(|_| matches!(right, Some(Ok(_)))))
            .collect();
        let of_right = right.iter().zip(&left);
        let of_right: Vec<Option<&Prepared>> = of_right
            .map(|(right, left)| right.as_ref()?.as_ref().ok().filter(|_| left.is_some()))
            .collect();
        let selection = &options.selection;
        let [of_left, of_right] = [(self.left, left, 0), (self.right, of_right, 1)]
            .map(|(side, inputs, place)| self.encode(side, selection, &inputs, &memory[place]));
        let runs: Vec<_> = of_left.into_iter().zip(of_right).collect();
        let parts: Vec<_> = items.into_iter().zip(right).zip(runs).collect();
        let compared = parts.into_par_iter().map(|((item, right), runs)| {
            let outcome = match (&item.prepared, right, runs) {
                (Err(error), _, _) => Err(Failure::new(error.to_string(), error.remedy())),
                (_, Some(Err(failure)), _) => Err(failure),
                (_, _, (Some(Err(failure)), _)) => Err(failure.on("left")),
                (_, _, (_, Some(Err(failure)))) => Err(failure.on("right")),
                (Ok(_), Some(Ok(_)), (Some(Ok(left)), Some(Ok(right)))) => Ok([left, right]),
                (Ok(_), _, _) => Err(Failure::of("it was not encoded")),
            };
            finished(item, outcome, options, memory)
        });
        compared.collect()
    }

    /// The runs of the inputs that there are, in their order.
    fn encode(
        &self,
        side: DiffModel<'_>,
        selection: &Selection,
        inputs: &[Option<&Prepared>],
        memory: &MapMemory,
    ) -> Vec<Option<Result<Run, Failure>>> {
        let known = inputs.iter().enumerate();
        let mut lengths: Vec<(usize, usize)> = known
            .filter_map(|(index, input)| Some(((*input)?.source().len(), index)))
            .collect();
        lengths.sort_unstable();
        let mut runs: Vec<Option<Result<Run, Failure>>> =
            std::iter::repeat_with(|| None).take(inputs.len()).collect();
        for group in groups(&lengths, self.batch_tokens) {
            let members: Vec<&Prepared> = group
                .iter()
                .filter_map(|&(_, index)| inputs.get(index).copied().flatten())
                .collect();
            let found = forward(side.loaded, selection, &members, memory);
            for (&(_, index), run) in group.iter().zip(found) {
                if let Some(place) = runs.get_mut(index) {
                    *place = Some(run);
                }
            }
        }
        runs
    }

    /// Both runs of an input, once more.
    pub(super) fn again(
        &self,
        input: &Input,
        selection: &Selection,
    ) -> Result<[Run; 2], DiffError> {
        let run = |side: DiffModel<'_>| {
            let prepared = pipeline::prepare(&side.loaded.tokenizer, input, side.limit)?;
            let runs = pipeline::runs(side.loaded, &[&prepared], selection)
                .map_err(pipeline::PipelineError::from)?;
            // One input has one run.
            runs.into_iter().next().ok_or(DiffError::NoAttention)
        };
        Ok([run(self.left)?, run(self.right)?])
    }
}

fn prepare(side: DiffModel<'_>, input: &Input) -> Result<Prepared, Failure> {
    let prepared = pipeline::prepare(&side.loaded.tokenizer, input, side.limit);
    prepared.map_err(|error| Failure::new(error.to_string(), error.remedy()))
}

/// The runs of some inputs. Where the model refuses one of them, the others are
/// encoded all the same.
fn forward(
    loaded: &LoadedModel,
    selection: &Selection,
    inputs: &[&Prepared],
    memory: &MapMemory,
) -> Vec<Result<Run, Failure>> {
    let failed = |error: &ModelError| vec![Err(Failure::new(reason(error), error.remedy()))];
    if let [input] = inputs {
        let demand = loaded.model.demand(selection.head_count(), false);
        let check = || demand.check([input.source().len()].into_iter());
        // What is kept for others is free, too.
        let checked = check().or_else(|_| {
            memory.clear();
            check()
        });
        if let Err(error) = checked {
            return failed(&error.into());
        }
    }
    match pipeline::runs_in(loaded, inputs, selection, memory) {
        Ok(runs) => runs.into_iter().map(Ok).collect(),
        Err(error) if inputs.len() == 1 => failed(&error),
        Err(_) => inputs
            .iter()
            .flat_map(|&input| forward(loaded, selection, &[input], memory))
            .collect(),
    }
}

/// What an input came to.
fn finished(
    item: Item,
    runs: Result<[Run; 2], Failure>,
    options: &ManyOptions,
    memory: &[MapMemory; 2],
) -> Result<Compared, DiffError> {
    let mut record = ResultRecord::blank(item.id.as_str(), item.file.as_str(), item.line);
    record.text = item.text;
    record.pair = item.pair;
    let compared = match runs {
        Err(failure) => Err(failure),
        Ok(runs) => {
            let found = Found::of(&runs, options);
            let found = found.map_err(|source| DiffError::of_input(&item.id, source))?;
            let [left, right] = runs;
            let place = Place::Input(Arc::new(left.input.clone()));
            left.give_back(&memory[0]);
            right.give_back(&memory[1]);
            found.map(|found| (found, place))
        }
    };
    Ok(Compared::new(item.index, record, compared, options))
}
