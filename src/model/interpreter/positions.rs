//! How positions enter attention: angles of rotations, and what heads make of
//! distances.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use candle_core::{Device, Tensor};

use super::{Interpreter, Pass};
use crate::model::architecture::{
    Architecture, Attention, Buckets, Linear, Position, RelativeTable, Rotation,
};
use crate::model::error::ModelError;
use crate::model::ops::{Distances, Keep, Operations, Relative};
use crate::weights::Weights;

/// What is known of distances, with its weights.
#[derive(Debug)]
pub struct Tables<O: Operations> {
    /// `[bucket, column]`, normalized; empty where there is no table.
    relative: Vec<f32>,
    /// For each layer, from rows of the table to queries and keys.
    projections: Vec<O::Linear>,
    /// What came of it for each layer, for the longest input so far: distances
    /// are the same in all inputs. Empty where there is but one pass.
    made: Vec<Mutex<Option<Relative>>>,
    /// Columns of all that is held of a distance.
    column_count: usize,
}

/// What all layers of a pass have in common of positions.
#[derive(Debug, Default)]
pub struct Positioning {
    /// Cosines and sines of each rotation: `[row, half]` in the layout.
    angles: Vec<[Tensor; 2]>,
    /// By bucket.
    buckets: Option<Distances>,
    /// By slope.
    slopes: Option<Distances>,
    /// The length of the longest input.
    longest: usize,
}

impl<O: Operations> Tables<O> {
    /// Reads them.
    ///
    /// # Errors
    /// When a tensor is missing, of another shape or type, or not finite.
    pub fn load(
        operations: &O,
        weights: &Arc<Weights>,
        keep: Keep,
        architecture: &Architecture,
    ) -> Result<Self, ModelError> {
        let Some(relative) = &architecture.relative else {
            return Ok(Self {
                relative: Vec::new(),
                projections: Vec::new(),
                made: Vec::new(),
                column_count: 0,
            });
        };
        let RelativeTable {
            table,
            norm,
            projections,
            ..
        } = relative;
        let shape = [table.rows, table.columns];
        let mut values = weights.read(&table.name, &shape)?; // [bucket, column]
        if let Some(norm) = norm {
            let norm = operations.load_norm(weights, norm)?;
            let rows = Tensor::from_vec(values, &shape, &Device::Cpu)?; // [bucket, column]
            let rows = operations.lay_out(&rows)?; // [bucket, column] in the layout
            let room = operations.room(table.rows);
            let rows = operations.normalize(&room, &norm, &rows)?; // [bucket, column] in the layout
            values = operations.rows_of(&rows, (0, table.rows))?;
        }
        // Those that a layer has itself are read again when they are used, which
        // is seldom.
        let blocks = architecture.blocks.iter();
        let own: BTreeSet<&(String, usize)> = blocks
            .flat_map(|block| &block.attention.query_key_value.parts)
            .collect();
        let load = |linear: &Linear| {
            let keep = match linear.parts.iter().all(|part| own.contains(part)) {
                true => Keep::Little,
                false => keep,
            };
            operations.load_linear(weights, keep, linear, None)
        };
        let made = || Mutex::new(None);
        let outputs = projections.iter().map(Linear::outputs);
        let held = match keep {
            Keep::All => outputs.sum(),
            Keep::Little => outputs.max().unwrap_or(0),
        };
        Ok(Self {
            column_count: table.columns + held,
            relative: values,
            projections: projections.iter().map(load).collect::<Result<_, _>>()?,
            made: match keep {
                Keep::All => projections.iter().map(|_| made()).collect(),
                Keep::Little => Vec::new(),
            },
        })
    }

    /// Columns of all that is held of a distance.
    pub fn column_count(&self) -> u64 {
        self.column_count as u64
    }

    /// A row of the table.
    fn row(&self, relative: &RelativeTable, row: usize) -> &[f32] {
        let columns = relative.table.columns;
        &self.relative[row * columns..][..columns]
    }
}

impl Positioning {
    /// See [`Attending::angles`](crate::model::ops::Attending::angles).
    pub fn angles(&self, position: Position) -> Option<&[Tensor; 2]> {
        match position {
            Position::Rotary(index) => self.angles.get(index),
            Position::None | Position::Alibi | Position::Buckets | Position::Disentangled(_) => {
                None
            }
        }
    }

