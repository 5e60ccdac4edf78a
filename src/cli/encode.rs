//! `attnviz encode`: one input, all its maps.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;

use super::idle_options::hides_nothing;
use super::messages::{Messages, missing_glyphs, seconds, unknown_tokens};
use super::model;
use super::open;
use super::phrases::show_the_rest;
use super::settings::EncodeSettings;
use super::standard_output::{StandardOutputError, write_json};
use super::terminal_output;
use super::terminal_view::TerminalSettings;
use crate::attention::Selection;
use crate::checkpoint::ModelProvenance;
use crate::input::{Input, Prepared, Stream};
use crate::model::ModelError;
use crate::pipeline::{self, FoundLink, LoadedModel, OutputError, Use, WrittenRun};
use crate::render::terminal::{Printable, written_value};
use crate::run::Run;
use crate::store::folder::FolderError;
use crate::store::write::check_root;
use crate::store::{AttentionRecord, MANIFEST, OutputOptions, PAGE, StreamRecord};

/// How many tokens the result on standard output lists; the manifest has all.
const MAXIMUM_LISTED_TOKENS: usize = 40;

/// How long each stage took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Durations {
    pub(super) load: Duration,
    /// `None` where nothing was encoded.
    pub(super) encode: Option<Duration>,
    pub(super) write: Duration,
}

pub(super) fn run(settings: &EncodeSettings, messages: &Messages) -> Result<()> {
    // Before the model is loaded, which may take a download.
    let unwritten = || not_written(&settings.output);
    check_root(&settings.output).with_context(unwritten)?;
    let mut durations = Durations::default();

    let start = Instant::now();
    let (loaded, mut warnings) = model::load(&settings.model, Use::Once, messages)?;
    messages.warnings(&settings.warnings);
    warnings.extend(settings.warnings.iter().cloned());
    durations.load = start.elapsed();

    let start = Instant::now();
    let selection = model::selection(&loaded, &settings.layers, &settings.heads)?;
    let limit = loaded.limit(settings.truncate);
    let prepared = pipeline::prepare(&loaded.tokenizer, &settings.input, limit)?;
    for warning in cut_off(&prepared.streams) {
        messages.warning(&warning);
        warnings.push(warning);
    }
    pipeline::check_memory(
        &loaded,
        &prepared,
        &selection,
        settings.neurons,
        &settings.options,
    )?;
    let run = run_of(&loaded, &prepared, &selection, settings.neurons)?;
    if let Some(warning) = unknown_tokens(prepared.unknown_count(), prepared.source().len()) {
        messages.warning(&warning);
        warnings.push(warning);
    }
    if let Some(warning) = pipeline::doubt(&run) {
        messages.warning(warning);
        warnings.push(warning.to_owned());
    }
    durations.encode = Some(start.elapsed());
    drop_meanwhile((loaded.model, loaded.tokenizer));

    let delivery = Delivery {
        options: &settings.options,
        folder: &settings.output,
        source: None,
        json: settings.json,
        terminal_view: settings.terminal_view,
        opens: settings.opens,
    };
    write(&run, &delivery, durations, warnings, messages)?;
    model::wait(&run.model, messages)?;
    Ok(())
}

/// Gives weights and vocabulary back while pictures are drawn: for hundreds of
/// megabytes and thousands of words that takes as long as encoding.
fn drop_meanwhile(unneeded: impl Send + 'static) {
    // Without a thread, the closure is dropped here and all with it.
    let _ = std::thread::Builder::new().spawn(move || drop(unneeded));
}

/// What `--truncate` left out, a sentence for each stream that it shortened.
pub(super) fn cut_off(streams: &[Stream]) -> Vec<String> {
    let shortened = streams.iter().filter(|stream| stream.dropped > 0);
    shortened
        .map(|stream| {
            let all = stream.units.len() + stream.dropped;
            format!(
                "{} of {all} tokens are cut off by --truncate",
                stream.dropped
            )
        })
        .collect()
}

/// What is made of a run, and where it goes.
pub(super) struct Delivery<'settings> {
    pub(super) options: &'settings OutputOptions,
    pub(super) folder: &'settings Path,
    /// The file that the run was read from.
    pub(super) source: Option<&'settings Path>,
    pub(super) json: bool,
    /// What is drawn in the terminal, too.
    pub(super) terminal_view: Option<TerminalSettings>,
    /// Whether the file to look at first is opened.
    pub(super) opens: bool,
}

