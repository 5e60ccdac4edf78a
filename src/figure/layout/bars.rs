//! The bars of a unit's profile: their axis, and the values above them.

use super::columns::{BARS_HEIGHT, Columns, LEVEL, UnitLabels, fill, rect, spaced};
use super::text::place;
use super::ticks::Writing;
use super::value::{listed_value_text, unwritten_note, value_text};
use super::{Ink, Item, MeasureText, Rect, Role, Rotation, TextFont};
use crate::figure::scale::round_up;

/// Letters of level values, the largest that fit, in pixels.
const LEVEL_SIZES: [f32; 6] = [24.0, 22.0, 20.0, 18.0, 16.0, 14.0];
/// Of the values over the bars.
const DECIMALS: usize = 3;

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

    fn height(&self, value: f32) -> i32 {
        let end = self.step * self.count as f64;
        let fraction = (f64::from(value) / end).clamp(0.0, 1.0);
        (fraction * f64::from(BARS_HEIGHT)).round() as i32
    }

    /// A hundredth of the axis, rounded up to what can be written.
    fn least_written(&self) -> f32 {
        let hundredth = self.step * self.count as f64 / 100.0;
        let unit = libm::exp10(DECIMALS as f64);
        ((hundredth * unit).ceil() / unit) as f32
    }

    /// The height and the number of each tick.
    pub(super) fn ticks(&self) -> Vec<(i32, String)> {
        let write = Writing::new(self.step * self.count as f64, self.step);
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
    font: TextFont,
    rotation: Rotation,
    /// The room above the highest bar.
    pub(super) extent: i32,
    /// Columns whose bars have their value.
    columns: Vec<usize>,
    /// Lower bars have none.
    least: f32,
}

impl BarValues {
    /// Level where columns are wide enough for that; else upward, and only at
    /// the bars that rise above their neighbours and can be seen.
    pub(super) fn new(
        columns: &Columns<'_>,
        labels: &UnitLabels,
        bars: &[f32],
        axis: &BarAxis,
        measure: &mut dyn MeasureText,
    ) -> Self {
        for size in LEVEL_SIZES {
            let font = TextFont::regular(size);
            let present = bars.iter().filter(|bar| !bar.is_nan());
            let widths = present
                .map(|&bar| measure.width(&value_text(bar, DECIMALS).unwrap_or_default(), font));
            if widths.max().unwrap_or(0) + 10 <= columns.pitch {
                return Self {
                    font,
                    rotation: LEVEL,
                    extent: font.line_height(),
                    // A bar that a mask forbids is not there.
                    columns: (0..bars.len()).filter(|&bar| !bars[bar].is_nan()).collect(),
                    least: 0.0,
                };
            }
        }
        let font = labels.font;
        let least = axis.least_written();
        let written: Vec<usize> = spaced(bars, None, labels.stride)
            .into_iter()
            .filter(|&column| bars[column] >= least && is_peak(bars, column, labels.stride))
            .collect();
        let widths = written.iter().map(|&column| {
            let text = value_text(bars[column], DECIMALS);
            measure.width(&text.unwrap_or_default(), font)
        });
        Self {
            font,
            rotation: Rotation::Upward,
            extent: widths.max().unwrap_or(0),
            columns: written,
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
        let visible = bars.iter().filter(|&&bar| bar >= self.least).count();
        if self.columns.len() < visible {
            Some(format!("Values are written at peaks of {least} and more."))
        } else {
            bars.iter()
                .any(|&bar| bar < self.least)
                .then(|| format!("Values below {least} are not written."))
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
    measure: &mut dyn MeasureText,
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
    }
    for &column in &values.columns {
        let bar = bars[column];
        let Some(text) = value_text(bar, DECIMALS) else {
            continue;
        };
        let extent = measure.width(&text, values.font);
        let line = values.font.line_height();
        let middle = columns.x(column) + columns.pitch / 2;
        let foot = baseline - axis.height(bar) - 4;
        let corner = match values.rotation {
            Rotation::Level => (middle - extent / 2, foot - line + 2),
            Rotation::Upward => (middle - line / 2, foot - extent),
        };
        let ink = match bar == 0.0 || columns.special(column) {
            true => Ink::Light,
            false => Ink::Medium,
        };
        let kind = (ink, Role::BarValue(column));
        let item = place(text, values.font, extent, corner, values.rotation, kind);
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
