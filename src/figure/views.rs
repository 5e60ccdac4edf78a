//! Which figures there are of a run: the views that users ask for, as they are
//! typed.

use std::fmt;
use std::str::FromStr;

use strsim::osa_distance;
use thiserror::Error;

use super::UnitChoice;
use crate::analysis::{Direction, Score};
use crate::remedy::Remedy;

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
    /// How much one unit attends to another in every head.
    Link(UnitChoice, UnitChoice),
    /// How much of each input unit could be in each unit: a picture after the
    /// last layer, and one of all layers.
    Rollout,
    /// How alike the heads are.
    Similarity,
    /// What each head does.
    Scores,
    /// Every head as lines from queries to keys.
    Lines,
    /// The input, its units shaded by what one of them attends to; or, where none
    /// is named, by the attention that they receive.
    Text(Option<UnitChoice>),
}

/// What is typed where views are named.
const NAMES: &str = "heads, overview, mean, max, from:TOKEN, to:TOKEN, link:FROM:TO, rollout, \
                     similarity, scores, lines, text, text:TOKEN";

/// What stands before the two units of a link.
const LINK: &str = "link:";

/// What stands before the unit whose attention shades the text.
const TEXT: &str = "text:";

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
        /// `from:`, `to:` or `text:`.
        prefix: &'static str,
        /// The list with the first token in its place.
        views: String,
    },
    /// A comma ended the text of a token.
    #[error(
        "unknown view {found:?}: a comma ends the text of {view:?}, so a token with one in it is \
         named by its position, such as {example}"
    )]
    TextWithComma {
        /// What was typed behind the comma.
        found: String,
        /// The view before it.
        view: String,
        /// The same view of a position.
        example: &'static str,
        /// The list with the first token in the place of both.
        views: String,
    },
    /// A link is between two tokens.
    #[error(
        "expected two tokens behind \"link:\", such as link:it:animal, found {found:?}{}",
        if *has_more { "; a token with a colon in it is named by its position" } else { "" }
    )]
    NotTwoUnits {
        /// What was typed behind it.
        found: String,
        /// Whether there are more than two.
        has_more: bool,
        /// The list with the first two tokens in their place, or with those that
        /// were meant.
        views: String,
        /// Whether these are what was most likely meant.
        is_meant: bool,
    },
}

