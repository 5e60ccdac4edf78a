//! What the page's script is told of a run, beside the values.

pub(super) mod compared;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::command::{command, place};
use super::encoding::{Coding, Hideable};
use crate::analysis::{Analyses, AxisUnit, Maps, Score, Sink, truncation_note, words};
use crate::attention::{Mask, RowSums, Selection};
use crate::figure::{Colormap, FigureOptions};
use crate::input::StreamRole;
use crate::render::colormap::{ColorTable, Palette, STEPS, Theme};
use crate::run::Run;

/// All of it. `assets/page/data.js` has the same shape as a type.
#[derive(Serialize)]
pub(super) struct Data {
    attnviz: &'static str,
    model: String,
    source: &'static str,
    commit: Option<String>,
    captions: Vec<String>,
    kind: &'static str,
    /// The queries.
    rows: Axis,
    /// The keys, `None` where they are the same units.
    columns: Option<Axis>,
    layers: Vec<Layer>,
    bits: u8,
    base: u32,
    /// Of 8 bits: the keys that have 16 bits nevertheless, and how many sets of keys
    /// there are that rows have a sum without.
    apart: Vec<usize>,
    sets: usize,
    /// Whether rows of the raw maps sum to one.
    sums_to_one: bool,
    notes: Vec<String>,
    scores: Vec<HeadScore>,
    /// Of a run with queries and keys.
    neurons: Option<NeuronShape>,
    /// 256 times red, green, blue of each colour map, in base64.
    colormaps: Vec<(&'static str, String)>,
    /// What the page shows first.
    options: Options,
    /// The command, up to its options; nothing where that is not known.
    command: Vec<String>,
    /// Where it is to be run, behind "Run it"; empty where it does not matter.
    place: String,
    /// The right side and the difference, where everything else is of a left one.
    compared: Option<Compared>,
}

#[derive(Serialize)]
struct Axis {
    role: &'static str,
    labels: Vec<String>,
    texts: Vec<String>,
    special: Vec<u8>,
    /// What lists of the strongest links leave out.
    aside: Vec<u8>,
    segments: Vec<u32>,
    words: Vec<Word>,
    /// The first word where the first unit is hidden.
    without_first: Option<Word>,
}

/// First unit, number of units, label.
type Word = (usize, usize, String);

#[derive(Serialize)]
struct Layer {
    layer: usize,
    heads: Vec<usize>,
    /// `[behind, ahead]`, `None` where that has no end.
    mask: [Option<usize>; 2],
}

#[derive(Serialize)]
struct HeadScore {
    name: String,
    unit: &'static str,
    paper: Option<&'static str>,
    /// Whether it is what the right side has more than the left.
    signed: bool,
    /// By head; `None` where it is empty.
    values: Vec<Option<f32>>,
}

#[derive(Serialize)]
struct NeuronShape {
    /// Dimensions of a vector.
    size: usize,
    /// What products are multiplied with, by layer.
    scales: Vec<f32>,
}

#[derive(Serialize)]
struct Options {
    tokens: &'static str,
    special: &'static str,
    sink: &'static str,
    crop: Option<[usize; 2]>,
    scale: Option<&'static str>,
    color_scale: &'static str,
    vmin: Option<f32>,
    vmax: Option<f32>,
    colormap: &'static str,
    invert: bool,
    theme: Option<&'static str>,
}

/// The right side, and how values of the difference are written.
#[derive(Serialize)]
struct Compared {
    /// What the sides are called.
    names: [String; 2],
    /// What the right side's queries and keys are called.
    rows: Vec<String>,
    columns: Vec<String>,
    /// 1 for each that is another unit on the right.
    differing_rows: Vec<u8>,
    differing_columns: Vec<u8>,
    /// What sorts the heads at first.
    measure: String,
    difference: Difference,
    /// 256 times red, green, blue from left to right, by theme; the 128th step is
    /// the paper.
    colors: [String; 2],
}

/// How the absolute values of differences are written.
#[derive(Serialize)]
struct Difference {
    bits: u8,
    base: u32,
}

impl Data {
    pub(super) fn new(
        run: &Run,
        maps: &Maps<'_>,
        analyses: &Analyses<'_>,
        options: &FigureOptions,
        coding: Coding,
        hideable: &Hideable,
    ) -> Self {
        let attention = analyses.attention();
        let [queries, keys] = attention.kind().streams();
        let mut notes = attention.notes().to_vec();
        let streams = run.streams.iter();
        notes.extend(streams.filter_map(|it| truncation_note(it.dropped, it.units.len())));
        Self {
            attnviz: env!("CARGO_PKG_VERSION"),
            model: run.model.name(),
            source: run.model.source.in_words(),
            commit: run.model.commit.clone(),
            captions: run
                .input
                .captions()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            kind: attention.kind().name(),
            rows: Axis::new(run, queries),
            columns: (queries != keys).then(|| Axis::new(run, keys)),
            layers: layers(attention.maps().selection(), &attention.masks()),
            bits: coding.bits,
            base: coding.base,
            apart: hideable.apart(),
            sets: hideable.set_count(),
            sums_to_one: attention.row_sums() == RowSums::One,
            notes,
            scores: scores(analyses, &maps.selection),
            neurons: run.neurons.as_ref().map(|neurons| NeuronShape {
                size: neurons.head_size,
                scales: neurons.scales.clone(),
            }),
            colormaps: colormaps(),
            options: Options::new(maps, options),
            command: command(run),
            place: place(run),
            compared: None,
        }
    }
}

impl Axis {
    fn new(run: &Run, role: StreamRole) -> Self {
        let units = crate::analysis::Axis::new(role, run.units(role)).units;
        let word = |unit: AxisUnit| (unit.first, unit.count, unit.label);
        let all: Vec<Word> = words(run, role, Sink::Keep).into_iter().map(word).collect();
        let is_parted = all.first().is_some_and(|(_, count, _)| *count > 1);
        let rest = || words(run, role, Sink::Hide).into_iter().next().map(word);
        Self {
            role: role.name(),
            special: units.iter().map(|unit| u8::from(unit.special)).collect(),
            aside: units
                .iter()
                .map(|unit| u8::from(!unit.stands_for_text()))
                .collect(),
            segments: units.iter().map(|unit| unit.segment).collect(),
            texts: units.iter().map(|unit| unit.text.clone()).collect(),
            labels: units.into_iter().map(|unit| unit.label).collect(),
            words: all,
            without_first: is_parted.then(rest).flatten(),
        }
    }
}

fn layers(selection: &Selection, masks: &[Mask]) -> Vec<Layer> {
    let layers = selection.layers.iter();
    let reach = |mask: &Mask| match *mask {
        Mask::Full => [None, None],
        Mask::Causal => [None, Some(0)],
        Mask::Window { behind, ahead } => [Some(behind), Some(ahead)],
    };
    layers
        .zip(masks)
        .map(|(layer, mask)| Layer {
            layer: layer.layer,
            heads: layer.heads.clone(),
            mask: reach(mask),
        })
        .collect()
}

/// The scores that some head has.
fn scores(analyses: &Analyses<'_>, selection: &Selection) -> Vec<HeadScore> {
    let all = analyses.scores();
    debug_assert_eq!(all.selection, *selection);
    let with_values = Score::ALL.iter().map(|&score| HeadScore {
        name: score.name().to_owned(),
        unit: score.unit(),
        paper: score.source(),
        signed: false,
        values: all
            .get(score)
            .iter()
            .map(|&value| value.is_finite().then_some(value))
            .collect(),
    });
    with_values
        .filter(|score| score.values.iter().any(Option::is_some))
        .collect()
}

/// Every colour map, 256 times red, green, blue, in base64.
pub(super) fn colormaps() -> Vec<(&'static str, String)> {
    let all = Colormap::ALL.iter();
    all.map(|&map| (map.name(), table(map))).collect()
}

/// The colours of a map, those of the paper apart.
fn table(colormap: Colormap) -> String {
    let palette = Palette {
        colormap,
        theme: Theme::Light,
        ..Palette::default()
    };
    let table = ColorTable::new(palette);
    let bytes: Vec<u8> = (0..STEPS).flat_map(|step| table.step_color(step)).collect();
    STANDARD.encode(bytes)
}

impl Options {
    fn new(maps: &Maps<'_>, options: &FigureOptions) -> Self {
        let reshape = &maps.reshape;
        Self {
            tokens: reshape.granularity.name(),
            special: reshape.special_tokens.name(),
            sink: reshape.sink.name(),
            crop: reshape.crop.map(|crop| [crop.first, crop.last]),
            scale: options.scale.map(|scale| scale.name()),
            color_scale: options.progression.name(),
            vmin: options.minimum,
            vmax: options.maximum,
            colormap: options.palette.colormap.name(),
            invert: options.palette.inverted,
            // Light is what nobody asked for: the reader's system decides.
            theme: (options.palette.theme == Theme::Dark).then(|| Theme::Dark.name()),
        }
    }
}
