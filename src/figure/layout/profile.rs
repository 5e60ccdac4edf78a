//! The layout of a unit's profile: bars, the units below them, and a row of
//! colours for every layer, all over the same axis.

use super::bars::{BarAxis, BarValues, bar_items};
use super::cells::{SEGMENT_GAP, TICK};
use super::color_bar::color_bar;
use super::columns::{BARS_HEIGHT, Columns, LEVEL, UnitLabels, fill, rect};
use super::grid::stride;
use super::head::{heading, notes};
use super::text::place;
use super::{
    ANNOTATION_SIZE, CANVAS_LIMIT, Figure, FigureError, Ink, Item, LABEL_GAP, LINE_HEIGHT, Layout,
    MARGIN, MeasureText, Role, Rotation, SMALLEST_LABEL, TextFont, pixels,
};
use crate::figure::{ColorRange, UnitProfile};

/// What all rows share while there are few, in pixels.
const ROWS_HEIGHT: i32 = 360;
/// More rows than these do not fit, in pixels.
const ROWS_LIMIT: i32 = CANVAS_LIMIT / 2;
/// The shortest colour bar that has room for its numbers, in pixels.
const SHORTEST_COLOR_BAR: i32 = 180;
/// Between the body and the colour bar, in pixels.
const COLOR_BAR_GAP: i32 = 40;
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
    let scale = &figure.color_scale;
    // There is room beside the bars for what the colours measure.
    let color_bar_height = rows
        .extent()
        .max(SHORTEST_COLOR_BAR)
        .max(measure.width(scale.quantity(), font));
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
    all_notes.extend(axis.note(profile));
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
    items.extend(bar_items(&columns, &bars, &axis, &values, baseline));
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
                // A cell that is not there covers what is behind all.
                let ink = match value.is_nan() {
                    true => Ink::Paper,
                    false => Ink::OnScale(range.fraction(value)),
                };
                items.push(fill(rect, ink));
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
