//! The kernels as operations on candle's tensors. Hidden states have the shape
//! `[panel, column, lane]` that [`kernels`](super::kernels) explains.
//!
//! They are candle's custom operations in place: what one writes to is memory
//! of the room, which the layers use in turn.

mod attention;
mod linear;
mod norm;
mod panels;

use std::cell::RefCell;
use std::sync::Arc;

use candle_core::{Result, Tensor, bail};

use self::attention::{Attend, NormalizeHeads, Rotate};
use self::linear::LinearMap;
use self::norm::{Copied, NormWeights};
use self::panels::{Gate, Sum};
use super::kernels::Instructions;
use super::{Attending, Keep, Operations, WantedMaps};
use crate::model::architecture::{Activation, Attention, HeadStart, Linear, Norm};
use crate::model::error::ModelError;
use crate::weights::Weights;

/// The operations by kernels of our own.
#[derive(Debug, Clone, Copy)]
pub struct Fused {
    /// What computes them.
    pub instructions: Instructions,
}

/// Tensors that were used and are free again, for stacks of as many rows.
#[derive(Debug)]
pub struct Room {
    row_count: usize,
    free: RefCell<Vec<Tensor>>,
}

impl Fused {
    /// Room for so many columns: memory that is used again need not be cleared,
    /// nor be had from the system.
    fn take(self, room: &Room, column_count: usize) -> Result<Tensor> {
        let mut free = room.free.borrow_mut();
        let fits = |tensor: &Tensor| tensor.dims().get(1) == Some(&column_count);
        match free.iter().position(fits) {
            Some(index) => Ok(free.swap_remove(index)),
            None => panels::zeros(self.instructions, room.row_count, column_count),
        }
    }
}

impl Operations for Fused {
    type Linear = LinearMap;
    type Norm = NormWeights;
    type Room = Room;

    fn load_linear(
        &self,
        weights: &Arc<Weights>,
        keep: Keep,
        linear: &Linear,
        activation: Option<Activation>,
    ) -> std::result::Result<LinearMap, ModelError> {
        LinearMap::load(self.instructions, weights, keep, linear, activation)
    }

    fn linear_of(
        &self,
        weights: &[f32],
        bias: Vec<f32>,
        activation: Option<Activation>,
    ) -> std::result::Result<LinearMap, ModelError> {
        LinearMap::of(self.instructions, weights, bias, activation)
    }

    fn load_norm(
        &self,
        weights: &Weights,
        norm: &Norm,
    ) -> std::result::Result<NormWeights, ModelError> {
        NormWeights::load(self.instructions, weights, norm)
    }

    fn room(&self, row_count: usize) -> Room {
        let free = RefCell::new(Vec::new());
        Room { row_count, free }
    }

    fn give_back(&self, room: &Room, tensor: Tensor) {
        let panels = room.row_count.div_ceil(self.instructions.lane_count());
        if tensor.dims().first() == Some(&panels) {
            room.free.borrow_mut().push(tensor);
        }
    }

    fn lay_out(&self, rows: &Tensor) -> Result<Tensor> {
        panels::to_panels(self.instructions, rows)
    }

    fn rows_of(&self, tensor: &Tensor, span: (usize, usize)) -> Result<Vec<f32>> {
        panels::rows_of(self.instructions, tensor, span)
    }

    fn take_rows(&self, tensor: &Tensor, rows: &[u32]) -> Result<Tensor> {
        panels::take_rows(self.instructions, tensor, rows)
    }

    fn linear(
        &self,
        room: &Room,
        linear: &LinearMap,
        input: &Tensor, // [panel, inputs, lane]
    ) -> std::result::Result<Tensor, ModelError> {
        let output = self.output(room, input, linear.output_count())?; // [panel, outputs, lane]
        linear.forward_into(input, &output)?;
        Ok(output)
    }

    fn normalize(&self, room: &Room, norm: &NormWeights, input: &Tensor) -> Result<Tensor> {
        let output = self.output(room, input, input.dim(1)?)?; // [panel, column, lane]
        output.inplace_op2(input, &Copied(norm))?;
        Ok(output)
    }

    fn normalize_sum(&self, norm: &NormWeights, values: Tensor, others: &Tensor) -> Result<Tensor> {
        values.inplace_op2(others, norm)?;
        Ok(values)
    }

    fn add(&self, values: Tensor, others: &Tensor) -> Result<Tensor> {
        values.inplace_op2(others, &Sum(self.instructions))?;
        Ok(values)
    }

    fn gate(&self, room: &Room, activation: Activation, input: &Tensor) -> Result<Tensor> {
        let column_count = input.dim(1)?;
        if !column_count.is_multiple_of(2) {
            bail!("a gate met a tensor of {:?}", input.dims());
        }
        let output = self.output(room, input, column_count / 2)?; // [panel, column, lane]
        let gate = Gate {
            instructions: self.instructions,
            activation,
        };
        output.inplace_op2(input, &gate)?;
        Ok(output)
    }

    fn turn(
        &self,
        attending: &Attending<'_, NormWeights>,
        query_key_value: Tensor, // [panel, column, lane]
    ) -> Result<Tensor> {
        let attention = attending.attention;
        let starts = starts(attention);
        let queries: Vec<usize> = starts.iter().map(|start| start.query).collect();
        let mut keys: Vec<usize> = starts.iter().map(|start| start.key).collect();
        keys.dedup();
        for (norm, starts) in attending.norms.iter().zip([&queries, &keys]) {
            if let Some(norm) = norm {
                let count = norm.column_count() / attention.head_size;
                let starts: Vec<usize> = starts.iter().copied().step_by(count.max(1)).collect();
                query_key_value.inplace_op1(&NormalizeHeads { norm, starts })?;
            }
        }
        if let Some([cosines, sines]) = attending.angles {
            let rotate = Rotate {
                instructions: self.instructions,
                starts: [queries, keys].concat(),
            };
            query_key_value.inplace_op3(cosines, sines, &rotate)?;
        }
        Ok(query_key_value)
    }

    fn attend(
        &self,
        room: &Room,
        attending: &Attending<'_, NormWeights>,
        query_key_value: Tensor, // [panel, column, lane]
        maps: WantedMaps<'_>,
    ) -> Result<Tensor> {
        let attention = attending.attention;
        let starts = starts(attention);
        let context = self.output(room, &query_key_value, attention.query_columns())?; // [panel, column, lane]
        let attend = Attend::new(self.instructions, attending, &starts, maps);
        context.inplace_op2(&query_key_value, &attend)?;
        self.give_back(room, query_key_value);
        Ok(context)
    }
}

/// Where the columns of each head begin.
fn starts(attention: &Attention) -> Vec<HeadStart> {
    let heads = 0..attention.head_count;
    heads.map(|head| attention.starts(head)).collect()
}

impl Fused {
    /// A tensor of as many rows as `input`: of the room's where they are the
    /// stack's.
    fn output(self, room: &Room, input: &Tensor, column_count: usize) -> Result<Tensor> {
        let (panel_count, _, lane_count) = input.dims3()?;
        match panel_count == room.row_count.div_ceil(lane_count) {
            true => self.take(room, column_count),
            false => panels::zeros(self.instructions, panel_count * lane_count, column_count),
        }
    }
}
