//! BERT (Devlin et al. 2019, <https://arxiv.org/abs/1810.04805>), as
//! transformers' `modeling_bert.py` computes it in eager mode, handing out the
//! attention probabilities of every layer and head.
//!
//! Inputs are stacked row under row, and the stack is cut into panels (see
//! [`kernels`](super::ops::kernels)). Everything that works on single rows
//! (embeddings, products, layer norms, activations) runs over the stack;
//! attention is taken per input. So there is no padding between inputs and no
//! mask, and each input gets bit for bit what it gets alone.

use std::slice::ChunksExactMut;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::bert_tensors::tensors;
use super::config::BertConfig;
use super::error::ModelError;
use super::ops::fused::{self, LayerNorm, LinearMap, LinearWeights};
use super::ops::kernels::{AttentionShape, Instructions};
use super::output::{EncoderOutput, HiddenStates};
use super::threads::with_threads_awake;
use crate::attention::{AttentionKind, AttentionTensor, HeadMaps, Mask, Selection};
use crate::input::Prepared;
use crate::memory::{Demand, MemoryError};
use crate::weights::{Weights, WeightsError};

/// Which weights stay in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// All but the word embeddings.
    All,
    /// Biases, layer norms and small tables.
    Little,
}

/// A BERT encoder, without pooler and heads.
#[derive(Debug)]
pub struct Bert {
    config: BertConfig,
    instructions: Instructions,
    /// Kept for the word embedding table, of which only the rows in use are
    /// read: it is a fifth of bert-base.
    weights: Arc<Weights>,
    /// `[maximum_token_count, hidden]`.
    position_embeddings: Tensor,
    /// `[segment_count, hidden]`.
    segment_embeddings: Tensor,
    embeddings_norm: LayerNorm,
    layers: Vec<Layer>,
    /// Tensors of the encoder that are not among those of [`tensors`].
    unused_tensors: Vec<String>,
    warnings: Vec<String>,
}

#[derive(Debug)]
struct Layer {
    /// Query, key and value in one product: `[3 · hidden, hidden]`.
    query_key_value: LinearMap,
    attention_output: LinearMap,
    attention_norm: LayerNorm,
    intermediate: LinearMap,
    output: LinearMap,
    output_norm: LayerNorm,
}

/// What a layer writes, the same memory for every layer.
struct Room {
    /// `[panel, 3 · hidden, lane]`.
    query_key_value: Tensor,
    /// `[panel, hidden, lane]`.
    attended: Tensor,
    /// `[panel, intermediate, lane]`.
    widened: Tensor,
    /// `[panel, hidden, lane]`.
    output: Tensor,
}

/// Of fewer tokens than these, the steps of a layer are so short that threads
/// which fall asleep between them lose a fifth of the time to waking up.
const FEW_TOKENS: usize = 256;

impl Bert {
    /// Reads weights, layers side by side: all of them or, of [`Keep::Little`],
    /// only the small ones. The word embeddings are always read by row.
    ///
    /// # Errors
    /// When a tensor is missing, of another shape or type, or not finite.
    pub(super) fn load(
        config: BertConfig,
        weights: Weights,
        keep: Keep,
        instructions: Instructions,
    ) -> Result<Self, ModelError> {
        let weights = Arc::new(weights);
        let hidden = config.hidden_size;
        let tensors = tensors(&config);
        // All of them before the first is read, which may be large.
        for (name, shape) in &tensors {
            weights.check_shape(name, shape)?;
        }
        let sizes = tensors.iter().map(|(_, shape)| shape);
        let number_count = |shape: &Vec<usize>| shape.iter().map(|&size| size as u64).product();
        weights.check_size(sizes.map(number_count).fold(0, u64::saturating_add))?;
        let names = tensors.into_iter().map(|(name, _)| name).collect();
        let unused_tensors = weights.unexpected(&names);
        let layers: Result<Vec<Layer>, ModelError> = (0..config.layer_count)
            .into_par_iter()
            .map(|layer| Layer::load(&config, &weights, keep, instructions, layer))
            .collect();
        Ok(Self {
            position_embeddings: matrix(
                &weights,
                "embeddings.position_embeddings.weight",
                [config.maximum_token_count, hidden],
            )?,
            segment_embeddings: matrix(
                &weights,
                "embeddings.token_type_embeddings.weight",
                [config.segment_count, hidden],
            )?,
            embeddings_norm: layer_norm(&config, &weights, instructions, "embeddings.LayerNorm")?,
            layers: layers?,
            unused_tensors,
            warnings: Vec::new(),
            instructions,
            weights,
            config,
        })
    }

