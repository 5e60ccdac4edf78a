//! The layout of a unit's profile: bars, the units below them, and a row of
//! colours for every layer, all over the same axis.

use std::collections::BTreeSet;

use super::bars::{BarAxis, BarValues, bar_items};
use super::color_bar::color_bar;
use super::grid::stride;
use super::head::{heading, notes};
use super::map::{SEGMENT_GAP, SIDE_LIMIT, TICK, cell_side, label};
use super::text::place;
use super::{
    ANNOTATION_SIZE, CANVAS_LIMIT, Figure, FigureError, Ink, Item, LABEL_GAP, LARGEST_LABEL,
    LINE_HEIGHT, Layout, MARGIN, MeasureText, Rect, Role, Rotation, SMALLEST_LABEL, TextFont,
    Weight, pixels,
};
use crate::figure::{ColorRange, UnitProfile};

/// Height of the axis of the bars, in pixels.
pub(super) const BARS_HEIGHT: i32 = 420;
/// What all rows share while there are few, in pixels.
const ROWS_HEIGHT: i32 = 360;
/// More rows than these do not fit, in pixels.
const ROWS_LIMIT: i32 = CANVAS_LIMIT / 2;
/// The shortest colour bar that has room for its numbers, in pixels.
const SHORTEST_COLOR_BAR: i32 = 180;
/// Between the body and the colour bar, in pixels.
const COLOR_BAR_GAP: i32 = 40;
/// As one reads.
pub(super) const LEVEL: Rotation = Rotation::Level;

/// Where the columns are, and what is written at them.
pub(super) struct Columns<'profile> {
    profile: &'profile UnitProfile,
    /// Left edge of the first column.
    left: i32,
    /// Width of a column, in pixels.
    pub(super) pitch: i32,
    /// So many units share a column.
    block: usize,
    count: usize,
    /// Columns before which there is a gap.
    gaps: Vec<usize>,
}

