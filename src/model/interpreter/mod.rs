//! The one forward pass: embeddings, blocks, the maps of their heads. It knows
//! no family, and no implementation of the operations.
//!
//! Inputs are stacked row under row. Everything that works on single rows
//! (embeddings, products, norms, activations) runs over the stack; attention is
//! taken per input. So there is no padding between inputs, and each input gets
//! bit for bit what it gets alone.

mod embed;
mod load;
mod neurons;
mod positions;

use std::iter;
use std::slice::ChunksExactMut;
use std::sync::Arc;

use candle_core::Tensor;

use self::embed::LoadedEmbeddings;
use self::load::{LoadedBlock, LoadedNorms};
use self::positions::{Positioning, Tables};
use super::architecture::{Architecture, Block, Flow, Norm, Norms};
use super::error::ModelError;
use super::ops::{Attending, Operations, WantedMaps};
use super::output::{EncoderOutput, Extras, HiddenStates};
use super::threads::with_threads_awake;
use crate::attention::{
    AttentionKind, AttentionTensor, HeadMaps, MapMemory, Mask, Neurons, Selection,
};
use crate::input::Prepared;
use crate::memory::{Demand, MemoryError};
use crate::weights::Weights;

/// Of fewer tokens than these, the steps of a layer are so short that threads
/// which fall asleep between them lose a fifth of the time to waking up.
const FEW_TOKENS: usize = 256;

/// A model with its weights, without what its heads make of hidden states.
#[derive(Debug)]
pub struct Interpreter<O: Operations> {
    operations: O,
    architecture: Architecture,
    embeddings: LoadedEmbeddings<O>,
    /// One a block of the architecture; blocks that are the same share one.
    blocks: Vec<Arc<LoadedBlock<O>>>,
    /// Kept for the word embedding table, of which only the rows in use are
    /// read: it is a fifth of bert-base.
    weights: Arc<Weights>,
    /// Tensors of the model that its architecture does not ask for.
    unused_tensors: Vec<String>,
    final_norm: Option<O::Norm>,
    tables: Tables<O>,
}

/// What the layers of one pass have in common.
struct Pass<'pass, O: Operations> {
    inputs: &'pass [&'pass Prepared],
    /// First row and number of rows of each input in the stack.
    spans: Vec<(usize, usize)>,
    room: O::Room,
    positioning: Positioning,
    extras: Extras,
}

/// What a layer hands out of each input.
struct Handed<'maps> {
    maps: WantedMaps<'maps>,
    /// Of none where nobody asks.
    neurons: &'maps mut [Neurons],
}

impl<O: Operations> Interpreter<O> {
    /// What the model is.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Runs inputs of any lengths together, for the maps of some heads; those
    /// that the model does not have are none. The maps lie in what `memory` has
    /// that fits.
    ///
    /// # Errors
    /// When an input has no token, too many, or a token or segment that the
    /// model has no embedding for; when the result is not finite; or when it
    /// does not fit into the memory.
    pub fn forward(
        &self,
        inputs: &[&Prepared],
        extras: Extras,
        selection: &Selection,
        memory: &MapMemory,
    ) -> Result<Vec<EncoderOutput>, ModelError> {
        for input in inputs {
            self.check(input)?;
        }
        if inputs.is_empty() {
            return Ok(Vec::new());
        }
        let architecture = &self.architecture;
        let all = Selection::all(architecture.layer_count(), architecture.head_count());
        let selection = &all.in_both(selection);
        let lengths = inputs.iter().map(|input| input.source().len());
        self.demand(selection.head_count(), extras.neurons)
            .check(lengths.clone())?;
        match lengths.sum() {
            ..FEW_TOKENS => with_threads_awake(|| self.run(inputs, extras, selection, memory)),
            // On a thread of the pool, so that the many parallel steps do not
            // each wake it from outside.
            _ => rayon::scope(|_| self.run(inputs, extras, selection, memory)),
        }
    }

