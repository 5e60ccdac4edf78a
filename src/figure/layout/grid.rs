//! The layout of an overview: one row per layer, one column per head.

use std::borrow::Cow;
use std::ops::Range;

use super::color_bar::color_bar;
use super::head::{heading, notes};
use super::positions::{small, text};
use super::text::{elide_middle, place};
use super::{
    ANNOTATION_SIZE, CANVAS_LIMIT, CellAxis, CellMatrix, Figure, FigureError, Ink, Item, LABEL_GAP,
    LARGEST_LABEL, Layout, MARGIN, MeasureText, Rect, Role, Rotation, TextFont, pixels,
};
use crate::figure::resample::blocks;
use crate::figure::{ColorPart, Panel, PanelAxis, PanelGrid};

/// What all panels of a row or column share, in pixels.
const COMFORTABLE_SIDE: i32 = 2_400;
/// Room for labels, colour bar, heading and notes, in pixels.
const SURROUNDINGS: i32 = 900;
/// The longest colour bar, in pixels, and the shortest that has room for
/// numbers.
const BAR_LIMIT: i32 = 1_000;
const SHORTEST_BAR: i32 = 180;
/// What a side of a panel has at the least, in pixels: few queries of many keys
/// are drawn higher than wide rather than too thin to be seen.
const LEAST_SIDE: i32 = 48;

/// How the panels of a grid are drawn.
struct PanelShape {
    /// So many queries and keys share a cell.
    blocks: [usize; 2],
    /// Between two panels, in pixels.
    spacing: i32,
    /// The rows of every panel.
    rows: CellAxis,
    /// The columns of every panel.
    columns: CellAxis,
}

impl PanelShape {
    fn extent(&self, axis: &CellAxis) -> i32 {
        pixels(axis.count) * axis.cell + pixels(axis.gaps.len()) * SEGMENT_GAP
    }

    fn width(&self) -> i32 {
        self.extent(&self.columns)
    }

    fn height(&self) -> i32 {
        self.extent(&self.rows)
    }
}

