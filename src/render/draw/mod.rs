//! The one drawing: a figure that is laid out, as elements of plotters.
//!
//! A format is a backend of plotters, and nothing else: it implements
//! [`DrawingBackend`] and the one method each of [`GridBackend`] and
//! [`LineBackend`], makes a drawing area of itself and hands it to [`draw`]. What
//! is drawn where, and in which order, is decided here alone.

mod grid;
mod lettering;
mod lines;

use std::collections::BTreeSet;
use std::sync::Arc;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::Rectangle;
use plotters::style::{RGBColor, ShapeStyle};

use super::colormap::{Color, ColorTable};
use super::text::{ShapedText, TextShaper};
use super::{Picture, RenderError};
use crate::figure::Figure;
use crate::figure::layout::{self, Ink, Item, Layout, Rect};
pub(super) use grid::{Grid, GridBackend, stretches};
use lettering::Lettering;
pub(super) use lines::{LineBackend, Lines};

/// A figure with everything in its place and all its texts shaped: what every
/// format is made of.
#[derive(Debug)]
pub struct Drawing<'figure> {
    pub(super) figure: &'figure Figure<'figure>,
    pub(super) layout: Layout<'figure>,
    pub(super) colors: ColorTable,
    /// Of the layout's texts, in their order.
    texts: Vec<Arc<ShapedText>>,
    /// The steps of the colour scale that the layout's maps, colour bars and
    /// lines show, in their order, row after row.
    pub(super) steps: Vec<Vec<u16>>,
}

/// Lays a figure out and shapes its texts, once for all formats. What comes of
/// it does not depend on what the shaper did before.
///
/// # Errors
/// When the figure does not fit a canvas.
pub fn prepare<'figure>(
    figure: &'figure Figure<'_>,
    shaper: &mut TextShaper,
) -> Result<Drawing<'figure>, RenderError> {
    let layout = layout::layout(figure, shaper)?;
    let texts = layout
        .texts()
        .map(|text| shaper.shape(&text.text, text.font))
        .collect();
    Ok(Drawing::new(figure, layout, texts))
}

impl<'figure> Drawing<'figure> {
    /// `texts` are those of the layout.
    pub(super) fn new(
        figure: &'figure Figure<'_>,
        layout: Layout<'figure>,
        texts: Vec<Arc<ShapedText>>,
    ) -> Self {
        let colors = ColorTable::new(layout.palette);
        let steps = layout.items.iter().filter_map(|item| match item {
            Item::Cells(cells) => Some(grid::steps_of_cells(cells, &colors)),
            Item::ColorBar(bar, part) => Some(grid::steps_of_bar(*bar, *part, &colors)),
            Item::Lines(bundle) => {
                let lines = bundle.lines.iter();
                let steps = lines.map(|line| grid::short(colors.step(line.fraction)));
                Some(steps.collect())
            }
            Item::Rectangle { .. } | Item::Text(_) => None,
        });
        let steps = steps.collect();
        Self {
            figure,
            layout,
            colors,
            texts,
            steps,
        }
    }

    /// Width and height, in pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        (length(self.layout.width), length(self.layout.height))
    }

    /// The file of a format.
    pub(super) fn picture(&self, bytes: Vec<u8>) -> Picture {
        let (width, height) = self.size();
        let missing = self.texts.iter().flat_map(|text| &text.missing);
        Picture {
            bytes,
            width,
            height,
            missing_glyphs: missing.copied().collect::<BTreeSet<char>>(),
        }
    }
}

/// Draws everything on paper that the backend begins with.
pub(super) fn draw<B: GridBackend + LineBackend>(
    drawing: &Drawing<'_>,
    area: &DrawingArea<B, Shift>,
) -> Result<(), RenderError> {
    draw_items(drawing, area).map_err(|error| RenderError::Drawing {
        message: error.to_string(),
    })
}

fn draw_items<B: GridBackend + LineBackend>(
    drawing: &Drawing<'_>,
    area: &DrawingArea<B, Shift>,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let colors = &drawing.colors;
    let mut texts = drawing.texts.iter();
    let mut steps = drawing.steps.iter().map(Vec::as_slice);
    for item in &drawing.layout.items {
        match item {
            Item::Rectangle { rect, ink } => draw_rectangle(*rect, colors.ink(*ink), area)?,
            Item::Cells(cells) => {
                let grid = Grid::of_cells(cells, steps.next().unwrap_or_default());
                if grid.has_gaps() {
                    draw_rectangle(cells.rect(), colors.ink(Ink::Paper), area)?;
                }
                area.draw(&grid)?;
            }
            Item::ColorBar(bar, _) => {
                area.draw(&Grid::of_bar(*bar, steps.next().unwrap_or_default()))?;
            }
            Item::Lines(bundle) => {
                area.draw(&Lines::new(bundle, steps.next().unwrap_or_default()))?;
            }
            Item::Text(item) => {
                if let Some(text) = texts.next().filter(|text| text.width > 0) {
                    area.draw(&Lettering::new(item, text, colors.ink(item.ink)))?;
                }
            }
        }
    }
    area.present()
}

fn draw_rectangle<B: GridBackend + LineBackend>(
    rect: Rect,
    [red, green, blue]: Color,
    area: &DrawingArea<B, Shift>,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    if rect.width <= 0 || rect.height <= 0 {
        return Ok(());
    }
    // Both corners belong to a rectangle of plotters.
    let corners = [(rect.x, rect.y), (rect.right() - 1, rect.bottom() - 1)];
    let style = ShapeStyle::from(RGBColor(red, green, blue)).filled();
    area.draw(&Rectangle::new(corners, style))
}

/// What a layout measures is never negative.
pub(super) fn length(pixels: i32) -> u32 {
    u32::try_from(pixels).unwrap_or(0)
}
