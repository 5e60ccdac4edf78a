//! From a run to its figures.

use std::borrow::Cow;

use super::{
    Body, Clipped, ColorRange, ColorScale, Figure, FigureError, FigureOptions, LabelledMap, Matrix,
    Panel, PanelAxis, PanelGrid, Progression, Scale, UnitLabel, ValueRange,
};
use crate::analysis::{Axis, AxisUnit, MapId, Maps, Measure, strongest_links, truncation_note};
use crate::attention::{HeadId, LayerHeads, Selection};
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
    let (maximum, reach) = match options.scale.unwrap_or(Scale::Head) {
        Scale::Head => (maximum(&values), "this map's maximum"),
        Scale::Unit => (1.0, ""),
        Scale::Run => (maps.head_maximum, "the run's maximum"),
    };
    let range = value_range(options, maximum)?;
    let mut clipped = Clipped::default();
    clipped.count(&values, &range);
    let links = strongest_links(&values, maps.columns.len(), options.top_links);
    Ok(Figure {
        title: format!("{} · {}", run.model.name(), name_of(maps, id)),
        captions: captions(run),
        body: Body::Map(LabelledMap {
            matrix: matrix(values, maps),
            rows: labels(&maps.rows),
            columns: labels(&maps.columns),
            row_segment_starts: maps.rows.segment_starts(),
            column_segment_starts: maps.columns.segment_starts(),
            links,
        }),
        color_scale: ColorScale {
            range: ColorRange::Shared(range),
            label: label(quantity(maps.measure), options, reach),
            clipped,
        },
        palette: options.palette,
        notes: notes(run, maps, clipped, Some(range)),
    })
}

/// The figure of all heads of a run: one row per layer, one column per head.
/// A head that a layer lacks has no panel.
///
/// # Errors
/// When the options name no range.
pub fn overview<'maps>(
    run: &Run,
    maps: &'maps Maps<'_>,
    options: &FigureOptions,
) -> Result<Figure<'maps>, FigureError> {
    let scale = options.scale.unwrap_or(Scale::Unit);
    let (common_maximum, reach) = match scale {
        Scale::Head => (None, "each map's maximum"),
        Scale::Unit => (Some(1.0), ""),
        Scale::Run => (Some(maps.head_maximum), "the run's maximum"),
    };
    // A given maximum is every panel's.
    let common_maximum = options.maximum.or(common_maximum);
    let range = match common_maximum {
        Some(maximum) => ColorRange::Shared(value_range(options, maximum)?),
        None => ColorRange::PerPanel,
    };
    let (layers, heads) = (
        maps.selection.layer_indices(),
        maps.selection.head_indices(),
    );
    let mut clipped = Clipped::default();
    let mut panels = Vec::with_capacity(layers.len() * heads.len());
    for &layer in &layers {
        for &head in &heads {
            let Some(values) = maps.drawn(MapId::Head(HeadId { layer, head })) else {
                panels.push(None);
                continue;
            };
            let range = match range {
                ColorRange::Shared(range) => range,
                ColorRange::PerPanel => value_range(options, maximum(&values))?,
            };
            clipped.count(&values, &range);
            let matrix = matrix(values, maps);
            panels.push(Some(Panel { matrix, range }));
        }
    }
    let shared = match range {
        ColorRange::Shared(range) => Some(range),
        ColorRange::PerPanel => None,
    };
    let mut sentences = vec![String::from(
        "In each map queries run down and keys run across.",
    )];
    sentences.extend(notes(run, maps, clipped, shared));
    let axis = |axis: &Axis| PanelAxis {
        count: axis.len(),
        segment_starts: axis.segment_starts(),
    };
    Ok(Figure {
        title: run.model.name(),
        captions: captions(run),
        body: Body::Grid(PanelGrid {
            row_labels: layers.iter().map(usize::to_string).collect(),
            column_labels: heads.iter().map(usize::to_string).collect(),
            panels,
            queries: axis(&maps.rows),
            keys: axis(&maps.columns),
        }),
        color_scale: ColorScale {
            range,
            label: label(quantity(maps.measure), options, reach),
            clipped,
        },
        palette: options.palette,
        notes: sentences,
    })
}

