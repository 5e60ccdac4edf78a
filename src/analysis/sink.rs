//! Whether the first position drowns the rest: many decoders give it what they
//! need nowhere else (Xiao et al. 2023, section 3.1,
//! <https://arxiv.org/abs/2309.17453>). Asked of maps alone of which a mask
//! forbids something: where each token may attend to all, the first one is a
//! token like the others.

use super::forbidden::Bounds;
use super::{MapId, Maps, Measure};
use crate::attention::RowSums;

/// The mean share above which the first position drowns the rest.
const DROWNING: f64 = 0.5;

/// What the first position takes of the attention, where it drowns the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drowning {
    /// The mean of its share in the rows that have a choice; above one half.
    pub share: f64,
    /// Whether it is a unit that the tokenizer added.
    pub is_added: bool,
}

impl Drowning {
    /// Its share in whole hundredths.
    pub fn percent(self) -> u32 {
        (self.share * 100.0).round() as u32
    }

    /// The option that shows the rest.
    pub fn option(self) -> &'static str {
        match self.is_added {
            true => "--special-tokens hide",
            false => "--sink hide",
        }
    }
}

/// Whether the first column drowns the rest of some maps, `None` where it does
/// not, or is not the run's first position.
pub fn drowning(maps: &Maps<'_>, ids: &[MapId]) -> Option<Drowning> {
    let (rows, columns) = (&maps.rows.units, &maps.columns.units);
    let sums_to_one = maps.row_sums == RowSums::One && maps.measure != Measure::Maximum;
    let mut choices: Vec<(Bounds, Vec<bool>)> = Vec::new();
    let (mut sum, mut count) = (0.0, 0_usize);
    for &id in ids {
        let (bounds, Some(map)) = (maps.bounds(id), maps.map(id)) else {
            continue;
        };
        let known = choices.iter().position(|(known, _)| *known == bounds);
        let place = known.unwrap_or_else(|| {
            let has_choice = rows.iter().map(|query| {
                let allowed = columns.iter().filter(|key| !bounds.forbids(query, key));
                allowed.take(2).count() == 2
            });
            choices.push((bounds, has_choice.collect()));
            choices.len() - 1
        });
        let lines = map.chunks_exact(columns.len().max(1));
        for (line, _) in lines.zip(&choices[place].1).filter(|(_, choice)| **choice) {
            count += 1;
            sum += match sums_to_one {
                true => f64::from(line[0]),
                false => share_of_first(line),
            };
        }
    }
    if choices.iter().all(|(bounds, _)| *bounds == Bounds::NONE) {
        return None;
    }
    found(maps, sum / count.max(1) as f64)
}

/// The same of a single row, with NaN for what a mask forbids.
pub fn drowning_of_row(maps: &Maps<'_>, row: &[f32]) -> Option<Drowning> {
    let present = row.iter().filter(|value| !value.is_nan());
    let has_choice = present.count() > 1;
    let is_masked = maps.ids.iter().any(|&id| maps.bounds(id) != Bounds::NONE);
    found(maps, share_of_first(row)).filter(|_| is_masked && has_choice)
}

fn found(maps: &Maps<'_>, share: f64) -> Option<Drowning> {
    let first = maps.columns.units.first()?;
    (first.first == 0 && share > DROWNING).then_some(Drowning {
        share,
        is_added: first.special,
    })
}

/// The first value in shares of all that are there; 0 where all are.
fn share_of_first(row: &[f32]) -> f64 {
    let present = row.iter().filter(|value| !value.is_nan());
    let sum: f64 = present.copied().map(f64::from).sum();
    match row.first() {
        Some(&first) if sum > 0.0 && !first.is_nan() => f64::from(first) / sum,
        Some(_) | None => 0.0,
    }
}