    /// The encoder's tensors that its config does not ask for.
    pub(super) fn unused_tensors(&self) -> &[String] {
        &self.unused_tensors
    }

    /// As it is, with something that the user should know.
    pub(super) fn with_warning(mut self, warning: String) -> Self {
        self.warnings.push(warning);
        self
    }

    /// What the user should know about the model.
    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// See [`Weights::chosen_prefix`].
    pub(super) fn chosen_prefix(&self) -> Option<&str> {
        self.weights.chosen_prefix()
    }

    /// The config that the model was made from.
    pub fn config(&self) -> &BertConfig {
        &self.config
    }

    /// Runs inputs of any lengths together, for the maps of some heads; those
    /// that the model does not have are none.
    ///
    /// # Errors
    /// When an input has no token, too many, or a token or segment that the
    /// model has no embedding for; when the result is not finite; or when it
    /// does not fit into the memory.
    pub fn forward(
        &self,
        inputs: &[&Prepared],
        keep: HiddenStates,
        selection: &Selection,
    ) -> Result<Vec<EncoderOutput>, ModelError> {
        for input in inputs {
            self.check(input)?;
        }
        if inputs.is_empty() {
            return Ok(Vec::new());
        }
        let all = Selection::all(self.config.layer_count, self.config.head_count);
        let selection = &all.in_both(selection);
        let lengths = inputs.iter().map(|input| input.source().len());
        self.demand(selection.head_count()).check(lengths.clone())?;
        match lengths.sum() {
            ..FEW_TOKENS => with_threads_awake(|| self.encode(inputs, keep, selection)),
            // On a thread of the pool, so that the many parallel steps do not
            // each wake it from outside.
            _ => rayon::scope(|_| self.encode(inputs, keep, selection)),
        }
    }

    /// What a forward pass takes that hands so many maps out.
    pub fn demand(&self, map_count: usize) -> Demand {
        let BertConfig {
            hidden_size,
            intermediate_size,
            ..
        } = self.config;
        // Embeddings, and what the rooms of a layer hold.
        let columns = 12_u64.saturating_mul(hidden_size as u64);
        let columns = columns.saturating_add(intermediate_size as u64);
        let number = size_of::<f32>() as u64;
        Demand {
            map_count: map_count as u64,
            each_pair: number,
            each_pair_once: 0,
            each_token: columns.saturating_mul(number),
        }
    }

    /// [`Bert::forward`] of inputs and heads that were checked.
    fn encode(
        &self,
        inputs: &[&Prepared],
        keep: HiddenStates,
        selection: &Selection,
    ) -> Result<Vec<EncoderOutput>, ModelError> {
        let spans = spans(inputs);
        let mut hidden = self.embed(inputs)?; // [panel, hidden, lane]
        let demand = self.demand(selection.head_count());
        let attentions = spans.iter().map(|&(_, length)| {
            demand.zeros(selection.head_count() * length * length, length) // [head, query, key]
        });
        let mut attentions: Vec<Vec<f32>> = attentions.collect::<Result<_, MemoryError>>()?;
        // `[query, key]` of each input, in the order of the selection.
        let mut all_maps: Vec<_> = spans
            .iter()
            .zip(&mut attentions)
            .map(|(&(_, length), maps)| maps.chunks_exact_mut(length * length))
            .collect();
        let mut hidden_states: Vec<Vec<Vec<f32>>> = vec![Vec::new(); inputs.len()];
        self.keep_hidden_states(keep, &hidden, &spans, &mut hidden_states)?;
        let mut room = self.room(&spans)?;
        for (index, layer) in self.layers.iter().enumerate() {
            let maps = all_maps.iter_mut();
            let maps = maps.map(|maps| wanted_maps(selection, index, self.config.head_count, maps));
            let maps = maps.collect();
            self.apply_layer(layer, &hidden, &spans, maps, &room)?;
            std::mem::swap(&mut hidden, &mut room.output); // [panel, hidden, lane]
            self.keep_hidden_states(keep, &hidden, &spans, &mut hidden_states)?;
        }
        let outputs = spans.iter().zip(attentions).zip(hidden_states);
        outputs
            .map(|((&(_, length), values), states)| {
                let maps = HeadMaps::new(selection.clone(), [length, length], values)?;
                let masks = vec![Mask::Full; selection.layers.len()];
                let attention = AttentionTensor::new(AttentionKind::SelfAttention, masks, maps)?;
                Ok(EncoderOutput {
                    attention,
                    hidden_states: match keep {
                        HiddenStates::Keep => Some(states),
                        HiddenStates::Drop => None,
                    },
                })
            })
            .collect()
    }

