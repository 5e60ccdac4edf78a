//! A shaded text as lines of a terminal: units one after the other on their
//! colours; without colours each with its tenth behind.

use unicode_width::UnicodeWidthStr;

use super::blocks::{Cell, Drawing, heading, plain, push_color_bar, tenth};
use super::printable::one_line;
use crate::figure::layout::Ink;
use crate::figure::{ColorRange, Figure, ShadedText};
use crate::render::colormap::ColorTable;

/// The longest labels, in columns.
const LONGEST_LABEL: usize = 40;

/// The units of a text in lines.
pub(super) fn shaded_text(figure: &Figure<'_>, text: &ShadedText, columns: usize) -> Drawing {
    let colors = ColorTable::new(figure.palette).of_part(figure.color_scale.part);
    let range = match figure.color_scale.range {
        ColorRange::Shared(range) => Some(range),
        ColorRange::PerPanel { .. } => None,
    };
    let mut drawing = heading(figure, columns);
    let (mut line, mut used): (Vec<Cell>, usize) = (Vec::new(), 0);
    for (place, unit) in text.units.iter().enumerate() {
        let label = one_line(&unit.text, LONGEST_LABEL.min(columns / 2));
        let label = match text.marked == Some(place) {
            true => format!(">{label}<"),
            false => label,
        };
        let value = text.values.get(place).copied().unwrap_or(f32::NAN);
        let fraction = range.map_or(f32::NAN, |range| range.fraction(value));
        let has_value = !fraction.is_nan();
        let without_colors = match has_value {
            true => format!("{label}:{}", tenth(fraction)),
            false => label.clone(),
        };
        let width = without_colors.width().max(label.width());
        let is_joined = text.joined.binary_search(&place).is_ok();
        if used + width + 1 > columns && !line.is_empty() {
            drawing.lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if !line.is_empty() && !is_joined {
            line.extend(plain(" "));
            used += 1;
        }
        let on_color = |ink: fn(f32) -> Ink| has_value.then(|| colors.ink(ink(fraction)));
        line.push(Cell {
            text: label,
            ink: on_color(Ink::OnColor),
            paper: on_color(Ink::OnScale),
            without_colors,
        });
        used += width;
    }
    drawing.lines.push(line);
    push_color_bar(&mut drawing, figure, &colors);
    drawing
}
