//! A run as figures: what a picture shows, before any question of pixels.
//!
//! A [`Figure`] is data: matrices, labels of units, the range of the colours,
//! title, captions and notes. [`layout`] computes where each of them goes, once
//! for every output format; [`crate::render`] turns that into bytes.

mod build;
mod colormap;
mod difference;
mod error;
pub mod layout;
mod lines;
mod link;
mod pictures;
mod profile;
mod reach;
mod resample;
mod rollout;
mod scale;
mod scores;
mod shaded_text;
mod similarity;
mod unit_choice;
mod unit_search;
mod views;

use std::borrow::Cow;

use crate::analysis::{Link, LinkChoice, Score};

pub use build::{overview, overview_in_steps, single_map};
pub use colormap::{ColorPart, Coloring, Colormap, Palette, Theme};
pub use difference::{difference_grid, head_difference, score_difference_grid};
pub use error::FigureError;
pub use lines::line_figure;
pub use link::link_map;
pub use pictures::{PictureId, check_views, figure, link_between, text_row};
pub use profile::unit_profile;
pub use resample::{Join, parts, resample};
pub use rollout::{rollout_by_layer, rollout_map};
pub use scale::{Clipped, ColorRange, Progression, Scale, ValueRange};
pub use scores::{mean_grids, score_grids};
pub use shaded_text::shaded_text;
pub use similarity::similarity_map;
pub use unit_choice::UnitChoice;
pub use views::{View, ViewError};

/// How a figure is made.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FigureOptions {
    /// `None`: [`Scale::Head`] for a single map, [`Scale::Unit`] for an overview,
    /// each with an earlier end where that would show next to nothing.
    pub scale: Option<Scale>,
    /// How colours follow values.
    pub progression: Progression,
    /// The value of the first colour, where it is not the progression's own.
    pub minimum: Option<f32>,
    /// The value of the last colour, where it is not the scale's.
    pub maximum: Option<f32>,
    /// All colours.
    pub palette: Palette,
    /// So many of the strongest links are listed beside a single map.
    pub top_links: usize,
    /// Which links count for that.
    pub links: LinkChoice,
}

impl FigureOptions {
    /// Whether the given ends of the colour scale make one, whatever the
    /// values are.
    ///
    /// # Errors
    /// When the first is not below the last, or a logarithm of it is none.
    pub fn check(&self) -> Result<(), FigureError> {
        let beyond = self.minimum.unwrap_or(0.0).max(1.0) * 2.0;
        reach::value_range(self, beyond).map(|_| ())
    }
}

/// What a picture shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure<'run> {
    /// The head line: model, and layer and head of a single map.
    pub title: String,
    /// The input: one line, or the two of a pair or of source and target.
    pub captions: Vec<String>,
    /// The map or maps.
    pub body: Body<'run>,
    /// What the colours stand for.
    pub color_scale: ColorScale,
    /// All colours.
    pub palette: Palette,
    /// What a reader must know besides, as sentences.
    pub notes: Vec<String>,
}

impl Figure<'_> {
    /// Points out a cell of the figure's map, on both sides where there are two:
    /// its row and its column have a thick tick, it has a frame where that leaves
    /// room for its colour, and a note says which it is. A figure of anything
    /// else than one map of units stays as it is.
    pub fn point_out(&mut self, cell: [usize; 2]) {
        let words = match &mut self.body {
            Body::Map(map) => {
                map.pointed_out = Some(cell);
                map.cell_in_words(cell)
            }
            Body::Difference(difference) => {
                for map in &mut difference.maps {
                    map.pointed_out = Some(cell);
                }
                let [.., between] = &difference.maps;
                between.cell_in_words(cell)
            }
            Body::Grid(_) | Body::Profile(_) | Body::Scores(_) | Body::Lines(_) | Body::Text(_) => {
                None
            }
        };
        if let Some(words) = words {
            self.notes.insert(0, format!("Pointed out: {words}."));
        }
    }
}

