//! The ink of a line of text, ready to be laid on paper.

/// So many pixels of ink are laid on together.
pub(in crate::render) const INK_PIXELS: usize = 16;

/// The part of a line of text that is not paper.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ink {
    /// From the left edge of the line, in pixels.
    pub left: i32,
    /// From the upper edge of the line, in pixels.
    pub top: i32,
    /// Of a row, in pixels; there may be paper at its end.
    pub width: usize,
    /// In pixels.
    pub height: i32,
    /// The coverage of each pixel, row after row.
    pub weights: Vec<u8>,
}

impl Ink {
    /// The ink of rows of coverage.
    pub(super) fn new(coverage: &[u8], line_width: i32) -> Self {
        let line_width = usize::try_from(line_width.max(1)).unwrap_or(1);
        let lines = || coverage.chunks_exact(line_width);
        let is_ink = |&ink: &u8| ink > 0;
        let has_ink = |line: &[u8]| line.iter().any(is_ink);
        let (Some(top), Some(bottom)) = (lines().position(has_ink), lines().rposition(has_ink))
        else {
            return Self::default();
        };
        let first = lines().filter_map(|line| line.iter().position(is_ink));
        let last = lines().filter_map(|line| line.iter().rposition(is_ink));
        let left = first.min().unwrap_or(0);
        let right = last.max().unwrap_or(0) + 1;
        let width = (right - left).next_multiple_of(INK_PIXELS);
        let mut weights = Vec::with_capacity((bottom + 1 - top) * width);
        for line in lines().take(bottom + 1).skip(top) {
            let ink = line.get(left..right).unwrap_or_default().iter().copied();
            weights.extend(ink.chain(std::iter::repeat(0)).take(width));
        }
        // Less than the width and height of a line.
        Self {
            left: left as i32,
            top: top as i32,
            width,
            height: (bottom + 1 - top) as i32,
            weights,
        }
    }
}
