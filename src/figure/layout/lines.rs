//! The layout of a head as lines: queries down the left side, keys down the right.

use super::axes::label;
use super::cells::SEGMENT_GAP;
use super::color_bar::color_bar;
use super::columns::{fill, rect};
use super::grid::stride;
use super::head::{heading, notes};
use super::positions;
use super::text::place;
use super::{
    ANNOTATION_SIZE, Figure, Ink, Item, LABEL_GAP, LARGEST_LABEL, LINE_HEIGHT, Layout, Line,
    LineBundle, MARGIN, MeasureText, Rect, Role, Rotation, SMALLEST_LABEL, TextFont, pixels,
};
use crate::analysis::Link;
use crate::figure::{ColorRange, LineFigure, UnitLabel};

/// From the queries to the keys, in pixels: the first of a few units, the last of
/// many, between which lines would be too steep to tell apart.
const AREA_WIDTHS: [i32; 2] = [520, 1_600];
/// From one unit to the next: of a few units, and of many, in pixels.
const PITCHES: [i32; 2] = [40, 20];
/// Units of which the sides are higher stand closer, in pixels.
const GOOD_HEIGHT: i32 = 1_600;
/// More units stand closer still, in pixels.
const MOST_HEIGHT: i32 = 6_400;
/// Units of a few stand in the middle of so much, in pixels.
const LEAST_HEIGHT: i32 = 180;
/// The thickness of the faintest and of the strongest line, in pixels; less where
/// units stand close.
const THICKNESS: [f32; 2] = [1.5, 7.0];
/// Of units that stand as close as this, in pixels.
const CLOSE: f32 = 28.0;
/// Between the body and the colour bar, in pixels.
const COLOR_BAR_GAP: i32 = 56;
const LEVEL: Rotation = Rotation::Level;

/// The units down one side.
struct Side<'figure> {
    units: &'figure [UnitLabel],
    starts: &'figure [usize],
    height: i32,
}

impl Side<'_> {
    /// How far below the top the middle of a unit is.
    fn middle(&self, index: usize) -> i32 {
        let gaps = |end: usize| pixels(self.starts.iter().filter(|&&start| start <= end).count());
        let all_gaps = pixels(self.starts.len()) * SEGMENT_GAP;
        let of_units = (self.height - all_gaps).max(1);
        let twice = i64::from(of_units) * (2 * index as i64 + 1);
        let place = twice / (2 * self.units.len().max(1) as i64);
        i32::try_from(place).unwrap_or(i32::MAX) + gaps(index) * SEGMENT_GAP
    }

    /// Between two units, in pixels.
    fn pitch(&self) -> i32 {
        (self.height / pixels(self.units.len()).max(1)).max(1)
    }
}

