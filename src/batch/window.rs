//! One window of inputs: encoded together, then drawn and written, each with
//! all cores.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::error::BatchError;
use super::feed::Item;
use super::options::{BatchModel, BatchOptions};
use super::resume;
use super::scores::{KeptScores, key, relations_of, scores_of};
use super::stage::{self, has_thumbnails};
use crate::analysis::Annotation;
use crate::attention::{AttentionKind, MapMemory};
use crate::input::{Input, Prepared, Unit};
use crate::model::ModelError;
use crate::pipeline::{self, LoadedModel, OutputError};
use crate::remedy::Remedy;
use crate::run::Run;
use crate::store::batch_records::{BatchKind, INPUTS, ResultRecord, Status, THUMBNAILS};
use crate::store::tables::InputScores;
use crate::store::write::StagedInput;
use crate::store::write::batch_folder::{BatchFolder, BatchFolderError};
use crate::store::{self, AttentionRecord, Manifest, expected_files};

/// What all windows share.
pub(super) struct Context<'a> {
    pub options: &'a BatchOptions,
    pub model: BatchModel<'a>,
    pub folder: &'a BatchFolder,
    /// The scores of earlier batches, where they are to be kept.
    pub kept: Option<&'a KeptScores>,
    pub interrupted: &'a AtomicBool,
    /// Of runs that are drawn.
    pub memory: MapMemory,
}

/// An input on its way to its folder.
pub(super) struct Encoded {
    item: Item,
    state: State,
}

enum State {
    /// It failed.
    Failed(Failure),
    /// An earlier batch did it.
    Kept(Kept),
    /// It is to be drawn.
    Run(Box<Run>),
}

/// What an earlier batch did of an input.
enum Kept {
    /// Its folder.
    Folder(resume::Finished),
    /// Its scores.
    Scores(InputScores),
}

/// Why an input failed, and what can be done about it.
struct Failure {
    reason: String,
    remedy: Option<Remedy>,
}

/// An input that is done or failed.
pub(super) struct Finished {
    pub record: ResultRecord,
    /// Its place among all inputs, and its scores where they are asked for.
    pub scores: Option<(u64, InputScores)>,
    pub folder_name: Option<String>,
    pub file_index: usize,
    pub offset: u64,
    pub was_kept: bool,
    pub missing_glyphs: BTreeSet<char>,
    /// Whether the model attends to everything alike; `None` where that was not
    /// to be told.
    pub is_uniform: Option<bool>,
}

