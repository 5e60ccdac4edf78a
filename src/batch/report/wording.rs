//! What page, summary and report say in the same words.

use std::borrow::Cow;

pub(super) use crate::excerpt::{excerpt, grouped};
use crate::ranges::{joined, ranges};
use crate::store::batch_records::{BatchManifest, ResultRecord};

/// What stands for text that could not be read.
pub(super) const NO_TEXT: &str = "(no text could be read)";
/// What stands for a reason that nobody gave.
const NO_REASON: &str = "no reason was recorded";

/// `1 input`, `2 inputs`.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// What the whole batch came to, as a sentence without its full stop.
pub(super) fn outcome(manifest: &BatchManifest) -> String {
    let counts = manifest.counts;
    match counts.failed {
        0 => format!("{} encoded", counted(counts.done, "input", "inputs")),
        failed => format!(
            "{} of {} failed",
            grouped(failed),
            counted(counts.inputs, "input", "inputs")
        ),
    }
}

/// What is said of a batch that did not look at every input.
pub(super) const INCOMPLETE: &str =
    "This batch stopped before its last input. Run it again with --resume to go on.";

/// Indices as they are printed: `0–3, 11`.
pub(super) fn listed(indices: &[usize]) -> String {
    joined(&ranges(indices), "\u{2013}", ", ")
}

/// The first digits of a commit or digest.
pub(super) fn short(hexadecimal: &str) -> &str {
    hexadecimal.get(..12).unwrap_or(hexadecimal)
}

/// Why an input failed.
pub(super) fn reason(record: &ResultRecord) -> &str {
    record.error.as_deref().unwrap_or(NO_REASON)
}

/// The same, and what can be done about it, in one line.
pub(super) fn whole_reason(record: &ResultRecord) -> String {
    match &record.hint {
        None => reason(record).to_owned(),
        Some(hint) => format!("{} (hint: {hint})", reason(record)),
    }
}

/// `sentences.txt:12`: where an input is; no other input has it.
pub(super) fn place(record: &ResultRecord) -> String {
    format!("{}:{}", record.file, record.line)
}

/// Control characters as their pictures (`␀`), and what XML 1.0 has no place
/// for as `U+FFFD`. Tabs and line ends stay.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| visible_letter(letter) == letter;
    match text.chars().all(is_plain) {
        true => Cow::Borrowed(text),
        false => text.chars().map(visible_letter).collect(),
    }
}

fn visible_letter(letter: char) -> char {
    match letter {
        '\t' | '\n' => letter,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(letter)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        letter => letter,
    }
}

/// The same in one line.
pub(super) fn in_one_line(text: &str) -> String {
    let text = visible(text);
    let letters = text.chars().map(|letter| match letter {
        '\t' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
        letter => letter,
    });
    letters.collect()
}