/// Puts the lines of a head in their places.
pub(super) fn layout<'figure>(
    figure: &'figure Figure<'_>,
    lines: &'figure LineFigure,
    measure: &mut dyn MeasureText,
) -> Layout<'figure> {
    let longest = lines.units.iter().map(Vec::len).max().unwrap_or(0);
    let gaps = lines.segment_starts.iter().map(Vec::len).max().unwrap_or(0);
    let [widest_pitch, closest_pitch] = PITCHES;
    let pitch = GOOD_HEIGHT / pixels(longest).max(1);
    let pitch = pitch.clamp(closest_pitch, widest_pitch);
    let height = pixels(longest).saturating_mul(pitch).min(MOST_HEIGHT);
    let height = height.max(LEAST_HEIGHT) + pixels(gaps) * SEGMENT_GAP;
    let side = |index: usize| Side {
        units: &lines.units[index],
        starts: &lines.segment_starts[index],
        height,
    };
    let sides = [side(0), side(1)];
    let closest = sides.iter().map(Side::pitch).min().unwrap_or(1);
    let largest = (closest as f32 / LINE_HEIGHT).floor();
    let font = TextFont::regular(largest.clamp(SMALLEST_LABEL, LARGEST_LABEL));
    let line = font.line_height();
    let every = sides
        .each_ref()
        .map(|side| stride(Some(line), side.pitch()));
    let labels = [0, 1].map(|index| {
        let labelled = sides[index].units.iter().enumerate().step_by(every[index]);
        labelled
            .map(|(unit, found)| {
                let (text, width, ink) = match lines.shows_positions {
                    true => label(&with_position(found), font, measure),
                    false => label(found, font, measure),
                };
                (unit, text, width, ink)
            })
            .collect::<Vec<_>>()
    });
    let widest = |index: usize| labels[index].iter().map(|&(_, _, width, _)| width).max();
    let name_font = TextFont::regular(ANNOTATION_SIZE);
    let name_line = name_font.line_height();
    let [narrowest, widest_area] = AREA_WIDTHS;
    let area_width = (height / 4).clamp(narrowest, widest_area);
    let names = ["query (attends)", "key (attended to)"];
    let names = names.map(|name| (name, measure.width(name, name_font)));

    // From left to right. The names stand above the ends of the lines.
    let left_extent = widest(0).unwrap_or(0).max(names[0].1 - area_width / 4);
    let area_left = MARGIN + left_extent + LABEL_GAP;
    let area_right = area_left + area_width;
    let right_extent = widest(1).unwrap_or(0).max(names[1].1 - area_width / 4);
    let bar_left = area_right + LABEL_GAP + right_extent + COLOR_BAR_GAP;
    let scale = &figure.color_scale;
    let bar_height = height.min(14 * name_line);
    let right = color_bar(scale, (bar_left, 0), bar_height, measure).right;

    // From top to bottom.
    let heading = heading(figure, right - MARGIN, measure);
    let names_top = heading.bottom + 28;
    let top = names_top + name_line + LABEL_GAP;
    let bar = color_bar(scale, (bar_left, top), bar_height, measure);
    let bottom = (top + height).max(bar.bottom);
    let mut all_notes = figure.notes.clone();
    all_notes.extend(note(lines, every));
    let notes = notes(&all_notes, bottom + 24, right - MARGIN, measure);

    let mut items: Vec<Item<'figure>> = heading.items;
    let [(query, query_width), (key, key_width)] = names;
    let kind = (Ink::Medium, Role::AxisName);
    let query_left = (area_left - query_width).max(MARGIN);
    for (name, width, x) in [
        (query, query_width, query_left),
        (key, key_width, area_right),
    ] {
        let corner = (x, names_top);
        items.push(place(
            name.to_owned(),
            name_font,
            width,
            corner,
            LEVEL,
            kind,
        ));
    }
    let area = rect(area_left, top, area_width, height);
    items.push(Item::Lines(bundle(area, figure, lines, &sides)));
    for (index, labels) in labels.into_iter().enumerate() {
        for (unit, text, width, ink) in labels {
            let x = match index {
                0 => area_left - LABEL_GAP - width,
                _ => area_right + LABEL_GAP,
            };
            let corner = (x, top + sides[index].middle(unit) - line / 2);
            let role = match index {
                0 => Role::RowLabel(unit),
                _ => Role::ColumnLabel(unit),
            };
            items.push(place(text, font, width, corner, LEVEL, (ink, role)));
        }
    }
    // A short line between the texts of a pair, out between the labels.
    for (index, side) in sides.iter().enumerate() {
        for &start in side.starts {
            let middle = (side.middle(start.saturating_sub(1)) + side.middle(start)) / 2;
            let x = match index {
                0 => area_left - LABEL_GAP - left_extent,
                _ => area_right + LABEL_GAP,
            };
            let extent = if index == 0 {
                left_extent
            } else {
                right_extent
            };
            items.push(fill(rect(x, top + middle - 1, extent, 2), Ink::Hairline));
        }
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

/// A label behind the position of its unit.
fn with_position(unit: &UnitLabel) -> UnitLabel {
    UnitLabel {
        text: format!("{} {}", positions::text(unit.position), unit.text),
        ..unit.clone()
    }
}

fn bundle(
    area: Rect,
    figure: &Figure<'_>,
    lines: &LineFigure,
    [rows, columns]: &[Side<'_>; 2],
) -> LineBundle {
    let fraction = |value: f32| match figure.color_scale.range {
        ColorRange::Shared(range) => range.fraction(value),
        ColorRange::PerPanel { .. } => value,
    };
    let pitch = rows.pitch().min(columns.pitch()) as f32;
    let closeness = (pitch / CLOSE).clamp(0.2, 1.0);
    let line = |link: &Link| {
        let fraction = fraction(link.value).clamp(0.0, 1.0);
        let [thinnest, thickest] = THICKNESS.map(|thickness| thickness * closeness);
        Line {
            left: rows.middle(link.query),
            right: columns.middle(link.key),
            thickness: thinnest + fraction * (thickest - thinnest),
            fraction: figure.color_scale.part.place(fraction),
        }
    };
    LineBundle {
        area,
        lines: lines.links.iter().map(line).collect(),
    }
}

/// What the picture leaves out, as a sentence.
fn note(lines: &LineFigure, every: [usize; 2]) -> Option<String> {
    let [rows, columns] = lines.units.each_ref().map(Vec::len);
    let counts = match rows == columns {
        true => format!("{rows} {}", lines.noun),
        false => format!("{rows} queries and {columns} keys"),
    };
    let most = every.into_iter().max().filter(|&every| every > 1)?;
    Some(format!("{counts}; one of {most} is labelled."))
}