impl<'profile> Columns<'profile> {
    fn new(profile: &'profile UnitProfile) -> Self {
        let unit_count = profile.units.len();
        let block = unit_count.div_ceil(SIDE_LIMIT as usize).max(1);
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

    fn extent(&self) -> i32 {
        pixels(self.count) * self.pitch + pixels(self.gaps.len()) * SEGMENT_GAP
    }

    /// One value a column: the greatest of the units that share it.
    fn values(&self, values: &[f32]) -> Vec<f32> {
        let greatest = |chunk: &[f32]| chunk.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        values.chunks(self.block).map(greatest).collect()
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
    fn band(&self, column: usize, top: i32, height: i32) -> Rect {
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
    rotation: Rotation,
}

impl UnitLabels {
    fn new(columns: &Columns<'_>, bars: &[f32], measure: &mut dyn MeasureText) -> Self {
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
        let widest = labels.iter().map(|&(_, _, width, ..)| width).max();
        let rotation = match stride == 1 && widest.unwrap_or(0) + 10 <= columns.pitch {
            true => LEVEL,
            false => Rotation::Upward,
        };
        Self {
            font,
            stride,
            labels,
            rotation,
        }
    }

    /// The room that the labels take downwards.
    fn extent(&self) -> i32 {
        match self.rotation {
            Rotation::Level => self.font.line_height(),
            Rotation::Upward => {
                let widths = self.labels.iter().map(|&(_, _, width, ..)| width);
                widths.max().unwrap_or(0)
            }
        }
    }

    fn items(&self, columns: &Columns<'_>, top: i32) -> Vec<Item<'static>> {
        let line = self.font.line_height();
        let place_label =
            |(column, text, width, font, ink): &(usize, String, i32, TextFont, Ink)| {
                let middle = columns.x(*column) + columns.pitch / 2;
                let x = match self.rotation {
                    Rotation::Level => middle - width / 2,
                    Rotation::Upward => middle - line / 2,
                };
                let kind = (*ink, Role::ColumnLabel(*column));
                place(text.clone(), *font, *width, (x, top), self.rotation, kind)
            };
        self.labels.iter().map(place_label).collect()
    }

    /// What the picture leaves out, as a sentence.
    fn note(&self, columns: &Columns<'_>) -> Option<String> {
        let count = columns.profile.units.len();
        let shared = match columns.block {
            1 => String::new(),
            block => format!(" Each bar shows the greatest of {block} values."),
        };
        (self.stride > 1 || columns.block > 1).then(|| {
            let first = match columns.profile.position {
                Some(_) => "the marked one, then ",
                None => "",
            };
            format!("{count} tokens; labelled are {first}the highest bars that have room.{shared}")
        })
    }
}

/// As many columns as have room for a text, in their order: the highest bars,
/// and before them one that comes first.
pub(super) fn spaced(bars: &[f32], first: Option<usize>, stride: usize) -> Vec<usize> {
    let mut by_height: Vec<usize> = (0..bars.len()).collect();
    by_height.sort_by(|&left, &right| {
        let is_first = (Some(right) == first).cmp(&(Some(left) == first));
        is_first
            .then(bars[right].total_cmp(&bars[left]))
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

/// Puts a profile in its place.
pub(super) fn layout<'figure>(
    figure: &'figure Figure<'_>,
    profile: &'figure UnitProfile,
    measure: &mut dyn MeasureText,
) -> Result<Layout<'figure>, FigureError> {
    let row_count = profile.rows.len();
    if pixels(row_count) > ROWS_LIMIT {
        return Err(FigureError::TooManyPanels {
            rows: row_count,
            columns: 1,
            limit: ROWS_LIMIT,
        });
    }
    let mut columns = Columns::new(profile);
    let bars = columns.values(&profile.bars);
    let labels = UnitLabels::new(&columns, &bars, measure);
    let axis = BarAxis::new(profile.bar_maximum);
    let values = BarValues::new(&columns, &labels, &bars, &axis, measure);
    let font = TextFont::regular(ANNOTATION_SIZE);
    let line = font.line_height();
    let rows = Rows::new(profile);

    // From left to right.
    let axis_ticks = axis.ticks();
    let numbers = axis_ticks.iter().map(|(_, text)| text);
    let widest = numbers
        .chain(&profile.row_labels)
        .map(|text| measure.width(text, font))
        .max()
        .unwrap_or(0);
    columns.left = MARGIN + line + LABEL_GAP + widest + LABEL_GAP + TICK;
    let body_right = columns.left + columns.extent();
    let color_bar_height = rows.extent().max(SHORTEST_COLOR_BAR);
    let scale = &figure.color_scale;
    let color_bar_width = color_bar(scale, (0, 0), color_bar_height, measure).right;
    let right = body_right + COLOR_BAR_GAP + color_bar_width;

    // From top to bottom.
    let heading = heading(figure, right - MARGIN, measure);
    let bars_top = heading.bottom + 28 + values.extent + 6;
    let baseline = bars_top + BARS_HEIGHT;
    let labels_top = baseline + TICK + LABEL_GAP;
    let rows_top = labels_top + labels.extent() + LABEL_GAP + TICK;
    let rows_bottom = rows_top + rows.extent();
    let color_bar_top = rows_bottom - color_bar_height;
    let color_bar_left = body_right + COLOR_BAR_GAP;
    let color_bar = color_bar(
        scale,
        (color_bar_left, color_bar_top),
        color_bar_height,
        measure,
    );
    let name_top = rows_bottom + LABEL_GAP + 6;
    let mut all_notes = figure.notes.clone();
    all_notes.extend(labels.note(&columns));
    all_notes.extend(values.note(&bars));
    let notes_top = color_bar.bottom.max(name_top + line) + 24;
    let notes = notes(&all_notes, notes_top, right - MARGIN, measure);

    let mut items: Vec<Item<'figure>> = heading.items;
    let band_top = bars_top - values.extent - 6;
    if let Some(column) = columns.marked() {
        let band = columns.band(column, band_top, rows_bottom + 8 - band_top);
        items.push(fill(band, Ink::Band));
    }
    for (height, text) in axis_ticks {
        let y = baseline - height;
        let ink = if height == 0 {
            Ink::Hairline
        } else {
            Ink::Grid
        };
        items.push(fill(rect(columns.left, y, columns.extent(), 2), ink));
        let width = measure.width(&text, font);
        let corner = (columns.left - TICK - LABEL_GAP - width, y + 1 - line / 2);
        let kind = (Ink::Medium, Role::Tick);
        items.push(place(text, font, width, corner, LEVEL, kind));
    }
    items.extend(bar_items(
        &columns, &bars, &axis, &values, baseline, measure,
    ));
    items.extend(labels.items(&columns, labels_top));
    items.extend(rows.items(&columns, figure, rows_top));
    items.extend(rows.labels(&columns, rows_top, measure));
    let segment_lines = columns.gaps.iter().map(|&gap| {
        let x = columns.x(gap) - SEGMENT_GAP / 2 - 1;
        fill(rect(x, bars_top, 2, rows_bottom - bars_top), Ink::Medium)
    });
    items.extend(segment_lines);
    let name_kind = (Ink::Medium, Role::AxisName);
    for (name, middle) in [
        (profile.bar_name.as_str(), bars_top + BARS_HEIGHT / 2),
        ("layer", rows_top + rows.extent() / 2),
    ] {
        let width = measure.width(name, font);
        let corner = (MARGIN, middle - width / 2);
        let upward = Rotation::Upward;
        items.push(place(name.into(), font, width, corner, upward, name_kind));
    }
    let long = profile.unit_axis_name.as_str();
    let short = long.split(' ').next().unwrap_or_default();
    let (name, width) = [long, short]
        .map(|name| (name, measure.width(name, font)))
        .into_iter()
        .find(|&(_, width)| width <= columns.extent())
        .unwrap_or_default();
    let corner = (columns.left + (columns.extent() - width) / 2, name_top);
    items.push(place(name.into(), font, width, corner, LEVEL, name_kind));
    items.extend(color_bar.items);
    items.extend(notes.items);
    Ok(Layout {
        width: right.max(heading.right).max(notes.right) + MARGIN,
        height: notes.bottom + MARGIN,
        palette: figure.palette,
        items,
    })
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

/// The rows of colours, one for every layer.
struct Rows<'profile> {
    profile: &'profile UnitProfile,
    /// Height of a row, in pixels.
    height: i32,
}

impl<'profile> Rows<'profile> {
    fn new(profile: &'profile UnitProfile) -> Self {
        let count = pixels(profile.rows.len()).max(1);
        let smallest_labelled = (SMALLEST_LABEL * LINE_HEIGHT).ceil() as i32;
        let height = match count * smallest_labelled <= ROWS_LIMIT / 2 {
            true => (ROWS_HEIGHT / count).clamp(smallest_labelled, 44),
            false => (ROWS_LIMIT / count).max(1),
        };
        Self { profile, height }
    }

    fn extent(&self) -> i32 {
        pixels(self.profile.rows.len()) * self.height
    }

    fn items(&self, columns: &Columns<'_>, figure: &Figure<'_>, top: i32) -> Vec<Item<'static>> {
        let ColorRange::Shared(range) = figure.color_scale.range else {
            return Vec::new();
        };
        // A frame around each segment, so that the line between them is seen.
        let starts: Vec<usize> = [0]
            .into_iter()
            .chain(columns.gaps.iter().copied())
            .collect();
        let ends = columns.gaps.iter().copied().chain([columns.count]);
        let mut items: Vec<Item<'static>> = starts
            .iter()
            .zip(ends)
            .filter(|&(&start, end)| start < end)
            .map(|(&start, end)| {
                let left = columns.x(start);
                let right = columns.x(end - 1) + columns.pitch;
                rect(left, top, right - left, self.extent()).frame()
            })
            .collect();
        for (row, values) in self.profile.rows.iter().enumerate() {
            let y = top + pixels(row) * self.height;
            for (column, value) in columns.values(values).into_iter().enumerate() {
                let rect = rect(columns.x(column), y, columns.pitch, self.height);
                items.push(fill(rect, Ink::OnScale(range.fraction(value))));
            }
        }
        items
    }

    fn labels(
        &self,
        columns: &Columns<'_>,
        top: i32,
        measure: &mut dyn MeasureText,
    ) -> Vec<Item<'static>> {
        let largest = (self.height as f32 / LINE_HEIGHT).floor();
        let font = TextFont::regular(largest.clamp(SMALLEST_LABEL, ANNOTATION_SIZE));
        let line = font.line_height();
        let stride = stride(Some(line), self.height);
        let labels = self.profile.row_labels.iter().enumerate();
        let place_label = |(row, text): (usize, &String)| {
            let width = measure.width(text, font);
            let x = columns.left - TICK - LABEL_GAP - width;
            let y = top + pixels(row) * self.height + (self.height - line) / 2;
            let kind = (Ink::Medium, Role::RowLabel(row));
            place(text.clone(), font, width, (x, y), LEVEL, kind)
        };
        labels.step_by(stride).map(place_label).collect()
    }
}
