//! From a run to its figures.

use std::borrow::Cow;
use std::ops::Range;

use super::layout::{drawn_values, panel_steps};
use super::reach::{Reach, is_ordinary, maximum, panel_range, reach_of_one};
use super::resample::{Join, parts, resample};
use super::scale::number;
use super::{
    Body, Clipped, ColorPart, ColorRange, ColorScale, Figure, FigureError, FigureOptions,
    LabelledMap, MapKind, Matrix, Panel, PanelAxis, PanelGrid, Progression, Scale, UnitLabel,
    ValueRange,
};
use crate::analysis::{
    Axis, AxisUnit, Drowning, Fusion, Granularity, LinkChoice, MapId, Maps, Measure,
    RolloutOptions, drowning, strongest_links, truncation_note,
};
use crate::attention::{HeadId, LayerHeads, RowSums, Selection};
use crate::run::Run;

/// The figure of one map: every unit labelled, one colour bar.
///
/// # Errors
/// When there is no such map, or the options name no range.
pub fn single_map<'maps>(
    run: &Run,
    maps: &'maps Maps<'_>,
    id: MapId,
    options: &FigureOptions,
) -> Result<Figure<'maps>, FigureError> {
    let values = maps.drawn(id).ok_or_else(|| missing(id))?;
    let whose = "this map's maximum";
    let along = ordinary(maps, &maps.columns);
    let reach = reach_of_one(options, &values, &along, maps.head_maximum, whose);
    let range = reach.range(options)?;
    let mut clipped = Clipped::default();
    let counts = [maps.rows.len(), maps.columns.len()];
    clipped.count(&drawn_values(&values, counts), &range);
    let axes = [&maps.rows, &maps.columns];
    let links = strongest_links(&values, axes, options.links, options.top_links);
    let mut of_maps = maps.mask_notes(id);
    of_maps.extend(drowning_note(maps, drowning(maps, &[id])));
    let mut sentences = notes(run, maps, of_maps, &reach, options, clipped, Some(range));
    if !links.is_empty() && options.links == LinkChoice::Best {
        sentences.push(
            "Of each query the strongest link alone is listed, none of special tokens.".to_owned(),
        );
    }
    Ok(Figure {
        title: format!("{} · {}", run.model.name(), name_of(maps, id)),
        captions: captions(run),
        body: Body::Map(LabelledMap {
            kind: match maps.measure {
                Measure::Attention | Measure::Mean | Measure::Maximum => MapKind::Attention,
                Measure::Rollout(_) => MapKind::Rollout,
            },
            matrix: matrix(values, counts),
            rows: labels(&maps.rows),
            columns: labels(&maps.columns),
            row_segment_starts: maps.rows.segment_starts(),
            column_segment_starts: maps.columns.segment_starts(),
            shows_positions: maps.reshape.crop.is_some(),
            pointed_out: None,
            links,
            noun: noun(maps),
        }),
        color_scale: ColorScale {
            part: ColorPart::All,
            range: ColorRange::Shared(range),
            label: reach.label(quantity(maps.measure), options),
            clipped,
        },
        palette: options.palette,
        notes: sentences,
    })
}

/// The figure of all heads of a run: one row per layer, one column per head.
/// A head that a layer lacks has no panel. Units share rows and columns where
/// there are more than a picture has room for.
///
/// # Errors
/// When the options name no range.
pub fn overview<'maps>(
    run: &Run,
    maps: &'maps Maps<'_>,
    options: &FigureOptions,
) -> Result<Figure<'maps>, FigureError> {
    let places = Places::of_heads(maps);
    let steps = places.steps(maps);
    grid_of(run, maps, options, places, &steps)
}

/// The same for what has less room: each map with so many rows and columns at
/// most.
///
/// # Errors
/// When the options name no range.
pub fn overview_in_steps<'maps>(
    run: &Run,
    maps: &'maps Maps<'_>,
    options: &FigureOptions,
    [most_rows, most_columns]: [usize; 2],
) -> Result<Figure<'maps>, FigureError> {
    let steps = [
        parts(maps.rows.len(), most_rows.max(1)),
        parts(maps.columns.len(), most_columns.max(1)),
    ];
    grid_of(run, maps, options, Places::of_heads(maps), &steps)
}

/// Which map is in which place of a grid.
pub(super) struct Places {
    /// A number before each row.
    pub row_labels: Vec<String>,
    /// A number above each column.
    pub column_labels: Vec<String>,
    /// What stands above each map, where rows and columns have no numbers.
    pub captions: Vec<String>,
    /// Row after row.
    pub ids: Vec<MapId>,
}

