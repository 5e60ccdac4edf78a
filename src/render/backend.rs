//! plotters' bitmap backend on a band of rows of a picture, and elements for
//! what figures are made of: rows of pixels that repeat, and lines of text.

use std::iter::{Once, once};

use plotters::backend::BitMapBackend;
use plotters::element::{Drawable, PointCollection};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, DrawingBackend, DrawingErrorKind,
};
use pulp::{Arch, NullaryFnOnce};

use super::colormap::Color;
use super::text::{INK_PIXELS, Ink, ShapedText};
use crate::figure::layout::Rotation;

/// Bytes of ink that are laid on together.
const INK_BYTES: usize = INK_PIXELS * 3;

/// Draws as [`BitMapBackend`] does on the same pixels; [`Stripe`] and
/// [`Lettering`] go their own short ways. What is outside is cut off.
pub(super) struct Band<'pixels> {
    /// Red, green, blue; row after row.
    pixels: &'pixels mut [u8],
    size: (u32, u32),
    arch: Arch,
}

impl<'pixels> Band<'pixels> {
    /// `pixels` holds three bytes for each of `size`.
    pub(super) fn new(pixels: &'pixels mut [u8], size: (u32, u32)) -> Self {
        let arch = Arch::new();
        Self { pixels, size, arch }
    }

    /// plotters' own backend on the same pixels.
    fn bitmap(&mut self) -> BitMapBackend<'_> {
        BitMapBackend::with_buffer(self.pixels, self.size)
    }

    /// The bytes of a row from `x` on, at most `width` pixels; empty outside
    /// the band. Also says how many pixels were cut off at the left.
    fn row(&mut self, x: i32, y: i32, width: usize) -> (&mut [u8], usize) {
        let (band_width, band_height) = (self.size.0 as usize, self.size.1 as usize);
        let cut = usize::try_from(-i64::from(x)).unwrap_or(0).min(width);
        let start = usize::try_from(x).unwrap_or(0).min(band_width);
        let end = (start + width - cut).min(band_width);
        match usize::try_from(y) {
            Ok(y) if y < band_height => {
                let line = y * band_width * 3;
                let range = line + start * 3..line + end * 3;
                (self.pixels.get_mut(range).unwrap_or_default(), cut)
            }
            _ => (Default::default(), cut),
        }
    }

    /// Lays ink over the paper: a line of text from its upper left corner on.
    fn ink(&mut self, ink: &Ink, (x, y): (i32, i32), color: Color) {
        let pattern: [u8; INK_BYTES] = std::array::from_fn(|index| color[index % 3]);
        let arch = self.arch;
        arch.dispatch(InkLevel {
            band: self,
            ink,
            corner: (x + ink.left, y + ink.top),
            pattern: &pattern,
        });
    }

    /// The same for a text that runs upwards from its lower left corner.
    fn ink_upward(&mut self, ink: &Ink, (x, y): (i32, i32), color: Color) {
        let band_height = i32::try_from(self.size.1).unwrap_or(i32::MAX);
        let stride = ink.width.max(1) * 3;
        let columns = usize::try_from(ink.height).unwrap_or(0);
        for (along, column) in (1 + ink.left..).zip(0..ink.width) {
            // A pixel covers the unit right of and below its coordinate, so
            // that a turn maps it to the unit before the turned one.
            let y = y - along;
            if y < 0 || y >= band_height {
                continue;
            }
            let (row, cut) = self.row(x + ink.top, y, columns);
            let lines = ink.weights.chunks_exact(stride).skip(cut);
            for (pixel, line) in row.as_chunks_mut::<3>().0.iter_mut().zip(lines) {
                let weight = line.get(column * 3).copied().unwrap_or(0);
                if weight == 0 {
                    continue;
                }
                for (channel, color) in pixel.iter_mut().zip(color) {
                    *channel = blend(*channel, color, weight);
                }
            }
        }
    }
}

/// Mixes an ink into a channel and rounds to the nearest.
#[inline(always)]
fn blend(paper: u8, ink: u8, coverage: u8) -> u8 {
    let coverage = u16::from(coverage);
    let sum = u16::from(paper) * (255 - coverage) + u16::from(ink) * coverage + 127;
    // Exactly a division by 255, for all that a mean of two bytes can be.
    ((sum + 1 + (sum >> 8)) >> 8) as u8
}