    fn check(&self, input: &Prepared) -> Result<(), ModelError> {
        let maximum = self.config.maximum_token_count;
        let found = input.source().len();
        if !(1..=maximum).contains(&found) {
            return Err(ModelError::TokenCount { maximum, found });
        }
        for token in input.source() {
            if token.id as usize >= self.config.vocabulary_size {
                return Err(ModelError::UnknownToken {
                    token: token.text.clone(),
                    id: token.id,
                    vocabulary_size: self.config.vocabulary_size,
                });
            }
        }
        let segment_count = self.config.segment_count;
        let unknown = |segment: &u32| *segment as usize >= segment_count;
        match input.told_segments().find(unknown) {
            None => Ok(()),
            Some(segment) => Err(ModelError::UnknownSegment {
                segment,
                segment_count,
            }),
        }
    }

    /// The sum of word, segment and position embeddings, normalized:
    /// `[panel, hidden, lane]`.
    fn embed(&self, inputs: &[&Prepared]) -> Result<Tensor, ModelError> {
        let tokens = || inputs.iter().flat_map(|input| input.source());
        let ids: Vec<u32> = tokens().map(|token| token.id).collect();
        let segments = inputs.iter().flat_map(|input| input.told_segments());
        let segments: Vec<u32> = segments.collect();
        let positions: Vec<u32> = inputs
            .iter()
            .flat_map(|input| 0..input.source().len() as u32)
            .collect();
        let shape = [self.config.vocabulary_size, self.config.hidden_size];
        let rows = self
            .weights
            .read_rows("embeddings.word_embeddings.weight", shape, &ids)?;
        let row_count = ids.len();
        let device = &Device::Cpu;
        let words = Tensor::from_vec(rows, (row_count, self.config.hidden_size), device)?; // [row, hidden]
        let segments = Tensor::from_vec(segments, row_count, device)?; // [row]
        let positions = Tensor::from_vec(positions, row_count, device)?; // [row]
        // In the order of transformers' BertEmbeddings, so that the sums round alike.
        let sum = (words + self.segment_embeddings.index_select(&segments, 0)?)?; // [row, hidden]
        let sum = (sum + self.position_embeddings.index_select(&positions, 0)?)?; // [row, hidden]
        let panels = fused::to_panels(self.instructions, &sum)?; // [panel, hidden, lane]
        self.embeddings_norm.apply(&panels)?;
        Ok(panels)
    }

    fn room(&self, spans: &[(usize, usize)]) -> Result<Room, ModelError> {
        let row_count = spans.iter().map(|&(_, length)| length).sum();
        let panels = |column_count| fused::panels(self.instructions, row_count, column_count);
        let hidden = self.config.hidden_size;
        Ok(Room {
            query_key_value: panels(3 * hidden)?,
            attended: panels(hidden)?,
            widened: panels(self.config.intermediate_size)?,
            output: panels(hidden)?,
        })
    }

