//! The colour bar, its numbers and its name.

use super::head::Lines;
use super::text::place;
use super::ticks::ticks;
use super::value::MINUS;
use super::{ANNOTATION_SIZE, Ink, Item, LABEL_GAP, MeasureText, Rect, Role, Rotation, TextFont};
use crate::figure::{ColorPart, ColorScale};

/// Width of the bar, in pixels.
const BAR_WIDTH: i32 = 28;
/// Length of a tick, in pixels.
const TICK: i32 = 8;

/// A colour bar with its upper left corner somewhere, and the room it takes.
pub(super) fn color_bar(
    scale: &ColorScale,
    (x, y): (i32, i32),
    height: i32,
    measure: &mut dyn MeasureText,
) -> Lines {
    let font = TextFont::regular(ANNOTATION_SIZE);
    let line = font.line_height();
    // However low the map is, the numbers at both ends stand apart.
    let height = height.max(line + 2);
    let bar = Rect {
        x,
        y,
        width: BAR_WIDTH,
        height,
    };
    let mut items = vec![bar.frame(), Item::ColorBar(bar, scale.part)];
    let mut right = bar.right() + TICK;
    for (fraction, text) in ticks(scale, height / (line * 2)) {
        let position = bar.bottom() - (fraction * height as f32).round() as i32;
        // The first and the last tick stay inside the bar's height.
        let row = position.clamp(bar.y, bar.bottom() - 2);
        items.push(Item::Rectangle {
            rect: Rect {
                x: bar.right(),
                y: row,
                width: TICK,
                height: 2,
            },
            ink: Ink::Hairline,
        });
        let text = match scale.part {
            ColorPart::All | ColorPart::Magnitudes => text,
            ColorPart::Differences => signed(&text),
        };
        let width = measure.width(&text, font);
        let corner = (bar.right() + TICK + 6, row + 1 - line / 2);
        right = right.max(corner.0 + width);
        let kind = (Ink::Medium, Role::Tick);
        items.push(place(text, font, width, corner, Rotation::Level, kind));
    }
    // A short bar has no room for more than what it measures.
    let (name, extent) = [
        scale.label.as_str(),
        scale.quantity(),
        scale.progression_name(),
    ]
    .map(|name| (name.to_owned(), measure.width(name, font)))
    .into_iter()
    .find(|&(_, extent)| extent <= height)
    .unwrap_or_default();
    let corner = (right + LABEL_GAP, y + (height - extent) / 2);
    let kind = (Ink::Medium, Role::ColorBarName);
    items.push(place(name, font, extent, corner, Rotation::Upward, kind));
    Lines {
        items,
        bottom: bar.bottom() + line / 2 + 1,
        right: corner.0 + line,
    }
}

/// A number, perhaps behind a mark, with its sign; 0 has none.
fn signed(text: &str) -> String {
    let (mark, number) = match text.rsplit_once(' ') {
        Some((mark, number)) => (format!("{mark} "), number),
        None => (String::new(), text),
    };
    match (number, number.strip_prefix('-')) {
        ("0", _) => format!("{mark}0"),
        (_, Some(magnitude)) => format!("{mark}{MINUS}{magnitude}"),
        (_, None) => format!("{mark}+{number}"),
    }
}
