//! What is done to a run before it is shown: subwords or words, with or without
//! special tokens, all of its units or a stretch.
//!
//! The order is fixed: the first token and special ones go first, then pieces
//! become words, then the stretch is cut, which counts the run's own units whatever happened to
//! them before. Each step says in a note what it did, so that no picture or file
//! looks like something that it is not.

use std::borrow::Cow;

use thiserror::Error;

use super::merge::{TooLarge, Words, merge_words};
use super::{
    Axis, AxisUnit, Crop, Granularity, MapId, Maps, Measure, ReshapeOptions, Sink, SpecialTokens,
};
use crate::attention::{Attention, RowSums};
use crate::input::{StreamRole, Unit};
use crate::remedy::{HiddenUnits, Remedy, Setting};
use crate::run::Run;

/// Why nothing can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReshapeError {
    /// The attention tensor has other queries or keys than the run says.
    #[error(
        "expected attention of shape {expected:?} (query, key) for the units of the run, found {found:?}"
    )]
    ShapeMismatch {
        /// `[query, key]` as the streams have it.
        expected: [usize; 2],
        /// `[query, key]` of the tensor.
        found: [usize; 2],
    },
    /// A stretch of what has two different axes.
    #[error("the stretch {crop} is of one sequence, and queries and keys are two here")]
    CropOfTwo {
        /// What was asked for.
        crop: Crop,
    },
    /// All tokens are hidden.
    #[error("{}", nothing_left(*.count, *.hidden))]
    NothingLeft {
        /// Tokens of the run.
        count: usize,
        /// What hides them.
        hidden: HiddenUnits,
        /// Whether the first one is special.
        is_first_special: bool,
    },
    /// The attention that a word gets is more than a number holds.
    #[error("the attention of the pieces of a word sums to more than the greatest float32")]
    SumTooLarge,
    /// The stretch is outside the input.
    #[error(
        "the stretch {crop} does not exist: the run has {count} tokens, numbered 0 to {}",
        count.saturating_sub(1)
    )]
    CropOutside {
        /// What was asked for.
        crop: Crop,
        /// Units of the run, shown or not; at least one.
        count: usize,
    },
    /// The stretch has tokens alone that are hidden.
    #[error("all tokens of the stretch {crop} are {}", hidden_ones(*.hidden))]
    CropHidden {
        /// What was asked for.
        crop: Crop,
        /// What hides them.
        hidden: HiddenUnits,
    },
}

/// Which units are left out.
fn hidden_by(options: &ReshapeOptions) -> HiddenUnits {
    HiddenUnits {
        first: options.sink == Sink::Hide,
        special: options.special_tokens != SpecialTokens::Keep,
    }
}

/// Whether a unit is one of them.
fn is_hidden(unit: &AxisUnit, hidden: HiddenUnits) -> bool {
    (hidden.first && unit.first == 0) || (hidden.special && unit.special)
}

fn nothing_left(count: usize, hidden: HiddenUnits) -> String {
    match hidden.first {
        true if count == 1 => "the only token is the first one, which is hidden".to_owned(),
        true => format!("of {count} tokens nothing is left without the first and special ones"),
        false => format!("all {count} tokens are special, and nothing is left without them"),
    }
}

fn hidden_ones(hidden: HiddenUnits) -> &'static str {
    match hidden.first {
        true => "hidden",
        false => "special ones, which are hidden",
    }
}

impl ReshapeError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::CropOutside { crop, count } => {
                let last = count.saturating_sub(1);
                // As much of it as there is.
                let first = Some(crop.first).filter(|first| *first <= last);
                Some(Remedy::Crop {
                    first: first.unwrap_or(0),
                    last,
                })
            }
            Self::SumTooLarge => Some(Remedy::LeaveOut(Setting::Words)),
            Self::NothingLeft {
                count,
                hidden,
                is_first_special,
            } => Some(match hidden.first {
                // Of several special ones, the others are shown.
                true => Remedy::Keep(HiddenUnits {
                    first: !is_first_special || *count == 1,
                    special: *is_first_special && hidden.special,
                }),
                false => Remedy::Keep(*hidden),
            }),
            Self::CropHidden { hidden, .. } => Some(Remedy::Keep(*hidden)),
            Self::CropOfTwo { .. } => Some(Remedy::LeaveOut(Setting::Crop)),
            Self::ShapeMismatch { .. } => None,
        }
    }
}

/// The attention of a run as the options ask for it.
///
/// # Errors
/// When the tensor does not fit the run, or nothing would be left.
pub fn reshape<'run>(
    run: &'run Run,
    attention: &'run Attention,
    options: &ReshapeOptions,
) -> Result<Maps<'run>, ReshapeError> {
    let mut maps = raw(run, attention)?;
    apply(&mut maps, run, options)?;
    Ok(maps)
}