/// Puts a grid of panels in its place.
pub(super) fn layout<'figure>(
    figure: &'figure Figure<'_>,
    grid: &'figure PanelGrid<'_>,
    measure: &mut dyn MeasureText,
) -> Result<Layout<'figure>, FigureError> {
    let shape = panel_shape(grid)?;
    let (panel_width, panel_height) = (shape.width(), shape.height());
    let shorter = panel_width.min(panel_height);
    let font = TextFont::regular(LARGEST_LABEL.min(shorter as f32 * 0.7).max(8.0));
    let has_captions = !grid.captions.is_empty();
    // Above each panel, where it has a caption.
    let caption_room = match has_captions {
        true => font.line_height() + 4,
        false => 0,
    };
    let (pitch_x, pitch_y) = (
        panel_width + shape.spacing,
        panel_height + shape.spacing + caption_room,
    );
    let (rows, columns) = (grid.row_labels.len(), grid.column_labels.len());
    let extent_x = pixels(columns) * pitch_x - shape.spacing;
    let extent_y = pixels(rows) * pitch_y - shape.spacing - caption_room;

    let name_font = TextFont::regular(ANNOTATION_SIZE);
    let name_line = name_font.line_height();
    let row_labels = measured(&grid.row_labels, font, measure);
    let column_labels = measured(&grid.column_labels, font, measure);
    let widest = row_labels
        .iter()
        .map(|&(_, width)| width)
        .max()
        .unwrap_or(0);
    let left = match has_captions {
        true => MARGIN,
        false => MARGIN + name_line + LABEL_GAP + widest + LABEL_GAP,
    };
    let bar_height = extent_y.max(SHORTEST_BAR.min(extent_x)).min(BAR_LIMIT);
    let ends = Ends::new(grid, [panel_height, panel_width], small(font), measure);
    let bar_gap = 40 + ends.width();
    let bar_width = color_bar(&figure.color_scale, (0, 0), bar_height, measure).right;
    let body_right = left + extent_x + bar_gap + bar_width;
    let heading = heading(figure, body_right - MARGIN, measure);
    let name_top = heading.bottom + 28;
    let top = match has_captions {
        true => name_top + caption_room,
        false => name_top + name_line + 4 + font.line_height() + LABEL_GAP,
    };
    let bar_corner = (left + extent_x + bar_gap, top);
    let bar = color_bar(&figure.color_scale, bar_corner, bar_height, measure);

    let mut all_notes = figure.notes.clone();
    all_notes.extend(resolution_note(grid, &shape));
    let notes_top = bar.bottom.max(top + extent_y + ends.height()) + 24;
    let notes = notes(&all_notes, notes_top, body_right - MARGIN, measure);

    let mut items: Vec<Item<'figure>> = heading.items;
    if !has_captions {
        let name_kind = (Ink::Medium, Role::AxisName);
        let head_width = measure.width("head", name_font);
        let head_corner = (left + ((extent_x - head_width) / 2).max(0), name_top);
        let level = Rotation::Level;
        items.push(place(
            "head".into(),
            name_font,
            head_width,
            head_corner,
            level,
            name_kind,
        ));
        let layer_width = measure.width("layer", name_font);
        let layer_corner = (MARGIN, top + (extent_y - layer_width) / 2);
        let upward = Rotation::Upward;
        items.push(place(
            "layer".into(),
            name_font,
            layer_width,
            layer_corner,
            upward,
            name_kind,
        ));
        let column_stride = stride(
            column_labels.iter().map(|&(_, width)| width + 8).max(),
            pitch_x,
        );
        for (column, (text, width)) in column_labels.into_iter().enumerate().step_by(column_stride)
        {
            let x = left + pixels(column) * pitch_x + (panel_width - width) / 2;
            let corner = (x, top - LABEL_GAP - font.line_height());
            let kind = (Ink::Strong, Role::ColumnLabel(column));
            items.push(place(text, font, width, corner, level, kind));
        }
        let row_stride = stride(Some(font.line_height()), pitch_y);
        for (row, (text, width)) in row_labels.into_iter().enumerate().step_by(row_stride) {
            let y = top + pixels(row) * pitch_y + (panel_height - font.line_height()) / 2;
            let corner = (left - LABEL_GAP - width, y);
            let kind = (Ink::Strong, Role::RowLabel(row));
            items.push(place(text, font, width, corner, level, kind));
        }
    }
    for column in 0..columns {
        let x = left + pixels(column) * pitch_x;
        items.extend(ends.below((x, top + extent_y), panel_width));
    }
    for row in 0..rows {
        let y = top + pixels(row) * pitch_y;
        items.extend(ends.beside((left + extent_x, y), panel_height));
    }
    let captions = grid.captions.iter().map(|caption| {
        let (text, width) = elide_middle(caption, font, panel_width, measure);
        (text, width)
    });
    for (index, (text, width)) in captions.enumerate() {
        let (row, column) = (index / columns.max(1), index % columns.max(1));
        let corner = (
            left + pixels(column) * pitch_x,
            top + pixels(row) * pitch_y - caption_room,
        );
        let kind = (Ink::Strong, Role::ColumnLabel(index));
        items.push(place(text, font, width, corner, Rotation::Level, kind));
    }
    for (index, panel) in grid.panels.iter().enumerate() {
        let Some(panel) = panel else { continue };
        let (row, column) = (index / columns.max(1), index % columns.max(1));
        let origin = (left + pixels(column) * pitch_x, top + pixels(row) * pitch_y);
        let cells = panel_cells(panel, &shape, origin);
        let lines = segment_lines(&cells);
        items.push(cells.rect().frame());
        items.push(Item::Cells(cells));
        items.extend(lines);
    }
    items.extend(bar.items);
    items.extend(notes.items);
    Ok(Layout {
        width: body_right.max(heading.right).max(notes.right) + MARGIN,
        height: notes.bottom + MARGIN,
        palette: figure.palette,
        items,
    })
}

/// The positions of the first and the last unit of a stretch with their widths:
/// below every column of panels those of the keys, beside every row those of
/// the queries, where both of them have room.
struct Ends {
    font: TextFont,
    queries: Option<[(String, i32); 2]>,
    keys: Option<[(String, i32); 2]>,
}

/// From panels to the positions at their ends, in pixels.
const ENDS_GAP: i32 = 6;

impl Ends {
    fn new(
        grid: &PanelGrid<'_>,
        [panel_height, panel_width]: [i32; 2],
        font: TextFont,
        measure: &mut dyn MeasureText,
    ) -> Self {
        let mut measured = |axis: &PanelAxis| {
            let texts = axis.ends?.map(text);
            Some(texts.map(|text| {
                let width = measure.width(&text, font);
                (text, width)
            }))
        };
        let queries = measured(&grid.queries).filter(|_| 2 * font.line_height() <= panel_height);
        let keys =
            measured(&grid.keys).filter(|[first, last]| first.1 + ENDS_GAP + last.1 <= panel_width);
        Self {
            font,
            queries,
            keys,
        }
    }