impl Places {
    /// Layers down, heads across.
    fn of_heads(maps: &Maps<'_>) -> Self {
        let layers = maps.selection.layer_indices();
        let heads = maps.selection.head_indices();
        let ids = layers.iter().flat_map(|&layer| {
            let heads = heads.iter();
            heads.map(move |&head| MapId::Head(HeadId { layer, head }))
        });
        Self {
            ids: ids.collect(),
            row_labels: layers.iter().map(usize::to_string).collect(),
            column_labels: heads.iter().map(usize::to_string).collect(),
            captions: Vec::new(),
        }
    }

    /// Which queries and which keys share a row and a column of each map.
    pub(super) fn steps(&self, maps: &Maps<'_>) -> [Vec<Range<usize>>; 2] {
        let axes = [&maps.rows, &maps.columns].map(|axis| panel_axis(maps, axis));
        let counts = [self.row_labels.len(), self.column_labels.len()];
        panel_steps(counts, [&axes[0], &axes[1]])
    }
}

fn panel_axis(maps: &Maps<'_>, axis: &Axis) -> PanelAxis {
    PanelAxis {
        count: axis.len(),
        segment_starts: axis.segment_starts(),
        ends: maps.reshape.crop.and_then(|_| ends(axis)),
    }
}

/// A map as it is drawn: a value for every step of rows and of columns.
fn in_steps<'maps>(
    values: Cow<'maps, [f32]>,
    maps: &Maps<'_>,
    [rows, columns]: &[Vec<Range<usize>>; 2],
) -> Cow<'maps, [f32]> {
    let column_count = maps.columns.len();
    match rows.len() == maps.rows.len() && columns.len() == column_count {
        true => values,
        false => Cow::Owned(resample(&values, column_count, rows, columns, Join::Mean)),
    }
}

/// Maps in rows and columns, where they are there.
pub(super) fn grid_of<'maps>(
    run: &Run,
    maps: &'maps Maps<'_>,
    options: &FigureOptions,
    places: Places,
    steps: &[Vec<Range<usize>>; 2],
) -> Result<Figure<'maps>, FigureError> {
    let ids = places.ids.iter();
    let drawn: Vec<Option<Cow<'maps, [f32]>>> = ids
        .map(|&id| Some(in_steps(maps.drawn(id)?, maps, steps)))
        .collect();
    let shown = || drawn.iter().flatten().map(Cow::as_ref);
    let greatest = || shown().map(maximum).fold(0.0, f32::max);
    let is_shared = [maps.rows.len(), maps.columns.len()] != [steps[0].len(), steps[1].len()];
    let reach = match (options.scale, is_shared) {
        (Some(Scale::Head), _) => Reach::to(1.0, "each map's maximum"),
        (Some(Scale::Unit), _) => Reach::to(1.0, ""),
        (Some(Scale::Run), false) => Reach::to(maps.head_maximum, "the run's maximum"),
        (Some(Scale::Run), true) => Reach::to(greatest(), "the greatest mean"),
        (None, _) => {
            let units = &maps.columns.units;
            let has_only_such = |step: &Range<usize>| {
                let mut units = units.get(step.clone()).unwrap_or_default().iter();
                units.all(|unit| is_ordinary(maps, unit))
            };
            let ordinary: Vec<bool> = steps[1].iter().map(has_only_such).collect();
            // What came from elsewhere may be more than a probability.
            let whole = match maps.row_sums {
                RowSums::One | RowSums::Less => 1.0,
                RowSums::Unnormalized => greatest().max(1.0),
            };
            let shown: Vec<&[f32]> = shown().collect();
            Reach::to(whole, "").readable(options, shown.into_iter(), &ordinary)
        }
    };
    // A given maximum is every panel's.
    let is_of_panel = options.scale == Some(Scale::Head) && options.maximum.is_none();
    let shared = match is_of_panel {
        true => None,
        false => Some(reach.range(options)?),
    };
    let mut clipped = Clipped::default();
    let mut panels = Vec::with_capacity(drawn.len());
    for values in drawn {
        let Some(values) = values else {
            panels.push(None);
            continue;
        };
        let range = match shared {
            Some(range) => range,
            None => panel_range(options, maximum(&values))?,
        };
        clipped.count(&values, &range);
        let matrix = matrix(values, [steps[0].len(), steps[1].len()]);
        panels.push(Some(Panel { matrix, range }));
    }
    let axes = match maps.measure {
        Measure::Attention | Measure::Mean | Measure::Maximum => "queries run down and keys",
        Measure::Rollout(_) => "tokens after the layer run down and those of the input",
    };
    let mut sentences = vec![format!("In each map {axes} run across.")];
    let mut of_maps = maps.mask_notes_by_layer();
    of_maps.extend(drowning_note(maps, drowning(maps, &maps.ids)));
    let more = notes(run, maps, of_maps, &reach, options, clipped, shared);
    sentences.extend(more);
    Ok(Figure {
        title: run.model.name(),
        captions: captions(run),
        body: Body::Grid(PanelGrid {
            row_labels: places.row_labels,
            column_labels: places.column_labels,
            captions: places.captions,
            panels,
            queries: panel_axis(maps, &maps.rows),
            keys: panel_axis(maps, &maps.columns),
            noun: noun(maps),
        }),
        color_scale: ColorScale {
            part: ColorPart::All,
            range: match shared {
                Some(range) => ColorRange::Shared(range),
                None => ColorRange::PerPanel {
                    minimum: options.minimum,
                    progression: options.progression,
                },
            },
            label: reach.label(quantity(maps.measure), options),
            clipped,
        },
        palette: options.palette,
        notes: sentences,
    })
}

