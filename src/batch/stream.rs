//! A stream of inputs, each answered with the scores of its heads: a filter
//! that a cluster's engine starts once and then feeds.
//!
//! An answer does not wait for an input that is not there yet: what has come is
//! encoded together, and answered before anything else is waited for. So a line
//! that comes alone is answered at once, and where lines come faster than they
//! are encoded, many go through the model together.

use std::io::{self, Write};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rayon::prelude::*;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use thiserror::Error;

use super::feed::{Feed, Item, Plan};
use super::run::check_limit;
use super::source::{FileWarning, InputSource, SourceError};
use super::window::{attention_cost, groups, reason};
use crate::analysis::{HeadScores, Score, head_scores};
use crate::attention::Selection;
use crate::input::Prepared;
use crate::model::ModelError;
use crate::pipeline::{self, LoadedModel};
use crate::remedy::Remedy;
use crate::run::Run;
use crate::tokenizer::{TokenLimit, TokenizerError};

/// How long the first input is waited for between two looks at whether there is
/// none. It comes at once when it comes.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a stream does.
#[derive(Debug, Clone)]
pub struct StreamOptions {
    /// Where its inputs come from.
    pub source: InputSource,
    /// The model's layers and heads that are scored.
    pub selection: Selection,
    /// How long inputs may be.
    pub limit: TokenLimit,
    /// The most tokens that the encoder gets at once; a longer input goes
    /// alone.
    pub batch_tokens: usize,
    /// What is answered to an input that failed and can be mended.
    pub remedy_in_words: fn(&Remedy) -> String,
}

/// What a stream came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamOutcome {
    /// Inputs that were answered with scores.
    pub done: u64,
    /// Inputs that were answered with an error.
    pub failed: u64,
    /// Whether every input that tells it says that the model attends to
    /// everything alike, and one does.
    pub is_uniform: bool,
    /// Tokens of all inputs.
    pub tokens: usize,
    /// Tokens that stand for what the vocabulary lacks.
    pub unknown_tokens: usize,
    /// What is to be said of all inputs together.
    pub warnings: Vec<FileWarning>,
}

/// Why a stream ended before its inputs did.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The inputs cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// `truncate` would fail every input.
    #[error("no input can be cut like this")]
    Truncate(#[from] TokenizerError),
    /// Nobody takes the answers.
    #[error("the answers could not be written: {0}")]
    Output(#[from] io::Error),
}

impl StreamError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Source(error) => error.remedy(),
            Self::Truncate(error) => error.remedy(),
            Self::Output(_) => Some(Remedy::RedirectOutput),
        }
    }
}

/// What an input comes to.
enum Answer {
    Scores(HeadScores),
    Failed {
        reason: String,
        remedy: Option<Remedy>,
    },
}

impl Answer {
    fn failed(error: &ModelError) -> Self {
        Self::Failed {
            reason: reason(error),
            remedy: error.remedy(),
        }
    }
}

/// Answers every input with a line of JSON, in their order, to the end of the
/// source. What cannot be read or encoded is answered with an error, and the
/// stream goes on.
///
/// # Errors
/// When the machine fails rather than an input: see [`StreamError`].
pub fn stream(
    options: &StreamOptions,
    model: &LoadedModel,
    output: &mut dyn Write,
) -> Result<StreamOutcome, StreamError> {
    check_limit(options.limit, &model.tokenizer)?;
    let sources = vec![options.source.clone()];
    let plan = Plan {
        sources: sources.clone(),
        limit: options.limit,
        shard: None,
        maximum_failures: None,
        // Answers have no folder of their own, and a stream no end.
        unique: false,
    };
    let mut feed = Feed::start(plan, model.tokenizer.clone());
    let mut outcome = StreamOutcome::default();
    let mut is_uniform: Option<bool> = None;
    let never = AtomicBool::new(false);
    while !feed.has_ended() {
        feed.wait_for_first(PATIENCE, &never)?;
        let cost = |length| attention_cost(model, length);
        let items = feed.window(false, Duration::ZERO, &never, cost)?;
        let answers = answers(options, model, &items);
        for (item, (answer, uniform)) in items.iter().zip(answers) {
            let line = Line {
                item,
                answer: &answer,
                options,
            };
            let mut text = serde_json::to_string(&line).map_err(io::Error::from)?;
            text.push('\n');
            output.write_all(text.as_bytes())?;
            output.flush()?;
            match answer {
                Answer::Scores(_) => outcome.done += 1,
                Answer::Failed { .. } => outcome.failed += 1,
            }
            if let Ok(input) = &item.prepared {
                outcome.tokens += input.source().len();
                outcome.unknown_tokens += input.unknown_count();
            }
            if let Some(uniform) = uniform {
                is_uniform = Some(is_uniform.unwrap_or(true) && uniform);
            }
        }
    }
    outcome.is_uniform = is_uniform == Some(true);
    let warnings = feed.warnings(&sources).into_iter();
    outcome.warnings = warnings
        .map(|(_, warning)| warning)
        // A stream without an input has nothing to answer, as an engine's empty
        // partition.
        .filter(|warning| *warning != FileWarning::Empty)
        .collect();
    Ok(outcome)
}

