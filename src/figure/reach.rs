//! Where the colours of a map end where nobody says so.
//!
//! Attention is spread ever thinner the longer a text is: of 512 units nearly
//! all get less than a hundredth. Colours that reach to the greatest value, or
//! to 1, would then show nothing at all. So they end at a round number that is
//! not far above what is ordinary, and what is more has the last colour: the
//! picture says where they end and how much is above it.

use super::scale::{number, round_up};
use super::{FigureError, FigureOptions, Progression, Scale, ValueRange};
use crate::analysis::{AxisUnit, Maps};

/// So many of the ordinary values are told apart, the rest has the last colour.
const SHARE: f64 = 0.98;
/// The strongest keys of this part of the queries are told apart.
const WEAK_QUERIES: f64 = 1.0 / 3.0;
/// Colours that would use less than this part of a scale to 1 end earlier, and
/// so do colours that would use less than that of a scale to a map's maximum,
/// which may be a single cell's.
const LEAST_USE: f64 = 0.25;
const LEAST_USE_OF_ONE: f64 = 0.5;
/// Colours do not end so early that more than this part of what is drawn has
/// the last one: of three tokens most values are those of special ones.
const MOST_BEYOND: f64 = 0.2;
/// So many values are looked at, more or less: every row is too much.
const SAMPLE: usize = 1 << 17;
/// Of so many units a map has its values written in its cells, and shows
/// something whatever its colours.
const WRITTEN_UNITS: usize = 24;

/// How far colours reach.
pub(super) struct Reach {
    /// What the scale reaches to.
    whole: f32,
    /// The same in words, where it is no round number.
    in_words: &'static str,
    /// Where the colours end before it, since next to nothing is above.
    earlier: Option<f32>,
}

impl Reach {
    /// To one end, whatever is shown.
    pub(super) fn to(whole: f32, in_words: &'static str) -> Self {
        Self {
            whole,
            in_words,
            earlier: None,
        }
    }

    /// To an end that nobody asked for, or to an earlier one.
    pub(super) fn readable<'maps>(
        self,
        options: &FigureOptions,
        maps: impl ExactSizeIterator<Item = &'maps [f32]> + Clone,
        is_ordinary: &[bool],
    ) -> Self {
        self.readable_beyond(LEAST_USE, options, maps, is_ordinary)
    }

    fn readable_beyond<'maps>(
        self,
        least_use: f64,
        options: &FigureOptions,
        maps: impl ExactSizeIterator<Item = &'maps [f32]> + Clone,
        is_ordinary: &[bool],
    ) -> Self {
        let is_asked_for = options.scale.is_some()
            || options.minimum.is_some()
            || options.maximum.is_some()
            || options.progression == Progression::Logarithmic;
        let earlier = match is_asked_for {
            true => None,
            false => readable_end(maps.clone(), is_ordinary)
                .filter(|&end| end <= f64::from(self.whole) * least_use)
                .map(|end| end as f32)
                .filter(|&end| share_beyond(maps, is_ordinary.len(), end) <= MOST_BEYOND),
        };
        Self { earlier, ..self }
    }

    pub(super) fn range(&self, options: &FigureOptions) -> Result<ValueRange, FigureError> {
        value_range(options, self.earlier.unwrap_or(self.whole))
    }

    /// What stands beside the colour bar.
    pub(super) fn label(&self, quantity: &str, options: &FigureOptions) -> String {
        let is_another =
            self.earlier.is_some() || options.minimum.is_some_and(|minimum| minimum >= self.whole);
        let in_words = match is_another {
            true => "",
            false => self.in_words,
        };
        label(quantity, options, in_words)
    }

    pub(super) fn note(&self) -> Option<String> {
        let earlier = number(f64::from(self.earlier?));
        let whole = number(f64::from(self.whole));
        Some(format!(
            "Most values are near 0: colours end at {earlier}, not at {whole}."
        ))
    }
}

/// How far the colours of one map reach, or of the rows of a profile.
pub(super) fn reach_of_one(
    options: &FigureOptions,
    values: &[f32],
    is_ordinary: &[bool],
    head_maximum: f32,
    whose: &'static str,
) -> Reach {
    reach_of_several(options, &[values], is_ordinary, head_maximum, whose)
}

/// How far the colours reach that several maps of one size share.
pub(super) fn reach_of_several(
    options: &FigureOptions,
    maps: &[&[f32]],
    is_ordinary: &[bool],
    head_maximum: f32,
    whose: &'static str,
) -> Reach {
    match options.scale.unwrap_or(Scale::Head) {
        Scale::Head => {
            let greatest = maps.iter().map(|values| maximum(values));
            let whole = Reach::to(greatest.fold(0.0, f32::max), whose);
            let size = maps.first().map_or(0, |values| values.len());
            match size > WRITTEN_UNITS * WRITTEN_UNITS || is_ordinary.len() > WRITTEN_UNITS {
                true => {
                    let maps = maps.iter().copied();
                    whole.readable_beyond(LEAST_USE_OF_ONE, options, maps, is_ordinary)
                }
                false => whole,
            }
        }
        Scale::Unit => Reach::to(1.0, ""),
        Scale::Run => Reach::to(head_maximum, "the run's maximum"),
    }
}

/// Where the axis of a profile's bars ends before the highest of them, `None`
/// where it reaches to that: what stands for some of the text is never above it.
pub(super) fn end_of_bars(
    options: &FigureOptions,
    bars: &[f32],
    is_ordinary: &[bool],
) -> Option<f32> {
    if options.scale.is_some() || bars.len() <= WRITTEN_UNITS {
        return None;
    }
    let most = f64::from(maximum(bars)) * LEAST_USE_OF_ONE;
    readable_end([bars].into_iter(), is_ordinary)
        .filter(|&end| end <= most)
        .map(|end| end as f32)
}

