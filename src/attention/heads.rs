//! Heads by layer: which of them are held, and one map for each.

use super::AttentionError;

/// One head of one layer, both counted from zero as in Hugging Face's
/// `outputs.attentions[layer][0, head]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeadId {
    /// Zero-based layer.
    pub layer: usize,
    /// Zero-based head within the layer.
    pub head: usize,
}

impl std::fmt::Display for HeadId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "layer {} · head {}", self.layer, self.head)
    }
}

/// A layer of a model and some of its heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerHeads {
    /// Zero-based layer.
    pub layer: usize,
    /// Zero-based heads of that layer, ascending.
    pub heads: Vec<usize>,
}

/// Which heads of which layers of a model somebody asked for or something
/// holds, layers ascending. Each layer has heads of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Layers without a head are none of it.
    pub layers: Vec<LayerHeads>,
}

impl Selection {
    /// Every layer and head of a model whose layers have as many heads each.
    pub fn all(layer_count: usize, head_count: usize) -> Self {
        let (layers, heads) = (0..layer_count, 0..head_count);
        Self::of(&layers.collect::<Vec<_>>(), &heads.collect::<Vec<_>>())
    }

    /// The same heads in each of some layers.
    pub fn of(layers: &[usize], heads: &[usize]) -> Self {
        let layers = layers.iter().map(|&layer| LayerHeads {
            layer,
            heads: heads.to_vec(),
        });
        Self {
            layers: layers.filter(|layer| !layer.heads.is_empty()).collect(),
        }
    }

    /// What of it has one of these layers and one of these heads.
    #[must_use]
    pub fn among(&self, layers: &[usize], heads: &[usize]) -> Self {
        let kept = self
            .layers
            .iter()
            .filter(|held| layers.contains(&held.layer))
            .map(|held| LayerHeads {
                layer: held.layer,
                heads: held
                    .heads
                    .iter()
                    .copied()
                    .filter(|head| heads.contains(head))
                    .collect(),
            });
        Self {
            layers: kept.filter(|layer| !layer.heads.is_empty()).collect(),
        }
    }

    /// The heads that another selection has, too.
    #[must_use]
    pub fn in_both(&self, other: &Self) -> Self {
        let both = self.layers.iter().filter_map(|own| {
            let of_other = other.layers.iter().find(|layer| layer.layer == own.layer)?;
            let heads = own.heads.iter().copied();
            Some(LayerHeads {
                layer: own.layer,
                heads: heads.filter(|head| of_other.heads.contains(head)).collect(),
            })
        });
        Self {
            layers: both.filter(|layer| !layer.heads.is_empty()).collect(),
        }
    }

    /// Every selected head, layer by layer.
    pub fn head_ids(&self) -> impl Iterator<Item = HeadId> + '_ {
        self.layers.iter().flat_map(|LayerHeads { layer, heads }| {
            heads.iter().map(move |&head| HeadId {
                layer: *layer,
                head,
            })
        })
    }

    /// The layers: the rows of an overview.
    pub fn layer_indices(&self) -> Vec<usize> {
        self.layers.iter().map(|layer| layer.layer).collect()
    }

    /// Every head that any of the layers has, ascending: the columns of an
    /// overview.
    pub fn head_indices(&self) -> Vec<usize> {
        let heads = self.layers.iter().flat_map(|layer| &layer.heads);
        let heads: std::collections::BTreeSet<usize> = heads.copied().collect();
        heads.into_iter().collect()
    }

    /// The number of heads of all layers together.
    pub fn head_count(&self) -> usize {
        self.layers.iter().map(|layer| layer.heads.len()).sum()
    }
}

/// A map for each of some heads, all with the same queries and keys: `f32`,
/// contiguous in the order of the selection, each `[query, key]`.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadMaps {
    selection: Selection,
    query_count: usize,
    key_count: usize,
    values: Vec<f32>,
}

impl HeadMaps {
    /// Takes `values` in the order `[head of the selection, query, key]`.
    ///
    /// # Errors
    /// When the count does not fit, a dimension is zero, or the selection is
    /// not in ascending order.
    pub fn new(
        selection: Selection,
        [query_count, key_count]: [usize; 2],
        values: Vec<f32>,
    ) -> Result<Self, AttentionError> {
        check_order(selection.layer_indices())?;
        for layer in &selection.layers {
            check_order(layer.heads.clone())?;
        }
        let head_count = selection.head_count();
        let maps = Self {
            selection,
            query_count,
            key_count,
            values,
        };
        let shape = maps.shape();
        if shape.contains(&0) {
            return Err(AttentionError::Empty { shape });
        }
        let expected = head_count
            .saturating_mul(query_count)
            .saturating_mul(key_count);
        match maps.values.len() {
            found if found == expected => Ok(maps),
            found => Err(AttentionError::ValueCount {
                shape,
                expected,
                found,
            }),
        }
    }

    /// Which heads there are.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// Rows of every map.
    pub fn query_count(&self) -> usize {
        self.query_count
    }

    /// Columns of every map.
    pub fn key_count(&self) -> usize {
        self.key_count
    }

    /// `[layer, head, query, key]` of an array that has a place for every head
    /// that any layer has.
    pub fn shape(&self) -> [usize; 4] {
        [
            self.selection.layers.len(),
            self.selection.head_indices().len(),
            self.query_count,
            self.key_count,
        ]
    }

    /// All values, map after map in the order of the selection.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The values alone.
    pub(super) fn into_values(self) -> Vec<f32> {
        self.values
    }

    /// The map of a head: `[query, key]`, `None` where it is not held.
    pub fn map(&self, id: HeadId) -> Option<&[f32]> {
        let position = self.selection.head_ids().position(|held| held == id)?;
        let size = self.query_count * self.key_count;
        self.values.get(position * size..(position + 1) * size)
    }

    /// Every head with its map, in the order of the selection.
    pub fn iter(&self) -> impl Iterator<Item = (HeadId, &[f32])> {
        let maps = self.values.chunks_exact(self.query_count * self.key_count);
        self.selection.head_ids().zip(maps)
    }

    /// The head, query and key of a value by its position.
    pub(super) fn place(&self, position: usize) -> (HeadId, usize, usize) {
        let row = position / self.key_count;
        let head = self.selection.head_ids().nth(row / self.query_count);
        let head = head.unwrap_or(HeadId { layer: 0, head: 0 });
        (head, row % self.query_count, position % self.key_count)
    }

    /// The maps of the heads that `selection` has too.
    pub(super) fn select(&self, selection: &Selection) -> Self {
        let among = |id: &HeadId| selection.head_ids().any(|wanted| wanted == *id);
        let mut kept: Vec<LayerHeads> = Vec::new();
        let mut values = Vec::new();
        for (id, map) in self.iter().filter(|(id, _)| among(id)) {
            match kept.last_mut() {
                Some(last) if last.layer == id.layer => last.heads.push(id.head),
                _ => kept.push(LayerHeads {
                    layer: id.layer,
                    heads: vec![id.head],
                }),
            }
            values.extend_from_slice(map);
        }
        Self {
            selection: Selection { layers: kept },
            query_count: self.query_count,
            key_count: self.key_count,
            values,
        }
    }
}

fn check_order(indices: Vec<usize>) -> Result<(), AttentionError> {
    match indices.is_sorted_by(|first, second| first < second) {
        true => Ok(()),
        false => Err(AttentionError::Order { found: indices }),
    }
}
