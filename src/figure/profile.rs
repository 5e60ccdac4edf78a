//! What one unit attends to, or what attends to it, as bars over the input and
//! as a row for every layer.

use super::build::{captions, drowning_note, joined, labels, notes, noun, ordinary, quantity};
use super::layout::drawn_values;
use super::reach::{end_of_bars, maximum, reach_of_one};
use super::{
    Body, Clipped, ColorPart, ColorRange, ColorScale, Figure, FigureError, FigureOptions, Scale,
    UnitLabel, UnitProfile,
};
use crate::analysis::{AxisUnit, Direction, MapId, Maps, Measure, drowning_of_row, profile};
use crate::run::Run;

/// A unit in the title is cut to so many letters.
const TITLE_LETTERS: usize = 32;

/// The figure of one unit: bars of the mean over all heads, and below them a
/// row for every layer.
///
/// Bars grow from 0 on a linear axis, whatever the options say of colours: a
/// length that does not start at nothing says nothing. Where special tokens
/// would leave the others no height, their bars are cut off. The scale applies to
/// bars and colours, the rest of the options to the colours of the rows.
///
/// # Errors
/// When no unit of the axis has the position, or the options name no range.
pub fn unit_profile(
    run: &Run,
    maps: &Maps<'_>,
    direction: Direction,
    position: usize,
    options: &FigureOptions,
) -> Result<Figure<'static>, FigureError> {
    let [held, along] = direction.axes(maps);
    let outside = || FigureError::NoSuchPosition {
        direction,
        found: position,
        count: held.len(),
    };
    let profile = profile(maps, direction, position).ok_or_else(outside)?;
    let units = labels(along);
    let unit = held.units.get(position).ok_or_else(outside)?;
    let name = named(&unit.label);
    let layers = profile.by_layer.concat();
    let highest = maximum(&profile.mean);
    let whose = "these rows' maximum";
    let is_ordinary = ordinary(maps, along);
    let reach = reach_of_one(options, &layers, &is_ordinary, maps.head_maximum, whose);
    let bar_maximum = match options.scale.unwrap_or(Scale::Head) {
        Scale::Head => highest,
        Scale::Unit => 1.0,
        Scale::Run => maps.head_maximum,
    };
    // No bar leaves its axis, not even one of unnormalized attention, unless it
    // is of a special token and would leave the others no height.
    let bar_end = end_of_bars(options, &profile.mean, &is_ordinary);
    let bar_maximum = bar_end.unwrap_or(bar_maximum.max(highest));
    let range = reach.range(options)?;
    let mut clipped = Clipped::default();
    let counts = [profile.by_layer.len(), along.len()];
    clipped.count(&drawn_values(&layers, counts), &range);
    let measure = |count: usize| match count {
        1 => quantity(Measure::Attention),
        _ => quantity(Measure::Mean),
    };
    let heads_a_layer = maps.selection.layers.iter().map(|layer| layer.heads.len());
    let (word, axis_name) = match direction {
        Direction::From => ("from", "key (attended to)"),
        Direction::To => ("to", "query (attends)"),
    };
    let mark = maps.is_square().then_some(position);
    let mut sentences = vec![reading(maps, mark.map(|_| name.as_str()), &units)];
    let mut of_maps = maps.mask_notes_by_layer();
    of_maps.extend(maps.mean_note(MapId::All));
    let drowning = match direction {
        Direction::From => drowning_of_row(maps, &profile.mean),
        Direction::To => None,
    };
    of_maps.extend(drowning_note(maps, drowning));
    let more = notes(run, maps, of_maps, &reach, options, clipped, Some(range));
    sentences.extend(more);
    Ok(Figure {
        title: format!(
            "{} · {word} {name} ({}) · {}",
            run.model.name(),
            place(unit),
            joined(&maps.selection, "mean")
        ),
        captions: captions(run),
        body: Body::Profile(UnitProfile {
            bars: profile.mean,
            bar_maximum,
            bar_name: measure(maps.selection.head_count()).to_owned(),
            rows: profile.by_layer,
            row_labels: maps
                .selection
                .layer_indices()
                .iter()
                .map(usize::to_string)
                .collect(),
            segment_starts: along.segment_starts(),
            units,
            position: mark,
            unit_axis_name: axis_name.to_owned(),
            noun: noun(maps),
        }),
        color_scale: ColorScale {
            part: ColorPart::All,
            range: ColorRange::Shared(range),
            label: reach.label(measure(heads_a_layer.max().unwrap_or(0)), options),
            clipped,
        },
        palette: options.palette,
        notes: sentences,
    })
}

/// Where a unit is in the run, in the one count that views and stretches have.
pub(super) fn place(unit: &AxisUnit) -> String {
    let first = unit.first;
    match unit.positions().next_back() {
        Some(last) if last > first => format!("tokens @{first} to @{last}"),
        _ => format!("token @{first}"),
    }
}

/// A unit in quotation marks, cut where it would fill the title.
pub(super) fn named(text: &str) -> String {
    match text.char_indices().nth(TITLE_LETTERS) {
        Some((end, _)) => format!("\u{201c}{}…\u{201d}", &text[..end]),
        None => format!("\u{201c}{text}\u{201d}"),
    }
}

/// How the picture is read, in a sentence or two; `marked` is the unit whose
/// column is told apart.
fn reading(maps: &Maps<'_>, marked: Option<&str>, units: &[UnitLabel]) -> String {
    let selection = &maps.selection;
    let bars = match (selection.layers.len(), selection.head_indices().len()) {
        (1, _) => "Bars and colours show the same values.",
        (_, 1) => "Bars show the mean over the layers, colours each layer.",
        _ => "Bars show the mean over layers and heads, colours each layer's mean over its heads.",
    };
    let has_special = units.iter().any(|unit| unit.special);
    match (marked, has_special) {
        (Some(name), true) => {
            format!("{bars} The column of {name} itself is marked; special tokens are paler.")
        }
        (Some(name), false) => format!("{bars} The column of {name} itself is marked."),
        (None, true) => format!("{bars} Special tokens are paler."),
        (None, false) => bars.to_owned(),
    }
}