    /// The room that those beside the rows take.
    fn width(&self) -> i32 {
        let texts = self.queries.iter().flatten();
        texts.map(|(_, width)| width + ENDS_GAP).max().unwrap_or(0)
    }

    /// The room that those below the columns take.
    fn height(&self) -> i32 {
        self.keys
            .as_ref()
            .map_or(0, |_| self.font.line_height() + ENDS_GAP)
    }

    /// From the lower left corner of a column on.
    fn below(&self, (x, y): (i32, i32), panel_width: i32) -> Vec<Item<'static>> {
        let Some(texts) = &self.keys else {
            return Vec::new();
        };
        let ends = [x, x + panel_width - texts[1].1];
        self.items(texts, ends.map(|x| (x, y + ENDS_GAP)))
    }

    /// From the upper right corner of a row on.
    fn beside(&self, (x, y): (i32, i32), panel_height: i32) -> Vec<Item<'static>> {
        let Some(texts) = &self.queries else {
            return Vec::new();
        };
        let ends = [y, y + panel_height - self.font.line_height()];
        self.items(texts, ends.map(|y| (x + ENDS_GAP, y)))
    }

    fn items(&self, texts: &[(String, i32); 2], corners: [(i32, i32); 2]) -> Vec<Item<'static>> {
        let item = |((text, width), corner): (&(String, i32), (i32, i32))| {
            let kind = (Ink::Light, Role::Position);
            place(
                text.clone(),
                self.font,
                *width,
                corner,
                Rotation::Level,
                kind,
            )
        };
        texts.iter().zip(corners).map(item).collect()
    }
}

/// What separates two segments within a panel, in pixels.
const SEGMENT_GAP: i32 = 2;