fn missing(id: MapId) -> FigureError {
    match id {
        MapId::Head(head) => FigureError::NoSuchHead { head },
        MapId::Layer(layer) => FigureError::NoSuchLayer { layer },
        MapId::All => FigureError::NothingJoined,
    }
}

/// What a title calls a map.
fn name_of(maps: &Maps<'_>, id: MapId) -> String {
    let word = match maps.measure {
        Measure::Attention | Measure::Mean => "mean",
        Measure::Maximum => "maximum",
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

fn counted(count: usize, noun: &str) -> String {
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
    }
}

/// What stands beside the colour bar: the quantity, and behind a comma how far
/// the scale reaches where that is no round number.
pub(super) fn label(quantity: &str, options: &FigureOptions, reach: &str) -> String {
    let quantity = match options.progression {
        Progression::Linear => quantity.to_owned(),
        Progression::Logarithmic => format!("{quantity} (logarithmic)"),
    };
    let starts_at_nothing = options.minimum.is_none() && options.progression == Progression::Linear;
    match (options.maximum, reach, starts_at_nothing) {
        (Some(_), ..) | (None, "", _) => quantity,
        (None, reach, true) => format!("{quantity}, 0 to {reach}"),
        (None, reach, false) => format!("{quantity}, up to {reach}"),
    }
}

/// The range of the colours, from what the figure itself would reach to.
pub(super) fn value_range(
    options: &FigureOptions,
    own_maximum: f32,
) -> Result<ValueRange, FigureError> {
    let own_maximum = match (own_maximum > 0.0, options.minimum) {
        // A scale needs an end above its beginning: what has nothing above
        // the minimum is drawn in the first colour throughout.
        (_, Some(minimum)) if own_maximum <= minimum => minimum.max(0.0) + 1.0,
        (true, _) => own_maximum,
        (false, _) => 1.0,
    };
    let maximum = options.maximum.unwrap_or(own_maximum);
    let minimum = options.minimum.unwrap_or(0.0);
    if minimum >= maximum || !minimum.is_finite() || !maximum.is_finite() {
        return Err(FigureError::EmptyRange { minimum, maximum });
    }
    let mut range = ValueRange::up_to(maximum, options.progression);
    if let Some(minimum) = options.minimum {
        if options.progression == Progression::Logarithmic && minimum <= 0.0 {
            return Err(FigureError::LogarithmOfNothing { minimum });
        }
        range.minimum = minimum;
    }
    Ok(range)
}

fn matrix<'values>(values: Cow<'values, [f32]>, maps: &Maps<'_>) -> Matrix<'values> {
    Matrix {
        values,
        rows: maps.rows.len(),
        columns: maps.columns.len(),
    }
}

pub(super) fn maximum(values: &[f32]) -> f32 {
    values.iter().copied().fold(0.0, f32::max)
}

pub(super) fn captions(run: &Run) -> Vec<String> {
    let captions = run.input.captions().into_iter();
    captions.map(str::to_owned).collect()
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
    }
}

/// What a reader must know besides: what was done to the attention, what was
/// cut off the input, what the colours do not tell apart.
pub(super) fn notes(
    run: &Run,
    maps: &Maps<'_>,
    clipped: Clipped,
    range: Option<ValueRange>,
) -> Vec<String> {
    let mut notes = maps.notes.clone();
    let streams = run.streams.iter();
    notes.extend(streams.filter_map(|stream| truncation_note(stream.dropped, stream.units.len())));
    let of = clipped.of;
    let named = |end: Option<f32>| match end {
        Some(value) => format!("{value}"),
        None => "their map's scale".to_owned(),
    };
    if clipped.below > 0 {
        let end = named(range.map(|range| range.minimum));
        let count = clipped.below;
        notes.push(format!(
            "{count} of {of} values are below {end} and drawn in its colour."
        ));
    }
    if clipped.above > 0 {
        let end = named(range.map(|range| range.maximum));
        let count = clipped.above;
        notes.push(format!(
            "{count} of {of} values are above {end} and drawn in its colour."
        ));
    }
    notes
}
