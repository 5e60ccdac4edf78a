//! Arguments and environment into settings: defaults and checks across
//! options. After this, no command asks what was typed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::args::{BenchArguments, EncodeArguments, RenderArguments, TokensArguments};
use super::batch_arguments::{BatchArguments, CourseArguments, ScoresArguments};
use super::idle_options::{idle_neurons, idle_options, idle_sort};
use super::input_sources::{idle_quotes, sources};
use super::model_arguments::{ComputationArguments, ModelArguments};
use super::model_name::{ModelName, revision_or_default};
use super::output_arguments::OutputArguments;
use super::terminal_view::TerminalSettings;
use super::text_argument::{names_a_file, text_of};
pub(super) use super::threads::set_threads;
use super::usage::UsageError;
use crate::analysis::{ReshapeOptions, RolloutOptions};
use crate::attention::IndexList;
use crate::batch::{InputSource, Relations, ReportFile, Reports};
use crate::checkpoint::hub::HubEnvironment;
use crate::checkpoint::{CheckpointSource, LoadOptions, Parts};
use crate::figure::{FigureOptions, Palette, View};
use crate::input::Input;
use crate::model::{Architecture, Backend};
use crate::remedy::{Remedy, Setting};
use crate::store::batch_records::{BatchKind, Shard};
use crate::store::saved::ForeignNames;
use crate::store::{Format, OutputOptions};

/// Names the file of the run's page in GitHub Actions.
pub(super) const SUMMARY_VARIABLE: &str = "GITHUB_STEP_SUMMARY";

/// Which model a command uses.
#[derive(Debug)]
pub struct ModelSettings {
    /// What was typed.
    pub name: Option<String>,
    /// What was typed for the tokenizer.
    pub tokenizer: Option<String>,
    /// `None`: the default model, or the built-in one in its place.
    pub source: Option<CheckpointSource>,
    /// Which of several encoders.
    pub weights_prefix: Option<String>,
    pub revision: String,
    pub load: LoadOptions,
    /// What computes it.
    pub backend: Backend,
}

/// What `encode` does.
#[derive(Debug)]
pub struct EncodeSettings {
    pub input: Input,
    pub model: ModelSettings,
    pub layers: IndexList,
    pub heads: IndexList,
    pub truncate: Option<usize>,
    /// Whether queries, keys and lengths of values are saved.
    pub neurons: bool,
    pub output: PathBuf,
    pub options: OutputOptions,
    pub terminal_view: Option<TerminalSettings>,
    /// Whether the file to look at first is opened.
    pub opens: bool,
    /// Options that do nothing, and texts that are names of files.
    pub warnings: Vec<String>,
    pub json: bool,
}

/// What `batch` or `scores` does.
#[derive(Debug)]
pub struct BatchSettings {
    pub sources: Vec<InputSource>,
    pub kind: BatchKind,
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
    /// Whether the page has those of all inputs in it.
    pub single_file: bool,
    /// Whether the page is opened.
    pub opens: bool,
    /// Options that do nothing.
    pub warnings: Vec<String>,
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
    set_threads(arguments.cores.threads)?;
    Ok(BenchSettings {
        model: computed_model(&arguments.model, &arguments.computation)?,
        json: arguments.result.json,
    })
}

/// What `tokens` does.
#[derive(Debug)]
pub struct TokensSettings {
    pub input: Input,
    pub model: ModelSettings,
    pub truncate: Option<usize>,
    /// Texts that are names of files.
    pub warnings: Vec<String>,
    pub json: bool,
}

