//! The model that a command runs, loaded and checked.

use anyhow::{Context, Result};

use super::index_list::IndexList;
use super::messages::Messages;
use super::settings::ModelSettings;
use crate::attention::Selection;
use crate::checkpoint::{self, Checkpoint, ModelProvenance};
use crate::model::Model;
use crate::tokenizer::{TokenLimit, Tokenizer};

/// Everything that inputs pass through.
pub(super) struct LoadedModel {
    pub model: Model,
    pub tokenizer: Tokenizer,
    pub provenance: ModelProvenance,
    /// What the user was told about it.
    pub warnings: Vec<String>,
}

/// The files of the model; the user is told where they are not the asked ones.
pub(super) fn checkpoint(settings: &ModelSettings, messages: &Messages) -> Result<Checkpoint> {
    let mut observer = messages.download_observer();
    let loaded = match &settings.source {
        None => checkpoint::load_default(&settings.revision, &settings.load, &mut observer),
        Some(source) => checkpoint::load(source, &settings.load, &mut observer),
    };
    let checkpoint = loaded.context("the model could not be loaded")?;
    if let Some(notice) = &checkpoint.notice {
        messages.warning(notice);
    }
    Ok(checkpoint)
}

pub(super) fn load(settings: &ModelSettings, messages: &Messages) -> Result<LoadedModel> {
    let checkpoint = checkpoint(settings, messages)?;
    let warnings: Vec<String> = checkpoint.notice.iter().map(ToString::to_string).collect();
    let tokenizer = Tokenizer::from_checkpoint(&checkpoint).with_context(|| of(&checkpoint))?;
    // The hash of a large file takes as long as reading it, so both go on
    // at the same time.
    let (model, provenance) = rayon::join(|| Model::load(&checkpoint), || checkpoint.provenance());
    let model = model.with_context(|| of(&checkpoint))?;
    let provenance = provenance.with_context(|| of(&checkpoint))?;
    tokenizer
        .check_vocabulary_size(model.config().vocabulary_size())
        .with_context(|| of(&checkpoint))?;
    for file in &provenance.files {
        messages.detail(format_args!("{} has SHA-256 {}", file.name, file.sha256));
    }
    Ok(LoadedModel {
        model,
        tokenizer,
        provenance,
        warnings,
    })
}

impl LoadedModel {
    /// The layers and heads that lists name.
    pub(super) fn selection(&self, layers: &IndexList, heads: &IndexList) -> Result<Selection> {
        let config = self.model.config();
        Ok(Selection {
            layers: layers.resolve("layer", config.layer_count())?,
            heads: heads.resolve("head", config.head_count())?,
        })
    }

    /// How long inputs may be.
    pub(super) fn limit(&self, truncate: Option<usize>) -> TokenLimit {
        TokenLimit {
            maximum: self.model.config().maximum_token_count(),
            truncate,
        }
    }
}

fn of(checkpoint: &Checkpoint) -> String {
    format!("the model {} cannot be used", checkpoint.id)
}
