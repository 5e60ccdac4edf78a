//! Arguments and environment into settings: defaults and checks across
//! options. After this, no command asks what was typed.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::args::{EncodeArguments, Truncate};
use super::hint::UsageError;
use super::index_list::IndexList;
use crate::checkpoint::hub::HubEnvironment;
use crate::checkpoint::{CheckpointSource, LoadOptions};
use crate::figure::FigureOptions;
use crate::model::ModelConfig;
use crate::output::{Format, OutputOptions, View};

/// What `encode` does.
#[derive(Debug)]
pub struct EncodeSettings {
    pub text: String,
    pub pair: Option<String>,
    /// `None`: the default model, or the built-in one in its place.
    pub source: Option<CheckpointSource>,
    pub revision: String,
    pub load: LoadOptions,
    pub layers: IndexList,
    pub heads: IndexList,
    pub truncate: Option<usize>,
    pub output: PathBuf,
    pub options: OutputOptions,
    pub json: bool,
}

/// The settings of `encode`; sets the number of threads of the process.
pub(super) fn encode(arguments: &EncodeArguments) -> Result<EncodeSettings> {
    set_threads(arguments.threads)?;
    let source = arguments
        .model
        .model
        .as_ref()
        .map(|model| model.source(&arguments.model.revision));
    let is_hub = matches!(source, None | Some(CheckpointSource::Hub { .. }));
    if !is_hub && arguments.model.revision != "main" {
        return Err(UsageError::error(
            "--revision is for models on the hub, and --model names a local one",
            "leave --revision out",
        ));
    }
    let output = &arguments.output;
    Ok(EncodeSettings {
        text: arguments.text.clone(),
        pair: arguments.pair.clone(),
        load: match is_hub {
            true => hub(arguments.model.offline)?,
            // Nothing of the hub's environment matters for a local model.
            false => LoadOptions {
                hub: None,
                check_config,
            },
        },
        source,
        revision: arguments.model.revision.clone(),
        layers: output.layers.clone(),
        heads: output.heads.clone(),
        truncate: match arguments.truncate {
            Truncate::Never => None,
            Truncate::To(count) => Some(count),
        },
        output: output.output.clone(),
        options: OutputOptions {
            views: output
                .views
                .iter()
                .copied()
                .collect::<std::collections::BTreeSet<View>>(),
            formats: output
                .formats
                .iter()
                .copied()
                .collect::<std::collections::BTreeSet<Format>>(),
            figure: FigureOptions {
                scale: output.scale,
                colormap: output.colormap,
            },
        },
        json: arguments.json,
    })
}

/// How models are loaded: the environment, and `--offline` on top of it.
pub(super) fn hub(offline: bool) -> Result<LoadOptions> {
    let mut environment = HubEnvironment::from_process()?;
    environment.offline |= offline;
    Ok(LoadOptions {
        hub: Some(environment),
        check_config,
    })
}

fn check_config(config: &[u8]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    ModelConfig::from_json(config)?;
    Ok(())
}

fn set_threads(threads: Option<usize>) -> Result<()> {
    // rayon itself takes the cores, or RAYON_NUM_THREADS.
    let Some(threads) = threads else {
        return Ok(());
    };
    if !(1..=1_024).contains(&threads) {
        return Err(UsageError::error(
            format!("expected --threads between 1 and 1024, found {threads}"),
            "--threads 2",
        ));
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .context("the threads could not be started")
}