    /// See [`Attending::distances`](crate::model::ops::Attending::distances).
    pub fn distances(&self, position: Position) -> Option<&Distances> {
        match position {
            Position::Alibi => self.slopes.as_ref(),
            Position::Buckets => self.buckets.as_ref(),
            Position::None | Position::Rotary(_) | Position::Disentangled(_) => None,
        }
    }
}

impl<O: Operations> Interpreter<O> {
    /// What the layers need to know of the positions of a stack.
    pub(super) fn positioning(&self, spans: &[(usize, usize)]) -> Result<Positioning, ModelError> {
        let architecture = &self.architecture;
        let longest = spans.iter().map(|&(_, length)| length).max().unwrap_or(1);
        let mut positioning = Positioning {
            longest,
            ..Positioning::default()
        };
        for rotation in &architecture.rotations {
            let [cosines, sines] = angles(rotation, spans);
            let rows: usize = spans.iter().map(|&(_, length)| length).sum();
            let in_layout = |values| -> Result<Tensor, ModelError> {
                let shape = (rows, rotation.frequencies.len());
                let values = Tensor::from_vec(values, shape, &Device::Cpu)?; // [row, half]
                Ok(self.operations.lay_out(&values)?) // [row, half] in the layout
            };
            positioning
                .angles
                .push([in_layout(cosines)?, in_layout(sines)?]);
        }
        let blocks = architecture.blocks.iter();
        let first = |wanted: fn(&Position) -> bool| {
            let mut attentions = blocks.clone().map(|block| &block.attention);
            attentions.find(|attention| wanted(&attention.position))
        };
        if let Some(attention) = first(|position| matches!(position, Position::Alibi)) {
            positioning.slopes = Some(slopes(attention.head_count, longest));
        }
        if let Some(relative) = &architecture.relative
            && first(|position| matches!(position, Position::Buckets)).is_some()
        {
            let buckets = buckets(relative, longest);
            let rows = buckets.map(|bucket| self.tables.row(relative, bucket));
            let rows: Vec<&[f32]> = rows.collect(); // [distance][head]
            let heads = 0..relative.table.columns;
            let of_heads = heads.flat_map(|head| rows.iter().map(move |row| row[head]));
            positioning.buckets = Some(Distances {
                values: of_heads.collect(),
                longest,
            });
        }
        Ok(positioning)
    }

    /// The queries and keys of distances, of a layer that has them.
    pub(super) fn relative(
        &self,
        pass: &Pass<'_, O>,
        index: usize,
        attention: &Attention,
    ) -> Result<Option<Relative>, ModelError> {
        let tables = &self.tables;
        let (Position::Disentangled(parts), Some(relative), Some(linear)) = (
            attention.position,
            &self.architecture.relative,
            tables.projections.get(index),
        ) else {
            return Ok(None);
        };
        let mut longest = pass.positioning.longest;
        let made = tables.made.get(index);
        // Nothing is computed under the lock: whoever computes waits for threads
        // that may come here.
        let before = made.and_then(|made| lock(made).clone());
        if let Some(before) = before {
            if before.longest >= longest {
                return Ok(Some(before));
            }
            // Twice as many, so that ever longer inputs seldom ask for more.
            let maximum = self.architecture.maximum_token_count;
            longest = longest.max((2 * before.longest).min(maximum));
        }
        // A product a bucket, and a copy a distance: far ones share buckets with
        // those beside them.
        let mut used: Vec<usize> = Vec::new();
        let mut of_distances = Vec::new();
        for bucket in buckets(relative, longest) {
            if used.last() != Some(&bucket) {
                used.push(bucket);
            }
            of_distances.push(used.len() as u32 - 1);
        }
        let rows = used.iter().map(|&bucket| tables.row(relative, bucket));
        let rows: Vec<f32> = rows.flatten().copied().collect();
        let shape = (used.len(), relative.table.columns);
        let rows = Tensor::from_vec(rows, shape, &Device::Cpu)?; // [bucket, column]
        let rows = self.operations.lay_out(&rows)?; // [bucket, column] in the layout
        let rows = self.operations.linear(&pass.room, linear, &rows)?; // [bucket, column] in the layout
        let keys = match parts.position_to_content {
            true => attention.query_columns(),
            false => 0,
        };
        let relative = Relative {
            rows: self.operations.take_rows(&rows, &of_distances)?, // [distance, column] in the layout
            queries: parts.position_to_content.then_some(0),
            keys: parts.content_to_position.then_some(keys),
            longest,
        };
        if let Some(made) = made {
            *lock(made) = Some(relative.clone());
        }
        Ok(Some(relative))
    }
}

