//! Queries, keys and lengths of values out of a layer's columns.

use super::{Interpreter, Pass};
use crate::attention::{Neurons, Selection};
use crate::model::architecture::Attention;
use crate::model::ops::Operations;

impl<O: Operations> Interpreter<O> {
    /// Dimensions of a head's vectors; of all families, those of all layers.
    pub(super) fn head_size(&self) -> usize {
        let sizes = self.architecture.blocks.iter();
        let sizes = sizes.map(|block| block.attention.head_size);
        sizes.max().unwrap_or(0)
    }

    /// Room for what the scores of these heads are made of, input by input.
    pub(super) fn neurons_with_room(
        &self,
        pass: &Pass<'_, O>,
        selection: &Selection,
    ) -> Vec<Neurons> {
        let lengths = pass.spans.iter().map(|&(_, length)| length);
        lengths
            .map(|length| Neurons::with_room(selection, length, self.head_size()))
            .collect()
    }
}

/// Adds what the heads of a layer attend with, out of the columns of an input.
pub(super) fn keep(
    neurons: &mut Neurons,
    layer_index: usize,
    attention: &Attention,
    rows: &[f32], // [token, query, key, value]
) {
    let layers = &neurons.selection.layers;
    let Some(layer) = layers.iter().find(|layer| layer.layer == layer_index) else {
        return;
    };
    let width = attention.query_columns() + 2 * attention.key_columns();
    let size = attention.head_size;
    for &head in &layer.heads {
        let start = attention.starts(head);
        for row in rows.chunks_exact(width.max(1)) {
            let of = |start: usize| row.get(start..start + size).unwrap_or_default();
            neurons.query.extend(of(start.query));
            neurons.key.extend(of(start.key));
            let squares = of(start.value)
                .iter()
                .map(|&value| f64::from(value) * f64::from(value));
            neurons
                .value_norm
                .push(libm::sqrt(squares.sum::<f64>()) as f32);
        }
    }
    neurons.scales.push(attention.scale);
}
