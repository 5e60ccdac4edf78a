//! The model that a command runs, loaded and checked.

use anyhow::{Context, Result};

use super::index_list::IndexList;
use super::messages::Messages;
use super::settings::ModelSettings;
use crate::attention::Selection;
use crate::checkpoint::{self, Checkpoint, ModelProvenance, PendingProvenance};
use crate::model::Model;
use crate::tokenizer::{TokenLimit, Tokenizer};

/// Everything that inputs pass through.
pub(super) struct LoadedModel {
    pub model: Model,
    pub tokenizer: Tokenizer,
    /// Its files are read for their digests meanwhile.
    pub provenance: PendingProvenance,
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

/// How often a model runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Once,
    Often,
}

pub(super) fn load(
    settings: &ModelSettings,
    use_of_it: Use,
    messages: &Messages,
) -> Result<LoadedModel> {
    let checkpoint = checkpoint(settings, messages)?;
    let warnings: Vec<String> = checkpoint.notice.iter().map(ToString::to_string).collect();
    let provenance = checkpoint.provenance();
    // The weights are read on all threads but the one that the vocabulary takes.
    let (model, tokenizer) = rayon::join(
        || match use_of_it {
            Use::Once => Model::open(&checkpoint),
            Use::Often => Model::load(&checkpoint),
        },
        || Tokenizer::from_checkpoint(&checkpoint),
    );
    let tokenizer = tokenizer.with_context(|| of(&checkpoint.id))?;
    let model = model.with_context(|| of(&checkpoint.id))?;
    tokenizer
        .check_vocabulary_size(model.config().vocabulary_size())
        .with_context(|| of(&checkpoint.id))?;
    Ok(LoadedModel {
        model,
        tokenizer,
        provenance,
        warnings,
    })
}

/// Waits until the files of a model are read, and says what they hold.
pub(super) fn wait(provenance: &PendingProvenance, messages: &Messages) -> Result<ModelProvenance> {
    let provenance = provenance.wait().with_context(|| of(&provenance.id))?;
    for file in &provenance.files {
        messages.detail(format_args!("{} has SHA-256 {}", file.name, file.sha256));
    }
    Ok(provenance)
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

/// What an error of the model called `id` is an error of.
pub(super) fn of(id: &str) -> String {
    format!("the model {id} cannot be used")
}
