//! softmax(Q·Kᵀ/√d)·V, head by head.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::aligned::Aligned;
use super::columns::{Columns, TILE_KEYS, multiply, split};
use super::distant::{Distant, DistantTask, RelativeScores};
use super::functions::{exp, tanh};
use super::instructions::Instructions;
use super::product::DEPTH;
use super::tile::{Strided, add_tile};
use crate::attention::Mask;
use crate::model::architecture::HeadStart;

/// Queries of a task, in panels: enough to make up for collecting the keys
/// and values, few enough to share a layer among cores.
const TASK_PANELS: usize = 8;

/// Panels and columns of a tile; see the tiles of the products.
const TILE_PANELS: usize = 2;
const TILE_COLUMNS: usize = 8;

/// Keys whose probabilities are turned from panels into rows together.
const BLOCK_KEYS: usize = 16;

/// What attention computes: softmax(cap(scale · Q·Kᵀ + bias))·V.
#[derive(Debug, Clone, Copy)]
pub struct AttentionShape<'data> {
    /// Columns of a head.
    pub head_size: usize,
    /// Columns of the product of queries, keys and values.
    pub column_count: usize,
    /// Where the columns of each query head begin in that product.
    pub starts: &'data [HeadStart],
    /// What scores are multiplied with.
    pub scale: f32,
    /// Scores become `cap · tanh(score / cap)`.
    pub score_cap: Option<f32>,
    /// Which keys a query may attend to; others get 0.
    pub mask: Mask,
    /// What is added to scaled scores for the distance.
    pub distances: Option<DistanceScores<'data>>,
    /// Whose products with contents are added to scores before the scale.
    pub relative: Option<RelativeScores<'data>>,
}

/// What scores get for the distance between query and key.
#[derive(Debug, Clone, Copy)]
pub struct DistanceScores<'data> {
    /// `[head, 2 · longest − 1]`: at `longest − 1 + query − key`.
    pub values: &'data [f32],
    /// The length of the longest input that it is for.
    pub longest: usize,
}

impl<'data> DistanceScores<'data> {
    /// Those of one head.
    fn of_head(self, head: usize) -> &'data [f32] {
        let length = 2 * self.longest - 1;
        &self.values[head * length..][..length]
    }
}

/// Attention of inputs that are stacked row under row.
///
/// `query_key_value` has shape `[panel, column, lane]`, a span is the first row
/// and the number of rows of an input. Each input has an entry of `maps` for
/// every head, `[query, key]`, which is filled, or `None`: a map that nobody
/// wants takes no memory. The context of the heads, one after the other, is
/// written into `context`, of shape `[panel, heads · head size, lane]`.
pub fn attend(
    instructions: Instructions,
    shape: AttentionShape<'_>,
    query_key_value: &[f32],
    spans: &[(usize, usize)],
    maps: Vec<Vec<Option<&mut [f32]>>>,
    context: &mut [f32],
) {
    let lane_count = instructions.lane_count();
    let task_length = TASK_PANELS * lane_count;
    let mut tasks = Vec::new();
    for (&(start, length), maps) in spans.iter().zip(maps) {
        for (head, map) in maps.into_iter().enumerate() {
            let mut parts = map.map(|map| map.chunks_mut((task_length * length).max(1)));
            for query in (0..length).step_by(task_length) {
                tasks.push(Task {
                    shape,
                    query_key_value,
                    start,
                    length,
                    head,
                    query,
                    query_count: task_length.min(length - query),
                    map: parts.as_mut().and_then(Iterator::next),
                });
            }
        }
    }
    let parts: Vec<Part> = tasks
        .into_par_iter()
        .with_max_len(1)
        .map(|task| Part {
            row: task.start + task.query,
            query_count: task.query_count,
            head: task.head,
            context: instructions.run(task),
        })
        .collect();
    let columns = shape.starts.len() * shape.head_size;
    let panels = context.par_chunks_exact_mut((columns * lane_count).max(1));
    panels
        .with_min_len(4)
        .enumerate()
        .for_each(|(index, panel)| {
            for part in &parts {
                part.copy_into(panel, index * lane_count, shape.head_size, lane_count);
            }
        });
}

