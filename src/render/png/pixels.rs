//! The pixels of a picture, of which most rows are the row above once more.

use std::ops::Range;

use super::super::draw::length;

/// Indices of a palette, row after row. A row that is the row above once more is
/// not written until something changes it alone: of a figure, that is the most.
#[derive(Debug, Default)]
pub(super) struct PixelRows {
    /// Holds at least a byte for each pixel; what is in rows that repeat the row
    /// above is not looked at.
    pixels: Vec<u8>,
    width: usize,
    /// Of each row, whether its pixels are in their place.
    is_written: Vec<bool>,
}

impl PixelRows {
    /// Begins a picture of nothing but paper, in the memory of the last one.
    pub(super) fn clear(&mut self, (width, height): (u32, u32), paper: u8) {
        let (width, height) = (width as usize, height as usize);
        if self.pixels.len() < width * height {
            self.pixels = vec![0; width * height];
        }
        self.width = width;
        self.is_written.clear();
        self.is_written.resize(height, false);
        if let (Some(is_written), Some(row)) =
            (self.is_written.first_mut(), self.pixels.get_mut(..width))
        {
            *is_written = true;
            row.fill(paper);
        }
    }

    /// The number of pixels.
    pub(super) fn pixel_count(&self) -> usize {
        self.width * self.is_written.len()
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Every row, `None` for one that is the row above once more. The first is
    /// never that.
    pub(super) fn rows(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let rows = self.pixels.chunks_exact(self.width.max(1));
        rows.zip(&self.is_written)
            .map(|(row, &is_written)| is_written.then_some(row))
    }

    /// Changes the pixels of some columns in some rows, in all of these rows
    /// alike. What is outside the picture is cut off.
    pub(super) fn change(
        &mut self,
        rows: Range<i32>,
        columns: Range<i32>,
        mut change: impl FnMut(&mut [u8]),
    ) {
        let [start, end] = self.clip(&rows);
        let [left, right] =
            [columns.start, columns.end].map(|x| (length(x) as usize).min(self.width));
        if start >= end || left >= right {
            return;
        }
        self.write(start);
        self.write(end);
        for y in start..end {
            if self.is_written.get(y) == Some(&true) {
                let line = y * self.width;
                let pixels = self.pixels.get_mut(line + left..line + right);
                change(pixels.unwrap_or_default());
            }
        }
    }

    /// Puts the pixels of some rows in their place, so that each can be changed
    /// alone, and returns all pixels.
    pub(super) fn write_rows(&mut self, rows: Range<i32>) -> &mut [u8] {
        let [start, end] = self.clip(&rows);
        for y in start..=end {
            self.write(y);
        }
        let pixel_count = self.pixel_count();
        self.pixels.get_mut(..pixel_count).unwrap_or_default()
    }

    /// The rows that are in the picture.
    fn clip(&self, rows: &Range<i32>) -> [usize; 2] {
        [rows.start, rows.end].map(|y| (length(y) as usize).min(self.is_written.len()))
    }

    /// Puts the pixels of a row in their place if they are not there. There is no
    /// row below the last.
    fn write(&mut self, y: usize) {
        if self.is_written.get(y) != Some(&false) {
            return;
        }
        let above = self.is_written.iter().take(y).rposition(|&is| is);
        let source = above.unwrap_or(0) * self.width;
        let line = source..source + self.width;
        self.pixels.copy_within(line, y * self.width);
        if let Some(is_written) = self.is_written.get_mut(y) {
            *is_written = true;
        }
    }
}
