//! The bars of a unit's profile: their axis, and the values above them.

use super::columns::{BARS_HEIGHT, Columns, LEVEL, UnitLabels, fill, rect, spaced};
use super::text::place;
use super::ticks::Writing;
use super::value::{listed_value_text, unwritten_note, value_text};
use super::{Ink, Item, MeasureText, Rect, Role, Rotation, TextFont, Weight};
use crate::figure::UnitProfile;
use crate::figure::scale::{number, round_up};

/// Letters of level values, the largest that fit, in pixels.
const LEVEL_SIZES: [f32; 6] = [24.0, 22.0, 20.0, 18.0, 16.0, 14.0];
/// Of the values over the bars.
const DECIMALS: usize = 3;
/// So many bars that are cut off are listed.
const LISTED_CUT: usize = 4;
/// From the end of the axis to the gap in a bar that is cut off, and its height,
/// in pixels.
const CUT: (i32, i32) = (12, 6);
/// Between a bar and its value, in pixels.
const VALUE_GAP: i32 = 4;

/// The axis of the bars: from 0 in round steps.
pub(super) struct BarAxis {
    step: f64,
    /// The number of steps.
    count: usize,
}

impl BarAxis {
    pub(super) fn new(maximum: f32) -> Self {
        let maximum = match f64::from(maximum) {
            maximum if maximum > 0.0 && maximum.is_finite() => maximum,
            _ => 1.0,
        };
        let step = round_up(maximum / 5.0);
        // A maximum that is a round number needs no step beyond it.
        let count = (maximum / step - 1e-6).ceil().max(1.0) as usize;
        Self { step, count }
    }

    fn end(&self) -> f64 {
        self.step * self.count as f64
    }

    fn is_cut(&self, value: f32) -> bool {
        f64::from(value) > self.end() * (1.0 + 1e-6)
    }

    /// What is said of bars that are higher than the axis, as a sentence.
    pub(super) fn note(&self, profile: &UnitProfile) -> Option<String> {
        let bars = profile.bars.iter().zip(&profile.units);
        let mut cut: Vec<(f32, &str)> = bars
            .filter(|&(&bar, _)| self.is_cut(bar))
            .map(|(&bar, unit)| (bar, unit.text.as_str()))
            .collect();
        cut.sort_by(|left, right| right.0.total_cmp(&left.0));
        let more = match cut.len().saturating_sub(LISTED_CUT) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let listed = cut.iter().take(LISTED_CUT);
        let listed: Vec<String> = listed
            .map(|(bar, text)| format!("{text} {}", listed_value_text(*bar, DECIMALS)))
            .collect();
        (!cut.is_empty()).then(|| {
            let end = number(self.end());
            let listed = listed.join(", ");
            format!("The axis of the bars ends at {end}; higher ones are cut off: {listed}{more}.")
        })
    }

    fn height(&self, value: f32) -> i32 {
        let fraction = (f64::from(value) / self.end()).clamp(0.0, 1.0);
        (fraction * f64::from(BARS_HEIGHT)).round() as i32
    }

    /// A hundredth of the axis, rounded up to what can be written.
    fn least_written(&self) -> f32 {
        let hundredth = self.end() / 100.0;
        let unit = libm::exp10(DECIMALS as f64);
        ((hundredth * unit).ceil() / unit) as f32
    }

    /// The height and the number of each tick.
    pub(super) fn ticks(&self) -> Vec<(i32, String)> {
        let write = Writing::new(self.end(), self.step);
        (0..=self.count)
            .map(|index| {
                let value = self.step * index as f64;
                (self.height(value as f32), write.text(value))
            })
            .collect()
    }
}

/// How the values over the bars are written, and which.
pub(super) struct BarValues {
    rotation: Rotation,
    /// The room above the highest bar.
    pub(super) extent: i32,
    /// Bars that have their value.
    written: Vec<Written>,
    /// Lower bars have none, except for the marked one.
    least: f32,
}

/// A value over a bar.
struct Written {
    column: usize,
    text: String,
    font: TextFont,
    /// How far it is above the baseline, in pixels.
    height: i32,
    /// Its length, in pixels.
    length: i32,
}

