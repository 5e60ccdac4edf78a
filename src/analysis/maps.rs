//! What every view takes: matrices over two axes, and what is known of them.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{ReshapeOptions, RolloutOptions};
use crate::attention::{HeadId, Mask, RowSums, Selection};
use crate::input::{SpecialRole, StreamRole, Unit};

/// What the values of maps are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// How much a query attends to a key: a probability, 0 to 1.
    Attention,
    /// Its mean over heads.
    Mean,
    /// Its maximum over heads.
    Maximum,
    /// How much of a key's input could be in a query after a layer.
    Rollout(RolloutOptions),
}

/// Which map of a set of maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MapId {
    /// That of one head.
    Head(HeadId),
    /// All heads of a layer as one.
    Layer(usize),
    /// All heads of all layers as one.
    All,
}

/// A row or column of maps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AxisUnit {
    /// What the axis shows: a unit's label, or the word that pieces make.
    pub label: String,
    /// The vocabulary's own string, or those of the pieces together.
    pub text: String,
    /// Whether it is a unit that tokenizers add: see
    /// [`Unit::is_added`](crate::input::Unit::is_added).
    pub special: bool,
    /// 0 for the first text, 1 for the second.
    pub segment: u32,
    /// Its first unit in the run's stream.
    pub first: usize,
    /// How many of the stream's units it stands for.
    pub count: usize,
}

impl AxisUnit {
    /// Whether it stands for some of the text, as words do and what hides or
    /// replaces one; not for its ends.
    pub fn stands_for_text(&self) -> bool {
        match SpecialRole::of(&self.text) {
            SpecialRole::Mask | SpecialRole::Unknown => true,
            SpecialRole::Classification
            | SpecialRole::Separator
            | SpecialRole::Beginning
            | SpecialRole::End
            | SpecialRole::Padding
            | SpecialRole::Other => !self.special,
        }
    }

    /// The positions in the run's stream that it stands for.
    pub fn positions(&self) -> Range<usize> {
        self.first..self.first.saturating_add(self.count)
    }
}

/// The rows or the columns of maps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// Which stream its units are of.
    pub role: StreamRole,
    /// One for each row or column.
    pub units: Vec<AxisUnit>,
}

impl Axis {
    /// All units of a stream.
    pub fn new(role: StreamRole, units: &[Unit]) -> Self {
        let unit = |(first, unit): (usize, &Unit)| AxisUnit {
            label: unit.label.clone(),
            text: unit.text.clone(),
            special: unit.is_added(),
            segment: unit.segment,
            first,
            count: 1,
        };
        Self {
            role,
            units: units.iter().enumerate().map(unit).collect(),
        }
    }

    /// The number of rows or columns.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// The row or column that stands for the unit at a position of the run's
    /// stream, `None` where it is not shown.
    pub fn index_of(&self, position: usize) -> Option<usize> {
        let mut units = self.units.iter();
        units.position(|unit| unit.positions().contains(&position))
    }

    /// Units that start another segment than the unit before them.
    pub fn segment_starts(&self) -> Vec<usize> {
        let pairs = self.units.windows(2).enumerate();
        pairs
            .filter(|(_, pair)| pair[0].segment != pair[1].segment)
            .map(|(index, _)| index + 1)
            .collect()
    }
}

/// Maps over the same two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Maps<'run> {
    /// What the values are.
    pub measure: Measure,
    /// What was done to the run.
    pub reshape: ReshapeOptions,
    /// The queries.
    pub rows: Axis,
    /// The keys.
    pub columns: Axis,
    /// Which maps there are.
    pub ids: Vec<MapId>,
    /// The heads that the maps are of, layer by layer.
    pub selection: Selection,
    /// What each layer of the selection may attend to, by the run's own units.
    pub masks: Vec<Mask>,
    /// `[map, row, column]`, contiguous in that order; 0 for what a mask
    /// forbids.
    pub values: Cow<'run, [f32]>,
    /// The greatest value of all head maps that these come from.
    pub head_maximum: f32,
    /// What rows sum to.
    pub row_sums: RowSums,
    /// What was done to the run's attention, as sentences.
    pub notes: Vec<String>,
}

impl Maps<'_> {
    /// The number of values of one map.
    pub fn map_size(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// A map: `[row, column]`, `None` where there is no such one.
    pub fn map(&self, id: MapId) -> Option<&[f32]> {
        let position = self.ids.iter().position(|held| *held == id)?;
        let size = self.map_size();
        self.values.get(position * size..(position + 1) * size)
    }

    /// A map as it is drawn: NaN in the cells that are not there, because a mask
    /// forbids them.
    pub fn drawn(&self, id: MapId) -> Option<Cow<'_, [f32]>> {
        let values = self.map(id)?;
        if !self.has_forbidden(id) {
            return Some(Cow::Borrowed(values));
        }
        let bounds = self.bounds(id);
        let mut drawn = values.to_vec();
        let rows = drawn.chunks_exact_mut(self.columns.len().max(1));
        for (row, query) in rows.zip(&self.rows.units) {
            for (value, key) in row.iter_mut().zip(&self.columns.units) {
                if bounds.forbids(query, key) {
                    *value = f32::NAN;
                }
            }
        }
        Some(Cow::Owned(drawn))
    }

    /// Every map.
    pub fn iter(&self) -> impl Iterator<Item = (MapId, &[f32])> {
        let maps = self.values.chunks_exact(self.map_size().max(1));
        self.ids.iter().copied().zip(maps)
    }

    /// Whether rows and columns are the same units.
    pub fn is_square(&self) -> bool {
        self.rows == self.columns
    }

    /// The same, without borrowing from the run.
    #[must_use]
    pub fn into_owned(self) -> Maps<'static> {
        Maps {
            values: Cow::Owned(self.values.into_owned()),
            measure: self.measure,
            reshape: self.reshape,
            rows: self.rows,
            columns: self.columns,
            ids: self.ids,
            selection: self.selection,
            masks: self.masks,
            head_maximum: self.head_maximum,
            row_sums: self.row_sums,
            notes: self.notes,
        }
    }
}
