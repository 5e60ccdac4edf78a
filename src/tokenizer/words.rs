//! Which tokens make a word of the text as it was written.
//!
//! What the tokenizer's own pre-tokenizer splits, and what no space stands
//! between, is put together again: `didn't`, `well-known`, `3.14`. Marks at the
//! ends of a word stay by themselves, as in `you ?`, and so does every Chinese
//! character, since no spaces tell words there.

use super::labels::Spelling;
use crate::input::{Place, Unit};

/// How a piece of a text stands to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// In the same word, whatever it is.
    Same,
    /// Behind it without a space.
    Touches,
    /// Behind a space, or in another text.
    Apart,
}

/// A piece of a text, and how it stands to the one before it.
struct Piece<'text> {
    text: &'text str,
    link: Link,
}

impl Piece<'_> {
    fn is_mark(&self) -> bool {
        !self.text.contains(char::is_alphanumeric)
    }
}

/// The words of units that a tokenizer has made of texts, by segment; `None` of
/// what is of no word.
pub fn of_units(units: &[Unit], texts: &[&str]) -> Vec<Option<u32>> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut members: Vec<usize> = Vec::new();
    let are_parted = are_parted(units, texts);
    for (index, unit) in units.iter().enumerate() {
        if unit.word.is_none() {
            continue;
        }
        let (text, (start, end)) = (text_of(unit, texts), place_of(unit));
        let piece = text.get(start..end).unwrap_or_default();
        let earlier = members.last().map(|&earlier| &units[earlier]);
        let link = earlier.map_or(Link::Apart, |earlier| {
            link(earlier, unit, text, piece, are_parted)
        });
        let text = piece.trim();
        pieces.push(Piece { text, link });
        members.push(index);
    }
    let mut numbers = vec![None; units.len()];
    for (index, number) in members.into_iter().zip(join(&pieces)) {
        numbers[index] = Some(number);
    }
    numbers
}

/// The text that a unit is of.
fn text_of<'text>(unit: &Unit, texts: &[&'text str]) -> &'text str {
    let text = texts.get(unit.segment as usize).copied();
    text.unwrap_or_default()
}

/// Where in the text a unit stands, in bytes.
fn place_of(unit: &Unit) -> (usize, usize) {
    match unit.place {
        Place::Bytes { start, end } => (start, end),
        Place::Added | Place::Patch { .. } => (0, 0),
    }
}

/// Whether the tokenizer parted words at spaces. Some take a whole text for one
/// word.
pub fn are_parted(units: &[Unit], texts: &[&str]) -> bool {
    let mut pairs = units.iter().zip(units.iter().skip(1));
    !pairs.any(|(earlier, unit)| {
        let is_of_one =
            unit.word.is_some() && (earlier.segment, earlier.word) == (unit.segment, unit.word);
        let ((start, _), (_, end)) = (place_of(earlier), place_of(unit));
        let both = text_of(unit, texts).get(start..end).unwrap_or_default();
        is_of_one && both.trim().contains(char::is_whitespace)
    })
}

/// How a unit, and the piece of the text that it is, stand to the unit before.
fn link(earlier: &Unit, unit: &Unit, text: &str, piece: &str, are_parted: bool) -> Link {
    if earlier.segment != unit.segment {
        return Link::Apart;
    }
    let is_of_one_word = earlier.word == unit.word;
    if are_parted && is_of_one_word {
        return Link::Same;
    }
    // `[MASK]` is a word of its own.
    let is_special = earlier.special.is_some() || unit.special.is_some();
    match (earlier.place, unit.place) {
        (Place::Bytes { end, .. }, Place::Bytes { start, .. }) if !is_special => {
            // Some tokenizers count the space to the word behind it.
            let between = text.get(end..start).unwrap_or_default();
            let is_apart =
                between.contains(char::is_whitespace) || piece.starts_with(char::is_whitespace);
            match is_apart {
                // Pieces of one letter.
                _ if start < end => Link::Same,
                true => Link::Apart,
                false => Link::Touches,
            }
        }
        (Place::Bytes { .. } | Place::Added | Place::Patch { .. }, _) => Link::Apart,
    }
}

