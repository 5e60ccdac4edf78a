//! Rows to panels and back.

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
