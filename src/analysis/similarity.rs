//! How alike heads are: the Jensen–Shannon divergence between their rows (Lin
//! 1991; between heads as Clark et al. 2019, section 6,
//! <https://arxiv.org/abs/1906.04341>, but exact, in bits, and a mean over the
//! queries, so that a long text says as much as a short one).
//!
//! 0: two heads attend alike; 1: no query gives any key something in both.

use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use crate::attention::{Attention, HeadId, HeadMaps, Selection};

/// So many logarithms are computed at most; of what would take more, every
/// second, third … query is compared.
const MOST_LOGARITHMS: u64 = 1 << 32;

/// How alike the heads of a run are.
#[derive(Debug, Clone, PartialEq)]
pub struct Similarity {
    /// The heads, in the order of the values.
    pub selection: Selection,
    /// `[head, head]`, in bits.
    pub values: Vec<f32>,
    /// The heads so that alike ones are beside one another: places in the
    /// selection.
    pub order: Vec<usize>,
    /// Every so many queries one is compared; 1 where all are.
    pub stride: usize,
}

/// The divergence between every two heads, with rows as they are: where they do
/// not sum to one, they are not scaled.
pub fn similarity(attention: &Attention) -> Similarity {
    similarity_within(attention, MOST_LOGARITHMS)
}

/// The same with so many logarithms at most, but one row of each two heads at
/// least.
pub fn similarity_within(attention: &Attention, most_logarithms: u64) -> Similarity {
    let maps = attention.maps();
    let count = maps.selection().head_count();
    let pairs = (count * count.saturating_sub(1) / 2) as u64;
    let size = (maps.query_count() * maps.key_count()) as u64;
    let stride = pairs.saturating_mul(size).div_ceil(most_logarithms.max(1));
    let stride = usize::try_from(stride).unwrap_or(usize::MAX);
    let stride = stride.clamp(1, maps.query_count());
    let rows = Rows::new(maps, stride);
    let own: Vec<Vec<f64>> = (0..count)
        .into_par_iter()
        .map(|head| rows.negative_entropies(head, head))
        .collect();
    let upper: Vec<Vec<f32>> = (0..count)
        .into_par_iter()
        .map(|head| {
            let others = (head + 1..count).map(|other| {
                let joint = rows.negative_entropies(head, other);
                let rows = own[head].iter().zip(&own[other]).zip(&joint);
                // Rounding may bring what is 0 below it.
                let sum: f64 = rows
                    .map(|((left, right), joint)| (0.5 * (left + right) - joint).max(0.0))
                    .sum();
                (sum / joint.len() as f64) as f32
            });
            others.collect()
        })
        .collect();
    let mut values = vec![0.0; count * count];
    for (head, others) in upper.iter().enumerate() {
        for (other, &value) in (head + 1..count).zip(others) {
            values[head * count + other] = value;
            values[other * count + head] = value;
        }
    }
    Similarity {
        selection: maps.selection().clone(),
        order: clustered(&values, count),
        values,
        stride,
    }
}

impl Similarity {
    /// The pairs of heads that are most alike, with their divergence in bits, so
    /// many at the most: the least first, equal ones in their order.
    pub fn most_alike(&self, count: usize) -> Vec<([HeadId; 2], f32)> {
        let heads: Vec<HeadId> = self.selection.head_ids().collect();
        let pairs = (0..heads.len())
            .flat_map(|left| (left + 1..heads.len()).map(move |right| (left, right)));
        let mut pairs: Vec<([HeadId; 2], f32)> = pairs
            .map(|(left, right)| {
                let value = self.values[left * heads.len() + right];
                ([heads[left], heads[right]], value)
            })
            .collect();
        pairs.sort_by(|(_, left), (_, right)| left.total_cmp(right));
        pairs.truncate(count);
        pairs
    }
}

