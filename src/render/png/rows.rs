//! Rows of pixels under their filters, on their way to a compressor.
//!
//! The `png` crate puts the same filter on all rows, or tries all five on each.
//! Here more than half of the rows are the row above once more, and for the
//! others two filters are enough: it takes half the time, for files about a
//! tenth longer than with all five.

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

    /// The row as its differences from other pixels.
    fn subtract(&mut self, row: &[u8], others: &[u8]) {
        let differences = self.0.get_mut(1..).unwrap_or_default();
        for ((difference, pixel), other) in differences.iter_mut().zip(row).zip(others) {
            *difference = pixel.wrapping_sub(*other);
        }
    }

    /// What it takes to write it, about: small differences have short codes.
    fn cost(&self) -> u32 {
        // The sum of so many is less than 16 bits count to.
        let chunks = self.0.chunks(256);
        let sum = |chunk: &[u8]| -> u16 {
            let sizes = chunk.iter().map(|&byte| byte.cast_signed().unsigned_abs());
            sizes.map(u16::from).sum()
        };
        chunks.map(|chunk| u32::from(sum(chunk))).sum()
    }
}

/// Hands every row of a picture on with its filter. `pixels` are a byte each.
///
/// # Errors
/// When a row is not taken.
pub(super) fn filter_rows<E>(
    pixels: &[u8],
    width: usize,
    mut write: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let repeated = FilteredRow::new(FILTER_UP, width);
    let mut up = FilteredRow::new(FILTER_UP, width);
    let mut sub = FilteredRow::new(FILTER_SUB, width);
    // What is outside counts as zero.
    let outside = vec![0; width];
    let mut above = outside.as_slice();
    let mut shifted = outside.clone();
    for row in pixels.chunks_exact(width.max(1)) {
        if row == above {
            write(&repeated.0)?;
            continue;
        }
        up.subtract(row, above);
        if let (Some(to), Some(from)) = (shifted.get_mut(1..), row.get(..width - 1)) {
            to.copy_from_slice(from);
        }
        sub.subtract(row, &shifted);
        let better = if sub.cost() < up.cost() { &sub } else { &up };
        write(&better.0)?;
        above = row;
    }
    Ok(())
}
