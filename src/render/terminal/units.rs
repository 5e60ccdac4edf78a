//! The units of a stream as a table.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::printable::one_line;
use crate::input::{Place, SpecialRole, Unit};

/// No line is longer, in columns, unless numbers alone are.
const COLUMNS: usize = 80;
/// Between two columns of the table.
const GAP: usize = 2;
/// Texts and labels have at least so many columns.
const SHORTEST_TEXT: usize = 8;

/// Numbers stand to the right, words to the left.
const NAMES: [(&str, Side); 8] = [
    ("unit", Side::Left),
    ("text", Side::Left),
    ("label", Side::Left),
    ("id", Side::Right),
    ("segment", Side::Right),
    ("bytes", Side::Right),
    ("word", Side::Right),
    ("role", Side::Left),
];

/// Which of the columns hold text of the vocabulary or the input.
const TEXTS: [usize; 2] = [1, 2];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// Each unit on a line under a line of names: its position as a view names it,
/// the vocabulary's string, its label, id, segment, the bytes of its segment's
/// text, its word there, and whether it is special or unknown. What the
/// tokenizer added has no bytes.
pub fn unit_table(units: &[Unit]) -> String {
    let mut rows: Vec<[String; 8]> = vec![NAMES.map(|(name, _)| name.to_owned())];
    let units = units.iter().enumerate();
    rows.extend(units.map(|(position, unit)| row(position, unit)));
    let mut widths: [usize; 8] = std::array::from_fn(|column| {
        let widths = rows.iter().map(|row| row[column].width());
        widths.max().unwrap_or(0)
    });
    let fixed: usize = (0..NAMES.len())
        .filter(|column| !TEXTS.contains(column))
        .map(|column| widths[column] + GAP)
        .sum();
    // The shorter column takes what it needs, the other what is left.
    let room = COLUMNS.saturating_sub(fixed + GAP).max(2 * SHORTEST_TEXT);
    let [text, label] = TEXTS.map(|column| widths[column]);
    widths[1] = text.min(room - label.min(room / 2));
    widths[2] = label.min(room - widths[1]);
    let mut table = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let cell = one_line(cell, width);
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            let gap = if column > 0 { GAP } else { 0 };
            // Writing to a string cannot fail.
            let _ = match NAMES[column].1 {
                Side::Left => write!(line, "{:gap$}{cell}{padding}", ""),
                Side::Right => write!(line, "{:gap$}{padding}{cell}", ""),
            };
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

fn row(position: usize, unit: &Unit) -> [String; 8] {
    let bytes = match unit.place {
        Place::Added | Place::Patch { .. } => "-".to_owned(),
        Place::Bytes { start, end } => format!("{start}..{end}"),
    };
    let role = match (unit.is_unknown(), unit.special) {
        (true, _) => SpecialRole::Unknown.name(),
        (false, Some(role)) => role.name(),
        (false, None) => "",
    };
    [
        format!("@{position}"),
        unit.text.clone(),
        unit.label.clone(),
        unit.id.to_string(),
        unit.segment.to_string(),
        bytes,
        unit.word.map_or("-".to_owned(), |word| word.to_string()),
        role.to_owned(),
    ]
}
