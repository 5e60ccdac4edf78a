//! The two runs of a comparison of one input: computed by models, or read.

use std::path::Path;

use anyhow::{Context, Error, Result};

use super::diff_error::{OF_AGAINST, OF_TEXT, OfSide};
use super::diff_settings::{DiffSettings, DiffTask};
use super::encode::cut_off;
use super::hints::remedy;
use super::messages::{Messages, unknown_tokens};
use super::model;
use super::settings::ModelSettings;
use crate::analysis::Granularity;
use crate::attention::IndexList;
use crate::attention::Selection;
use crate::batch::diff::without_numbers;
use crate::checkpoint::ModelSource;
use crate::compare::{CompareError, ModelFacts, Pairing, check_tokens, unlike_tokens};
use crate::input::{Input, Prepared, StreamRole};
use crate::pipeline::{self, LoadedModel, Use};
use crate::remedy::Remedy;
use crate::render::terminal::one_line;
use crate::run::Run;
use crate::store::saved::{self, ForeignNames, SavedError, SavedRun};

/// Two runs, the left one first, and what else is known of them.
pub(super) struct Sides {
    pub(super) runs: [Run; 2],
    /// Of both models, where they are two.
    pub(super) facts: Option<[ModelFacts; 2]>,
    pub(super) pairing: Pairing,
    /// What the user was told.
    pub(super) warnings: Vec<String>,
}

/// A text in an error is not longer, in columns.
const LONGEST_TEXT: usize = 60;

const SIDES: [OfSide; 2] = [OfSide::Left, OfSide::Right];

/// The runs of a comparison of one input; `None` where it is one of many.
pub(super) fn of_one_input(settings: &DiffSettings, messages: &Messages) -> Result<Option<Sides>> {
    match &settings.task {
        DiffTask::Models { sides, input } => of_models(settings, sides, input, messages).map(Some),
        DiffTask::Texts { model, inputs } => of_texts(settings, model, inputs, messages).map(Some),
        DiffTask::Runs { files, names } => {
            let paths = [files[0].as_path(), files[1].as_path()];
            of_files(settings, paths, names, messages).map(Some)
        }
        DiffTask::ModelsOnMany { .. } | DiffTask::Batches(_) | DiffTask::Scores(_) => Ok(None),
    }
}

fn of_models(
    settings: &DiffSettings,
    sides: &[ModelSettings; 2],
    input: &Input,
    messages: &Messages,
) -> Result<Sides> {
    let (models, mut warnings) = two_models(sides, settings, Use::Once, messages)?;
    let mut prepared = Vec::new();
    let mut said = Vec::new();
    for (loaded, side) in models.iter().zip(SIDES) {
        let (one, of_side) =
            prepare(loaded, input, settings).map_err(|error| match is_of_text(&error) {
                true => error.context(OF_TEXT),
                false => error.context(side),
            })?;
        prepared.push(one);
        said.push(of_side);
    }
    let said = of_both(said, SIDES.map(OfSide::name));
    messages.warnings(&said);
    warnings.extend(said);
    let [Some(left), Some(right)] = [prepared.first(), prepared.get(1)] else {
        return Err(CompareError::NoAttention.into());
    };
    // Before anything is computed.
    if settings.options.granularity == Granularity::Subword {
        check_tokens(left.source(), right.source())?;
    }
    let facts = [0, 1].map(|side| ModelFacts::of(models[side].model.architecture()));
    let [left_model, right_model] = models;
    let left = run_of(left_model, left, settings).map_err(|error| error.context(OfSide::Left))?;
    let right =
        run_of(right_model, right, settings).map_err(|error| error.context(OfSide::Right))?;
    Ok(Sides {
        runs: [left, right],
        facts: Some(facts),
        pairing: Pairing::SameInput,
        warnings,
    })
}

/// Both models, which have to have the layers and heads that are asked for.
///
/// # Errors
/// When one of them cannot be loaded, or they are of other sizes and not all of
/// those are in both.
pub(super) fn two_models(
    sides: &[ModelSettings; 2],
    settings: &DiffSettings,
    use_of_them: Use,
    messages: &Messages,
) -> Result<([LoadedModel; 2], Vec<String>)> {
    let load = |place: usize| {
        let loaded = model::load(&sides[place], use_of_them, messages);
        loaded.map_err(|error: Error| error.context(SIDES[place]))
    };
    let (left, mut warnings) = load(0)?;
    let (right, said) = load(1)?;
    warnings.extend(said);
    let sizes = [&left, &right].map(|loaded| {
        let architecture = loaded.model.architecture();
        [architecture.layer_count(), architecture.head_count()]
    });
    // What one of them lacks is told by the size of both.
    let of = |loaded| model::selection(loaded, &settings.layers, &settings.heads).ok();
    let are_same = sizes[0] == sizes[1] || of(&left).is_some_and(|one| Some(one) == of(&right));
    match are_same {
        true => Ok(([left, right], warnings)),
        false => Err(CompareError::OtherSizes { sides: sizes }.into()),
    }
}

fn of_texts(
    settings: &DiffSettings,
    model: &ModelSettings,
    inputs: &[Input; 2],
    messages: &Messages,
) -> Result<Sides> {
    let (loaded, mut warnings) = model::load(model, Use::Once, messages)
        .map_err(|error: Error| error.context(OfSide::Left))?;
    let selection = model::selection(&loaded, &settings.layers, &settings.heads)?;
    let mut prepared = Vec::new();
    let mut said = Vec::new();
    for (input, option) in inputs.iter().zip([OF_TEXT, OF_AGAINST]) {
        let (one, of_text) =
            prepare(&loaded, input, settings).map_err(|error| error.context(option))?;
        pipeline::check_memory(&loaded, &one, &selection, false, &without_pictures())?;
        prepared.push(one);
        said.push(of_text);
    }
    let said = of_both(said, ["--text", "--against"]);
    messages.warnings(&said);
    warnings.extend(said);
    let inputs: Vec<&Prepared> = prepared.iter().collect();
    let runs = pipeline::runs(&loaded, &inputs, &selection)
        .with_context(|| model::of(&loaded.provenance.id))?;
    let runs: [Run; 2] = runs.try_into().map_err(|_| CompareError::NoAttention)?;
    Ok(Sides {
        runs,
        facts: None,
        pairing: Pairing::OtherInput,
        warnings,
    })
}