/// A line in each gap, in an ink that is seen beside pale and dark cells.
fn segment_lines(cells: &CellMatrix<'_>) -> Vec<Item<'static>> {
    let (left, top) = cells.origin;
    let rows = cells.rows.gaps.iter().map(|&start| Rect {
        x: left,
        y: top + cells.row_offset(start) - SEGMENT_GAP,
        width: cells.width(),
        height: SEGMENT_GAP,
    });
    let columns = cells.columns.gaps.iter().map(|&start| Rect {
        x: left + cells.column_offset(start) - SEGMENT_GAP,
        y: top,
        width: SEGMENT_GAP,
        height: cells.height(),
    });
    rows.chain(columns)
        .map(|rect| Item::Rectangle {
            rect,
            ink: Ink::Hairline,
        })
        .collect()
}

/// The number of labels from one that is written to the next.
pub(super) fn stride(extent: Option<i32>, pitch: i32) -> usize {
    let extent = extent.unwrap_or(0).max(1);
    usize::try_from((extent + pitch - 1) / pitch.max(1))
        .unwrap_or(1)
        .max(1)
}

fn measured(
    labels: &[String],
    font: TextFont,
    measure: &mut dyn MeasureText,
) -> Vec<(String, i32)> {
    labels
        .iter()
        .map(|label| (label.clone(), measure.width(label, font)))
        .collect()
}

/// How far the panels of so many layers and heads may reach, and how far they
/// should, in pixels; and what is between them.
struct PanelRoom {
    most: i32,
    target: i32,
    spacing: i32,
}

impl PanelRoom {
    fn new(layer_count: usize, head_count: usize) -> Self {
        let count = pixels(layer_count.max(head_count)).max(1);
        let spacing = if count <= 64 { 10 } else { 2 };
        let most = (CANVAS_LIMIT - SURROUNDINGS) / count - spacing;
        let target = (COMFORTABLE_SIDE / count.max(5)).clamp(72, 480).min(most);
        Self {
            most,
            target,
            spacing,
        }
    }

    /// The side of a cell for so many units and gaps, 0 where units have to
    /// share a pixel.
    fn cell(&self, unit_count: usize, gap_count: usize) -> i32 {
        let count = pixels(unit_count).max(1);
        // Half a pixel too many is better than half as large a panel.
        let cell = (self.target + count / 2) / count;
        match cell * count + pixels(gap_count) * SEGMENT_GAP <= self.most {
            true => cell,
            false => 0,
        }
    }

    /// So many units share a pixel: as few as leave a panel no smaller than one
    /// of fewer units would be.
    fn block(&self, unit_count: usize) -> usize {
        let at_least = |limit: i32| unit_count.div_ceil(usize::try_from(limit).unwrap_or(1).max(1));
        let comfortable = unit_count / usize::try_from(self.target).unwrap_or(1).max(1);
        comfortable.max(at_least(self.most)).max(1)
    }
}

/// Which queries and which keys share a row and a column of the small maps of a
/// picture of so many layers and heads.
pub fn panel_steps(
    [layer_count, head_count]: [usize; 2],
    axes: [&PanelAxis; 2],
) -> [Vec<Range<usize>>; 2] {
    let room = PanelRoom::new(layer_count, head_count);
    let counts = axes.map(|axis| axis.count);
    let longest = counts.into_iter().max().unwrap_or(0);
    let gaps = axes.map(|axis| axis.segment_starts.len());
    let block = match room.cell(longest, gaps.into_iter().max().unwrap_or(0)) {
        0 => room.block(longest),
        _ => 1,
    };
    // Of the shorter axis as few as leave it its least side.
    let least = usize::try_from(LEAST_SIDE).unwrap_or(1);
    counts.map(|count| blocks(count, block.min(count / least).max(1)))
}

/// The largest panels that suit the grid, whose maps have as many rows and
/// columns as are drawn.
fn panel_shape(grid: &PanelGrid<'_>) -> Result<PanelShape, FigureError> {
    let (rows, columns) = (grid.row_labels.len(), grid.column_labels.len());
    let room = PanelRoom::new(rows, columns);
    if room.most < 1 {
        return Err(FigureError::TooManyPanels {
            rows,
            columns,
            limit: CANVAS_LIMIT,
        });
    }
    let axes = [&grid.queries, &grid.keys];
    let panel = grid.panels.iter().flatten().next();
    let drawn = panel.map_or([1, 1], |panel| [panel.matrix.rows, panel.matrix.columns]);
    let is_whole = drawn == axes.map(|axis| axis.count);
    let longest = drawn.into_iter().max().unwrap_or(1);
    let gaps = axes.map(|axis| axis.segment_starts.len());
    let gap_count = gaps.into_iter().max().unwrap_or(0);
    let cell = match is_whole {
        true => room.cell(longest, gap_count).max(1),
        false => 1,
    };
    let least_side = LEAST_SIDE.min(pixels(longest) * cell);
    let axis = |axis: &PanelAxis, count: usize| CellAxis {
        count,
        // Cells are square, except where that would leave a side too short.
        cell: cell.max(least_side / pixels(count).max(1)),
        gaps: match is_whole {
            true => axis.segment_starts.clone(),
            false => Vec::new(),
        },
    };
    Ok(PanelShape {
        blocks: [0, 1].map(|axis| axes[axis].count.div_ceil(drawn[axis].max(1)).max(1)),
        spacing: room.spacing,
        rows: axis(&grid.queries, drawn[0]),
        columns: axis(&grid.keys, drawn[1]),
    })
}

fn panel_cells<'figure>(
    panel: &'figure Panel<'_>,
    shape: &PanelShape,
    origin: (i32, i32),
) -> CellMatrix<'figure> {
    CellMatrix {
        origin,
        values: Cow::Borrowed(panel.matrix.values.as_ref()),
        rows: shape.rows.clone(),
        columns: shape.columns.clone(),
        gap: SEGMENT_GAP,
        range: panel.range,
        part: ColorPart::All,
    }
}

/// What the picture leaves out, as a sentence.
fn resolution_note(grid: &PanelGrid<'_>, shape: &PanelShape) -> Option<String> {
    let [rows, columns] = shape.blocks;
    let is_shared = rows.max(columns) > 1;
    let cell = match shape.rows.cell.max(shape.columns.cell) {
        1 => "pixel",
        _ => "cell",
    };
    let counts = match (grid.queries.count, grid.keys.count) {
        (queries, keys) if queries == keys => format!("{keys} {}", grid.noun),
        (queries, keys) => format!("{queries} queries and {keys} keys"),
    };
    let mut values = grid
        .panels
        .iter()
        .flatten()
        .flat_map(|panel| panel.matrix.values.iter());
    let those = match is_shared && values.any(|value| value.is_nan()) {
        true => ", or of those of them that are there",
        false => "",
    };
    is_shared.then(|| {
        format!("{counts}; each {cell} shows the mean of {rows} × {columns} values{those}.")
    })
}
