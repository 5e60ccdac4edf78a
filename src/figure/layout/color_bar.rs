//! The colour bar and its numbers.

use super::head::Lines;
use super::text::place;
use super::{ANNOTATION_SIZE, Ink, Item, LABEL_GAP, MeasureText, Rect, Role, Rotation, TextFont};
use crate::figure::{ColorRange, ColorScale, Progression, ValueRange};

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
    // However low the map is, the numbers at both ends stand apart.
    let height = height.max(line + 2);
    let bar = Rect {
        x,
        y,
        width: BAR_WIDTH,
        height,
    };
    let mut items = vec![bar.frame(), Item::ColorBar(bar)];
    let mut right = bar.right() + TICK;
    for (fraction, text) in ticks(scale, height / (line * 2)) {
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
/// round numbers between them that leave the ends room. An end beyond which
/// values were clipped says so.
fn ticks(scale: &ColorScale, room: i32) -> Vec<(f32, String)> {
    let ColorRange::Shared(range) = scale.range else {
        return vec![(0.0, "0".into()), (1.0, "max".into())];
    };
    let mut ticks = match range.progression {
        Progression::Linear => linear_ticks(&range, room),
        Progression::Logarithmic => logarithmic_ticks(&range, room),
    };
    if let Some((_, text)) = ticks.first_mut().filter(|_| scale.clipped.below > 0) {
        text.insert_str(0, "≤ ");
    }
    if let Some((_, text)) = ticks.last_mut().filter(|_| scale.clipped.above > 0) {
        text.insert_str(0, "≥ ");
    }
    ticks
}

fn linear_ticks(range: &ValueRange, room: i32) -> Vec<(f32, String)> {
    let (start, end) = (f64::from(range.minimum), f64::from(range.maximum));
    let room = f64::from(room.max(1));
    let step = round_step((end - start) / room.min(5.0));
    let decimals = usize::try_from(-libm::log10(step).floor() as i64)
        .unwrap_or(0)
        .min(9);
    let mut ticks = vec![(0.0, exact(start, decimals))];
    // The ends have their own numbers, which need room.
    let distance = 1.0 / room.min(12.0);
    let first = (start / step).ceil();
    for count in 0..20 {
        let value = (first + f64::from(count)) * step;
        let fraction = (value - start) / (end - start);
        if (distance..=1.0 - distance).contains(&fraction) {
            ticks.push((fraction as f32, format!("{value:.decimals$}")));
        }
    }
    ticks.push((1.0, exact(end, decimals)));
    ticks
}

/// Powers of ten between the ends, then twice and five times them, while
/// there is room; round numbers as on a linear scale where no power of ten is
/// between the ends.
fn logarithmic_ticks(range: &ValueRange, room: i32) -> Vec<(f32, String)> {
    let (start, end) = (f64::from(range.minimum), f64::from(range.maximum));
    let (first, last) = (
        libm::log10(start).floor() as i32,
        libm::log10(end).ceil() as i32,
    );
    let powers = |factor: f64| {
        (first..=last).map(move |exponent| {
            let decimals = usize::try_from(-exponent).unwrap_or(0);
            let value = factor * libm::exp10(f64::from(exponent));
            (value as f32, format!("{value:.decimals$}"))
        })
    };
    let mut candidates: Vec<(f32, String)> = [1.0, 2.0, 5.0].into_iter().flat_map(powers).collect();
    if end < start * 10.0 {
        let linear = linear_ticks(range, room)
            .into_iter()
            .map(|(fraction, text)| {
                let value = start + f64::from(fraction) * (end - start);
                (value as f32, text)
            });
        candidates.splice(0..0, linear);
    }
    let mut ticks = vec![(0.0, exact(start, 0)), (1.0, exact(end, 0))];
    let distance = 1.0 / room.clamp(1, 9) as f32;
    for (value, text) in candidates {
        let fraction = range.fraction(value);
        let is_inside = (0.0..=1.0).contains(&fraction);
        let is_free = ticks
            .iter()
            .all(|(taken, _)| (taken - fraction).abs() >= distance);
        if is_inside && is_free {
            ticks.push((fraction, text));
        }
    }
    ticks.sort_by(|left, right| left.0.total_cmp(&right.0));
    ticks
}

/// An end of the range as short as it can be told, at most three significant
/// digits where it is no round number.
fn exact(end: f64, decimals: usize) -> String {
    if end == 0.0 || end == 1.0 {
        return format!("{end}");
    }
    let is_exact = |text: &str| {
        text.parse::<f64>()
            .is_ok_and(|value| (value - end).abs() <= end.abs() * 1e-6)
    };
    let digits = usize::try_from(2 - libm::log10(end.abs()).floor() as i64).unwrap_or(2);
    let short = (0..=digits.max(decimals).min(12))
        .map(|decimals| format!("{end:.decimals$}"))
        .find(|text| is_exact(text));
    match short {
        // As many decimals as the numbers beside it.
        Some(short) => {
            let written = short.split_once('.').map_or(0, |(_, digits)| digits.len());
            match written < decimals && decimals <= 3 {
                true => format!("{end:.decimals$}"),
                false => short,
            }
        }
        None => format!("{end:.*}", digits.min(12)),
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below a step.
pub(super) fn round_step(least: f64) -> f64 {
    let power = libm::exp10(libm::log10(least).floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|&step| step >= least * (1.0 - 1e-6))
        .unwrap_or(10.0 * power)
}
