//! From a checkpoint and tokens to attention: the only part of the crate that
//! knows candle. A model family is one file and one variant of
//! [`ModelConfig`] and [`Model`].

mod bert;
mod bert_tensors;
mod config;
mod error;
pub mod machine;
mod ops;
mod output;
mod own_code;
mod threads;

use crate::attention::Selection;
use crate::checkpoint::Checkpoint;
use crate::input::Prepared;
use crate::memory::Demand;
use crate::weights::Weights;
use bert::Keep;

pub use config::{Activation, BertConfig, ConfigError, ModelConfig, SUPPORTED_MODEL_TYPES};
pub use error::ModelError;
#[doc(hidden)]
pub use ops::kernels;
pub use ops::kernels::{InstructionSet, Instructions, InstructionsError, use_instructions};
pub use output::{EncoderOutput, HiddenStates};

/// A loaded model of any supported family.
#[derive(Debug)]
pub enum Model {
    /// `model_type: bert`.
    Bert(bert::Bert),
}

impl Model {
    /// Reads config and weights of a checkpoint.
    ///
    /// # Errors
    /// When the config is not supported, or a tensor is missing, of another
    /// shape or type, or not finite.
    pub fn load(checkpoint: &Checkpoint) -> Result<Self, ModelError> {
        Self::load_on(checkpoint, Instructions::of_process())
    }

    /// As [`Model::load`], on other instructions than those of the process: it
    /// computes the same bits.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load_on(
        checkpoint: &Checkpoint,
        instructions: Instructions,
    ) -> Result<Self, ModelError> {
        Self::read(checkpoint, Keep::All, instructions)
    }

    /// As [`Model::load`], for a single forward pass: the weights of linear maps
    /// are read when their turn comes, which takes half of the time and a tenth
    /// of the memory.
    ///
    /// # Errors
    /// As [`Model::load`], save that a weight which is not finite or cannot be
    /// read is found by [`Model::forward`].
    pub fn open(checkpoint: &Checkpoint) -> Result<Self, ModelError> {
        Self::read(checkpoint, Keep::Little, Instructions::of_process())
    }

    fn read(
        checkpoint: &Checkpoint,
        keep: Keep,
        instructions: Instructions,
    ) -> Result<Self, ModelError> {
        let ModelConfig::Bert(config) = ModelConfig::from_json(&checkpoint.config)?;
        let code = own_code::own_code(&checkpoint.config);
        let prefix = checkpoint.weights_prefix.as_deref();
        let loaded = Weights::open(&checkpoint.weights, prefix)
            .map_err(ModelError::from)
            .and_then(|weights| bert::Bert::load(config, weights, keep, instructions));
        let misfit = |code, misfit: String| Err(ModelError::OwnCode { code, misfit });
        match (code, loaded) {
            (Some(code), Err(ModelError::Weights(error))) if error.is_of_other_tensors() => {
                misfit(code, error.to_string())
            }
            (_, Err(error)) => Err(error),
            (Some(code), Ok(bert)) => match bert.unused_tensors() {
                [] => Ok(Self::Bert(bert.with_warning(own_code_warning(&code)))),
                [name, ..] => misfit(code, format!("a BERT has no tensor {name}")),
            },
            (None, Ok(bert)) => Ok(Self::Bert(match unused_warning(bert.unused_tensors()) {
                Some(warning) => bert.with_warning(warning),
                None => bert,
            })),
        }
    }

    /// What the user should know about the model, a sentence each: what there
    /// is of it that attnviz does not compute.
    pub fn warnings(&self) -> &[String] {
        let Self::Bert(bert) = self;
        bert.warnings()
    }

    /// What stands before the names of the encoder's tensors, where it was
    /// chosen among several.
    pub fn chosen_prefix(&self) -> Option<&str> {
        let Self::Bert(bert) = self;
        bert.chosen_prefix()
    }

    /// Runs inputs of any lengths together; each gets bit for bit what it
    /// gets alone. All maps are handed out.
    ///
    /// # Errors
    /// When an input does not fit the model; see [`ModelError`].
    pub fn forward(
        &self,
        inputs: &[&Prepared],
        keep: HiddenStates,
    ) -> Result<Vec<EncoderOutput>, ModelError> {
        let config = self.config();
        let all = Selection::all(config.layer_count(), config.head_count());
        self.forward_heads(inputs, keep, &all)
    }

    /// As [`Model::forward`], for the maps of some heads: others take no
    /// memory.
    ///
    /// # Errors
    /// As [`Model::forward`].
    pub fn forward_heads(
        &self,
        inputs: &[&Prepared],
        keep: HiddenStates,
        selection: &Selection,
    ) -> Result<Vec<EncoderOutput>, ModelError> {
        let Self::Bert(bert) = self;
        bert.forward(inputs, keep, selection)
    }

    /// What [`Model::forward_heads`] takes for so many maps.
    pub fn demand(&self, map_count: usize) -> Demand {
        let Self::Bert(bert) = self;
        bert.demand(map_count)
    }

    /// The config that the model was made from.
    pub fn config(&self) -> ModelConfig {
        let Self::Bert(bert) = self;
        ModelConfig::Bert(bert.config().clone())
    }
}

fn own_code_warning(code: &str) -> String {
    format!(
        "config.json has auto_map: the model brings its own code ({code}), which attnviz does not run; its tensors are those of a plain BERT, and it is computed as one"
    )
}

/// A warning about tensors that a plain BERT leaves alone, as when a file has
/// more layers than its config.
fn unused_warning(names: &[String]) -> Option<String> {
    let first = names.first()?;
    Some(match names.len() {
        1 => format!("the tensor {first} is none that config.json asks for, and is not used"),
        count => format!(
            "{count} tensors such as {first} are none that config.json asks for, and are not used"
        ),
    })
}