/// The settings of `tokens`; reads standard input where that is the text.
pub(super) fn tokens(arguments: &TokensArguments) -> Result<TokensSettings> {
    let mut model = model(&arguments.model)?;
    model.load.parts = Parts::WithoutWeights;
    Ok(TokensSettings {
        input: input(&arguments.text, arguments.pair.as_deref())?,
        model,
        truncate: arguments.truncate.limit(),
        warnings: named_files(&arguments.text, arguments.pair.as_deref()),
        json: arguments.result.json,
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
    pub terminal_view: Option<TerminalSettings>,
    /// Whether the page of several runs has those of all in it.
    pub single_file: bool,
    /// Whether the file to look at first is opened.
    pub opens: bool,
    /// Options that do nothing.
    pub warnings: Vec<String>,
    pub json: bool,
}

/// The settings of `encode`; sets the number of threads of the process.
pub(super) fn encode(arguments: &EncodeArguments) -> Result<EncodeSettings> {
    set_threads(arguments.cores.threads)?;
    let output = &arguments.output;
    check_minimum(output)?;
    Ok(EncodeSettings {
        input: input(&arguments.text, arguments.pair.as_deref())?,
        model: computed_model(&arguments.model, &arguments.computation)?,
        layers: output.heads.layers.clone(),
        heads: output.heads.heads.clone(),
        truncate: arguments.truncate.limit(),
        neurons: arguments.neurons,
        output: output.output.clone(),
        options: options(output, &[View::Heads, View::Overview])?,
        terminal_view: arguments.terminal.settings(),
        opens: arguments.opening.open,
        warnings: [
            named_files(&arguments.text, arguments.pair.as_deref()),
            idle_neurons(arguments).into_iter().collect(),
            idle_options(
                output,
                &views(output, &[View::Heads, View::Overview]),
                arguments.terminal.show.is_some(),
            ),
            idle_sort(
                &arguments.terminal,
                &views(output, &[View::Heads, View::Overview]),
            ),
        ]
        .concat(),
        json: arguments.result.json,
    })
}

/// Warnings of texts that are names of files.
pub(super) fn named_files(text: &str, pair: Option<&str>) -> Vec<String> {
    let texts = [Some(text), pair].into_iter().flatten();
    texts.filter_map(names_a_file).collect()
}

/// The text and its pair; one of the two may be standard input.
pub(super) fn input(text: &str, pair: Option<&str>) -> Result<Input> {
    if text == "-" && pair == Some("-") {
        return Err(UsageError::error(
            "standard input is one text, and two are to be read from it",
            Remedy::LeaveOut(Setting::Pair),
        ));
    }
    let pair = pair.map(text_of).transpose()?;
    Ok(Input::pair(&text_of(text)?, pair))
}

/// The settings of `batch`; sets the number of threads of the process.
pub(super) fn batch(arguments: &BatchArguments) -> Result<BatchSettings> {
    set_threads(arguments.cores.threads)?;
    let output = &arguments.output;
    check_minimum(output)?;
    check_single_file(arguments.single_file, output)?;
    let sources = sources(
        &arguments.inputs.files,
        &arguments.inputs.reading,
        None,
        Relations::Ignored,
    )?;
    let mut warnings = idle_options(output, &views(output, &[View::Overview]), false);
    warnings.extend(idle_quotes(&arguments.inputs.reading, &sources));
    let course = &arguments.course;
    Ok(BatchSettings {
        sources,
        kind: BatchKind::Pictures,
        model: computed_model(&arguments.model, &arguments.computation)?,
        layers: output.heads.layers.clone(),
        heads: output.heads.heads.clone(),
        truncate: course.truncate.limit(),
        output: output.output.clone(),
        options: options(output, &[View::Overview])?,
        batch_tokens: arguments.course.batch_tokens.get(),
        maximum_failures: maximum_failures(course),
        resume: course.resume,
        shard: course.shard,
        reports: Reports {
            summary: summary_file(arguments.summary.as_deref()),
            junit: arguments.junit.as_ref().map(|path| ReportFile {
                path: path.clone(),
                option: "--junit",
            }),
        },
        single_file: arguments.single_file,
        opens: arguments.opening.open,
        warnings,
        json: arguments.result.json,
    })
}

/// The settings of `scores`; sets the number of threads of the process.
pub(super) fn scores(arguments: &ScoresArguments) -> Result<BatchSettings> {
    set_threads(arguments.cores.threads)?;
    let sources = sources(
        &arguments.inputs.files,
        &arguments.inputs.reading,
        None,
        Relations::Read,
    )?;
    let course = &arguments.course;
    Ok(BatchSettings {
        warnings: idle_quotes(&arguments.inputs.reading, &sources)
            .into_iter()
            .collect(),
        sources,
        kind: BatchKind::Scores,
        model: computed_model(&arguments.model, &arguments.computation)?,
        layers: arguments.heads.layers.clone(),
        heads: arguments.heads.heads.clone(),
        truncate: course.truncate.limit(),
        output: arguments.output.clone(),
        options: OutputOptions {
            views: BTreeSet::new(),
            formats: BTreeSet::new(),
            overwrite: arguments.overwrite,
            ..OutputOptions::default()
        },
        batch_tokens: arguments.course.batch_tokens.get(),
        maximum_failures: maximum_failures(course),
        resume: course.resume,
        shard: course.shard,
        reports: Reports::default(),
        single_file: false,
        opens: arguments.opening.open,
        json: arguments.result.json,
    })
}

/// After how many failures a batch ends.
fn maximum_failures(course: &CourseArguments) -> Option<u64> {
    match course.fail_fast {
        true => Some(1),
        false => course.max_failures,
    }
}

/// The settings of `render`; sets the number of threads of the process.
pub(super) fn render(arguments: &RenderArguments) -> Result<RenderSettings> {
    set_threads(arguments.cores.threads)?;
    let output = &arguments.output;
    check_single_file(arguments.single_file, output)?;
    Ok(RenderSettings {
        file: arguments.run.clone(),
        names: ForeignNames {
            labels: arguments.labels.clone(),
            key_labels: arguments.key_labels.clone(),
            title: arguments.title.clone(),
        },
        layers: output.heads.layers.clone(),
        heads: output.heads.heads.clone(),
        output: output.output.clone(),
        options: options(output, &[View::Heads, View::Overview])?,
        terminal_view: arguments.terminal.settings(),
        single_file: arguments.single_file,
        opens: arguments.opening.open,
        warnings: [
            idle_options(
                output,
                &views(output, &[View::Heads, View::Overview]),
                arguments.terminal.show.is_some(),
            ),
            idle_sort(
                &arguments.terminal,
                &views(output, &[View::Heads, View::Overview]),
            ),
        ]
        .concat(),
        json: arguments.result.json,
    })
}

fn model(arguments: &ModelArguments) -> Result<ModelSettings> {
    model_called(arguments, arguments.model.as_ref())
}

fn model_called(arguments: &ModelArguments, name: Option<&ModelName>) -> Result<ModelSettings> {
    let revision = arguments.revision.as_deref();
    let source = name.map(|name| name.source(revision)).transpose()?;
    // The revision is the model's alone.
    let tokenizer_name = arguments.tokenizer.as_ref();
    let tokenizer = tokenizer_name.map(|name| name.source(None)).transpose()?;
    let on_hub = |source: &CheckpointSource| matches!(source, CheckpointSource::Hub { .. });
    let is_hub = source.as_ref().is_none_or(on_hub) || tokenizer.as_ref().is_some_and(on_hub);
    Ok(ModelSettings {
        load: LoadOptions {
            tokenizer,
            ..match is_hub {
                true => hub(arguments.offline)?,
                // Nothing of the hub's environment matters for a local model.
                false => LoadOptions {
                    check_config,
                    ..LoadOptions::default()
                },
            }
        },
        name: name.map(|name| name.name().to_owned()),
        tokenizer: tokenizer_name.map(|name| name.name().to_owned()),
        source,
        weights_prefix: arguments.weights_prefix.clone(),
        revision: revision_or_default(revision),
        backend: Backend::default(),
    })
}

/// The same, computed as asked.
pub(super) fn computed_model(
    arguments: &ModelArguments,
    computation: &ComputationArguments,
) -> Result<ModelSettings> {
    computed_model_called(arguments, computation, arguments.model.as_ref())
}

/// The same, of the model that is called so, whatever was typed.
pub(super) fn computed_model_called(
    arguments: &ModelArguments,
    computation: &ComputationArguments,
    name: Option<&ModelName>,
) -> Result<ModelSettings> {
    Ok(ModelSettings {
        backend: computation.backend,
        ..model_called(arguments, name)?
    })
}

/// The file that a summary is added to: the one that was typed, or the one that
/// GitHub Actions shows on the run's page.
pub(super) fn summary_file(typed: Option<&Path>) -> Option<ReportFile> {
    let of_actions = || std::env::var_os(SUMMARY_VARIABLE).filter(|path| !path.is_empty());
    match typed {
        Some(path) => Some(ReportFile {
            path: path.to_owned(),
            option: "--summary",
        }),
        None => of_actions().map(|path| ReportFile {
            path: path.into(),
            option: SUMMARY_VARIABLE,
        }),
    }
}

/// What is drawn: what was asked for, or else the command's own views.
fn views(output: &OutputArguments, default_views: &[View]) -> Vec<View> {
    match &output.views {
        Some(lists) => lists.iter().flat_map(|list| &list.0).cloned().collect(),
        None => default_views.to_vec(),
    }
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
            ..Palette::default()
        },
        top_links: usize::from(output.top_k),
        links: output.links,
    };
    figure
        .check()
        .map_err(|error| UsageError::error(error.to_string(), Remedy::SetScale))?;
    Ok(OutputOptions {
        views: views(output, default_views).into_iter().collect(),
        formats: output.formats.iter().copied().collect(),
        reshape: ReshapeOptions {
            granularity: output.tokens,
            sink: output.sink,
            special_tokens: output.special_tokens,
            crop: output.crop,
        },
        rollout: RolloutOptions {
            fusion: output.fuse,
            residual: !output.no_residual,
            start_layer: output.start_layer,
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

/// One page is made of pages.
fn check_single_file(is_asked: bool, output: &OutputArguments) -> Result<()> {
    match is_asked && !output.formats.contains(&Format::Html) {
        true => Err(UsageError::error(
            "--single-file joins the pages of all inputs, and none is asked for",
            Remedy::SetValue(["--format", "html"].map(str::to_owned)),
        )),
        false => Ok(()),
    }
}

/// How models are loaded: the environment, and `--offline` on top of it.
pub(super) fn hub(offline: bool) -> Result<LoadOptions> {
    let mut environment = HubEnvironment::from_process()?;
    environment.offline |= offline;
    Ok(LoadOptions {
        hub: Some(environment),
        check_config,
        parts: Parts::Whole,
        tokenizer: None,
    })
}

fn check_config(config: &[u8]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Architecture::from_json(config)?;
    Ok(())
}