    /// What a forward pass takes that hands so many maps out, and of their heads
    /// queries, keys and lengths of values, too.
    pub fn demand(&self, map_count: usize, neurons: bool) -> Demand {
        let blocks = self.architecture.blocks.iter();
        let widest = blocks.map(|block| {
            let columns =
                block.attention.query_key_value.outputs() + block.attention.query_columns();
            (columns + block.feed_forward.widening.outputs()) as u64
        });
        // Embeddings and hidden states, and what the widest layer has beside;
        // there are twice as many distances as tokens.
        let hidden = 8_u64.saturating_mul(self.architecture.hidden_size as u64);
        let columns = hidden.saturating_add(widest.max().unwrap_or(0));
        let distances = 2_u64.saturating_mul(self.tables.column_count());
        let columns = columns.saturating_add(distances);
        let of_neurons = match neurons {
            true => (map_count * (2 * self.head_size() + 1)) as u64,
            false => 0,
        };
        let columns = columns.saturating_add(of_neurons);
        let number = size_of::<f32>() as u64;
        Demand {
            map_count: map_count as u64,
            each_pair: number,
            each_pair_once: 0,
            each_token: columns.saturating_mul(number),
        }
    }

    /// [`Interpreter::forward`] of inputs and heads that were checked.
    fn run(
        &self,
        inputs: &[&Prepared],
        extras: Extras,
        selection: &Selection,
        memory: &MapMemory,
    ) -> Result<Vec<EncoderOutput>, ModelError> {
        let architecture = &self.architecture;
        let spans = spans(inputs);
        let row_count = spans.iter().map(|&(_, length)| length).sum();
        let pass = Pass {
            inputs,
            room: self.operations.room(row_count),
            positioning: self.positioning(&spans)?,
            spans,
            extras,
        };
        let embedded = self.embed(&pass)?; // [row, hidden] in the layout
        let demand = self.demand(selection.head_count(), extras.neurons);
        let attentions = pass.spans.iter().map(|&(_, length)| {
            let count = selection.head_count() * length * length;
            // What earlier maps have left there is written over: attention fills
            // whole maps.
            match memory.take(count) {
                Some(maps) => Ok(maps),              // [head, query, key]
                None => demand.zeros(count, length), // [head, query, key]
            }
        });
        let mut attentions: Vec<Vec<f32>> = attentions.collect::<Result<_, MemoryError>>()?;
        // `[query, key]` of each input, in the order of the selection.
        let mut all_maps: Vec<_> = pass
            .spans
            .iter()
            .zip(&mut attentions)
            .map(|(&(_, length), maps)| maps.chunks_exact_mut(length * length))
            .collect();
        let mut hidden_states: Vec<Vec<Vec<f32>>> = vec![Vec::new(); inputs.len()];
        let mut neurons: Vec<Neurons> = match extras.neurons {
            true => self.neurons_with_room(&pass, selection),
            false => Vec::new(),
        };
        let mut hidden = embedded; // [row, hidden] in the layout
        let layers = architecture.blocks.iter().zip(&self.blocks);
        for (index, (block, loaded)) in layers.enumerate() {
            self.keep_hidden_states(&pass, &hidden, &mut hidden_states)?;
            let head_count = block.attention.head_count;
            let maps = all_maps.iter_mut();
            let maps = maps.map(|maps| wanted_maps(selection, index, head_count, maps));
            let handed = Handed {
                maps: maps.collect(),
                neurons: &mut neurons,
            };
            let mut output = self.apply_block(&pass, index, block, loaded, &hidden, handed)?; // [row, hidden] in the layout
            if index == 0 {
                output = self.convolve(&pass, &hidden, output)?; // [row, hidden] in the layout
            }
            let read = std::mem::replace(&mut hidden, output);
            self.operations.give_back(&pass.room, read);
        }
        if let Some(norm) = &self.final_norm
            && extras.hidden_states == HiddenStates::Keep
        {
            hidden = self.operations.normalize(&pass.room, norm, &hidden)?; // [row, hidden] in the layout
        }
        self.keep_hidden_states(&pass, &hidden, &mut hidden_states)?;
        let masks = self.architecture.masks();
        let masks: Vec<Mask> = selection
            .layers
            .iter()
            .map(|layer| masks.get(layer.layer).copied().unwrap_or_default())
            .collect();
        let neurons = neurons.into_iter().map(Some).chain(iter::repeat(None));
        let outputs = pass.spans.iter().zip(attentions).zip(hidden_states);
        outputs
            .zip(neurons)
            .map(|(((&(_, length), values), states), neurons)| {
                let maps = HeadMaps::new(selection.clone(), [length, length], values)?;
                let kind = AttentionKind::SelfAttention;
                let attention = AttentionTensor::new(kind, masks.clone(), maps)?;
                Ok(EncoderOutput {
                    attention,
                    hidden_states: match extras.hidden_states {
                        HiddenStates::Keep => Some(states),
                        HiddenStates::Drop => None,
                    },
                    neurons,
                })
            })
            .collect()
    }

