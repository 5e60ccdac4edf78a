//! Why there is no figure of what was asked for.

use thiserror::Error;

use super::{UnitChoice, View, scale};
use crate::analysis::{Crop, Direction, RolloutError};
use crate::attention::HeadId;
use crate::remedy::{HiddenUnits, Remedy};

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
    /// One end of a link is no unit that is shown.
    #[error("{error}")]
    OfLink {
        /// Why it is none.
        error: Box<FigureError>,
        /// Both ends as they were asked for, except that the other one is right:
        /// query and key.
        ends: Box<[UnitChoice; 2]>,
    },
    /// The unit that a text is shaded by is none that is shown.
    #[error("{error}")]
    OfText {
        /// Why it is none.
        error: Box<FigureError>,
    },
    /// There is no rollout.
    #[error(transparent)]
    Rollout(#[from] RolloutError),
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
    /// Two sides are not over the same units.
    #[error(
        "expected two maps of one size, found {} × {} on the left and {} × {} on the right",
        .left[0], .left[1], .right[0], .right[1]
    )]
    UnlikeMaps {
        /// Rows and columns of the left side.
        left: [usize; 2],
        /// Rows and columns of the right side.
        right: [usize; 2],
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
        self.remedy_beside(&[], Whose::Profile)
    }

    /// What the user can do about it and keep these views; `whose` is the view
    /// whose unit is wrong.
    fn remedy_beside(&self, others: &[View], whose: Whose<'_>) -> Option<Remedy> {
        let view =
            |direction: Direction, position: usize| with_unit(others, whose, direction, position);
        let name_unit = |direction: Direction, positions: &[usize]| Remedy::NameUnit {
            choices: positions
                .iter()
                .map(|&position| view(direction, position))
                .collect(),
        };
        match self {
            Self::OfView { error, others } => error.remedy_beside(others, whose),
            Self::OfLink { error, ends } => error.remedy_beside(others, Whose::Link(ends)),
            Self::OfText { error } => error.remedy_beside(others, Whose::Text),
            Self::Rollout(error) => error.remedy(),
            Self::NoSuchPosition { direction, .. } => {
                Some(name_unit(*direction, &[self.meant_position()]))
            }
            Self::NoSuchToken {
                direction,
                suggested,
                listing,
                ..
            } => match suggested.as_slice() {
                [] => listing
                    .as_deref()
                    .cloned()
                    .or_else(|| Some(name_unit(*direction, &[self.meant_position()]))),
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
                views: is_ambiguous.then(|| view(*direction, *position)),
                crop: crop.map(|Crop { first, last }| (first.min(*position), last.max(*position))),
                hidden: *hidden,
            }),
            Self::NoSuchHead { .. }
            | Self::NoSuchLayer { .. }
            | Self::NothingJoined
            | Self::UnlikeMaps { .. } => None,
        }
    }

    /// The position that was most likely meant by a unit that is wrong; the
    /// first one where nobody can say.
    pub(super) fn meant_position(&self) -> usize {
        match self {
            Self::OfView { error, .. } | Self::OfLink { error, .. } | Self::OfText { error } => {
                error.meant_position()
            }
            Self::NoSuchPosition { count, .. } => count.saturating_sub(1),
            Self::NoSuchToken {
                suggested, tokens, ..
            } => {
                let first = tokens.first().map(|(position, _)| *position);
                suggested.first().copied().or(first).unwrap_or(0)
            }
            Self::SeveralTokens { positions, .. } => positions.first().copied().unwrap_or(0),
            Self::HiddenUnit { position, .. } => *position,
            Self::Rollout(_)
            | Self::EmptyRange { .. }
            | Self::LogarithmOfNothing { .. }
            | Self::NothingAbove { .. }
            | Self::TooManyPanels { .. }
            | Self::NoSuchHead { .. }
            | Self::NoSuchLayer { .. }
            | Self::NothingJoined
            | Self::UnlikeMaps { .. } => 0,
        }
    }
}

/// Which view a unit is of.
#[derive(Clone, Copy)]
enum Whose<'ends> {
    /// One of what a unit attends to, or of what attends to it.
    Profile,
    /// One between these two.
    Link(&'ends [UnitChoice; 2]),
    /// One of the text.
    Text,
}

/// A list of views with that of a unit at the end.
fn with_unit(others: &[View], whose: Whose<'_>, direction: Direction, position: usize) -> String {
    let unit = UnitChoice::Position(position);
    let view = match (whose, direction) {
        (Whose::Profile, _) => View::Unit(direction, unit),
        (Whose::Link([_, to]), Direction::From) => View::Link(unit, to.clone()),
        (Whose::Link([from, _]), Direction::To) => View::Link(from.clone(), unit),
        (Whose::Text, _) => View::Text(Some(unit)),
    };
    let views = others.iter().chain([&view]).map(View::to_string);
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
