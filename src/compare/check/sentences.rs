//! What verdicts and pages say in the same words.

use crate::excerpt::excerpt;

/// So much of a text or an id is told in a sentence, in characters.
const TOLD: usize = 120;

/// A text in quotation marks, or the beginning of a long one.
pub fn named(text: &str) -> String {
    format!("{:?}", excerpt(text, TOLD))
}

/// What tokens were, and are.
pub(super) fn other_tokens(
    position: usize,
    [before, now]: [Option<&str>; 2],
    what: &str,
    cut: [usize; 2],
) -> String {
    let cut = match cut {
        [before, now] if before == now => String::new(),
        [before, 0] => format!("; {} cut off in the baseline, none now", are_tokens(before)),
        [0, now] => format!("; {} cut off now, none in the baseline", are_tokens(now)),
        [before, now] => format!(
            "; {} cut off in the baseline, {now} now",
            are_tokens(before)
        ),
    };
    let tokens = match (before, now) {
        (Some(before), Some(now)) if before == now => {
            format!(
                "token @{position} {} is another one than in the baseline: {what}",
                named(now)
            )
        }
        (Some(before), Some(now)) => {
            format!(
                "token @{position} was {} in the baseline and is {}",
                named(before),
                named(now)
            )
        }
        (Some(before), None) => {
            format!(
                "token @{position} was {} in the baseline and is gone",
                named(before)
            )
        }
        (None, Some(now)) => format!("token @{position} {} is new since the baseline", named(now)),
        (None, None) => "what is left of the tokens is the same".to_owned(),
    };
    format!("{tokens}{cut}")
}

/// `1 token is`, `2 tokens are`.
fn are_tokens(count: usize) -> String {
    match count {
        1 => "1 token is".to_owned(),
        _ => format!("{count} tokens are"),
    }
}

pub(super) fn other_heads(before: [usize; 2], now: [usize; 2]) -> String {
    format!(
        "the baseline has {} layers of {} heads, the model {} of {}",
        before[0], before[1], now[0], now[1]
    )
}

/// `1 input`, `2 inputs`.
pub(super) fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// A number for people: six significant digits.
pub fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if value.is_nan() {
        return "empty".to_owned();
    }
    if value.abs() < 1e-4 || value.abs() >= 1e15 {
        return format!("{value:.2e}");
    }
    let whole = libm::log10(value.abs()).floor().max(-4.0) as i32;
    let digits = usize::try_from(5 - whole).unwrap_or(0);
    let text = format!("{value:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}
