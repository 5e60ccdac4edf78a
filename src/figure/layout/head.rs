//! What stands above and below the maps: title, input, notes.

use super::text::{elide_middle, place, wrap};
use super::{
    ANNOTATION_SIZE, Figure, Ink, Item, MARGIN, MeasureText, Role, Rotation, TextFont, Weight,
};

/// Titles, in pixels.
const TITLE_SIZE: f32 = 38.0;
/// The input, in pixels.
const CAPTION_SIZE: f32 = 26.0;
/// No picture is so narrow that a title and a line of input cannot be read.
const SMALLEST_WIDTH: i32 = 860;
/// What stands between the parts of a title.
const TITLE_SEPARATOR: &str = " · ";
/// A title gets so many lines.
const TITLE_LINES: usize = 3;
/// So many lines of the input are shown.
const CAPTION_LINES: usize = 3;

/// Lines of text under one another, and how much room they take.
pub(super) struct Lines {
    /// The lines, in their places.
    pub items: Vec<Item<'static>>,
    /// The first free row below them.
    pub bottom: i32,
    /// The first free column right of them.
    pub right: i32,
}

/// Title and input from the upper left corner on, over maps of some width.
pub(super) fn heading(
    figure: &Figure<'_>,
    body_width: i32,
    measure: &mut dyn MeasureText,
) -> Lines {
    let limit = body_width.max(SMALLEST_WIDTH);
    let title_font = TextFont {
        size: TITLE_SIZE,
        weight: Weight::Bold,
    };
    let mut lines = Lines {
        items: Vec::new(),
        bottom: MARGIN,
        right: MARGIN,
    };
    for line in title_lines(&figure.title, title_font, limit, measure) {
        lines.push(line, title_font, (Ink::Strong, Role::Title));
    }
    let caption_font = TextFont::regular(CAPTION_SIZE);
    // Of a pair each text gets fewer lines, so that the head stays a head.
    let most = if figure.captions.len() > 1 {
        CAPTION_LINES - 1
    } else {
        CAPTION_LINES
    };
    for caption in &figure.captions {
        for line in wrap(caption, caption_font, limit, most, measure) {
            lines.push(line, caption_font, (Ink::Medium, Role::Caption));
        }
    }
    lines
}

/// A title in as few lines as hold it, broken between its parts; a part that
/// is longer than a line loses its middle.
fn title_lines(
    title: &str,
    font: TextFont,
    limit: i32,
    measure: &mut dyn MeasureText,
) -> Vec<(String, i32)> {
    let mut lines: Vec<String> = Vec::new();
    for part in title.split(TITLE_SEPARATOR) {
        let is_full = lines.len() >= TITLE_LINES;
        match lines.last_mut() {
            Some(line) => {
                let joined = format!("{line}{TITLE_SEPARATOR}{part}");
                if is_full || elide_middle(&joined, font, limit, measure).0 == joined {
                    *line = joined;
                } else {
                    lines.push(part.to_owned());
                }
            }
            None => lines.push(part.to_owned()),
        }
    }
    lines
        .iter()
        .map(|line| elide_middle(line, font, limit, measure))
        .collect()
}

/// Notes from a row on.
pub(super) fn notes(
    notes: &[String],
    top: i32,
    body_width: i32,
    measure: &mut dyn MeasureText,
) -> Lines {
    let limit = body_width.max(SMALLEST_WIDTH);
    let font = TextFont::regular(ANNOTATION_SIZE);
    let mut lines = Lines {
        items: Vec::new(),
        bottom: top,
        right: MARGIN,
    };
    for note in notes {
        for line in wrap(note, font, limit, 3, measure) {
            lines.push(line, font, (Ink::Light, Role::Note));
        }
    }
    lines
}

impl Lines {
    fn push(&mut self, (text, width): (String, i32), font: TextFont, kind: (Ink, Role)) {
        let corner = (MARGIN, self.bottom);
        self.items
            .push(place(text, font, width, corner, Rotation::Level, kind));
        self.bottom += font.line_height() + 4;
        self.right = self.right.max(MARGIN + width);
    }
}
