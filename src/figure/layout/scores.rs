//! The layout of what each head does: a grid of layers and heads for each score,
//! each with its colour bar, in rows and columns.

use std::borrow::Cow;

use super::color_bar::color_bar;
use super::grid::stride;
use super::head::{heading, notes};
use super::text::place;
use super::{
    ANNOTATION_SIZE, CANVAS_LIMIT, CellAxis, CellMatrix, Figure, FigureError, Ink, Item, LABEL_GAP,
    LINE_HEIGHT, Layout, MARGIN, MeasureText, Role, Rotation, SMALLEST_LABEL, TextFont, Weight,
    pixels,
};
use crate::figure::{ScoreGrid, ScoreGrids};

/// The longer side of a grid of many layers or heads, in pixels.
const GRID_SIDE: i32 = 600;
/// A cell, the least and the most, in pixels.
const CELL_SIDES: (i32, i32) = (4, 28);
/// Numbers of layers and heads at their largest, and the names of axes, in
/// pixels.
const LARGEST_NUMBER: f32 = 16.0;
const NAME_SIZE: f32 = 18.0;
/// The shortest colour bar that has room for its numbers, in pixels.
const SHORTEST_BAR: i32 = 120;
/// Between a grid and its colour bar, and between two grids, in pixels.
const BAR_GAP: i32 = 20;
const SPACING: (i32, i32) = (56, 40);
/// Width over height of what is most readable.
const PROPORTION: f64 = 1.4;

/// What all grids of a picture share, in pixels.
struct Shape {
    cell: i32,
    /// Of the numbers along the axes.
    font: TextFont,
    name_font: TextFont,
    title_font: TextFont,
    /// From the corner of a panel to that of its cells.
    left: i32,
    top: i32,
    /// Of the cells.
    width: i32,
    height: i32,
    bar_height: i32,
    panel_width: i32,
    panel_height: i32,
}

impl Shape {
    fn new(grids: &ScoreGrids, measure: &mut dyn MeasureText) -> Self {
        let [rows, columns] = [&grids.layers, &grids.heads].map(|axis| pixels(axis.len()));
        let longest = rows.max(columns).max(1);
        let cell = (GRID_SIDE / longest).clamp(CELL_SIDES.0, CELL_SIDES.1);
        let size = (cell as f32 / LINE_HEIGHT).floor();
        let font = TextFont::regular(size.clamp(SMALLEST_LABEL, LARGEST_NUMBER));
        let name_font = TextFont::regular(NAME_SIZE);
        let title_font = TextFont {
            size: ANNOTATION_SIZE,
            weight: Weight::Bold,
        };
        let mut widest = |texts: &mut dyn Iterator<Item = String>, font| {
            let widths = texts.map(|text| measure.width(&text, font));
            widths.max().unwrap_or(0)
        };
        let numbers = widest(&mut grids.layers.iter().map(usize::to_string), font);
        let titles = widest(
            &mut grids.grids.iter().map(|grid| grid.score.to_string()),
            title_font,
        );
        let left = name_font.line_height() + 6 + numbers + LABEL_GAP / 2;
        let top = title_font.line_height()
            + 6
            + name_font.line_height()
            + font.line_height()
            + LABEL_GAP / 2;
        let (width, height) = (columns * cell, rows * cell);
        let bar_height = height.max(SHORTEST_BAR);
        let bars = grids
            .grids
            .iter()
            .map(|grid| color_bar(&grid.color_scale, (0, 0), bar_height, measure).right);
        let bar_width = bars.max().unwrap_or(0);
        Self {
            cell,
            font,
            name_font,
            title_font,
            left,
            top,
            width,
            height,
            bar_height,
            panel_width: left + titles.max(width + BAR_GAP + bar_width),
            panel_height: top + bar_height + ANNOTATION_SIZE as i32 / 2,
        }
    }

    /// The room of so many panels beside one another and under one another.
    fn extent(&self, [rows, columns]: [i32; 2]) -> (i32, i32) {
        (
            columns * (self.panel_width + SPACING.0) - SPACING.0,
            rows * (self.panel_height + SPACING.1) - SPACING.1,
        )
    }

    /// In how many columns so many panels are most readable.
    fn columns(&self, count: usize) -> usize {
        let unlikeness = |columns: &usize| {
            let rows = count.div_ceil(*columns);
            let (width, height) = self.extent([rows, *columns].map(pixels));
            let ratio = f64::from(width) / f64::from(height.max(1)) / PROPORTION;
            ratio.max(1.0 / ratio)
        };
        let candidates =
            (1..=count).min_by(|left, right| unlikeness(left).total_cmp(&unlikeness(right)));
        candidates.unwrap_or(1)
    }
}

