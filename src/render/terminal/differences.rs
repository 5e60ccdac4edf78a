//! What differs between two sides, as tables of text.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::printable::one_line;
use crate::compare::{Comparison, DifferenceMeasure, NamedUnit, UnlikeUnits};

/// A unit's text takes no more columns.
const LONGEST_UNIT: usize = 16;
/// A unit's text in the list of those that differ.
const LONGEST_LISTED: usize = 30;
/// Between two columns.
const GAP: &str = "  ";
/// The measures of the table; the others are in the files.
const MEASURES: [DifferenceMeasure; 3] = [
    DifferenceMeasure::JsBits,
    DifferenceMeasure::TotalVariation,
    DifferenceMeasure::MaxAbs,
];

/// A difference as people read it: four digits; 0 for 0 alone.
pub fn written_difference(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        1e-3.. => format!("{value:.4}"),
        _ => format!("{value:.1e}"),
    }
}

/// The most changed heads by a measure, a line each under a line of names: their
/// measures, the query and the key where they differ most, and the attention
/// there on both sides.
pub fn difference_table(
    comparison: &Comparison<'_>,
    measure: DifferenceMeasure,
    count: usize,
) -> String {
    let differences = &comparison.differences;
    let mut measures = MEASURES.to_vec();
    measures.retain(|other| *other != measure);
    measures.insert(0, measure);
    let names = measures.iter().map(ToString::to_string);
    let mut rows: Vec<Vec<String>> = vec![
        ["layer".to_owned(), "head".to_owned()]
            .into_iter()
            .chain(names)
            .chain(["greatest difference".to_owned()])
            .collect(),
    ];
    let ids: Vec<_> = differences.selection.head_ids().collect();
    for (id, _) in differences.ranked(measure).into_iter().take(count) {
        let place = ids.iter().position(|other| *other == id).unwrap_or(0);
        let value = |measure: &DifferenceMeasure| {
            let value = differences.heads(*measure).get(place).copied();
            written_difference(value.unwrap_or(f64::NAN))
        };
        let cell = comparison.greatest_cell(id).map(|cell| {
            let [query, key] = cell.names();
            format!(
                "{} → {}: {} → {}",
                one_line(&query, LONGEST_UNIT),
                one_line(&key, LONGEST_UNIT),
                written_difference(f64::from(cell.left)),
                written_difference(f64::from(cell.right))
            )
        });
        let numbers = [id.layer.to_string(), id.head.to_string()];
        let cells = numbers.into_iter().chain(measures.iter().map(value));
        let last = cell.unwrap_or_else(|| "none".to_owned());
        rows.push(cells.chain([last]).collect());
    }
    // Numbers stand to the right, what is last is text.
    aligned(&rows, |column| column < 2 + MEASURES.len())
}

/// What is not the same unit on both sides, with its position, under the names of
/// the sides; not more lines than `most`.
pub fn unlike_table(unlike: &UnlikeUnits, names: [&str; 2], most: usize) -> String {
    let cell = |unit: &Option<NamedUnit>| match unit {
        Some(unit) => format!(
            "@{} {}",
            unit.position,
            one_line(&unit.text, LONGEST_LISTED)
        ),
        None => "-".to_owned(),
    };
    let names = names.map(|name| one_line(name, LONGEST_LISTED));
    let mut rows = vec![names.to_vec()];
    let shown = unlike.iter().take(most);
    rows.extend(shown.map(|row| row.iter().map(cell).collect()));
    let mut table = aligned(&rows, |_| false);
    if unlike.len() > most {
        let _ = writeln!(table, "… and {} more", unlike.len() - most);
    }
    table
}

/// Rows of cells, a line each, every column as wide as its widest cell.
pub fn aligned(rows: &[Vec<String>], is_number: impl Fn(usize) -> bool) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut table = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let padding = " ".repeat(width - cell.width());
            let gap = if column > 0 { GAP } else { "" };
            // Writing to a string cannot fail.
            let _ = match is_number(column) {
                true => write!(line, "{gap}{padding}{cell}"),
                false => write!(line, "{gap}{cell}{padding}"),
            };
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}
