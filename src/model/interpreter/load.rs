//! From an architecture and weight files to a model.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use super::embed::LoadedEmbeddings;
use super::positions::Tables;
use super::{Interpreter, norm};
use crate::model::architecture::{Architecture, Block, Linear, NormKind, Norms, Table};
use crate::model::error::ModelError;
use crate::model::ops::{Keep, Operations};
use crate::weights::Weights;

/// A layer with its weights.
#[derive(Debug)]
pub struct LoadedBlock<O: Operations> {
    pub query_key_value: O::Linear,
    pub query_norm: Option<O::Norm>,
    pub key_norm: Option<O::Norm>,
    pub attention_output: O::Linear,
    pub attention_norms: LoadedNorms<O>,
    pub widening: O::Linear,
    pub narrowing: O::Linear,
    pub feed_forward_norms: LoadedNorms<O>,
}

/// The norms around a half of a layer.
#[derive(Debug)]
pub struct LoadedNorms<O: Operations> {
    pub before: Option<O::Norm>,
    pub after: Option<O::Norm>,
    pub of_sum: Option<O::Norm>,
}

impl<O: Operations> Interpreter<O> {
    /// Reads weights, layers side by side: all of them or, of [`Keep::Little`],
    /// only the small ones. The word embeddings are always read by row.
    ///
    /// # Errors
    /// When a tensor is missing, of another shape or type, or not finite.
    pub fn load(
        operations: O,
        mut architecture: Architecture,
        weights: Weights,
        keep: Keep,
    ) -> Result<Self, ModelError> {
        let weights = Arc::new(weights);
        let tensors = tensors(&architecture);
        // All of them before the first is read, which may be large.
        for (name, shape) in &tensors {
            weights.check_shape(name, shape)?;
        }
        let sizes = tensors.iter().map(|(_, shape)| shape);
        let number_count = |shape: &Vec<usize>| shape.iter().map(|&size| size as u64).product();
        weights.check_size(sizes.map(number_count).fold(0, u64::saturating_add))?;
        for rotation in &mut architecture.rotations {
            let mut stored = rotation.stored_as.iter();
            if let Some(name) = stored.find(|name| weights.has(name)) {
                let shape = [rotation.frequencies.len()];
                rotation.frequencies = weights.read(name, &shape)?;
            }
        }
        let names: BTreeSet<String> = tensors.into_iter().map(|(name, _)| name).collect();
        let load = |block: &Block| LoadedBlock::load(&operations, &weights, keep, block);
        let blocks = &architecture.blocks;
        // A layer that is used several times is read once.
        let first_of = |block: &Block| blocks.iter().position(|other| other == block);
        let firsts: Vec<usize> = blocks.iter().filter_map(first_of).collect();
        let distinct: BTreeSet<usize> = firsts.iter().copied().collect();
        let distinct: Vec<usize> = distinct.into_iter().collect();
        let loaded: Vec<_> = distinct
            .par_iter()
            .map(|&index| load(&blocks[index]).map(Arc::new))
            .collect::<Result<_, ModelError>>()?;
        let blocks = firsts
            .iter()
            .filter_map(|first| distinct.binary_search(first).ok())
            .map(|index| Arc::clone(&loaded[index]))
            .collect();
        Ok(Self {
            embeddings: LoadedEmbeddings::load(
                &operations,
                &weights,
                keep,
                &architecture.embeddings,
            )?,
            blocks,
            final_norm: norm(&operations, &weights, architecture.final_norm.as_ref())?,
            tables: Tables::load(&operations, &weights, keep, &architecture)?,
            unused_tensors: weights.unexpected(&names),
            weights,
            operations,
            architecture,
        })
    }

    /// The model's tensors that its architecture does not ask for.
    pub fn unused_tensors(&self) -> &[String] {
        &self.unused_tensors
    }

    /// See [`Weights::chosen_prefix`].
    pub fn chosen_prefix(&self) -> Option<&str> {
        self.weights.chosen_prefix()
    }
}

