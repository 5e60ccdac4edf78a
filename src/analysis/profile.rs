//! What one unit attends to, or what attends to it.

use super::{Axis, MapId, Maps, Reduction, reduce};

/// Which end of the links is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// What one query attends to: a row.
    From,
    /// What attends to one key: a column.
    To,
}

impl Direction {
    /// What stands before the unit in the name of a view.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::From => "from:",
            Self::To => "to:",
        }
    }

    /// The axis of the unit that is held, and the one that is run along.
    pub fn axes<'maps>(self, maps: &'maps Maps<'_>) -> [&'maps Axis; 2] {
        match self {
            Self::From => [&maps.rows, &maps.columns],
            Self::To => [&maps.columns, &maps.rows],
        }
    }
}

/// What one unit gives to, or gets from, every unit of the other axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The mean over all heads of all layers: `[unit]`; NaN for a link that a
    /// mask forbids.
    pub mean: Vec<f32>,
    /// The mean over each layer's heads: `[layer, unit]`, likewise.
    pub by_layer: Vec<Vec<f32>>,
}

/// The attention that every key receives, the mean over the queries that may
/// attend to it; `None` where there is no map.
pub fn received_profile(maps: &Maps<'_>) -> Option<Profile> {
    let column_count = maps.columns.len();
    let line = |map: &[f32]| -> Vec<f32> {
        let column = |column: usize| {
            let values = map.iter().skip(column).step_by(column_count.max(1));
            let present = values.filter(|value| !value.is_nan());
            let (sum, count) = present.fold((0.0, 0_u32), |(sum, count), &value| {
                (sum + f64::from(value), count + 1)
            });
            (sum / f64::from(count)) as f32
        };
        (0..column_count).map(column).collect()
    };
    let means = reduce(maps, Reduction::Mean);
    let layers = means.ids.iter().filter(|id| **id != MapId::All);
    Some(Profile {
        mean: line(&means.drawn(MapId::All)?),
        by_layer: layers
            .filter_map(|&id| Some(line(&means.drawn(id)?)))
            .collect(),
    })
}

/// The profile of the unit at a position of its axis, `None` outside it.
pub fn profile(maps: &Maps<'_>, direction: Direction, position: usize) -> Option<Profile> {
    let [held, along] = direction.axes(maps);
    if position >= held.len() {
        return None;
    }
    let column_count = maps.columns.len();
    let line = |map: &[f32]| -> Vec<f32> {
        (0..along.len())
            .map(|other| match direction {
                Direction::From => map[position * column_count + other],
                Direction::To => map[other * column_count + position],
            })
            .collect()
    };
    let means = reduce(maps, Reduction::Mean);
    let layers = means.ids.iter().filter(|id| **id != MapId::All);
    Some(Profile {
        mean: line(&means.drawn(MapId::All)?),
        by_layer: layers
            .filter_map(|&id| Some(line(&means.drawn(id)?)))
            .collect(),
    })
}
