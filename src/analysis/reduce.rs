//! What heads have in common: means and maxima of their maps, and what one
//! token gives or gets.

use super::show::Shown;

/// How several maps become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reduction {
    /// The mean of every cell; rows sum to what the maps' rows sum to.
    Mean,
    /// The maximum of every cell; rows sum to at least what each map's do.
    Max,
}

/// One map of all shown heads of a layer, by its position in the selection:
/// shape `[query, key]`, `None` outside it.
pub fn layer_heads(
    shown: &Shown<'_>,
    layer_position: usize,
    reduction: Reduction,
) -> Option<Vec<f32>> {
    let [layer_count, head_count, query_count, key_count] = shown.shape();
    let size = head_count * query_count * key_count;
    if layer_position >= layer_count {
        return None;
    }
    let maps = shown
        .values
        .get(layer_position * size..(layer_position + 1) * size)?;
    Some(reduce(maps, query_count * key_count, reduction))
}

/// One map of all shown heads of all shown layers: shape `[query, key]`.
pub fn all_heads(shown: &Shown<'_>, reduction: Reduction) -> Vec<f32> {
    let [_, _, query_count, key_count] = shown.shape();
    reduce(&shown.values, query_count * key_count, reduction)
}

fn reduce(maps: &[f32], map_size: usize, reduction: Reduction) -> Vec<f32> {
    let map_count = maps.len() / map_size.max(1);
    match reduction {
        Reduction::Mean => {
            // In f64, so that the mean of many rows that sum to one does too.
            let mut sums = vec![0.0_f64; map_size];
            for map in maps.chunks_exact(map_size.max(1)) {
                sums.iter_mut()
                    .zip(map)
                    .for_each(|(sum, &value)| *sum += f64::from(value));
            }
            sums.into_iter()
                .map(|sum| (sum / map_count as f64) as f32)
                .collect()
        }
        Reduction::Max => {
            let mut maxima = vec![0.0_f32; map_size];
            for map in maps.chunks_exact(map_size.max(1)) {
                maxima
                    .iter_mut()
                    .zip(map)
                    .for_each(|(maximum, &value)| *maximum = maximum.max(value));
            }
            maxima
        }
    }
}

/// Which end of the links is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// What one query attends to: a row.
    From,
    /// What attends to one key: a column.
    To,
}

/// What one token gives to, or gets from, every token.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The mean over all shown heads of all shown layers: shape `[token]`.
    pub mean: Vec<f32>,
    /// The mean over each shown layer's heads: shape `[layer, token]`.
    pub by_layer: Vec<Vec<f32>>,
}

/// The profile of the token at a position of the shown tokens, `None` outside
/// them.
pub fn profile(shown: &Shown<'_>, direction: Direction, position: usize) -> Option<Profile> {
    let count = shown.tokens.len();
    if position >= count {
        return None;
    }
    let line = |map: Vec<f32>| -> Vec<f32> {
        (0..count)
            .map(|other| match direction {
                Direction::From => map[position * count + other],
                Direction::To => map[other * count + position],
            })
            .collect()
    };
    let by_layer: Option<Vec<Vec<f32>>> = (0..shown.layers.len())
        .map(|layer| layer_heads(shown, layer, Reduction::Mean).map(line))
        .collect();
    Some(Profile {
        mean: line(all_heads(shown, Reduction::Mean)),
        by_layer: by_layer?,
    })
}
