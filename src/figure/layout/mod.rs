//! Where everything of a figure goes: a figure and something that measures
//! text into a list of things to draw.
//!
//! This is the one place that computes geometry, in whole canvas pixels with
//! the origin at the upper left, so that every output format shows the same
//! picture. Nothing here draws. Sizes are meant for print: a picture is about
//! twice as dense as a screen shows it.

mod axes;
mod bars;
mod cells;
mod color_bar;
mod columns;
mod difference;
mod grid;
mod head;
mod lines;
mod links;
mod map;
mod marks;
mod positions;
mod profile;
mod scores;
mod shaded_text;
mod text;
mod thumbnail;
mod ticks;
mod value;

use std::borrow::Cow;

use super::{Body, ColorPart, Figure, FigureError, Palette, ValueRange};

pub use cells::{drawn_values, map_side};
pub use grid::panel_steps;
pub use text::{LINE_HEIGHT, MeasureText, TextFont, Weight};
pub use thumbnail::{thumbnail, thumbnail_side, thumbnail_size};
pub use ticks::ticks;

/// The greatest width and height of a canvas, in pixels.
pub const CANVAS_LIMIT: i32 = 8_192;

/// Free space around everything, in pixels.
const MARGIN: i32 = 48;
/// Text that is not worth reading is smaller than this, in pixels.
const SMALLEST_LABEL: f32 = 12.0;
/// Axis labels at their most comfortable, in pixels.
const LARGEST_LABEL: f32 = 24.0;
/// Axis names, colour bar and notes, in pixels.
const ANNOTATION_SIZE: f32 = 22.0;
/// From an axis or a bar to the numbers and names that belong to it, in pixels.
const LABEL_GAP: i32 = 12;

/// A part of the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: i32,
    /// Upper edge.
    pub y: i32,
    /// Extent to the right.
    pub width: i32,
    /// Extent downwards.
    pub height: i32,
}

impl Rect {
    /// The first column that is no longer inside.
    pub fn right(&self) -> i32 {
        self.x + self.width
    }

    /// The first row that is no longer inside.
    pub fn bottom(&self) -> i32 {
        self.y + self.height
    }

    /// A hairline around it, to be drawn before what fills it, so that pale
    /// colours keep their edges.
    fn frame(&self) -> Item<'static> {
        let rect = Self {
            x: self.x - 1,
            y: self.y - 1,
            width: self.width + 2,
            height: self.height + 2,
        };
        let ink = Ink::Hairline;
        Item::Rectangle { rect, ink }
    }

    /// Whether every pixel of `other` is inside.
    pub fn contains(&self, other: &Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }
}

/// What something is drawn with; a renderer knows the colours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ink {
    /// Titles and ordinary tokens.
    Strong,
    /// Captions, axis names, numbers.
    Medium,
    /// Special tokens and notes.
    Light,
    /// Frames and ticks.
    Hairline,
    /// What everything is drawn on.
    Paper,
    /// Lines behind bars, as faint as they can be seen.
    Grid,
    /// What is behind a marked column.
    Band,
    /// The bars of ordinary tokens.
    Bar,
    /// The bars of special tokens.
    FaintBar,
    /// The colour of a fraction of the colour scale.
    OnScale(f32),
    /// Whatever can be read on the colour of a fraction of the colour scale.
    OnColor(f32),
    /// The same, but not meant to catch the eye.
    FaintOnColor(f32),
}

/// How a text runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// As one reads.
    Level,
    /// A quarter turn counter-clockwise: from the bottom to the top.
    Upward,
}

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The head line.
    Title,
    /// A line of the input.
    Caption,
    /// What an axis counts.
    AxisName,
    /// The label of a row: its index.
    RowLabel(usize),
    /// The label of a column: its index.
    ColumnLabel(usize),
    /// The position of a unit beside its label, or of those at the ends of an
    /// axis.
    Position,
    /// The value of a cell, as query and key.
    Value(usize, usize),
    /// The value of a bar: its index.
    BarValue(usize),
    /// What a grid of heads shows.
    ScoreName,
    /// What stands over a list of links.
    LinkHeading,
    /// A part of a listed link: its rank.
    Link(usize),
    /// A number at the colour bar.
    Tick,
    /// What the colour bar stands for.
    ColorBarName,
    /// Which of several maps it is: its index.
    PanelName(usize),
    /// A line of the notes.
    Note,
}

/// One line of text.
#[derive(Debug, Clone, PartialEq)]
pub struct TextItem {
    /// What is written.
    pub text: String,
    /// The box that it fills, after its rotation.
    pub rect: Rect,
    /// How it is written.
    pub font: TextFont,
    /// How it runs.
    pub rotation: Rotation,
    /// What it is written with.
    pub ink: Ink,
    /// What it is for.
    pub role: Role,
}

/// How the cells of a matrix follow one another along one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellAxis {
    /// The number of cells.
    pub count: usize,
    /// Side of a cell along the axis, in pixels; at least 1.
    pub cell: i32,
    /// Cells before which there is a gap, ascending.
    pub gaps: Vec<usize>,
}

