//! plotters' bitmap backend with lettering of our own.

use std::cell::RefCell;

use plotters::backend::BitMapBackend;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle, FontTransform,
};

use super::text::TextShaper;
use crate::figure::layout::{TextFont, Weight};

/// Draws everything as [`BitMapBackend`] does, save for text, which is shaped
/// by a [`TextShaper`].
pub(super) struct LetteredBackend<'picture> {
    bitmap: BitMapBackend<'picture>,
    // plotters estimates the size of a text through a shared reference.
    shaper: RefCell<&'picture mut TextShaper>,
}

impl<'picture> LetteredBackend<'picture> {
    pub(super) fn new(bitmap: BitMapBackend<'picture>, shaper: &'picture mut TextShaper) -> Self {
        let shaper = RefCell::new(shaper);
        Self { bitmap, shaper }
    }
}

type Outcome<'picture> =
    Result<(), DrawingErrorKind<<BitMapBackend<'picture> as DrawingBackend>::ErrorType>>;

impl<'picture> DrawingBackend for LetteredBackend<'picture> {
    type ErrorType = <BitMapBackend<'picture> as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.bitmap.get_size()
    }

    fn ensure_prepared(&mut self) -> Outcome<'picture> {
        self.bitmap.ensure_prepared()
    }

    fn present(&mut self) -> Outcome<'picture> {
        self.bitmap.present()
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome<'picture> {
        self.bitmap.draw_pixel(point, color)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Outcome<'picture> {
        self.bitmap.draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Outcome<'picture> {
        self.bitmap.draw_rect(upper_left, bottom_right, style, fill)
    }

    fn blit_bitmap(
        &mut self,
        position: BackendCoord,
        size: (u32, u32),
        source: &[u8],
    ) -> Outcome<'picture> {
        self.bitmap.blit_bitmap(position, size, source)
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
        let transform = style.transform();
        let BackendColor { alpha, rgb } = style.color();
        let line_width = usize::try_from(shaped.width.max(1)).unwrap_or(1);
        for (y, row) in (top..).zip(shaped.coverage.chunks_exact(line_width)) {
            for (x, &ink) in (left..).zip(row) {
                if ink == 0 {
                    continue;
                }
                let (turned_x, turned_y) = turn(&transform, x, y);
                let color = BackendColor {
                    alpha: alpha * f64::from(ink) / 255.0,
                    rgb,
                };
                let point = (position.0 + turned_x, position.1 + turned_y);
                self.bitmap.draw_pixel(point, color)?;
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
