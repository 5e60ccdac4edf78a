//! The pictures in an SVG: cells and colour bars as tiny PNGs.

use std::collections::BTreeSet;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::colormap::{Color, ColorTable};
use super::super::png::length;
use crate::figure::layout::{CellAxis, CellMatrix, Rect};

/// A map of more segments than this is one image of all its pixels, since the
/// number of images grows with the square.
const MOST_SEGMENTS: usize = 4;

/// A picture in a picture.
pub(super) struct Image {
    /// Where it is.
    pub(super) rect: Rect,
    /// Pixels a row.
    width: usize,
    /// Row after row.
    pixels: Vec<Color>,
}

impl Image {
    /// The image itself as an address.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub(super) fn address(&self) -> Result<String, ::png::EncodingError> {
        let data = STANDARD.encode(self.to_png()?);
        Ok(format!("data:image/png;base64,{data}"))
    }

    fn to_png(&self) -> Result<Vec<u8>, ::png::EncodingError> {
        let height = self.pixels.len() / self.width.max(1);
        let size = [self.width, height].map(|side| u32::try_from(side).unwrap_or(0));
        let mut bytes = Vec::new();
        let mut encoder = ::png::Encoder::new(&mut bytes, size[0], size[1]);
        encoder.set_depth(::png::BitDepth::Eight);
        encoder.set_compression(::png::Compression::High);
        // A byte a pixel, unless there is a colour more than a table holds.
        let palette: BTreeSet<Color> = self.pixels.iter().copied().collect();
        let palette: Vec<Color> = palette.into_iter().collect();
        let index = |color| {
            let index = palette.binary_search(color).unwrap_or(0);
            u8::try_from(index).unwrap_or(u8::MAX)
        };
        let data: Vec<u8> = if palette.len() <= 256 {
            encoder.set_color(::png::ColorType::Indexed);
            encoder.set_palette(palette.as_flattened());
            // Neighbours in a table are no neighbours in colour.
            encoder.set_filter(::png::Filter::NoFilter);
            self.pixels.iter().map(index).collect()
        } else {
            encoder.set_color(::png::ColorType::Rgb);
            self.pixels.as_flattened().to_vec()
        };
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&data)?;
        writer.finish()?;
        Ok(bytes)
    }
}

/// The cells of a map: an image of one pixel a cell for every stretch of rows
/// and columns without a gap.
pub(super) fn cell_images(cells: &CellMatrix<'_>, colors: &ColorTable) -> Vec<Image> {
    let gap_count = cells.rows.gaps.len().max(cells.columns.gaps.len());
    if gap_count >= MOST_SEGMENTS {
        return vec![Image {
            rect: cells.rect(),
            width: length(cells.width()) as usize,
            pixels: all_pixels(cells, colors),
        }];
    }
    let (rows, columns) = (stretches(&cells.rows), stretches(&cells.columns));
    let mut images = Vec::with_capacity(rows.len() * columns.len());
    for rows in &rows {
        for columns in &columns {
            images.push(image(cells, rows, columns, colors));
        }
    }
    images
}

/// Every pixel of a map, row after row. Gaps between segments are paper.
fn all_pixels(cells: &CellMatrix<'_>, colors: &ColorTable) -> Vec<Color> {
    let width = length(cells.width()) as usize;
    let cell = length(cells.cell) as usize;
    let mut pixels = vec![colors.background(); width * length(cells.height()) as usize];
    let lines = (0..cells.rows.count).flat_map(|row| {
        let start = length(cells.row_offset(row)) as usize;
        (start..start + cell).map(move |line| (row, line))
    });
    for (row, line) in lines {
        for column in 0..cells.columns.count {
            let start = line * width + length(cells.column_offset(column)) as usize;
            let color = colors.color(cells.fraction(row, column));
            if let Some(stretch) = pixels.get_mut(start..start + cell) {
                stretch.fill(color);
            }
        }
    }
    pixels
}

/// The rows, or columns, from one gap to the next.
fn stretches(axis: &CellAxis) -> Vec<Range<usize>> {
    let inner = axis.gaps.iter().copied();
    let ends = inner.clone().chain([axis.count]);
    let starts = [0].into_iter().chain(inner);
    starts
        .zip(ends)
        .map(|(start, end)| start..end)
        .filter(|stretch| !stretch.is_empty())
        .collect()
}

fn image(
    cells: &CellMatrix<'_>,
    rows: &Range<usize>,
    columns: &Range<usize>,
    colors: &ColorTable,
) -> Image {
    let (left, top) = cells.origin;
    let (x, y) = (
        cells.column_offset(columns.start),
        cells.row_offset(rows.start),
    );
    // No stretch is empty.
    let right = cells.column_offset(columns.end - 1) + cells.cell;
    let bottom = cells.row_offset(rows.end - 1) + cells.cell;
    let color = |row, column| colors.color(cells.fraction(row, column));
    Image {
        rect: Rect {
            x: left + x,
            y: top + y,
            width: right - x,
            height: bottom - y,
        },
        width: columns.len(),
        pixels: rows
            .clone()
            .flat_map(|row| columns.clone().map(move |column| color(row, column)))
            .collect(),
    }
}

/// All colours of the scale, the last at the top, a pixel a row.
pub(super) fn color_bar_image(rect: Rect, colors: &ColorTable) -> Image {
    let last = (rect.height - 1).max(1) as f32;
    Image {
        rect,
        width: 1,
        pixels: (0..rect.height)
            .map(|row| colors.color(1.0 - row as f32 / last))
            .collect(),
    }
}