/// The positions of the first and the last unit of an axis.
fn ends(axis: &Axis) -> Option<[usize; 2]> {
    let last = axis.units.last()?.positions().next_back()?;
    Some([axis.units.first()?.first, last])
}

fn missing(id: MapId) -> FigureError {
    match id {
        MapId::Head(head) => FigureError::NoSuchHead { head },
        MapId::Layer(layer) => FigureError::NoSuchLayer { layer },
        MapId::All => FigureError::NothingJoined,
    }
}

/// What a title calls a map.
pub(super) fn name_of(maps: &Maps<'_>, id: MapId) -> String {
    let word = match maps.measure {
        Measure::Attention | Measure::Mean => "mean",
        Measure::Maximum => "maximum",
        Measure::Rollout(options) => return rollout_name(maps, &options, id),
    };
    let of_layer = |layer: usize| {
        let held = maps.selection.layers.iter();
        let layers = held.filter(|held| held.layer == layer).cloned().collect();
        Selection { layers }
    };
    match id {
        MapId::Head(head) => head.to_string(),
        MapId::Layer(layer) => joined(&of_layer(layer), word),
        MapId::All => joined(&maps.selection, word),
    }
}

/// What a title calls a rollout: after which layer, of what.
fn rollout_name(maps: &Maps<'_>, options: &RolloutOptions, id: MapId) -> String {
    let fusion = match options.fusion {
        Fusion::Mean => "mean",
        Fusion::Max => "maximum",
        Fusion::Min => "minimum",
    };
    let after = match id {
        MapId::Layer(layer) => format!("rollout after layer {layer}"),
        MapId::Head(_) | MapId::All => "rollout after every layer".to_owned(),
    };
    let heads = maps.selection.head_indices();
    let is_ragged = |layer: &LayerHeads| layer.heads != heads;
    let of = match (
        maps.selection.layers.iter().any(is_ragged),
        heads.as_slice(),
    ) {
        (true, _) => format!("{fusion} of the heads of each layer"),
        (false, [head]) => format!("head {head}"),
        (false, _) => format!("{fusion} of {}", counted(heads.len(), "head")),
    };
    let mut name = format!("{after} · {of}");
    if !options.residual {
        name.push_str(" · no residual");
    }
    if options.start_layer > 0 {
        name.push_str(&format!(" · from layer {} on", options.start_layer));
    }
    name
}

/// Of which heads of which layers something is the mean or maximum.
pub(super) fn joined(selection: &Selection, word: &str) -> String {
    let heads = selection.head_indices();
    let is_ragged = |layer: &LayerHeads| layer.heads != heads;
    if selection.layers.iter().any(is_ragged) {
        let count = selection.layers.len();
        let heads = counted(selection.head_count(), "head");
        return format!("{word} of {heads} of {}", counted(count, "layer"));
    }
    let (layer_count, head_count) = (
        counted(selection.layers.len(), "layer"),
        counted(heads.len(), "head"),
    );
    match (selection.layers.as_slice(), heads.as_slice()) {
        ([LayerHeads { layer, .. }], [head]) => format!("layer {layer} · head {head}"),
        ([LayerHeads { layer, .. }], _) => format!("layer {layer} · {word} of {head_count}"),
        (_, [head]) => format!("{word} of {layer_count} · head {head}"),
        _ => format!("{word} of {layer_count} × {head_count}"),
    }
}

