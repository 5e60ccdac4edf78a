//! A line of text that is shaped already.

use std::convert::Infallible;
use std::iter::{Once, once};

use plotters::element::{Drawable, PointCollection};
use plotters_backend::{
    BackendColor, BackendCoord, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontFamily,
    FontStyle, FontTransform,
};

use super::super::colormap::Color;
use super::super::text::ShapedText;
use crate::figure::layout::{Rotation, TextItem, Weight};

/// A line of text as an element of plotters, and at once its style: a backend
/// that draws pixels gets the letters from it, one that writes text gets what
/// describes them.
///
/// It is anchored at its upper left corner, as one reads it. Its layout box is
/// measured from the start of its baseline, which tells where that is.
pub(super) struct Lettering<'drawing> {
    corner: BackendCoord,
    item: &'drawing TextItem,
    text: &'drawing ShapedText,
    color: Color,
}

impl<'drawing> Lettering<'drawing> {
    pub(super) fn new(item: &'drawing TextItem, text: &'drawing ShapedText, color: Color) -> Self {
        let rect = item.rect;
        let corner = match item.rotation {
            Rotation::Level => (rect.x, rect.y),
            // The pixel that an upward line begins with.
            Rotation::Upward => (rect.x, rect.bottom() - 1),
        };
        Self {
            corner,
            item,
            text,
            color,
        }
    }

    /// The ink where it covers a part of a pixel, of 255.
    fn shaded(&self, coverage: u8) -> BackendColor {
        let [red, green, blue] = self.color;
        BackendColor {
            alpha: f64::from(coverage) * (1.0 / 255.0),
            rgb: (red, green, blue),
        }
    }
}

impl<'element> PointCollection<'element, BackendCoord> for &'element Lettering<'_> {
    type Point = &'element BackendCoord;
    type IntoIter = Once<&'element BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        once(&self.corner)
    }
}

impl<B: DrawingBackend> Drawable<B> for Lettering<'_> {
    fn draw<Points: Iterator<Item = BackendCoord>>(
        &self,
        mut points: Points,
        backend: &mut B,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<B::ErrorType>> {
        match points.next() {
            Some(corner) => backend.draw_text(&self.item.text, self, corner),
            None => Ok(()),
        }
    }
}

impl BackendTextStyle for Lettering<'_> {
    type FontError = Infallible;

    fn color(&self) -> BackendColor {
        self.shaded(u8::MAX)
    }

    fn size(&self) -> f64 {
        f64::from(self.text.size)
    }

    fn transform(&self) -> FontTransform {
        match self.item.rotation {
            Rotation::Level => FontTransform::None,
            Rotation::Upward => FontTransform::Rotate270,
        }
    }

    fn style(&self) -> FontStyle {
        match self.item.font.weight {
            Weight::Regular => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
        }
    }

    fn family(&self) -> FontFamily<'_> {
        FontFamily::SansSerif
    }

    fn layout_box(&self, _: &str) -> Result<(BackendCoord, BackendCoord), Infallible> {
        let top = -self.item.font.baseline();
        Ok(((0, top), (self.text.width, top + self.text.height)))
    }

    fn draw<E, DrawPixel: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        _: &str,
        (x, y): BackendCoord,
        mut draw_pixel: DrawPixel,
    ) -> Result<Result<(), E>, Infallible> {
        let top = y - self.item.font.baseline();
        for pixel in &self.text.ink {
            let (x, y) = (x + i32::from(pixel.x), top + i32::from(pixel.y));
            if let Err(error) = draw_pixel(x, y, self.shaded(pixel.coverage)) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }
}
