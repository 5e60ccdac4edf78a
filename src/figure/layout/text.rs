//! Lines of text: how long they may get, where they break, what is left out.

use super::{Ink, Item, Rect, Role, Rotation, TextItem};

/// Height of a line as a multiple of the font size. A measurer promises that
/// no ink leaves it.
pub const LINE_HEIGHT: f32 = 1.36;

/// No line is measured beyond this many characters: it would not fit a canvas.
const MEASURED_CHARACTERS: usize = 1_200;

/// How heavy a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Nearly everything.
    Regular,
    /// Titles.
    Bold,
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextFont {
    /// In pixels per em.
    pub size: f32,
    /// How heavy.
    pub weight: Weight,
}

impl TextFont {
    /// A font of regular weight.
    pub fn regular(size: f32) -> Self {
        let weight = Weight::Regular;
        Self { size, weight }
    }

    /// The height of a line, in whole pixels.
    pub fn line_height(self) -> i32 {
        (self.size * LINE_HEIGHT).ceil() as i32
    }

    /// How far the baseline is below the upper edge of a line, in whole pixels.
    pub fn baseline(self) -> i32 {
        self.size.round() as i32
    }
}

/// What knows how wide a text gets.
pub trait MeasureText {
    /// The width of a line, in whole pixels. Its height is
    /// [`TextFont::line_height`], whatever the text.
    fn width(&mut self, text: &str, font: TextFont) -> i32;
}

/// A line of text with its upper left corner somewhere. `extent` is the width
/// as it was measured; an upward line takes it as its height.
pub(super) fn place(
    text: String,
    font: TextFont,
    extent: i32,
    (x, y): (i32, i32),
    rotation: Rotation,
    (ink, role): (Ink, Role),
) -> Item<'static> {
    let (width, height) = match rotation {
        Rotation::Level => (extent, font.line_height()),
        Rotation::Upward => (font.line_height(), extent),
    };
    let rect = Rect {
        x,
        y,
        width,
        height,
    };
    Item::Text(TextItem {
        text,
        rect,
        font,
        rotation,
        ink,
        role,
    })
}

/// The text, or as much of its beginning and end as fits with … between them;
/// and its width.
pub(super) fn elide_middle(
    text: &str,
    font: TextFont,
    limit: i32,
    measure: &mut dyn MeasureText,
) -> (String, i32) {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= MEASURED_CHARACTERS {
        let width = measure.width(text, font);
        if width <= limit {
            return (text.to_owned(), width);
        }
    }
    let kept = |count: usize| -> String {
        let tail = count / 2;
        let head = count - tail;
        characters[..head]
            .iter()
            .chain(std::iter::once(&'…'))
            .chain(&characters[characters.len() - tail..])
            .collect()
    };
    elide(characters.len(), kept, font, limit, measure)
}

/// The text, or as much of its beginning as fits with … after it; its width.
fn elide_end(
    text: &str,
    font: TextFont,
    limit: i32,
    measure: &mut dyn MeasureText,
) -> (String, i32) {
    let characters: Vec<char> = text.chars().take(MEASURED_CHARACTERS).collect();
    let kept = |count: usize| -> String {
        let head: String = characters[..count].iter().collect();
        format!("{}…", head.trim_end())
    };
    elide(characters.len(), kept, font, limit, measure)
}

/// The longest of the candidates that fits. Widths hardly ever shrink as text
/// grows; where shaping makes them, the candidate found still fits.
fn elide(
    character_count: usize,
    kept: impl Fn(usize) -> String,
    font: TextFont,
    limit: i32,
    measure: &mut dyn MeasureText,
) -> (String, i32) {
    let mut fits = 0;
    let mut too_long = character_count.min(MEASURED_CHARACTERS);
    while too_long - fits > 1 {
        let middle = fits + (too_long - fits) / 2;
        if measure.width(&kept(middle), font) <= limit {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    let text = kept(fits);
    let width = measure.width(&text, font);
    (text, width)
}

/// A text in lines no wider than `limit`, each with its width. Breaks at white
/// space, inside a word only where it is longer than a line; after `most`
/// lines the rest is left out, with … to say so.
pub(super) fn wrap(
    text: &str,
    font: TextFont,
    limit: i32,
    most: usize,
    measure: &mut dyn MeasureText,
) -> Vec<(String, i32)> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = text.as_str();
    let mut lines = Vec::new();
    while !rest.is_empty() {
        if lines.len() + 1 >= most {
            let short = rest.chars().nth(MEASURED_CHARACTERS).is_none();
            let width = if short {
                measure.width(rest, font)
            } else {
                i32::MAX
            };
            lines.push(if width <= limit {
                (rest.to_owned(), width)
            } else {
                elide_end(rest, font, limit, measure)
            });
            break;
        }
        let end = first_line(rest, font, limit, measure);
        let line = rest[..end].trim_end();
        lines.push((line.to_owned(), measure.width(line, font)));
        rest = rest[end..].trim_start();
    }
    lines
}

/// How many bytes of a text go on its first line: at least one character.
fn first_line(text: &str, font: TextFont, limit: i32, measure: &mut dyn MeasureText) -> usize {
    let ends: Vec<usize> = text
        .char_indices()
        .map(|(start, character)| start + character.len_utf8())
        .take(MEASURED_CHARACTERS)
        .collect();
    let mut fits = 0;
    let mut too_long = ends.len() + 1;
    while too_long - fits > 1 {
        let middle = fits + (too_long - fits) / 2;
        if measure.width(&text[..ends[middle - 1]], font) <= limit {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    let end = ends.get(fits.max(1) - 1).copied().unwrap_or(text.len());
    let at_word_end = end == text.len() || text[end..].starts_with(' ');
    match text[..end].rfind(' ') {
        Some(space) if !at_word_end && space > 0 => space,
        _ => end,
    }
}