    /// One layer over the stack: hands out of each input what is wanted.
    fn apply_block(
        &self,
        pass: &Pass<'_, O>,
        index: usize,
        block: &Block,
        loaded: &LoadedBlock<O>,
        hidden: &Tensor, // [row, hidden] in the layout
        handed: Handed<'_>,
    ) -> Result<Tensor, ModelError> {
        let (operations, room) = (&self.operations, &pass.room);
        let read = self.before(pass, &loaded.attention_norms, hidden)?; // [row, hidden] in the layout
        let reads = read.as_ref().unwrap_or(hidden);
        let query_key_value = operations.linear(room, &loaded.query_key_value, reads)?; // [row, query, key, value] in the layout
        let relative = self.relative(pass, index, &block.attention)?;
        let attending = Attending {
            attention: &block.attention,
            norms: [loaded.query_norm.as_ref(), loaded.key_norm.as_ref()],
            angles: pass.positioning.angles(block.attention.position),
            distances: pass.positioning.distances(block.attention.position),
            relative: relative.as_ref(),
            spans: &pass.spans,
        };
        let query_key_value = operations.turn(&attending, query_key_value)?; // [row, query, key, value] in the layout
        for (neurons, &span) in handed.neurons.iter_mut().zip(&pass.spans) {
            let rows = operations.rows_of(&query_key_value, span)?; // [token, query, key, value]
            neurons::keep(neurons, index, &block.attention, &rows);
        }
        let context = operations.attend(room, &attending, query_key_value, handed.maps)?; // [row, context] in the layout
        let attended = operations.linear(room, &loaded.attention_output, &context)?; // [row, hidden] in the layout
        operations.give_back(room, context);
        let norms = (&block.attention_norms, &loaded.attention_norms);
        let attended = self.join(pass, norms, attended, hidden, read)?; // [row, hidden] in the layout
        let source = match block.flow {
            Flow::OneAfterTheOther => &attended,
            Flow::SideBySide => hidden,
        };
        let read = self.before(pass, &loaded.feed_forward_norms, source)?; // [row, hidden] in the layout
        let reads = read.as_ref().unwrap_or(source);
        let mut widened = operations.linear(room, &loaded.widening, reads)?; // [row, intermediate] in the layout
        if block.feed_forward.is_gated {
            let activation = block.feed_forward.activation;
            let gated = operations.gate(room, activation, &widened)?; // [row, intermediate] in the layout
            operations.give_back(room, std::mem::replace(&mut widened, gated));
        }
        let narrowed = operations.linear(room, &loaded.narrowing, &widened)?; // [row, hidden] in the layout
        operations.give_back(room, widened);
        let norms = (&block.feed_forward_norms, &loaded.feed_forward_norms);
        let output = self.join(pass, norms, narrowed, &attended, read)?; // [row, hidden] in the layout
        operations.give_back(room, attended);
        Ok(output)
    }

    /// What a half of a layer reads, where a norm stands before it.
    fn before(
        &self,
        pass: &Pass<'_, O>,
        norms: &LoadedNorms<O>,
        hidden: &Tensor,
    ) -> Result<Option<Tensor>, ModelError> {
        let norm = norms.before.as_ref();
        let read = norm.map(|norm| self.operations.normalize(&pass.room, norm, hidden)); // [row, hidden] in the layout
        Ok(read.transpose()?)
    }

