//! A head as lines from every query to the keys that it attends to, as Clark et
//! al. 2019 draw heads (figure 1, <https://arxiv.org/abs/1906.04341>).

use super::build::{captions, drowning_note, labels, name_of, notes, noun, quantity};
use super::layout::drawn_values;
use super::reach::{Reach, maximum};
use super::scale::number;
use super::{
    Body, Clipped, ColorPart, ColorRange, ColorScale, Coloring, Figure, FigureError, FigureOptions,
    LineFigure, Palette, Scale,
};
use crate::analysis::{Link, MapId, Maps, drowning};
use crate::attention::HeadId;
use crate::run::Run;

/// A line that is fainter than this part of the scale cannot be seen.
const FAINTEST: f32 = 0.02;
/// Of more lines, the strongest are drawn.
const MOST_LINES: usize = 1_500;

/// The figure of a head as lines: the greater the attention, the darker and the
/// thicker its line.
///
/// # Errors
/// When there is no such head, or the options name no range.
pub fn line_figure(
    run: &Run,
    maps: &Maps<'_>,
    head: HeadId,
    options: &FigureOptions,
) -> Result<Figure<'static>, FigureError> {
    let id = MapId::Head(head);
    let values = maps.drawn(id).ok_or(FigureError::NoSuchHead { head })?;
    // To the greatest value even where most are near 0: lines that nobody can see
    // leave room for the others.
    let reach = match options.scale.unwrap_or(Scale::Head) {
        Scale::Head => Reach::to(maximum(&values), "this map's maximum"),
        Scale::Unit => Reach::to(1.0, ""),
        Scale::Run => Reach::to(maps.head_maximum, "the run's maximum"),
    };
    let range = reach.range(options)?;
    let mut clipped = Clipped::default();
    let counts = [maps.rows.len(), maps.columns.len()];
    clipped.count(&drawn_values(&values, counts), &range);
    let (links, left_out) = visible(&values, maps.columns.len(), |value| range.fraction(value));
    let mut of_maps = vec!["The darker and thicker a line, the more its query attends.".to_owned()];
    of_maps.extend(maps.mask_notes(id));
    of_maps.extend(drowning_note(maps, drowning(maps, &[id])));
    if let Some(strongest) = left_out {
        of_maps.push(format!(
            "Attention of {} and less has no line.",
            number(f64::from(strongest))
        ));
    }
    let sentences = notes(run, maps, of_maps, &reach, options, clipped, Some(range));
    Ok(Figure {
        title: format!("{} · {}", run.model.name(), name_of(maps, id)),
        captions: captions(run),
        body: Body::Lines(LineFigure {
            units: [labels(&maps.rows), labels(&maps.columns)],
            segment_starts: [maps.rows.segment_starts(), maps.columns.segment_starts()],
            links,
            shows_positions: maps.reshape.crop.is_some(),
            noun: noun(maps),
        }),
        color_scale: ColorScale {
            part: ColorPart::Magnitudes,
            range: ColorRange::Shared(range),
            label: reach.label(quantity(maps.measure), options),
            clipped,
        },
        palette: from_paper(options.palette),
        notes: sentences,
    })
}

/// Colours that begin with the paper, whatever the colour map: what is nothing is
/// not to be seen.
pub(super) fn from_paper(palette: Palette) -> Palette {
    Palette {
        coloring: Coloring::Differences,
        ..palette
    }
}

/// The lines that can be seen, the strongest last, of equal ones the first last;
/// and the greatest value above 0 that has none.
fn visible(
    values: &[f32],
    column_count: usize,
    fraction: impl Fn(f32) -> f32,
) -> (Vec<Link>, Option<f32>) {
    let cells = values.iter().enumerate();
    // What a mask forbids is neither.
    let present = cells.filter(|(_, value)| **value > 0.0);
    let (mut links, mut left_out): (Vec<Link>, Vec<f32>) = (Vec::new(), Vec::new());
    for (place, &value) in present {
        match fraction(value) >= FAINTEST {
            true => links.push(Link {
                query: place / column_count.max(1),
                key: place % column_count.max(1),
                value,
            }),
            false => left_out.push(value),
        }
    }
    links.sort_by(|left, right| {
        let order = left.value.total_cmp(&right.value);
        order.then((right.query, right.key).cmp(&(left.query, left.key)))
    });
    let too_many = links.len().saturating_sub(MOST_LINES);
    left_out.extend(links.drain(..too_many).map(|link| link.value));
    (links, left_out.into_iter().max_by(f32::total_cmp))
}