/// What was made for the longest input so far.
fn lock(made: &Mutex<Option<Relative>>) -> MutexGuard<'_, Option<Relative>> {
    made.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cosines and sines of the positions of all rows: `[row, half]` each.
fn angles(rotation: &Rotation, spans: &[(usize, usize)]) -> [Vec<f32>; 2] {
    let mut angles = [Vec::new(), Vec::new()];
    for &(_, length) in spans {
        let frequencies = match &rotation.long {
            Some((limit, long)) if length > *limit => long,
            Some(_) | None => &rotation.frequencies,
        };
        for position in 0..length {
            for &frequency in frequencies {
                // Rounded as transformers does, whose angles are float32.
                let angle = f64::from(position as f32 * frequency);
                let scaled = |value: f64| value as f32 * rotation.scale;
                angles[0].push(scaled(libm::cos(angle)));
                angles[1].push(scaled(libm::sin(angle)));
            }
        }
    }
    angles
}

/// What ALiBi takes from scores, after transformers' `build_alibi_tensor`: the
/// slopes of heads are powers of two apart; where the number of heads is none,
/// those of the next one fill up.
fn slopes(head_count: usize, longest: usize) -> Distances {
    let whole = 1 << head_count.max(1).ilog2();
    let power = |steps: f64, index: usize| libm::exp2(-8.0 / steps * index as f64);
    let slopes = (0..head_count).map(|head| match head < whole {
        true => power(whole as f64, head + 1),
        false => power(2.0 * whole as f64, 2 * (head - whole) + 1),
    });
    let of_head = |slope: f64| {
        let distances = 1 - longest as isize..longest as isize;
        distances.map(move |distance| (-slope * distance as f64) as f32)
    };
    Distances {
        values: slopes.flat_map(of_head).collect(),
        longest,
    }
}

/// The rows of the distances of inputs of some length: `[distance]`.
fn buckets(relative: &RelativeTable, longest: usize) -> impl Iterator<Item = usize> {
    let distances = 1 - longest as isize..longest as isize;
    let last = relative.table.rows - 1;
    distances.map(move |distance| bucket(relative.buckets, distance).min(last))
}

/// The row of a distance, query minus key.
fn bucket(buckets: Buckets, distance: isize) -> usize {
    let magnitude = distance.unsigned_abs();
    match buckets {
        Buckets::Logarithmic { count, maximum } => {
            let half = count / 2;
            let exact = half / 2;
            let side = if distance < 0 { half } else { 0 };
            if magnitude < exact {
                return side + magnitude;
            }
            // In float32, whose rounding decides at the borders.
            let share = libm::logf(magnitude as f32 / exact as f32)
                / libm::log(maximum as f64 / exact as f64) as f32;
            let far = exact + (share * (half - exact) as f32) as usize;
            side + far.min(half - 1)
        }
        Buckets::Centred {
            span,
            bucket_count,
            maximum,
        } => {
            let signed = match bucket_count {
                Some(count) if magnitude > count / 2 => {
                    let middle = count / 2;
                    // In float32, whose rounding decides at the borders.
                    let logarithm = |ratio: f32| libm::log(f64::from(ratio)) as f32;
                    let share = logarithm(magnitude as f32 / middle as f32)
                        / logarithm(((maximum - 1) as f64 / middle as f64) as f32);
                    let far = libm::ceilf(share * (middle - 1) as f32) as isize;
                    (middle as isize + far) * distance.signum()
                }
                Some(_) | None => distance,
            };
            let last = (2 * span).saturating_sub(1) as isize;
            (signed + span as isize).clamp(0, last) as usize
        }
    }
}
