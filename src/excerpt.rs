//! Texts of any length in sentences: their beginnings.

use std::borrow::Cow;

/// At most so many characters, with how many there are where some are missing.
pub fn excerpt(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some((end, _)) => {
            let kept = text.get(..end).unwrap_or_default();
            let count = grouped(text.chars().count() as u64);
            Cow::Owned(format!("{kept}… ({count} characters)"))
        }
    }
}

/// A number with a comma between every three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
