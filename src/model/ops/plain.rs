//! The operations by candle-core and candle-nn alone, as everybody knows them:
//! what the kernels are held against. Hidden states have the shape
//! `[row, column]`.

use std::sync::Arc;

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops::{layer_norm_slow, rms_norm_slow, sigmoid, softmax};
use candle_nn::rotary_emb::rope_slow;

use super::{Attending, Distances, Keep, Operations, Relative, WantedMaps};
use crate::attention::Mask;
use crate::model::architecture::{
    Activation, Attention, HeadColumns, Linear, Norm, NormKind, Stored,
};
use crate::model::error::ModelError;
use crate::weights::Weights;

/// The operations by candle's own.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

/// A linear map.
#[derive(Debug)]
pub struct PlainLinear {
    /// `[inputs, outputs]`.
    weight: Tensor,
    /// `[outputs]`.
    bias: Tensor,
    activation: Option<Activation>,
}

/// A norm.
#[derive(Debug)]
pub struct PlainNorm {
    /// `[columns]`.
    weight: Tensor,
    /// `[columns]`; `None` where it is the root mean square alone.
    bias: Option<Tensor>,
    epsilon: f32,
}

impl PlainNorm {
    fn apply(&self, values: &Tensor) -> Result<Tensor> {
        let values = values.contiguous()?;
        match &self.bias {
            Some(bias) => layer_norm_slow(&values, &self.weight, bias, self.epsilon),
            None => rms_norm_slow(&values, &self.weight, self.epsilon),
        }
    }
}

impl Operations for Plain {
    type Linear = PlainLinear;
    type Norm = PlainNorm;
    type Room = ();

    fn load_linear(
        &self,
        weights: &Arc<Weights>,
        _: Keep,
        linear: &Linear,
        activation: Option<Activation>,
    ) -> std::result::Result<PlainLinear, ModelError> {
        let mut parts = Vec::new();
        for matrix in linear.matrices() {
            let values = weights.read(&matrix.name, &matrix.shape)?;
            let part = Tensor::from_vec(values, &matrix.shape, &Device::Cpu)?;
            parts.push(match linear.stored {
                Stored::ByOutput => part.t()?, // [inputs, outputs]
                Stored::ByInput => part,       // [inputs, outputs]
            });
        }
        let biases = linear.parts.iter();
        let biases: Vec<_> = biases
            .map(|(name, outputs)| (format!("{name}.bias"), *outputs))
            .collect();
        let bias = match linear.has_bias {
            true => weights.read_vectors(&biases)?,
            false => vec![0.0; linear.outputs()],
        };
        Ok(PlainLinear {
            weight: Tensor::cat(&parts, 1)?.contiguous()?, // [inputs, outputs]
            bias: Tensor::new(bias, &Device::Cpu)?,        // [outputs]
            activation,
        })
    }

    fn linear_of(
        &self,
        weights: &[f32],
        bias: Vec<f32>,
        activation: Option<Activation>,
    ) -> std::result::Result<PlainLinear, ModelError> {
        let outputs = bias.len();
        let inputs = weights.len().checked_div(outputs).unwrap_or(0);
        let weight = Tensor::from_slice(weights, (outputs, inputs), &Device::Cpu)?;
        Ok(PlainLinear {
            weight: weight.t()?.contiguous()?,      // [inputs, outputs]
            bias: Tensor::new(bias, &Device::Cpu)?, // [outputs]
            activation,
        })
    }

