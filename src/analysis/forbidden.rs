//! Which cells of maps are not there, because a mask forbids them, and the
//! sentences that say so.

use super::{Axis, AxisUnit, MapId, Maps, Measure};
use crate::attention::Mask;
use crate::ranges::{joined, ranges};

/// Which keys a query may attend to: those from so many before it to so many
/// after it, `None` without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    behind: Option<usize>,
    ahead: Option<usize>,
}

impl From<Mask> for Bounds {
    fn from(mask: Mask) -> Self {
        let (behind, ahead) = match mask {
            Mask::Full => (None, None),
            Mask::Causal => (None, Some(0)),
            Mask::Window { behind, ahead } => (Some(behind), Some(ahead)),
        };
        Self { behind, ahead }
    }
}

impl Bounds {
    /// None: every query may attend to every key.
    pub(super) const NONE: Self = Self {
        behind: None,
        ahead: None,
    };

    /// What one of the two allows.
    fn or(self, other: Self) -> Self {
        let greater = |left: Option<usize>, right: Option<usize>| Some(left?.max(right?));
        Self {
            behind: greater(self.behind, other.behind),
            ahead: greater(self.ahead, other.ahead),
        }
    }

    /// Whether no unit that a row stands for may attend to one that a column
    /// stands for.
    pub(super) fn forbids(self, query: &AxisUnit, key: &AxisUnit) -> bool {
        let last = |unit: &AxisUnit| unit.positions().end.saturating_sub(1);
        let is_beyond = |ahead: usize| key.first > last(query).saturating_add(ahead);
        let is_before = |behind: usize| last(key).saturating_add(behind) < query.first;
        self.ahead.is_some_and(is_beyond) || self.behind.is_some_and(is_before)
    }

    /// The ends that forbid some cell of these rows and columns.
    fn within(self, rows: &Axis, columns: &Axis) -> Self {
        let forbids = |bounds: Self, [query, key]: [Option<&AxisUnit>; 2]| {
            query
                .zip(key)
                .is_some_and(|(query, key)| bounds.forbids(query, key))
        };
        let (first, last) = (rows.units.first(), rows.units.last());
        let ahead = Self {
            behind: None,
            ..self
        };
        let behind = Self {
            ahead: None,
            ..self
        };
        Self {
            behind: self
                .behind
                .filter(|_| forbids(behind, [last, columns.units.first()])),
            ahead: self
                .ahead
                .filter(|_| forbids(ahead, [first, columns.units.last()])),
        }
    }

    /// What a token does not attend to, in words; `None` where it may attend to
    /// all.
    fn in_words(self) -> Option<String> {
        Some(match (self.behind, self.ahead) {
            (None, None) => return None,
            (None, Some(0)) => "a later one, as in a decoder".to_owned(),
            (None, Some(ahead)) => format!("one more than {ahead} after it"),
            (Some(behind), None) => format!("one more than {behind} before it"),
            (Some(behind), Some(0)) => {
                format!("a later one, nor to one more than {behind} before it")
            }
            (Some(behind), Some(ahead)) if behind == ahead => {
                format!("one more than {behind} away")
            }
            (Some(behind), Some(ahead)) => {
                format!("one more than {behind} before it or {ahead} after it")
            }
        })
    }
}

impl Maps<'_> {
    /// What the layers of a map may attend to, one or another of them.
    pub(super) fn bounds(&self, id: MapId) -> Bounds {
        let layers = self.selection.layers.iter().zip(&self.masks);
        let of_map = layers.filter(|(layer, _)| match id {
            MapId::Head(head) => head.layer == layer.layer,
            MapId::Layer(wanted) => wanted == layer.layer,
            MapId::All => true,
        });
        let bounds = of_map.map(|(_, &mask)| Bounds::from(mask));
        bounds.reduce(Bounds::or).unwrap_or(Bounds::NONE)
    }

    /// Whether some layer looks back alone, as those of decoders: all its queries
    /// can attend to the first position, and give it what they need nowhere else.
    pub fn looks_back(&self) -> bool {
        let mut bounds = self.masks.iter().map(|&mask| Bounds::from(mask));
        bounds.any(|bounds| bounds.ahead == Some(0))
    }

    /// Whether a map has cells that are not there.
    pub(super) fn has_forbidden(&self, id: MapId) -> bool {
        self.bounds(id).within(&self.rows, &self.columns) != Bounds::NONE
    }

    /// Which cells of a map are not there, as sentences.
    pub fn mask_notes(&self, id: MapId) -> Vec<String> {
        let bounds = self.bounds(id).within(&self.rows, &self.columns);
        let words = bounds.in_words();
        let note =
            words.map(|words| format!("No token attends to {words}: those cells are empty."));
        note.into_iter().chain(self.mean_note(id)).collect()
    }

    /// How a mean over layers takes what only some of them forbid; `None` where
    /// there is none, or a map is no such mean. A maximum is that of what is
    /// there anyway.
    pub fn mean_note(&self, id: MapId) -> Option<String> {
        let is_mean = id == MapId::All && self.measure != Measure::Maximum;
        (is_mean && self.bounds_by_layer().len() > 1).then(|| {
            "In the mean over layers, a cell that some of them forbid is 0 there.".to_owned()
        })
    }

    /// The same of the layers, each with those that are alike.
    pub fn mask_notes_by_layer(&self) -> Vec<String> {
        let by_layer = self.bounds_by_layer();
        let is_alike = by_layer.len() == 1;
        let note = |(bounds, layers): (Bounds, Vec<usize>)| {
            let words = bounds.in_words()?;
            let whose = match (is_alike, layers.as_slice()) {
                (true, _) => "No".to_owned(),
                (false, [layer]) => format!("In layer {layer} no"),
                (false, layers) => format!("In layers {} no", joined(&ranges(layers), "–", ", ")),
            };
            Some(format!(
                "{whose} token attends to {words}: those cells are empty."
            ))
        };
        by_layer.into_iter().filter_map(note).collect()
    }

    /// What layers may attend to of what is shown, each with those that are
    /// alike.
    fn bounds_by_layer(&self) -> Vec<(Bounds, Vec<usize>)> {
        let mut found: Vec<(Bounds, Vec<usize>)> = Vec::new();
        for (layer, &mask) in self.selection.layers.iter().zip(&self.masks) {
            let bounds = Bounds::from(mask).within(&self.rows, &self.columns);
            match found.iter_mut().find(|(known, _)| *known == bounds) {
                Some((_, layers)) => layers.push(layer.layer),
                None => found.push((bounds, vec![layer.layer])),
            }
        }
        found
    }
}