pub(super) fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

pub(super) fn quantity(measure: Measure) -> &'static str {
    match measure {
        Measure::Attention => "attention",
        Measure::Mean => "mean attention",
        Measure::Maximum => "maximum attention",
        Measure::Rollout(_) => "rollout",
    }
}

pub(super) fn matrix(values: Cow<'_, [f32]>, [rows, columns]: [usize; 2]) -> Matrix<'_> {
    Matrix {
        values,
        rows,
        columns,
    }
}

pub(super) fn captions(run: &Run) -> Vec<String> {
    let captions = run.input.captions().into_iter();
    // Of attention from elsewhere the file's name may be all that is known.
    let says_something = |caption: &&str| *caption != run.model.name();
    captions.filter(says_something).map(str::to_owned).collect()
}

/// What the units of maps are called in sentences.
pub(super) fn noun(maps: &Maps<'_>) -> &'static str {
    match maps.reshape.granularity {
        Granularity::Subword => "tokens",
        Granularity::Word => "words",
    }
}

/// Of every unit of an axis whether colours have to tell apart what it gets.
pub(super) fn ordinary(maps: &Maps<'_>, axis: &Axis) -> Vec<bool> {
    let units = axis.units.iter();
    units.map(|unit| is_ordinary(maps, unit)).collect()
}

/// What stands along an axis.
pub(super) fn labels(axis: &Axis) -> Vec<UnitLabel> {
    axis.units.iter().map(unit_label).collect()
}

fn unit_label(unit: &AxisUnit) -> UnitLabel {
    let text = if unit.label.trim().is_empty() {
        // A blank label would look like a forgotten one.
        format!("\u{201c}{}\u{201d}", unit.label)
    } else {
        unit.label.clone()
    };
    UnitLabel {
        text,
        special: unit.special,
        position: unit.first,
    }
}

/// Says that the first position drowns the rest, and how to see that.
pub(super) fn drowning_note(maps: &Maps<'_>, drowning: Option<Drowning>) -> Option<String> {
    let drowning = drowning?;
    let first = match maps.reshape.granularity {
        Granularity::Subword => "token",
        Granularity::Word => "word",
    };
    let of = match maps.measure {
        Measure::Attention | Measure::Mean | Measure::Maximum => "attention",
        Measure::Rollout(_) => "rollout",
    };
    Some(format!(
        "The first {first} takes {} % of the {of}; {} shows the rest.",
        drowning.percent(),
        drowning.option()
    ))
}

/// What a reader must know besides: what was done to the attention, which cells
/// are not there and what drowns the others (`of_maps`), what was cut off
/// the input, how colours follow values, and what they do not tell apart.
/// `range` is that of all maps.
pub(super) fn notes(
    run: &Run,
    maps: &Maps<'_>,
    of_maps: Vec<String>,
    reach: &Reach,
    options: &FigureOptions,
    clipped: Clipped,
    range: Option<ValueRange>,
) -> Vec<String> {
    let mut notes = maps.notes.clone();
    notes.extend(of_maps);
    notes.extend(common_notes(run, reach, options, clipped, range));
    notes
}

/// What a reader must know of any picture of a run: what was cut off the input,
/// how colours follow values, and what they do not tell apart.
pub(super) fn common_notes(
    run: &Run,
    reach: &Reach,
    options: &FigureOptions,
    clipped: Clipped,
    range: Option<ValueRange>,
) -> Vec<String> {
    let mut notes = Vec::new();
    let streams = run.streams.iter();
    notes.extend(streams.filter_map(|stream| truncation_note(stream.dropped, stream.units.len())));
    notes.extend(reach.note());
    if options.progression == Progression::Logarithmic {
        let first = match range.map(|range| range.minimum).or(options.minimum) {
            Some(first) => number(f64::from(first)),
            None => "a ten-thousandth of each map's maximum".to_owned(),
        };
        notes.push(format!("Colours are logarithmic, from {first} on."));
    }
    let of = clipped.of;
    let named = |end: Option<f32>| match end {
        Some(value) => number(f64::from(value)),
        None => "their map's scale".to_owned(),
    };
    for (count, where_, end) in [
        (clipped.below, "below", range.map(|range| range.minimum)),
        (clipped.above, "above", range.map(|range| range.maximum)),
    ] {
        if count > 0 {
            let end = named(end);
            notes.push(format!(
                "{count} of {of} values are {where_} {end} and drawn in its colour."
            ));
        }
    }
    notes
}
