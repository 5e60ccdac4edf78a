//! Attention rollout: how much of each input token could be in each token after
//! a layer, if attention alone moved them (Abnar and Zuidema 2020, section 3,
//! <https://arxiv.org/abs/2005.00928>; `compute_joint_attention` of their
//! `attention_graph_util.py`,
//! <https://github.com/samiraabnar/attention_flow>).
//!
//! The heads of a layer become one map `A` first, then comes the residual
//! connection: `B[l] = (A[l] + I)`, each row divided by its sum, which is half of
//! each where the rows of `A` sum to one. Then `R[0] = B[0]`, and `R[l] = B[l] ·
//! R[l-1]`. All of it is computed in f64, each row in one order.

use std::borrow::Cow;

use rayon::prelude::*;
use thiserror::Error;

use super::reshape::{apply, raw};
use super::{Fusion, MapId, Maps, Measure, ReshapeError, ReshapeOptions, RolloutOptions};
use crate::attention::{Attention, AttentionKind, Mask, RowSums, Selection};
use crate::remedy::{Remedy, RolloutLayers, Setting};
use crate::run::Run;

/// Why there is no rollout.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RolloutError {
    /// A layer between the first and the last one is not held.
    #[error(
        "rollout multiplies all layers from {start} to {last}, and layer {missing} is not among \
         the selected ones"
    )]
    MissingLayer {
        /// Where it begins.
        start: usize,
        /// The last layer that is held.
        last: usize,
        /// The last one below it that is not.
        missing: usize,
    },
    /// It would begin behind the last layer.
    #[error("rollout is to begin at layer {start}, and the last one is {last}")]
    NothingToMultiply {
        /// Where it would begin.
        start: usize,
        /// The last layer that is held.
        last: usize,
    },
    /// Queries and keys are of two sequences.
    #[error(
        "rollout multiplies the maps of layers, whose queries must be their keys; here {queries} \
         queries of one sequence attend to {keys} keys of another"
    )]
    TwoSequences {
        /// Queries.
        queries: usize,
        /// Keys.
        keys: usize,
    },
    /// Values that are no probabilities multiply up beyond float32.
    #[error("the product of the layers is more than the greatest float32")]
    TooLarge,
    /// Nothing of it can be shown as asked for.
    #[error(transparent)]
    Reshape(#[from] ReshapeError),
}

impl RolloutError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::MissingLayer { missing, .. } => {
                Remedy::MendRollout(RolloutLayers::Above(missing.saturating_add(1)))
            }
            Self::NothingToMultiply { last, .. } => Remedy::MendRollout(RolloutLayers::Last(*last)),
            Self::TwoSequences { .. } => Remedy::LeaveOut(Setting::Rollout),
            Self::TooLarge => Remedy::LeaveOut(Setting::NoResidual),
            Self::Reshape(error) => return error.remedy(),
        })
    }
}

/// Whether there is a rollout of this attention.
///
/// # Errors
/// When queries and keys are of two sequences, or a layer is missing.
pub fn check_rollout(attention: &Attention, options: &RolloutOptions) -> Result<(), RolloutError> {
    let maps = attention.maps();
    let (queries, keys) = (maps.query_count(), maps.key_count());
    if attention.kind() == AttentionKind::Cross || queries != keys {
        return Err(RolloutError::TwoSequences { queries, keys });
    }
    let start = options.start_layer;
    let layers = maps.selection().layer_indices();
    // A selection has a layer.
    let last = layers.last().copied().unwrap_or(0);
    if start > last {
        return Err(RolloutError::NothingToMultiply { start, last });
    }
    match (start..last).rev().find(|layer| !layers.contains(layer)) {
        Some(missing) => Err(RolloutError::MissingLayer {
            start,
            last,
            missing,
        }),
        None => Ok(()),
    }
}

/// The rollout after every layer from the first one on: over the run's own
/// units, then reshaped like any other map, so that columns of a word's pieces
/// are summed and rows averaged.
///
/// # Errors
/// As [`check_rollout`], and when nothing is left to show.
pub fn rollout(
    run: &Run,
    attention: &Attention,
    options: &RolloutOptions,
    shown: &ReshapeOptions,
) -> Result<Maps<'static>, RolloutError> {
    check_rollout(attention, options)?;
    let raw = raw(run, attention)?;
    let held = raw.selection.layers.iter().zip(&raw.masks);
    let held = held.filter(|(layer, _)| layer.layer >= options.start_layer);
    let (layers, masks): (Vec<_>, Vec<Mask>) =
        held.map(|(layer, &mask)| (layer.clone(), mask)).unzip();
    let selection = Selection { layers };
    let side = raw.rows.len();
    let mut values = Vec::with_capacity(selection.layers.len() * side * side);
    let mut product: Option<Vec<f64>> = None;
    for layer in selection.layer_indices() {
        let mut map = fused(attention, layer, options.fusion);
        if options.residual {
            add_residual(&mut map, side);
        }
        let multiplied = match product {
            Some(below) => multiply(&map, &below, side),
            None => map,
        };
        values.extend(multiplied.iter().map(|&value| value as f32));
        product = Some(multiplied);
    }
    if values.iter().any(|value| !value.is_finite()) {
        return Err(RolloutError::TooLarge);
    }
    let sums_to_one = attention.row_sums() == RowSums::One && options.fusion == Fusion::Mean;
    let mut maps = Maps {
        measure: Measure::Rollout(*options),
        ids: selection
            .layer_indices()
            .into_iter()
            .map(MapId::Layer)
            .collect(),
        selection,
        masks: reaches(&masks),
        head_maximum: 0.0,
        row_sums: match options.residual || sums_to_one {
            true => RowSums::One,
            false => RowSums::Unnormalized,
        },
        notes: notes(attention, options, sums_to_one),
        values: Cow::Owned(values),
        ..raw
    };
    apply(&mut maps, run, shown)?;
    Ok(maps.into_owned())
}

