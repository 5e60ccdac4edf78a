//! The input as it is read, its units shaded by what one of them attends to, or by
//! the attention that they receive: the mean over all heads that are shown.

use super::build::{captions, drowning_note, joined, labels, notes, noun, ordinary, quantity};
use super::lines::from_paper;
use super::profile::{named, place};
use super::reach::reach_of_one;
use super::{
    Body, Clipped, ColorPart, ColorRange, ColorScale, Figure, FigureError, FigureOptions,
    ShadedText,
};
use crate::analysis::{
    Direction, MapId, Maps, Measure, drowning_of_row, profile, received_profile,
};
use crate::run::Run;

/// The figure of a text, shaded by what the unit of a row attends to; or, without
/// one, by what each unit receives.
///
/// # Errors
/// When there is no such row, or the options name no range.
pub fn shaded_text(
    run: &Run,
    maps: &Maps<'_>,
    row: Option<usize>,
    options: &FigureOptions,
) -> Result<Figure<'static>, FigureError> {
    let found = match row {
        Some(row) => profile(maps, Direction::From, row).ok_or(FigureError::NoSuchPosition {
            direction: Direction::From,
            found: row,
            count: maps.rows.len(),
        })?,
        None => received_profile(maps).ok_or(FigureError::NothingJoined)?,
    };
    let values = found.mean;
    let along = ordinary(maps, &maps.columns);
    let whose = "this text's maximum";
    let reach = reach_of_one(options, &values, &along, maps.head_maximum, whose);
    let range = reach.range(options)?;
    let mut clipped = Clipped::default();
    clipped.count(&values, &range);
    let unit = row.and_then(|row| maps.rows.units.get(row));
    let what = match unit {
        Some(unit) => format!("what {} ({}) attends to", named(&unit.label), place(unit)),
        None => "attention received".to_owned(),
    };
    let reading = match unit {
        Some(unit) if maps.is_square() => format!("{} is framed.", named(&unit.label)),
        Some(_) => "The shades are of the keys.".to_owned(),
        None => "Each shade is the mean over the queries that may attend to the unit.".to_owned(),
    };
    let mut of_maps = vec![reading];
    of_maps.extend(maps.mask_notes_by_layer());
    of_maps.extend(maps.mean_note(MapId::All));
    let drowned = row.and_then(|_| drowning_of_row(maps, &values));
    of_maps.extend(drowning_note(maps, drowned));
    let sentences = notes(run, maps, of_maps, &reach, options, clipped, Some(range));
    let measure = match maps.selection.head_count() {
        1 => Measure::Attention,
        _ => Measure::Mean,
    };
    Ok(Figure {
        title: format!(
            "{} · {what} · {}",
            run.model.name(),
            joined(&maps.selection, "mean")
        ),
        captions: captions(run),
        body: Body::Text(ShadedText {
            units: labels(&maps.columns),
            values,
            joined: pieces(run, maps),
            segment_starts: maps.columns.segment_starts(),
            marked: row.filter(|_| maps.is_square()),
            noun: noun(maps),
        }),
        color_scale: ColorScale {
            part: ColorPart::Magnitudes,
            range: ColorRange::Shared(range),
            label: reach.label(quantity(measure), options),
            clipped,
        },
        palette: from_paper(options.palette),
        notes: sentences,
    })
}

/// The columns that are pieces of the same word as the one before them.
fn pieces(run: &Run, maps: &Maps<'_>) -> Vec<usize> {
    let units = run.units(maps.columns.role);
    let word = |column: usize| {
        let unit = maps.columns.units.get(column)?;
        let unit = units.get(unit.first)?;
        Some((unit.segment, unit.word?))
    };
    let is_piece = |column: &usize| word(*column).is_some() && word(column - 1) == word(*column);
    (1..maps.columns.len()).filter(is_piece).collect()
}
