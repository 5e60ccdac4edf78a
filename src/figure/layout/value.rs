//! How values are written in cells, over bars and in lists.

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