/// For every head of the selection those that are most like it, with their
/// divergence in bits: the nearest first, equal ones in their order.
pub fn similar_heads(similarity: &Similarity, count: usize) -> Vec<Vec<(HeadId, f32)>> {
    let heads: Vec<HeadId> = similarity.selection.head_ids().collect();
    let rows = similarity.values.chunks_exact(heads.len().max(1));
    rows.enumerate()
        .map(|(head, row)| {
            let others = heads.iter().copied().zip(row.iter().copied()).enumerate();
            let others = others.filter(|(other, _)| *other != head);
            let mut others: Vec<(HeadId, f32)> = others.map(|(_, other)| other).collect();
            others.sort_by(|(_, left), (_, right)| left.total_cmp(right));
            others.truncate(count);
            others
        })
        .collect()
}

/// The rows of every head that are compared.
struct Rows<'maps> {
    maps: Vec<&'maps [f32]>,
    key_count: usize,
    stride: usize,
    /// Of every row how many keys there are before all heads give 0: of
    /// decoders, half of a map.
    lengths: Vec<usize>,
}

impl<'maps> Rows<'maps> {
    fn new(maps: &'maps HeadMaps, stride: usize) -> Self {
        let key_count = maps.key_count();
        let mut lengths = vec![0_usize; maps.query_count().div_ceil(stride)];
        for (_, map) in maps.iter() {
            let rows = map.chunks_exact(key_count).step_by(stride);
            for (length, row) in lengths.iter_mut().zip(rows) {
                let last = row.iter().rposition(|&value| value != 0.0);
                *length = (*length).max(last.map_or(0, |last| last + 1));
            }
        }
        Self {
            maps: maps.iter().map(|(_, map)| map).collect(),
            key_count,
            stride,
            lengths,
        }
    }

    /// Σ m log₂ m over the keys of every row, m the mean of two heads.
    fn negative_entropies(&self, head: usize, other: usize) -> Vec<f64> {
        let [left, right] = [head, other].map(|head| self.maps[head]);
        let pairs = left
            .chunks_exact(self.key_count)
            .zip(right.chunks_exact(self.key_count));
        let rows = pairs.step_by(self.stride).zip(&self.lengths);
        let instructions = Arch::new();
        rows.map(|((left, right), &length)| {
            instructions.dispatch(NegativeEntropy {
                left: &left[..length],
                right: &right[..length],
            })
        })
        .collect()
    }
}

/// Sums with the widest registers that the CPU has, always in the same order
/// and without fused operations: the same bits on every machine.
struct NegativeEntropy<'rows> {
    left: &'rows [f32],
    right: &'rows [f32],
}

impl NullaryFnOnce for NegativeEntropy<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        const LANES: usize = 8;
        let (left, left_rest) = self.left.as_chunks::<LANES>();
        let (right, right_rest) = self.right.as_chunks::<LANES>();
        let mut sums = [0.0_f64; LANES];
        for (left, right) in left.iter().zip(right) {
            for lane in 0..LANES {
                sums[lane] += term(left[lane], right[lane]);
            }
        }
        for (lane, (&left, &right)) in left_rest.iter().zip(right_rest).enumerate() {
            sums[lane] += term(left, right);
        }
        sums.iter().sum()
    }
}

/// m log₂ m of the mean of two values that are not negative; 0 for 0.
#[inline(always)]
fn term(left: f32, right: f32) -> f64 {
    let mean = 0.5 * (f64::from(left) + f64::from(right));
    mean * base_two_logarithm(mean)
}

/// The base-2 logarithm of a normal number above 0 to a few units in its last
/// place, and some finite number for 0: the exponent, and the logarithm of what
/// is left, between √½ and √2, as 2 artanh((m - 1) / (m + 1)). Without a branch
/// or a call, so that the compiler computes many at a time.
#[inline(always)]
fn base_two_logarithm(value: f64) -> f64 {
    /// The bits of √½.
    const LEAST: u64 = 0x3fe6_a09e_667f_3bcd;
    const MANTISSA: u64 = (1 << 52) - 1;
    // Larger by what makes the exponent that of a number from √½ on.
    let bits = value.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - LEAST);
    // A whole number below 2⁵² in the mantissa of one that begins there.
    let exponent = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_371_519.0;
    let rest = f64::from_bits((bits & MANTISSA).wrapping_add(LEAST));
    let ratio = (rest - 1.0) / (rest + 1.0);
    let square = ratio * ratio;
    // 2 / (2k + 1), over ln 2.
    let mut series = 0.0;
    for k in (0..10).rev() {
        let coefficient = 2.0 * std::f64::consts::LOG2_E / f64::from(2 * k + 1);
        series = series * square + coefficient;
    }
    exponent + ratio * series
}