/// Does to maps of all units of a run what the options ask for.
pub(super) fn apply(
    maps: &mut Maps<'_>,
    run: &Run,
    options: &ReshapeOptions,
) -> Result<(), ReshapeError> {
    leave_out(maps, options)?;
    if options.granularity == Granularity::Word {
        merge_words(maps, run).map_err(|TooLarge| ReshapeError::SumTooLarge)?;
    }
    if let Some(stretch) = options.crop {
        let stream = run.units(maps.columns.role);
        crop(maps, stretch, stream, hidden_by(options))?;
    }
    maps.reshape = *options;
    let values = maps.values.iter().copied();
    maps.head_maximum = values.fold(0.0, f32::max);
    Ok(())
}

/// The words of the stream of a role, called as the input has them, whatever
/// becomes of special units.
pub fn words(run: &Run, role: StreamRole, sink: Sink) -> Vec<AxisUnit> {
    let stream = run.units(role);
    let mut axis = Axis::new(role, stream);
    let hidden = HiddenUnits {
        first: sink == Sink::Hide,
        special: false,
    };
    axis.units.retain(|unit| !is_hidden(unit, hidden));
    Words::new(&axis, stream, Some(&run.input)).units
}

/// The rows or columns that a stream has before a stretch of them is cut out.
pub fn uncropped_axis(role: StreamRole, stream: &[Unit], options: &ReshapeOptions) -> Axis {
    let mut axis = Axis::new(role, stream);
    let hidden = hidden_by(options);
    axis.units.retain(|unit| !is_hidden(unit, hidden));
    if options.granularity == Granularity::Word {
        axis.units = Words::new(&axis, stream, None).units;
    }
    axis
}

/// The attention of a run as it is.
pub(super) fn raw<'run>(
    run: &'run Run,
    attention: &'run Attention,
) -> Result<Maps<'run>, ReshapeError> {
    let [rows, columns] = attention
        .kind()
        .streams()
        .map(|role| Axis::new(role, run.units(role)));
    let tensor = attention.maps();
    let expected = [rows.len(), columns.len()];
    let found = [tensor.query_count(), tensor.key_count()];
    if expected != found {
        return Err(ReshapeError::ShapeMismatch { expected, found });
    }
    let row_sums = attention.row_sums();
    let mut notes = attention.notes().to_vec();
    // What was saved with notes may say it already.
    if row_sums == RowSums::Unnormalized && !notes.iter().any(|note| note.contains("sum to")) {
        let note = "The rows of this attention do not sum to 1; it is shown as it came.";
        notes.push(note.to_owned());
    }
    Ok(Maps {
        measure: Measure::Attention,
        reshape: ReshapeOptions::default(),
        rows,
        columns,
        ids: tensor.selection().head_ids().map(MapId::Head).collect(),
        selection: tensor.selection().clone(),
        masks: attention.masks(),
        values: Cow::Borrowed(tensor.values()),
        head_maximum: 0.0,
        row_sums,
        notes,
    })
}

/// Says that tokens were cut off the input, `None` where none were.
pub fn truncation_note(dropped: usize, kept: usize) -> Option<String> {
    let dropped = match dropped {
        0 => return None,
        1 => "1 token was".to_owned(),
        _ => format!("{dropped} tokens were"),
    };
    Some(format!(
        "The input was truncated: {dropped} dropped, {kept} are kept."
    ))
}

/// Drops the first token and special ones, as the options say. Of two sequences
/// the first key goes and no query: nothing attends to that.
fn leave_out(maps: &mut Maps<'_>, options: &ReshapeOptions) -> Result<(), ReshapeError> {
    let hidden = hidden_by(options);
    let of_queries = HiddenUnits {
        first: hidden.first && maps.is_square(),
        ..hidden
    };
    let axes = [(&maps.rows, of_queries), (&maps.columns, hidden)];
    let kept = axes.map(|(axis, hidden)| {
        let is_kept = |&index: &usize| !is_hidden(&axis.units[index], hidden);
        (0..axis.len()).filter(is_kept).collect::<Vec<usize>>()
    });
    for ((axis, hidden), kept) in axes.iter().zip(&kept) {
        if kept.is_empty() {
            return Err(ReshapeError::NothingLeft {
                count: axis.len(),
                hidden: *hidden,
                is_first_special: axis.units.first().is_some_and(|unit| unit.special),
            });
        }
    }
    let [rows, columns] = &kept;
    if rows.len() == maps.rows.len() && columns.len() == maps.columns.len() {
        return Ok(());
    }
    let others = |axis: &Axis, first: bool| {
        let mut units = axis.units.iter();
        hidden.special && units.any(|unit| unit.special && !(first && unit.first == 0))
    };
    let has_others = others(&maps.columns, hidden.first) || others(&maps.rows, of_queries.first);
    let which = match (hidden.first, has_others) {
        (true, true) => "The first token and special tokens are",
        (true, false) => "The first token is",
        (false, _) => "Special tokens are",
    };
    keep(maps, rows, columns);
    match options.special_tokens {
        SpecialTokens::Keep | SpecialTokens::Hide => {
            let note = match lessen(maps) {
                true => format!("{which} hidden; rows sum to less than 1."),
                false => format!("{which} hidden."),
            };
            maps.notes.push(note);
        }
        SpecialTokens::Renormalize => renormalize(maps, which),
    }
    Ok(())
}