    /// One layer over the stack: fills each input's `[query, key]` probabilities
    /// of the heads that are wanted, and `room.output`.
    fn apply_layer(
        &self,
        layer: &Layer,
        hidden: &Tensor, // [panel, hidden, lane]
        spans: &[(usize, usize)],
        maps: Vec<Vec<Option<&mut [f32]>>>,
        room: &Room,
    ) -> Result<(), ModelError> {
        let shape = AttentionShape {
            head_count: self.config.head_count,
            head_size: self.config.hidden_size / self.config.head_count,
        };
        layer
            .query_key_value
            .forward_into(hidden, &room.query_key_value)?;
        let context = fused::attend(self.instructions, shape, &room.query_key_value, spans, maps)?; // [panel, hidden, lane]
        layer
            .attention_output
            .forward_into(&context, &room.attended)?;
        layer.attention_norm.apply_with(&room.attended, hidden)?;
        layer
            .intermediate
            .forward_into(&room.attended, &room.widened)?;
        layer.output.forward_into(&room.widened, &room.output)?;
        layer.output_norm.apply_with(&room.output, &room.attended)?;
        Ok(())
    }

    fn keep_hidden_states(
        &self,
        keep: HiddenStates,
        hidden: &Tensor, // [panel, hidden, lane]
        spans: &[(usize, usize)],
        hidden_states: &mut [Vec<Vec<f32>>],
    ) -> Result<(), ModelError> {
        if keep == HiddenStates::Keep {
            for (&span, states) in spans.iter().zip(hidden_states) {
                states.push(fused::rows_of(self.instructions, hidden, span)?); // [token, hidden]
            }
        }
        Ok(())
    }
}

impl Layer {
    fn load(
        config: &BertConfig,
        weights: &Arc<Weights>,
        keep: Keep,
        instructions: Instructions,
        layer: usize,
    ) -> Result<Self, ModelError> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let linear = |part: &str, shape| {
            let part = name(part);
            linear(weights, keep, instructions, &[&part], shape)
        };
        let norm = |part: &str| layer_norm(config, weights, instructions, &name(part));
        let parts = ["query", "key", "value"].map(|part| name(&format!("attention.self.{part}")));
        let parts = parts.each_ref().map(String::as_str);
        let mut widening = linear("intermediate.dense", [intermediate, hidden])?;
        widening.activation = Some(config.activation);
        Ok(Self {
            query_key_value: self::linear(weights, keep, instructions, &parts, [hidden, hidden])?,
            attention_output: linear("attention.output.dense", [hidden, hidden])?,
            attention_norm: norm("attention.output.LayerNorm")?,
            intermediate: widening,
            output: linear("output.dense", [hidden, intermediate])?,
            output_norm: norm("output.LayerNorm")?,
        })
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

fn matrix(weights: &Weights, name: &str, shape: [usize; 2]) -> Result<Tensor, ModelError> {
    Ok(Tensor::from_vec(
        weights.read(name, &shape)?,
        &shape,
        &Device::Cpu,
    )?)
}

/// Linear maps of the same input, each of `shape` `[outputs, inputs]`, as one.
fn linear(
    weights: &Arc<Weights>,
    keep: Keep,
    instructions: Instructions,
    names: &[&str],
    shape: [usize; 2],
) -> Result<LinearMap, ModelError> {
    let all = |end: &str| -> Vec<String> {
        let names = names.iter();
        names.map(|name| format!("{name}.{end}")).collect()
    };
    let matrices = all("weight");
    Ok(LinearMap {
        weights: match keep == Keep::Little && weights.can_stream(&matrices, &shape)? {
            true => LinearWeights::Stored {
                weights: Arc::clone(weights),
                names: matrices,
                shape,
            },
            false => LinearWeights::Loaded(weights.read_matrices(&matrices, &shape)?),
        },
        bias: weights.read_stacked(&all("bias"), &shape[..1])?,
        activation: None,
        instructions,
    })
}

fn layer_norm(
    config: &BertConfig,
    weights: &Weights,
    instructions: Instructions,
    name: &str,
) -> Result<LayerNorm, WeightsError> {
    let shape = [config.hidden_size];
    Ok(LayerNorm {
        weight: weights.read(&format!("{name}.weight"), &shape)?,
        bias: weights.read(&format!("{name}.bias"), &shape)?,
        epsilon: config.layer_norm_epsilon,
        instructions,
    })
}
