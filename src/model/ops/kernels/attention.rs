//! softmax(Q·Kᵀ/√d)·V, head by head.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::aligned::Aligned;
use super::functions::exp;
use super::instructions::Instructions;
use super::product::DEPTH;
use super::tile::{Strided, add_tile};

/// Queries of a task, in panels: enough to make up for collecting the keys
/// and values, few enough to share a layer among cores.
const TASK_PANELS: usize = 8;

/// Panels, keys and columns of a tile; see the tiles of the products.
const TILE_PANELS: usize = 2;
const TILE_KEYS: usize = 12;
const TILE_COLUMNS: usize = 8;

/// Keys whose probabilities are turned from panels into rows together.
const BLOCK_KEYS: usize = 16;

/// How the columns of a layer divide into heads.
#[derive(Debug, Clone, Copy)]
pub struct AttentionShape {
    /// Number of heads.
    pub head_count: usize,
    /// Columns of a head.
    pub head_size: usize,
}

/// Attention of inputs that are stacked row under row.
///
/// `query_key_value` has shape `[panel, 3 · hidden, lane]`, a span is the
/// first row and the number of rows of an input. Fills each input's entry of
/// `probabilities`, of shape `[head, query, key]`, and returns the context, of
/// shape `[panel, hidden, lane]`.
pub fn attend(
    instructions: Instructions,
    shape: AttentionShape,
    query_key_value: &[f32],
    spans: &[(usize, usize)],
    probabilities: &mut [&mut [f32]],
) -> Aligned {
    let maps = spans.iter().zip(probabilities).map(|(&(_, length), maps)| {
        let maps = maps.chunks_exact_mut((length * length).max(1));
        maps.map(Some).collect()
    });
    attend_some(instructions, shape, query_key_value, spans, maps.collect())
}

/// As [`attend`], where the maps of some heads are wanted: each input has an
/// entry for every head, `[query, key]` or `None`. A map that nobody wants takes
/// no memory.
pub fn attend_some(
    instructions: Instructions,
    shape: AttentionShape,
    query_key_value: &[f32],
    spans: &[(usize, usize)],
    maps: Vec<Vec<Option<&mut [f32]>>>,
) -> Aligned {
    let lane_count = instructions.lane_count();
    let hidden = shape.head_count * shape.head_size;
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
    let mut context = Aligned::zeros(query_key_value.len() / 3); // [panel, hidden, lane]
    let panels = context
        .values_mut()
        .par_chunks_exact_mut((hidden * lane_count).max(1));
    panels
        .with_min_len(4)
        .enumerate()
        .for_each(|(index, panel)| {
            for part in &parts {
                part.copy_into(panel, index * lane_count, shape.head_size, lane_count);
            }
        });
    context
}

