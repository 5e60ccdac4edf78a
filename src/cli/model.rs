//! The model that a command runs, loaded and checked.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::messages::Messages;
use super::nearest;
use super::settings::ModelSettings;
use crate::attention::IndexList;
use crate::attention::Selection;
use crate::checkpoint::{
    self, Checkpoint, CheckpointError, DigestFolder, ModelProvenance, PendingProvenance,
};
use crate::pipeline::{self, LoadedModel, Use};

/// The files of the model; the user is told where they are not the asked ones.
pub(super) fn checkpoint(settings: &ModelSettings, messages: &Messages) -> Result<Checkpoint> {
    if let Some(hub) = &settings.load.hub {
        let cache = hub.cache.display();
        messages.more_detail(format_args!(
            "the hub is {}, its cache {cache}",
            hub.endpoint
        ));
    }
    let mut observer = messages.download_observer();
    let loaded = match &settings.source {
        None => checkpoint::load_default(&settings.revision, &settings.load, &mut observer),
        Some(source) => checkpoint::load(source, &settings.load, &mut observer),
    };
    let mut checkpoint = loaded.map_err(|error| {
        let is_of_tokenizer = matches!(error, CheckpointError::OtherTokenizer(_));
        let (what, typed, option) = match is_of_tokenizer {
            true => ("tokenizer", &settings.tokenizer, "--tokenizer"),
            false => ("model", &settings.name, "--model"),
        };
        match typed {
            Some(typed) => nearest::explained(typed, option, error),
            None => error.into(),
        }
        .context(format!("the {what} could not be loaded"))
    })?;
    checkpoint
        .weights_prefix
        .clone_from(&settings.weights_prefix);
    checkpoint.digest_folder = digest_folder();
    if let Some(notice) = &checkpoint.notice {
        messages.warning(notice);
    }
    Ok(checkpoint)
}

/// Where digests of weight files are remembered, by the XDG base directory
/// specification: paths that are not absolute count as not given.
fn digest_folder() -> Option<DigestFolder> {
    let named = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let caches = named
        .filter(|path| path.is_absolute())
        .or_else(|| Some(env::home_dir()?.join(".cache")))
        .filter(|path| path.is_absolute())?;
    Some(DigestFolder(caches.join("attnviz").join("digests")))
}

/// The model that the settings name, and what the user was told about it.
pub(super) fn load(
    settings: &ModelSettings,
    use_of_it: Use,
    messages: &Messages,
) -> Result<(LoadedModel, Vec<String>)> {
    let checkpoint = checkpoint(settings, messages)?;
    let mut warnings: Vec<String> = checkpoint.notice.iter().cloned().collect();
    let loaded = pipeline::load(&checkpoint, use_of_it, settings.backend);
    let loaded = loaded.with_context(|| of(&checkpoint.id))?;
    let of_tokenizer = loaded.tokenizer.warning().map(str::to_owned);
    for warning in of_tokenizer.iter().chain(loaded.model.warnings()) {
        messages.warning(warning);
        warnings.push(warning.clone());
    }
    Ok((loaded, warnings))
}

/// Waits until the files of a model are read, and says what they hold.
pub(super) fn wait(provenance: &PendingProvenance, messages: &Messages) -> Result<ModelProvenance> {
    let provenance = provenance.wait().with_context(|| of(&provenance.id))?;
    for file in &provenance.files {
        messages.detail(format_args!("{} has SHA-256 {}", file.name, file.sha256));
    }
    Ok(provenance)
}

/// The layers and heads of a model that lists name.
pub(super) fn selection(
    loaded: &LoadedModel,
    layers: &IndexList,
    heads: &IndexList,
) -> Result<Selection> {
    let config = loaded.model.architecture();
    let layers = layers.resolve("layer", config.layer_count())?;
    let heads = heads.resolve("head", config.head_count())?;
    Ok(Selection::of(&layers, &heads))
}

/// What an error of the model called `id` is an error of.
pub(super) fn of(id: &str) -> String {
    format!("the model {id} cannot be used")
}
