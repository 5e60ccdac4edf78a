//! How values are written in cells, over bars and in lists.

/// What stands for a value that rounds to nothing.
pub(super) const NOTHING: &str = "0";

/// A probability as short as its decimals allow: `.07`, `1.0`, and `0` for
/// what rounds to nothing.
pub(super) fn value_text(value: f32, decimals: usize) -> String {
    // The product is exact, since both have few digits: the same rounding as
    // that of a number that is written with so many decimals.
    let unit = 10_u32.pow(u32::try_from(decimals).unwrap_or(0).min(3));
    let scaled = (f64::from(value) * f64::from(unit)).round_ties_even();
    if (0.0..f64::from(unit)).contains(&scaled) && value >= 0.0 && decimals <= 3 {
        // Less than a thousand.
        return match scaled as u32 {
            0 => NOTHING.into(),
            scaled => decimal(scaled, unit),
        };
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix("0.") {
        Some(digits) if digits.bytes().all(|digit| digit == b'0') => NOTHING.into(),
        Some(digits) => format!(".{digits}"),
        None if text.starts_with("1.") => "1.0".into(),
        None => text,
    }
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