/// Whether colours have to tell apart what a unit gets: special ones get what is
/// not needed elsewhere, and so does the first one of a decoder, whatever it is.
pub(super) fn is_ordinary(maps: &Maps<'_>, unit: &AxisUnit) -> bool {
    unit.stands_for_text() && !(unit.first == 0 && maps.looks_back())
}

/// What stands beside the colour bar: the quantity, and behind a comma how far
/// the scale reaches where that is no round number.
fn label(quantity: &str, options: &FigureOptions, reach: &str) -> String {
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
    let minimum = options.minimum.unwrap_or(0.0);
    let is_logarithmic = options.progression == Progression::Logarithmic;
    let maximum = match options.maximum {
        Some(maximum) => maximum,
        None if own_maximum > minimum => own_maximum,
        // What has nothing above the minimum is drawn in the first colour
        // throughout, on a scale to what attention is at most.
        None if minimum < 1.0 => 1.0,
        None => {
            let maximum = own_maximum;
            return Err(match minimum.is_finite() {
                true => FigureError::NothingAbove { minimum, maximum },
                false => FigureError::EmptyRange { minimum, maximum },
            });
        }
    };
    // Below it there is no room for another float.
    let maximum = match options.maximum {
        None if is_logarithmic => maximum.max(LEAST_LOGARITHMIC),
        _ => maximum,
    };
    if minimum >= maximum || !minimum.is_finite() || !maximum.is_finite() {
        return Err(FigureError::EmptyRange { minimum, maximum });
    }
    let mut range = ValueRange::up_to(maximum, options.progression);
    if let Some(minimum) = options.minimum {
        if is_logarithmic && minimum <= 0.0 {
            return Err(FigureError::LogarithmOfNothing { minimum });
        }
        range.minimum = minimum;
    }
    match range.minimum < range.maximum {
        true => Ok(range),
        false => Err(FigureError::EmptyRange {
            minimum: range.minimum,
            maximum: range.maximum,
        }),
    }
}

/// A logarithmic scale that ends lower has no room for four powers of ten.
const LEAST_LOGARITHMIC: f32 = 1e-40;

/// The range of a panel that has its own.
pub(super) fn panel_range(
    options: &FigureOptions,
    own_maximum: f32,
) -> Result<ValueRange, FigureError> {
    match (options.minimum, own_maximum > 0.0) {
        (None, true) => Ok(ValueRange::of_panel(own_maximum, options.progression)),
        (None, false) => Ok(ValueRange::of_panel(1.0, options.progression)),
        (Some(_), _) => value_range(options, own_maximum),
    }
}

pub(super) fn maximum(values: &[f32]) -> f32 {
    values.iter().copied().fold(0.0, f32::max)
}

/// Where the colours of some maps could end, `None` where all is 0: at what the
/// strongest key of a third of the queries gets at most, or at what few of the
/// values that are there exceed, whichever is more. Keys that are not ordinary do
/// not count, since they are given what is not needed elsewhere. `is_ordinary`
/// tells of every column whether it has none.
fn readable_end<'maps>(
    maps: impl ExactSizeIterator<Item = &'maps [f32]> + Clone,
    is_ordinary: &[bool],
) -> Option<f64> {
    let column_count = is_ordinary.len().max(1);
    let has_ordinary = is_ordinary.contains(&true);
    let counts = |column: &usize| !has_ordinary || is_ordinary[*column];
    let ordinary: Vec<usize> = (0..is_ordinary.len()).filter(counts).collect();
    let mut values = Vec::new();
    let mut strongest = Vec::new();
    for row in sampled_rows(maps, column_count) {
        let start = values.len();
        // A cell that a mask forbids is NaN: none, and not the greatest.
        let present = ordinary.iter().map(|&column| row[column]);
        values.extend(present.filter(|value| value.is_finite()));
        let greatest = values[start..].iter().copied().fold(0.0, f32::max);
        // A query that may not look at any of them tells nothing.
        if greatest > 0.0 {
            strongest.push(greatest);
        }
    }
    let least = quantile(&mut values, SHARE).max(quantile(&mut strongest, WEAK_QUERIES));
    (least > 0.0 && least.is_finite()).then(|| round_up(f64::from(least)))
}

/// Which part of what some maps have is above a value.
fn share_beyond<'maps>(
    maps: impl ExactSizeIterator<Item = &'maps [f32]>,
    column_count: usize,
    end: f32,
) -> f64 {
    let (mut above, mut of) = (0_usize, 0_usize);
    for row in sampled_rows(maps, column_count.max(1)) {
        above += row.iter().filter(|&&value| value > end).count();
        of += row.iter().filter(|value| value.is_finite()).count();
    }
    above as f64 / of.max(1) as f64
}

/// Rows of some maps, of each as many, which have [`SAMPLE`] values together.
fn sampled_rows<'maps>(
    maps: impl ExactSizeIterator<Item = &'maps [f32]>,
    column_count: usize,
) -> impl Iterator<Item = &'maps [f32]> {
    let map_count = maps.len().max(1);
    maps.flat_map(move |map| {
        let rows = map.chunks_exact(column_count);
        let stride = (map.len() * map_count)
            .div_ceil(SAMPLE)
            .clamp(1, rows.len().max(1));
        rows.skip(stride / 2).step_by(stride)
    })
}

/// The value that a share of the values does not exceed, 0 for none.
fn quantile(values: &mut [f32], share: f64) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let index = ((values.len() - 1) as f64 * share).round() as usize;
    *values.select_nth_unstable_by(index, f32::total_cmp).1
}
