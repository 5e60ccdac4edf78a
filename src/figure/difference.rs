//! What differs between two sides: a grid of layers and heads of one measure, and
//! for a head both maps beside right − left.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::build::{labels, matrix, noun, ordinary, quantity};
use super::profile::{named, place};
use super::reach::{Reach, maximum, reach_of_several};
use super::scale::number;
use super::{
    Body, Clipped, ColorPart, ColorRange, ColorScale, Coloring, Figure, FigureError, FigureOptions,
    LabelledMap, MapDifference, MapKind, Palette, Progression, Scale, UnitLabel, ValueRange,
};
use crate::analysis::{Axis, Link, MapId, Maps, Score};
use crate::attention::{HeadId, Selection};
use crate::compare::DifferenceMeasure;

/// So many heads are named where nobody says how many.
const NAMED_HEADS: usize = 10;
/// So many units that differ are named.
const NAMED_UNITS: usize = 6;
/// Stands before units that differ.
const DIFFERS: &str = "\u{2260} ";

/// The figure of how far the heads of two sides are apart: a row a layer, a
/// column a head, and the most changed heads named in order beside them.
///
/// `names` are those of the left and the right side; `values` are of the heads
/// of `selection` in their order, in the unit of `measure`, NaN where there is
/// none. Captions and notes are the caller's: what was compared, and what of it
/// was left out.
///
/// # Errors
/// When the options name no range.
pub fn difference_grid(
    names: [&str; 2],
    selection: &Selection,
    values: &[f64],
    measure: DifferenceMeasure,
    captions: Vec<String>,
    mut notes: Vec<String>,
    options: &FigureOptions,
) -> Result<Figure<'static>, FigureError> {
    let cells = cells_of_heads(selection, values);
    let greatest = maximum(&cells);
    let reach = match options.scale.unwrap_or(Scale::Head) {
        Scale::Head | Scale::Run => Reach::to(greatest, "the most changed head's"),
        Scale::Unit => Reach::to(1.0, ""),
    };
    let range = reach.range(options)?;
    let mut clipped = Clipped::default();
    clipped.count(&cells, &range);
    notes.extend(clipped_notes(clipped, &range, "values"));
    let quantity = format!("{measure} ({})", measure.unit());
    let color_scale = ColorScale {
        part: ColorPart::Magnitudes,
        range: ColorRange::Shared(range),
        label: reach.label(&quantity, options),
        clipped,
    };
    let title = format!("{} · {measure} of {}", title(names), of_heads(selection));
    Ok(Figure {
        captions,
        ..grid_of_heads(title, selection, cells, color_scale, notes, options)
    })
}

/// The figure of how a score of the heads of two sides differs, laid out as
/// [`difference_grid`] is: right − left, with colours for both signs, where 0 is
/// the paper.
///
/// # Errors
/// When a value is infinite.
pub fn score_difference_grid(
    names: [&str; 2],
    selection: &Selection,
    values: &[f64],
    score: Score,
    captions: Vec<String>,
    notes: Vec<String>,
    options: &FigureOptions,
) -> Result<Figure<'static>, FigureError> {
    let cells = cells_of_heads(selection, values);
    let magnitudes: Vec<f32> = cells.iter().map(|value| value.abs()).collect();
    let end = Reach::to(maximum(&magnitudes), "").range(&FigureOptions::default())?;
    let color_scale = ColorScale {
        part: ColorPart::Differences,
        range: ColorRange::Shared(ValueRange {
            minimum: -end.maximum,
            ..end
        }),
        label: format!("{score} ({}), {CHANGE}", score.unit()),
        clipped: Clipped::default(),
    };
    let heads = of_heads(selection);
    let title = format!("{} · difference of {score} of {heads}", title(names));
    Ok(Figure {
        captions,
        ..grid_of_heads(title, selection, cells, color_scale, notes, options)
    })
}

/// The values of heads in a row a layer, a column a head; NaN where there is none.
fn cells_of_heads(selection: &Selection, values: &[f64]) -> Vec<f32> {
    let known: BTreeMap<HeadId, f32> = selection
        .head_ids()
        .zip(values.iter().map(|&value| value as f32))
        .collect();
    let heads = selection.head_indices();
    let layers = selection.layer_indices();
    let places = layers
        .iter()
        .flat_map(|&layer| heads.iter().map(move |&head| HeadId { layer, head }));
    places
        .map(|id| known.get(&id).copied().unwrap_or(f32::NAN))
        .collect()
}

