//! plotters' bitmap backend with lettering of our own, and with short ways for
//! what a heatmap is made of: rows of cells and lines of text.

use std::cell::RefCell;

use plotters::backend::BitMapBackend;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle, FontTransform,
};

use super::text::{ShapedText, TextShaper};
use crate::figure::layout::{TextFont, Weight};

/// Draws everything as [`BitMapBackend`] does on the same pixels, save for text,
/// which is shaped by a [`TextShaper`], and for bitmaps, which are copied row by
/// row: plotters copies pixel by pixel, and wrong columns where it clips.
pub(super) struct LetteredBackend<'picture> {
    /// Red, green, blue; row after row.
    pixels: &'picture mut [u8],
    size: (u32, u32),
    // plotters estimates the size of a text through a shared reference.
    shaper: RefCell<&'picture mut TextShaper>,
}

impl<'picture> LetteredBackend<'picture> {
    /// `pixels` holds three bytes for each of `size`.
    pub(super) fn new(
        pixels: &'picture mut [u8],
        size: (u32, u32),
        shaper: &'picture mut TextShaper,
    ) -> Self {
        let shaper = RefCell::new(shaper);
        Self {
            pixels,
            size,
            shaper,
        }
    }

    /// plotters' own backend on the same pixels.
    fn bitmap(&mut self) -> BitMapBackend<'_> {
        BitMapBackend::with_buffer(self.pixels, self.size)
    }

    /// The bytes of a row from `x` on, at most `width` pixels; empty outside
    /// the canvas. Also says how many pixels were cut off at the left.
    fn row(&mut self, x: i32, y: i32, width: usize) -> (&mut [u8], usize) {
        let (canvas_width, canvas_height) = (self.size.0 as usize, self.size.1 as usize);
        let cut = usize::try_from(-i64::from(x)).unwrap_or(0).min(width);
        let start = usize::try_from(x).unwrap_or(0).min(canvas_width);
        let end = (start + width - cut).min(canvas_width);
        match usize::try_from(y) {
            Ok(y) if y < canvas_height => {
                let line = y * canvas_width * 3;
                let range = line + start * 3..line + end * 3;
                (self.pixels.get_mut(range).unwrap_or_default(), cut)
            }
            _ => (Default::default(), cut),
        }
    }

    /// Lays ink over the paper: a line of text from its upper left corner on.
    fn ink(&mut self, text: &ShapedText, x: i32, y: i32, color: BackendColor) {
        let opacity = (color.alpha.clamp(0.0, 1.0) * 256.0) as u32;
        let line_width = usize::try_from(text.width.max(1)).unwrap_or(1);
        for (y, coverage) in (y..).zip(text.coverage.chunks_exact(line_width)) {
            let (row, cut) = self.row(x, y, coverage.len());
            let coverage = coverage.get(cut..).unwrap_or_default();
            for (pixel, &ink) in row.as_chunks_mut::<3>().0.iter_mut().zip(coverage) {
                if ink > 0 {
                    blend(pixel, color.rgb, u32::from(ink) * opacity);
                }
            }
        }
    }

    /// The same for a text that is turned.
    fn ink_turned(
        &mut self,
        text: &ShapedText,
        turn: impl Fn(i32, i32) -> (i32, i32),
        color: BackendColor,
    ) {
        let opacity = (color.alpha.clamp(0.0, 1.0) * 256.0) as u32;
        let line_width = usize::try_from(text.width.max(1)).unwrap_or(1);
        for (y, coverage) in (0..).zip(text.coverage.chunks_exact(line_width)) {
            for (x, &ink) in (0..).zip(coverage) {
                if ink == 0 {
                    continue;
                }
                let (x, y) = turn(x, y);
                if let Some(pixel) = self.row(x, y, 1).0.first_chunk_mut::<3>() {
                    blend(pixel, color.rgb, u32::from(ink) * opacity);
                }
            }
        }
    }
}

/// Mixes an ink into a pixel; `weight` goes from 0 to 255 · 256.
fn blend(pixel: &mut [u8; 3], ink: (u8, u8, u8), weight: u32) {
    const WHOLE: u32 = 255 * 256;
    for (channel, ink) in pixel.iter_mut().zip([ink.0, ink.1, ink.2]) {
        let mixed = u32::from(*channel) * (WHOLE - weight) + u32::from(ink) * weight;
        // A mean of two bytes is a byte.
        *channel = ((mixed + WHOLE / 2) / WHOLE) as u8;
    }
}

type Outcome<'picture> =
    Result<(), DrawingErrorKind<<BitMapBackend<'picture> as DrawingBackend>::ErrorType>>;

impl<'picture> DrawingBackend for LetteredBackend<'picture> {
    type ErrorType = <BitMapBackend<'picture> as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Outcome<'picture> {
        Ok(())
    }

    fn present(&mut self) -> Outcome<'picture> {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome<'picture> {
        self.bitmap().draw_pixel(point, color)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Outcome<'picture> {
        self.bitmap().draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Outcome<'picture> {
        self.bitmap()
            .draw_rect(upper_left, bottom_right, style, fill)
    }

    fn blit_bitmap(
        &mut self,
        position: BackendCoord,
        (width, height): (u32, u32),
        source: &[u8],
    ) -> Outcome<'picture> {
        let width = width as usize;
        let lines = source
            .chunks_exact((width * 3).max(1))
            .take(height as usize);
        for (y, line) in (position.1..).zip(lines) {
            let (row, cut) = self.row(position.0, y, width);
            let line = line.get(cut * 3..).unwrap_or_default();
            row.iter_mut()
                .zip(line)
                .for_each(|(pixel, &source)| *pixel = source);
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        position: BackendCoord,
    ) -> Outcome<'picture> {
        let shaped = self.shaper.get_mut().shape(text, text_font(style));
        let left = match style.anchor().h_pos {
            HPos::Left => 0,
            HPos::Center => -shaped.width / 2,
            HPos::Right => -shaped.width,
        };
        let top = match style.anchor().v_pos {
            VPos::Top => 0,
            VPos::Center => -shaped.height / 2,
            VPos::Bottom => -shaped.height,
        };
        let color = style.color();
        match style.transform() {
            FontTransform::None => {
                self.ink(&shaped, position.0 + left, position.1 + top, color);
            }
            transform => {
                let turned = |x, y| {
                    let (x, y) = turn(&transform, left + x, top + y);
                    (position.0 + x, position.1 + y)
                };
                self.ink_turned(&shaped, turned, color);
            }
        }
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Self::ErrorType>> {
        let shaped = self.shaper.borrow_mut().shape(text, text_font(style));
        Ok((
            u32::try_from(shaped.width).unwrap_or(0),
            u32::try_from(shaped.height).unwrap_or(0),
        ))
    }
}

fn text_font<S: BackendTextStyle>(style: &S) -> TextFont {
    TextFont {
        size: style.size() as f32,
        weight: match style.style() {
            FontStyle::Bold => Weight::Bold,
            FontStyle::Normal | FontStyle::Oblique | FontStyle::Italic => Weight::Regular,
        },
    }
}

/// A pixel of a text about its anchor. A pixel covers the unit right of and
/// below its coordinate, so that a turn maps it to the unit before the turned
/// coordinate.
fn turn(transform: &FontTransform, x: i32, y: i32) -> (i32, i32) {
    match transform {
        FontTransform::None => (x, y),
        FontTransform::Rotate90 => (-y - 1, x),
        FontTransform::Rotate180 => (-x - 1, -y - 1),
        FontTransform::Rotate270 => (y, -x - 1),
    }
}
