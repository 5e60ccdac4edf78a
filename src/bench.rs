//! How fast this machine loads, encodes and renders, beside what it could do.
//! Nothing here is a promise; `attnviz bench` prints it.

use std::time::{Duration, Instant};

use rayon::prelude::*;
use serde::Serialize;
use thiserror::Error;

use crate::analysis::{Direction, MapId, ReshapeError, ReshapeOptions, reshape};
use crate::attention::Selection;
use crate::checkpoint::Checkpoint;
use crate::figure::{self, Figure, FigureError, FigureOptions};
use crate::input::{Input, Prepared};
use crate::model::{Backend, HiddenStates, Model, ModelError, machine};
use crate::pipeline::{self, LoadedModel, PipelineError, Use};
use crate::remedy::Remedy;
use crate::render::{self, RenderError, TextShaper};
use crate::run::Run;
use crate::tokenizer::TokenLimit;

/// Inputs that are encoded together, and tokens of each.
const SIZES: [(usize, usize); 4] = [(1, 8), (1, 128), (8, 128), (1, 512)];
/// Tokens of the input whose pictures are drawn.
const PICTURE_TOKENS: usize = 30;
/// A measurement is repeated at least so often …
const LEAST_REPEATS: usize = 5;
/// … and for so long.
const LEAST_TIME: Duration = Duration::from_millis(600);
/// What the inputs say, over and over.
const TEXT: &str = "the quick brown fox jumps over the lazy dog while a small cat looks on and ";

/// Why nothing could be measured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BenchError {
    /// The model cannot be loaded or run.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model cannot be loaded, or the text not be tokenized.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// Nothing can be shown.
    #[error(transparent)]
    Reshape(#[from] ReshapeError),
    /// The model returned nothing.
    #[error("the model returned no attention")]
    NoAttention,
    /// There is no figure.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// A figure cannot be drawn.
    #[error(transparent)]
    Render(#[from] RenderError),
}

impl BenchError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Model(error) => error.remedy(),
            Self::Pipeline(error) => error.remedy(),
            Self::Reshape(error) => error.remedy(),
            Self::NoAttention => None,
            Self::Figure(error) => error.remedy(),
            Self::Render(error) => error.remedy(),
        }
    }
}

/// Repeated durations, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Timing {
    /// The middle one.
    pub median: f64,
    /// The shortest.
    pub least: f64,
    /// The longest.
    pub greatest: f64,
    /// How many there were.
    pub repeats: usize,
}

impl Timing {
    fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        let seconds = |index: usize| durations.get(index).map_or(0.0, Duration::as_secs_f64);
        Self {
            median: seconds(durations.len() / 2),
            least: seconds(0),
            greatest: seconds(durations.len().saturating_sub(1)),
            repeats: durations.len(),
        }
    }
}

/// What the machine can do at best, on the threads that are used.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MachineReport {
    /// Additions and multiplications, 10⁹ a second, of a large product.
    pub gigaflops: f64,
    /// Memory that is read, 10⁹ bytes a second.
    pub gigabytes: f64,
}

/// One size of the encoder's work.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EncodeReport {
    /// Inputs that go together.
    pub inputs: usize,
    /// Tokens of each.
    pub tokens: usize,
    /// Of a forward pass with all attention captured.
    pub timing: Timing,
    /// Additions and multiplications of its products, 10⁹ a second.
    pub gigaflops: f64,
    /// Weights that it reads, 10⁹ bytes a second.
    pub gigabytes: f64,
}

/// One kind of picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RenderReport {
    /// What is drawn.
    pub picture: &'static str,
    /// From a run to the bytes of a PNG, on one thread.
    pub timing: Timing,
    /// Of the PNG.
    pub bytes: usize,
}

/// Everything that was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchReport {
    /// The threads that were used.
    pub threads: usize,
    /// The best that the machine does.
    pub machine: MachineReport,
    /// From files in the page cache to a model.
    pub load: Timing,
    /// By size.
    pub encode: Vec<EncodeReport>,
    /// Of an input of 30 tokens.
    pub render: Vec<RenderReport>,
    /// Head maps a second, drawn on all threads.
    pub head_maps_per_second: f64,
}

/// Measures everything; takes some seconds. `stage` is told what begins.
///
/// # Errors
/// When the model cannot be loaded, run or drawn.
pub fn measure(
    checkpoint: &Checkpoint,
    backend: Backend,
    stage: &mut dyn FnMut(&str),
) -> Result<BenchReport, BenchError> {
    stage("what the machine can do");
    let machine = measure_machine()?;
    stage("loading");
    let load = repeat(|| Model::load(checkpoint, backend).map(|_| ()))?;
    let loaded = pipeline::load(checkpoint, Use::Often, backend)?;
    let mut encode = Vec::new();
    for (inputs, tokens) in SIZES {
        if tokens <= loaded.model.architecture().maximum_token_count {
            stage(&format!("encoding {inputs} × {tokens} tokens"));
            encode.push(measure_encoder(&loaded, inputs, tokens)?);
        }
    }
    stage("rendering");
    let run = picture_run(&loaded)?;
    let (render, head_maps_per_second) = measure_renderer(&run)?;
    Ok(BenchReport {
        threads: rayon::current_num_threads(),
        machine,
        load,
        encode,
        render,
        head_maps_per_second,
    })
}