/// Draws a run, writes its files and prints the result: what `encode` and
/// `render` have in common.
pub(super) fn write(
    run: &Run,
    delivery: &Delivery<'_>,
    mut durations: Durations,
    mut warnings: Vec<String>,
    messages: &Messages,
) -> Result<()> {
    let start = Instant::now();
    let picture_count = pipeline::picture_count(run, delivery.options);
    let bar = messages.progress(
        picture_count as u64,
        "drawing {bar:24} {pos}/{len} pictures {eta} left",
    );
    let (options, folder) = (delivery.options, delivery.folder);
    let drawn = || bar.inc(1);
    let written = match delivery.source {
        None => pipeline::write_run(run, options, folder, &drawn),
        Some(source) => pipeline::redraw_run(run, options, folder, source, &drawn),
    };
    bar.finish_and_clear();
    let written = match written {
        // What does not fit the input says so itself.
        Err(error) if error.is_of_the_input() => return Err(error.into()),
        Err(OutputError::Digest(error) | OutputError::Folder(FolderError::Digest(error))) => {
            return Err(error).with_context(|| model::of(&run.model.id));
        }
        written => written.with_context(|| not_written(delivery.folder))?,
    };
    durations.write = start.elapsed();

    if let Some(warning) = hides_nothing(run, delivery.options.reshape.special_tokens) {
        messages.warning(&warning);
        warnings.push(warning);
    }
    if !written.missing_glyphs.is_empty() {
        let warning = missing_glyphs(&written.missing_glyphs);
        messages.warning(&warning);
        warnings.push(warning);
    }
    match delivery.json {
        true => print_json(&written, picture_count, durations, &warnings)?,
        false if messages.shows_results() => print_text(run, &written, picture_count, durations)?,
        false => {}
    }
    if let Some(view) = delivery.terminal_view {
        terminal_output::run(run, options, view)?;
    }
    let draws = picture_count > 0 || delivery.terminal_view.is_some();
    if let Some(drowning) = written.drowning.filter(|_| draws) {
        messages.suggestion(show_the_rest(drowning));
    }
    if delivery.opens {
        open::open(&first_to_open(&written), messages);
    }
    Ok(())
}

fn not_written(folder: &Path) -> String {
    format!("the result could not be written to {}", folder.display())
}

fn run_of(
    loaded: &LoadedModel,
    prepared: &Prepared,
    selection: &Selection,
    neurons: bool,
) -> Result<Run> {
    let runs = match neurons {
        true => pipeline::runs_with_neurons(loaded, &[prepared], selection),
        false => pipeline::runs(loaded, &[prepared], selection),
    };
    let mut runs = match runs {
        // Its weights are read only now.
        Err(error @ ModelError::Weights(_)) => Err(error).context(model::of(&loaded.provenance.id)),
        runs => Ok(runs?),
    }?;
    runs.pop().context("the model returned nothing")
}

fn print_text(
    run: &Run,
    written: &WrittenRun,
    picture_count: usize,
    durations: Durations,
) -> Result<(), StandardOutputError> {
    let source = run.model.source.in_words();
    let commit = match &run.model.commit {
        Some(commit) => format!(", commit {}", commit.get(..12).unwrap_or(commit)),
        None => String::new(),
    };
    let kept_count = written.kept.len();
    let has_page = paths_of_files(written)
        .iter()
        .any(|path| Path::new(path).ends_with(PAGE));
    let written_count = written.manifest.files.len() - kept_count;
    let other_count = written_count - picture_count - usize::from(has_page);
    let contents = contents(picture_count, has_page, other_count, kept_count);
    let folder = written.folder.display().to_string();
    let encode = durations
        .encode
        .map(|duration| format!(", encode {}", seconds(duration)));
    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "model   {} ({source}{commit})",
        Printable(&run.model.name())
    )?;
    for stream in &run.streams {
        let name = match run.streams.len() {
            1 => "tokens",
            _ => stream.role.name(),
        };
        writeln!(out, "{name:<7} {}", Printable(&tokens(stream)))?;
    }
    for link in &written.links {
        writeln!(out, "link    {}", Printable(&in_words(link)))?;
    }
    writeln!(out, "wrote   {} ({contents})", Printable(&folder))?;
    let open = first_to_open(written).display().to_string();
    writeln!(out, "open    {}", Printable(&open))?;
    writeln!(
        out,
        "time    load {}{}, draw {}",
        seconds(durations.load),
        encode.unwrap_or_default(),
        seconds(durations.write)
    )?;
    Ok(())
}

/// A link and the heads that have it most.
fn in_words(link: &FoundLink) -> String {
    let heads = link.heads.iter();
    let heads: Vec<String> = heads
        .map(|(id, value)| format!("{id} ({})", written_value(*value)))
        .collect();
    let heads = match heads.is_empty() {
        true => "in no head".to_owned(),
        false => heads.join(", "),
    };
    format!("{} → {}: {heads}", link.query, link.key)
}

