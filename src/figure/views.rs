//! Which figures there are of a run: the views that users ask for, and the
//! pictures that each of them is.

use std::fmt;
use std::str::FromStr;

use strsim::osa_distance;
use thiserror::Error;

use super::{Figure, FigureError, FigureOptions, UnitChoice, overview, single_map, unit_profile};
use crate::analysis::{Direction, MapId, Maps, Reduction, Reductions};
use crate::attention::{HeadId, Selection};
use crate::remedy::Remedy;
use crate::run::Run;

/// Which pictures are drawn of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// One picture of every head.
    Heads,
    /// The grid of all heads.
    Overview,
    /// The mean over heads: a picture of every layer, and one of all.
    Mean,
    /// The maximum over heads: a picture of every layer, and one of all.
    Max,
    /// What one unit attends to, or what attends to it.
    Unit(Direction, UnitChoice),
}

/// What is typed where views are named.
const NAMES: &str = "heads, overview, mean, max, from:TOKEN, to:TOKEN";

/// The text names no view.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ViewError {
    /// There is no view of that name.
    #[error("unknown view {found:?}, expected one of: {NAMES}")]
    Unknown {
        /// What was typed.
        found: String,
        /// The list with the view that looks most like it.
        nearest: String,
    },
    /// The view is of a token, and none is named.
    #[error("expected a token behind {prefix:?}, found none; views are: {NAMES}")]
    NoUnit {
        /// `from:` or `to:`.
        prefix: &'static str,
    },
    /// A comma ended the text of a token.
    #[error(
        "unknown view {found:?}: a comma ends the text of {view:?}, so a token with one in it is \
         named by its position, such as {prefix}@3"
    )]
    TextWithComma {
        /// What was typed behind the comma.
        found: String,
        /// The view before it.
        view: String,
        /// `from:` or `to:`.
        prefix: &'static str,
    },
}

impl ViewError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Unknown { nearest, .. } => Remedy::NameView {
                view: nearest.clone(),
            },
            Self::NoUnit { prefix } | Self::TextWithComma { prefix, .. } => {
                Remedy::NameUnitByPosition { prefix }
            }
        })
    }
}

impl View {
    /// The views of a list with a comma between two of them. A unit that is a
    /// lone comma may be named all the same: `heads,from:,,to:.`
    ///
    /// # Errors
    /// When something in it is no view.
    pub fn list(text: &str) -> Result<Vec<Self>, ViewError> {
        let mut views: Vec<Self> = Vec::new();
        let mut rest = Some(text);
        while let Some(list) = rest {
            let end = end_of_first(list);
            let found = &list[..end];
            let view = found.parse().map_err(|error| match (error, views.last()) {
                (ViewError::Unknown { .. }, Some(before @ Self::Unit(direction, _))) => {
                    ViewError::TextWithComma {
                        found: found.to_owned(),
                        view: before.to_string(),
                        prefix: direction.prefix(),
                    }
                }
                (ViewError::Unknown { found, nearest }, _) => {
                    let kept = &text[..text.len() - list.len()];
                    // What is wrong itself is no part of what to type.
                    let behind = match list[end..].strip_prefix(',').map(Self::list) {
                        Some(Ok(_)) => &list[end..],
                        Some(Err(_)) | None => "",
                    };
                    let nearest = format!("{kept}{nearest}{behind}");
                    ViewError::Unknown { found, nearest }
                }
                (error @ (ViewError::NoUnit { .. } | ViewError::TextWithComma { .. }), _) => error,
            })?;
            views.push(view);
            rest = list[end..].strip_prefix(',');
        }
        Ok(views)
    }
}

/// Where the first view of a list ends.
fn end_of_first(list: &str) -> usize {
    let directions = [Direction::From, Direction::To].into_iter();
    let comma = directions.filter_map(|direction| {
        let unit = list.strip_prefix(direction.prefix())?;
        let is_comma = unit == "," || unit.starts_with(",,");
        is_comma.then(|| direction.prefix().len() + 1)
    });
    comma.chain(list.find(',')).next().unwrap_or(list.len())
}

