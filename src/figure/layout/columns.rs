//! The axis of a unit's profile: its columns, and the labels below the bars.

use std::collections::BTreeSet;

use super::axes::label;
use super::cells::{SEGMENT_GAP, block, cell_side};
use super::grid::stride;
use super::positions::Positions;
use super::text::place;
use super::{
    Ink, Item, LARGEST_LABEL, LINE_HEIGHT, MeasureText, Rect, Role, Rotation, SMALLEST_LABEL,
    TextFont, Weight, pixels,
};
use crate::figure::UnitProfile;
use crate::figure::resample::{Join, blocks, resample};

/// Height of the axis of the bars, in pixels.
pub(super) const BARS_HEIGHT: i32 = 420;
/// As one reads.
pub(super) const LEVEL: Rotation = Rotation::Level;

/// Where the columns are, and what is written at them.
pub(super) struct Columns<'profile> {
    pub(super) profile: &'profile UnitProfile,
    /// Left edge of the first column.
    pub(super) left: i32,
    /// Width of a column, in pixels.
    pub(super) pitch: i32,
    /// So many units share a column.
    pub(super) block: usize,
    pub(super) count: usize,
    /// Columns before which there is a gap.
    pub(super) gaps: Vec<usize>,
}

impl<'profile> Columns<'profile> {
    pub(super) fn new(profile: &'profile UnitProfile) -> Self {
        let unit_count = profile.units.len();
        let block = block(unit_count);
        let count = unit_count.div_ceil(block);
        let gaps = match block {
            1 => profile.segment_starts.clone(),
            _ => Vec::new(),
        };
        Self {
            profile,
            left: 0,
            pitch: cell_side(count),
            block,
            count,
            gaps,
        }
    }

    pub(super) fn x(&self, column: usize) -> i32 {
        let gaps_before = self.gaps.iter().filter(|&&gap| gap <= column).count();
        self.left + pixels(column) * self.pitch + pixels(gaps_before) * SEGMENT_GAP
    }

    pub(super) fn extent(&self) -> i32 {
        pixels(self.count) * self.pitch + pixels(self.gaps.len()) * SEGMENT_GAP
    }

    /// One value a column: the greatest of the units that share it.
    pub(super) fn values(&self, values: &[f32]) -> Vec<f32> {
        let whole = std::slice::from_ref(&(0..1));
        let columns = blocks(values.len(), self.block);
        resample(values, values.len(), whole, &columns, Join::Greatest)
    }

    /// The column of the unit whose profile it is, where it has one.
    pub(super) fn marked(&self) -> Option<usize> {
        self.profile.position.map(|position| position / self.block)
    }

    pub(super) fn special(&self, column: usize) -> bool {
        let unit = self.profile.units.get(column * self.block);
        self.block == 1 && unit.is_some_and(|unit| unit.special)
    }

    /// What marks a column, behind everything else.
    pub(super) fn band(&self, column: usize, top: i32, height: i32) -> Rect {
        let width = self.pitch.max(4);
        Rect {
            x: self.x(column) - (width - self.pitch) / 2,
            y: top,
            width,
            height,
        }
    }
}

/// The labels below the bars.
pub(super) struct UnitLabels {
    pub(super) font: TextFont,
    /// Every so many columns have a label.
    pub(super) stride: usize,
    /// Column, text, width, font and ink of each.
    pub(super) labels: Vec<(usize, String, i32, TextFont, Ink)>,
    /// Between the labels and the bars, one a label.
    positions: Positions,
    rotation: Rotation,
}

