//! Which figures there are of a run: the views that users ask for, and the
//! pictures that each of them is.

use std::collections::BTreeSet;
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
        /// The list with the first token in its place.
        views: String,
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
        /// The list with the first token in the place of both.
        views: String,
    },
}

impl ViewError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Unknown { nearest, .. } => Remedy::NameView {
                view: nearest.clone(),
            },
            Self::NoUnit { views, .. } | Self::TextWithComma { views, .. } => {
                Remedy::NameUnitByPosition {
                    views: views.clone(),
                }
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
        let typed = cut(text);
        let mut views: Vec<Self> = Vec::new();
        for (index, view) in typed.iter().enumerate() {
            let view = view.parse();
            views.push(view.map_err(|error| in_list(error, &typed, index, views.last()))?);
        }
        Ok(views)
    }

    /// Whether the view is of something that is shown of the run.
    fn check(&self, run: &Run, maps: &Maps<'_>) -> Result<(), FigureError> {
        match self {
            Self::Heads | Self::Overview | Self::Mean | Self::Max => Ok(()),
            Self::Unit(direction, choice) => choice.resolve(*direction, run, maps).map(|_| ()),
        }
    }
}

/// Whether all views are of something that is shown of the run, asked before
/// any is drawn.
///
/// # Errors
/// Why one is not, with the others, so that the whole list can be typed again.
pub fn check_views(run: &Run, maps: &Maps<'_>, views: &BTreeSet<View>) -> Result<(), FigureError> {
    let wrong = |view: &View| Some((view.clone(), view.check(run, maps).err()?));
    let Some((wrong, error)) = views.iter().find_map(wrong) else {
        return Ok(());
    };
    // What is wrong itself is no part of what to type.
    let others = views.iter().filter(|view| **view != wrong);
    let others = others.filter(|view| view.check(run, maps).is_ok());
    Err(FigureError::OfView {
        others: others.cloned().collect(),
        error: Box::new(error),
    })
}

/// The parts of a list, each perhaps a view.
fn cut(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = Some(text);
    while let Some(list) = rest {
        let (first, behind) = list.split_at(end_of_first(list));
        parts.push(first);
        rest = behind.strip_prefix(',');
    }
    parts
}

/// What is wrong at a place of a list, with the list that may have been meant.
fn in_list(error: ViewError, typed: &[&str], index: usize, before: Option<&View>) -> ViewError {
    let behind = typed.get(index + 1..).unwrap_or_default();
    // What is wrong itself is no part of what to type.
    let are_views = behind.iter().all(|view| view.parse::<View>().is_ok());
    let behind = if are_views { behind } else { &[] };
    let with = |kept: usize, view: String| {
        let kept = typed.get(..kept).unwrap_or_default();
        [kept, &[view.as_str()], behind].concat().join(",")
    };
    match (error, before) {
        (ViewError::Unknown { found, .. }, Some(before @ View::Unit(direction, _))) => {
            ViewError::TextWithComma {
                found,
                view: before.to_string(),
                prefix: direction.prefix(),
                // In the place of the view whose text it ends.
                views: with(index - 1, first_of(direction.prefix())),
            }
        }
        (ViewError::Unknown { found, nearest }, _) => ViewError::Unknown {
            found,
            nearest: with(index, nearest),
        },
        (ViewError::NoUnit { prefix, views }, _) => ViewError::NoUnit {
            prefix,
            views: with(index, views),
        },
        (error @ ViewError::TextWithComma { .. }, _) => error,
    }
}

/// The view of the first unit, which every run has.
fn first_of(prefix: &str) -> String {
    format!("{prefix}@0")
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
                Some("") => {
                    let views = first_of(prefix);
                    return Err(ViewError::NoUnit { prefix, views });
                }
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

/// The view that a misspelt one was most likely meant to be; the overview where
/// none is near.
fn nearest(found: &str) -> String {
    let found = found.trim();
    let is_near = |name: &str, other: &str| osa_distance(name, other) <= 2;
    if let Some((name, unit)) = found.split_once([':', '=', ' ']) {
        let name = name.to_lowercase();
        let prefixes = [Direction::To, Direction::From].map(Direction::prefix);
        let distance = |prefix: &&str| osa_distance(&name, prefix.trim_end_matches(':'));
        let prefix = prefixes.into_iter().min_by_key(distance);
        let prefix = prefix.filter(|prefix| is_near(&name, prefix.trim_end_matches(':')));
        if let Some(prefix) = prefix.filter(|_| !unit.trim().is_empty()) {
            return format!("{prefix}{}", unit.trim());
        }
    }
    let name = found.to_lowercase();
    let name = name.trim_end_matches(':');
    let names = ["heads", "overview", "mean", "max", "from", "to"].into_iter();
    let nearest = names.min_by_key(|other| osa_distance(name, other));
    match nearest.filter(|nearest| !name.is_empty() && is_near(name, nearest)) {
        Some(direction @ ("from" | "to")) => first_of(&format!("{direction}:")),
        Some(name) => name.to_owned(),
        None => "overview".to_owned(),
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
