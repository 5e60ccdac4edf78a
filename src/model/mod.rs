//! From a checkpoint and tokens to attention: the only part of the crate that
//! knows candle. A model family is one file and one variant of
//! [`ModelConfig`] and [`Model`].

mod awake;
mod bert;
mod config;
mod error;
pub mod machine;
mod ops;
mod output;

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
        let weights = Weights::open(&checkpoint.weights)?;
        Ok(Self::Bert(bert::Bert::load(
            config,
            weights,
            keep,
            instructions,
        )?))
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
