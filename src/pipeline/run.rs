//! From a checkpoint to a loaded model, and from an input to its run.

use thiserror::Error;

use crate::attention::{Attention, Selection};
use crate::checkpoint::{Checkpoint, PendingProvenance};
use crate::input::{Input, Prepared};
use crate::model::{HiddenStates, Model, ModelError};
use crate::remedy::Remedy;
use crate::run::Run;
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
pub fn load(checkpoint: &Checkpoint, use_of_it: Use) -> Result<LoadedModel, PipelineError> {
    let mut provenance = checkpoint.provenance();
    // The weights are read on all threads but the one that the vocabulary takes.
    let (model, tokenizer) = rayon::join(
        || match use_of_it {
            Use::Once => Model::open(checkpoint),
            Use::Often => Model::load(checkpoint),
        },
        || Tokenizer::from_checkpoint(checkpoint),
    );
    let (tokenizer, model) = (tokenizer?, model?);
    tokenizer.check_vocabulary_size(model.config().vocabulary_size())?;
    provenance.weights_prefix = model.chosen_prefix().map(str::to_owned);
    Ok(LoadedModel {
        model,
        tokenizer,
        provenance,
    })
}

impl LoadedModel {
    /// How long inputs may be.
    pub fn limit(&self, truncate: Option<usize>) -> TokenLimit {
        TokenLimit {
            maximum: self.model.config().maximum_token_count(),
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
    let outputs = loaded.model.forward(inputs, HiddenStates::Drop)?;
    let runs = outputs.into_iter().zip(inputs).map(|(output, &input)| {
        let run = Run {
            model: loaded.provenance.clone(),
            input: input.input.clone(),
            streams: input.streams.clone(),
            attention: vec![Attention::Own(output.attention)],
        };
        run.select(selection)
    });
    Ok(runs.collect())
}