/// Some queries of one head of one input.
struct Task<'data> {
    shape: AttentionShape<'data>,
    query_key_value: &'data [f32],
    /// The input's first row, and its number of rows.
    start: usize,
    length: usize,
    head: usize,
    /// The first query, counted within the input.
    query: usize,
    query_count: usize,
    /// `[query, key]`, `None` where nobody wants it.
    map: Option<&'data mut [f32]>,
}

impl WithSimd for Task<'_> {
    /// The context of the queries: `[panel, column, lane]`, then padding.
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let lanes = S::F32_LANES;
        let shape = self.shape;
        let head_size = shape.head_size;
        let starts = shape.starts[self.head];
        let source = Columns {
            panels: self.query_key_value,
            column_count: shape.column_count,
            lane_count: lanes,
        };
        let query_count = self.query_count;
        let mut unwanted = Vec::new();
        let map = match self.map {
            Some(map) => map,
            None => {
                unwanted.resize(query_count * self.length, 0.0);
                unwanted.as_mut_slice()
            }
        };
        let padded_keys = self.length.next_multiple_of(TILE_KEYS);
        let panel_length = lanes * head_size;
        let panel_count = query_count.div_ceil(lanes);
        let first = self.start + self.query;
        let mut queries = Aligned::zeros(panel_count * panel_length); // [panel, column, lane]
        let panels = queries.values_mut().chunks_exact_mut(panel_length);
        for (index, panel) in panels.enumerate() {
            let done = index * lanes;
            let rows = (first + done, lanes.min(query_count - done));
            source.gather(starts.query, rows, lanes, panel);
        }
        let rows = (self.start, self.length);
        let mut keys = vec![0.0; head_size * padded_keys]; // [column, key]
        source.gather(starts.key, rows, padded_keys, &mut keys);
        let mut values = vec![0.0; head_size * padded_keys]; // [column, key]
        source.gather(starts.value, rows, padded_keys, &mut values);
        let relative = match shape.relative {
            Some(relative) => {
                let task = DistantTask {
                    head_column: self.head * head_size,
                    head_size,
                    query: self.query,
                    query_count,
                    length: self.length,
                };
                Some(Distant::new(simd, relative, task, &keys))
            }
            None => None,
        };
        let mut scores = Aligned::zeros(TILE_PANELS * padded_keys * lanes); // [panel, key, lane]
        let scores = S::as_mut_simd_f32s(scores.values_mut()).0;
        let mut context = vec![0.0; panel_count * panel_length]; // [panel, column, lane]
        let tile = Tile {
            keys: &keys,
            values: &values,
            length: self.length,
            shape,
            distances: shape
                .distances
                .map(|all| (all.of_head(self.head), all.longest)),
            relative: relative.as_ref(),
        };
        let queries = queries.values().chunks(TILE_PANELS * panel_length);
        let outputs = context.chunks_mut(TILE_PANELS * panel_length);
        let maps = map.chunks_mut(TILE_PANELS * lanes * self.length);
        let tile_length = TILE_PANELS * lanes;
        for (index, ((queries, context), map)) in queries.zip(outputs).zip(maps).enumerate() {
            let query = self.query + index * tile_length;
            let context = S::as_mut_simd_f32s(context).0;
            let queries = S::as_simd_f32s(queries).0;
            if queries.len() == TILE_PANELS * head_size {
                let (first, second) = queries.split_at(head_size);
                tile.attend(simd, query, [first, second], scores, context, map);
            } else {
                let scores = &mut scores[..padded_keys];
                tile.attend(simd, query, [queries], scores, context, map);
            }
        }
        context
    }
}

/// What the tiles of a head have in common.
struct Tile<'data> {
    /// `[column, padded key]`.
    keys: &'data [f32],
    /// `[column, padded key]`.
    values: &'data [f32],
    length: usize,
    shape: AttentionShape<'data>,
    /// Those of the head, and the length of the longest input.
    distances: Option<(&'data [f32], usize)>,
    relative: Option<&'data Distant>,
}

