//! Which figures there are of a run: the views that users ask for, and the
//! pictures that each of them is.

use std::fmt;
use std::str::FromStr;

use super::{Figure, FigureError, FigureOptions, overview, single_map, unit_profile};
use crate::analysis::{Axis, AxisUnit, Direction, MapId, Maps, Reduction, Reductions};
use crate::attention::{HeadId, Selection};
use crate::names::UnknownName;
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

/// A unit of the input, as it is named on the command line: by its text, or by
/// its position among the shown units, counted from zero, where none has that
/// text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitChoice(String);

impl UnitChoice {
    /// The position on an axis; `input` are all units of its stream, shown or
    /// not.
    ///
    /// # Errors
    /// When there is no such unit, more than one, or it is not shown.
    pub fn resolve(&self, axis: &Axis, input: &Axis) -> Result<usize, FigureError> {
        let text = &self.0;
        let count = axis.len();
        let is_called = |unit: &AxisUnit| unit.label == *text || unit.text == *text;
        let positions: Vec<usize> = (0..count)
            .filter(|&position| is_called(&axis.units[position]))
            .collect();
        match (positions.as_slice(), text.parse()) {
            ([position], _) => Ok(*position),
            // A number that is a hidden unit's text means that unit.
            ([], _) if input.units.iter().any(is_called) => {
                let text = text.clone();
                Err(FigureError::HiddenUnit { text })
            }
            ([], Ok(position)) if position < count => Ok(position),
            ([], Ok(found)) => Err(FigureError::NoSuchPosition { found, count }),
            ([], Err(_)) => Err(FigureError::NoSuchToken {
                text: text.clone(),
                tokens: axis.units.iter().map(|unit| unit.label.clone()).collect(),
            }),
            _ => Err(FigureError::SeveralTokens {
                text: text.clone(),
                positions,
            }),
        }
    }
}

impl fmt::Display for UnitChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for View {
    type Err = UnknownName;

    fn from_str(found: &str) -> Result<Self, UnknownName> {
        let unit = |prefix: &str, direction| {
            let text = found.strip_prefix(prefix)?;
            (!text.is_empty()).then(|| Self::Unit(direction, UnitChoice(text.to_owned())))
        };
        match found {
            "heads" => Ok(Self::Heads),
            "overview" => Ok(Self::Overview),
            "mean" => Ok(Self::Mean),
            "max" => Ok(Self::Max),
            _ => unit("from:", Direction::From)
                .or_else(|| unit("to:", Direction::To))
                .ok_or_else(|| UnknownName {
                    kind: "view",
                    found: found.to_owned(),
                    expected: "heads, overview, mean, max, from:TOKEN, to:TOKEN".to_owned(),
                }),
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
            Self::Unit(Direction::From, choice) => write!(formatter, "from:{choice}"),
            Self::Unit(Direction::To, choice) => write!(formatter, "to:{choice}"),
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
            let [held, _] = direction.axes(maps);
            let input = Axis::new(held.role, run.units(held.role));
            let position = choice.resolve(held, &input)?;
            unit_profile(run, maps, *direction, position, options)
        }
    }
}