    fn load_norm(
        &self,
        weights: &Weights,
        norm: &Norm,
    ) -> std::result::Result<PlainNorm, ModelError> {
        let shape = [norm.columns];
        let read = |end: &str| -> std::result::Result<Tensor, ModelError> {
            let values = weights.read(&format!("{}.{end}", norm.name), &shape)?;
            Ok(Tensor::new(values, &Device::Cpu)?) // [columns]
        };
        let of = |value: f32| Tensor::full(value, norm.columns, &Device::Cpu); // [columns]
        let (weight, bias) = match norm.kind {
            NormKind::Layer => (read("weight")?, Some(read("bias")?)),
            NormKind::LayerWithoutBias => (read("weight")?, Some(of(0.0)?)),
            NormKind::LayerWithoutWeights => (of(1.0)?, Some(of(0.0)?)),
            NormKind::RootMeanSquare => (read("weight")?, None),
            NormKind::RootMeanSquareFromOne => ((read("weight")? + 1.0)?, None),
        };
        Ok(PlainNorm {
            weight,
            bias,
            epsilon: norm.epsilon,
        })
    }

    fn room(&self, _: usize) {}

    fn give_back(&self, (): &(), _: Tensor) {}

    fn take_rows(&self, tensor: &Tensor, rows: &[u32]) -> Result<Tensor> {
        tensor.index_select(&Tensor::new(rows, &Device::Cpu)?, 0) // [row, column]
    }

    fn lay_out(&self, rows: &Tensor) -> Result<Tensor> {
        Ok(rows.clone())
    }

    fn rows_of(&self, tensor: &Tensor, (start, length): (usize, usize)) -> Result<Vec<f32>> {
        tensor.narrow(0, start, length)?.flatten_all()?.to_vec1()
    }

    fn linear(
        &self,
        (): &(),
        linear: &PlainLinear,
        input: &Tensor, // [row, inputs]
    ) -> std::result::Result<Tensor, ModelError> {
        let output = input.matmul(&linear.weight)?; // [row, outputs]
        let output = output.broadcast_add(&linear.bias)?; // [row, outputs]
        Ok(match linear.activation {
            Some(activation) => activate(activation, &output)?, // [row, outputs]
            None => output,
        })
    }

    fn normalize(&self, (): &(), norm: &PlainNorm, input: &Tensor) -> Result<Tensor> {
        norm.apply(input) // [row, column]
    }

    fn normalize_sum(&self, norm: &PlainNorm, values: Tensor, others: &Tensor) -> Result<Tensor> {
        norm.apply(&(values + others)?) // [row, column]
    }

    fn add(&self, values: Tensor, others: &Tensor) -> Result<Tensor> {
        values + others // [row, column]
    }

    fn gate(&self, (): &(), activation: Activation, input: &Tensor) -> Result<Tensor> {
        let halves = input.chunk(2, D::Minus1)?; // [row, column] each
        activate(activation, &halves[0])? * &halves[1] // [row, column]
    }

    fn turn(
        &self,
        attending: &Attending<'_, PlainNorm>,
        query_key_value: Tensor, // [row, column]
    ) -> Result<Tensor> {
        let attention = attending.attention;
        let [queries, keys, values] = kinds(attention, &query_key_value)?; // [row, head, size] each
        let turned = |kind: &Tensor, norm: Option<&PlainNorm>| -> Result<Tensor> {
            let (rows, heads, size) = kind.dims3()?;
            let kind = match norm {
                // Of one head, or of all.
                Some(norm) => norm
                    .apply(&kind.reshape(((), norm.weight.elem_count()))?)?
                    .reshape((rows, heads, size))?, // [row, head, size]
                None => kind.clone(),
            };
            match attending.angles {
                Some(angles) => {
                    let kind = kind.transpose(0, 1)?.contiguous()?; // [head, row, size]
                    turn(&kind, angles)?.transpose(0, 1) // [row, head, size]
                }
                None => Ok(kind),
            }
        };
        let queries = turned(&queries, attending.norms[0])?; // [row, head, size]
        let keys = turned(&keys, attending.norms[1])?; // [row, key-value head, size]
        let row_count = query_key_value.dim(0)?;
        match attention.columns {
            HeadColumns::ByKind => {
                let flat = |kind: &Tensor| kind.reshape((row_count, ())); // [row, column]
                Tensor::cat(&[flat(&queries)?, flat(&keys)?, flat(&values)?], 1) // [row, column]
            }
            HeadColumns::ByHead => {
                let all = Tensor::stack(&[queries, keys, values], 2)?; // [row, head, kind, size]
                all.reshape((row_count, ())) // [row, column]
            }
        }
    }

