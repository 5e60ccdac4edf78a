//! From the ids of tokens to the first hidden state, and DeBERTa's convolution
//! over it.

use std::sync::Arc;

use candle_core::{Device, Tensor};

use super::{Interpreter, Pass, norm};
use crate::input::{Prepared, Unit};
use crate::model::architecture::{
    Convolution, Embeddings, PositionCount, ProjectionPlace, Table, TokenDropout,
};
use crate::model::error::ModelError;
use crate::model::ops::{Keep, Operations};
use crate::weights::Weights;

/// Tables, maps and norms of the embeddings; words are read when they are used.
#[derive(Debug)]
pub struct LoadedEmbeddings<O: Operations> {
    /// `[segment, column]`.
    segments: Option<Tensor>,
    /// `[position, column]`.
    positions: Option<Tensor>,
    /// `[task, column]`.
    tasks: Option<Tensor>,
    norm: Option<O::Norm>,
    projection: Option<(ProjectionPlace, O::Linear)>,
    convolution: Option<LoadedConvolution<O>>,
}

#[derive(Debug)]
struct LoadedConvolution<O: Operations> {
    /// From a token and its neighbours, side by side.
    linear: O::Linear,
    norm: O::Norm,
}

impl<O: Operations> LoadedEmbeddings<O> {
    /// Reads them.
    ///
    /// # Errors
    /// When a tensor is missing, of another shape or type, or not finite.
    pub fn load(
        operations: &O,
        weights: &Arc<Weights>,
        keep: Keep,
        embeddings: &Embeddings,
    ) -> Result<Self, ModelError> {
        let projection = embeddings.projection.as_ref().map(|projection| {
            let linear = operations.load_linear(weights, keep, &projection.linear, None)?;
            Ok::<_, ModelError>((projection.place, linear))
        });
        let table = |table: Option<&Table>| table.map(|table| matrix(weights, table)).transpose();
        let positions = embeddings.positions.as_ref();
        let convolution = embeddings.convolution.as_ref();
        Ok(Self {
            positions: table(positions.map(|positions| &positions.table))?,
            segments: table(embeddings.segments.as_ref())?,
            tasks: table(embeddings.tasks.as_ref())?,
            norm: norm(operations, weights, embeddings.norm.as_ref())?,
            projection: projection.transpose()?,
            convolution: convolution
                .map(|convolution| LoadedConvolution::load(operations, weights, convolution))
                .transpose()?,
        })
    }

    /// The map to the width of the hidden states, where this is what it takes.
    fn projection_of(&self, place: ProjectionPlace) -> Option<&O::Linear> {
        let projection = self.projection.as_ref();
        let (_, linear) = projection.filter(|(found, _)| *found == place)?;
        Some(linear)
    }
}

impl<O: Operations> LoadedConvolution<O> {
    fn load(
        operations: &O,
        weights: &Weights,
        convolution: &Convolution,
    ) -> Result<Self, ModelError> {
        let columns = convolution.norm.columns;
        let width = convolution.width;
        let stored = weights.read(
            &format!("{}.weight", convolution.name),
            &convolution.shape(),
        )?; // [output, input of the group, neighbour]
        let group_size = columns / convolution.groups;
        // A product with all neighbours side by side: [output, neighbour, input].
        let mut map = vec![0.0; columns * width * columns];
        for (index, &weight) in stored.iter().enumerate() {
            let (output, rest) = (index / (group_size * width), index % (group_size * width));
            let (input, neighbour) = (rest / width, rest % width);
            let input = output / group_size * group_size + input;
            map[(output * width + neighbour) * columns + input] = weight;
        }
        let bias = match convolution.has_bias {
            true => weights.read(&format!("{}.bias", convolution.name), &[columns])?,
            false => vec![0.0; columns],
        };
        Ok(Self {
            linear: operations.linear_of(&map, bias, Some(convolution.activation))?,
            norm: operations.load_norm(weights, &convolution.norm)?,
        })
    }
}

impl<O: Operations> Interpreter<O> {
    /// The sum of the embeddings of all tokens, normalized: `[row, hidden]` in
    /// the layout.
    pub(super) fn embed(&self, pass: &Pass<'_, O>) -> Result<Tensor, ModelError> {
        let (operations, room) = (&self.operations, &pass.room);
        let (embeddings, loaded) = (&self.architecture.embeddings, &self.embeddings);
        let mut sum = self.words(pass.inputs)?; // [row, column]
        if let Some(projection) = loaded.projection_of(ProjectionPlace::Words) {
            let words = operations.lay_out(&sum)?; // [row, column] in the layout
            let words = operations.linear(room, projection, &words)?; // [row, hidden] in the layout
            let row_count = sum.dim(0)?;
            let rows = operations.rows_of(&words, (0, row_count))?;
            sum = Tensor::from_vec(rows, (row_count, ()), &Device::Cpu)?; // [row, hidden]
        }
        // In the order of transformers' BertEmbeddings, so that the sums round
        // alike.
        if let Some(table) = &loaded.segments {
            let segments = pass.inputs.iter().flat_map(|input| input.told_segments());
            sum = (sum + rows(table, segments)?)?; // [row, column]
        }
        if let (Some(table), Some(positions)) = (&loaded.positions, &embeddings.positions) {
            let inputs = pass.inputs.iter();
            let counted = inputs.flat_map(|input| counted(input.source(), positions.count));
            sum = (sum + rows(table, counted)?)?; // [row, column]
        }
        if let Some(table) = &loaded.tasks {
            let tasks = pass.inputs.iter().flat_map(|input| input.source());
            sum = (sum + rows(table, tasks.map(|_| 0))?)?; // [row, column]
        }
        let mut embedded = operations.lay_out(&sum)?; // [row, column] in the layout
        if let Some(projection) = loaded.projection_of(ProjectionPlace::Sum) {
            let projected = operations.linear(room, projection, &embedded)?; // [row, hidden] in the layout
            operations.give_back(room, std::mem::replace(&mut embedded, projected));
        }
        if let Some(norm) = &loaded.norm {
            let normal = operations.normalize(room, norm, &embedded)?; // [row, column] in the layout
            operations.give_back(room, std::mem::replace(&mut embedded, normal));
        }
        if let Some(projection) = loaded.projection_of(ProjectionPlace::Normalized) {
            let projected = operations.linear(room, projection, &embedded)?; // [row, hidden] in the layout
            operations.give_back(room, std::mem::replace(&mut embedded, projected));
        }
        Ok(embedded)
    }