impl FromStr for View {
    type Err = ViewError;

    fn from_str(found: &str) -> Result<Self, ViewError> {
        for direction in [Direction::From, Direction::To] {
            let prefix = direction.prefix();
            match found.strip_prefix(prefix) {
                Some("") => return Err(ViewError::NoUnit { prefix }),
                Some(unit) => return Ok(Self::Unit(direction, UnitChoice::new(unit))),
                None => {}
            }
        }
        match found {
            "heads" => Ok(Self::Heads),
            "overview" => Ok(Self::Overview),
            "mean" => Ok(Self::Mean),
            "max" => Ok(Self::Max),
            _ => Err(ViewError::Unknown {
                found: found.to_owned(),
                nearest: nearest(found),
            }),
        }
    }
}

/// The view that a misspelt one was most likely meant to be.
fn nearest(found: &str) -> String {
    match found.split_once(':') {
        Some((name, unit)) if !unit.is_empty() => {
            let prefix = match osa_distance(name, "to") < osa_distance(name, "from") {
                true => Direction::To.prefix(),
                false => Direction::From.prefix(),
            };
            format!("{prefix}{unit}")
        }
        _ => {
            let name = found.to_lowercase();
            let name = name.trim_end_matches(':');
            let names = ["heads", "overview", "mean", "max", "from", "to"].into_iter();
            let nearest = names.min_by_key(|other| osa_distance(name, other));
            match nearest.unwrap_or("heads") {
                // Every run has a first token.
                direction @ ("from" | "to") => format!("{direction}:@0"),
                name => name.to_owned(),
            }
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Heads => formatter.write_str("heads"),
            Self::Overview => formatter.write_str("overview"),
            Self::Mean => formatter.write_str("mean"),
            Self::Max => formatter.write_str("max"),
            Self::Unit(direction, choice) => {
                write!(formatter, "{}{choice}", direction.prefix())
            }
        }
    }
}

/// One picture of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PictureId {
    /// All heads in a grid.
    Overview,
    /// The map of a head.
    Head(HeadId),
    /// Heads as one map: those of a layer, or all.
    Joined(Reduction, MapId),
    /// A unit's profile.
    Unit(Direction, UnitChoice),
}

impl View {
    /// The pictures of the view, where these heads are shown.
    pub fn pictures(&self, selection: &Selection) -> Vec<PictureId> {
        let joined = |reduction| {
            let layers = selection.layer_indices().into_iter();
            let maps = layers.map(MapId::Layer).chain([MapId::All]);
            maps.map(|id| PictureId::Joined(reduction, id)).collect()
        };
        match self {
            Self::Heads => selection.head_ids().map(PictureId::Head).collect(),
            Self::Overview => vec![PictureId::Overview],
            Self::Mean => joined(Reduction::Mean),
            Self::Max => joined(Reduction::Max),
            Self::Unit(direction, choice) => vec![PictureId::Unit(*direction, choice.clone())],
        }
    }
}

/// The figure of a picture.
///
/// # Errors
/// When the run has nothing of what the picture shows, or the options name no
/// range.
pub fn figure<'maps>(
    run: &Run,
    maps: &'maps Maps<'_>,
    reductions: &'maps Reductions<'_>,
    picture: &PictureId,
    options: &FigureOptions,
) -> Result<Figure<'maps>, FigureError> {
    match picture {
        PictureId::Overview => overview(run, maps, options),
        PictureId::Head(head) => single_map(run, maps, MapId::Head(*head), options),
        PictureId::Joined(reduction, id) => {
            single_map(run, reductions.get(*reduction), *id, options)
        }
        PictureId::Unit(direction, choice) => {
            let position = choice.resolve(*direction, run, maps)?;
            unit_profile(run, maps, *direction, position, options)
        }
    }
}
