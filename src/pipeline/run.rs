//! From a checkpoint to a loaded model, and from an input to its run.

use thiserror::Error;

use crate::analysis::attends_uniformly;
use crate::attention::{Attention, MapMemory, Selection};
use crate::checkpoint::{Checkpoint, PendingProvenance};
use crate::input::{Input, Prepared};
use crate::model::{Architecture, Backend, Extras, HiddenStates, Model, ModelError};
use crate::remedy::Remedy;
use crate::run::Run;
use crate::store::{OutputOptions, with_output};
use crate::tokenizer::{TokenLimit, Tokenizer, TokenizerError};

/// Why there is no run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// The model cannot be loaded or run.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The tokenizer cannot be made, or an input not be tokenized.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The model has no way to take such an input.
    #[error("the model takes texts, found {found}")]
    UnfitInput {
        /// What was given, in words.
        found: &'static str,
    },
}

impl PipelineError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Model(error) => error.remedy(),
            Self::Tokenizer(error) => error.remedy(),
            Self::UnfitInput { .. } => Some(Remedy::GiveText),
        }
    }
}

/// How often a model runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Once: weights are read when their turn comes.
    Once,
    /// More often: weights stay in memory.
    Often,
}

/// Everything that inputs pass through.
#[derive(Debug)]
pub struct LoadedModel {
    /// From units to attention.
    pub model: Model,
    /// From texts to units.
    pub tokenizer: Tokenizer,
    /// Its files are read for their digests meanwhile.
    pub provenance: PendingProvenance,
}

/// Model and tokenizer of a checkpoint, which have to belong together.
///
/// # Errors
/// When one of them cannot be made, or they do not fit one another.
pub fn load(
    checkpoint: &Checkpoint,
    use_of_it: Use,
    backend: Backend,
) -> Result<LoadedModel, PipelineError> {
    let mut provenance = checkpoint.provenance();
    // The weights are read on all threads but the one that the vocabulary takes.
    let (model, tokenizer) = rayon::join(
        || match use_of_it {
            Use::Once => Model::open(checkpoint, backend),
            Use::Often => Model::load(checkpoint, backend),
        },
        || Tokenizer::from_checkpoint(checkpoint),
    );
    let (tokenizer, model) = (tokenizer?, model?);
    provenance.weights_prefix = model.chosen_prefix().map(str::to_owned);
    provenance.backend = (backend != Backend::default()).then(|| backend.to_string());
    Ok(LoadedModel {
        tokenizer: tokenizer.for_rows(model.architecture().vocabulary_size()),
        model,
        provenance,
    })
}

/// What inputs need to become units, and no attention.
#[derive(Debug)]
pub struct LoadedTokenizer {
    /// From texts to units.
    pub tokenizer: Tokenizer,
    /// How many units the model takes.
    maximum_token_count: usize,
}

/// The tokenizer of a checkpoint alone; its weights need not be there.
///
/// # Errors
/// When it cannot be made, or the model's config is refused.
pub fn load_tokenizer(checkpoint: &Checkpoint) -> Result<LoadedTokenizer, PipelineError> {
    let config = Architecture::from_json(&checkpoint.config).map_err(ModelError::from)?;
    Ok(LoadedTokenizer {
        tokenizer: Tokenizer::from_checkpoint(checkpoint)?.for_rows(config.vocabulary_size()),
        maximum_token_count: config.maximum_token_count,
    })
}

impl LoadedTokenizer {
    /// How long inputs may be.
    pub fn limit(&self, truncate: Option<usize>) -> TokenLimit {
        TokenLimit {
            maximum: self.maximum_token_count,
            truncate,
        }
    }
}

impl LoadedModel {
    /// How long inputs may be.
    pub fn limit(&self, truncate: Option<usize>) -> TokenLimit {
        TokenLimit {
            maximum: self.model.architecture().maximum_token_count,
            truncate,
        }
    }
}