fn of_heads(selection: &Selection) -> String {
    match selection.head_count() {
        1 => "1 head".to_owned(),
        count => format!("{count} heads"),
    }
}

/// A grid of heads, the most changed ones named in order.
fn grid_of_heads(
    title: String,
    selection: &Selection,
    cells: Vec<f32>,
    color_scale: ColorScale,
    mut notes: Vec<String>,
    options: &FigureOptions,
) -> Figure<'static> {
    let (layers, heads) = (selection.layer_indices(), selection.head_indices());
    let is_changed = cells.iter().any(|value| value.abs() > 0.0);
    if !is_changed {
        notes.insert(0, "No head differs: both sides are equal.".to_owned());
    }
    let named_heads = match (is_changed, options.top_links) {
        (false, _) => 0,
        (true, 0) => NAMED_HEADS,
        (true, count) => count,
    };
    Figure {
        title,
        captions: Vec::new(),
        body: Body::Map(LabelledMap {
            kind: MapKind::Change,
            links: most_changed(&cells, heads.len(), named_heads),
            matrix: matrix(Cow::Owned(cells), [layers.len(), heads.len()]),
            rows: layers.iter().map(number_label).collect(),
            columns: heads.iter().map(number_label).collect(),
            row_segment_starts: Vec::new(),
            column_segment_starts: Vec::new(),
            shows_positions: false,
            pointed_out: None,
            noun: "heads",
        }),
        color_scale,
        palette: palette(options),
        notes,
    }
}

/// The figure of one head on both sides: left and right on the same scale, and
/// right − left on one that is as long below 0 as above, where 0 is the paper.
///
/// `names` are those of the sides. Both have as many rows and columns, one beside
/// the other; `differing` are the rows and columns whose units are not the same
/// on both sides, which are marked.
///
/// # Errors
/// When a side does not hold the head, the sides are not of one size, or the
/// options name no range.
pub fn head_difference<'maps>(
    names: [&str; 2],
    left: &'maps Maps<'_>,
    right: &'maps Maps<'_>,
    head: HeadId,
    differing: &[usize],
    captions: Vec<String>,
    options: &FigureOptions,
) -> Result<Figure<'maps>, FigureError> {
    let counts = [left.rows.len(), left.columns.len()];
    let right_counts = [right.rows.len(), right.columns.len()];
    if counts != right_counts {
        return Err(FigureError::UnlikeMaps {
            left: counts,
            right: right_counts,
        });
    }
    let id = MapId::Head(head);
    let missing = || FigureError::NoSuchHead { head };
    let values = [
        left.drawn(id).ok_or_else(missing)?,
        right.drawn(id).ok_or_else(missing)?,
    ];
    let difference = right_minus_left(&values);
    let is_ordinary = ordinary(left, &left.columns);
    let reach = reach_of_several(
        options,
        &[values[0].as_ref(), values[1].as_ref()],
        &is_ordinary,
        left.head_maximum.max(right.head_maximum),
        "both maps' maximum",
    );
    let range = reach.range(options)?;
    let mut clipped = Clipped::default();
    for values in &values {
        clipped.count(values, &range);
    }
    let (difference_scale, difference_notes) = scale_around_zero(&difference, &is_ordinary)?;

    let differing = [
        differing_units(differing, &left.rows, &right.rows, left.is_square()),
        differing_units(differing, &left.columns, &right.columns, left.is_square()),
    ];
    let axes = [
        axis_labels([&left.rows, &right.rows], &differing[0]),
        axis_labels([&left.columns, &right.columns], &differing[1]),
    ];
    let mut notes = vec![greatest_note(&values, &difference, left, &axes)];
    notes.extend(differing_note(&axes[0][2], &differing[0]));
    for (side, maps) in [("left", left), ("right", right)] {
        for note in maps.mask_notes(id).iter().chain(&maps.notes) {
            let is_both = left.notes == right.notes && left.masks == right.masks;
            match is_both {
                true if notes.contains(note) => {}
                true => notes.push(note.clone()),
                false => notes.push(format!("On the {side}: {note}")),
            }
        }
    }
    notes.extend(reach.note());
    notes.extend(clipped_notes(clipped, &range, "values"));
    notes.extend(difference_notes);

    let [rows, columns] = axes;
    let starts = [left.rows.segment_starts(), left.columns.segment_starts()];
    let shows_positions = left.reshape.crop.is_some();
    let mut labelled = rows.into_iter().zip(columns);
    let mut map = |values: Cow<'maps, [f32]>| {
        let (rows, columns) = labelled.next().unwrap_or_default();
        LabelledMap {
            kind: MapKind::Attention,
            matrix: matrix(values, counts),
            rows,
            columns,
            row_segment_starts: starts[0].clone(),
            column_segment_starts: starts[1].clone(),
            shows_positions,
            pointed_out: None,
            links: Vec::new(),
            noun: noun(left),
        }
    };
    let [left_values, right_values] = values;
    let maps = [
        map(left_values),
        map(right_values),
        map(Cow::Owned(difference)),
    ];
    Ok(Figure {
        title: format!("{} · {head}", title(names)),
        captions,
        body: Body::Difference(Box::new(MapDifference {
            names: match names[0] == names[1] {
                true => ["left".to_owned(), "right".to_owned(), CHANGE.to_owned()],
                false => [
                    format!("left · {}", names[0]),
                    format!("right · {}", names[1]),
                    CHANGE.to_owned(),
                ],
            },
            maps,
            difference_scale,
            differing,
        })),
        color_scale: ColorScale {
            part: ColorPart::Magnitudes,
            range: ColorRange::Shared(range),
            label: reach.label(quantity(left.measure), options),
            clipped,
        },
        palette: palette(options),
        notes,
    })
}

