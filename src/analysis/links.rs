//! The strongest links of a map, for lists beside it.

use super::{Axis, AxisUnit};
use crate::names::closed_set;

/// Which links a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LinkChoice {
    /// The strongest of every query, without special units: of a column that
    /// everything attends to, a list of all says the same thing again and again.
    /// A query that may attend to a single key alone has none.
    #[default]
    Best,
    /// Every cell.
    All,
}

closed_set!(LinkChoice, "choice of links", Best => "best", All => "all");

/// How much a query attends to a key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Zero-based row.
    pub query: usize,
    /// Zero-based column.
    pub key: usize,
    /// The attention.
    pub value: f32,
}

/// The `count` greatest cells of a map with some rows and columns, of those that
/// the choice leaves: the greatest first, equal ones in the order of their rows
/// and columns. Where an axis has special units alone, they count; cells that
/// are 0, or not there, are no links.
pub fn strongest_links(
    map: &[f32],
    [rows, columns]: [&Axis; 2],
    choice: LinkChoice,
    count: usize,
) -> Vec<Link> {
    if count == 0 {
        return Vec::new();
    }
    let shown = |axis: &Axis| -> Vec<bool> {
        let has_text = axis.units.iter().any(AxisUnit::stands_for_text);
        let is_shown = |unit: &AxisUnit| match choice {
            LinkChoice::All => true,
            LinkChoice::Best => !has_text || unit.stands_for_text(),
        };
        axis.units.iter().map(is_shown).collect()
    };
    let (queries, keys) = (shown(rows), shown(columns));
    let lines = map.chunks_exact(columns.len().max(1)).enumerate();
    let mut links: Vec<Link> = lines
        .filter(|&(query, _)| queries.get(query) == Some(&true))
        .filter(|(_, line)| choice == LinkChoice::All || !is_forced(line))
        .flat_map(|(query, line)| {
            let cells = line.iter().zip(&keys).enumerate();
            let links = cells
                .filter(|&(_, (&value, &is_shown))| is_shown && value != 0.0 && !value.is_nan())
                .map(move |(key, (&value, _))| Link { query, key, value });
            match choice {
                // No more of a line than are wanted: a link takes six cells' memory.
                LinkChoice::All => greatest(links.collect(), count),
                LinkChoice::Best => links.min_by(order).into_iter().collect(),
            }
        })
        // What a mask forbids is no link.
        .filter(|link| !link.value.is_nan())
        .collect();
    links = greatest(links, count);
    links.sort_unstable_by(order);
    links
}

/// Whether a query attends to the one key that its mask leaves it, as the first
/// of a decoder: it has no choice, and its link is the same in every head.
fn is_forced(line: &[f32]) -> bool {
    let mut present = line.iter().filter(|value| !value.is_nan());
    let only = match (present.next(), present.next()) {
        (Some(&only), None) => only,
        (Some(_), Some(_)) | (None, _) => return false,
    };
    line.len() > 1 && only > FORCED
}

/// What is all of a query's attention, but for rounding.
const FORCED: f32 = 0.99;

/// The greatest of some links, in no order.
fn greatest(mut links: Vec<Link>, count: usize) -> Vec<Link> {
    if count < links.len() {
        // Only the front has to be in order.
        links.select_nth_unstable_by(count, order);
        links.truncate(count);
        links.shrink_to_fit();
    }
    links
}

/// The greatest first.
fn order(left: &Link, right: &Link) -> std::cmp::Ordering {
    right
        .value
        .total_cmp(&left.value)
        .then((left.query, left.key).cmp(&(right.query, right.key)))
}
