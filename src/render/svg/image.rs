//! The pictures in an SVG: cells and colour bars as tiny PNGs.

use std::collections::BTreeSet;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use plotters_backend::BackendCoord;

use super::super::colormap::{Color, ColorTable};
use super::super::draw::{Grid, length, stretches};
use crate::figure::layout::Rect;

/// A grid of more images than this is a single one of all its pixels, since
/// their number grows with the square of that of its segments.
const MOST_IMAGES: usize = 16;

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

/// A grid as an image of one pixel a cell for every stretch of rows and columns
/// without a gap, or all of it as one where those are many.
pub(super) fn images(corner: BackendCoord, grid: &Grid<'_>, colors: &ColorTable) -> Vec<Image> {
    let (rows, columns) = (stretches(&grid.rows), stretches(&grid.columns));
    if rows.len() * columns.len() > MOST_IMAGES {
        return vec![whole(corner, grid, colors)];
    }
    let mut images = Vec::with_capacity(rows.len() * columns.len());
    let mut first_row = 0;
    for rows in &rows {
        let lines = grid.steps.chunks(grid.columns.len().max(1));
        let lines = lines.skip(first_row).take(rows.len());
        let mut first_column = 0;
        for columns in &columns {
            let cells = first_column..first_column + columns.len();
            let pixels = lines
                .clone()
                .flat_map(|line| line.get(cells.clone()).unwrap_or_default())
                .map(|&step| colors.step_color(usize::from(step)));
            images.push(Image {
                rect: place(corner, rows, columns),
                width: columns.len(),
                pixels: pixels.collect(),
            });
            first_column += columns.len();
        }
        first_row += rows.len();
    }
    images
}

/// Where some rows and columns of a grid are.
fn place((left, top): BackendCoord, rows: &[Range<i32>], columns: &[Range<i32>]) -> Rect {
    let extent = |places: &[Range<i32>]| match places {
        [first, .., last] => first.start..last.end,
        [only] => only.clone(),
        [] => 0..0,
    };
    let (rows, columns) = (extent(rows), extent(columns));
    Rect {
        x: left + columns.start,
        y: top + rows.start,
        width: columns.end - columns.start,
        height: rows.end - rows.start,
    }
}

/// Every pixel of a grid. What is between cells is paper.
fn whole(corner: BackendCoord, grid: &Grid<'_>, colors: &ColorTable) -> Image {
    let rect = place(corner, &grid.rows, &grid.columns);
    let width = length(rect.width) as usize;
    let mut pixels = vec![colors.background(); width * length(rect.height) as usize];
    let lines = grid.steps.chunks(grid.columns.len().max(1));
    for (rows, steps) in grid.rows.iter().zip(lines) {
        for row in rows.clone() {
            for (columns, &step) in grid.columns.iter().zip(steps) {
                let start = length(row) as usize * width + length(columns.start) as usize;
                let end = start + columns.len();
                let cell = pixels.get_mut(start..end).unwrap_or_default();
                cell.fill(colors.step_color(usize::from(step)));
            }
        }
    }
    Image {
        rect,
        width,
        pixels,
    }
}
