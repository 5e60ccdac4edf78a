//! What contents and the distances between them add to scores: products of
//! queries with the keys of distances, and of keys with the queries of
//! distances (He et al. 2021, <https://arxiv.org/abs/2006.03654>).
//!
//! A block of neighbouring queries and keys has as many distances as both
//! together, and each product is computed once for all pairs of that distance.

use std::ops::Range;

use pulp::Simd;

use super::aligned::Aligned;
use super::columns::{Columns, TILE_KEYS, multiply};

/// Queries and keys of distances: rows for `longest − 1 + query − key`.
#[derive(Debug, Clone, Copy)]
pub struct RelativeScores<'data> {
    /// `[panel, column, lane]`.
    pub rows: &'data [f32],
    /// How many columns they have.
    pub column_count: usize,
    /// Where the queries of all heads begin, which keys are multiplied with.
    pub queries: Option<usize>,
    /// Where the keys of all heads begin, which queries are multiplied with.
    pub keys: Option<usize>,
    /// The length of the longest input that they are for.
    pub longest: usize,
}

/// The queries and keys that distances lie between.
#[derive(Debug, Clone, Copy)]
pub(super) struct DistantTask {
    /// Where the head's columns begin among those of all heads.
    pub head_column: usize,
    /// Columns of a head.
    pub head_size: usize,
    /// The first query, within the input.
    pub query: usize,
    /// How many there are.
    pub query_count: usize,
    /// How many keys there are.
    pub length: usize,
}

impl DistantTask {
    /// How many distances there are.
    fn distance_count(self) -> usize {
        self.query_count + self.length - 1
    }
}

/// What the queries of a task and all keys make of the distances between them:
/// the first is that of the first query and the last key.
pub(super) struct Distant {
    task: DistantTask,
    /// Keys of distances: `[column, padded distance]`.
    by_query: Option<Vec<f32>>,
    /// Products of keys and the queries of distances: `[key, padded distance]`,
    /// with a panel behind them.
    by_key: Option<Aligned>,
    padded_length: usize,
}

impl Distant {
    /// Those of a task; `keys` are `[column, padded key]`.
    #[inline(always)]
    pub fn new<S: Simd>(
        simd: S,
        relative: RelativeScores<'_>,
        task: DistantTask,
        keys: &[f32],
    ) -> Self {
        let lanes = S::F32_LANES;
        let length = task.distance_count();
        let padded_length = length.next_multiple_of(TILE_KEYS);
        let first_row = relative.longest + task.query - task.length;
        let source = Columns {
            panels: relative.rows,
            column_count: relative.column_count,
            lane_count: lanes,
        };
        let by_query = relative.keys.map(|start| {
            let mut of_distances = vec![0.0; task.head_size * padded_length]; // [column, distance]
            let start = start + task.head_column;
            source.gather(start, (first_row, length), padded_length, &mut of_distances);
            of_distances
        });
        #[expect(
            clippy::manual_map,
            reason = "a closure would not be compiled for the instructions"
        )]
        let by_key = match relative.queries {
            Some(start) => Some(products(simd, &source, start, first_row, task, keys)),
            None => None,
        };
        Self {
            task,
            by_query,
            by_key,
            padded_length,
        }
    }

    /// Adds the products of contents and distances: `[panel, padded key]`.
    #[inline(always)]
    pub fn add<S: Simd, const PANELS: usize>(
        &self,
        simd: S,
        query: usize,
        queries: [&[S::f32s]; PANELS],
        reach: Range<usize>,
        scores: &mut [S::f32s],
    ) {
        let lanes = S::F32_LANES;
        let padded_keys = scores.len() / PANELS;
        let padded_length = self.padded_length;
        let mut by_query = Vec::new(); // [panel, padded distance]
        // Distance of the first query of a panel and key 0.
        let first = |index: usize| query + index * lanes - self.task.query + self.task.length - 1;
        if let Some(keys) = &self.by_query {
            by_query.resize(PANELS * padded_length, simd.splat_f32s(0.0));
            let nearest = first(0) + 1 - reach.end;
            let end = (first(PANELS) - reach.start).min(self.task.distance_count());
            let reach = nearest / TILE_KEYS * TILE_KEYS..end;
            multiply(simd, queries, keys, padded_length, reach, &mut by_query);
        }
        let by_key = self.by_key.as_ref().map(Aligned::values);
        for (index, scores) in scores.chunks_exact_mut(padded_keys).enumerate() {
            let first = first(index);
            if !by_query.is_empty() {
                let by_query = &mut by_query[index * padded_length..][..padded_length];
                let end = (first + lanes - reach.start).min(padded_length);
                let needed = &mut by_query[first + 1 - reach.end..end];
                skew(simd, needed);
                for (score, &product) in scores[reach.clone()].iter_mut().rev().zip(&*needed) {
                    *score = simd.add_f32s(*score, product);
                }
            }
            if let Some(by_key) = by_key {
                let row_length = padded_distances::<S>(self.task);
                for (key, score) in (reach.start..).zip(&mut scores[reach.clone()]) {
                    // From a query to the next, the distance grows by one.
                    let products = &by_key[key * row_length + first - key..][..lanes];
                    let product = S::as_simd_f32s(products).0[0];
                    *score = simd.add_f32s(*score, product);
                }
            }
        }
    }
}

