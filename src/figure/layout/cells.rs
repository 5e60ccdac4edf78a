//! How large the cells of a map are, and how many units share one where there
//! are more than a picture has pixels.

use std::borrow::Cow;

use super::{LARGEST_LABEL, LINE_HEIGHT, SMALLEST_LABEL, pixels};
use crate::figure::resample::{Join, blocks, resample};

/// The side that a map of a few dozen tokens gets, in pixels.
const COMFORTABLE_SIDE: i32 = 1_440;
/// The greatest side that gives every token a label, in pixels: 144 tokens, and
/// as many heads as the most common models have.
const LABELLED_SIDE: i32 = 2_448;
/// The side that a map of hundreds of tokens gets, in pixels.
const LARGE_SIDE: i32 = 2_048;
/// Beyond this side several tokens share a pixel, in pixels.
const SIDE_LIMIT: i32 = 5_600;
/// Length of a tick, in pixels.
pub(super) const TICK: i32 = 8;
/// What separates two segments, in pixels.
pub(super) const SEGMENT_GAP: i32 = 8;

/// The side of a cell for a number of units, in pixels: as large as helps
/// reading, then large enough for a label each, then at least one pixel.
pub(super) fn cell_side(cell_count: usize) -> i32 {
    let count = pixels(cell_count).max(1);
    if count * smallest_labelled() <= LABELLED_SIDE {
        (COMFORTABLE_SIDE / count).clamp(smallest_labelled(), 120)
    } else {
        (LARGE_SIDE / count).max(1)
    }
}

/// The side of a map of so many units, in pixels.
pub fn map_side(unit_count: usize) -> i32 {
    let drawn = unit_count.div_ceil(block(unit_count));
    cell_side(drawn) * pixels(drawn)
}

/// The side of a cell along each of two axes, in pixels. Cells are square,
/// except where the longer axis has no room for all labels: there the shorter
/// one is stretched, so that it has.
pub(super) fn cell_sides(counts: [usize; 2]) -> [i32; 2] {
    let square = cell_side(counts[0].max(counts[1]));
    let labelled = (LARGEST_LABEL * LINE_HEIGHT).ceil() as i32;
    counts.map(|count| match square < smallest_labelled() {
        true => cell_side(count).min(labelled).max(square),
        false => square,
    })
}

/// The side of the smallest cell that has a label, in pixels.
pub(super) fn smallest_labelled() -> i32 {
    (SMALLEST_LABEL * LINE_HEIGHT).ceil() as i32
}

/// How many units share a row or column of pixels of an axis.
pub(super) fn block(count: usize) -> usize {
    count.div_ceil(SIDE_LIMIT as usize).max(1)
}

/// The values of a map of so many rows and columns as they are drawn: where
/// several share a pixel, the greatest of them.
pub fn drawn_values<'values>(
    values: &'values [f32],
    [rows, columns]: [usize; 2],
) -> Cow<'values, [f32]> {
    match [block(rows), block(columns)] {
        [1, 1] => Cow::Borrowed(values),
        shared => Cow::Owned(resample(
            values,
            columns,
            &blocks(rows, shared[0]),
            &blocks(columns, shared[1]),
            Join::Greatest,
        )),
    }
}
