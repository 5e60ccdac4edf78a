//! A run as figures: what a picture shows, before any question of pixels.
//!
//! A [`Figure`] is data: matrices, labels of units, the range of the colours,
//! title, captions and notes. [`layout`] computes where each of them goes, once
//! for every output format; [`crate::render`] turns that into bytes.

mod build;
mod colormap;
pub mod layout;
mod profile;
mod reach;
mod resample;
mod scale;
mod unit_choice;
mod views;

use std::borrow::Cow;

use thiserror::Error;

use crate::analysis::{Crop, Direction, Link, LinkChoice};
use crate::attention::HeadId;
use crate::remedy::{HiddenUnits, Remedy};

pub use build::{overview, overview_in_steps, single_map};
pub use colormap::{Colormap, Palette, Theme};
pub use profile::unit_profile;
pub use resample::{Join, parts, resample};
pub use scale::{Clipped, ColorRange, Progression, Scale, ValueRange};
pub use unit_choice::UnitChoice;
pub use views::{PictureId, View, ViewError, check_views, figure};

/// Why there is no figure.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum FigureError {
    /// The run does not hold the head.
    #[error("the run does not hold {head}")]
    NoSuchHead {
        /// The head that was asked for.
        head: HeadId,
    },
    /// The run does not hold the layer.
    #[error("the run does not hold layer {layer}")]
    NoSuchLayer {
        /// The layer that was asked for.
        layer: usize,
    },
    /// No heads were joined into one map.
    #[error("the run holds no map of all heads together")]
    NothingJoined,
    /// The stream has no unit at the position.
    #[error(
        "there is no token @{found}: the run has {count}, numbered @0 to @{}",
        count.saturating_sub(1)
    )]
    NoSuchPosition {
        /// Of which view.
        direction: Direction,
        /// What was asked for.
        found: usize,
        /// Units of the stream.
        count: usize,
    },
    /// No unit has the text.
    #[error("there is no token {text:?} among: {}", some_of(.tokens))]
    NoSuchToken {
        /// Of which view.
        direction: Direction,
        /// What was asked for.
        text: String,
        /// What is shown: positions of the stream, and labels.
        tokens: Vec<(usize, String)>,
        /// The positions of those that could be meant, perhaps none.
        suggested: Vec<usize>,
        /// How to see all tokens, where there is a text that they are of.
        listing: Option<Box<Remedy>>,
    },
    /// A unit of the input is not shown.
    #[error("the token {text:?} of the input (@{position}) is not shown: {}", reason(*.crop, *.hidden))]
    HiddenUnit {
        /// Of which view.
        direction: Direction,
        /// Its label.
        text: String,
        /// Where it is in its stream.
        position: usize,
        /// Whether others that are not shown have the same text.
        is_ambiguous: bool,
        /// The stretch that is shown instead, where it is outside that.
        crop: Option<Crop>,
        /// What it is hidden as, where it is within the stretch or would be.
        hidden: HiddenUnits,
    },
    /// One of several views has no figure.
    #[error("{error}")]
    OfView {
        /// Why it has none.
        error: Box<FigureError>,
        /// The views that were asked for beside it and have one.
        others: Vec<View>,
    },
    /// Several shown units have the text.
    #[error("the token {text:?} is there more than once, at {}", positions_of(.positions))]
    SeveralTokens {
        /// Of which view.
        direction: Direction,
        /// What was asked for.
        text: String,
        /// Where they are in their stream; at least two.
        positions: Vec<usize>,
    },
    /// The first colour would stand for as much as the last, or more.
    #[error(
        "expected a colour scale from low to high, found {} to {}",
        scale::number(f64::from(*.minimum)), scale::number(f64::from(*.maximum))
    )]
    EmptyRange {
        /// The value of the first colour.
        minimum: f32,
        /// The value of the last colour.
        maximum: f32,
    },
    /// Nothing that is shown is above the value of the first colour.
    #[error(
        "expected a colour scale to begin below what is shown, which is at most {}, found {}",
        scale::number(f64::from(*.maximum)), scale::number(f64::from(*.minimum))
    )]
    NothingAbove {
        /// The value of the first colour.
        minimum: f32,
        /// The greatest value that is shown.
        maximum: f32,
    },
    /// A logarithmic scale cannot begin at 0.
    #[error("expected a logarithmic scale to begin above 0, found {}", scale::number(f64::from(*.minimum)))]
    LogarithmOfNothing {
        /// The value of the first colour.
        minimum: f32,
    },
    /// Not even the smallest panels fit the largest canvas.
    #[error(
        "{rows} × {columns} panels do not fit a picture of {limit} pixels a side; select fewer layers or heads"
    )]
    TooManyPanels {
        /// Layers.
        rows: usize,
        /// Heads.
        columns: usize,
        /// The greatest width and height of a canvas, in pixels.
        limit: i32,
    },
}