/// The timing of something, after one run that does not count.
fn repeat<E>(mut work: impl FnMut() -> Result<(), E>) -> Result<Timing, E> {
    work()?;
    let mut durations = Vec::new();
    let start = Instant::now();
    while durations.len() < LEAST_REPEATS || start.elapsed() < LEAST_TIME {
        let start = Instant::now();
        work()?;
        durations.push(start.elapsed());
    }
    Ok(Timing::of(durations))
}

fn measure_machine() -> Result<MachineReport, ModelError> {
    let rate = |(duration, count): (Duration, u64)| count as f64 / duration.as_secs_f64() / 1e9;
    let mut gigaflops = 0.0_f64;
    for _ in 0..2 * LEAST_REPEATS {
        gigaflops = gigaflops.max(rate(machine::multiplication()?));
    }
    let memory = machine::readable();
    let reads = (0..2 * LEAST_REPEATS).map(|_| rate(machine::read(&memory)));
    Ok(MachineReport {
        gigaflops,
        gigabytes: reads.fold(0.0, f64::max),
    })
}

/// An input of exactly so many tokens.
fn input(loaded: &LoadedModel, tokens: usize) -> Result<Prepared, PipelineError> {
    let limit = TokenLimit {
        truncate: Some(tokens),
        ..loaded.limit(None)
    };
    let input = Input::text(TEXT.repeat(tokens));
    pipeline::prepare(&loaded.tokenizer, &input, limit)
}

fn measure_encoder(
    loaded: &LoadedModel,
    inputs: usize,
    tokens: usize,
) -> Result<EncodeReport, BenchError> {
    let architecture = loaded.model.architecture();
    let input = input(loaded, tokens)?;
    let together = vec![&input; inputs];
    let timing = repeat(|| {
        let outputs = loaded.model.forward(&together, HiddenStates::Drop)?;
        std::hint::black_box(outputs);
        Ok::<(), ModelError>(())
    })?;
    let lengths = vec![tokens; inputs];
    let rate = |count: u64| count as f64 / timing.median.max(1e-9) / 1e9;
    Ok(EncodeReport {
        inputs,
        tokens,
        timing,
        gigaflops: rate(architecture.operation_count(&lengths)),
        gigabytes: rate(architecture.weight_byte_count()),
    })
}

fn picture_run(loaded: &LoadedModel) -> Result<Run, BenchError> {
    let architecture = loaded.model.architecture();
    let input = input(loaded, PICTURE_TOKENS.min(architecture.maximum_token_count))?;
    let selection = Selection::all(architecture.layer_count(), architecture.head_count());
    let mut runs = pipeline::runs(loaded, &[&input], &selection)?;
    runs.pop().ok_or(BenchError::NoAttention)
}

fn measure_renderer(run: &Run) -> Result<(Vec<RenderReport>, f64), BenchError> {
    let options = FigureOptions::default();
    let attention = run.attention.first().ok_or(BenchError::NoAttention)?;
    let maps = reshape(run, attention, &ReshapeOptions::default())?;
    let heads: Vec<MapId> = maps.ids.clone();
    let mut shaper = TextShaper::new();
    // Another head each time, as in a run; there is at least one.
    let head = |turn: usize| figure::single_map(run, &maps, heads[turn % heads.len()], &options);
    let overview = |_| figure::overview(run, &maps, &options);
    let token = |_| figure::unit_profile(run, &maps, Direction::From, 1, &options);
    let reports = vec![
        measure_picture("head map", &mut shaper, head)?,
        measure_picture("overview", &mut shaper, overview)?,
        measure_picture("token", &mut shaper, token)?,
    ];
    let start = Instant::now();
    let drawn: Result<Vec<usize>, BenchError> = (0..heads.len() * 2)
        .into_par_iter()
        .map_init(TextShaper::new, |shaper, turn| {
            Ok(encode(&head(turn)?, shaper)?)
        })
        .collect();
    let rate = drawn?.len() as f64 / start.elapsed().as_secs_f64();
    Ok((reports, rate))
}

/// Draws a figure as a PNG of so many bytes.
fn encode(figure: &Figure<'_>, shaper: &mut TextShaper) -> Result<usize, RenderError> {
    let drawing = render::prepare(figure, shaper)?;
    Ok(render::png::encode(&drawing)?.bytes.len())
}

/// One kind of picture, on one thread.
fn measure_picture<'figure>(
    picture: &'static str,
    shaper: &mut TextShaper,
    figure: impl Fn(usize) -> Result<Figure<'figure>, FigureError>,
) -> Result<RenderReport, BenchError> {
    let mut bytes = 0;
    let mut turn = 0;
    let timing = repeat(|| {
        bytes = encode(&figure(turn)?, shaper)?;
        turn += 1;
        Ok::<(), BenchError>(())
    })?;
    Ok(RenderReport {
        picture,
        timing,
        bytes,
    })
}
