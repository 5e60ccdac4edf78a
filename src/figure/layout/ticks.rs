//! The numbers of axes and colour bars: few, round, each at its place and told
//! apart from the others, from the smallest to the greatest float.

use std::ops::RangeInclusive;

use crate::figure::scale::{PLAIN_EXPONENTS, number, round_up};
use crate::figure::{ColorRange, ColorScale, Progression, ValueRange};

/// No axis has more numbers than these, with those at its ends.
const MOST_TICKS: usize = 12;

/// Positions between 0 and 1 with what is written at them: both ends, and
/// round numbers between them that leave the ends room. An end beyond which
/// values were clipped says so. `room` is the number of ticks that there is
/// room for.
pub fn ticks(scale: &ColorScale, room: i32) -> Vec<(f32, String)> {
    let mut ticks = match scale.range {
        ColorRange::Shared(range) => {
            let mut ticks = match range.progression {
                Progression::Linear => linear_ticks(&range, room),
                Progression::Logarithmic => logarithmic_ticks(&range, room),
            };
            keep_apart(&mut ticks);
            ticks
        }
        ColorRange::PerPanel {
            minimum,
            progression,
        } => {
            let first = match (minimum, progression) {
                (Some(minimum), _) => number(f64::from(minimum)),
                (None, Progression::Linear) => "0".into(),
                (None, Progression::Logarithmic) => "max / 10⁴".into(),
            };
            vec![(0.0, first), (1.0, "max".into())]
        }
    };
    if let Some((_, text)) = ticks.first_mut().filter(|_| scale.clipped.below > 0) {
        text.insert_str(0, "≤ ");
    }
    if let Some((_, text)) = ticks.last_mut().filter(|_| scale.clipped.above > 0) {
        text.insert_str(0, "≥ ");
    }
    ticks
}

/// Leaves out numbers between the ends that are, as they are written, not above
/// the one before and below the last.
fn keep_apart(ticks: &mut Vec<(f32, String)>) {
    let Some(last) = ticks.pop() else { return };
    let written = |tick: &(f32, String)| tick.1.parse::<f64>().unwrap_or(f64::NAN);
    let is_between = |tick: &(f32, String), before: &(f32, String)| {
        let is_above = tick.0 > before.0 && written(tick) > written(before);
        is_above && tick.0 < last.0 && written(tick) < written(&last)
    };
    let mut kept: Vec<(f32, String)> = Vec::with_capacity(MOST_TICKS);
    for tick in ticks.drain(..) {
        let has_room = kept.len() < MOST_TICKS - 1;
        if kept
            .last()
            .is_none_or(|before| has_room && is_between(&tick, before))
        {
            kept.push(tick);
        }
    }
    kept.push(last);
    *ticks = kept;
}

fn linear_ticks(range: &ValueRange, room: i32) -> Vec<(f32, String)> {
    let (start, end) = (f64::from(range.minimum), f64::from(range.maximum));
    let room = f64::from(room.max(1));
    let step = round_up((end - start) / room.min(5.0));
    let write = Writing::new(start.abs().max(end.abs()), step);
    let [first, last] = end_texts(range, &write);
    let mut ticks = vec![(0.0, first)];
    // The ends have their own numbers, which need room.
    let distance = 1.0 / room.min(12.0);
    let inside = distance..=1.0 - distance;
    let first_step = (start / step).ceil();
    for count in 0..20 {
        let value = (first_step + f64::from(count)) * step;
        let fraction = (value - start) / (end - start);
        if inside.contains(&fraction) {
            ticks.push((fraction as f32, write.text(value)));
        }
    }
    ticks.push((1.0, last));
    ticks
}

/// Powers of ten between the ends, then twice and five times them, while
/// there is room; round numbers as on a linear scale where no power of ten is
/// between the ends.
fn logarithmic_ticks(range: &ValueRange, room: i32) -> Vec<(f32, String)> {
    let (start, end) = (f64::from(range.minimum), f64::from(range.maximum));
    let exponents: RangeInclusive<i32> =
        libm::log10(start).floor() as i32..=libm::log10(end).ceil() as i32;
    // Where there are dozens, every so many are tried first.
    let count = exponents.end() - exponents.start();
    let every = (count / room.clamp(1, 9)).max(1);
    let powers = |factor: f64, every: i32| {
        let wanted = exponents
            .clone()
            .filter(move |exponent| exponent % every == 0);
        wanted.map(move |exponent| {
            let value = factor * libm::exp10(f64::from(exponent));
            (value as f32, number(value))
        })
    };
    let tries = [(1.0, every), (1.0, 1), (2.0, 1), (5.0, 1)];
    let mut candidates: Vec<(f32, String)> = tries
        .into_iter()
        .flat_map(|(factor, every)| powers(factor, every))
        .collect();
    if end < start * 10.0 {
        let linear = linear_ticks(range, room).into_iter();
        let value = |(fraction, text): (f32, String)| {
            let value = start + f64::from(fraction) * (end - start);
            (value as f32, text)
        };
        candidates.splice(0..0, linear.map(value));
    }
    let write = Writing::new(end, end);
    let [first, last] = end_texts(range, &write);
    let mut ticks = vec![(0.0, first), (1.0, last)];
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

/// How the numbers of one axis are written: all with as many decimals, or all
/// with powers of ten.
pub(super) struct Writing {
    decimals: usize,
    /// The power of ten of the last digit that tells steps apart, where numbers
    /// are written with powers of ten.
    last_digit: Option<f64>,
}

impl Writing {
    /// For numbers that are at most so great and that far apart.
    pub(super) fn new(greatest: f64, step: f64) -> Self {
        let last_digit = (libm::log10(step) + 1e-9).floor();
        let exponent = libm::log10(greatest).floor();
        let is_plain = PLAIN_EXPONENTS.contains(&exponent) && last_digit >= -9.0;
        Self {
            decimals: usize::try_from(-last_digit as i64).unwrap_or(0).min(9),
            last_digit: (!is_plain).then_some(last_digit),
        }
    }

    pub(super) fn text(&self, value: f64) -> String {
        let decimals = self.decimals;
        match self.last_digit {
            _ if value == 0.0 => "0".to_owned(),
            None => format!("{value:.decimals$}"),
            Some(last_digit) => {
                let exponent = (libm::log10(value.abs()) + 1e-9).floor();
                let digits = (exponent - last_digit).clamp(0.0, 9.0) as usize;
                format!("{value:.digits$e}")
            }
        }
    }
}

/// What is written at both ends: as short as they can be told, with as many
/// decimals as the numbers between them; in full where they would look alike.
fn end_texts(range: &ValueRange, write: &Writing) -> [String; 2] {
    let texts = [range.minimum, range.maximum].map(|end| {
        let short = number(f64::from(end));
        let decimals = write.decimals;
        let written = short.split_once('.').map_or(0, |(_, digits)| digits.len());
        let is_round = end == 0.0 || end == 1.0 || write.last_digit.is_some();
        match !is_round && written < decimals && decimals <= 3 && !short.contains('e') {
            true => format!("{end:.decimals$}"),
            false => short,
        }
    });
    // `20.0` and `20` look no less alike than the same text twice.
    let written = |text: &String| text.parse::<f64>().unwrap_or(f64::NAN);
    match texts[0] == texts[1] || written(&texts[0]) == written(&texts[1]) {
        // The shortest that tells one float from all others.
        true => [range.minimum, range.maximum].map(|end| {
            match PLAIN_EXPONENTS.contains(&libm::log10(f64::from(end.abs())).floor()) {
                true => format!("{end}"),
                false => format!("{end:e}"),
            }
        }),
        false => texts,
    }
}