impl<O: Operations> LoadedBlock<O> {
    fn load(
        operations: &O,
        weights: &Arc<Weights>,
        keep: Keep,
        block: &Block,
    ) -> Result<Self, ModelError> {
        let linear =
            |linear: &Linear, activation| operations.load_linear(weights, keep, linear, activation);
        let (attention, feed_forward) = (&block.attention, &block.feed_forward);
        let head_norm = |head: &Option<_>| {
            let head: Option<&crate::model::architecture::HeadNorm> = head.as_ref();
            norm(operations, weights, head.map(|head| &head.norm))
        };
        let activation = (!feed_forward.is_gated).then_some(feed_forward.activation);
        Ok(Self {
            query_key_value: linear(&attention.query_key_value, None)?,
            query_norm: head_norm(&attention.query_norm)?,
            key_norm: head_norm(&attention.key_norm)?,
            attention_output: linear(&attention.output, None)?,
            attention_norms: LoadedNorms::load(operations, weights, &block.attention_norms)?,
            widening: linear(&feed_forward.widening, activation)?,
            narrowing: linear(&feed_forward.narrowing, None)?,
            feed_forward_norms: LoadedNorms::load(operations, weights, &block.feed_forward_norms)?,
        })
    }
}

impl<O: Operations> LoadedNorms<O> {
    fn load(operations: &O, weights: &Weights, norms: &Norms) -> Result<Self, ModelError> {
        Ok(Self {
            before: norm(operations, weights, norms.before.as_ref())?,
            after: norm(operations, weights, norms.after.as_ref())?,
            of_sum: norm(operations, weights, norms.of_sum.as_ref())?,
        })
    }
}

/// The names and shapes of all tensors, without prefix.
fn tensors(architecture: &Architecture) -> Vec<(String, Vec<usize>)> {
    let embeddings = &architecture.embeddings;
    let relative = architecture.relative.as_ref();
    let positions = embeddings
        .positions
        .as_ref()
        .map(|positions| &positions.table);
    let tables = [
        Some(&embeddings.words),
        positions,
        embeddings.segments.as_ref(),
        embeddings.tasks.as_ref(),
        relative.map(|relative| &relative.table),
    ];
    let mut tensors: Vec<(String, Vec<usize>)> = tables
        .into_iter()
        .flatten()
        .map(
            |Table {
                 name,
                 rows,
                 columns,
             }| (name.clone(), vec![*rows, *columns]),
        )
        .collect();
    let of_blocks = architecture.blocks.iter().flat_map(Block::linears);
    let projection = embeddings.projection.iter();
    let projection = projection.map(|projection| &projection.linear);
    let of_distances = relative
        .into_iter()
        .flat_map(|relative| &relative.projections);
    let linears = projection.chain(of_distances);
    for linear in linears.chain(of_blocks) {
        for matrix in linear.matrices() {
            tensors.push((matrix.name, matrix.shape.to_vec()));
        }
        for (name, outputs) in linear.parts.iter().filter(|_| linear.has_bias) {
            tensors.push((format!("{name}.bias"), vec![*outputs]));
        }
    }
    let convolution = embeddings.convolution.as_ref();
    if let Some(convolution) = convolution {
        tensors.push((format!("{}.weight", convolution.name), convolution.shape()));
        if convolution.has_bias {
            let columns = convolution.norm.columns;
            tensors.push((format!("{}.bias", convolution.name), vec![columns]));
        }
    }
    let norms = [
        embeddings.norm.as_ref(),
        architecture.final_norm.as_ref(),
        relative.and_then(|relative| relative.norm.as_ref()),
        convolution.map(|convolution| &convolution.norm),
    ];
    let of_blocks = architecture.blocks.iter().flat_map(Block::norms);
    for norm in norms.into_iter().flatten().chain(of_blocks) {
        let ends: &[&str] = match norm.kind {
            NormKind::Layer => &["weight", "bias"],
            NormKind::LayerWithoutWeights => &[],
            NormKind::LayerWithoutBias
            | NormKind::RootMeanSquare
            | NormKind::RootMeanSquareFromOne => &["weight"],
        };
        for end in ends {
            tensors.push((format!("{}.{end}", norm.name), vec![norm.columns]));
        }
    }
    // Layers that share their weights have the same ones.
    let mut seen = BTreeSet::new();
    tensors.retain(|(name, _)| seen.insert(name.clone()));
    tensors
}
