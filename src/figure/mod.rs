//! A run as figures: what a picture shows, before any question of pixels.
//!
//! A [`Figure`] is data: matrices, token labels, the range of the colours,
//! title, captions and notes. [`layout`] computes where each of them goes, once
//! for every output format; [`crate::render`] turns that into bytes.

mod build;
mod colormap;
pub mod layout;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::attention::HeadId;

pub use build::{head_map, overview};
pub use colormap::{Colormap, UnknownColormap};

/// Why there is no figure.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FigureError {
    /// The run does not hold the head.
    #[error("the run does not hold {head}")]
    NoSuchHead {
        /// The head that was asked for.
        head: HeadId,
    },
    /// The attention tensor has other layers, heads or tokens than the run says.
    #[error(
        "expected attention of shape {expected:?} (layer, head, query, key) for the run's selection and tokens, found {found:?}"
    )]
    ShapeMismatch {
        /// `[layer, head, query, key]` as the selection and the tokens have it.
        expected: [usize; 4],
        /// `[layer, head, query, key]` of the tensor.
        found: [usize; 4],
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

/// Which value gets the last colour; the first always stands for 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scale {
    /// Each map's own maximum.
    Head,
    /// One.
    Unit,
    /// The maximum of all maps of the run.
    Run,
}

impl Scale {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Unit => "unit",
            Self::Run => "run",
        }
    }

    /// Every scale.
    pub fn all() -> [Self; 3] {
        [Self::Head, Self::Unit, Self::Run]
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A name that no [`Scale`] has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no scale is called {name:?}; there are head, unit and run")]
pub struct UnknownScale {
    /// What was asked for.
    pub name: String,
}

impl FromStr for Scale {
    type Err = UnknownScale;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::all()
            .into_iter()
            .find(|scale| scale.name() == name)
            .ok_or_else(|| UnknownScale { name: name.into() })
    }
}

/// How a figure is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FigureOptions {
    /// `None`: [`Scale::Head`] for a single map, [`Scale::Unit`] for an overview.
    pub scale: Option<Scale>,
    /// The colours of the values.
    pub colormap: Colormap,
}

/// What a picture shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure<'run> {
    /// The head line: model, and layer and head of a single map.
    pub title: String,
    /// The input: one text, or the two of a pair.
    pub captions: Vec<String>,
    /// The map or maps.
    pub body: Body<'run>,
    /// What the colours stand for.
    pub color_scale: ColorScale,
    /// What a reader must know besides, as sentences.
    pub notes: Vec<String>,
}

/// The map or maps of a figure.
#[derive(Debug, Clone, PartialEq)]
pub enum Body<'run> {
    /// One map with a label at every token.
    Map(LabelledMap<'run>),
    /// Small maps in rows and columns.
    Grid(PanelGrid<'run>),
}

/// One map with its tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledMap<'run> {
    /// Shape `[query, key]`.
    pub matrix: Matrix<'run>,
    /// The labels of the rows and of the columns.
    pub tokens: Vec<TokenLabel>,
    /// Tokens that start another segment than the token before them.
    pub segment_starts: Vec<usize>,
}

/// A token as an axis shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLabel {
    /// What is written: the token's text, or quotation marks around nothing.
    pub text: String,
    /// Special tokens are written in a lighter ink.
    pub special: bool,
}

/// Small maps in rows (layers) and columns (heads).
#[derive(Debug, Clone, PartialEq)]
pub struct PanelGrid<'run> {
    /// A number before each row.
    pub row_labels: Vec<String>,
    /// A number above each column.
    pub column_labels: Vec<String>,
    /// Row after row: shape `[row, column]`.
    pub panels: Vec<Panel<'run>>,
    /// Rows and columns of every panel.
    pub token_count: usize,
    /// Tokens that start another segment than the token before them.
    pub segment_starts: Vec<usize>,
}

/// One of the small maps.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel<'run> {
    /// Shape `[query, key]`.
    pub matrix: Matrix<'run>,
    /// The value of the last colour in this panel.
    pub maximum: f32,
}

/// Values in rows and columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix<'run> {
    /// Row after row.
    pub values: Cow<'run, [f32]>,
    /// Number of rows (queries).
    pub rows: usize,
    /// Number of columns (keys).
    pub columns: usize,
}

/// What the colours stand for: 0 at the first, `range` at the last.
#[derive(Debug, Clone, PartialEq)]
pub struct ColorScale {
    /// The colours.
    pub colormap: Colormap,
    /// The value of the last colour.
    pub range: ColorRange,
    /// What stands beside the colour bar.
    pub label: String,
}

impl ColorScale {
    /// The label up to its first comma: what is measured, without its range.
    pub fn quantity(&self) -> &str {
        self.label.split(',').next().unwrap_or_default()
    }
}

/// The value of the last colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ColorRange {
    /// The same in the whole figure; greater than zero.
    Shared(f32),
    /// Each panel's own maximum, so that the bar can name no number.
    PerPanel,
}