    fn attend(
        &self,
        (): &(),
        attending: &Attending<'_, PlainNorm>,
        query_key_value: Tensor, // [row, column]
        maps: WantedMaps<'_>,
    ) -> Result<Tensor> {
        let attention = attending.attention;
        let mut contexts = Vec::new();
        for (&(start, length), maps) in attending.spans.iter().zip(maps) {
            let rows = query_key_value.narrow(0, start, length)?; // [token, column]
            let [queries, keys, values] = kinds(attention, &rows)?; // [token, head, size] each
            let by_head = |kind: &Tensor| kind.transpose(0, 1)?.contiguous(); // [head, token, size]
            let queries = by_head(&queries)?; // [head, query, size]
            let keys = repeat(attention, by_head(&keys)?)?; // [head, key, size]
            let values = values.transpose(0, 1)?.contiguous()?; // [key-value head, key, size]
            let values = repeat(attention, values)?; // [head, key, size]
            let scores = queries.matmul(&keys.transpose(1, 2)?.contiguous()?)?; // [head, query, key]
            let scores = match attending.relative {
                Some(relative) => {
                    (scores + relative_scores(attention, relative, &queries, &keys)?)? // [head, query, key]
                }
                None => scores,
            };
            let mut scores = (scores * f64::from(attention.scale))?; // [head, query, key]
            if let Some(distances) = attending.distances {
                scores = (scores + distance_scores(distances, attention.head_count, length)?)?; // [head, query, key]
            }
            if let Some(cap) = attention.score_cap {
                let cap = f64::from(cap);
                scores = ((scores / cap)?.tanh()? * cap)?; // [head, query, key]
            }
            if attention.mask != Mask::Full {
                scores = scores.broadcast_add(&forbidden(attention.mask, length)?)?; // [head, query, key]
            }
            let weights = softmax(&scores, D::Minus1)?; // [head, query, key]
            for (head, map) in maps.into_iter().enumerate() {
                if let Some(map) = map {
                    let weights: Vec<f32> = weights.get(head)?.flatten_all()?.to_vec1()?;
                    map.copy_from_slice(&weights);
                }
            }
            let context = weights.matmul(&values)?.transpose(0, 1)?; // [query, head, size]
            contexts.push(context.reshape((length, attention.query_columns()))?); // [query, column]
        }
        Tensor::cat(&contexts, 0) // [row, column]
    }
}

fn activate(activation: Activation, values: &Tensor) -> Result<Tensor> {
    match activation {
        Activation::Gelu => values.gelu_erf(),
        Activation::GeluTanh => values.gelu(),
        Activation::GeluQuick => values * sigmoid(&(values * 1.702)?)?,
        Activation::Relu => values.relu(),
        Activation::Silu => values.silu(),
        Activation::Tanh => values.tanh(),
    }
}

/// Queries, keys and values out of their product, `[token, head, size]` each.
fn kinds(attention: &Attention, rows: &Tensor) -> Result<[Tensor; 3]> {
    let (heads, size) = (attention.head_count, attention.head_size);
    let tokens = rows.dim(0)?;
    Ok(match attention.columns {
        HeadColumns::ByKind => {
            let (queries, keys) = (attention.query_columns(), attention.key_columns());
            let of = |start, columns| {
                let kind = rows.narrow(1, start, columns)?; // [token, column]
                kind.reshape((tokens, columns / size, size)) // [token, head, size]
            };
            [
                of(0, queries)?,
                of(queries, keys)?,
                of(queries + keys, keys)?,
            ]
        }
        HeadColumns::ByHead => {
            let all = rows.reshape((tokens, heads, 3, size))?; // [token, head, kind, size]
            [
                all.get_on_dim(2, 0)?,
                all.get_on_dim(2, 1)?,
                all.get_on_dim(2, 2)?,
            ]
        }
    })
}

