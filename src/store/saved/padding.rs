//! Padding of a batch: units at either end that nothing attends to.
//!
//! A softmax over keys that are all masked is NaN, or 0 where that is put in
//! its place, or even over all of them where the mask is a great number that is
//! taken off: so the queries of padding are told from a text's. Where a mask
//! says nothing of queries, as in an encoder or at the end of a decoder, their
//! rows are like any other, and nothing but the user knows what they are.

use std::ops::Range;

use crate::attention::HeadMaps;

/// How much the values of an even row may differ, as a share of the greatest:
/// what a mean of heads adds.
const EVEN: f32 = 1e-6;

fn is_blank(value: &f32) -> bool {
    *value == 0.0 || value.is_nan()
}

/// The queries and keys that are no padding: those at the end whose values are
/// NaN or 0 in every head are left out, and those at the beginning whose rows
/// are NaN, 0 or even and that no query behind them attends to. A unit that is
/// a query and a key (`is_one_sequence`) has to be blank as both. `values` are
/// maps of `[query, key]`; attention that is blank throughout has no padding.
pub(super) fn without_padding(
    values: &[f32],
    [queries, keys]: [usize; 2],
    is_one_sequence: bool,
) -> [Range<usize>; 2] {
    let maps = || values.chunks_exact((queries * keys).max(1));
    let is_blank_row = |query: usize| {
        let row = query * keys..(query + 1) * keys;
        maps().all(|map| {
            map.get(row.clone())
                .is_some_and(|row| row.iter().all(is_blank))
        })
    };
    let is_blank_column = |key: usize, queries: usize| {
        maps().all(|map| {
            map.iter()
                .skip(key)
                .step_by(keys.max(1))
                .take(queries)
                .all(is_blank)
        })
    };
    let mut kept = [queries, keys];
    let mut first = 0;
    if is_one_sequence {
        while kept[0] > 0 && is_blank_row(kept[0] - 1) && is_blank_column(kept[0] - 1, queries) {
            kept = [kept[0] - 1; 2];
        }
        if kept[0] == queries {
            first = leading(values, queries);
        }
    } else {
        while kept[0] > 0 && is_blank_row(kept[0] - 1) {
            kept[0] -= 1;
        }
        while kept[1] > 0 && is_blank_column(kept[1] - 1, kept[0]) {
            kept[1] -= 1;
        }
    }
    match kept.contains(&0) {
        true => [0..queries, 0..keys],
        false => kept.map(|end| first..end),
    }
}

/// Which queries attend to a key.
#[derive(Debug, Clone, Copy, Default)]
struct Column {
    /// The first query behind all that do.
    end: usize,
    by_others: bool,
}

/// Of each key of square maps, over all of them.
fn columns(values: &[f32], count: usize) -> Vec<Column> {
    let mut columns = vec![Column::default(); count];
    let rows = values.chunks_exact(count.max(1)).enumerate();
    for (query, row) in rows.map(|(index, row)| (index % count, row)) {
        for (key, (column, value)) in columns.iter_mut().zip(row).enumerate() {
            if !is_blank(value) {
                column.end = column.end.max(query + 1);
                column.by_others |= key != query;
            }
        }
    }
    columns
}

/// What a query's row says of padding, in all maps together.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// So many units of padding there have to be before it is a row of one:
    /// from there on it attends to all keys alike. 0 where it is blank.
    least: usize,
    /// It attends to so many keys at the beginning alike, and to no others.
    block: Option<usize>,
}

impl Row {
    fn of(row: &[f32], query: usize) -> Self {
        let used = row.iter().filter(|value| !is_blank(value));
        let count = used.clone().count();
        let greatest = used.clone().copied().fold(0.0, f32::max);
        let is_even = used
            .into_iter()
            .all(|&value| greatest - value <= EVEN * greatest);
        let is_used = |key: usize| row.get(key).is_some_and(|value| !is_blank(value));
        // A single one is even with itself.
        let is_padding = is_even && count > 1 && is_used(query);
        let blanks = |row: &[f32]| row.iter().rposition(is_blank).map_or(0, |last| last + 1);
        Self {
            least: match (count, is_padding) {
                (0, _) => 0,
                (_, true) => blanks(row),
                (_, false) => usize::MAX,
            },
            block: match is_padding && (0..count).all(is_used) {
                true => Some(count),
                false => None,
            },
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            least: self.least.max(other.least),
            block: self.block.filter(|_| self.block == other.block),
        }
    }