impl Tile<'_> {
    /// The keys that some query from `query` on may attend to, from a multiple
    /// of [`TILE_KEYS`] on.
    fn reach(&self, query: usize, query_count: usize) -> Range<usize> {
        let last = (query + query_count).min(self.length) - 1;
        let start = self.shape.mask.allowed(query, self.length).start;
        let end = self.shape.mask.allowed(last, self.length).end;
        start / TILE_KEYS * TILE_KEYS..end
    }

    /// Which keys count is the same for all lanes of a tile, and what a tile has
    /// more of than a lane may see adds exactly 0 to it: its bits do not depend
    /// on the lanes beside it.
    #[inline(always)]
    fn attend<S: Simd, const PANELS: usize>(
        &self,
        simd: S,
        query: usize,
        queries: [&[S::f32s]; PANELS], // [column]
        scores: &mut [S::f32s],        // [panel, padded key]
        context: &mut [S::f32s],       // [panel, column]
        map: &mut [f32],               // [query, key]
    ) {
        let Self {
            keys,
            values,
            length,
            ..
        } = *self;
        let lanes = S::F32_LANES;
        let reach = self.reach(query, PANELS * lanes);
        let padded_keys = length.next_multiple_of(TILE_KEYS);
        let head_size = context.len() / PANELS;
        scores.fill(simd.splat_f32s(0.0));
        multiply(simd, queries, keys, padded_keys, reach.clone(), scores);
        if let Some(relative) = self.relative {
            relative.add(simd, query, queries, reach.clone(), scores);
        }
        for (index, (scores, map)) in scores
            .chunks_exact_mut(padded_keys)
            .zip(map.chunks_mut(lanes * length))
            .enumerate()
        {
            // What the last tile of keys has behind their end.
            scores[reach.end..].fill(simd.splat_f32s(0.0));
            let reached = &mut scores[reach.clone()];
            self.weigh(simd, query + index * lanes, reach.start, reached);
            softmax(simd, reached);
            transpose::<S>(&scores[..length], map);
        }
        for block in (0..reach.end).step_by(DEPTH) {
            let start = block.max(reach.start);
            let depth = (block + DEPTH).min(reach.end).saturating_sub(start);
            let mut parts = scores
                .chunks_exact(padded_keys)
                .map(|panel| &panel[start..start + depth]);
            let panels: [&[S::f32s]; PANELS] =
                std::array::from_fn(|_| parts.next().unwrap_or_default());
            for first in (0..head_size).step_by(TILE_COLUMNS) {
                let weights = |row: usize| Strided {
                    values: &values[(first + row) * padded_keys + start..],
                    row_stride: padded_keys,
                    position_stride: 1,
                };
                if first + TILE_COLUMNS <= head_size {
                    let mut output = split::<_, PANELS>(context, head_size, first);
                    add_tile::<S, PANELS, TILE_COLUMNS>(simd, panels, weights(0), &mut output);
                    continue;
                }
                for row in 0..head_size - first {
                    let mut output = split::<_, PANELS>(context, head_size, first + row);
                    add_tile::<S, PANELS, 1>(simd, panels, weights(row), &mut output);
                }
            }
        }
    }

    /// From products of queries and keys to scores, for keys from `first_key`
    /// on: `[key]`, the queries from `query` on in the lanes.
    #[inline(always)]
    fn weigh<S: Simd>(&self, simd: S, query: usize, first_key: usize, scores: &mut [S::f32s]) {
        let scale = simd.splat_f32s(self.shape.scale);
        for score in &mut *scores {
            *score = simd.mul_f32s(*score, scale);
        }
        if let Some((distances, longest)) = self.distances {
            for (key, score) in (first_key..).zip(&mut *scores) {
                let first = (longest - 1 + query).saturating_sub(key);
                let rest = distances.get(first..).unwrap_or_default();
                let count = rest.len().min(S::F32_LANES);
                let distances = simd.partial_load_f32s(&rest[..count]);
                *score = simd.add_f32s(*score, distances);
            }
        }
        if let Some(cap) = self.shape.score_cap {
            let (cap, inverse) = (simd.splat_f32s(cap), simd.splat_f32s(1.0 / cap));
            for score in &mut *scores {
                let part = tanh(simd, simd.mul_f32s(*score, inverse));
                *score = simd.mul_f32s(cap, part);
            }
        }
        if self.shape.mask != Mask::Full {
            self.forbid::<S>(query, first_key, scores);
        }
    }

    /// Scores of −∞ where a query may not attend to a key.
    #[inline(always)]
    fn forbid<S: Simd>(&self, query: usize, first_key: usize, scores: &mut [S::f32s]) {
        let forbidden = f32::NEG_INFINITY;
        let scores: &mut [f32] = bytemuck::cast_slice_mut(scores);
        for lane in 0..S::F32_LANES {
            let allowed = self.shape.mask.allowed(query + lane, self.length);
            let keys = scores.iter_mut().skip(lane).step_by(S::F32_LANES);
            for (key, score) in (first_key..).zip(keys) {
                if !allowed.contains(&key) {
                    *score = forbidden;
                }
            }
        }
    }
}

