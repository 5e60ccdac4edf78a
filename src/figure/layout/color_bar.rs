//! The colour bar and its numbers.

use super::head::Lines;
use super::text::place;
use super::{ANNOTATION_SIZE, Ink, Item, LABEL_GAP, MeasureText, Rect, Role, Rotation, TextFont};
use crate::figure::{ColorRange, ColorScale};

/// Width of the bar, in pixels.
const BAR_WIDTH: i32 = 28;
/// Length of a tick, in pixels.
const TICK: i32 = 8;

/// A colour bar with its upper left corner somewhere, and the room it takes.
pub(super) fn color_bar(
    scale: &ColorScale,
    (x, y): (i32, i32),
    height: i32,
    measure: &mut dyn MeasureText,
) -> Lines {
    let font = TextFont::regular(ANNOTATION_SIZE);
    let line = font.line_height();
    let bar = Rect {
        x,
        y,
        width: BAR_WIDTH,
        height,
    };
    let mut items = vec![bar.frame(), Item::ColorBar(bar)];
    let mut right = bar.right() + TICK;
    for (fraction, text) in ticks(scale.range, height / (line * 2)) {
        let position = bar.bottom() - (fraction * height as f32).round() as i32;
        // The first and the last tick stay inside the bar's height.
        let row = position.clamp(bar.y, bar.bottom() - 2);
        items.push(Item::Rectangle {
            rect: Rect {
                x: bar.right(),
                y: row,
                width: TICK,
                height: 2,
            },
            ink: Ink::Hairline,
        });
        let width = measure.width(&text, font);
        let corner = (bar.right() + TICK + 6, row + 1 - line / 2);
        right = right.max(corner.0 + width);
        let kind = (Ink::Medium, Role::Tick);
        items.push(place(text, font, width, corner, Rotation::Level, kind));
    }
    // A short bar has no room for more than what it measures.
    let (name, extent) = [scale.label.as_str(), scale.quantity()]
        .map(|name| (name.to_owned(), measure.width(name, font)))
        .into_iter()
        .find(|&(_, extent)| extent <= height)
        .unwrap_or_default();
    let corner = (right + LABEL_GAP, y + (height - extent) / 2);
    let kind = (Ink::Medium, Role::ColorBarName);
    items.push(place(name, font, extent, corner, Rotation::Upward, kind));
    Lines {
        items,
        bottom: bar.bottom() + line / 2 + 1,
        right: corner.0 + line,
    }
}

/// Positions between 0 and 1 with what is written at them: both ends, and
/// round numbers between them that leave the ends room.
fn ticks(range: ColorRange, room: i32) -> Vec<(f32, String)> {
    let ColorRange::Shared(maximum) = range else {
        return vec![(0.0, "0".into()), (1.0, "max".into())];
    };
    let end = f64::from(maximum);
    let mut ticks = vec![(0.0, "0".into())];
    let room = f64::from(room.max(1));
    let step = round_step(end / room.min(5.0));
    let decimals = usize::try_from(-step.log10().floor() as i64)
        .unwrap_or(0)
        .min(9);
    let mut count = 1_u32;
    while count < 20 && step * f64::from(count) < end - step * 0.55 {
        let value = step * f64::from(count);
        ticks.push(((value / end) as f32, format!("{value:.decimals$}")));
        count += 1;
    }
    ticks.push((1.0, exact(end, decimals)));
    ticks
}

/// The end of the range, with three significant digits where it is no round
/// number.
fn exact(end: f64, decimals: usize) -> String {
    let short = format!("{end:.decimals$}");
    let is_exact = short
        .parse::<f64>()
        .is_ok_and(|value| (value - end).abs() <= end * 1e-6);
    if is_exact {
        return if end == 1.0 { "1".into() } else { short };
    }
    let digits = usize::try_from(2 - end.log10().floor() as i64).unwrap_or(2);
    format!("{end:.*}", digits.min(12))
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below a step.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|&step| step >= least * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}