impl FigureError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        self.remedy_beside(&[])
    }

    /// What the user can do about it and keep these views.
    fn remedy_beside(&self, others: &[View]) -> Option<Remedy> {
        let name_unit = |direction: Direction, positions: &[usize]| Remedy::NameUnit {
            choices: positions
                .iter()
                .map(|&position| with_unit(others, direction, position))
                .collect(),
        };
        match self {
            Self::OfView { error, others } => error.remedy_beside(others),
            Self::NoSuchPosition {
                direction, count, ..
            } => Some(name_unit(*direction, &[count.saturating_sub(1)])),
            Self::NoSuchToken {
                direction,
                suggested,
                tokens,
                listing,
                ..
            } => match suggested.as_slice() {
                [] => listing.as_deref().cloned().or_else(|| {
                    let first = tokens.first().map_or(0, |(position, _)| *position);
                    Some(name_unit(*direction, &[first]))
                }),
                positions => Some(name_unit(*direction, positions)),
            },
            Self::SeveralTokens {
                direction,
                positions,
                ..
            } => Some(name_unit(*direction, positions)),
            Self::EmptyRange { .. }
            | Self::LogarithmOfNothing { .. }
            | Self::NothingAbove { .. } => Some(Remedy::SetScale),
            Self::TooManyPanels { .. } => Some(Remedy::DrawFewerPanels),
            Self::HiddenUnit {
                direction,
                position,
                is_ambiguous,
                crop,
                hidden,
                ..
            } => Some(Remedy::ShowUnit {
                views: is_ambiguous.then(|| with_unit(others, *direction, *position)),
                crop: crop.map(|Crop { first, last }| (first.min(*position), last.max(*position))),
                hidden: *hidden,
            }),
            Self::NoSuchHead { .. } | Self::NoSuchLayer { .. } | Self::NothingJoined => None,
        }
    }
}

/// A list of views with that of a unit at the end.
fn with_unit(others: &[View], direction: Direction, position: usize) -> String {
    let unit = View::Unit(direction, UnitChoice::Position(position));
    let views = others.iter().chain([&unit]).map(View::to_string);
    views.collect::<Vec<_>>().join(",")
}

/// So much of a token is listed among others.
const LISTED_LETTERS: usize = 24;

/// The first of many tokens with their positions, in one line.
fn some_of(tokens: &[(usize, String)]) -> String {
    let more = if tokens.len() > 24 { " …" } else { "" };
    let some = tokens.iter().take(24);
    let some: Vec<String> = some
        .map(|(position, label)| {
            let label: String = label.chars().take(LISTED_LETTERS).collect();
            format!("@{position} {label}")
        })
        .collect();
    format!("{}{more}", some.join("  "))
}

/// The first of many positions.
fn positions_of(positions: &[usize]) -> String {
    let more = if positions.len() > 24 { " …" } else { "" };
    let some = positions.iter().take(24);
    let some: Vec<String> = some.map(|position| format!("@{position}")).collect();
    format!("{}{more}", some.join(" "))
}

/// Why a unit is not shown.
fn reason(crop: Option<Crop>, hidden: HiddenUnits) -> String {
    match crop {
        Some(crop) => format!("the stretch is {crop}"),
        None if hidden.first => "the first token is hidden".to_owned(),
        None => "special tokens are hidden".to_owned(),
    }
}

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

/// The map or maps of a figure.
#[derive(Debug, Clone, PartialEq)]
pub enum Body<'run> {
    /// One map with a label at every unit.
    Map(LabelledMap<'run>),
    /// Small maps in rows and columns.
    Grid(PanelGrid<'run>),
    /// Bars over units for one of them.
    Profile(UnitProfile),
}

/// One map with its units.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledMap<'run> {
    /// `[query, key]`.
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
    /// What its units are called in sentences: `tokens` or `words`.
    pub noun: &'static str,
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

/// Small maps in rows (layers) and columns (heads).
#[derive(Debug, Clone, PartialEq)]
pub struct PanelGrid<'run> {
    /// A number before each row.
    pub row_labels: Vec<String>,
    /// A number above each column.
    pub column_labels: Vec<String>,
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