    fn is_of_padding(self, count: usize) -> bool {
        self.least <= count || self.block == Some(count)
    }
}

/// How many units of padding are at the beginning of square maps.
fn leading(values: &[f32], count: usize) -> usize {
    let mut end = 0;
    let ends = columns(values, count).into_iter().map(|column| {
        end = end.max(column.end);
        end
    });
    // So many units nothing behind them attends to.
    let apart: Vec<usize> = (1..count)
        .zip(ends)
        .filter(|&(units, end)| end <= units)
        .map(|(units, _)| units)
        .collect();
    let Some(&most) = apart.last() else {
        return 0;
    };
    let row_of = |query: usize| {
        let rows = values.chunks_exact(count).skip(query).step_by(count);
        let rows = rows.map(|row| Row::of(row, query));
        rows.reduce(Row::and)
    };
    let rows: Vec<Row> = (0..most).map_while(row_of).collect();
    let are_padding = |&units: &usize| rows.iter().take(units).all(|row| row.is_of_padding(units));
    apart.into_iter().rev().find(are_padding).unwrap_or(0)
}

/// Whether each of some parts of the maps has keys at the end that nothing
/// attends to, but not equally many of them, as inputs of a batch have and
/// layers of one input have not. A decoder's last key has a single query, whose
/// share of it may have been rounded off.
pub(super) fn differs_by_part(values: &[f32], parts: usize, [queries, keys]: [usize; 2]) -> bool {
    let used_keys = |part: &[f32]| {
        let rows = part.chunks_exact(keys.max(1));
        let ends = rows.map(|row| row.iter().rposition(|value| !is_blank(value)));
        ends.flatten().max().map_or(0, |last| last + 1)
    };
    let is_causal = queries == keys
        && values
            .chunks_exact(keys.max(1))
            .enumerate()
            .all(|(row, values)| values.iter().skip(row % queries.max(1) + 1).all(is_blank));
    let size = (values.len() / parts.max(1)).max(1);
    let counts = values.chunks_exact(size).map(used_keys);
    let (least, most) = counts.fold((usize::MAX, 0), |(least, most), count| {
        (least.min(count), most.max(count))
    });
    // What is blank throughout is told as what it is.
    least > 0 && most - least.min(most) > usize::from(is_causal)
}

/// Takes NaN for what a mask forbids: cells that are NaN in every map, in rows
/// that sum to one without them, become 0. What was done, as a sentence without
/// a full stop. Rows that are NaN throughout are padding's, if anything's.
pub(super) fn masked(values: &mut [f32], [queries, keys]: [usize; 2]) -> Option<String> {
    let size = (queries * keys).max(1);
    if !values.iter().any(|value| value.is_nan()) {
        return None;
    }
    let mut is_masked = vec![true; size];
    for map in values.chunks_exact(size) {
        for (is_masked, value) in is_masked.iter_mut().zip(map) {
            *is_masked &= value.is_nan();
        }
    }
    let is_lawful = |row: &[f32]| {
        let there = row.iter().filter(|value| !value.is_nan());
        let sum: f64 = there.clone().map(|&value| f64::from(value)).sum();
        there.count() == 0 || (sum - 1.0).abs() <= MASKED_TOLERANCE
    };
    let are_everywhere = |map: &[f32]| {
        let rows = map.chunks_exact(keys.max(1));
        rows.zip(is_masked.chunks_exact(keys.max(1)))
            .all(|(row, is_masked)| {
                let is_blank = row.iter().all(|value| value.is_nan());
                is_blank
                    || row
                        .iter()
                        .zip(is_masked)
                        .all(|(value, &is)| value.is_nan() == is)
            })
    };
    let mut maps = values.chunks_exact(size);
    if !maps.all(|map| map.chunks_exact(keys.max(1)).all(is_lawful) && are_everywhere(map)) {
        return None;
    }
    let mut count = 0;
    for (row, is_masked) in is_masked.chunks_exact(keys.max(1)).enumerate() {
        if is_masked.iter().all(|&is| is) {
            continue;
        }
        count += is_masked.iter().filter(|&&is| is).count();
        for map in values.chunks_exact_mut(size) {
            let cells = map
                .get_mut(row * keys..(row + 1) * keys)
                .unwrap_or_default();
            for (value, _) in cells.iter_mut().zip(is_masked).filter(|(_, is)| **is) {
                *value = 0.0;
            }
        }
    }
    (count > 0).then(|| {
        format!("{count} of {size} cells are NaN in every head, as a mask has them, and read as 0")
    })
}