    /// `[row, column]`: the embeddings of words, scaled.
    fn words(&self, inputs: &[&Prepared]) -> Result<Tensor, ModelError> {
        let embeddings = &self.architecture.embeddings;
        let tokens = inputs.iter().flat_map(|input| input.source());
        let ids: Vec<u32> = tokens.map(|token| token.id).collect();
        let Table {
            name,
            rows,
            columns,
        } = &embeddings.words;
        let mut values = self.weights.read_rows(name, [*rows, *columns], &ids)?; // [row, column]
        if let Some(scale) = embeddings.scale {
            for value in &mut values {
                *value *= scale;
            }
        }
        if let Some(dropout) = embeddings.token_dropout {
            let mut rest = values.as_mut_slice();
            for input in inputs {
                let (rows, next) = rest.split_at_mut(input.source().len() * columns);
                drop_tokens(input.source(), dropout, rows, *columns);
                rest = next;
            }
        }
        Ok(Tensor::from_vec(
            values,
            (ids.len(), *columns),
            &Device::Cpu,
        )?)
    }

    /// The norm of the first layer's output and the convolution of what it was
    /// given, where the model has one.
    pub(super) fn convolve(
        &self,
        pass: &Pass<'_, O>,
        given: &Tensor, // [row, hidden] in the layout
        output: Tensor, // [row, hidden] in the layout
    ) -> Result<Tensor, ModelError> {
        let convolution = self.architecture.embeddings.convolution.as_ref();
        let Some((convolution, loaded)) = convolution.zip(self.embeddings.convolution.as_ref())
        else {
            return Ok(output);
        };
        let operations = &self.operations;
        let (hidden, width) = (self.architecture.hidden_size, convolution.width);
        let row_count: usize = pass.spans.iter().map(|&(_, length)| length).sum();
        let mut neighbours = vec![0.0; row_count * width * hidden]; // [row, neighbour, hidden]
        for &(start, length) in &pass.spans {
            let rows = operations.rows_of(given, (start, length))?; // [token, hidden]
            for token in 0..length {
                for neighbour in 0..width {
                    let from = (token + neighbour).checked_sub((width - 1) / 2);
                    let from = from.and_then(|from| rows.chunks_exact(hidden).nth(from));
                    let to = ((start + token) * width + neighbour) * hidden;
                    if let Some(from) = from {
                        neighbours[to..to + hidden].copy_from_slice(from);
                    }
                }
            }
        }
        let shape = (row_count, width * hidden);
        let neighbours = Tensor::from_vec(neighbours, shape, &Device::Cpu)?; // [row, neighbour and hidden]
        let neighbours = operations.lay_out(&neighbours)?; // [row, neighbour and hidden] in the layout
        let convolved = operations.linear(&pass.room, &loaded.linear, &neighbours)?; // [row, hidden] in the layout
        Ok(operations.normalize_sum(&loaded.norm, convolved, &output)?) // [row, hidden] in the layout
    }
}

/// Some rows of a table: `[row, column]`.
fn rows(table: &Tensor, indices: impl Iterator<Item = u32>) -> Result<Tensor, ModelError> {
    let indices: Vec<u32> = indices.collect();
    let indices = Tensor::new(indices, &Device::Cpu)?; // [row]
    Ok(table.index_select(&indices, 0)?) // [row, column]
}

/// The row of the position table for each token.
fn counted(tokens: &[Unit], count: PositionCount) -> Vec<u32> {
    match count {
        PositionCount::From(first) => (first as u32..).take(tokens.len()).collect(),
        PositionCount::BehindPadding(padding) => {
            let mut next = padding;
            let mut row = |token: &Unit| match token.id == padding {
                true => padding,
                false => {
                    next += 1;
                    next
                }
            };
            tokens.iter().map(&mut row).collect()
        }
    }
}

/// Masked tokens become 0 and the others are scaled up, of one input:
/// `[token, column]`.
fn drop_tokens(tokens: &[Unit], dropout: TokenDropout, rows: &mut [f32], columns: usize) {
    let is_masked = |token: &Unit| token.id == dropout.mask_id;
    let count = tokens.iter().filter(|token| is_masked(token)).count();
    let observed = count as f32 / tokens.len() as f32;
    for (token, row) in tokens.iter().zip(rows.chunks_exact_mut(columns)) {
        for value in row {
            let kept = if is_masked(token) { 0.0 } else { *value };
            *value = kept * (1.0 - dropout.trained_share) / (1.0 - observed);
        }
    }
}

/// A whole table: `[row, column]`.
pub fn matrix(weights: &Weights, table: &Table) -> Result<Tensor, ModelError> {
    let shape = [table.rows, table.columns];
    let values = weights.read(&table.name, &shape)?;
    Ok(Tensor::from_vec(values, &shape, &Device::Cpu)?)
}