/// What is between two sides.
const CHANGE: &str = "right \u{2212} left";

/// Both sides; their one name where they are one model on two inputs.
fn title([left, right]: [&str; 2]) -> String {
    match left == right {
        true => left.to_owned(),
        false => format!("{left} → {right}"),
    }
}

/// Paper and ink are the options', the colours those of differences.
fn palette(options: &FigureOptions) -> Palette {
    Palette {
        coloring: Coloring::Differences,
        ..options.palette
    }
}

fn number_label(number: &usize) -> UnitLabel {
    UnitLabel {
        text: number.to_string(),
        special: false,
        position: *number,
    }
}

/// The most changed heads as cells of the grid, equal ones in their order;
/// none that did not change.
fn most_changed(cells: &[f32], column_count: usize, count: usize) -> Vec<Link> {
    let size = |cell: usize| cells[cell].abs();
    let mut order: Vec<usize> = (0..cells.len()).filter(|&cell| size(cell) > 0.0).collect();
    order.sort_by(|&one, &other| size(other).total_cmp(&size(one)));
    let cell = |cell: usize| Link {
        query: cell / column_count.max(1),
        key: cell % column_count.max(1),
        value: cells[cell],
    };
    order.into_iter().take(count).map(cell).collect()
}

/// What a mask of one side forbids is 0 there; what both forbid is not there.
fn right_minus_left([left, right]: &[Cow<'_, [f32]>; 2]) -> Vec<f32> {
    let there = |value: f32| if value.is_nan() { 0.0 } else { value };
    let cells = left.iter().zip(right.iter());
    cells
        .map(|(&left, &right)| match left.is_nan() && right.is_nan() {
            true => f32::NAN,
            false => there(right) - there(left),
        })
        .collect()
}

/// The colours of differences, to as far below 0 as above, and what has to be said
/// of them.
fn scale_around_zero(
    difference: &[f32],
    is_ordinary: &[bool],
) -> Result<(ColorScale, Vec<String>), FigureError> {
    let options = FigureOptions::default();
    let magnitudes: Vec<f32> = difference.iter().map(|value| value.abs()).collect();
    let whole = maximum(&magnitudes);
    let reach = reach_of_several(&options, &[magnitudes.as_slice()], is_ordinary, whole, "");
    let end = reach.range(&options)?.maximum;
    let range = ValueRange {
        minimum: -end,
        maximum: end,
        progression: Progression::Linear,
    };
    let mut clipped = Clipped::default();
    clipped.count(difference, &range);
    let scale = ColorScale {
        part: ColorPart::Differences,
        range: ColorRange::Shared(range),
        label: format!("difference, {CHANGE}"),
        clipped,
    };
    let beyond = clipped.below + clipped.above;
    let note = (beyond > 0).then(|| {
        format!(
            "Most differences are near 0: their colours end at ±{}; {beyond} of {} are beyond and \
             drawn in the last colour.",
            number(f64::from(end)),
            clipped.of
        )
    });
    Ok((scale, note.into_iter().collect()))
}

fn clipped_notes(clipped: Clipped, range: &ValueRange, noun: &str) -> Vec<String> {
    let ends = [
        (clipped.below, "below", range.minimum),
        (clipped.above, "above", range.maximum),
    ];
    let some = ends.into_iter().filter(|&(count, ..)| count > 0);
    some.map(|(count, where_, end)| {
        let end = number(f64::from(end));
        let of = clipped.of;
        format!("{count} of {of} {noun} are {where_} {end} and drawn in its colour.")
    })
    .collect()
}

/// Which places of an axis have units that differ. Of two axes with units of
/// their own, only those that look so: nobody says which axis was meant.
fn differing_units(differing: &[usize], left: &Axis, right: &Axis, is_square: bool) -> Vec<usize> {
    let looks_so = |&place: &usize| {
        let units = [left, right].map(|axis| axis.units.get(place).map(|unit| &unit.label));
        units[0].is_some() && (is_square || units[0] != units[1])
    };
    differing.iter().copied().filter(looks_so).collect()
}

/// The labels of the left, of the right, and of what is between them.
fn axis_labels([left, right]: [&Axis; 2], differing: &[usize]) -> [Vec<UnitLabel>; 3] {
    let mut sides = [labels(left), labels(right)];
    let mut between = sides[0].clone();
    for &place in differing {
        let [left, right] = &mut sides;
        let (Some(left), Some(right), Some(between)) = (
            left.get_mut(place),
            right.get_mut(place),
            between.get_mut(place),
        ) else {
            continue;
        };
        between.text = format!("{} → {}", left.text, right.text);
        between.special = left.special && right.special;
        for side in [left, right] {
            side.text.insert_str(0, DIFFERS);
        }
    }
    let [left, right] = sides;
    [left, right, between]
}

/// The cell that differs most, with its units and both values; the first of
/// equal ones.
fn greatest_note(
    [left_values, right_values]: &[Cow<'_, [f32]>; 2],
    difference: &[f32],
    maps: &Maps<'_>,
    axes: &[[Vec<UnitLabel>; 3]; 2],
) -> String {
    let mut greatest: Option<(usize, f32)> = None;
    for (cell, &value) in difference.iter().enumerate() {
        let is_greater = greatest.is_none_or(|(_, known)| value.abs() > known.abs());
        if !value.is_nan() && is_greater {
            greatest = Some((cell, value));
        }
    }
    let Some((cell, value)) = greatest.filter(|&(_, value)| value != 0.0) else {
        return "Both maps are equal in every cell.".to_owned();
    };
    let width = maps.columns.len().max(1);
    let (row, column) = (cell / width, cell % width);
    let unit = |axis: usize, held: &Axis, index: usize| {
        let label = axes[axis][2].get(index).map_or("", |label| &label.text);
        let place = held.units.get(index).map(place).unwrap_or_default();
        format!("{} ({place})", named(label))
    };
    let there = |values: &[f32]| {
        let value = values.get(cell).copied().unwrap_or(f32::NAN);
        match value.is_nan() {
            true => "nothing (masked)".to_owned(),
            false => number(f64::from(value)),
        }
    };
    let sign = if value > 0.0 { '+' } else { '\u{2212}' };
    format!(
        "Greatest difference: {sign}{} from {} to {}: {} on the left, {} on the right.",
        number(f64::from(value.abs())),
        unit(0, &maps.rows, row),
        unit(1, &maps.columns, column),
        there(left_values),
        there(right_values),
    )
}

/// Which units are not the same on both sides.
fn differing_note(between: &[UnitLabel], differing: &[usize]) -> Option<String> {
    let named: Vec<String> = differing
        .iter()
        .take(NAMED_UNITS)
        .filter_map(|&place| between.get(place))
        .map(|label| format!("{} (@{})", label.text, label.position))
        .collect();
    let more = match differing.len().saturating_sub(NAMED_UNITS) {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    let mark = DIFFERS.trim_end();
    (!named.is_empty()).then(|| {
        format!(
            "{mark} marks what is not the same on both sides: {}{more}.",
            named.join(", ")
        )
    })
}
