//! The strongest links of a run, the heads of one link and pairs of heads as
//! tables.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::blocks::{Drawing, heading};
use super::printable::one_line;
use super::profile::written;
use crate::analysis::{
    Axis, Link, LinkByHead, LinkChoice, MapId, Maps, Similarity, strongest_links,
};
use crate::attention::HeadId;
use crate::figure::{Figure, LineFigure};

/// So many links are listed where nobody says how many.
const LINK_COUNT: usize = 10;
/// Longer tokens are cut, in columns.
const TOKEN_COLUMNS: usize = 24;

/// The strongest lines of a head, one under another.
pub(super) fn lines(figure: &Figure<'_>, lines: &LineFigure, columns: usize) -> Drawing {
    let mut drawing = heading(figure, columns);
    for link in lines.links.iter().rev().take(LINK_COUNT) {
        let label = |side: usize, place: usize| {
            let unit = lines.units[side].get(place);
            unit.map_or(String::new(), |unit| one_line(&unit.text, TOKEN_COLUMNS))
        };
        let (query, key) = (label(0, link.query), label(1, link.key));
        drawing.push_plain(&format!("{query} \u{2192} {key}  {}", written(link.value)));
    }
    for note in &figure.notes {
        drawing.push_plain(note);
    }
    drawing
}

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
    let heading = match choice {
        LinkChoice::Best => "strongest links: one a query and head, without special tokens",
        LinkChoice::All => "strongest links",
    };
    // Numbers to the right, tokens to the left.
    aligned(heading, &rows, |column| (2..=3).contains(&column))
}

/// The heads in which a link is strongest, 0 for the usual number, one a line
/// under a line of names; a sentence where there is none.
pub fn head_table(link: &LinkByHead, count: usize) -> String {
    let heads = link.strongest(or_usual(count));
    if heads.is_empty() {
        return "no head has this link\n".to_owned();
    }
    let mut rows = vec![["layer", "head", "attention"].map(str::to_owned)];
    rows.extend(
        heads
            .into_iter()
            .map(|(id, value)| [id.layer.to_string(), id.head.to_string(), written(value)]),
    );
    aligned("strongest heads", &rows, |_| false)
}

/// The pairs of heads that are most alike, 0 for the usual number, one a line
/// under a line of names.
pub fn similarity_table(similarity: &Similarity, count: usize) -> String {
    let name = |id: HeadId| format!("{}.{}", id.layer, id.head);
    let mut rows = vec![["head", "head", "divergence"].map(str::to_owned)];
    let pairs = similarity.most_alike(or_usual(count)).into_iter();
    rows.extend(pairs.map(|([left, right], value)| [name(left), name(right), written(value)]));
    let heading = "most alike heads (layer.head): Jensen\u{2013}Shannon divergence in bits";
    aligned(heading, &rows, |_| false)
}

fn or_usual(count: usize) -> usize {
    match count {
        0 => LINK_COUNT,
        count => count,
    }
}

/// Rows under a heading, their columns one below the other: to the right, or to
/// the left where that is said of a column.
fn aligned<const COLUMNS: usize>(
    heading: &str,
    rows: &[[String; COLUMNS]],
    is_left: impl Fn(usize) -> bool,
) -> String {
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let widths = rows.iter().map(|row| row[column].width());
        widths.max().unwrap_or(0)
    });
    let mut table = format!("{heading}\n");
    for row in rows {
        let cells = row.iter().zip(widths).enumerate();
        for (column, (cell, width)) in cells {
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            let _ = match is_left(column) {
                true => write!(table, "  {cell}{padding}"),
                false => write!(table, "  {padding}{cell}"),
            };
        }
        table.push('\n');
    }
    table
}

/// The strongest links of all heads, the greatest first, equal ones in the
/// order of their heads.
fn strongest(maps: &Maps<'_>, choice: LinkChoice, count: usize) -> Vec<(HeadId, Link)> {
    let count = or_usual(count);
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
