//! From a checkpoint and tokens to attention: the only part of the crate that
//! knows candle. A family's file turns its
//! `config.json` into an [`Architecture`], which is data; the interpreter runs
//! it, by one of two implementations of the operations.

mod activation;
pub mod architecture;
mod backend;
mod error;
mod family;
mod interpreter;
pub mod machine;
mod ops;
mod output;
mod own_code;
mod threads;

use crate::attention::{MapMemory, Selection};
use crate::checkpoint::Checkpoint;
use crate::input::Prepared;
use crate::memory::Demand;
use crate::weights::Weights;
use interpreter::Interpreter;
use ops::Keep;
use ops::fused::Fused;
use ops::plain::Plain;

pub use architecture::{Activation, Architecture};
pub use backend::Backend;
pub use error::ModelError;
pub use family::{ConfigError, Family};
#[doc(hidden)]
pub use ops::kernels;
pub use ops::kernels::{InstructionSet, Instructions, InstructionsError, use_instructions};
pub use output::{EncoderOutput, Extras, HiddenStates};

/// A loaded model of any family.
#[derive(Debug)]
pub struct Model {
    loaded: Loaded,
    warnings: Vec<String>,
}

/// By what it is computed.
#[derive(Debug)]
enum Loaded {
    Fused(Box<Interpreter<Fused>>),
    Plain(Box<Interpreter<Plain>>),
}

/// What to do with either of them.
macro_rules! with_interpreter {
    ($loaded:expr, $interpreter:ident => $value:expr) => {
        match $loaded {
            Loaded::Fused($interpreter) => $value,
            Loaded::Plain($interpreter) => $value,
        }
    };
}

impl Model {
    /// Reads config and weights of a checkpoint.
    ///
    /// # Errors
    /// When the config is not supported, or a tensor is missing, of another
    /// shape or type, or not finite.
    pub fn load(checkpoint: &Checkpoint, backend: Backend) -> Result<Self, ModelError> {
        Self::read(checkpoint, Keep::All, backend, Instructions::of_process())
    }

    /// As [`Model::load`] of [`Backend::Fused`], on other instructions than
    /// those of the process: it computes the same bits.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load_on(
        checkpoint: &Checkpoint,
        instructions: Instructions,
    ) -> Result<Self, ModelError> {
        Self::read(checkpoint, Keep::All, Backend::Fused, instructions)
    }

    /// As [`Model::load`], for a single forward pass: the weights of linear maps
    /// are read when their turn comes, which takes half of the time and a tenth
    /// of the memory.
    ///
    /// # Errors
    /// As [`Model::load`], save that a weight which is not finite or cannot be
    /// read is found by [`Model::forward`].
    pub fn open(checkpoint: &Checkpoint, backend: Backend) -> Result<Self, ModelError> {
        Self::read(
            checkpoint,
            Keep::Little,
            backend,
            Instructions::of_process(),
        )
    }

    fn read(
        checkpoint: &Checkpoint,
        keep: Keep,
        backend: Backend,
        instructions: Instructions,
    ) -> Result<Self, ModelError> {
        let architecture = Architecture::from_json(&checkpoint.config)?;
        let model_type = architecture.model_type;
        let code = own_code::own_code(&checkpoint.config);
        let prefix = checkpoint.weights_prefix.as_deref();
        let loaded = Weights::open(&checkpoint.weights, prefix, &architecture.names)
            .map_err(ModelError::from)
            .and_then(|weights| {
                Ok(match backend {
                    Backend::Fused => {
                        let operations = Fused { instructions };
                        Loaded::Fused(Box::new(Interpreter::load(
                            operations,
                            architecture,
                            weights,
                            keep,
                        )?))
                    }
                    Backend::Plain => Loaded::Plain(Box::new(Interpreter::load(
                        Plain,
                        architecture,
                        weights,
                        keep,
                    )?)),
                })
            });
        let misfit = |code, misfit: String| Err(ModelError::OwnCode { code, misfit });
        let of = |loaded, warnings| Ok(Self { loaded, warnings });
        match (code, loaded) {
            (Some(code), Err(ModelError::Weights(error))) if error.is_of_other_tensors() => {
                misfit(code, error.to_string())
            }
            (_, Err(error)) => Err(error),
            (Some(code), Ok(loaded)) => {
                match with_interpreter!(&loaded, model => model.unused_tensors()) {
                    [] => of(loaded, vec![own_code_warning(&code, model_type)]),
                    [name, ..] => {
                        misfit(code, format!("a plain {model_type} has no tensor {name}"))
                    }
                }
            }
            (None, Ok(loaded)) => {
                let unused = with_interpreter!(&loaded, model => model.unused_tensors());
                let warnings = unused_warning(unused).into_iter().collect();
                of(loaded, warnings)
            }
        }
    }

    /// What the user should know about the model, a sentence each: what there
    /// is of it that attnviz does not compute.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What stands before the names of the model's tensors, where it was
    /// chosen among several.
    pub fn chosen_prefix(&self) -> Option<&str> {
        with_interpreter!(&self.loaded, model => model.chosen_prefix())
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
        let architecture = self.architecture();
        let all = Selection::all(architecture.layer_count(), architecture.head_count());
        self.forward_heads(inputs, keep.into(), &all, &MapMemory::default())
    }

    /// As [`Model::forward`], for the maps of some heads: others take no
    /// memory. What the maps lie in is taken from `memory` where it fits.
    ///
    /// # Errors
    /// As [`Model::forward`].
    pub fn forward_heads(
        &self,
        inputs: &[&Prepared],
        extras: Extras,
        selection: &Selection,
        memory: &MapMemory,
    ) -> Result<Vec<EncoderOutput>, ModelError> {
        with_interpreter!(&self.loaded, model => model.forward(inputs, extras, selection, memory))
    }

    /// What [`Model::forward_heads`] takes for so many maps, and of their heads
    /// queries, keys and lengths of values, too.
    pub fn demand(&self, map_count: usize, neurons: bool) -> Demand {
        with_interpreter!(&self.loaded, model => model.demand(map_count, neurons))
    }

    /// What the model is.
    pub fn architecture(&self) -> &Architecture {
        with_interpreter!(&self.loaded, model => model.architecture())
    }
}

fn own_code_warning(code: &str, model_type: &str) -> String {
    format!(
        "config.json has auto_map: the model brings its own code ({code}), which attnviz does not run; its tensors are those of a plain {model_type}, and it is computed as one"
    )
}

/// A warning about tensors that the model leaves alone, as when a file has
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