/// Things so that near ones are beside one another, from the distances between
/// every two: hierarchical clustering by average linkage (Sokal and Michener
/// 1958). Of equal distances the one of lower numbers counts. Two clusters are
/// put together so that the ends that meet are the nearest.
fn clustered(distances: &[f32], count: usize) -> Vec<usize> {
    let original = |left: usize, right: usize| f64::from(distances[left * count + right]);
    let mut distances: Vec<f64> = distances.iter().copied().map(f64::from).collect();
    let mut clusters: Vec<Vec<usize>> = (0..count).map(|only| vec![only]).collect();
    // Of each cluster the nearest of those behind it.
    let nearest_of = |distances: &[f64], clusters: &[Vec<usize>], cluster: usize| {
        let behind = (cluster + 1..count).filter(|&other| !clusters[other].is_empty());
        behind.min_by(|&left, &right| {
            distances[cluster * count + left].total_cmp(&distances[cluster * count + right])
        })
    };
    let mut nearest: Vec<Option<usize>> = (0..count)
        .map(|cluster| nearest_of(&distances, &clusters, cluster))
        .collect();
    loop {
        let pairs = nearest.iter().enumerate();
        let pairs = pairs.filter_map(|(cluster, other)| Some((cluster, (*other)?)));
        let least = pairs.min_by(|left, right| {
            let distance = |pair: &(usize, usize)| distances[pair.0 * count + pair.1];
            distance(left).total_cmp(&distance(right))
        });
        let Some((kept, merged)) = least else { break };
        let [kept_size, merged_size] = [kept, merged].map(|cluster| clusters[cluster].len() as f64);
        for other in 0..count {
            let mean = (kept_size * distances[kept * count + other]
                + merged_size * distances[merged * count + other])
                / (kept_size + merged_size);
            distances[kept * count + other] = mean;
            distances[other * count + kept] = mean;
        }
        let behind = std::mem::take(&mut clusters[merged]);
        let before = std::mem::take(&mut clusters[kept]);
        clusters[kept] = side_by_side(before, behind, original);
        nearest[merged] = None;
        for cluster in 0..count {
            let is_stale = cluster == kept
                || nearest[cluster].is_some_and(|other| other == kept || other == merged);
            // What came nearer lies between the two: it cannot have been another's.
            if !clusters[cluster].is_empty() && is_stale {
                nearest[cluster] = nearest_of(&distances, &clusters, cluster);
            }
        }
    }
    clusters.into_iter().next().unwrap_or_default()
}

/// Two rows as one, each perhaps turned around so that near ends meet; the
/// first as it is where that is as near.
fn side_by_side(
    before: Vec<usize>,
    behind: Vec<usize>,
    distance: impl Fn(usize, usize) -> f64,
) -> Vec<usize> {
    let turned = |row: &[usize]| -> Vec<usize> { row.iter().rev().copied().collect() };
    let choices = [
        (before.clone(), behind.clone()),
        (before.clone(), turned(&behind)),
        (turned(&before), behind.clone()),
        (turned(&before), turned(&behind)),
    ];
    let gap = |(before, behind): &(Vec<usize>, Vec<usize>)| {
        let ends = before.last().zip(behind.first());
        ends.map_or(0.0, |(&last, &first)| distance(last, first))
    };
    let best = choices
        .into_iter()
        .min_by(|left, right| gap(left).total_cmp(&gap(right)));
    let (mut row, behind) = best.unwrap_or_default();
    row.extend(behind);
    row
}