/// The map or maps of a figure.
#[derive(Debug, Clone, PartialEq)]
pub enum Body<'run> {
    /// One map with a label at every unit.
    Map(LabelledMap<'run>),
    /// Small maps in rows and columns.
    Grid(PanelGrid<'run>),
    /// Bars over units for one of them.
    Profile(UnitProfile),
    /// A grid of layers and heads for each of several scores.
    Scores(ScoreGrids),
    /// Lines from queries to keys.
    Lines(LineFigure),
    /// The input, its units shaded.
    Text(ShadedText),
    /// One map on two sides, and what is between them.
    Difference(Box<MapDifference<'run>>),
}

/// What the rows and columns of a map are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapKind {
    /// Queries and keys.
    Attention,
    /// Tokens after a layer, and those of the input.
    Rollout,
    /// Layers and heads, in each of which there is one and the same link.
    Link,
    /// Heads and heads.
    Similarity,
    /// Layers and heads, in each of which something changed.
    Change,
}

/// One map with its units.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledMap<'run> {
    /// What its rows and columns are.
    pub kind: MapKind,
    /// `[query, key]`, or whatever else rows and columns are.
    pub matrix: Matrix<'run>,
    /// The labels of the queries.
    pub rows: Vec<UnitLabel>,
    /// The labels of the keys.
    pub columns: Vec<UnitLabel>,
    /// Queries that start another segment than the one before them.
    pub row_segment_starts: Vec<usize>,
    /// Keys that start another segment than the one before them.
    pub column_segment_starts: Vec<usize>,
    /// Whether the labels have their units' positions beside them.
    pub shows_positions: bool,
    /// The strongest links, to be listed beside the map.
    pub links: Vec<Link>,
    /// Row and column of the cell that is pointed out, see
    /// [`Figure::point_out`].
    pub pointed_out: Option<[usize; 2]>,
    /// What its units are called in sentences: `tokens` or `words`.
    pub noun: &'static str,
}

impl LabelledMap<'_> {
    /// A cell in words: its units with their positions. `None` where it has no
    /// such cell.
    fn cell_in_words(&self, [row, column]: [usize; 2]) -> Option<String> {
        let unit =
            |unit: &UnitLabel| format!("{} (@{})", profile::named(&unit.text), unit.position);
        let (query, key) = (self.rows.get(row)?, self.columns.get(column)?);
        Some(format!("from {} to {}", unit(query), unit(key)))
    }
}

/// A unit as an axis shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitLabel {
    /// What is written: the unit's label, or quotation marks around nothing.
    pub text: String,
    /// Special units are written in a lighter ink.
    pub special: bool,
    /// Its position in the run's stream, that of its first piece where it is a
    /// word: what `@N` means.
    pub position: usize,
}

/// What one unit gives to, or gets from, every unit of the other axis.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitProfile {
    /// A bar for every unit.
    pub bars: Vec<f32>,
    /// The axis of the bars reaches from 0 to this at least; a bar that is
    /// higher than the axis is cut off.
    pub bar_maximum: f32,
    /// What the bars measure.
    pub bar_name: String,
    /// Below the bars: `[layer, unit]`.
    pub rows: Vec<Vec<f32>>,
    /// A number before each row.
    pub row_labels: Vec<String>,
    /// The labels of the bars.
    pub units: Vec<UnitLabel>,
    /// The unit whose profile it is, where it is one of those with a bar.
    pub position: Option<usize>,
    /// What the other units are to it.
    pub unit_axis_name: String,
    /// Units that start another segment than the unit before them.
    pub segment_starts: Vec<usize>,
    /// What its units are called in sentences: `tokens` or `words`.
    pub noun: &'static str,
}

/// One map on two sides over the same units, whose colours are the figure's
/// scale, and right − left in colours of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct MapDifference<'run> {
    /// What stands above the left, the right and their difference.
    pub names: [String; 3],
    /// The left side, the right side, and right − left.
    pub maps: [LabelledMap<'run>; 3],
    /// What the colours of right − left stand for: 0 is in their middle.
    pub difference_scale: ColorScale,
    /// Rows, and columns, of units that are not the same on both sides.
    pub differing: [Vec<usize>; 2],
}

/// A head as lines from its queries, on the left, to its keys.
#[derive(Debug, Clone, PartialEq)]
pub struct LineFigure {
    /// The labels of the queries and of the keys.
    pub units: [Vec<UnitLabel>; 2],
    /// Queries, and keys, that start another segment than the one before them.
    pub segment_starts: [Vec<usize>; 2],
    /// The lines, the strongest last.
    pub links: Vec<Link>,
    /// Whether the labels have their units' positions beside them.
    pub shows_positions: bool,
    /// What its units are called in sentences: `tokens` or `words`.
    pub noun: &'static str,
}

