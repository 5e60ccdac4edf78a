//! How much one unit attends to another in every head: which head links the
//! two.

use super::{Axis, AxisUnit, MapId, Maps};
use crate::attention::HeadId;

/// The attention from one unit to another, head by head.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkByHead {
    /// The label of the unit that attends, with its position where others have
    /// the same.
    pub query: String,
    /// That of the unit that is attended to.
    pub key: String,
    /// The layers: rows.
    pub layers: Vec<usize>,
    /// Every head that any of the layers has: columns.
    pub heads: Vec<usize>,
    /// `[layer, head]`; NaN for a head that a layer lacks.
    pub values: Vec<f32>,
    /// Of each layer whether its mask forbids the link; its values are 0.
    pub is_forbidden: Vec<bool>,
}

/// The attention from a row to a column of some maps in every head; `None`
/// outside them.
pub fn link_by_head(maps: &Maps<'_>, row: usize, column: usize) -> Option<LinkByHead> {
    let (query, key) = (maps.rows.units.get(row)?, maps.columns.units.get(column)?);
    let (layers, heads) = (
        maps.selection.layer_indices(),
        maps.selection.head_indices(),
    );
    let cell = row * maps.columns.len() + column;
    let value = |layer: usize, head: usize| {
        let map = maps.map(MapId::Head(HeadId { layer, head }));
        map.and_then(|map| map.get(cell))
            .copied()
            .unwrap_or(f32::NAN)
    };
    let values = layers.iter().flat_map(|&layer| {
        let heads = heads.iter();
        heads.map(move |&head| value(layer, head))
    });
    Some(LinkByHead {
        values: values.collect(),
        is_forbidden: layers
            .iter()
            .map(|&layer| maps.bounds(MapId::Layer(layer)).forbids(query, key))
            .collect(),
        query: name(&maps.rows, query),
        key: name(&maps.columns, key),
        layers,
        heads,
    })
}

/// What a unit of an axis is called, so that no other is meant.
fn name(axis: &Axis, unit: &AxisUnit) -> String {
    let alike = axis.units.iter().filter(|other| other.label == unit.label);
    match alike.count() {
        1 => unit.label.clone(),
        _ => format!("{} @{}", unit.label, unit.first),
    }
}

impl LinkByHead {
    /// The values as they are drawn: NaN where a mask forbids the link, too.
    pub fn drawn(&self) -> Vec<f32> {
        let mut drawn = self.values.clone();
        let rows = drawn.chunks_exact_mut(self.heads.len().max(1));
        for (row, _) in rows
            .zip(&self.is_forbidden)
            .filter(|(_, forbidden)| **forbidden)
        {
            row.fill(f32::NAN);
        }
        drawn
    }

    /// The heads in which the link is strongest, so many at the most: the
    /// strongest first, equal ones in their order. Where it is 0, or not there,
    /// there is none.
    pub fn strongest(&self, count: usize) -> Vec<(HeadId, f32)> {
        let drawn = self.drawn();
        let layers = self.layers.iter();
        let ids = layers.flat_map(|&layer| {
            let heads = self.heads.iter();
            heads.map(move |&head| HeadId { layer, head })
        });
        let mut strongest: Vec<(HeadId, f32)> =
            ids.zip(drawn).filter(|(_, value)| *value > 0.0).collect();
        // Stable: equal ones stay in their order.
        strongest.sort_by(|(_, left), (_, right)| right.total_cmp(left));
        strongest.truncate(count);
        strongest
    }
}