/// Softmax over the keys, in place: `[key]`, a query a lane.
#[inline(always)]
fn softmax<S: Simd>(simd: S, scores: &mut [S::f32s]) {
    let mut maximum = simd.splat_f32s(f32::NEG_INFINITY);
    for score in &*scores {
        maximum = simd.max_f32s(maximum, *score);
    }
    let mut sums = [simd.splat_f32s(0.0); 4];
    for chunk in scores.chunks_mut(4) {
        for (score, sum) in chunk.iter_mut().zip(&mut sums) {
            *score = exp(simd, simd.sub_f32s(*score, maximum));
            *sum = simd.add_f32s(*sum, *score);
        }
    }
    let [a, b, c, d] = sums;
    let sum = simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d));
    let factor = simd.div_f32s(simd.splat_f32s(1.0), sum);
    for score in scores {
        *score = simd.mul_f32s(*score, factor);
    }
}

/// `[key, lane]` to `[query, key]`, of as many queries as `map` has.
#[inline(always)]
fn transpose<S: Simd>(scores: &[S::f32s], map: &mut [f32]) {
    let lanes = S::F32_LANES;
    let length = scores.len();
    let scores: &[f32] = bytemuck::cast_slice(scores);
    // Few keys at a time, so that what is read stays in the cache.
    for (index, block) in scores.chunks(BLOCK_KEYS * lanes).enumerate() {
        let first = index * BLOCK_KEYS;
        for (lane, row) in map.chunks_exact_mut(length).enumerate() {
            for (value, keys) in row[first..].iter_mut().zip(block.chunks_exact(lanes)) {
                *value = keys[lane];
            }
        }
    }
}

/// The context of some queries of a head.
struct Part {
    /// The first query's row in the stack, and the number of queries.
    row: usize,
    query_count: usize,
    head: usize,
    /// `[panel, column, lane]`, the first query in the first lane.
    context: Vec<f32>,
}

impl Part {
    /// Copies what belongs to a panel of the stack, which begins at `row`.
    fn copy_into(&self, panel: &mut [f32], row: usize, head_size: usize, lane_count: usize) {
        let first = row.max(self.row);
        let end = (row + lane_count).min(self.row + self.query_count);
        let own = self.head * head_size * lane_count;
        let mut next = first;
        while next < end {
            let (part_panel, lane) = (
                (next - self.row) / lane_count,
                (next - self.row) % lane_count,
            );
            let run = (lane_count - lane).min(end - next);
            for column in 0..head_size {
                let from = (part_panel * head_size + column) * lane_count + lane;
                let to = own + column * lane_count + next - row;
                panel[to..to + run].copy_from_slice(&self.context[from..from + run]);
            }
            next += run;
        }
    }
}
