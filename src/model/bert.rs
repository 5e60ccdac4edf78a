//! BERT (Devlin et al. 2019, <https://arxiv.org/abs/1810.04805>), as
//! transformers' `modeling_bert.py` computes it in eager mode, handing out the
//! attention probabilities of every layer and head.
//!
//! Inputs are stacked row under row. Everything that works on single rows
//! (embeddings, products, layer norms, activations) runs over the stack;
//! attention is taken per input. So there is no padding and no mask, and each
//! input gets bit for bit what it gets alone.

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::config::BertConfig;
use super::ops::{self, LayerNorm, Linear};
use super::weights::{Weights, WeightsError};
use super::{EncoderOutput, HiddenStates, ModelError};
use crate::attention::AttentionTensor;
use crate::tokenizer::TokenizedInput;

/// A BERT encoder, without pooler and heads.
#[derive(Debug)]
pub struct Bert {
    config: BertConfig,
    /// Kept for the word embedding table, of which only the rows in use are
    /// read: it is a fifth of bert-base.
    weights: Weights,
    /// `[maximum_token_count, hidden]`.
    position_embeddings: Tensor,
    /// `[segment_count, hidden]`.
    segment_embeddings: Tensor,
    embeddings_norm: LayerNorm,
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    /// Query, key and value in one product: `[3 · hidden, hidden]`.
    query_key_value: Linear,
    attention_output: Linear,
    attention_norm: LayerNorm,
    intermediate: Linear,
    output: Linear,
    output_norm: LayerNorm,
}

impl Bert {
    /// Reads all weights but the word embeddings, layers side by side.
    ///
    /// # Errors
    /// When a tensor is missing, of another shape or type, or not finite.
    pub fn load(config: BertConfig, weights: Weights) -> Result<Self, ModelError> {
        let hidden = config.hidden_size;
        let table = [config.vocabulary_size, hidden];
        weights.check_shape("embeddings.word_embeddings.weight", &table)?;
        let layers: Result<Vec<Layer>, ModelError> = (0..config.layer_count)
            .into_par_iter()
            .map(|layer| Layer::load(&config, &weights, layer))
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
            embeddings_norm: layer_norm(&config, &weights, "embeddings.LayerNorm")?,
            layers: layers?,
            weights,
            config,
        })
    }

    /// The config that the model was made from.
    pub fn config(&self) -> &BertConfig {
        &self.config
    }

    /// Runs inputs of any lengths together.
    ///
    /// # Errors
    /// When an input has no token, too many, or a token or segment that the
    /// model has no embedding for; or when the result is not finite.
    pub fn forward(
        &self,
        inputs: &[&TokenizedInput],
        keep: HiddenStates,
    ) -> Result<Vec<EncoderOutput>, ModelError> {
        for input in inputs {
            self.check(input)?;
        }
        if inputs.is_empty() {
            return Ok(Vec::new());
        }
        let spans = spans(inputs);
        let mut hidden = self.embed(inputs)?; // [row, hidden]
        let mut attentions: Vec<Vec<f32>> = spans
            .iter()
            .map(|&(_, length)| {
                let map_count = self.config.layer_count * self.config.head_count;
                Vec::with_capacity(map_count * length * length)
            })
            .collect();
        let mut hidden_states: Vec<Vec<Vec<f32>>> = vec![Vec::new(); inputs.len()];
        self.keep_hidden_states(keep, &hidden, &spans, &mut hidden_states)?;
        for layer in &self.layers {
            hidden = self.apply_layer(layer, &hidden, &spans, &mut attentions)?; // [row, hidden]
            self.keep_hidden_states(keep, &hidden, &spans, &mut hidden_states)?;
        }
        let outputs = spans.iter().zip(attentions).zip(hidden_states);
        outputs
            .map(|((&(_, length), values), states)| {
                let shape = [
                    self.config.layer_count,
                    self.config.head_count,
                    length,
                    length,
                ];
                Ok(EncoderOutput {
                    attention: AttentionTensor::new(values, shape)?,
                    hidden_states: match keep {
                        HiddenStates::Keep => Some(states),
                        HiddenStates::Drop => None,
                    },
                })
            })
            .collect()
    }

    fn check(&self, input: &TokenizedInput) -> Result<(), ModelError> {
        let maximum = self.config.maximum_token_count;
        let found = input.tokens.len();
        if !(1..=maximum).contains(&found) {
            return Err(ModelError::TokenCount { maximum, found });
        }
        for token in &input.tokens {
            if token.id as usize >= self.config.vocabulary_size {
                return Err(ModelError::UnknownToken {
                    token: token.text.clone(),
                    id: token.id,
                    vocabulary_size: self.config.vocabulary_size,
                });
            }
            if token.segment as usize >= self.config.segment_count {
                let segment_count = self.config.segment_count;
                return Err(ModelError::UnknownSegment {
                    segment: token.segment,
                    segment_count,
                });
            }
        }
        Ok(())
    }

    /// The sum of word, segment and position embeddings, normalized:
    /// `[row, hidden]`.
    fn embed(&self, inputs: &[&TokenizedInput]) -> Result<Tensor, ModelError> {
        let tokens = || inputs.iter().flat_map(|input| &input.tokens);
        let ids: Vec<u32> = tokens().map(|token| token.id).collect();
        let segments: Vec<u32> = tokens().map(|token| token.segment).collect();
        let positions: Vec<u32> = inputs
            .iter()
            .flat_map(|input| 0..input.tokens.len() as u32)
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
        Ok(self.embeddings_norm.forward(&sum)?)
    }

    /// One layer over the stack; appends each input's `[head, query, key]`
    /// probabilities to its entry of `attentions`.
    fn apply_layer(
        &self,
        layer: &Layer,
        hidden: &Tensor, // [row, hidden]
        spans: &[(usize, usize)],
        attentions: &mut [Vec<f32>],
    ) -> Result<Tensor, ModelError> {
        let query_key_value = layer.query_key_value.forward(hidden)?; // [row, 3 · hidden]
        let mut contexts = Vec::with_capacity(spans.len());
        for (&(start, length), attention) in spans.iter().zip(attentions) {
            let rows = query_key_value.narrow(0, start, length)?; // [length, 3 · hidden]
            let (probabilities, context) = self.attend(&rows)?;
            attention.extend(probabilities.flatten_all()?.to_vec1::<f32>()?);
            contexts.push(context); // [length, hidden]
        }
        let context = Tensor::cat(&contexts, 0)?; // [row, hidden]
        let attended = layer.attention_output.forward(&context)?; // [row, hidden]
        let attended = layer.attention_norm.forward(&(attended + hidden)?)?; // [row, hidden]
        let widened = layer.intermediate.forward(&attended)?; // [row, intermediate]
        let widened = ops::activate(self.config.activation, &widened)?; // [row, intermediate]
        let narrowed = layer.output.forward(&widened)?; // [row, hidden]
        Ok(layer.output_norm.forward(&(narrowed + attended)?)?) // [row, hidden]
    }

    /// softmax(Q·Kᵀ/√d) and its product with V, for one input: probabilities
    /// `[head, query, key]` and context `[query, hidden]`.
    fn attend(&self, query_key_value: &Tensor) -> Result<(Tensor, Tensor), ModelError> {
        let length = query_key_value.dim(0)?;
        let head_count = self.config.head_count;
        let head_size = self.config.hidden_size / head_count;
        let split = query_key_value.reshape((length, 3, head_count, head_size))?; // [token, 3, head, size]
        let split = split.permute((1, 2, 0, 3))?.contiguous()?; // [3, head, token, size]
        let (query, key, value) = (split.get(0)?, split.get(1)?, split.get(2)?); // [head, token, size]
        let scale = 1.0 / (head_size as f64).sqrt();
        let scores = (query.matmul(&key.t()?)? * scale)?; // [head, query, key]
        let probabilities = ops::softmax(&scores)?; // [head, query, key]
        let context = probabilities.matmul(&value)?; // [head, query, size]
        let context = context
            .transpose(0, 1)?
            .reshape((length, self.config.hidden_size))?; // [query, hidden]
        Ok((probabilities, context))
    }

    fn keep_hidden_states(
        &self,
        keep: HiddenStates,
        hidden: &Tensor, // [row, hidden]
        spans: &[(usize, usize)],
        hidden_states: &mut [Vec<Vec<f32>>],
    ) -> Result<(), ModelError> {
        if keep == HiddenStates::Keep {
            for (&(start, length), states) in spans.iter().zip(hidden_states) {
                let rows = hidden.narrow(0, start, length)?; // [length, hidden]
                states.push(rows.flatten_all()?.to_vec1::<f32>()?);
            }
        }
        Ok(())
    }
}