/// A matrix of cells of whole pixels, with gaps between segments.
#[derive(Debug, Clone, PartialEq)]
pub struct CellMatrix<'figure> {
    /// Upper left corner.
    pub origin: (i32, i32),
    /// Row after row.
    pub values: Cow<'figure, [f32]>,
    /// The rows, from the top.
    pub rows: CellAxis,
    /// The columns, from the left.
    pub columns: CellAxis,
    /// Width of a gap, in pixels.
    pub gap: i32,
    /// The values of the first and last colour.
    pub range: ValueRange,
    /// Which of the figure's colours lie between these.
    pub part: ColorPart,
}

impl CellMatrix<'_> {
    /// How far a row's first pixel is below the origin.
    pub fn row_offset(&self, row: usize) -> i32 {
        self.offset(&self.rows, row)
    }

    /// How far a column's first pixel is right of the origin.
    pub fn column_offset(&self, column: usize) -> i32 {
        self.offset(&self.columns, column)
    }

    fn offset(&self, axis: &CellAxis, index: usize) -> i32 {
        let gaps_before = axis.gaps.iter().filter(|&&gap| gap <= index).count();
        pixels(index) * axis.cell + pixels(gaps_before) * self.gap
    }

    /// The width of the whole.
    pub fn width(&self) -> i32 {
        self.extent(&self.columns)
    }

    /// The height of the whole.
    pub fn height(&self) -> i32 {
        self.extent(&self.rows)
    }

    fn extent(&self, axis: &CellAxis) -> i32 {
        pixels(axis.count) * axis.cell + pixels(axis.gaps.len()) * self.gap
    }

    /// All of it.
    pub fn rect(&self) -> Rect {
        Rect {
            x: self.origin.0,
            y: self.origin.1,
            width: self.width(),
            height: self.height(),
        }
    }

    /// A value, NaN outside the matrix.
    pub fn value(&self, row: usize, column: usize) -> f32 {
        let value = self.values.get(row * self.columns.count + column);
        value.copied().unwrap_or(f32::NAN)
    }

    /// A value as a fraction of all the figure's colours.
    pub fn fraction(&self, row: usize, column: usize) -> f32 {
        self.fraction_of(self.value(row, column))
    }

    /// The same of any value.
    pub fn fraction_of(&self, value: f32) -> f32 {
        self.part.place(self.range.fraction(value))
    }
}

/// One thing to draw. Later ones cover earlier ones.
#[derive(Debug, Clone, PartialEq)]
pub enum Item<'figure> {
    /// A filled rectangle; lines are thin ones.
    Rectangle {
        /// Where.
        rect: Rect,
        /// With what.
        ink: Ink,
    },
    /// The cells of a map.
    Cells(CellMatrix<'figure>),
    /// The colours of a scale, the last at the top.
    ColorBar(Rect, ColorPart),
    /// Lines from one side to the other.
    Lines(LineBundle),
    /// A line of text.
    Text(TextItem),
}

/// Straight lines, each from the left edge of their area to the right one. Later
/// ones cover earlier ones.
#[derive(Debug, Clone, PartialEq)]
pub struct LineBundle {
    /// What they cross.
    pub area: Rect,
    /// The lines.
    pub lines: Vec<Line>,
}

/// A line across an area.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// How far below the area's top its middle begins, in pixels.
    pub left: i32,
    /// How far below it ends.
    pub right: i32,
    /// How thick it is, in pixels.
    pub thickness: f32,
    /// Its colour, as a fraction of all the figure's colours.
    pub fraction: f32,
}

/// A figure with everything in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout<'figure> {
    /// Width of the canvas, in pixels.
    pub width: i32,
    /// Height of the canvas, in pixels.
    pub height: i32,
    /// All colours.
    pub palette: Palette,
    /// What to draw, in this order.
    pub items: Vec<Item<'figure>>,
}

impl Layout<'_> {
    /// The lines of text.
    pub fn texts(&self) -> impl Iterator<Item = &TextItem> {
        self.items.iter().filter_map(|item| match item {
            Item::Text(text) => Some(text),
            Item::Rectangle { .. } | Item::Cells(_) | Item::ColorBar(..) | Item::Lines(_) => None,
        })
    }
}

/// Puts everything of a figure in its place.
///
/// # Errors
/// When a grid has more panels than fit [`CANVAS_LIMIT`].
pub fn layout<'figure>(
    figure: &'figure Figure<'_>,
    measure: &mut dyn MeasureText,
) -> Result<Layout<'figure>, FigureError> {
    match &figure.body {
        Body::Map(map) => Ok(map::layout(figure, map, measure)),
        Body::Grid(grid) => grid::layout(figure, grid, measure),
        Body::Profile(profile) => profile::layout(figure, profile, measure),
        Body::Scores(grids) => scores::layout(figure, grids, measure),
        Body::Difference(maps) => Ok(difference::layout(figure, maps, measure)),
        Body::Lines(lines) => Ok(lines::layout(figure, lines, measure)),
        Body::Text(text) => Ok(shaded_text::layout(figure, text, measure)),
    }
}

/// A count as a number of pixels; nothing that is drawn comes near the limit.
fn pixels(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX / 4)
}
