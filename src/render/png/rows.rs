//! Rows of pixels under their filters, on their way to a compressor.
//!
//! The `png` crate puts the same filter on all rows, or tries all five on each.
//! Here more than half of the rows are the row above once more, and for the
//! others two filters are enough: it takes half the time, for files about a
//! tenth longer than with all five.

use pulp::Arch;

use super::pixels::PixelRows;

/// A row is written as differences between neighbours.
const FILTER_SUB: u8 = 1;
/// A row is written as differences from the row above.
const FILTER_UP: u8 = 2;

/// A row under a filter: the filter's number, then a byte a pixel.
struct FilteredRow(Vec<u8>);

impl FilteredRow {
    /// A row in which nothing changes.
    fn new(filter: u8, width: usize) -> Self {
        let mut bytes = vec![0; width + 1];
        bytes[0] = filter;
        Self(bytes)
    }

    /// The row as its differences from the row above; what is outside counts as
    /// zero.
    #[inline(always)]
    fn subtract_above(&mut self, row: &[u8], above: &[u8]) -> u32 {
        let differences = self.0.get_mut(1..).unwrap_or_default();
        subtract(differences, row, above);
        cost(differences)
    }

    /// The row as its differences from the pixels before.
    #[inline(always)]
    fn subtract_before(&mut self, row: &[u8]) -> u32 {
        let differences = self.0.get_mut(1..).unwrap_or_default();
        if let ([first, differences @ ..], [pixel, rest @ ..]) = (&mut *differences, row) {
            *first = *pixel;
            subtract(differences, rest, row);
        }
        cost(differences)
    }
}

#[inline(always)]
fn subtract(differences: &mut [u8], row: &[u8], others: &[u8]) {
    for ((difference, pixel), other) in differences.iter_mut().zip(row).zip(others) {
        *difference = pixel.wrapping_sub(*other);
    }
}

/// What it takes to write differences, about: small ones have short codes.
#[inline(always)]
fn cost(differences: &[u8]) -> u32 {
    // The sum of so many is less than 16 bits count to.
    let chunks = differences.chunks(256);
    let sum = |chunk: &[u8]| -> u16 {
        let sizes = chunk.iter().map(|&byte| byte.cast_signed().unsigned_abs());
        sizes.map(u16::from).sum()
    };
    chunks.map(|chunk| u32::from(sum(chunk))).sum()
}

/// Hands every row of a picture on with its filter.
///
/// # Errors
/// When a row is not taken.
pub(super) fn filter_rows<E>(
    pixels: &PixelRows,
    mut write: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let width = pixels.width();
    let repeated = FilteredRow::new(FILTER_UP, width);
    let mut up = FilteredRow::new(FILTER_UP, width);
    let mut sub = FilteredRow::new(FILTER_SUB, width);
    // What is outside counts as zero.
    let outside = vec![0; width];
    let mut above = outside.as_slice();
    // Sums of bytes are the same with vectors of every width.
    let instructions = Arch::new();
    for row in pixels.rows() {
        let Some(row) = row.filter(|&row| row != above) else {
            write(&repeated.0)?;
            continue;
        };
        let is_sub_better =
            instructions.dispatch(|| sub.subtract_before(row) < up.subtract_above(row, above));
        let better = if is_sub_better { &sub } else { &up };
        write(&better.0)?;
        above = row;
    }
    Ok(())
}
