//! The positions of units, small between an axis and the labels of its units:
//! `@3`, as a view or a stretch names them.

use super::text::place;
use super::{Ink, Item, MeasureText, Role, Rotation, SMALLEST_LABEL, TextFont};
use crate::figure::UnitLabel;

/// Of the size of labels.
const SIZE: f32 = 0.7;
/// Between a position and the label that follows it, in pixels.
const GAP: i32 = 8;

/// The positions beside the labels of an axis, or none.
pub(super) struct Positions {
    font: TextFont,
    /// With their widths, one a label.
    texts: Vec<(String, i32)>,
}

impl Positions {
    /// Those of some units, whose labels are written in a font.
    pub(super) fn new<'units>(
        units: impl Iterator<Item = &'units UnitLabel>,
        labels: TextFont,
        measure: &mut dyn MeasureText,
    ) -> Self {
        let font = small(labels);
        let text = |unit: &UnitLabel| {
            let text = text(unit.position);
            let width = measure.width(&text, font);
            (text, width)
        };
        let texts = units.map(text).collect();
        Self { font, texts }
    }

    /// None at all.
    pub(super) fn none() -> Self {
        Self {
            font: TextFont::regular(SMALLEST_LABEL),
            texts: Vec::new(),
        }
    }

    /// The width of the widest.
    pub(super) fn widest(&self) -> i32 {
        self.texts
            .iter()
            .map(|&(_, width)| width)
            .max()
            .unwrap_or(0)
    }

    /// The room that they take away from their axis, where they are written so.
    pub(super) fn length(&self) -> i32 {
        match self.texts.is_empty() {
            true => 0,
            false => self.widest() + GAP,
        }
    }

    /// The room that they take away from their axis, where they run along it.
    pub(super) fn height(&self) -> i32 {
        match self.texts.is_empty() {
            true => 0,
            false => self.font.line_height(),
        }
    }

    /// One of them; `corner` is told its width and its height and says where its
    /// upper left corner goes.
    pub(super) fn item(
        &self,
        index: usize,
        rotation: Rotation,
        corner: impl Fn(i32, i32) -> (i32, i32),
    ) -> Option<Item<'static>> {
        let (text, width) = self.texts.get(index)?;
        let line = self.font.line_height();
        let corner = match rotation {
            Rotation::Level => corner(*width, line),
            Rotation::Upward => corner(line, *width),
        };
        let kind = (Ink::Light, Role::Position);
        Some(place(
            text.clone(),
            self.font,
            *width,
            corner,
            rotation,
            kind,
        ))
    }
}

/// The font of positions beside labels of another.
pub(super) fn small(labels: TextFont) -> TextFont {
    TextFont::regular((labels.size * SIZE).floor().max(SMALLEST_LABEL))
}

/// A position as it is typed.
pub(super) fn text(position: usize) -> String {
    format!("@{position}")
}