impl Layer {
    fn load(config: &BertConfig, weights: &Weights, layer: usize) -> Result<Self, ModelError> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
        for part in ["query", "key", "value"] {
            let part = name(&format!("attention.self.{part}"));
            let values = weights.read(&format!("{part}.weight"), &[hidden, hidden])?;
            if weight.is_empty() {
                // Not before the first is read: a config may claim anything.
                weight.reserve_exact(3 * hidden * hidden);
            }
            weight.extend(values);
            bias.extend(weights.read(&format!("{part}.bias"), &[hidden])?);
        }
        Ok(Self {
            query_key_value: Linear {
                weight: Tensor::from_vec(weight, (3 * hidden, hidden), &Device::Cpu)?,
                bias: Tensor::from_vec(bias, 3 * hidden, &Device::Cpu)?,
            },
            attention_output: linear(weights, &name("attention.output.dense"), hidden, hidden)?,
            attention_norm: layer_norm(config, weights, &name("attention.output.LayerNorm"))?,
            intermediate: linear(weights, &name("intermediate.dense"), intermediate, hidden)?,
            output: linear(weights, &name("output.dense"), hidden, intermediate)?,
            output_norm: layer_norm(config, weights, &name("output.LayerNorm"))?,
        })
    }
}

/// First row and number of rows of each input in the stack.
fn spans(inputs: &[&TokenizedInput]) -> Vec<(usize, usize)> {
    let mut start = 0;
    inputs
        .iter()
        .map(|input| {
            let span = (start, input.tokens.len());
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

fn linear(
    weights: &Weights,
    name: &str,
    output_count: usize,
    input_count: usize,
) -> Result<Linear, ModelError> {
    let bias = weights.read(&format!("{name}.bias"), &[output_count])?;
    Ok(Linear {
        weight: matrix(
            weights,
            &format!("{name}.weight"),
            [output_count, input_count],
        )?,
        bias: Tensor::from_vec(bias, output_count, &Device::Cpu)?,
    })
}

fn layer_norm(
    config: &BertConfig,
    weights: &Weights,
    name: &str,
) -> Result<LayerNorm, WeightsError> {
    let shape = [config.hidden_size];
    Ok(LayerNorm {
        weight: weights.read(&format!("{name}.weight"), &shape)?,
        bias: weights.read(&format!("{name}.bias"), &shape)?,
        epsilon: config.layer_norm_epsilon,
    })
}