/// How many tokens a stream has, and the first of them.
fn tokens(stream: &Stream) -> String {
    let texts = stream.units.iter().map(|unit| unit.label.as_str());
    let mut listed: Vec<&str> = texts.take(MAXIMUM_LISTED_TOKENS).collect();
    if stream.units.len() > MAXIMUM_LISTED_TOKENS {
        listed.push("…");
    }
    let dropped = match stream.dropped {
        0 => String::new(),
        count => format!(", {count} more cut off"),
    };
    format!("{}{dropped}: {}", stream.units.len(), listed.join(" "))
}

/// What a run's folder holds, in words.
fn contents(picture_count: usize, has_page: bool, other_count: usize, kept_count: usize) -> String {
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let pictures = counted(picture_count, "picture", "pictures");
    let others = counted(other_count, "file of numbers", "files of numbers");
    let page = has_page.then(|| PAGE.to_owned());
    let parts = [page, pictures, others, Some(MANIFEST.to_owned())];
    let written = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    match kept_count {
        0 => written,
        1 => format!("{written}; 1 earlier file kept"),
        count => format!("{written}; {count} earlier files kept"),
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    model: &'a ModelProvenance,
    input: &'a Input,
    streams: &'a [StreamRecord],
    attention: &'a [AttentionRecord],
    folder: String,
    /// The one to look at first.
    open: String,
    /// What this command wrote, the folder included.
    files: Vec<String>,
    /// Files of earlier commands in the same folder.
    kept: Vec<String>,
    pictures: usize,
    /// The strongest heads of the links that views are of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<LinkReport<'a>>,
    seconds: Seconds,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct LinkReport<'a> {
    view: &'a str,
    query: &'a str,
    key: &'a str,
    heads: Vec<HeadReport>,
}

#[derive(Serialize)]
struct HeadReport {
    layer: usize,
    head: usize,
    attention: f32,
}

impl<'a> From<&'a FoundLink> for LinkReport<'a> {
    fn from(link: &'a FoundLink) -> Self {
        let heads = link.heads.iter().map(|&(id, attention)| HeadReport {
            layer: id.layer,
            head: id.head,
            attention,
        });
        Self {
            view: &link.view,
            query: &link.query,
            key: &link.key,
            heads: heads.collect(),
        }
    }
}

#[derive(Serialize)]
struct Seconds {
    load: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    encode: Option<f64>,
    draw: f64,
}

/// The one file to look at first: the page, else the overview, else all heads as one map, else
/// a picture, else numbers. The order of the files does not count: it tells what
/// was in the folder before.
pub(super) fn first_to_open(written: &WrittenRun) -> PathBuf {
    let names = || {
        let names = written.manifest.files.iter().map(|file| file.name.as_str());
        names.filter(|name| !written.kept.contains(*name))
    };
    let is_picture = |name: &&str| name.ends_with(".png") || name.ends_with(".svg");
    let is_of_all = |name: &str| name.starts_with("mean/all.") || name.starts_with("max/all.");
    let first = names()
        .find(|name| *name == PAGE)
        .or_else(|| names().find(|name| name.starts_with("overview.") && is_picture(name)))
        .or_else(|| names().find(|name| is_of_all(name) && is_picture(name)))
        .or_else(|| names().find(is_picture))
        .or_else(|| names().next());
    written.folder.join(first.unwrap_or(MANIFEST))
}

/// What this command wrote, the manifest included, as paths that can be opened
/// from where it ran.
pub(super) fn paths_of_files(written: &WrittenRun) -> Vec<String> {
    let files = written.manifest.files.iter().map(|file| file.name.as_str());
    let files = files.filter(|file| !written.kept.contains(*file));
    let path = |name: &str| written.folder.join(name).display().to_string();
    files.chain([MANIFEST]).map(path).collect()
}

fn print_json(
    written: &WrittenRun,
    picture_count: usize,
    durations: Durations,
    warnings: &[String],
) -> Result<()> {
    let path = |name: &String| written.folder.join(name).display().to_string();
    let report = Report {
        model: &written.manifest.model,
        input: &written.manifest.input,
        streams: &written.manifest.streams,
        attention: &written.manifest.attention,
        folder: written.folder.display().to_string(),
        open: first_to_open(written).display().to_string(),
        files: paths_of_files(written),
        kept: written.kept.iter().map(path).collect(),
        pictures: picture_count,
        links: written.links.iter().map(LinkReport::from).collect(),
        seconds: Seconds {
            load: durations.load.as_secs_f64(),
            encode: durations.encode.as_ref().map(Duration::as_secs_f64),
            draw: durations.write.as_secs_f64(),
        },
        warnings,
    };
    write_json(&report)
}