/// Some queries of one head of one input.
struct Task<'data> {
    shape: AttentionShape,
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
        let AttentionShape {
            head_count,
            head_size,
        } = self.shape;
        let hidden = head_count * head_size;
        let source = Columns {
            panels: self.query_key_value,
            column_count: 3 * hidden,
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
        let column = self.head * head_size;
        let first = self.start + self.query;
        let mut queries = Aligned::zeros(panel_count * panel_length); // [panel, column, lane]
        let panels = queries.values_mut().chunks_exact_mut(panel_length);
        for (index, panel) in panels.enumerate() {
            let done = index * lanes;
            let rows = (first + done, lanes.min(query_count - done));
            source.gather(column, rows, lanes, panel);
        }
        let rows = (self.start, self.length);
        let mut keys = vec![0.0; head_size * padded_keys]; // [column, key]
        source.gather(hidden + column, rows, padded_keys, &mut keys);
        let mut values = vec![0.0; head_size * padded_keys]; // [column, key]
        source.gather(2 * hidden + column, rows, padded_keys, &mut values);
        let mut scores = Aligned::zeros(TILE_PANELS * padded_keys * lanes); // [panel, key, lane]
        let scores = S::as_mut_simd_f32s(scores.values_mut()).0;
        let mut context = vec![0.0; panel_count * panel_length]; // [panel, column, lane]
        let tile = Tile {
            keys: &keys,
            values: &values,
            length: self.length,
            scale: 1.0 / (head_size as f32).sqrt(),
        };
        let queries = queries.values().chunks(TILE_PANELS * panel_length);
        let outputs = context.chunks_mut(TILE_PANELS * panel_length);
        let maps = map.chunks_mut(TILE_PANELS * lanes * self.length);
        for ((queries, context), map) in queries.zip(outputs).zip(maps) {
            let context = S::as_mut_simd_f32s(context).0;
            let queries = S::as_simd_f32s(queries).0;
            if queries.len() == TILE_PANELS * head_size {
                let (first, second) = queries.split_at(head_size);
                tile.attend(simd, [first, second], scores, context, map);
            } else {
                tile.attend(simd, [queries], &mut scores[..padded_keys], context, map);
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
    scale: f32,
}

impl Tile<'_> {
    #[inline(always)]
    fn attend<S: Simd, const PANELS: usize>(
        &self,
        simd: S,
        queries: [&[S::f32s]; PANELS], // [column]
        scores: &mut [S::f32s],        // [panel, padded key]
        context: &mut [S::f32s],       // [panel, column]
        map: &mut [f32],               // [query, key]
    ) {
        let Self {
            keys,
            values,
            length,
            scale,
        } = *self;
        let lanes = S::F32_LANES;
        let padded_keys = length.next_multiple_of(TILE_KEYS);
        let head_size = context.len() / PANELS;
        scores.fill(simd.splat_f32s(0.0));
        for first in (0..padded_keys).step_by(TILE_KEYS) {
            let mut output = split::<_, PANELS>(scores, padded_keys, first);
            let weights = Strided {
                values: &keys[first..],
                row_stride: 1,
                position_stride: padded_keys,
            };
            add_tile::<S, PANELS, TILE_KEYS>(simd, queries, weights, &mut output);
        }
        for (scores, map) in scores
            .chunks_exact_mut(padded_keys)
            .zip(map.chunks_mut(lanes * length))
        {
            let scores = &mut scores[..length];
            softmax(simd, scores, scale);
            transpose::<S>(scores, map);
        }
        for start in (0..length).step_by(DEPTH) {
            let depth = DEPTH.min(length - start);
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
}

/// Of each panel of `length` vectors, those from `first` on.
#[inline(always)]
fn split<V, const PANELS: usize>(
    vectors: &mut [V],
    length: usize,
    first: usize,
) -> [&mut [V]; PANELS] {
    let mut panels = vectors.chunks_exact_mut(length);
    std::array::from_fn(|_| match panels.next() {
        Some(panel) => &mut panel[first..],
        None => &mut [],
    })
}

/// Softmax of `scale · scores` over the keys, in place: `[key]`, a query a lane.
#[inline(always)]
fn softmax<S: Simd>(simd: S, scores: &mut [S::f32s], scale: f32) {
    let scale = simd.splat_f32s(scale);
    let mut maximum = simd.splat_f32s(f32::NEG_INFINITY);
    for score in &mut *scores {
        *score = simd.mul_f32s(*score, scale);
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

/// A matrix in panels, whose rows need not start with one.
struct Columns<'data> {
    panels: &'data [f32],
    column_count: usize,
    lane_count: usize,
}

impl Columns<'_> {
    /// Some columns of `length` rows from `start` on, into as many columns of
    /// `padded_length` rows each: `[column, row]`.
    #[inline(always)]
    fn gather(
        &self,
        column: usize,
        (start, length): (usize, usize),
        padded_length: usize,
        gathered: &mut [f32],
    ) {
        let lanes = self.lane_count;
        for (index, row) in gathered.chunks_exact_mut(padded_length).enumerate() {
            let mut done = 0;
            while done < length {
                let (panel, lane) = ((start + done) / lanes, (start + done) % lanes);
                let run = (lanes - lane).min(length - done);
                let from = (panel * self.column_count + column + index) * lanes + lane;
                row[done..done + run].copy_from_slice(&self.panels[from..from + run]);
                done += run;
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