impl BarValues {
    /// Level where columns are wide enough for that; else upward, and only at
    /// the marked bar, whatever it is, and at those that rise above their
    /// neighbours and can be seen.
    pub(super) fn new(
        columns: &Columns<'_>,
        labels: &UnitLabels,
        bars: &[f32],
        axis: &BarAxis,
        measure: &mut dyn MeasureText,
    ) -> Self {
        let mut write = |column: usize, text: String, font: TextFont| Written {
            column,
            length: measure.width(&text, font),
            text,
            font,
            height: axis.height(bars[column]) + VALUE_GAP,
        };
        // A bar that a mask forbids is not there.
        let present = || (0..bars.len()).filter(move |&bar| !bars[bar].is_nan());
        for size in LEVEL_SIZES {
            let font = TextFont::regular(size);
            let texts = present().filter_map(|bar| Some((bar, value_text(bars[bar], DECIMALS)?)));
            let written: Vec<Written> = texts.map(|(bar, text)| write(bar, text, font)).collect();
            let longest = written.iter().map(|value| value.length).max();
            if longest.unwrap_or(0) + 10 <= columns.pitch {
                return Self {
                    rotation: LEVEL,
                    extent: font.line_height(),
                    written,
                    least: 0.0,
                };
            }
        }
        let font = labels.font;
        let least = axis.least_written();
        let marked = columns.marked().filter(|&column| !bars[column].is_nan());
        let peaks = spaced(bars, None, labels.stride).into_iter();
        let mut written: Vec<Written> = peaks
            .filter(|&column| Some(column) != marked)
            .filter(|&column| bars[column] >= least && is_peak(bars, column, labels.stride))
            .filter_map(|column| Some((column, value_text(bars[column], DECIMALS)?)))
            .map(|(column, text)| write(column, text, font))
            .collect();
        if let Some(column) = marked {
            let bold = TextFont {
                weight: Weight::Bold,
                ..font
            };
            let text = listed_value_text(bars[column], DECIMALS);
            let mut own = write(column, text, bold);
            // Above the bars beside it, and above the value of one of them.
            let beside = |other: usize| other.abs_diff(column) < labels.stride;
            let heights = present()
                .filter(|&bar| beside(bar))
                .map(|bar| axis.height(bars[bar]));
            let values = written.iter().filter(|value| beside(value.column));
            let tops = values.map(|value| value.height + value.length);
            own.height = heights.chain(tops).max().unwrap_or(0) + VALUE_GAP;
            written.push(own);
        }
        let above = written
            .iter()
            .map(|value| (value.height - VALUE_GAP - BARS_HEIGHT).max(0) + value.length);
        Self {
            rotation: Rotation::Upward,
            extent: above.max().unwrap_or(0),
            written,
            least,
        }
    }

    pub(super) fn note(&self, bars: &[f32]) -> Option<String> {
        let is_unwritten = |bar: &f32| value_text(*bar, DECIMALS).is_none();
        if self.least <= 0.0 {
            return bars
                .iter()
                .any(is_unwritten)
                .then(|| unwritten_note(DECIMALS));
        }
        let least = listed_value_text(self.least, DECIMALS);
        let is_written = |column: usize| self.written.iter().any(|value| value.column == column);
        let is_left_out = |is_visible: bool| {
            let present = (0..bars.len()).filter(|&column| !bars[column].is_nan());
            let mut such = present.filter(|&column| (bars[column] >= self.least) == is_visible);
            such.any(|column| !is_written(column))
        };
        let marked = self
            .written
            .iter()
            .any(|value| value.font.weight == Weight::Bold);
        match (is_left_out(true), is_left_out(false), marked) {
            (true, _, true) => Some(format!(
                "Values are written at peaks of {least} and more, and in bold at the marked one."
            )),
            (true, _, false) => Some(format!("Values are written at peaks of {least} and more.")),
            (false, true, true) => Some(format!(
                "Values below {least} are not written, except for the marked one's."
            )),
            (false, true, false) => Some(format!("Values below {least} are not written.")),
            (false, false, _) => None,
        }
    }
}

/// Whether no bar is higher that is nearer than so many columns.
fn is_peak(bars: &[f32], column: usize, stride: usize) -> bool {
    let start = column.saturating_sub(stride - 1);
    let around = bars.iter().skip(start).take(column - start + stride);
    bars.get(column)
        .is_some_and(|bar| !around.copied().any(|other| other > *bar))
}

/// The bars and their values, on a baseline.
pub(super) fn bar_items(
    columns: &Columns<'_>,
    bars: &[f32],
    axis: &BarAxis,
    values: &BarValues,
    baseline: i32,
) -> Vec<Item<'static>> {
    // A quarter of a wide column is space, so that bars are told apart.
    let space = columns.pitch / 4;
    let mut items = Vec::with_capacity(bars.len() * 2);
    for (column, &bar) in bars.iter().enumerate() {
        let height = axis.height(bar);
        let ink = match columns.special(column) {
            true => Ink::FaintBar,
            false => Ink::Bar,
        };
        let x = columns.x(column) + space / 2;
        let width = columns.pitch - space;
        if height > 0 {
            items.push(fill(rect(x, baseline - height, width, height), ink));
        }
        if axis.is_cut(bar) {
            let gap = rect(x, baseline - height + CUT.0, width, CUT.1);
            items.push(fill(gap, Ink::Paper));
        }
    }
    for value in &values.written {
        let column = value.column;
        let bar = bars[column];
        let line = value.font.line_height();
        let middle = columns.x(column) + columns.pitch / 2;
        let foot = baseline - value.height;
        let corner = match values.rotation {
            Rotation::Level => (middle - value.length / 2, foot - line + 2),
            Rotation::Upward => (middle - line / 2, foot - value.length),
        };
        let ink = match bar == 0.0 || columns.special(column) {
            true => Ink::Light,
            false => Ink::Medium,
        };
        let kind = (ink, Role::BarValue(column));
        let text = value.text.clone();
        let item = place(
            text,
            value.font,
            value.length,
            corner,
            values.rotation,
            kind,
        );
        // No grid line strikes a number through.
        if let Item::Text(text) = &item {
            let is_on_band = Some(column) == columns.marked() && text.rect.width <= columns.pitch;
            let paper = match is_on_band {
                true => Ink::Band,
                false => Ink::Paper,
            };
            let height = text.rect.height.min(baseline - text.rect.y);
            let rect = Rect {
                height,
                ..text.rect
            };
            items.push(fill(rect, paper));
        }
        items.push(item);
    }
    items
}
