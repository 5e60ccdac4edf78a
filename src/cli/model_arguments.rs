//! Which model was typed, and what computes it.

use clap::{Args, ValueHint};
use clap_complete::ArgValueCompleter;

use super::candidates::models;
use super::model_name::ModelName;
use super::values::{in_full, one_of};
use crate::model::Backend;

/// What names a model.
pub(super) const MODEL_NAMES: &str = "\
\"builtin\": sentence-transformers/all-MiniLM-L6-v2, compiled in. A directory: \
as save_pretrained leaves it. A hub id: owner/name, owner/name@revision or \
an address such as https://huggingface.co/owner/name/tree/main.";

/// What computes the model.
#[derive(Debug, Args)]
pub struct ComputationArguments {
    /// Operations: fused, plain
    #[arg(long, value_name = "NAME", default_value_t, value_parser = one_of::<Backend>(),
        hide_possible_values = true, hide_short_help = true,
        long_help = in_full::<Backend>("What computes the model"))]
    pub backend: Backend,
}

/// Which model is used.
#[derive(Debug, Args)]
pub struct ModelArguments {
    /// Id, folder, builtin [default: bert-base-uncased]
    ///
    /// "builtin": sentence-transformers/all-MiniLM-L6-v2, compiled in. A directory:
    /// as save_pretrained leaves it. A hub id: owner/name, owner/name@revision or
    /// an address such as https://huggingface.co/owner/name/tree/main.
    #[arg(short, long, value_hint = ValueHint::DirPath, add = ArgValueCompleter::new(models))]
    pub model: Option<ModelName>,
    /// Of several encoders, the one whose tensors begin so
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub weights_prefix: Option<String>,
    /// Hub id or directory to take the tokenizer from
    #[arg(long, value_name = "MODEL", value_hint = ValueHint::DirPath, add = ArgValueCompleter::new(models))]
    pub tokenizer: Option<ModelName>,
    /// Branch, tag or commit on the hub [default: main]
    #[arg(long)]
    pub revision: Option<String>,
    /// Use the cache only; also HF_HUB_OFFLINE=1
    #[arg(long)]
    pub offline: bool,
}