impl UnitLabels {
    pub(super) fn new(columns: &Columns<'_>, bars: &[f32], measure: &mut dyn MeasureText) -> Self {
        let largest = (columns.pitch as f32 / LINE_HEIGHT).floor();
        let font = TextFont::regular(largest.clamp(SMALLEST_LABEL, LARGEST_LABEL));
        let stride = stride(Some(font.line_height()), columns.pitch);
        let marked = columns.marked();
        let labelled = spaced(bars, marked, stride);
        let bold = TextFont {
            weight: Weight::Bold,
            ..font
        };
        let labels: Vec<_> = labelled
            .into_iter()
            .filter_map(|column| {
                let is_marked = Some(column) == marked;
                let own = columns.profile.position.filter(|_| is_marked);
                let unit = columns
                    .profile
                    .units
                    .get(own.unwrap_or(column * columns.block))?;
                let font = if is_marked { bold } else { font };
                let (text, width, ink) = label(unit, font, measure);
                let ink = if is_marked { Ink::Strong } else { ink };
                Some((column, text, width, font, ink))
            })
            .collect();
        let unit = |&(column, ..): &(usize, String, i32, TextFont, Ink)| {
            let own = columns.profile.position.filter(|_| Some(column) == marked);
            columns
                .profile
                .units
                .get(own.unwrap_or(column * columns.block))
        };
        let positions = Positions::new(labels.iter().filter_map(unit), font, measure);
        let widest = labels.iter().map(|&(_, _, width, ..)| width).max();
        let widest = widest.unwrap_or(0).max(positions.widest());
        let rotation = match stride == 1 && widest + 10 <= columns.pitch {
            true => LEVEL,
            false => Rotation::Upward,
        };
        Self {
            font,
            stride,
            labels,
            positions,
            rotation,
        }
    }

    /// The room that the labels and their positions take downwards.
    pub(super) fn extent(&self) -> i32 {
        let labels = match self.rotation {
            Rotation::Level => self.font.line_height(),
            Rotation::Upward => {
                let widths = self.labels.iter().map(|&(_, _, width, ..)| width);
                widths.max().unwrap_or(0)
            }
        };
        self.position_extent() + labels
    }

    /// What of it is above the labels.
    fn position_extent(&self) -> i32 {
        match self.rotation {
            Rotation::Level => self.positions.height(),
            Rotation::Upward => self.positions.length(),
        }
    }

    pub(super) fn items(&self, columns: &Columns<'_>, top: i32) -> Vec<Item<'static>> {
        let line = self.font.line_height();
        let mut items = Vec::with_capacity(2 * self.labels.len());
        for (index, (column, text, width, font, ink)) in self.labels.iter().enumerate() {
            let middle = columns.x(*column) + columns.pitch / 2;
            let x = match self.rotation {
                Rotation::Level => middle - width / 2,
                Rotation::Upward => middle - line / 2,
            };
            let corner = (x, top + self.position_extent());
            let kind = (*ink, Role::ColumnLabel(*column));
            items.push(place(
                text.clone(),
                *font,
                *width,
                corner,
                self.rotation,
                kind,
            ));
            let position = |width: i32, _| (middle - width / 2, top);
            items.extend(self.positions.item(index, self.rotation, position));
        }
        items
    }

    /// What the picture leaves out, as a sentence.
    pub(super) fn note(&self, columns: &Columns<'_>) -> Option<String> {
        let count = columns.profile.units.len();
        let noun = columns.profile.noun;
        let shared = match columns.block {
            1 => String::new(),
            block => format!(" Each bar shows the greatest of {block} values."),
        };
        (self.stride > 1 || columns.block > 1).then(|| {
            let labelled = match columns.profile.position {
                Some(_) => "the marked one and, where it leaves them room, the highest bars",
                None => "the highest bars that have room",
            };
            format!("{count} {noun}; labelled are {labelled}.{shared}")
        })
    }
}

/// As many columns as have room for a text, in their order: the highest bars,
/// and before them one that comes first.
pub(super) fn spaced(bars: &[f32], first: Option<usize>, stride: usize) -> Vec<usize> {
    let mut by_height: Vec<usize> = (0..bars.len()).collect();
    by_height.sort_by(|&left, &right| {
        let is_first = (Some(right) == first).cmp(&(Some(left) == first));
        // What is not there is lower than everything.
        let height = |bar: usize| bars[bar].max(f32::NEG_INFINITY);
        is_first
            .then(height(right).total_cmp(&height(left)))
            .then(left.cmp(&right))
    });
    let mut chosen = BTreeSet::new();
    for column in by_height {
        let around = column.saturating_sub(stride - 1)..column.saturating_add(stride);
        if chosen.range(around).next().is_none() {
            chosen.insert(column);
        }
    }
    chosen.into_iter().collect()
}

pub(super) fn rect(x: i32, y: i32, width: i32, height: i32) -> Rect {
    Rect {
        x,
        y,
        width,
        height,
    }
}

pub(super) fn fill(rect: Rect, ink: Ink) -> Item<'static> {
    Item::Rectangle { rect, ink }
}
