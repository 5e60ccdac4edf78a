//! From a run to its figures.

use std::borrow::Cow;

use super::{
    Body, Clipped, ColorRange, ColorScale, Figure, FigureError, FigureOptions, LabelledMap, Matrix,
    Panel, PanelGrid, Progression, Scale, TokenLabel, ValueRange,
};
use crate::analysis::{
    Reduction, Shown, ShownToken, all_heads, layer_heads, strongest_links, truncation_note,
};
use crate::attention::HeadId;
use crate::run::Run;

/// Which single map a figure shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MapChoice {
    /// The map of one head.
    Head(HeadId),
    /// All shown heads of a layer of the model as one map.
    Layer(usize, Reduction),
    /// All shown heads of all shown layers as one map.
    All(Reduction),
}

/// The figure of one map: every token labelled, one colour bar.
///
/// # Errors
/// When the run does not hold the layer or head, or the options name no range.
pub fn single_map<'shown>(
    run: &Run,
    shown: &'shown Shown<'_>,
    choice: MapChoice,
    options: &FigureOptions,
) -> Result<Figure<'shown>, FigureError> {
    let values = chosen_values(shown, choice)?;
    let (maximum, reach) = match options.scale.unwrap_or(Scale::Head) {
        Scale::Head => (maximum(&values), "this map's maximum"),
        Scale::Unit => (1.0, ""),
        Scale::Run => (maximum(&shown.values), "the run's maximum"),
    };
    let range = value_range(options, maximum)?;
    let mut clipped = Clipped::default();
    clipped.count(&values, &range);
    let links = strongest_links(&values, shown.tokens.len(), options.top_links);
    Ok(Figure {
        title: format!("{} · {}", run.model.id, chosen_name(shown, choice)),
        captions: captions(run),
        body: Body::Map(LabelledMap {
            matrix: matrix(values, shown),
            tokens: shown.tokens.iter().map(token_label).collect(),
            segment_starts: segment_starts(&shown.tokens),
            links,
        }),
        color_scale: ColorScale {
            range: ColorRange::Shared(range),
            label: label(quantity(choice), options, reach),
            clipped,
        },
        palette: options.palette,
        notes: notes(run, shown, clipped, Some(range)),
    })
}

/// The figure of all heads of a run: one row per layer, one column per head.
///
/// # Errors
/// When the options name no range.
pub fn overview<'shown>(
    run: &Run,
    shown: &'shown Shown<'_>,
    options: &FigureOptions,
) -> Result<Figure<'shown>, FigureError> {
    let scale = options.scale.unwrap_or(Scale::Unit);
    let (common_maximum, reach) = match scale {
        Scale::Head => (None, "each map's maximum"),
        Scale::Unit => (Some(1.0), ""),
        Scale::Run => (Some(maximum(&shown.values)), "the run's maximum"),
    };
    // A given maximum is every panel's.
    let common_maximum = options.maximum.or(common_maximum);
    let range = match common_maximum {
        Some(maximum) => ColorRange::Shared(value_range(options, maximum)?),
        None => ColorRange::PerPanel,
    };
    let mut clipped = Clipped::default();
    let panels = shown
        .head_ids()
        .map(|head| {
            let values = shown.map(head).ok_or(FigureError::NoSuchHead { head })?;
            let range = match range {
                ColorRange::Shared(range) => range,
                ColorRange::PerPanel => value_range(options, maximum(values))?,
            };
            clipped.count(values, &range);
            let matrix = matrix(Cow::Borrowed(values), shown);
            Ok(Panel { matrix, range })
        })
        .collect::<Result<_, FigureError>>()?;
    let shared = match range {
        ColorRange::Shared(range) => Some(range),
        ColorRange::PerPanel => None,
    };
    let mut sentences = vec![String::from(
        "In each map queries run down and keys run across.",
    )];
    sentences.extend(notes(run, shown, clipped, shared));
    Ok(Figure {
        title: run.model.id.clone(),
        captions: captions(run),
        body: Body::Grid(PanelGrid {
            row_labels: shown.layers.iter().map(usize::to_string).collect(),
            column_labels: shown.heads.iter().map(usize::to_string).collect(),
            panels,
            token_count: shown.tokens.len(),
            segment_starts: segment_starts(&shown.tokens),
        }),
        color_scale: ColorScale {
            range,
            label: label("attention", options, reach),
            clipped,
        },
        palette: options.palette,
        notes: sentences,
    })
}