/// An input as the model reads it.
///
/// # Errors
/// When the model takes no such input, or a text is empty or too long.
pub fn prepare(
    tokenizer: &Tokenizer,
    input: &Input,
    limit: TokenLimit,
) -> Result<Prepared, PipelineError> {
    match input {
        Input::Text { text, pair } => Ok(tokenizer.tokenize(text, pair.as_deref(), limit)?),
        Input::Translation { .. } => Err(PipelineError::UnfitInput {
            found: "a source and a target",
        }),
        Input::Image { .. } => Err(PipelineError::UnfitInput { found: "an image" }),
    }
}

/// The runs of some inputs, which go through the model together; each gets bit
/// for bit what it gets alone. They hold the heads of `selection`.
///
/// # Errors
/// When one of the inputs does not fit the model; see [`ModelError`].
pub fn runs(
    loaded: &LoadedModel,
    inputs: &[&Prepared],
    selection: &Selection,
) -> Result<Vec<Run>, ModelError> {
    runs_in(loaded, inputs, selection, &MapMemory::default())
}

/// As [`runs`], in memory that earlier runs have given back, for whoever reads
/// many of them, one after the other.
///
/// # Errors
/// As [`runs`].
pub fn runs_in(
    loaded: &LoadedModel,
    inputs: &[&Prepared],
    selection: &Selection,
    memory: &MapMemory,
) -> Result<Vec<Run>, ModelError> {
    runs_with(loaded, inputs, selection, HiddenStates::Drop.into(), memory)
}

/// As [`runs`], with the queries, keys and lengths of values that the scores are
/// made of.
///
/// # Errors
/// As [`runs`].
pub fn runs_with_neurons(
    loaded: &LoadedModel,
    inputs: &[&Prepared],
    selection: &Selection,
) -> Result<Vec<Run>, ModelError> {
    let extras = Extras {
        hidden_states: HiddenStates::Drop,
        neurons: true,
    };
    runs_with(loaded, inputs, selection, extras, &MapMemory::default())
}

fn runs_with(
    loaded: &LoadedModel,
    inputs: &[&Prepared],
    selection: &Selection,
    extras: Extras,
    memory: &MapMemory,
) -> Result<Vec<Run>, ModelError> {
    let outputs = loaded
        .model
        .forward_heads(inputs, extras, selection, memory)?;
    let runs = outputs.into_iter().zip(inputs).map(|(output, &input)| Run {
        model: loaded.provenance.clone(),
        input: input.input.clone(),
        streams: input.streams.clone(),
        attention: vec![Attention::Own(output.attention)],
        neurons: output.neurons,
    });
    Ok(runs.collect())
}

/// What the user should know of a model by what it made of an input, a sentence:
/// that it attends to everything alike.
pub fn doubt(run: &Run) -> Option<&'static str> {
    is_uniform(run)?.then_some(UNIFORM)
}

/// Whether a model attends to everything alike; `None` where the input is too
/// short to tell.
pub fn is_uniform(run: &Run) -> Option<bool> {
    let own = run
        .attention
        .iter()
        .filter_map(|attention| match attention {
            Attention::Own(tensor) => attends_uniformly(tensor),
            Attention::Foreign(_) => None,
        });
    own.reduce(|one, other| one || other)
}

/// See [`doubt`].
pub const UNIFORM: &str = "every layer attends to all tokens nearly alike, which trained models do not: the weights are probably not loaded as they were meant";

/// Whether there is memory for the run of an input and for all that is written
/// of it; asked before anything is computed.
///
/// # Errors
/// When there is not.
pub fn check_memory(
    loaded: &LoadedModel,
    input: &Prepared,
    selection: &Selection,
    neurons: bool,
    options: &OutputOptions,
) -> Result<(), ModelError> {
    let demand = loaded.model.demand(selection.head_count(), neurons);
    let counts = [selection.layers.len(), input.source().len()];
    let demand = with_output(demand, counts, options);
    Ok(demand.check([input.source().len()].into_iter())?)
}