/// Scales every row to sum to one. A row with nothing left stays empty: there
/// is nothing to scale. `which` are those that are dropped, with their verb.
fn renormalize(maps: &mut Maps<'_>, which: &str) {
    // Whatever they summed to before.
    maps.row_sums = RowSums::One;
    let mut empty_rows = 0_usize;
    let column_count = maps.columns.len();
    for row in maps.values.to_mut().chunks_exact_mut(column_count) {
        let sum: f64 = row.iter().copied().map(f64::from).sum();
        if sum > 0.0 {
            row.iter_mut()
                .for_each(|value| *value = (f64::from(*value) / sum) as f32);
        } else {
            empty_rows += 1;
        }
    }
    let mut note = format!("{which} dropped, rows scaled back to 1.");
    if empty_rows > 0 {
        lessen(maps);
        note.push_str(&format!(
            " {empty_rows} rows gave them all their attention and are empty."
        ));
    }
    maps.notes.push(note);
}

/// Some rows and columns of every map.
fn keep(maps: &mut Maps<'_>, rows: &[usize], columns: &[usize]) {
    let column_count = maps.columns.len();
    let values = maps
        .values
        .chunks_exact(maps.map_size())
        .flat_map(|map| {
            rows.iter().flat_map(move |&query| {
                columns
                    .iter()
                    .map(move |&key| map[query * column_count + key])
            })
        })
        .collect();
    maps.values = Cow::Owned(values);
    for (axis, kept) in [(&mut maps.rows, rows), (&mut maps.columns, columns)] {
        axis.units = kept
            .iter()
            .map(|&index| axis.units[index].clone())
            .collect();
    }
}

/// Notes that columns were left out; says whether rows summed to one before,
/// or to less already.
fn lessen(maps: &mut Maps<'_>) -> bool {
    let normalized = maps.row_sums != RowSums::Unnormalized;
    if normalized {
        maps.row_sums = RowSums::Less;
    }
    normalized
}

/// Keeps what stands for a unit of the stretch: a word that one of its pieces
/// is in is shown whole.
fn crop(
    maps: &mut Maps<'_>,
    crop: Crop,
    stream: &[Unit],
    hidden: HiddenUnits,
) -> Result<(), ReshapeError> {
    let count = stream.len();
    if !maps.is_square() {
        return Err(ReshapeError::CropOfTwo { crop });
    }
    if crop.last >= count {
        return Err(ReshapeError::CropOutside { crop, count });
    }
    let units = &maps.columns.units;
    let has_some = |&index: &usize| units[index].positions().any(|unit| crop.contains(unit));
    let kept: Vec<usize> = (0..units.len()).filter(has_some).collect();
    if kept.is_empty() {
        let mut units = stream.iter().enumerate();
        let hidden = HiddenUnits {
            first: hidden.first && crop.contains(0),
            special: hidden.special
                && units.any(|(position, unit)| crop.contains(position) && unit.is_added()),
        };
        return Err(ReshapeError::CropHidden { crop, hidden });
    }
    if kept.len() == units.len() {
        return Ok(());
    }
    let is_cut = |&index: &usize| !units[index].positions().all(|unit| crop.contains(unit));
    let whole = match kept.iter().any(is_cut) {
        true => "; words at its ends are whole",
        false => "",
    };
    let column_count = maps.columns.len();
    let is_kept: Vec<bool> = units
        .iter()
        .map(|unit| unit.positions().any(|unit| crop.contains(unit)))
        .collect();
    // Of a decoder, and before padding, there is nothing behind the stretch.
    let loses = maps.values.iter().enumerate().any(|(place, &value)| {
        let (row, column) = (place / column_count % column_count, place % column_count);
        value != 0.0 && is_kept[row] && !is_kept[column]
    });
    keep(maps, &kept, &kept);
    let sums = match loses && lessen(maps) {
        true => "; rows sum to less than 1",
        false => "",
    };
    let Crop { first, last } = crop;
    maps.notes.push(format!(
        "Tokens @{first} to @{last} of {count}, counted from 0{whole}{sums}."
    ));
    Ok(())
}
