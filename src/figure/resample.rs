//! Fewer values than there are: one for every block of a matrix.

use std::ops::Range;

/// What becomes of the values of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// The greatest, so that no peak is lost.
    Greatest,
    /// The one furthest from 0, so that none is lost to either side; of two
    /// that are as far, the first.
    Furthest,
    /// Their mean.
    Mean,
}

/// One value for every range of rows and of columns of a matrix, row after row:
/// of those values that are there, NaN where all are NaN. `values` has rows of
/// `column_count`; no range is empty.
pub fn resample(
    values: &[f32],
    column_count: usize,
    rows: &[Range<usize>],
    columns: &[Range<usize>],
    join: Join,
) -> Vec<f32> {
    // One line at a time: all of them are as many as there are rows of pixels,
    // each as long as the matrix is wide.
    match join {
        Join::Greatest => {
            // The greater one of NaN and a number is the number.
            let (ranges, max) = ([rows, columns], f32::max);
            fold(values, column_count, ranges, f32::NAN, max, max)
        }
        Join::Furthest => {
            let further = |one: f32, other: f32| match other.abs() > one.abs() || one.is_nan() {
                true => other,
                false => one,
            };
            let ranges = [rows, columns];
            fold(values, column_count, ranges, f32::NAN, further, further)
        }
        Join::Mean => {
            let add = |sum: f64, value: f32| sum + f64::from(value);
            let join = |sum, value| sum + value;
            let sums = fold(values, column_count, [rows, columns], 0.0, add, join);
            let blocks = rows
                .iter()
                .flat_map(|rows| columns.iter().map(move |columns| (rows, columns)));
            sums.iter()
                .zip(blocks)
                .map(|(sum, (rows, columns))| match sum.is_nan() {
                    true => mean_of_present(values, column_count, rows, columns),
                    false => (sum / (rows.len() * columns.len()) as f64) as f32,
                })
                .collect()
        }
    }
}

/// The mean of what is there of a block, NaN where nothing is.
fn mean_of_present(
    values: &[f32],
    column_count: usize,
    rows: &Range<usize>,
    columns: &Range<usize>,
) -> f32 {
    let (mut sum, mut count) = (0.0_f64, 0_usize);
    for row in rows.clone() {
        let row = values.get(row * column_count..).unwrap_or_default();
        let present = row.get(columns.clone()).unwrap_or_default().iter();
        for &value in present.filter(|value| !value.is_nan()) {
            sum += f64::from(value);
            count += 1;
        }
    }
    (sum / count as f64) as f32
}

/// So many places in ranges of at most `block`.
pub fn blocks(count: usize, block: usize) -> Vec<Range<usize>> {
    (0..count)
        .step_by(block.max(1))
        .map(|start| start..(start + block).min(count))
        .collect()
}

/// So many places in so many ranges that differ by one place at most; in as
/// many as there are places where that is less.
pub fn parts(count: usize, part_count: usize) -> Vec<Range<usize>> {
    let part_count = part_count.min(count);
    let start = |part: usize| (part * count).div_ceil(part_count);
    (0..part_count)
        .map(|part| start(part)..start(part + 1))
        .collect()
}

/// A value for every range of rows and of columns: rows first, then columns.
fn fold<T: Copy>(
    values: &[f32],
    column_count: usize,
    [rows, columns]: [&[Range<usize>]; 2],
    first: T,
    join_value: impl Fn(T, f32) -> T,
    join: impl Fn(T, T) -> T,
) -> Vec<T> {
    let mut line = vec![first; column_count];
    let mut folded = Vec::with_capacity(rows.len() * columns.len());
    for rows in rows {
        line.fill(first);
        let rows = values
            .chunks_exact(column_count.max(1))
            .skip(rows.start)
            .take(rows.len());
        for row in rows {
            for (joined, &value) in line.iter_mut().zip(row) {
                *joined = join_value(*joined, value);
            }
        }
        folded.extend(columns.iter().map(|columns| {
            let values = line.get(columns.clone()).unwrap_or_default();
            values.iter().copied().fold(first, &join)
        }));
    }
    folded
}
