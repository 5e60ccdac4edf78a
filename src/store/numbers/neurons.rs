//! The arrays of what the scores of heads are made of.

use std::borrow::Cow;

use super::names::{KEY, QUERY, SCORE_SCALE, VALUE_NORM};
use super::ragged::by_layer_and_head;
use crate::attention::{Attention, Neurons};

/// Whether an array of this name is one of them.
pub(super) fn is_of_neurons(name: &str) -> bool {
    [QUERY, KEY, VALUE_NORM, SCORE_SCALE].contains(&name)
}

/// A name, a shape and values.
type Named<'run> = (&'static str, Vec<usize>, Cow<'run, [f32]>);

/// The name, the shape and the values of each array: `query` and `key` `[layer, head,
/// unit, dimension]`, `value_norm` `[layer, head, unit]` and `score_scale` `[layer]`.
pub(super) fn neuron_arrays<'run>(
    attention: &Attention,
    neurons: &'run Neurons,
) -> [Named<'run>; 4] {
    let [layers, heads, _, _] = attention.maps().shape();
    let selection = attention.maps().selection();
    let array = |name, values: &'run [f32], size: &[usize]| {
        let shape = [&[layers, heads], size].concat();
        let values = by_layer_and_head(selection, values, size.iter().product());
        (name, shape, values)
    };
    let vectors = [neurons.unit_count, neurons.head_size];
    [
        array(QUERY, &neurons.query, &vectors),
        array(KEY, &neurons.key, &vectors),
        array(VALUE_NORM, &neurons.value_norm, &[neurons.unit_count]),
        (SCORE_SCALE, vec![layers], Cow::Borrowed(&neurons.scales)),
    ]
}

/// How many values these are of so many layers and heads.
pub(super) fn value_count(neurons: &Neurons, [layers, heads]: [usize; 2]) -> u64 {
    let of_head = neurons.unit_count * (2 * neurons.head_size + 1);
    ((layers * heads) as u64).saturating_mul(of_head as u64) + layers as u64
}
