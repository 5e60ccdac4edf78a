//! Arguments and environment into settings: defaults and checks across
//! options. After this, no command asks what was typed.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::args::{
    BatchArguments, BenchArguments, EncodeArguments, ModelArguments, OutputArguments,
    RenderArguments,
};
use super::index_list::IndexList;
use super::model_name::revision_or_default;
use super::terminal_view::TerminalView;
use super::text_argument::text_of;
use super::usage::UsageError;
use crate::analysis::ReshapeOptions;
use crate::batch::{InputSource, Reports};
use crate::checkpoint::hub::HubEnvironment;
use crate::checkpoint::{CheckpointSource, LoadOptions};
use crate::figure::{FigureOptions, Palette, View};
use crate::input::Input;
use crate::model::ModelConfig;
use crate::remedy::{Remedy, Setting};
use crate::store::OutputOptions;
use crate::store::batch_records::Shard;
use crate::store::saved::ForeignNames;

/// Which model a command uses.
#[derive(Debug)]
pub struct ModelSettings {
    /// What was typed.
    pub name: Option<String>,
    /// `None`: the default model, or the built-in one in its place.
    pub source: Option<CheckpointSource>,
    pub revision: String,
    pub load: LoadOptions,
}

/// What `encode` does.
#[derive(Debug)]
pub struct EncodeSettings {
    pub input: Input,
    pub model: ModelSettings,
    pub layers: IndexList,
    pub heads: IndexList,
    pub truncate: Option<usize>,
    pub output: PathBuf,
    pub options: OutputOptions,
    pub terminal_view: Option<TerminalView>,
    pub json: bool,
}

/// What `batch` does.
#[derive(Debug)]
pub struct BatchSettings {
    pub sources: Vec<InputSource>,
    pub model: ModelSettings,
    pub layers: IndexList,
    pub heads: IndexList,
    pub truncate: Option<usize>,
    pub output: PathBuf,
    pub options: OutputOptions,
    pub batch_tokens: usize,
    pub maximum_failures: Option<u64>,
    pub resume: bool,
    pub shard: Option<Shard>,
    pub reports: Reports,
    pub json: bool,
}

/// What `bench` does.
#[derive(Debug)]
pub struct BenchSettings {
    pub model: ModelSettings,
    pub json: bool,
}

/// The settings of `bench`; sets the number of threads of the process.
pub(super) fn bench(arguments: &BenchArguments) -> Result<BenchSettings> {
    set_threads(arguments.threads)?;
    Ok(BenchSettings {
        model: model(&arguments.model)?,
        json: arguments.json,
    })
}

/// What `render` does.
#[derive(Debug)]
pub struct RenderSettings {
    pub file: PathBuf,
    pub names: ForeignNames,
    pub layers: IndexList,
    pub heads: IndexList,
    pub output: PathBuf,
    pub options: OutputOptions,
    pub terminal_view: Option<TerminalView>,
    pub json: bool,
}

/// The settings of `encode`; sets the number of threads of the process.
pub(super) fn encode(arguments: &EncodeArguments) -> Result<EncodeSettings> {
    set_threads(arguments.threads)?;
    let output = &arguments.output;
    check_minimum(output)?;
    Ok(EncodeSettings {
        input: input(arguments)?,
        model: model(&arguments.model)?,
        layers: output.layers.clone(),
        heads: output.heads.clone(),
        truncate: arguments.truncate.limit(),
        output: output.output.clone(),
        options: options(output, &[View::Heads, View::Overview])?,
        terminal_view: arguments.terminal.show,
        json: arguments.json,
    })
}

/// The text and its pair; one of the two may be standard input.
fn input(arguments: &EncodeArguments) -> Result<Input> {
    let pair = arguments.pair.as_deref();
    if arguments.text == "-" && pair == Some("-") {
        return Err(UsageError::error(
            "standard input is one text, and two are to be read from it",
            Remedy::LeaveOut(Setting::Pair),
        ));
    }
    let pair = pair.map(text_of).transpose()?;
    Ok(Input::pair(&text_of(&arguments.text)?, pair))
}

