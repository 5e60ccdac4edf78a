//! Rows to panels and back.

use rayon::prelude::*;

use super::aligned::Aligned;
use super::instructions::Instructions;

/// The number of rows with those that fill up the last panel.
pub fn padded_row_count(instructions: Instructions, row_count: usize) -> usize {
    row_count.next_multiple_of(instructions.lane_count())
}

/// `[row, column]` to `[panel, column, lane]`; lanes past the last row are 0.
pub fn to_panels(instructions: Instructions, rows: &[f32], column_count: usize) -> Aligned {
    let lane_count = instructions.lane_count();
    let row_count = rows.len().checked_div(column_count).unwrap_or(0);
    let mut panels = Aligned::zeros(padded_row_count(instructions, row_count) * column_count);
    if column_count == 0 {
        return panels;
    }
    let groups = rows.chunks(lane_count * column_count);
    for (panel, rows) in panels
        .values_mut()
        .chunks_exact_mut(lane_count * column_count)
        .zip(groups)
    {
        for (lane, row) in rows.chunks_exact(column_count).enumerate() {
            for (value, &from) in panel.iter_mut().skip(lane).step_by(lane_count).zip(row) {
                *value = from;
            }
        }
    }
    panels
}

/// Some rows of `[panel, column, lane]`, in the same layout; lanes past the last
/// row are 0.
///
/// # Panics
/// When there is no such row.
pub fn take_rows(
    instructions: Instructions,
    panels: &[f32],
    column_count: usize,
    rows: &[u32],
) -> Aligned {
    let lane_count = instructions.lane_count();
    let panel_length = (column_count * lane_count).max(1);
    let mut taken = Aligned::zeros(rows.len().div_ceil(lane_count) * column_count * lane_count);
    let parts = taken.values_mut().par_chunks_exact_mut(panel_length);
    parts
        .zip(rows.par_chunks(lane_count))
        .for_each(|(panel, rows)| {
            let places = rows.iter().map(|&row| {
                let row = row as usize;
                row / lane_count * panel_length + row % lane_count
            });
            let places: Vec<usize> = places.collect();
            for (column, values) in panel.chunks_exact_mut(lane_count).enumerate() {
                for (value, place) in values.iter_mut().zip(&places) {
                    *value = panels[place + column * lane_count];
                }
            }
        });
    taken
}

/// Rows `start` to `start + length` of `[panel, column, lane]`, as
/// `[row, column]`.
pub fn from_panels(
    instructions: Instructions,
    panels: &[f32],
    column_count: usize,
    start: usize,
    length: usize,
) -> Vec<f32> {
    let lane_count = instructions.lane_count();
    let mut rows = Vec::with_capacity(length * column_count);
    for row in start..start + length {
        let panel = panels
            .chunks_exact(lane_count * column_count.max(1))
            .nth(row / lane_count);
        let lane = panel.unwrap_or_default().iter().skip(row % lane_count);
        rows.extend(lane.step_by(lane_count));
    }
    rows
}
