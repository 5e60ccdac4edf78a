//! The page of a run: one file that shows everything and asks nobody for
//! anything. Its script and style live in `assets/page/`; here the run's raw
//! values are packed beside them.

pub mod command;
pub mod compared;
mod data;
mod document;
mod encoding;
pub mod many;
pub mod scores;
mod still;

use std::io::Write;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use half::f16;
use rayon::prelude::*;

use self::encoding::{Coding, Hideable, LONGEST_EXACT, Layer};
use super::RenderError;
use crate::analysis::{Analyses, Maps};
use crate::attention::{Mask, Neurons, Selection};
use crate::figure::FigureOptions;
use crate::input::Unit;
use crate::run::Run;

/// How hard the values are compressed: more gains a hundredth and takes twice
/// as long.
const LEVEL: u32 = 3;

/// About so many bytes a dimension of a query and one of a key take together.
pub const NEURON_LENGTH: u64 = 6;

/// About so many bytes a value takes in a page of an input of so many units,
/// rounded up.
pub fn cell_length(unit_count: usize) -> u64 {
    match unit_count > 2 * LONGEST_EXACT {
        true => 2,
        false => 3,
    }
}

/// The page of a run: all of its raw maps, shown at first as `maps` and
/// `options` have them. `list` is the address of the page that leads to it, where
/// one does.
///
/// # Errors
/// When the picture for readers without a script cannot be drawn.
pub fn encode(
    run: &Run,
    maps: &Maps<'_>,
    analyses: &Analyses<'_>,
    options: &FigureOptions,
    list: Option<&str>,
) -> Result<Vec<u8>, RenderError> {
    let (data, packed) = parts(run, maps, analyses, options)?;
    let still = still::Still::new(run, maps, options)?;
    let neurons = run.neurons.as_ref().map(packed_neurons).unwrap_or_default();
    let text = document::document((run, list), &data, &packed, &neurons, &still);
    Ok(text.into_bytes())
}

/// What the script needs of a run, to be one of the inputs of a page.
///
/// # Errors
/// When it cannot be written as JSON, for which no run gives a reason.
pub fn content(
    run: &Run,
    maps: &Maps<'_>,
    analyses: &Analyses<'_>,
    options: &FigureOptions,
) -> Result<String, RenderError> {
    let (data, packed) = parts(run, maps, analyses, options)?;
    let neurons = run.neurons.as_ref().map(packed_neurons).unwrap_or_default();
    Ok(document::content(&data, &packed, &neurons).into_string())
}

/// What the script is told as JSON, and the values of all layers.
fn parts(
    run: &Run,
    maps: &Maps<'_>,
    analyses: &Analyses<'_>,
    options: &FigureOptions,
) -> Result<(String, Vec<Packed>), RenderError> {
    let attention = analyses.attention();
    let raw = attention.maps();
    let shape = [raw.query_count(), raw.key_count()];
    let coding = Coding::new(raw.values(), shape);
    let [_, keys] = attention.kind().streams();
    let keys = run.units(keys).iter();
    let hideable = Hideable::new(keys.map(Unit::is_added).collect());
    let packed = packed_layers(
        raw.values(),
        raw.selection(),
        shape,
        &attention.masks(),
        coding,
        &hideable,
    );
    let data = data::Data::new(run, maps, analyses, options, coding, &hideable);
    let data = serde_json::to_string(&data).map_err(|error| RenderError::Page {
        message: error.to_string(),
    })?;
    Ok((data, packed))
}

/// The maps of all layers, `[head, query, key]`, layer by layer.
fn packed_layers(
    values: &[f32],
    selection: &Selection,
    shape: [usize; 2],
    masks: &[Mask],
    coding: Coding,
    hideable: &Hideable,
) -> Vec<Packed> {
    let mut rest = values;
    let mut layers = Vec::with_capacity(masks.len());
    for (layer, &mask) in selection.layers.iter().zip(masks) {
        let length = (layer.heads.len() * shape[0] * shape[1]).min(rest.len());
        let (values, behind) = rest.split_at(length);
        layers.push((values, mask));
        rest = behind;
    }
    layers
        .into_par_iter()
        .map(|(values, mask)| Packed::new(coding.encode(values, shape, mask, hideable)))
        .collect()
}

/// A layer as the page holds it: compressed, in base64.
struct Packed {
    codes: String,
    /// Nothing where no values share a code.
    ties: String,
}

impl Packed {
    fn new(layer: Layer) -> Self {
        let packed = |bytes: &[u8]| match bytes.is_empty() {
            true => String::new(),
            false => STANDARD.encode(deflated(bytes)),
        };
        Self {
            codes: packed(&layer.codes),
            ties: packed(&layer.ties),
        }
    }
}

/// Of each layer queries, keys and lengths of values, in this order, each a half
/// float: 11 bits of every number.
fn packed_neurons(neurons: &Neurons) -> Vec<String> {
    let vector = neurons.unit_count * neurons.head_size;
    let mut start = 0;
    let layers = neurons.selection.layers.iter().map(|layer| {
        let heads = start..start + layer.heads.len();
        start = heads.end;
        heads
    });
    let layers: Vec<Range<usize>> = layers.collect();
    let part = |values: &[f32], heads: &Range<usize>, size: usize| -> Vec<u8> {
        let values = values.get(heads.start * size..heads.end * size);
        let halves = values.unwrap_or_default().iter();
        halves
            .flat_map(|&value| f16::from_f32(value).to_le_bytes())
            .collect()
    };
    layers
        .par_iter()
        .map(|heads| {
            let bytes = [
                part(&neurons.query, heads, vector),
                part(&neurons.key, heads, vector),
                part(&neurons.value_norm, heads, neurons.unit_count),
            ];
            STANDARD.encode(deflated(&bytes.concat()))
        })
        .collect()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(LEVEL));
    // Writing into memory does not fail.
    let written = encoder.write_all(bytes);
    written.and_then(|()| encoder.finish()).unwrap_or_default()
}
