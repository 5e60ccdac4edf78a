//! The strongest links of a run as a table.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::printable::one_line;
use super::profile::written;
use crate::analysis::{Axis, Link, LinkChoice, MapId, Maps, strongest_links};
use crate::attention::HeadId;

/// So many links are listed where nobody says how many.
const LINK_COUNT: usize = 10;
/// Longer tokens are cut, in columns.
const TOKEN_COLUMNS: usize = 24;

/// So many of the strongest links of all shown heads, 0 for the usual number,
/// one a line under a line of names.
pub fn table(maps: &Maps<'_>, choice: LinkChoice, count: usize) -> String {
    let names = ["layer", "head", "query", "key", "attention"].map(str::to_owned);
    let mut rows = vec![names];
    rows.extend(
        strongest(maps, choice, count)
            .into_iter()
            .map(|(head, link)| {
                let unit = |axis: &Axis, index: usize| {
                    let Some(unit) = axis.units.get(index) else {
                        return String::new();
                    };
                    let label = one_line(&unit.label, TOKEN_COLUMNS);
                    let alike = axis.units.iter().filter(|other| other.label == unit.label);
                    match alike.count() {
                        1 => label,
                        // Which of them it is.
                        _ => format!("{label} @{}", unit.first),
                    }
                };
                [
                    head.layer.to_string(),
                    head.head.to_string(),
                    unit(&maps.rows, link.query),
                    unit(&maps.columns, link.key),
                    written(link.value),
                ]
            }),
    );
    let widths: [usize; 5] = std::array::from_fn(|column| {
        let widths = rows.iter().map(|row| row[column].width());
        widths.max().unwrap_or(0)
    });
    let mut table = match choice {
        LinkChoice::Best => {
            String::from("strongest links: one a query and head, without special tokens\n")
        }
        LinkChoice::All => String::from("strongest links\n"),
    };
    for row in rows {
        let cells = row.iter().zip(widths).enumerate();
        for (column, (cell, width)) in cells {
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            // Numbers to the right, tokens to the left.
            let _ = match column {
                2 | 3 => write!(table, "  {cell}{padding}"),
                _ => write!(table, "  {padding}{cell}"),
            };
        }
        table.push('\n');
    }
    table
}

/// The strongest links of all heads, the greatest first, equal ones in the
/// order of their heads.
fn strongest(maps: &Maps<'_>, choice: LinkChoice, count: usize) -> Vec<(HeadId, Link)> {
    let count = match count {
        0 => LINK_COUNT,
        count => count,
    };
    // Head by head, since all values at once may be too many to sort.
    let mut strongest: Vec<(HeadId, Link)> = Vec::new();
    for &id in &maps.ids {
        let (MapId::Head(head), Some(map)) = (id, maps.drawn(id)) else {
            continue;
        };
        let links = strongest_links(&map, [&maps.rows, &maps.columns], choice, count);
        strongest.extend(links.into_iter().map(|link| (head, link)));
        // A stable sort keeps equal ones in their order.
        strongest.sort_by(|(_, left), (_, right)| right.value.total_cmp(&left.value));
        strongest.truncate(count);
    }
    strongest
}