impl ViewError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Unknown { nearest, .. } => Remedy::NameView {
                view: nearest.clone(),
            },
            Self::NotTwoUnits {
                views,
                is_meant: true,
                ..
            } => Remedy::NameView {
                view: views.clone(),
            },
            Self::NoUnit { views, .. }
            | Self::TextWithComma { views, .. }
            | Self::NotTwoUnits { views, .. } => Remedy::NameUnitByPosition {
                views: views.clone(),
            },
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

    /// Whether the view is of numbers that are not in every file.
    pub fn has_numbers(&self) -> bool {
        match self {
            Self::Heads | Self::Overview | Self::Lines => false,
            Self::Mean
            | Self::Max
            | Self::Unit(..)
            | Self::Link(..)
            | Self::Rollout
            | Self::Similarity
            | Self::Scores
            | Self::Text(_) => true,
        }
    }
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
                example: match direction {
                    Direction::From => "from:@3",
                    Direction::To => "to:@3",
                },
                // In the place of the view whose text it ends.
                views: with(index - 1, first_of(direction.prefix())),
            }
        }
        (ViewError::Unknown { found, .. }, Some(before @ View::Text(Some(_)))) => {
            ViewError::TextWithComma {
                found,
                view: before.to_string(),
                example: "text:@3",
                views: with(index - 1, first_of(TEXT)),
            }
        }
        (ViewError::Unknown { found, .. }, Some(before @ View::Link(..))) => {
            ViewError::TextWithComma {
                found,
                view: before.to_string(),
                example: "link:@3:@1",
                views: with(index - 1, first_of(LINK)),
            }
        }
        (
            ViewError::NotTwoUnits {
                found,
                has_more,
                views,
                ..
            },
            _,
        ) => {
            // A comma instead of the colon.
            let joined = typed
                .get(index + 1)
                .filter(|next| !has_more && next.parse::<View>().is_err())
                .map(|next| format!("{LINK}{found}:{next}"))
                .filter(|joined| joined.parse::<View>().is_ok());
            let rest = typed.get(index + 2..).unwrap_or_default();
            let are_views = rest.iter().all(|view| view.parse::<View>().is_ok());
            match joined.filter(|_| are_views) {
                Some(joined) => ViewError::NotTwoUnits {
                    found,
                    has_more,
                    views: [&typed[..index], &[joined.as_str()], rest]
                        .concat()
                        .join(","),
                    is_meant: true,
                },
                None => ViewError::NotTwoUnits {
                    found,
                    has_more,
                    views: with(index, views),
                    is_meant: false,
                },
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

/// The view of the first unit, which every run has; the link from the second
/// to that.
fn first_of(prefix: &str) -> String {
    match prefix {
        LINK => format!("{prefix}@1:@0"),
        _ => format!("{prefix}@0"),
    }
}

/// Where the first view of a list ends.
fn end_of_first(list: &str) -> usize {
    if let Some(units) = list.strip_prefix(LINK) {
        return LINK.len() + end_of_units(units);
    }
    let prefixes = [Direction::From.prefix(), Direction::To.prefix(), TEXT];
    let comma = prefixes.into_iter().filter_map(|prefix| {
        let unit = list.strip_prefix(prefix)?;
        let is_comma = unit == "," || unit.starts_with(",,");
        is_comma.then(|| prefix.len() + 1)
    });
    comma.chain(list.find(',')).next().unwrap_or(list.len())
}

/// Where the two units of a link end: at a comma that is not one of them.
fn end_of_units(units: &str) -> usize {
    let comma_from = |start: usize| units.get(start..)?.find(',').map(|comma| start + comma);
    let end = match units.starts_with(",:") || units.starts_with("::") {
        true => Some(1),
        false => units.find([':', ',']),
    };
    let second = match end {
        Some(end) if units[end..].starts_with(':') => end + 1,
        Some(_) | None => return end.unwrap_or(units.len()),
    };
    let is_comma = units[second..] == *"," || units[second..].starts_with(",,");
    match is_comma {
        true => second + 1,
        false => comma_from(second).unwrap_or(units.len()),
    }
}

/// The two units of a link with a colon between them, each of which may be a
/// lone colon.
fn link_of(found: &str) -> Result<View, ViewError> {
    let not_two = |has_more: bool| ViewError::NotTwoUnits {
        found: found.to_owned(),
        has_more,
        views: first_of(LINK),
        is_meant: false,
    };
    let (from, to) = match found.strip_prefix("::") {
        Some(to) => (":", to),
        None => found.split_once(':').ok_or_else(|| not_two(false))?,
    };
    match (
        from.is_empty() || to.is_empty(),
        to == ":" || !to.contains(':'),
    ) {
        (true, _) => Err(not_two(false)),
        (false, false) => Err(not_two(true)),
        (false, true) => Ok(View::Link(UnitChoice::new(from), UnitChoice::new(to))),
    }
}

impl FromStr for View {
    type Err = ViewError;

    fn from_str(found: &str) -> Result<Self, ViewError> {
        if let Some(units) = found.strip_prefix(LINK) {
            return link_of(units);
        }
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
        match found.strip_prefix(TEXT) {
            Some("") => {
                return Err(ViewError::NoUnit {
                    prefix: TEXT,
                    views: first_of(TEXT),
                });
            }
            Some(unit) => return Ok(Self::Text(Some(UnitChoice::new(unit)))),
            None => {}
        }
        match found {
            "heads" => Ok(Self::Heads),
            "overview" => Ok(Self::Overview),
            "mean" => Ok(Self::Mean),
            "max" => Ok(Self::Max),
            "rollout" => Ok(Self::Rollout),
            "similarity" => Ok(Self::Similarity),
            "scores" => Ok(Self::Scores),
            "lines" => Ok(Self::Lines),
            "text" => Ok(Self::Text(None)),
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
        let prefixes = [Direction::To.prefix(), Direction::From.prefix(), LINK, TEXT];
        let distance = |prefix: &&str| osa_distance(&name, prefix.trim_end_matches(':'));
        let prefix = prefixes.into_iter().min_by_key(distance);
        let prefix = prefix.filter(|prefix| is_near(&name, prefix.trim_end_matches(':')));
        if let Some(prefix) = prefix.filter(|_| !unit.trim().is_empty()) {
            let view = format!("{prefix}{}", unit.trim());
            return match view.parse::<View>() {
                Ok(_) => view,
                Err(_) => first_of(prefix),
            };
        }
    }
    let name = found.to_lowercase();
    let name = name.trim_end_matches(':');
    // What is the name of one of them is meant to be all of them.
    if name.parse::<Score>().is_ok() {
        return "scores".to_owned();
    }
    let names = [
        "heads",
        "overview",
        "mean",
        "max",
        "from",
        "to",
        "lines",
        "link",
        "rollout",
        "similarity",
        "scores",
        "text",
    ];
    let nearest = names
        .into_iter()
        .min_by_key(|other| osa_distance(name, other));
    match nearest.filter(|nearest| !name.is_empty() && is_near(name, nearest)) {
        Some(direction @ ("from" | "to" | "link")) => first_of(&format!("{direction}:")),
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
            Self::Link(from, to) => write!(formatter, "{LINK}{from}:{to}"),
            Self::Rollout => formatter.write_str("rollout"),
            Self::Similarity => formatter.write_str("similarity"),
            Self::Scores => formatter.write_str("scores"),
            Self::Lines => formatter.write_str("lines"),
            Self::Text(None) => formatter.write_str("text"),
            Self::Text(Some(choice)) => write!(formatter, "{TEXT}{choice}"),
        }
    }
}