/// The settings of `batch`; sets the number of threads of the process.
pub(super) fn batch(arguments: &BatchArguments) -> Result<BatchSettings> {
    set_threads(arguments.threads)?;
    let output = &arguments.output;
    check_minimum(output)?;
    // GitHub Actions shows what is added to this file on the run's page.
    let summary = || std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty());
    Ok(BatchSettings {
        sources: InputSource::all(&arguments.files, arguments.input_format)
            .map_err(|error| UsageError::error(error.to_string(), Remedy::NameStandardInputOnce))?,
        model: model(&arguments.model)?,
        layers: output.layers.clone(),
        heads: output.heads.clone(),
        truncate: arguments.truncate.limit(),
        output: output.output.clone(),
        options: options(output, &[View::Overview])?,
        batch_tokens: arguments.batch_tokens.get(),
        maximum_failures: match arguments.fail_fast {
            true => Some(1),
            false => arguments.max_failures,
        },
        resume: arguments.resume,
        shard: arguments.shard,
        reports: Reports {
            summary: arguments
                .summary
                .clone()
                .or_else(|| summary().map(PathBuf::from)),
            junit: arguments.junit.clone(),
        },
        json: arguments.json,
    })
}

/// The settings of `render`; sets the number of threads of the process.
pub(super) fn render(arguments: &RenderArguments) -> Result<RenderSettings> {
    set_threads(arguments.threads)?;
    let output = &arguments.output;
    Ok(RenderSettings {
        file: arguments.run.clone(),
        names: ForeignNames {
            labels: arguments.labels.clone(),
            key_labels: arguments.key_labels.clone(),
            title: arguments.title.clone(),
        },
        layers: output.layers.clone(),
        heads: output.heads.clone(),
        output: output.output.clone(),
        options: options(output, &[View::Heads, View::Overview])?,
        terminal_view: arguments.terminal.show,
        json: arguments.json,
    })
}

fn model(arguments: &ModelArguments) -> Result<ModelSettings> {
    let revision = arguments.revision.as_deref();
    let name = arguments.model.as_ref();
    let source = name.map(|name| name.source(revision)).transpose()?;
    let is_hub = matches!(source, None | Some(CheckpointSource::Hub { .. }));
    Ok(ModelSettings {
        load: match is_hub {
            true => hub(arguments.offline)?,
            // Nothing of the hub's environment matters for a local model.
            false => LoadOptions {
                hub: None,
                check_config,
            },
        },
        name: name.map(|name| name.name().to_owned()),
        source,
        revision: revision_or_default(revision),
    })
}

fn options(output: &OutputArguments, default_views: &[View]) -> Result<OutputOptions> {
    let figure = FigureOptions {
        scale: output.scale,
        progression: output.color_scale,
        minimum: output.vmin,
        maximum: output.vmax,
        palette: Palette {
            colormap: output.colormap,
            inverted: output.invert,
            theme: output.theme,
        },
        top_links: usize::from(output.top_k),
    };
    figure
        .check()
        .map_err(|error| UsageError::error(error.to_string(), Remedy::SetScale))?;
    let views = output.views.as_deref().unwrap_or(default_views);
    Ok(OutputOptions {
        views: views.iter().cloned().collect(),
        formats: output.formats.iter().copied().collect(),
        reshape: ReshapeOptions {
            granularity: output.tokens,
            special_tokens: output.special_tokens,
            crop: output.crop,
        },
        figure,
        large: output.large,
        overwrite: output.overwrite,
    })
}

/// A model's attention is at most 1, so that a scale which begins there would
/// show nothing. What came from elsewhere may be more.
fn check_minimum(output: &OutputArguments) -> Result<()> {
    match (output.vmin, output.vmax) {
        (Some(minimum), None) if minimum >= 1.0 => Err(UsageError::error(
            format!("expected --vmin below 1, which attention is at most, found {minimum}"),
            Remedy::SetScaleMinimum,
        )),
        _ => Ok(()),
    }
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

/// The most threads that anybody asks for on purpose.
const MAXIMUM_THREADS: usize = 1_024;

fn set_threads(threads: Option<usize>) -> Result<()> {
    let Some(threads) = threads else {
        // rayon itself takes the cores, or RAYON_NUM_THREADS; what that says
        // in other words than numbers, it takes no notice of.
        return check_threads_variable();
    };
    if !(1..=MAXIMUM_THREADS).contains(&threads) {
        return Err(UsageError::error(
            format!("expected --threads between 1 and 1024, found {threads}"),
            Remedy::SetThreads,
        ));
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .context("the threads could not be started")
}

/// 0 stands for all cores, as no value does.
fn check_threads_variable() -> Result<()> {
    let Some(found) = std::env::var_os("RAYON_NUM_THREADS").filter(|value| !value.is_empty())
    else {
        return Ok(());
    };
    let number = found.to_str().and_then(|text| text.parse().ok());
    match number.is_some_and(|number: usize| number <= MAXIMUM_THREADS) {
        true => Ok(()),
        false => Err(UsageError::error(
            format!("expected RAYON_NUM_THREADS between 1 and {MAXIMUM_THREADS}, found {found:?}"),
            Remedy::SetThreadsVariable,
        )),
    }
}