/// The keys or values of each query head out of those that heads share.
fn repeat(attention: &Attention, shared: Tensor) -> Result<Tensor> {
    let (heads, tokens, size) = shared.dims3()?;
    let times = attention.head_count / attention.key_value_head_count;
    shared
        .unsqueeze(1)? // [key-value head, 1, token, size]
        .expand((heads, times, tokens, size))? // [key-value head, time, token, size]
        .reshape((heads * times, tokens, size)) // [head, token, size]
}

/// Turns the first columns of each head by the angles of their positions.
fn turn(kind: &Tensor, [cosines, sines]: &[Tensor; 2]) -> Result<Tensor> {
    let (_, _, size) = kind.dims3()?;
    let turned = 2 * cosines.dim(1)?;
    let first = kind.narrow(2, 0, turned)?.unsqueeze(0)?.contiguous()?; // [1, head, row, turned]
    let first = rope_slow(&first, cosines, sines)?.squeeze(0)?; // [head, row, turned]
    match turned < size {
        true => Tensor::cat(&[first, kind.narrow(2, turned, size - turned)?], 2), // [head, row, size]
        false => Ok(first),
    }
}

/// Products of contents with the keys and queries of distances:
/// `[head, query, key]`.
fn relative_scores(
    attention: &Attention,
    relative: &Relative,
    queries: &Tensor, // [head, query, size]
    keys: &Tensor,    // [head, key, size]
) -> Result<Tensor> {
    let (heads, size) = (attention.head_count, attention.head_size);
    let length = queries.dim(1)?;
    let of_distances = |start: usize| {
        let rows = relative.rows.narrow(1, start, heads * size)?; // [distance, column]
        let rows = rows.reshape(((), heads, size))?.permute((1, 2, 0))?; // [head, size, distance]
        rows.contiguous()
    };
    // The distance of every pair: of query and key, or of key and query.
    let distances = |by_query: bool| {
        let pair = |row: usize, column: usize| match by_query {
            true => relative.longest - 1 + row - column,
            false => relative.longest - 1 + column - row,
        };
        let rows = (0..length).flat_map(|row| (0..length).map(move |column| (row, column)));
        let all = rows.map(|(row, column)| pair(row, column) as u32);
        let one = Tensor::from_iter(all, &Device::Cpu)?.reshape((1, length, length))?; // [1, row, column]
        one.expand((heads, length, length))?.contiguous() // [head, row, column]
    };
    let mut sum = Tensor::zeros((heads, length, length), DType::F32, &Device::Cpu)?; // [head, query, key]
    if let Some(start) = relative.keys {
        let products = queries.matmul(&of_distances(start)?)?; // [head, query, distance]
        sum = (sum + products.gather(&distances(true)?, 2)?)?; // [head, query, key]
    }
    if let Some(start) = relative.queries {
        let products = keys.matmul(&of_distances(start)?)?; // [head, key, distance]
        let products = products.gather(&distances(false)?, 2)?; // [head, key, query]
        sum = (sum + products.transpose(1, 2)?)?; // [head, query, key]
    }
    Ok(sum)
}

/// `[head, query, key]`.
fn distance_scores(distances: &Distances, heads: usize, length: usize) -> Result<Tensor> {
    let width = 2 * distances.longest - 1;
    let mut scores = Vec::with_capacity(heads * length * length);
    for of_head in distances.values.chunks_exact(width) {
        for query in 0..length {
            scores.extend((0..length).map(|key| of_head[distances.longest - 1 + query - key]));
        }
    }
    Tensor::from_vec(scores, (heads, length, length), &Device::Cpu)
}

/// −∞ where a query may not attend to a key: `[query, key]`.
fn forbidden(mask: Mask, length: usize) -> Result<Tensor> {
    let mut scores = vec![f32::NEG_INFINITY; length * length];
    for (query, row) in scores.chunks_exact_mut(length).enumerate() {
        row[mask.allowed(query, length)].fill(0.0);
    }
    Tensor::from_vec(scores, (length, length), &Device::Cpu)
}