/// Ink and where it goes, for vectors of any width.
struct InkLevel<'work, 'pixels> {
    band: &'work mut Band<'pixels>,
    ink: &'work Ink,
    corner: (i32, i32),
    /// The colour, again and again.
    pattern: &'work [u8; INK_BYTES],
}

impl NullaryFnOnce for InkLevel<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            band,
            ink,
            corner: (x, y),
            pattern,
        } = self;
        for (y, weights) in (y..).zip(ink.weights.chunks_exact(ink.width.max(1) * 3)) {
            let (row, cut) = band.row(x, y, ink.width);
            let weights = weights.get(cut * 3..).unwrap_or_default();
            let (chunks, rest) = row.as_chunks_mut::<INK_BYTES>();
            let (weight_chunks, weight_rest) = weights.as_chunks::<INK_BYTES>();
            for (pixels, weights) in chunks.iter_mut().zip(weight_chunks) {
                for index in 0..INK_BYTES {
                    pixels[index] = blend(pixels[index], pattern[index], weights[index]);
                }
            }
            // At the right edge of the picture, or cut at its left.
            let last = weight_chunks
                .get(chunks.len())
                .map(|chunk| chunk.as_slice());
            let weights = last.unwrap_or(weight_rest);
            for ((pixel, &color), &weight) in rest.iter_mut().zip(pattern).zip(weights) {
                *pixel = blend(*pixel, color, weight);
            }
        }
    }
}

type Outcome<'pixels> =
    Result<(), DrawingErrorKind<<BitMapBackend<'pixels> as DrawingBackend>::ErrorType>>;

impl<'pixels> DrawingBackend for Band<'pixels> {
    type ErrorType = <BitMapBackend<'pixels> as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Outcome<'pixels> {
        Ok(())
    }

    fn present(&mut self) -> Outcome<'pixels> {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome<'pixels> {
        self.bitmap().draw_pixel(point, color)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Outcome<'pixels> {
        self.bitmap().draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Outcome<'pixels> {
        self.bitmap()
            .draw_rect(upper_left, bottom_right, style, fill)
    }
}

// plotters moves the points of an element into its area. What begins above a
// band must stay there, so that both elements go by their own corners.

/// A row of pixels, so many times under one another.
pub(super) struct Stripe<'line> {
    /// Upper left.
    pub(super) corner: BackendCoord,
    /// Red, green, blue.
    pub(super) line: &'line [u8],
    pub(super) height: i32,
}

impl<'element> PointCollection<'element, BackendCoord> for &'element Stripe<'_> {
    type Point = &'element BackendCoord;
    type IntoIter = Once<&'element BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        once(&self.corner)
    }
}

impl<'pixels> Drawable<Band<'pixels>> for Stripe<'_> {
    fn draw<Points: Iterator<Item = BackendCoord>>(
        &self,
        _: Points,
        band: &mut Band<'pixels>,
        _: (u32, u32),
    ) -> Outcome<'pixels> {
        let width = self.line.len() / 3;
        let (x, top) = self.corner;
        let end = top.saturating_add(self.height);
        let last = i32::try_from(band.size.1).unwrap_or(i32::MAX);
        for y in top.max(0)..end.min(last) {
            let (row, cut) = band.row(x, y, width);
            let line = self.line.get(cut * 3..).unwrap_or_default();
            if let Some(line) = line.get(..row.len()) {
                row.copy_from_slice(line);
            }
        }
        Ok(())
    }
}

/// A line of text.
pub(super) struct Lettering<'text> {
    /// Upper left, as one reads it.
    pub(super) corner: BackendCoord,
    pub(super) text: &'text ShapedText,
    pub(super) rotation: Rotation,
    pub(super) color: Color,
}

impl<'element> PointCollection<'element, BackendCoord> for &'element Lettering<'_> {
    type Point = &'element BackendCoord;
    type IntoIter = Once<&'element BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        once(&self.corner)
    }
}

impl<'pixels> Drawable<Band<'pixels>> for Lettering<'_> {
    fn draw<Points: Iterator<Item = BackendCoord>>(
        &self,
        _: Points,
        band: &mut Band<'pixels>,
        _: (u32, u32),
    ) -> Outcome<'pixels> {
        match self.rotation {
            Rotation::Level => band.ink(&self.text.ink, self.corner, self.color),
            Rotation::Upward => band.ink_upward(&self.text.ink, self.corner, self.color),
        }
        Ok(())
    }
}