    /// Adds the result of a half of a layer to what it was given, with the norms
    /// around.
    fn join(
        &self,
        pass: &Pass<'_, O>,
        (norms, loaded): (&Norms, &LoadedNorms<O>),
        mut result: Tensor,   // [row, hidden] in the layout
        given: &Tensor,       // [row, hidden] in the layout
        read: Option<Tensor>, // [row, hidden] in the layout
    ) -> Result<Tensor, ModelError> {
        let (operations, room) = (&self.operations, &pass.room);
        if let Some(norm) = &loaded.after {
            let normal = operations.normalize(room, norm, &result)?; // [row, hidden] in the layout
            operations.give_back(room, std::mem::replace(&mut result, normal));
        }
        let added = match (norms.adds_normalized, &read) {
            (true, Some(read)) => read,
            (true, None) | (false, _) => given,
        };
        let joined = match &loaded.of_sum {
            Some(norm) => operations.normalize_sum(norm, result, added)?, // [row, hidden] in the layout
            None => operations.add(result, added)?, // [row, hidden] in the layout
        };
        if let Some(read) = read {
            operations.give_back(room, read);
        }
        Ok(joined)
    }

    fn check(&self, input: &Prepared) -> Result<(), ModelError> {
        let architecture = &self.architecture;
        let maximum = architecture.maximum_token_count;
        let found = input.source().len();
        if !(1..=maximum).contains(&found) {
            return Err(ModelError::TokenCount { maximum, found });
        }
        let vocabulary_size = architecture.vocabulary_size();
        for token in input.source() {
            if token.id as usize >= vocabulary_size {
                return Err(ModelError::UnknownToken {
                    token: token.text.clone(),
                    id: token.id,
                    vocabulary_size,
                });
            }
        }
        let Some(segment_count) = architecture.segment_count() else {
            return Ok(());
        };
        let unknown = |segment: &u32| *segment as usize >= segment_count;
        match input.told_segments().find(unknown) {
            None => Ok(()),
            Some(segment) => Err(ModelError::UnknownSegment {
                segment,
                segment_count,
            }),
        }
    }

    fn keep_hidden_states(
        &self,
        pass: &Pass<'_, O>,
        hidden: &Tensor, // [row, hidden] in the layout
        hidden_states: &mut [Vec<Vec<f32>>],
    ) -> Result<(), ModelError> {
        if pass.extras.hidden_states == HiddenStates::Keep {
            for (&span, states) in pass.spans.iter().zip(hidden_states) {
                states.push(self.operations.rows_of(hidden, span)?); // [token, hidden]
            }
        }
        Ok(())
    }
}

/// The next maps for the heads of a layer, `None` for those that are not wanted.
fn wanted_maps<'maps>(
    selection: &Selection,
    layer: usize,
    head_count: usize,
    maps: &mut ChunksExactMut<'maps, f32>,
) -> Vec<Option<&'maps mut [f32]>> {
    let wanted = selection.layers.iter().find(|wanted| wanted.layer == layer);
    let is_wanted = |head| wanted.is_some_and(|wanted| wanted.heads.contains(&head));
    (0..head_count)
        .map(|head| if is_wanted(head) { maps.next() } else { None })
        .collect()
}

/// First row and number of rows of each input in the stack.
fn spans(inputs: &[&Prepared]) -> Vec<(usize, usize)> {
    let mut start = 0;
    inputs
        .iter()
        .map(|input| {
            let span = (start, input.source().len());
            start += span.1;
            span
        })
        .collect()
}

/// A norm, where there is one.
fn norm<O: Operations>(
    operations: &O,
    weights: &Weights,
    norm: Option<&Norm>,
) -> Result<Option<O::Norm>, ModelError> {
    let loaded = norm.map(|norm| operations.load_norm(weights, norm));
    loaded.transpose()
}
