//! How values are written in cells, over bars and in lists.

use std::cmp::Ordering;

use crate::figure::scale::number;

/// Values from here on are written with a power of ten.
const MOST_PLAIN: f32 = 9_999.5;

/// A probability as short as its decimals allow: `.07`, `1.0`, `0` for 0 alone;
/// nothing for what is more and rounds to it.
pub(super) fn value_text(value: f32, decimals: usize) -> Option<String> {
    if value == 0.0 {
        return Some("0".into());
    }
    // The product is exact, since both have few digits: the same rounding as
    // that of a number that is written with so many decimals.
    let unit = 10_u32.pow(u32::try_from(decimals).unwrap_or(0).min(3));
    let scaled = (f64::from(value) * f64::from(unit)).round_ties_even();
    if (0.0..f64::from(unit)).contains(&scaled) && value > 0.0 && decimals <= 3 {
        // Less than a thousand.
        return match scaled as u32 {
            0 => None,
            scaled => Some(decimal(scaled, unit)),
        };
    }
    let text = format!("{value:.decimals$}");
    let is_one = text
        .strip_prefix("1.")
        .is_some_and(|rest| rest.bytes().all(|digit| digit == b'0'));
    Some(match value.abs() {
        _ if is_one => "1.0".into(),
        ..10.0 => format!("{value:.*}", decimals.saturating_sub(1)),
        ..100.0 => format!("{value:.*}", decimals.saturating_sub(2)),
        ..MOST_PLAIN => format!("{value:.0}"),
        _ => format!("{value:.0e}"),
    })
}

/// What stands before a number below 0.
pub(super) const MINUS: char = '\u{2212}';

/// How the values of a picture are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// With so many decimals.
    Decimals(usize),
    /// With a power of ten and so many digits behind the point: of what is next
    /// to nothing everywhere, decimals tell nothing.
    Powers(usize),
}

/// From here on decimals tell something.
const LEAST_DECIMAL: f32 = 0.01;

impl Numbers {
    /// Those that tell most about some magnitudes: with decimals, unless all are
    /// next to nothing.
    pub(super) fn of(values: &[f32], decimals: usize, digits: usize) -> Self {
        let greatest = values.iter().copied().map(f32::abs).fold(0.0, f32::max);
        match greatest > 0.0 && greatest < LEAST_DECIMAL {
            true => Self::Powers(digits),
            false => Self::Decimals(decimals),
        }
    }

    /// A value; nothing for what is more than 0 and would be written as 0.
    pub(super) fn text(self, value: f32) -> Option<String> {
        match self {
            Self::Decimals(decimals) => value_text(value, decimals),
            Self::Powers(_) if value == 0.0 => Some("0".to_owned()),
            Self::Powers(digits) => Some(format!("{value:.digits$e}")),
        }
    }

    /// The same with its sign.
    pub(super) fn signed_text(self, value: f32) -> Option<String> {
        let text = self.text(value.abs())?;
        Some(match value.total_cmp(&0.0) {
            _ if value == 0.0 => text,
            Ordering::Less => format!("{MINUS}{text}"),
            Ordering::Equal | Ordering::Greater => format!("+{text}"),
        })
    }

    /// The same in a list, which leaves no value out.
    pub(super) fn listed_text(self, value: f32) -> String {
        match self {
            Self::Decimals(decimals) => listed_value_text(value, decimals),
            Self::Powers(_) => self.text(value).unwrap_or_default(),
        }
    }

    /// One that is as wide as any.
    pub(super) fn widest(self) -> &'static str {
        match self {
            Self::Decimals(3) => ".888",
            Self::Decimals(_) => ".88",
            Self::Powers(0) => "8e-8",
            Self::Powers(_) => "8.8e-8",
        }
    }
}

/// The same in a list, which leaves no value out: `<.001`.
pub(super) fn listed_value_text(value: f32, decimals: usize) -> String {
    let least = match decimals {
        3 => "<.001",
        _ => "<.01",
    };
    value_text(value, decimals).unwrap_or_else(|| least.to_owned())
}

/// What is said once of values that have no number, as a sentence.
pub(super) fn unwritten_note(decimals: usize) -> String {
    let least = number(0.5 * libm::exp10(-(decimals as f64)));
    let least = least.trim_start_matches('0');
    format!("Values below {least} have no number; 0 stands for 0 alone.")
}

/// So many parts of a unit that is a power of ten, without the zero before the
/// point. A map has hundreds of these.
fn decimal(parts: u32, unit: u32) -> String {
    let mut text = String::with_capacity(4);
    text.push('.');
    let mut rest = unit / 10;
    while rest > 0 {
        text.extend(char::from_digit(parts / rest % 10, 10));
        rest /= 10;
    }
    text
}
