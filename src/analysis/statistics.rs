//! The statistics of every score of every head over many inputs.

use super::{Score, Summary};
use crate::attention::HeadId;

/// The statistics of a score of a head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadStatistics {
    /// The head.
    pub head: HeadId,
    /// Over how many inputs; those where the score is empty do not count.
    pub count: u64,
    /// The mean.
    pub mean: f64,
    /// The standard deviation of a sample; `None` of one input.
    pub standard_deviation: Option<f64>,
    /// 5 %, 50 % and 95 % of the inputs have no more.
    pub quantiles: [f64; 3],
}

/// The shares that [`HeadStatistics::quantiles`] are of.
const SHARES: [f64; 3] = [0.05, 0.5, 0.95];

/// The statistics of all heads while inputs come.
#[derive(Debug)]
pub struct Statistics {
    heads: Vec<HeadId>,
    /// `[score, head]`; `None` where no input had a value: the marks of many
    /// heads take much memory.
    summaries: Vec<Option<Summary>>,
}

impl Statistics {
    /// Of these heads, over no input yet.
    pub fn new(heads: Vec<HeadId>) -> Self {
        let count = heads.len() * Score::ALL.len();
        Self {
            heads,
            summaries: vec![None; count],
        }
    }

    /// Adds an input: `[score, head]`, NaN for what is empty.
    pub fn add(&mut self, values: &[f32]) {
        let count = self.heads.len().max(1);
        for (place, (summary, &value)) in self.summaries.iter_mut().zip(values).enumerate() {
            if let Some(&score) = Score::ALL.get(place / count)
                && !value.is_nan()
            {
                summary
                    .get_or_insert_with(|| Summary::new(score))
                    .add(value);
            }
        }
    }

    /// The heads, in their order.
    pub fn heads(&self) -> &[HeadId] {
        &self.heads
    }

    /// The statistics of a score, head by head; heads where it is always empty
    /// have none.
    pub fn of(&self, score: Score) -> Vec<HeadStatistics> {
        let place = Score::ALL.iter().position(|other| *other == score);
        let mut all = self.summaries.chunks(self.heads.len().max(1));
        let summaries = place.and_then(|place| all.nth(place));
        let heads = self.heads.iter().zip(summaries.unwrap_or_default());
        let statistics = heads.filter_map(|(&head, summary)| {
            let summary = summary.as_ref()?;
            let [low, middle, high] = SHARES.map(|share| summary.quantile(share));
            Some(HeadStatistics {
                head,
                count: summary.count(),
                mean: summary.mean()?,
                standard_deviation: summary.standard_deviation(),
                quantiles: [low?, middle?, high?],
            })
        });
        statistics.collect()
    }
}