impl Context<'_> {
    /// What an input of so many tokens takes, in bytes of attention.
    pub(super) fn cost(&self, token_count: usize) -> usize {
        attention_cost(self.model.loaded, token_count)
    }

    /// Encodes inputs in groups of similar length, and returns them in their
    /// order. What an earlier batch did is left alone.
    pub(super) fn encode(&self, items: Vec<Item>) -> Vec<Encoded> {
        let finished: Vec<Option<Kept>> = self.finished(&items);
        let mut lengths: Vec<(usize, usize)> = items
            .iter()
            .enumerate()
            .filter(|&(index, _)| finished[index].is_none())
            .filter_map(|(index, item)| Some((item.prepared.as_ref().ok()?.source().len(), index)))
            .collect();
        lengths.sort_unstable();
        let mut runs: Vec<Option<Result<Box<Run>, Failure>>> =
            std::iter::repeat_with(|| None).take(items.len()).collect();
        for group in groups(&lengths, self.options.batch_tokens) {
            if self.interrupted.load(Ordering::Relaxed) {
                break;
            }
            let inputs: Vec<&Prepared> = group
                .iter()
                .filter_map(|&(_, index)| items[index].prepared.as_ref().ok())
                .collect();
            for (&(_, index), run) in group.iter().zip(self.forward(&inputs)) {
                runs[index] = Some(run.map(Box::new));
            }
        }
        let states = finished.into_iter().zip(runs);
        items
            .into_iter()
            .zip(states)
            .filter_map(|(item, (finished, run))| {
                let state = match (&item.prepared, finished, run) {
                    (Err(error), _, _) => State::Failed(Failure {
                        reason: error.to_string(),
                        remedy: error.remedy(),
                    }),
                    (Ok(_), Some(finished), _) => State::Kept(finished),
                    (Ok(_), None, Some(Ok(run))) => State::Run(run),
                    (Ok(_), None, Some(Err(failure))) => State::Failed(failure),
                    // The batch was interrupted before it.
                    (Ok(_), None, None) => return None,
                };
                Some(Encoded { item, state })
            })
            .collect()
    }

    /// The runs of some inputs. Where the model refuses one of them, the
    /// others are encoded all the same.
    fn forward(&self, inputs: &[&Prepared]) -> Vec<Result<Run, Failure>> {
        let failed = |error: &ModelError| {
            vec![Err(Failure {
                reason: reason(error),
                remedy: error.remedy(),
            })]
        };
        let BatchOptions {
            selection, files, ..
        } = self.options;
        let loaded = self.model.loaded;
        if let [input] = inputs {
            let check = || pipeline::check_memory(loaded, input, selection, false, files);
            // What is kept for others is free, too.
            let checked = check().or_else(|_| {
                self.memory.clear();
                check()
            });
            if let Err(error) = checked {
                return failed(&error);
            }
        }
        match pipeline::runs_in(loaded, inputs, selection, &self.memory) {
            Ok(runs) => runs.into_iter().map(Ok).collect(),
            Err(error) if inputs.len() == 1 => failed(&error),
            Err(_) => inputs
                .iter()
                .flat_map(|&input| self.forward(&[input]))
                .collect(),
        }
    }

    /// Draws and writes inputs on all cores, puts them into place together, and
    /// returns them in their order.
    pub(super) fn draw(&self, window: Vec<Encoded>) -> Vec<Result<Finished, BatchError>> {
        let drawn: Vec<Result<(Finished, Option<StagedInput>), BatchError>> = window
            .into_par_iter()
            .map(|encoded| self.finish(encoded))
            .collect();
        let mut staged = Vec::new();
        let mut window: Vec<_> = drawn
            .into_iter()
            .map(|drawn| {
                drawn.map(|(finished, input)| {
                    staged.extend(input);
                    finished
                })
            })
            .collect();
        if let Err(error) = self.folder.publish(staged) {
            // None of them is known to be in place.
            window.insert(
                0,
                Err(match error {
                    // What is done is kept, and may be gone on from.
                    BatchFolderError::Write(error) => error.into(),
                    other => other.into(),
                }),
            );
        }
        window
    }

    fn finish(&self, encoded: Encoded) -> Result<(Finished, Option<StagedInput>), BatchError> {
        let Encoded { item, state } = encoded;
        let mut record = ResultRecord::blank(item.id.as_str(), item.file.as_str(), item.line);
        let mut missing_glyphs = BTreeSet::new();
        let (mut staged, mut scores) = (None, None);
        let mut is_uniform = None;
        let was_kept = matches!(state, State::Kept(_));
        match state {
            State::Failed(failure) => {
                record.text = item.text;
                record.pair = item.pair;
                self.fill_failed(&mut record, failure);
            }
            State::Kept(kept) => {
                if let Ok(input) = &item.prepared {
                    self.fill(&mut record, input, &item);
                }
                match kept {
                    Kept::Folder(finished) => record.thumbnail_sha256 = finished.thumbnail_sha256,
                    Kept::Scores(kept) => scores = Some((item.index, kept)),
                }
            }
            State::Run(run) => {
                if self.interrupted.load(Ordering::Relaxed) {
                    // Counted by the caller, which knows what is done.
                    return Err(BatchError::Interrupted { done: 0 });
                }
                is_uniform = pipeline::is_uniform(&run);
                let name = &item.folder_name;
                let made = self.make(&run, name, item.annotation.as_ref());
                run.give_back(&self.memory);
                match made {
                    Ok(made) => {
                        if let Ok(input) = &item.prepared {
                            self.fill(&mut record, input, &item);
                        }
                        match made {
                            Made::Folder(drawn) => {
                                let sha256 = drawn.input.thumbnail_sha256();
                                record.thumbnail_sha256 = sha256.map(str::to_owned);
                                missing_glyphs = drawn.missing_glyphs;
                                staged = Some(drawn.input);
                            }
                            Made::Scores(made) => scores = Some((item.index, made)),
                        }
                    }
                    // A token that a view names, or a stretch, is not in every
                    // input.
                    Err(error) if error.is_of_the_input() => {
                        record.text = item.text;
                        record.pair = item.pair;
                        let failure = Failure {
                            reason: error.to_string(),
                            remedy: error.remedy(),
                        };
                        self.fill_failed(&mut record, failure);
                    }
                    Err(source) => {
                        return Err(BatchError::Output {
                            id: item.id,
                            source: Box::new(source),
                        });
                    }
                }
            }
        }
        let finished = Finished {
            folder_name: record.folder.as_ref().map(|_| item.folder_name),
            scores,
            file_index: item.file_index,
            offset: item.offset,
            record,
            was_kept,
            missing_glyphs,
            is_uniform,
        };
        Ok((finished, staged))
    }

    /// What is made of a run.
    fn make(
        &self,
        run: &Run,
        name: &str,
        annotation: Option<&Annotation>,
    ) -> Result<Made, OutputError> {
        let BatchOptions { kind, files, .. } = self.options;
        Ok(match kind {
            BatchKind::Pictures => {
                Made::Folder(stage::stage_batch_run(run, files, self.folder, name)?)
            }
            BatchKind::Scores => Made::Scores(scores_of(run, annotation)?),
        })
    }

    fn fill_failed(&self, record: &mut ResultRecord, failure: Failure) {
        record.error = Some(failure.reason);
        let words = self.options.remedy_in_words;
        record.hint = failure.remedy.as_ref().map(words);
    }

    /// The record of an input that is done.
    fn fill(&self, record: &mut ResultRecord, input: &Prepared, item: &Item) {
        record.status = Status::Done;
        match self.options.kind {
            BatchKind::Pictures => self.fill_folder(record, &item.folder_name),
            BatchKind::Scores => {
                record.labels = labels(input.source());
                record.relations = relations_of(input, item.annotation.as_ref());
            }
        }
        if let Input::Text { text, pair } = &input.input {
            record.text = Some(text.clone());
            record.pair.clone_from(pair);
        }
        let units = input.source().iter();
        record.tokens = units.map(|unit| unit.text.clone()).collect();
        let unknown = input.source().iter().enumerate();
        let unknown = unknown.filter(|(_, unit)| unit.is_unknown());
        record.unknown_tokens = unknown
            .map(|(position, unit)| (position, unit.label.clone()))
            .collect();
        record.truncated_tokens = input.streams.iter().map(|stream| stream.dropped).sum();
    }

    /// Where the files of an input that is done are.
    fn fill_folder(&self, record: &mut ResultRecord, name: &str) {
        let files = expected_files(&self.options.selection, &self.options.files);
        let folder = format!("{INPUTS}/{name}");
        let mut names = files.iter().map(|(name, _)| name);
        let picture = names.find(|name| name.ends_with(".png"));
        record.picture = picture.map(|file| format!("{folder}/{file}"));
        let mut names = files.iter().map(|(name, _)| name);
        let page = names.find(|name| *name == store::PAGE);
        record.page = page.map(|file| format!("{folder}/{file}"));
        record.thumbnail =
            has_thumbnails(&self.options.files).then(|| format!("{THUMBNAILS}/{name}.png"));
        record.folder = Some(folder);
    }

    /// What an earlier batch did of inputs, with `--resume`.
    fn finished(&self, items: &[Item]) -> Vec<Option<Kept>> {
        match (self.options.kind, self.kept) {
            (BatchKind::Pictures, _) => items
                .par_iter()
                .map(|item| self.finished_folder(item).map(Kept::Folder))
                .collect(),
            // One after the other: most lie beside one another.
            (BatchKind::Scores, Some(kept)) => items
                .iter()
                .map(|item| self.kept_scores(item, kept).map(Kept::Scores))
                .collect(),
            (BatchKind::Scores, None) => items.iter().map(|_| None).collect(),
        }
    }

    /// The scores that an earlier batch computed of the same texts and units.
    fn kept_scores(&self, item: &Item, kept: &KeptScores) -> Option<InputScores> {
        let input = item.prepared.as_ref().ok()?;
        let mut record = ResultRecord::blank(item.id.as_str(), item.file.as_str(), item.line);
        self.fill(&mut record, input, item);
        kept.find(key(&record))
    }

    /// What an earlier batch did of an input to the very bytes.
    fn finished_folder(&self, item: &Item) -> Option<resume::Finished> {
        let options = self.options;
        let input = item.prepared.as_ref().ok().filter(|_| options.resume)?;
        let (selection, files) = (&options.selection, &options.files);
        let masks = self.model.loaded.model.architecture().masks();
        let attention = AttentionRecord::own(AttentionKind::SelfAttention, selection, &masks);
        let (attention, model) = (vec![attention], self.model.provenance);
        let expected = Manifest::of_parts(&input.input, &input.streams, attention, model);
        let names = expected_files(selection, files);
        resume::finished(self.folder, &item.folder_name, &expected, &names, files)
    }
}

