//! What each head does as a table: a line a head.

use std::cmp::Ordering;

use super::printable::Printable;
use super::profile::written;
use crate::analysis::Score;
use crate::figure::{Body, Figure, ScoreGrid, ScoreGrids};

/// The order in which scores get the room that there is.
const MOST_USEFUL: [Score; 22] = [
    Score::Previous,
    Score::Itself,
    Score::Next,
    Score::Classification,
    Score::Separator,
    Score::Punct,
    Score::Entropy,
    Score::Distance,
    Score::Confidence,
    Score::ReceivedMaximum,
    Score::Induction,
    Score::Segment,
    Score::DuplicateToken,
    Score::PreviousToken,
    Score::EntropyNormalized,
    Score::Punctuation,
    Score::SinkShare,
    Score::OffsetMinusOne,
    Score::OffsetPlusOne,
    Score::OffsetZero,
    Score::OffsetMinusTwo,
    Score::OffsetPlusTwo,
];

/// Between two columns.
const GAP: &str = "  ";

/// The scores of all heads under a line of names, `None` where the figure is of
/// something else. See `scores`.
pub fn score_table(figure: &Figure<'_>, sort: Option<Score>, columns: usize) -> Option<String> {
    match &figure.body {
        Body::Scores(grids) => Some(scores(&figure.title, grids, sort, columns)),
        Body::Map(_)
        | Body::Grid(_)
        | Body::Profile(_)
        | Body::Difference(_)
        | Body::Lines(_)
        | Body::Text(_) => None,
    }
}

/// The scores of all heads in as many columns as there is room for: sorted by
/// one of them, the greatest first and what is empty last, or by layer and head.
pub(super) fn scores(
    title: &str,
    grids: &ScoreGrids,
    sort: Option<Score>,
    columns: usize,
) -> String {
    let sorted_by = sort.and_then(|sort| grids.grids.iter().find(|grid| grid.score == sort));
    let mut useful: Vec<&ScoreGrid> = sorted_by.into_iter().collect();
    let others = MOST_USEFUL.iter().filter(|score| Some(**score) != sort);
    useful.extend(others.filter_map(|score| grids.grids.iter().find(|grid| grid.score == *score)));

    let head_count = grids.heads.len();
    let places = (0..grids.layers.len()).flat_map(|layer| {
        let heads = 0..head_count;
        heads.map(move |head| (layer, head))
    });
    let value = |grid: &ScoreGrid, (layer, head): (usize, usize)| {
        let value = grid.values.get(layer * head_count + head);
        value.copied().unwrap_or(f32::NAN)
    };
    // A head that a layer lacks has no score at all.
    let is_held =
        |place: &(usize, usize)| grids.grids.iter().any(|grid| !value(grid, *place).is_nan());
    let mut places: Vec<(usize, usize)> = places.filter(is_held).collect();
    if let Some(grid) = sorted_by {
        // A stable sort keeps equal ones in their order.
        places.sort_by(|left, right| greatest_first(value(grid, *left), value(grid, *right)));
    }

    let number = |numbers: &[usize], place: usize| {
        numbers
            .get(place)
            .map_or_else(String::new, usize::to_string)
    };
    let mut written_columns = vec![
        column(
            "layer",
            places.iter().map(|place| number(&grids.layers, place.0)),
        ),
        column(
            "head",
            places.iter().map(|place| number(&grids.heads, place.1)),
        ),
    ];
    let mut width: usize = written_columns
        .iter()
        .map(|column| column[0].len() + GAP.len())
        .sum();
    let mut left_out: Vec<&str> = Vec::new();
    for grid in useful {
        let cells = places.iter().map(|&place| match value(grid, place) {
            value if value.is_nan() => "-".to_owned(),
            value => written(value),
        });
        let cells = column(grid.score.name(), cells);
        let more = cells[0].len() + GAP.len();
        // The one that is asked for is there however narrow the terminal is.
        let is_wanted = Some(grid.score) == sort;
        match left_out.is_empty() && width + more <= columns || is_wanted {
            true => {
                width += more;
                written_columns.push(cells);
            }
            false => left_out.push(grid.score.name()),
        }
    }

    let mut table = format!("{}\n", Printable(title));
    if let (Some(sort), None) = (sort, sorted_by) {
        table.push_str(&format!(
            "not sorted: {sort} is empty for every head of this input\n"
        ));
    }
    for line in 0..=places.len() {
        for cells in &written_columns {
            table.push_str(GAP);
            table.push_str(cells.get(line).map_or("", String::as_str));
        }
        table.push('\n');
    }
    if !left_out.is_empty() {
        let more = left_out.join(", ");
        table.push_str(&format!(
            "{} more in a wider terminal, or with --views scores --format csv: {more}\n",
            left_out.len(),
        ));
    }
    table
}

/// A name and what stands below it, all to the right and as wide as the widest.
fn column(name: &str, cells: impl Iterator<Item = String>) -> Vec<String> {
    let cells: Vec<String> = std::iter::once(name.to_owned()).chain(cells).collect();
    let width = cells
        .iter()
        .map(|cell| cell.chars().count())
        .max()
        .unwrap_or(0);
    cells
        .into_iter()
        .map(|cell| format!("{cell:>width$}"))
        .collect()
}

fn greatest_first(left: f32, right: f32) -> Ordering {
    match (left.is_nan(), right.is_nan()) {
        (false, false) => right.total_cmp(&left),
        (left, right) => left.cmp(&right),
    }
}