/// How far a row with a mask's NaN may be from one, for halves.
const MASKED_TOLERANCE: f64 = 1e-2;

/// Whether the columns of all maps sum to one, so that queries and keys are the
/// other way round.
pub(super) fn columns_sum_to_one(maps: &HeadMaps) -> bool {
    let keys = maps.key_count().max(1);
    let size = (maps.query_count() * keys).max(1);
    maps.values().chunks_exact(size).all(|map| {
        let mut sums = vec![0.0; keys];
        for row in map.chunks_exact(keys) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += f64::from(value);
            }
        }
        sums.iter().all(|sum| (sum - 1.0).abs() <= MASKED_TOLERANCE)
    })
}

/// The part of every map that is kept.
pub(super) fn cut(
    values: &[f32],
    [queries, keys]: [usize; 2],
    kept: &[Range<usize>; 2],
) -> Vec<f32> {
    let [rows, columns] = kept;
    values
        .chunks_exact((queries * keys).max(1))
        .flat_map(|map| {
            map.chunks_exact(keys.max(1))
                .take(rows.end)
                .skip(rows.start)
        })
        .flat_map(|row| row.get(columns.clone()).unwrap_or_default())
        .copied()
        .collect()
}

/// What was cut off, as sentences without a full stop.
pub(super) fn notes(
    [queries, keys]: [usize; 2],
    kept: &[Range<usize>; 2],
    is_one_sequence: bool,
) -> Vec<String> {
    let last = |noun: &str, count: usize, kept: &Range<usize>| {
        let last = match count - kept.end {
            0 => return None,
            1 => format!("the last of {count} {noun} is"),
            cut => format!("the last {cut} of {count} {noun} are"),
        };
        Some(format!(
            "{last} NaN or 0 in every head and cut off as padding"
        ))
    };
    let first = match (kept[0].start, queries) {
        (0, _) => None,
        (1, count) => Some(format!(
            "the first of {count} tokens is cut off as padding: no other attends to it, and its own row is NaN, 0 or even in every head; positions are counted from 0 after the padding"
        )),
        (cut, count) => Some(format!(
            "the first {cut} of {count} tokens are cut off as padding: no other attends to them, and their own rows are NaN, 0 or even in every head; positions are counted from 0 after the padding"
        )),
    };
    let notes = match is_one_sequence {
        true => [first, last("tokens", queries, &kept[0]), None],
        false => [
            None,
            last("queries", queries, &kept[0]),
            last("keys", keys, &kept[1]),
        ],
    };
    notes.into_iter().flatten().collect()
}

/// What of one sequence looks like padding and may be something else: units at
/// the ends to which no other attends though they attend themselves. `values`
/// are square maps of what is `kept`; a sentence without a full stop.
pub(super) fn suspicion(values: &[f32], kept: &Range<usize>) -> Option<String> {
    let count = kept.len();
    let columns = columns(values, count);
    let first = columns.iter().take_while(|key| !key.by_others).count();
    // The last token of a decoder has nothing but itself.
    let last = columns.iter().rev().take_while(|key| key.end == 0).count();
    if first + last == 0 || first + last >= count {
        return None;
    }
    let ends: Vec<String> = [("first", first), ("last", last)]
        .into_iter()
        .filter(|&(_, units)| units > 0)
        .map(|(end, units)| match units {
            1 => format!("the {end}"),
            _ => format!("the {end} {units}"),
        })
        .collect();
    let [from, to] = [first, count - last];
    let saved = [from, to].map(|unit| kept.start + unit);
    Some(format!(
        "no other token attends to {} of {count} tokens in any head: if that is padding, attnviz render --crop {from}-{} leaves it out, or save attention[..., {}:{}, {}:{}]",
        ends.join(" and "),
        to - 1,
        saved[0],
        saved[1],
        saved[0],
        saved[1],
    ))
}
