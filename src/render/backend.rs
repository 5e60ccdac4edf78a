//! A drawing backend for plotters on a band of rows of a picture, whose pixels
//! are indices of a palette, and elements for what figures are made of: rows of
//! pixels that repeat, and lines of text.

use std::convert::Infallible;
use std::iter::{Once, once};

use plotters::element::{Drawable, PointCollection};
use plotters_backend::{BackendColor, BackendCoord, DrawingBackend, DrawingErrorKind};
use pulp::{Arch, NullaryFnOnce};

use super::palette::{IndexedColors, Shades};
use super::text::{INK_PIXELS, Ink, ShapedText};
use crate::figure::layout::Rotation;

/// Draws what plotters asks for in the nearest colours of the palette;
/// [`Stripe`] and [`Lettering`] know their indices. What is outside is cut off.
pub(super) struct Band<'pixels> {
    /// Indices, row after row.
    pixels: &'pixels mut [u8],
    size: (u32, u32),
    colors: &'pixels IndexedColors,
    arch: Arch,
}

impl<'pixels> Band<'pixels> {
    /// `pixels` holds a byte for each of `size`.
    pub(super) fn new(
        pixels: &'pixels mut [u8],
        size: (u32, u32),
        colors: &'pixels IndexedColors,
    ) -> Self {
        let arch = Arch::new();
        Self {
            pixels,
            size,
            colors,
            arch,
        }
    }

    /// The pixels of a row from `x` on, at most `width`; empty outside the
    /// band. Also says how many pixels were cut off at the left.
    fn row(&mut self, x: i32, y: i32, width: usize) -> (&mut [u8], usize) {
        let (band_width, band_height) = (self.size.0 as usize, self.size.1 as usize);
        let cut = usize::try_from(-i64::from(x)).unwrap_or(0).min(width);
        let start = usize::try_from(x).unwrap_or(0).min(band_width);
        let end = (start + width - cut).min(band_width);
        match usize::try_from(y) {
            Ok(y) if y < band_height => {
                let line = y * band_width;
                let range = line + start..line + end;
                (self.pixels.get_mut(range).unwrap_or_default(), cut)
            }
            _ => (Default::default(), cut),
        }
    }

    /// Lays ink over the paper: a line of text from its upper left corner on.
    fn ink(&mut self, ink: &Ink, (x, y): (i32, i32), shades: Shades) {
        let arch = self.arch;
        arch.dispatch(InkLevel {
            band: self,
            ink,
            corner: (x + ink.left, y + ink.top),
            shades,
        });
    }

    /// The same for a text that runs upwards from its lower left corner.
    fn ink_upward(&mut self, ink: &Ink, (x, y): (i32, i32), shades: Shades) {
        let band_height = i32::try_from(self.size.1).unwrap_or(i32::MAX);
        let columns = usize::try_from(ink.height).unwrap_or(0);
        for (along, column) in (1 + ink.left..).zip(0..ink.width) {
            // A pixel covers the unit right of and below its coordinate, so
            // that a turn maps it to the unit before the turned one.
            let y = y - along;
            if y < 0 || y >= band_height {
                continue;
            }
            let (row, cut) = self.row(x + ink.top, y, columns);
            let lines = ink.weights.chunks_exact(ink.width.max(1)).skip(cut);
            for (pixel, line) in row.iter_mut().zip(lines) {
                let weight = line.get(column).copied().unwrap_or(0);
                *pixel = shades.over(*pixel, weight);
            }
        }
    }
}

impl Shades {
    /// The index of what a pixel becomes under ink that covers some of it.
    #[inline(always)]
    fn over(self, below: u8, coverage: u8) -> u8 {
        let sum = u16::from(coverage) * u16::from(self.levels) + 127;
        // Exactly a division by 255.
        let level = ((sum + 1 + (sum >> 8)) >> 8) as u8;
        // A mask instead of a choice, which compilers turn into long detours.
        let is_band = 0_u8.wrapping_sub(u8::from(below == self.band));
        let onto_band = self.band_base.wrapping_sub(self.base) & is_band;
        let is_ink = 0_u8.wrapping_sub(u8::from(level == self.levels));
        let edge = self.base.wrapping_add(level).wrapping_add(onto_band);
        let edge = edge & !is_ink | self.ink & is_ink;
        if level == 0 { below } else { edge }
    }
}

/// Ink and where it goes, for vectors of any width.
struct InkLevel<'work, 'pixels> {
    band: &'work mut Band<'pixels>,
    ink: &'work Ink,
    corner: (i32, i32),
    shades: Shades,
}

impl NullaryFnOnce for InkLevel<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            band,
            ink,
            corner: (x, y),
            shades,
        } = self;
        for (y, weights) in (y..).zip(ink.weights.chunks_exact(ink.width.max(1))) {
            let (row, cut) = band.row(x, y, ink.width);
            let weights = weights.get(cut..).unwrap_or_default();
            let (chunks, rest) = row.as_chunks_mut::<INK_PIXELS>();
            let (weight_chunks, weight_rest) = weights.as_chunks::<INK_PIXELS>();
            for (pixels, weights) in chunks.iter_mut().zip(weight_chunks) {
                for index in 0..INK_PIXELS {
                    pixels[index] = shades.over(pixels[index], weights[index]);
                }
            }
            // At the right edge of the picture, or cut at its left.
            let last = weight_chunks
                .get(chunks.len())
                .map(|chunk| chunk.as_slice());
            let weights = last.unwrap_or(weight_rest);
            for (pixel, &weight) in rest.iter_mut().zip(weights) {
                *pixel = shades.over(*pixel, weight);
            }
        }
    }
}

type Outcome = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Band<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Outcome {
        Ok(())
    }

    fn present(&mut self) -> Outcome {
        Ok(())
    }

    /// Covers the pixel: a palette has no mixtures of what may be below.
    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Outcome {
        let (red, green, blue) = color.rgb;
        let index = self.colors.nearest([red, green, blue]);
        if let (0.., (row, 0)) = (x, self.row(x, y, 1)) {
            row.fill(index);
        }
        Ok(())
    }
}

// plotters moves the points of an element into its area. What begins above a
// band must stay there, so that both elements go by their own corners.

/// A row of pixels, so many times under one another.
pub(super) struct Stripe<'line> {
    /// Upper left.
    pub(super) corner: BackendCoord,
    /// Indices.
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
    ) -> Outcome {
        let width = self.line.len();
        let (x, top) = self.corner;
        let end = top.saturating_add(self.height);
        let last = i32::try_from(band.size.1).unwrap_or(i32::MAX);
        for y in top.max(0)..end.min(last) {
            let (row, cut) = band.row(x, y, width);
            let line = self.line.get(cut..).unwrap_or_default();
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
    pub(super) shades: Shades,
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
    ) -> Outcome {
        match self.rotation {
            Rotation::Level => band.ink(&self.text.ink, self.corner, self.shades),
            Rotation::Upward => band.ink_upward(&self.text.ink, self.corner, self.shades),
        }
        Ok(())
    }
}