fn chosen_values<'shown>(
    shown: &'shown Shown<'_>,
    choice: MapChoice,
) -> Result<Cow<'shown, [f32]>, FigureError> {
    match choice {
        MapChoice::Head(head) => shown
            .map(head)
            .map(Cow::Borrowed)
            .ok_or(FigureError::NoSuchHead { head }),
        MapChoice::Layer(layer, reduction) => shown
            .layers
            .iter()
            .position(|&shown_layer| shown_layer == layer)
            .and_then(|position| layer_heads(shown, position, reduction))
            .map(Cow::Owned)
            .ok_or(FigureError::NoSuchLayer { layer }),
        MapChoice::All(reduction) => Ok(Cow::Owned(all_heads(shown, reduction))),
    }
}

/// What a title calls the map.
fn chosen_name(shown: &Shown<'_>, choice: MapChoice) -> String {
    let word = |reduction| match reduction {
        Reduction::Mean => "mean",
        Reduction::Max => "maximum",
    };
    match choice {
        MapChoice::Head(head) => head.to_string(),
        MapChoice::Layer(layer, reduction) => reduced(&[layer], &shown.heads, word(reduction)),
        MapChoice::All(reduction) => reduced(&shown.layers, &shown.heads, word(reduction)),
    }
}

/// Of which heads of which layers something is the mean or maximum.
pub(super) fn reduced(layers: &[usize], heads: &[usize], word: &str) -> String {
    let (layer_count, head_count) = (counted(layers.len(), "layer"), counted(heads.len(), "head"));
    match (layers, heads) {
        ([layer], [head]) => format!("layer {layer} · head {head}"),
        ([layer], _) => format!("layer {layer} · {word} of {head_count}"),
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

fn quantity(choice: MapChoice) -> &'static str {
    match choice {
        MapChoice::Head(_) => "attention",
        MapChoice::Layer(_, Reduction::Mean) | MapChoice::All(Reduction::Mean) => "mean attention",
        MapChoice::Layer(_, Reduction::Max) | MapChoice::All(Reduction::Max) => "maximum attention",
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

fn matrix<'values>(values: Cow<'values, [f32]>, shown: &Shown<'_>) -> Matrix<'values> {
    let count = shown.tokens.len();
    Matrix {
        values,
        rows: count,
        columns: count,
    }
}

pub(super) fn maximum(values: &[f32]) -> f32 {
    values.iter().copied().fold(0.0, f32::max)
}

pub(super) fn captions(run: &Run) -> Vec<String> {
    std::iter::once(&run.input.text)
        .chain(&run.input.pair)
        .cloned()
        .collect()
}

pub(super) fn token_label(token: &ShownToken) -> TokenLabel {
    let text = if token.text.trim().is_empty() {
        // A blank label would look like a forgotten one.
        format!("\u{201c}{}\u{201d}", token.text)
    } else {
        token.text.clone()
    };
    TokenLabel {
        text,
        special: token.special,
    }
}

pub(super) fn segment_starts(tokens: &[ShownToken]) -> Vec<usize> {
    tokens
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0].segment != pair[1].segment)
        .map(|(index, _)| index + 1)
        .collect()
}

/// What a reader must know besides: what was done to the attention, what was
/// cut off the input, what the colours do not tell apart.
pub(super) fn notes(
    run: &Run,
    shown: &Shown<'_>,
    clipped: Clipped,
    range: Option<ValueRange>,
) -> Vec<String> {
    let mut notes = shown.notes.clone();
    notes.extend(truncation_note(
        run.input.truncated_tokens,
        run.input.tokens.len(),
    ));
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