/// What an input of so many tokens takes, in bytes of attention.
pub(super) fn attention_cost(model: &LoadedModel, token_count: usize) -> usize {
    let config = model.model.architecture();
    let maps = config.layer_count().saturating_mul(config.head_count());
    let map = token_count.saturating_mul(token_count);
    maps.saturating_mul(map).saturating_mul(size_of::<f32>())
}

/// What of units is not called on an axis as in the vocabulary.
fn labels(units: &[Unit]) -> BTreeMap<usize, String> {
    let units = units.iter().enumerate();
    let units = units.filter(|(_, unit)| unit.label != unit.text);
    units
        .map(|(position, unit)| (position, unit.label.clone()))
        .collect()
}

/// What a run became.
enum Made {
    /// Files of its own.
    Folder(stage::StagedRun),
    /// Rows of tables.
    Scores(InputScores),
}

/// Stretches of inputs, by their length, of at most so many tokens together.
pub(super) fn groups(lengths: &[(usize, usize)], batch_tokens: usize) -> Vec<&[(usize, usize)]> {
    let mut groups = Vec::new();
    let (mut start, mut tokens) = (0, 0);
    for (position, &(length, _)) in lengths.iter().enumerate() {
        if tokens + length > batch_tokens && position > start {
            groups.push(&lengths[start..position]);
            (start, tokens) = (position, 0);
        }
        tokens += length;
    }
    groups.push(&lengths[start..]);
    groups
}

/// An error and its causes in one line.
pub(super) fn reason(error: &ModelError) -> String {
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !reason.ends_with(&text) {
            reason = format!("{reason}: {text}");
        }
        cause = error.source();
    }
    reason
}
