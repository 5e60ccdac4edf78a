//! The statistics of a score over many inputs, exact in any order: sums are of
//! integers, quantiles are counts in fixed bins.
//!
//! A value counts in steps of 2⁻³⁰. Mean and standard deviation come from the
//! sums of these steps and of their squares. A quantile is the smallest value
//! that so many of the values do not exceed, to the nearest of 1,001 marks, a
//! thousandth of the score's range apart: shares lie in 0 to 1, an entropy in 0
//! to 14 nats (ln 1,000,000 is 13.8), a distance d in 0 to 2²⁰ − 1 with marks
//! that are even in log₂(1 + d).

use super::Score;

/// Steps of a value's fixed point in 1.
const STEPS: f64 = (1_u64 << 30) as f64;
/// Stretches between the marks of a score's range.
const STRETCHES: usize = 1_000;
/// The greatest entropy that has a mark of its own, in nats.
const GREATEST_ENTROPY: f64 = 14.0;
/// log₂ of the greatest distance that has one, and 1.
const GREATEST_DISTANCE: f64 = 20.0;

/// The range in which a score's marks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Range {
    Share,
    Entropy,
    Distance,
}

fn range_of(score: Score) -> Range {
    match score {
        Score::Entropy => Range::Entropy,
        Score::Distance => Range::Distance,
        Score::EntropyNormalized
        | Score::Previous
        | Score::Itself
        | Score::Next
        | Score::Classification
        | Score::Separator
        | Score::Punct
        | Score::Punctuation
        | Score::Confidence
        | Score::DuplicateToken
        | Score::PreviousToken
        | Score::Induction
        | Score::Segment
        | Score::ReceivedMaximum
        | Score::SinkShare
        | Score::OffsetMinusTwo
        | Score::OffsetMinusOne
        | Score::OffsetZero
        | Score::OffsetPlusOne
        | Score::OffsetPlusTwo => Range::Share,
    }
}

impl Range {
    /// The mark that is nearest to a value.
    fn mark(self, value: f64) -> usize {
        let share = match self {
            Self::Share => value,
            Self::Entropy => value / GREATEST_ENTROPY,
            Self::Distance => libm::log2(1.0 + value.max(0.0)) / GREATEST_DISTANCE,
        };
        let mark = (share.clamp(0.0, 1.0) * STRETCHES as f64).round();
        (mark as usize).min(STRETCHES)
    }

    /// The value at a mark.
    fn value(self, mark: usize) -> f64 {
        let share = mark as f64 / STRETCHES as f64;
        match self {
            Self::Share => share,
            Self::Entropy => share * GREATEST_ENTROPY,
            Self::Distance => libm::exp2(share * GREATEST_DISTANCE) - 1.0,
        }
    }
}

/// How far the two lowest marks of a score are apart, in its unit: quantiles are to
/// the nearest mark. Those of a distance d lie further apart by 1 + d.
pub fn quantile_step(score: Score) -> f64 {
    range_of(score).value(1)
}

/// What is known of a score of a head over many inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    score: Score,
    count: u64,
    /// In steps.
    sum: i128,
    /// In squares of steps.
    sum_of_squares: i128,
    /// How many values are nearest to each mark; `u32` holds four billion.
    marks: Vec<u32>,
}

impl Summary {
    /// Of no input yet.
    pub fn new(score: Score) -> Self {
        Self {
            score,
            count: 0,
            sum: 0,
            sum_of_squares: 0,
            marks: vec![0; STRETCHES + 1],
        }
    }

    /// Adds the score of an input; one that is empty, or no number, is none.
    pub fn add(&mut self, value: f32) {
        let value = f64::from(value);
        if !value.is_finite() {
            return;
        }
        let steps = (value * STEPS).round() as i64;
        self.count += 1;
        self.sum += i128::from(steps);
        self.sum_of_squares = self
            .sum_of_squares
            .saturating_add(i128::from(steps) * i128::from(steps));
        if let Some(mark) = self.marks.get_mut(range_of(self.score).mark(value)) {
            *mark = mark.saturating_add(1);
        }
    }

    /// Of how many inputs it is.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean; `None` of no input.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64 / STEPS)
    }

    /// The standard deviation of a sample, with one less than the number of
    /// inputs below the fraction; `None` of fewer than two.
    pub fn standard_deviation(&self) -> Option<f64> {
        let count = i128::from(self.count);
        if count < 2 {
            return None;
        }
        // Exact where it fits: equal values then have no deviation at all.
        let squares = count.checked_mul(self.sum_of_squares);
        let exact = squares.zip(self.sum.checked_mul(self.sum));
        let difference = match exact {
            Some((squares, square)) => (squares - square) as f64 / count as f64,
            None => self.sum_of_squares as f64 - self.sum as f64 / count as f64 * self.sum as f64,
        };
        let variance = difference.max(0.0) / (count - 1) as f64;
        Some(variance.sqrt() / STEPS)
    }

    /// The smallest mark that a share of the values do not exceed, from 0 to 1;
    /// `None` of no input.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = ((share * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut below = 0_u64;
        let mark = self.marks.iter().position(|&count| {
            below += u64::from(count);
            below >= rank
        })?;
        Some(range_of(self.score).value(mark))
    }
}
