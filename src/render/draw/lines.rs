//! Lines in the colours of the scale, from one side of an area to the other.

use std::iter::{Once, once};

use plotters::element::{Drawable, PointCollection};
use plotters_backend::{BackendCoord, DrawingBackend, DrawingErrorKind};

use crate::figure::layout::LineBundle;

/// A backend that draws many lines at once.
///
/// A line of plotters is a path of whole pixels, or a polygon; where thousands
/// cross, each edge would have to be mixed with what is below it, for which a
/// picture of palette colours has to know the whole.
pub(in crate::render) trait LineBackend: DrawingBackend {
    /// Draws lines, each over the ones before it.
    fn draw_lines(&mut self, bundle: &Lines<'_>) -> Result<(), DrawingErrorKind<Self::ErrorType>>;
}

/// Lines as an element of plotters.
pub(in crate::render) struct Lines<'drawing> {
    corner: BackendCoord,
    pub(in crate::render) bundle: &'drawing LineBundle,
    /// The step of the figure's colour scale of each line.
    pub(in crate::render) steps: &'drawing [u16],
}

impl<'drawing> Lines<'drawing> {
    pub(super) fn new(bundle: &'drawing LineBundle, steps: &'drawing [u16]) -> Self {
        Self {
            corner: (bundle.area.x, bundle.area.y),
            bundle,
            steps,
        }
    }
}

impl<'element> PointCollection<'element, BackendCoord> for &'element Lines<'_> {
    type Point = &'element BackendCoord;
    type IntoIter = Once<&'element BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        once(&self.corner)
    }
}

impl<B: LineBackend> Drawable<B> for Lines<'_> {
    fn draw<Points: Iterator<Item = BackendCoord>>(
        &self,
        _: Points,
        backend: &mut B,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<B::ErrorType>> {
        backend.draw_lines(self)
    }
}
