//! Fewer values than there are: one for every block of a matrix.

use std::ops::Range;

/// What becomes of the values of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// The greatest, so that no peak is lost.
    Greatest,
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
    match join {
        Join::Greatest => {
            // The greater one of NaN and a number is the number.
            let lines = fold_rows(values, column_count, rows, f32::NAN, f32::max);
            fold_columns(&lines, column_count, columns, f32::NAN, f32::max)
        }
        Join::Mean => {
            let add = |sum: f64, value: f32| sum + f64::from(value);
            let lines = fold_rows(values, column_count, rows, 0.0, add);
            let sums = fold_columns(&lines, column_count, columns, 0.0, |sum, value| sum + value);
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

/// A row for every range of rows.
fn fold_rows<T: Copy>(
    values: &[f32],
    column_count: usize,
    rows: &[Range<usize>],
    first: T,
    join: impl Fn(T, f32) -> T,
) -> Vec<T> {
    let mut lines = vec![first; rows.len() * column_count];
    for (line, rows) in lines.chunks_exact_mut(column_count.max(1)).zip(rows) {
        let rows = values
            .chunks_exact(column_count.max(1))
            .skip(rows.start)
            .take(rows.len());
        for row in rows {
            for (joined, &value) in line.iter_mut().zip(row) {
                *joined = join(*joined, value);
            }
        }
    }
    lines
}

/// A column for every range of columns.
fn fold_columns<T: Copy>(
    lines: &[T],
    column_count: usize,
    columns: &[Range<usize>],
    first: T,
    join: impl Fn(T, T) -> T,
) -> Vec<T> {
    let lines = lines.chunks_exact(column_count.max(1));
    lines
        .flat_map(|line| {
            let join = &join;
            columns.iter().map(move |columns| {
                let values = line.get(columns.clone()).unwrap_or_default();
                values.iter().copied().fold(first, join)
            })
        })
        .collect()
}