fn of_files(
    settings: &DiffSettings,
    files: [&Path; 2],
    names: &ForeignNames,
    messages: &Messages,
) -> Result<Sides> {
    let mut warnings = Vec::new();
    let mut runs = Vec::new();
    let mut takes_names = false;
    for (file, side) in files.into_iter().zip(SIDES) {
        let saved = match saved::read(file, names) {
            Err(SavedError::NothingInFolder { folder }) => {
                return Err(Error::from(without_numbers(&folder)).context(side));
            }
            // The other side may need them.
            Err(SavedError::SaysItself { .. }) => saved::read(file, &ForeignNames::default()),
            read => {
                takes_names = true;
                read
            }
        };
        let SavedRun {
            run,
            warnings: mut said,
            is_double,
            ..
        } = saved.with_context(|| side)?;
        if is_double {
            said.push(format!(
                "the numbers of {} are of 64 bits and are compared as ones of 32: what differs \
                 by less than 1e-7 of a number may be no difference",
                side.name()
            ));
        }
        let run = select(run, &settings.layers, &settings.heads)?;
        messages.warnings(&said);
        warnings.extend(said);
        runs.push(run);
    }
    if !takes_names {
        // As render says it.
        saved::read(files[0], names)?;
    }
    let runs: [Run; 2] = runs.try_into().map_err(|_| CompareError::NoAttention)?;
    check_texts(&runs)?;
    Ok(Sides {
        runs,
        facts: None,
        pairing: Pairing::SameInput,
        warnings,
    })
}

/// Whether runs that say what they are of are of one text: of two, what little
/// they have in common would be within any limit.
fn check_texts([left, right]: &[Run; 2]) -> Result<(), CompareError> {
    let models = [left.model.wait(), right.model.wait()];
    let [Ok(of_left), Ok(of_right)] = &models else {
        return Ok(());
    };
    // Attention from elsewhere is called by its file.
    let are_own = [of_left, of_right]
        .iter()
        .all(|model| model.source != ModelSource::Elsewhere);
    if !are_own || left.input == right.input {
        return Ok(());
    }
    let text = |run: &Run| one_line(&run.input.captions().join(" · "), LONGEST_TEXT);
    let unlike = unlike_tokens(
        left.units(StreamRole::Source),
        right.units(StreamRole::Source),
    );
    Err(CompareError::OtherTexts {
        texts: Box::new([text(left), text(right)]),
        // Of a directory nobody knows any more where it is.
        model: (of_left == of_right && of_left.source != ModelSource::Directory)
            .then(|| of_left.id.clone()),
        unlike,
    })
}

/// The layers and heads of a saved run that were asked for.
pub(super) fn select(run: Run, layers: &IndexList, heads: &IndexList) -> Result<Run> {
    let Some(attention) = run.attention.first() else {
        return Ok(run);
    };
    let held = attention.maps().selection();
    let layers = layers.resolve_among("layer", &held.layer_indices())?;
    let heads = heads.resolve_among("head", &held.head_indices())?;
    let selection: Selection = held.among(&layers, &heads);
    Ok(run.select(&selection))
}

/// Whether an error is of the text, whichever model reads it.
fn is_of_text(error: &Error) -> bool {
    let remedy = error.chain().find_map(remedy);
    matches!(remedy, Some(Remedy::GiveText | Remedy::GivePair))
}

/// An input as the model reads it, and what the user has to be told of it.
fn prepare(
    loaded: &LoadedModel,
    input: &Input,
    settings: &DiffSettings,
) -> Result<(Prepared, Vec<String>)> {
    let limit = loaded.limit(settings.truncate);
    let prepared = pipeline::prepare(&loaded.tokenizer, input, limit)?;
    let mut warnings = cut_off(&prepared.streams);
    warnings.extend(unknown_tokens(
        prepared.unknown_count(),
        prepared.source().len(),
    ));
    Ok((prepared, warnings))
}

/// What is said of each side: once where it is the same of both, else with the
/// side's name.
fn of_both(said: Vec<Vec<String>>, names: [&str; 2]) -> Vec<String> {
    match said.as_slice() {
        [left, right] if left == right => left.clone(),
        _ => {
            let sides = said.iter().zip(names);
            let named = sides.flat_map(|(said, name)| {
                said.iter().map(move |warning| format!("{name}: {warning}"))
            });
            named.collect()
        }
    }
}

/// A model's run of an input; its weights are given back.
fn run_of(loaded: LoadedModel, prepared: &Prepared, settings: &DiffSettings) -> Result<Run> {
    let selection = model::selection(&loaded, &settings.layers, &settings.heads)?;
    pipeline::check_memory(&loaded, prepared, &selection, false, &without_pictures())?;
    let runs = pipeline::runs(&loaded, &[prepared], &selection);
    let mut runs = runs.with_context(|| model::of(&loaded.provenance.id))?;
    runs.pop().context("the model returned nothing")
}

/// The memory of two runs is what counts here.
fn without_pictures() -> crate::store::OutputOptions {
    crate::store::OutputOptions {
        views: std::collections::BTreeSet::new(),
        ..crate::store::OutputOptions::default()
    }
}
