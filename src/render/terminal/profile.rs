//! What one unit attends to, or what attends to it, as lines of a terminal: a
//! bar for every unit, from left to right.

use unicode_width::UnicodeWidthStr;

use super::blocks::{Drawing, heading};
use super::printable::one_line;
use crate::figure::{Figure, UnitProfile};

/// The longest labels, in columns.
const LONGEST_LABEL: usize = 24;
/// Of more units, those with the highest bars are shown.
const MOST_UNITS: usize = 60;
/// Of so many of them.
const SHOWN_UNITS: usize = 40;
/// Room for a value, in columns.
const VALUE_COLUMNS: usize = 8;

/// The bars of a profile.
pub(super) fn profile(figure: &Figure<'_>, profile: &UnitProfile, columns: usize) -> Drawing {
    // A unit that a mask forbids has no bar.
    let mut shown: Vec<usize> = (0..profile.bars.len())
        .filter(|&unit| !profile.bars[unit].is_nan())
        .collect();
    let count = shown.len();
    if count > MOST_UNITS {
        shown.sort_by(|&left, &right| profile.bars[right].total_cmp(&profile.bars[left]));
        shown.truncate(SHOWN_UNITS);
        shown.sort_unstable();
    }
    let labels: Vec<String> = shown
        .iter()
        .map(|&unit| {
            let (label, position) = profile
                .units
                .get(unit)
                .map_or(("", unit), |unit| (&unit.text, unit.position));
            let mark = if profile.position == Some(unit) {
                "> "
            } else {
                "  "
            };
            let label = one_line(label, LONGEST_LABEL.min(columns / 3));
            format!("{mark}{label} @{position}")
        })
        .collect();
    let widest = labels.iter().map(|label| label.width()).max().unwrap_or(0);
    let room = columns.saturating_sub(widest + VALUE_COLUMNS + 2).max(1);
    let highest = shown
        .iter()
        .map(|&unit| profile.bars[unit])
        .fold(0.0, f32::max);
    let mut drawing = heading(figure, columns);
    drawing.push_plain(&format!("{}, {}", profile.bar_name, profile.unit_axis_name));
    for (&unit, label) in shown.iter().zip(&labels) {
        let value = profile.bars[unit];
        let part = if highest > 0.0 {
            f64::from(value) / f64::from(highest)
        } else {
            0.0
        };
        let bar = "#".repeat((part * room as f64).round() as usize);
        let padding = " ".repeat(widest - label.width());
        drawing.push_plain(&format!(
            "{label}{padding} {:>VALUE_COLUMNS$} {bar}",
            written(value)
        ));
    }
    if shown.len() < count {
        drawing.push_plain(&format!("the {SHOWN_UNITS} highest of {count} bars"));
    }
    // The first one tells how bars and rows of colours are read.
    for note in figure.notes.iter().skip(1) {
        drawing.push_plain(note);
    }
    drawing
}

/// A value: `0` for 0 alone, `<0.001` for what is more and rounds to it.
pub fn written(value: f32) -> String {
    match value {
        0.0 => "0".to_owned(),
        ..0.0005 => "<0.001".to_owned(),
        ..999.95 => format!("{value:.3}"),
        _ => format!("{value:.2e}"),
    }
}
