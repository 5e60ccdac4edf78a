//! How much one unit attends to another in every head: a row a layer, a column
//! a head, and the strongest heads named in order beside them.

use std::borrow::Cow;

use super::build::{captions, matrix, notes, quantity};
use super::profile::{named, place};
use super::reach::{Reach, maximum};
use super::{
    Body, Clipped, ColorPart, ColorRange, ColorScale, Figure, FigureError, FigureOptions,
    LabelledMap, MapKind, Scale, UnitLabel,
};
use crate::analysis::{Direction, Link, LinkByHead, Maps, Measure, link_by_head};
use crate::run::Run;

/// So many heads are named where nobody says how many.
const NAMED_HEADS: usize = 10;

/// The figure of a link: from a row of some maps to a column.
///
/// # Errors
/// When there is no such row or column, or the options name no range.
pub fn link_map(
    run: &Run,
    maps: &Maps<'_>,
    [row, column]: [usize; 2],
    options: &FigureOptions,
) -> Result<Figure<'static>, FigureError> {
    let outside = |direction: Direction, found: usize| {
        let [held, _] = direction.axes(maps);
        FigureError::NoSuchPosition {
            direction,
            found,
            count: held.len(),
        }
    };
    let query = maps.rows.units.get(row);
    let query = query.ok_or_else(|| outside(Direction::From, row))?;
    let key = maps.columns.units.get(column);
    let key = key.ok_or_else(|| outside(Direction::To, column))?;
    let link = link_by_head(maps, row, column).ok_or_else(|| outside(Direction::From, row))?;
    let values = link.drawn();
    let reach = match options.scale.unwrap_or(Scale::Head) {
        Scale::Head => Reach::to(maximum(&values), "the strongest head's"),
        Scale::Unit => Reach::to(1.0, ""),
        Scale::Run => Reach::to(maps.head_maximum, "the run's maximum"),
    };
    let range = reach.range(options)?;
    let mut clipped = Clipped::default();
    clipped.count(&values, &range);
    let (from, to) = (named(&query.label), named(&key.label));
    let mut sentences = vec![format!(
        "Each cell is a head: how much {from} (query) attends to {to} (key) in it."
    )];
    let of_maps = forbidden_notes(maps, &link);
    let more = notes(run, maps, of_maps, &reach, options, clipped, Some(range));
    sentences.extend(more);
    let named_heads = match options.top_links {
        0 => NAMED_HEADS,
        count => count,
    };
    let counts = [link.layers.len(), link.heads.len()];
    Ok(Figure {
        title: format!(
            "{} · from {from} ({}) to {to} ({})",
            run.model.name(),
            place(query),
            place(key)
        ),
        captions: captions(run),
        body: Body::Map(LabelledMap {
            kind: MapKind::Link,
            links: strongest(&link, named_heads),
            matrix: matrix(Cow::Owned(values), counts),
            rows: link.layers.iter().map(number).collect(),
            columns: link.heads.iter().map(number).collect(),
            row_segment_starts: Vec::new(),
            column_segment_starts: Vec::new(),
            shows_positions: false,
            pointed_out: None,
            noun: "heads",
        }),
        color_scale: ColorScale {
            part: ColorPart::All,
            range: ColorRange::Shared(range),
            label: reach.label(quantity(Measure::Attention), options),
            clipped,
        },
        palette: options.palette,
        notes: sentences,
    })
}

fn number(number: &usize) -> UnitLabel {
    UnitLabel {
        text: number.to_string(),
        special: false,
        position: *number,
    }
}

/// The strongest heads as cells of the map.
fn strongest(link: &LinkByHead, count: usize) -> Vec<Link> {
    let place =
        |numbers: &[usize], number: usize| numbers.iter().position(|other| *other == number);
    let strongest = link.strongest(count).into_iter();
    let cells = strongest.filter_map(|(id, value)| {
        Some(Link {
            query: place(&link.layers, id.layer)?,
            key: place(&link.heads, id.head)?,
            value,
        })
    });
    cells.collect()
}

/// Which layers' masks forbid the link, as sentences.
fn forbidden_notes(maps: &Maps<'_>, link: &LinkByHead) -> Vec<String> {
    if !link.is_forbidden.contains(&true) {
        return Vec::new();
    }
    let mut notes = maps.mask_notes_by_layer();
    if !link.is_forbidden.contains(&false) {
        notes.push("So this link is in no head.".to_owned());
    }
    notes
}
