//! The layout of a shaded text: units one after the other, in lines.

use super::axes::label;
use super::color_bar::color_bar;
use super::columns::{fill, rect};
use super::head::{heading, notes};
use super::text::place;
use super::{
    CANVAS_LIMIT, Figure, Ink, Item, Layout, MARGIN, MeasureText, Rect, Role, Rotation, TextFont,
};
use crate::figure::{ColorRange, ShadedText};

/// The fonts that a text is written in, and how wide its lines may get, in pixels:
/// the first with which it is low enough.
const SIZES: [(f32, i32); 4] = [(34.0, 1_500), (26.0, 1_900), (18.0, 2_600), (12.0, 6_000)];
/// A text is no higher than this, in pixels.
const MOST_HEIGHT: i32 = CANVAS_LIMIT - 2_000;
/// The same while there is a smaller font, in pixels.
const READABLE_HEIGHT: i32 = 2_400;
/// Between the body and the colour bar, in pixels.
const COLOR_BAR_GAP: i32 = 48;
/// The shortest colour bar that has room for its numbers, in pixels.
const SHORTEST_COLOR_BAR: i32 = 180;
const LEVEL: Rotation = Rotation::Level;

/// A unit in its place.
struct Placed {
    unit: usize,
    text: String,
    width: i32,
    ink: Ink,
    rect: Rect,
}

/// The units in their lines.
struct Paragraph {
    font: TextFont,
    units: Vec<Placed>,
    width: i32,
    height: i32,
}

/// Puts a shaded text in its place.
pub(super) fn layout<'figure>(
    figure: &'figure Figure<'_>,
    text: &'figure ShadedText,
    measure: &mut dyn MeasureText,
) -> Layout<'figure> {
    let paragraph = paragraph(text, measure);
    let shown = paragraph.units.len();
    let bar_left = MARGIN + paragraph.width + COLOR_BAR_GAP;
    let bar_height = paragraph
        .height
        .clamp(SHORTEST_COLOR_BAR, 2 * SHORTEST_COLOR_BAR);
    let scale = &figure.color_scale;
    let right = color_bar(scale, (bar_left, 0), bar_height, measure).right;
    let heading = heading(figure, right - MARGIN, measure);
    let top = heading.bottom + 32;
    let bar = color_bar(scale, (bar_left, top), bar_height, measure);
    let bottom = (top + paragraph.height).max(bar.bottom);
    let mut all_notes = figure.notes.clone();
    if shown < text.units.len() {
        let (count, noun) = (text.units.len(), text.noun);
        all_notes.push(format!("The first {shown} of {count} {noun} are shown."));
    }
    let notes = notes(&all_notes, bottom + 28, right - MARGIN, measure);
    let range = match figure.color_scale.range {
        ColorRange::Shared(range) => Some(range),
        ColorRange::PerPanel { .. } => None,
    };
    let mut items: Vec<Item<'figure>> = heading.items;
    let (font, line) = (paragraph.font, paragraph.font.line_height());
    for placed in paragraph.units {
        let box_of_unit = Rect {
            x: MARGIN + placed.rect.x,
            y: top + placed.rect.y,
            ..placed.rect
        };
        if text.marked == Some(placed.unit) {
            let border = 3;
            let around = rect(
                box_of_unit.x - border,
                box_of_unit.y - border,
                box_of_unit.width + 2 * border,
                box_of_unit.height + 2 * border,
            );
            items.push(fill(around, Ink::Strong));
            items.push(fill(box_of_unit, Ink::Paper));
        }
        let value = text.values.get(placed.unit).copied().unwrap_or(f32::NAN);
        let fraction = range.map_or(f32::NAN, |range| range.fraction(value));
        let ink = match fraction.is_nan() {
            true => placed.ink,
            false => {
                let fraction = scale.part.place(fraction);
                items.push(fill(box_of_unit, Ink::OnScale(fraction)));
                Ink::OnColor(fraction)
            }
        };
        let corner = (
            box_of_unit.x + (box_of_unit.width - placed.width) / 2,
            box_of_unit.y + (box_of_unit.height - line) / 2,
        );
        let kind = (ink, Role::ColumnLabel(placed.unit));
        items.push(place(placed.text, font, placed.width, corner, LEVEL, kind));
    }
    items.extend(bar.items);
    items.extend(notes.items);
    Layout {
        width: right.max(heading.right).max(notes.right) + MARGIN,
        height: notes.bottom.max(bottom) + MARGIN,
        palette: figure.palette,
        items,
    }
}

/// The units in the largest font with which they are low enough, as many as fit.
fn paragraph(text: &ShadedText, measure: &mut dyn MeasureText) -> Paragraph {
    let [first, others @ ..] = SIZES;
    let mut of_size = |(size, width)| in_lines(text, TextFont::regular(size), width, measure);
    let mut paragraph = of_size(first);
    for smaller in others {
        if paragraph.height > READABLE_HEIGHT {
            paragraph = of_size(smaller);
        }
    }
    if paragraph.height > MOST_HEIGHT {
        paragraph
            .units
            .retain(|placed| placed.rect.bottom() <= MOST_HEIGHT);
        paragraph.height = MOST_HEIGHT;
    }
    paragraph
}

fn in_lines(
    text: &ShadedText,
    font: TextFont,
    limit: i32,
    measure: &mut dyn MeasureText,
) -> Paragraph {
    let padding = (font.size / 4.0) as i32;
    let height = font.line_height() + 2 * (padding / 2);
    let (space, between_lines) = (padding + 2, padding + 6);
    let (mut x, mut y, mut width) = (0, 0, 0);
    let mut units: Vec<Placed> = Vec::with_capacity(text.units.len());
    for (unit, found) in text.units.iter().enumerate() {
        let (written, text_width, ink) = label(found, font, measure);
        let box_width = text_width + 2 * padding;
        let is_joined = text.joined.binary_search(&unit).is_ok();
        let starts_segment = text.segment_starts.contains(&unit);
        if unit > 0 {
            x += if is_joined { 1 } else { space };
        }
        if x > 0 && (x + box_width > limit || starts_segment) {
            x = 0;
            y += height + between_lines;
            if starts_segment {
                y += between_lines;
            }
        }
        units.push(Placed {
            unit,
            text: written,
            width: text_width,
            ink,
            rect: rect(x, y, box_width, height),
        });
        x += box_width;
        width = width.max(x);
    }
    Paragraph {
        font,
        units,
        width,
        height: y + height,
    }
}