/// The units of an input, each shaded by a value.
#[derive(Debug, Clone, PartialEq)]
pub struct ShadedText {
    /// The units, as they are read.
    pub units: Vec<UnitLabel>,
    /// A value for each; NaN for one that has none.
    pub values: Vec<f32>,
    /// Units that stand close behind the one before them, as pieces of a word do.
    pub joined: Vec<usize>,
    /// Units that start another segment than the one before them.
    pub segment_starts: Vec<usize>,
    /// The unit whose attention it is, where it is one.
    pub marked: Option<usize>,
    /// What its units are called in sentences: `tokens` or `words`.
    pub noun: &'static str,
}

/// What each head does: a grid of layers and heads for each score.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreGrids {
    /// The layers: rows of every grid.
    pub layers: Vec<usize>,
    /// The heads: columns of every grid.
    pub heads: Vec<usize>,
    /// The scores that some head has, in their order.
    pub grids: Vec<ScoreGrid>,
}

/// One score of all heads.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreGrid {
    /// Which score.
    pub score: Score,
    /// `[layer, head]`; NaN for what is empty.
    pub values: Vec<f32>,
    /// The values of the first and the last colour.
    pub range: ValueRange,
    /// What its colours stand for.
    pub color_scale: ColorScale,
}

/// Small maps in rows (layers) and columns (heads).
#[derive(Debug, Clone, PartialEq)]
pub struct PanelGrid<'run> {
    /// A number before each row.
    pub row_labels: Vec<String>,
    /// A number above each column.
    pub column_labels: Vec<String>,
    /// What stands above each panel, in their order; nothing where rows and
    /// columns have numbers.
    pub captions: Vec<String>,
    /// Row after row, `[row, column]`; `None` for a head that a layer lacks.
    pub panels: Vec<Option<Panel<'run>>>,
    /// The rows of every panel.
    pub queries: PanelAxis,
    /// The columns of every panel.
    pub keys: PanelAxis,
    /// What their units are called in sentences: `tokens` or `words`.
    pub noun: &'static str,
}

/// What the small maps share along one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanelAxis {
    /// The number of units; a drawn row or column may stand for several.
    pub count: usize,
    /// Units that start another segment than the unit before them.
    pub segment_starts: Vec<usize>,
    /// The positions of the first and the last unit, where the panels are of a
    /// stretch.
    pub ends: Option<[usize; 2]>,
}

/// One of the small maps.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel<'run> {
    /// `[query, key]`, as it is drawn: a value where several units share a row
    /// or a column is the mean.
    pub matrix: Matrix<'run>,
    /// The values of the first and last colour in this panel.
    pub range: ValueRange,
}

/// Values in rows and columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix<'run> {
    /// Row after row; NaN for a cell that is not there and stays empty.
    pub values: Cow<'run, [f32]>,
    /// Number of rows (queries).
    pub rows: usize,
    /// Number of columns (keys).
    pub columns: usize,
}

/// What the colours stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct ColorScale {
    /// The values of the first and the last colour.
    pub range: ColorRange,
    /// What stands beside the colour bar.
    pub label: String,
    /// What the scale does not tell apart.
    pub clipped: Clipped,
    /// Which of the figure's colours it has.
    pub part: ColorPart,
}

impl ColorScale {
    /// The label up to its first comma: what is measured, without its range.
    pub fn quantity(&self) -> &str {
        self.label.split(',').next().unwrap_or_default()
    }

    /// What stands at both ends, first and last, with a mark where values
    /// beyond are clipped.
    pub fn ends(&self) -> [String; 2] {
        let ends = layout::ticks(self, 1);
        let text =
            |tick: Option<&(f32, String)>| tick.map_or_else(String::new, |tick| tick.1.clone());
        [text(ends.first()), text(ends.last())]
    }

    /// How colours follow values, nothing where that is by equal steps.
    pub fn progression_name(&self) -> &'static str {
        match self.range {
            ColorRange::Shared(ValueRange { progression, .. })
            | ColorRange::PerPanel { progression, .. } => match progression {
                Progression::Linear => "",
                Progression::Logarithmic => "logarithmic",
            },
        }
    }
}