/// Puts the grids of scores in their places.
///
/// # Errors
/// When there are more layers or heads than fit a canvas.
pub(super) fn layout<'figure>(
    figure: &'figure Figure<'_>,
    grids: &'figure ScoreGrids,
    measure: &mut dyn MeasureText,
) -> Result<Layout<'figure>, FigureError> {
    let shape = Shape::new(grids, measure);
    let count = grids.grids.len();
    let columns = shape.columns(count);
    let (width, height) = shape.extent([count.div_ceil(columns), columns].map(pixels));
    if width.max(height) > CANVAS_LIMIT - 8 * MARGIN {
        return Err(FigureError::TooManyPanels {
            rows: grids.layers.len(),
            columns: grids.heads.len(),
            limit: CANVAS_LIMIT,
        });
    }
    let heading = heading(figure, width, measure);
    let top = heading.bottom + 28;
    let mut items: Vec<Item<'figure>> = heading.items;
    for (index, grid) in grids.grids.iter().enumerate() {
        let (row, column) = (pixels(index / columns), pixels(index % columns));
        let corner = (
            MARGIN + column * (shape.panel_width + SPACING.0),
            top + row * (shape.panel_height + SPACING.1),
        );
        items.extend(panel(grids, grid, &shape, corner, measure));
    }
    let notes = notes(&figure.notes, top + height + 28, width, measure);
    items.extend(notes.items);
    Ok(Layout {
        width: (MARGIN + width).max(heading.right).max(notes.right) + MARGIN,
        height: notes.bottom + MARGIN,
        palette: figure.palette,
        items,
    })
}

/// One score: its name, its cells between the numbers of layers and heads, and
/// its colour bar.
fn panel<'figure>(
    grids: &ScoreGrids,
    grid: &'figure ScoreGrid,
    shape: &Shape,
    (x, y): (i32, i32),
    measure: &mut dyn MeasureText,
) -> Vec<Item<'figure>> {
    let (left, top) = (x + shape.left, y + shape.top);
    let level = Rotation::Level;
    let name = grid.score.to_string();
    let extent = measure.width(&name, shape.title_font);
    let kind = (Ink::Strong, Role::ScoreName);
    let mut items = vec![place(
        name,
        shape.title_font,
        extent,
        (left, y),
        level,
        kind,
    )];

    let kind = (Ink::Medium, Role::AxisName);
    let extent = measure.width("head", shape.name_font);
    let corner = (
        left + ((shape.width - extent) / 2).max(0),
        y + shape.title_font.line_height() + 6,
    );
    let head = "head".to_owned();
    items.push(place(head, shape.name_font, extent, corner, level, kind));
    let extent = measure.width("layer", shape.name_font);
    let corner = (x, top + ((shape.height - extent) / 2).max(0));
    let layer = "layer".to_owned();
    let upward = Rotation::Upward;
    items.push(place(layer, shape.name_font, extent, corner, upward, kind));

    let line = shape.font.line_height();
    let numbers = grids.heads.iter().map(|head| {
        let text = head.to_string();
        let width = measure.width(&text, shape.font);
        (text, width)
    });
    let numbers: Vec<(String, i32)> = numbers.collect();
    let every = stride(numbers.iter().map(|(_, width)| width + 6).max(), shape.cell);
    for (place_of, (text, width)) in numbers.into_iter().enumerate().step_by(every) {
        let middle = left + pixels(place_of) * shape.cell + shape.cell / 2;
        let corner = (middle - width / 2, top - LABEL_GAP / 2 - line);
        let kind = (Ink::Strong, Role::ColumnLabel(place_of));
        items.push(place(text, shape.font, width, corner, level, kind));
    }
    let every = stride(Some(line), shape.cell);
    for (place_of, layer) in grids.layers.iter().enumerate().step_by(every) {
        let text = layer.to_string();
        let width = measure.width(&text, shape.font);
        let middle = top + pixels(place_of) * shape.cell + shape.cell / 2;
        let corner = (left - LABEL_GAP / 2 - width, middle - line / 2);
        let kind = (Ink::Strong, Role::RowLabel(place_of));
        items.push(place(text, shape.font, width, corner, level, kind));
    }

    let axis = |count: usize| CellAxis {
        count,
        cell: shape.cell,
        gaps: Vec::new(),
    };
    let cells = CellMatrix {
        origin: (left, top),
        values: Cow::Borrowed(&grid.values),
        rows: axis(grids.layers.len()),
        columns: axis(grids.heads.len()),
        gap: 0,
        range: grid.range,
        part: grid.color_scale.part,
    };
    items.push(cells.rect().frame());
    items.push(Item::Cells(cells));
    let corner = (left + shape.width + BAR_GAP, top);
    let bar = color_bar(&grid.color_scale, corner, shape.bar_height, measure);
    items.extend(bar.items);
    items
}
