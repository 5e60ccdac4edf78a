//! Why a checkpoint's `config.json` cannot be used.

use std::path::PathBuf;

use crate::remedy::{Alteration, CheckpointPart, CheckpointRemedy, Remedy};
use thiserror::Error;

use super::Family;

/// Where a config is.
const FILE: &str = "config.json";

/// Why a config cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not JSON, or a field of the wrong type.
    #[error("config.json is not a model config: {0}")]
    Json(#[from] serde_json::Error),
    /// The config names no `model_type`.
    #[error(
        "config.json names no model_type, expected one of: {}",
        Family::names()
    )]
    NoModelType {
        /// The family that its other fields look like.
        looks_like: Option<&'static str>,
    },
    /// The model is of a family that brings its own code.
    #[error(
        "config.json has auto_map: the model brings its own code ({code}), which attnviz does not run; model_type \"{model_type}\" is not one of: {}",
        Family::names()
    )]
    OwnCode {
        /// What the config calls the family.
        model_type: String,
        /// The class that the config names.
        code: String,
    },
    /// Heads were taken out of the model.
    #[error("config.json has pruned_heads: a model without some of its heads is not supported")]
    PrunedHeads,
    /// The weights are packed into fewer bits.
    #[error("config.json has quantization_config: quantized weights are not supported")]
    Quantized,
    /// A family that attnviz does not know.
    #[error(
        "model_type \"{found}\" is not supported, expected one of: {}",
        Family::names()
    )]
    ModelType {
        /// What the config says.
        found: String,
    },
    /// A number outside what any model has.
    #[error("config.json: expected {field} between {minimum} and {maximum}, found {found}")]
    OutOfRange {
        /// The field's name.
        field: &'static str,
        /// Smallest accepted value.
        minimum: u64,
        /// Greatest accepted value.
        maximum: u64,
        /// What the config says.
        found: u64,
    },
    /// A number is not a multiple of another.
    #[error(
        "config.json: expected {field} to be a multiple of {divisor_field}, found {found} and {divisor}"
    )]
    NotAMultiple {
        /// The field's name.
        field: &'static str,
        /// What the config says.
        found: usize,
        /// The name of the other one.
        divisor_field: &'static str,
        /// What the config says of it.
        divisor: usize,
    },
    /// A setting that changes the computation in a way that is not built.
    #[error("config.json: {field} \"{found}\" is not supported, expected {expected}")]
    Unsupported {
        /// The field's name.
        field: &'static str,
        /// What is supported.
        expected: &'static str,
        /// What the config says.
        found: String,
    },
    /// A number outside what any model has, which is not a whole one.
    #[error("config.json: expected {field} between {minimum} and {maximum}, found {found}")]
    NumberOutOfRange {
        /// The field's name.
        field: &'static str,
        /// Smallest accepted value.
        minimum: f64,
        /// Greatest accepted value.
        maximum: f64,
        /// What the config says.
        found: f64,
    },
}

impl ConfigError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::NoModelType {
                looks_like: Some(model_type),
            } => Remedy::Checkpoint(CheckpointRemedy::AddModelType(model_type)),
            Self::ModelType { .. } | Self::NoModelType { looks_like: None } => {
                Remedy::Checkpoint(CheckpointRemedy::UseKnownFamily)
            }
            // Other models of the family have other settings, but they are not
            // the one that is asked for.
            Self::Unsupported { .. } => Remedy::Checkpoint(CheckpointRemedy::ComputeElsewhere),
            Self::OwnCode { .. } => Remedy::Checkpoint(CheckpointRemedy::SaveAttentionInPython),
            Self::PrunedHeads => {
                Remedy::Checkpoint(CheckpointRemedy::UseOriginal(Alteration::PrunedHeads))
            }
            Self::Quantized => {
                Remedy::Checkpoint(CheckpointRemedy::UseOriginal(Alteration::Quantization))
            }
            Self::Json(error) if error.is_eof() => {
                Remedy::Checkpoint(CheckpointRemedy::DownloadFile {
                    path: PathBuf::from(FILE),
                })
            }
            Self::Json(_)
            | Self::OutOfRange { .. }
            | Self::NotAMultiple { .. }
            | Self::NumberOutOfRange { .. } => {
                Remedy::Checkpoint(CheckpointRemedy::SaveCheckpoint(CheckpointPart::Config))
            }
        })
    }
}