/// Moves the value of each lane up by as many vectors as the lane's number, as
/// from a query to the next the distance grows by one; the last vectors get
/// only what there is.
#[inline(always)]
fn skew<S: Simd>(simd: S, vectors: &mut [S::f32s]) {
    let lanes = S::F32_LANES;
    let zero = simd.splat_f32s(0.0);
    let mut step = 1;
    while step < lanes {
        let mut chosen = [zero];
        let lanes_of_it: &mut [f32] = bytemuck::cast_slice_mut(&mut chosen);
        for (lane, value) in lanes_of_it.iter_mut().enumerate() {
            *value = if lane & step == 0 { 0.0 } else { 1.0 };
        }
        let chosen = simd.less_than_f32s(zero, chosen[0]);
        for index in 0..vectors.len().saturating_sub(step) {
            let moved = simd.select_f32s(chosen, vectors[index + step], vectors[index]);
            vectors[index] = moved;
        }
        step *= 2;
    }
}

/// Places for the distances of a task, whole panels and one more.
#[inline(always)]
fn padded_distances<S: Simd>(task: DistantTask) -> usize {
    task.distance_count().next_multiple_of(S::F32_LANES) + S::F32_LANES
}

/// Products of keys and the queries of distances, as far as a query of the task
/// is so far from the key: `[key, padded distance]`.
#[inline(always)]
fn products<S: Simd>(
    simd: S,
    source: &Columns<'_>,
    first_column: usize,
    first_row: usize,
    task: DistantTask,
    keys: &[f32], // [column, padded key]
) -> Aligned {
    let lanes = S::F32_LANES;
    let length = task.distance_count();
    let padded_keys = task.length.next_multiple_of(TILE_KEYS);
    let (panel_length, panel_count) = (lanes * task.head_size, length.div_ceil(lanes));
    let mut panels = Aligned::zeros(panel_count * panel_length); // [panel, column, lane]
    let each = panels.values_mut().chunks_exact_mut(panel_length);
    for (index, panel) in each.enumerate() {
        let done = index * lanes;
        let rows = (first_row + done, lanes.min(length - done));
        source.gather(first_column + task.head_column, rows, lanes, panel);
    }
    let row_length = padded_distances::<S>(task) / lanes;
    let mut products = Aligned::zeros(task.length * row_length * lanes); // [key, panel, lane]
    let mut sums = Aligned::zeros(padded_keys * lanes); // [key, lane]
    let rows = S::as_simd_f32s(panels.values()).0;
    let sums = S::as_mut_simd_f32s(sums.values_mut()).0;
    let products_of_keys = S::as_mut_simd_f32s(products.values_mut()).0;
    for (index, panel) in rows.chunks_exact(task.head_size).enumerate() {
        // The keys that are as far from one of the queries.
        let start = task.length.saturating_sub((index + 1) * lanes);
        let end = (length - index * lanes).min(task.length);
        let reach = start / TILE_KEYS * TILE_KEYS..end;
        sums.fill(simd.splat_f32s(0.0));
        multiply::<S, 1>(simd, [panel], keys, padded_keys, reach.clone(), sums);
        for (key, &sum) in (reach.start..).zip(&sums[reach.clone()]) {
            products_of_keys[key * row_length + index] = sum;
        }
    }
    products
}