/// Numbers the words of units of which nothing is known but their texts.
pub fn of_texts(units: &[Unit]) -> Vec<u32> {
    let texts: Vec<&str> = units.iter().map(|unit| unit.text.as_str()).collect();
    let spelling = Spelling::of(&texts);
    let follows: Vec<bool> = (0..units.len())
        .map(|index| {
            let earlier = index.checked_sub(1).and_then(|index| units.get(index));
            let both = earlier.zip(units.get(index));
            both.is_some_and(|(earlier, unit)| {
                earlier.special.is_none()
                    && unit.special.is_none()
                    && earlier.segment == unit.segment
            })
        })
        .collect();
    let goes_on = |index: usize| follows[index] && spelling.goes_on_with_character(texts[index]);
    let mut pieces: Vec<(String, Link)> = Vec::with_capacity(texts.len());
    let mut start = 0;
    while start < texts.len() {
        // The pieces of a character count as what they are together.
        let mut end = start + 1;
        while end < texts.len() && goes_on(end) {
            end += 1;
        }
        let label = spelling.label_of_pieces(&texts[start..end]);
        let is_after_space = start > 0 && matches!(texts[start - 1], "Ġ" | "▁");
        let link = match (spelling, follows[start]) {
            (_, false) => Link::Apart,
            (_, true) if spelling.begins_word(texts[start]) => Link::Apart,
            // Without a mark nothing tells whether a space was there.
            (Spelling::Plain, true) => Link::Same,
            // What a rare character begins with has its space by itself.
            (_, true) if is_after_space => Link::Same,
            // A piece of a character.
            (_, true) if label.starts_with("<0x") => Link::Same,
            (Spelling::ByteLevel | Spelling::SentencePiece, true) => Link::Touches,
        };
        let text = label.trim_start_matches(['Ġ', '▁']);
        pieces.push((text.to_owned(), link));
        pieces.extend((start + 1..end).map(|_| (text.to_owned(), Link::Same)));
        start = end;
    }
    let pieces: Vec<Piece<'_>> = pieces
        .iter()
        .map(|(text, link)| Piece { text, link: *link })
        .collect();
    join(&pieces)
}

/// The number of each piece's word.
fn join(pieces: &[Piece<'_>]) -> Vec<u32> {
    // Pieces that are of one word whatever they are, as ranges.
    let mut words: Vec<std::ops::Range<usize>> = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        match words.last_mut() {
            Some(word) if piece.link == Link::Same => word.end = index + 1,
            _ => words.push(index..index + 1),
        }
    }
    let mut numbers = vec![0; pieces.len()];
    let mut number = 0;
    let mut next = 0;
    while next < words.len() {
        let last = end_of_word(pieces, &words, next);
        for word in &words[next..=last] {
            numbers[word.clone()].fill(number);
        }
        number += 1;
        next = last + 1;
    }
    numbers
}

/// The last of the words that are one with the word at `first`.
fn end_of_word(pieces: &[Piece<'_>], words: &[std::ops::Range<usize>], first: usize) -> usize {
    let is_mark = |word: usize| pieces[words[word].clone()].iter().all(Piece::is_mark);
    let touches = |word: usize| pieces[words[word].start].link == Link::Touches;
    let begins = |word: usize| pieces[words[word].start].text.chars().next();
    let ends = |word: usize| pieces[words[word].end - 1].text.chars().next_back();
    if is_mark(first) {
        return first;
    }
    let mut last = first;
    let mut next = first + 1;
    while next < words.len() && touches(next) {
        if !is_mark(next) {
            // Both of them letters, with nothing or with marks between them.
            if ends(last).is_some_and(is_chinese) || begins(next).is_some_and(is_chinese) {
                break;
            }
            last = next;
        } else if begins(next).is_some_and(is_chinese) {
            break;
        }
        next += 1;
    }
    last
}

/// Characters of scripts that have no spaces between words, and their marks.
fn is_chinese(character: char) -> bool {
    matches!(u32::from(character),
        0x2E80..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF
        | 0xFF00..=0xFFEF | 0x20000..=0x323AF)
}

/// What an axis shows for the units of a word of which nothing is known but
/// their texts, `stream` being all of them.
pub fn label_of_texts(stream: &[Unit], word: &[Unit]) -> String {
    let texts = |units: &'_ [Unit]| {
        units
            .iter()
            .map(|unit| unit.text.clone())
            .collect::<Vec<_>>()
    };
    let pieces = texts(word);
    let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    Spelling::of(&texts(stream)).label_of_pieces(&pieces)
}