/// What the inputs of a window come to, and whether the model attends to
/// everything alike in them, in their order. Those of similar length go through
/// the model together.
fn answers(
    options: &StreamOptions,
    model: &LoadedModel,
    items: &[Item],
) -> Vec<(Answer, Option<bool>)> {
    let mut answers: Vec<Option<(Answer, Option<bool>)>> = items
        .iter()
        .map(|item| {
            let error = item.prepared.as_ref().err()?;
            let failed = Answer::Failed {
                reason: error.to_string(),
                remedy: error.remedy(),
            };
            Some((failed, None))
        })
        .collect();
    let inputs = || items.iter().enumerate();
    let mut lengths: Vec<(usize, usize)> = inputs()
        .filter_map(|(index, item)| Some((item.prepared.as_ref().ok()?.source().len(), index)))
        .collect();
    lengths.sort_unstable();
    for group in groups(&lengths, options.batch_tokens) {
        let inputs: Vec<&Prepared> = group
            .iter()
            .filter_map(|&(_, index)| items.get(index)?.prepared.as_ref().ok())
            .collect();
        let runs = runs(options, model, &inputs);
        let scored: Vec<(Answer, Option<bool>)> = runs.into_par_iter().map(score).collect();
        for (&(_, index), answer) in group.iter().zip(scored) {
            if let Some(place) = answers.get_mut(index) {
                *place = Some(answer);
            }
        }
    }
    // Each is one that could not be prepared, or in exactly one of the groups.
    answers.into_iter().flatten().collect()
}

fn score(run: Result<Run, Answer>) -> (Answer, Option<bool>) {
    match run {
        Err(failed) => (failed, None),
        Ok(run) => match run.attention.first() {
            Some(attention) => {
                let uniform = pipeline::is_uniform(&run);
                (Answer::Scores(head_scores(&run, attention)), uniform)
            }
            None => {
                let failed = Answer::Failed {
                    reason: "the model gave no attention".to_owned(),
                    remedy: None,
                };
                (failed, None)
            }
        },
    }
}

/// The runs of some inputs. Where the model refuses one of them, the others are
/// encoded all the same.
fn runs(
    options: &StreamOptions,
    model: &LoadedModel,
    inputs: &[&Prepared],
) -> Vec<Result<Run, Answer>> {
    let selection = &options.selection;
    if let [input] = inputs {
        let demand = model.model.demand(selection.head_count(), false);
        let lengths = [input.source().len()].into_iter();
        if let Err(error) = demand.check(lengths) {
            return vec![Err(Answer::failed(&error.into()))];
        }
    }
    match pipeline::runs(model, inputs, selection) {
        Ok(runs) => runs.into_iter().map(Ok).collect(),
        Err(error) if inputs.len() == 1 => vec![Err(Answer::failed(&error))],
        Err(_) => inputs
            .iter()
            .flat_map(|&input| runs(options, model, &[input]))
            .collect(),
    }
}

/// A line of the output.
struct Line<'a> {
    item: &'a Item,
    answer: &'a Answer,
    options: &'a StreamOptions,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("id", &self.item.id)?;
        line.serialize_entry("line", &self.item.line)?;
        match self.answer {
            Answer::Failed { reason, remedy } => {
                let hint = remedy.as_ref().map(self.options.remedy_in_words);
                line.serialize_entry("error", reason)?;
                line.serialize_entry("hint", &hint)?;
            }
            Answer::Scores(scores) => {
                let input = self.item.prepared.as_ref().ok();
                let tokens = input.map_or(0, |input| input.source().len());
                let streams = input.map_or(&[][..], |input| &input.streams);
                let cut: usize = streams.iter().map(|stream| stream.dropped).sum();
                line.serialize_entry("tokens", &tokens)?;
                line.serialize_entry("truncated_tokens", &cut)?;
                let selection = &scores.selection;
                let values = &scores.received_unit;
                line.serialize_entry("layers", &selection.layer_indices())?;
                line.serialize_entry("heads", &selection.head_indices())?;
                line.serialize_entry("scores", &AllScores(scores))?;
                line.serialize_entry("received_unit", &ByLayer { values, selection })?;
            }
        }
        line.end()
    }
}

/// Every score under its name.
struct AllScores<'a>(&'a HeadScores);

impl Serialize for AllScores<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Score::ALL.len()))?;
        let selection = &self.0.selection;
        for &score in Score::ALL {
            // What is empty is NaN, which JSON writes as null.
            let values = self.0.get(score);
            map.serialize_entry(score.name(), &ByLayer { values, selection })?;
        }
        map.end()
    }
}

/// A value of every head: `[layer, head]`.
struct ByLayer<'a, T> {
    values: &'a [T],
    selection: &'a Selection,
}

impl<T: Serialize> Serialize for ByLayer<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut layers = serializer.serialize_seq(Some(self.selection.layers.len()))?;
        let mut rest = self.values;
        for layer in &self.selection.layers {
            let (values, after) = rest.split_at(layer.heads.len().min(rest.len()));
            layers.serialize_element(values)?;
            rest = after;
        }
        layers.end()
    }
}
