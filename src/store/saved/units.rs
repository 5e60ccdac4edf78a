//! Units and a text out of labels, which are all that is known of the input of
//! attention from elsewhere.

use crate::input::{Place, SpecialRole, Unit, looks_special};
use crate::tokenizer::labels::{Spelling, labels as readable};

/// The most labels that stand for the text under a picture's title.
const MAXIMUM_CAPTION_LABELS: usize = 2_000;

/// Labels as units; numbers where there are none.
pub(super) fn units(labels: Option<Vec<String>>, count: usize) -> Vec<Unit> {
    let texts = labels.unwrap_or_else(|| (0..count).map(|index| index.to_string()).collect());
    let (words, labels) = (words(&texts), readable(&texts));
    texts
        .into_iter()
        .zip(labels)
        .zip(words)
        .map(|((text, label), word)| Unit {
            // What else a tokenizer would say is not known.
            id: 0,
            special: looks_special(&text).then(|| SpecialRole::of(&text)),
            text,
            label,
            segment: 0,
            word,
            place: Place::Added,
        })
        .collect()
}

/// Which word each token is a piece of, where marks tell: one begins at every
/// mark and behind every special token.
fn words(texts: &[String]) -> Vec<Option<u32>> {
    let spelling = Spelling::of(texts);
    if spelling == Spelling::Plain {
        return vec![None; texts.len()];
    }
    let mut word = 0_u32;
    texts
        .iter()
        .map(|text| {
            if looks_special(text) {
                word = word.saturating_add(1);
                return None;
            }
            if spelling.begins_word(text) {
                word = word.saturating_add(1);
            }
            Some(word)
        })
        .collect()
}

/// The tokens as a text to read: as their spelling joins them, special ones
/// with a space around.
pub(super) fn caption(texts: &[String]) -> String {
    let spelling = Spelling::of(texts);
    let mut bytes: Vec<u8> = Vec::new();
    let mut is_after_special = false;
    for text in texts.iter().take(MAXIMUM_CAPTION_LABELS) {
        let is_special = looks_special(text);
        let piece = match is_special {
            true => text.as_bytes().to_vec(),
            false => spelling.bytes(text),
        };
        let is_apart = is_special
            || is_after_special
            || (spelling == Spelling::Plain && spelling.begins_word(text));
        let is_spaced = bytes.last().is_none_or(u8::is_ascii_whitespace) || piece.starts_with(b" ");
        if is_apart && !is_spaced {
            bytes.push(b' ');
        }
        bytes.extend(piece);
        is_after_special = is_special;
    }
    String::from_utf8_lossy(&bytes).trim().to_owned()
}