/// The heads of a layer as one map: `[query, key]`.
fn fused(attention: &Attention, layer: usize, fusion: Fusion) -> Vec<f64> {
    let mut heads = attention.maps().iter().filter(|(id, _)| id.layer == layer);
    let in_double = |map: &[f32]| -> Vec<f64> { map.iter().copied().map(f64::from).collect() };
    // A selection has no layer without a head.
    let mut all = heads
        .next()
        .map_or_else(Vec::new, |(_, map)| in_double(map));
    let mut count = 1_usize;
    for (_, map) in heads {
        count += 1;
        let cells = all.iter_mut().zip(map.iter().copied().map(f64::from));
        match fusion {
            Fusion::Mean => cells.for_each(|(sum, value)| *sum += value),
            Fusion::Max => cells.for_each(|(most, value)| *most = most.max(value)),
            Fusion::Min => cells.for_each(|(least, value)| *least = least.min(value)),
        }
    }
    if fusion == Fusion::Mean {
        all.iter_mut().for_each(|sum| *sum /= count as f64);
    }
    all
}

/// Adds 1 on the diagonal and divides each row by its sum, which is at least 1.
fn add_residual(map: &mut [f64], side: usize) {
    for (place, row) in map.chunks_exact_mut(side.max(1)).enumerate() {
        row[place] += 1.0;
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|value| *value /= sum);
    }
}

/// The product of two square matrices: each row by one thread, in one order.
fn multiply(left: &[f64], right: &[f64], side: usize) -> Vec<f64> {
    let mut product = vec![0.0; left.len()];
    let rows = product.par_chunks_mut(side.max(1));
    rows.zip(left.par_chunks(side.max(1)))
        .for_each(|(row, factors)| {
            let lines = right.chunks_exact(side.max(1));
            // Half of a decoder's are 0.
            for (&factor, line) in factors
                .iter()
                .zip(lines)
                .filter(|(factor, _)| **factor != 0.0)
            {
                let cells = row.iter_mut().zip(line);
                cells.for_each(|(sum, value)| *sum += factor * value);
            }
        });
    product
}

/// What can reach a token through this layer and those below: as far in each
/// direction as all of them together.
fn reaches(masks: &[Mask]) -> Vec<Mask> {
    let (mut behind, mut ahead) = (Some(0_usize), Some(0_usize));
    let further = |reach: Option<usize>, by: Option<usize>| Some(reach?.saturating_add(by?));
    let through = |&mask: &Mask| {
        let (more_behind, more_ahead) = match mask {
            Mask::Full => (None, None),
            Mask::Causal => (None, Some(0)),
            Mask::Window { behind, ahead } => (Some(behind), Some(ahead)),
        };
        behind = further(behind, more_behind);
        ahead = further(ahead, more_ahead);
        match (behind, ahead) {
            (Some(behind), Some(ahead)) => Mask::Window { behind, ahead },
            (None, Some(0)) => Mask::Causal,
            (None, Some(_)) | (_, None) => Mask::Full,
        }
    };
    masks.iter().map(through).collect()
}

/// What a reader must know of rollout, as sentences.
fn notes(attention: &Attention, options: &RolloutOptions, sums_to_one: bool) -> Vec<String> {
    let heads = match options.fusion {
        Fusion::Mean => "the mean of its heads",
        Fusion::Max => "the maximum of its heads",
        Fusion::Min => "the minimum of its heads",
    };
    let layer = match (options.residual, sums_to_one) {
        (true, true) => {
            format!("each layer is one half {heads}, one half the residual connection")
        }
        (true, false) => {
            format!("each layer is {heads} and the residual connection, rows scaled to sum to 1")
        }
        (false, true) => format!("each layer is {heads}, without the residual connection"),
        (false, false) => format!(
            "each layer is {heads}, without the residual connection, so that rows do not sum to 1"
        ),
    };
    let mut notes = attention.notes().to_vec();
    notes.push(format!(
        "Rollout (Abnar & Zuidema 2020): the product of the layers, where {layer}."
    ));
    notes.push(
        "It tells what attention alone could carry, not why a model answers: values, norms and \
         feed-forward layers are left out."
            .to_owned(),
    );
    if options.start_layer > 0 {
        notes.push(format!(
            "It begins at layer {}: those below are left out.",
            options.start_layer
        ));
    }
    notes
}
