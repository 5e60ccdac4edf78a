//! What differs over many inputs, head by head: the mean, 95 % and the worst of
//! every measure and of the difference of every score.

use std::str::FromStr;

use super::{DifferenceMeasure, Differences, ScoreDifferences, Spread};
use crate::analysis::Score;
use crate::attention::HeadId;
use crate::names::UnknownName;

/// A number of a head that is followed over many inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// How far the maps of both sides are apart.
    Measure(DifferenceMeasure),
    /// Right − left of a score.
    Score(Score),
}

impl Quantity {
    /// All of them: the measures first.
    pub fn all() -> impl Iterator<Item = Self> {
        let measures = DifferenceMeasure::ALL.iter().copied().map(Self::Measure);
        measures.chain(Score::ALL.iter().copied().map(Self::Score))
    }

    /// What files call it: `js_bits`, `entropy_difference`.
    pub fn name(self) -> String {
        match self {
            Self::Measure(measure) => measure.name().to_owned(),
            Self::Score(score) => format!("{score}_difference"),
        }
    }

    /// What is typed for it: the measure, the score.
    pub fn typed(self) -> &'static str {
        match self {
            Self::Measure(measure) => measure.name(),
            Self::Score(score) => score.name(),
        }
    }

    /// Its place among all.
    fn place(self) -> usize {
        Self::all()
            .position(|other| other == self)
            .unwrap_or_default()
    }
}

impl FromStr for Quantity {
    type Err = UnknownName;

    /// From what is typed.
    fn from_str(typed: &str) -> Result<Self, UnknownName> {
        let mut all = Self::all();
        let found = all.find(|quantity| quantity.typed() == typed);
        found.ok_or_else(|| UnknownName {
            kind: "measure",
            found: typed.to_owned(),
            expected: Self::all().map(Self::typed).collect::<Vec<_>>().join(", "),
        })
    }
}

/// What differs of one input, in numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InputDifferences {
    /// `[measure, head]`, in the order of [`DifferenceMeasure::ALL`]; nothing
    /// where only scores are known.
    pub measures: Vec<f64>,
    /// Right − left, `[score, head]`, in the order of [`Score::ALL`]; NaN where
    /// one side is empty, and nothing where the scores cannot be compared.
    pub scores: Vec<f64>,
}

impl InputDifferences {
    /// Those of two sides' maps, and of their scores where both have the same
    /// units.
    pub fn new(differences: &Differences, scores: Option<&ScoreDifferences>) -> Self {
        let measures = DifferenceMeasure::ALL.iter();
        let scores = scores.into_iter().flat_map(ScoreDifferences::all);
        Self {
            measures: measures
                .flat_map(|&measure| differences.heads(measure))
                .copied()
                .collect(),
            scores: scores.collect(),
        }
    }

    /// One quantity of so many heads; `None` where it is not known.
    pub fn of(&self, quantity: Quantity, head_count: usize) -> Option<&[f64]> {
        let (values, place) = match quantity {
            Quantity::Measure(_) => (&self.measures, quantity.place()),
            Quantity::Score(_) => {
                let first = DifferenceMeasure::ALL.len();
                (&self.scores, quantity.place() - first)
            }
        };
        let start = place * head_count;
        values.get(start..start + head_count)
    }
}

impl ScoreDifferences {
    /// Right − left of every score, `[score, head]`.
    pub fn all(&self) -> impl Iterator<Item = f64> {
        Score::ALL.iter().flat_map(|&score| self.get(score))
    }
}

/// A quantity of a head over many inputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadSpread {
    /// The head.
    pub head: HeadId,
    /// Over how many inputs; those where it is empty do not count.
    pub count: u64,
    /// The mean; of scores with its sign, right − left.
    pub mean: f64,
    /// 95 % of the inputs have no more, whatever the sign.
    pub p95: f64,
    /// The most that an input has, whatever the sign.
    pub worst: f64,
    /// The index of the first input that has it.
    pub worst_index: u64,
}

/// Steps of a value's fixed point in 1: sums of them are the same in any order.
const STEPS: f64 = (1_u64 << 40) as f64;

/// Magnitudes, and the sum with signs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct SignedSpread {
    magnitude: Spread,
    total: i128,
}

impl SignedSpread {
    fn add(&mut self, index: u64, value: f64) {
        if value.is_nan() {
            return;
        }
        self.magnitude.add(index, value);
        self.total += (value * STEPS).round() as i128;
    }

    fn of(&self, head: HeadId) -> Option<HeadSpread> {
        let (worst, worst_index) = self.magnitude.worst()?;
        let count = self.magnitude.count();
        Some(HeadSpread {
            head,
            count,
            mean: self.total as f64 / STEPS / count as f64,
            p95: self.magnitude.quantile(0.95)?,
            worst,
            worst_index,
        })
    }
}

/// What differs over many inputs while they come, in any order; memory does not
/// grow with their number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManyDifferences {
    heads: Vec<HeadId>,
    /// `[quantity, head]`.
    spreads: Vec<SignedSpread>,
}

impl ManyDifferences {
    /// Of these heads, over no input yet.
    pub fn new(heads: Vec<HeadId>) -> Self {
        let count = heads.len() * Quantity::all().count();
        Self {
            heads,
            spreads: vec![SignedSpread::default(); count],
        }
    }

    /// Adds the input with this index.
    pub fn add(&mut self, index: u64, input: &InputDifferences) {
        let heads = self.heads.len();
        let mut spreads = self.spreads.chunks_mut(heads.max(1));
        for quantity in Quantity::all() {
            let Some(spreads) = spreads.next() else {
                return;
            };
            let values = input.of(quantity, heads).unwrap_or_default();
            for (spread, &value) in spreads.iter_mut().zip(values) {
                spread.add(index, value);
            }
        }
    }

    /// The heads, in their order.
    pub fn heads(&self) -> &[HeadId] {
        &self.heads
    }

    /// A quantity of every head, in their order; heads where it is always empty
    /// have none.
    pub fn of(&self, quantity: Quantity) -> Vec<HeadSpread> {
        let mut spreads = self.spreads.chunks(self.heads.len().max(1));
        let spreads = spreads.nth(quantity.place()).unwrap_or_default();
        let heads = self.heads.iter().zip(spreads);
        heads
            .filter_map(|(&head, spread)| spread.of(head))
            .collect()
    }

    /// The same, the head with the greatest mean first (of scores, whatever its
    /// sign), equal ones in their order.
    pub fn ranked(&self, quantity: Quantity) -> Vec<HeadSpread> {
        let mut heads = self.of(quantity);
        heads.sort_by(|one, other| other.mean.abs().total_cmp(&one.mean.abs()));
        heads
    }

    /// The means of a quantity: `[head]`, NaN where it is always empty.
    pub fn means(&self, quantity: Quantity) -> Vec<f64> {
        let mut spreads = self.spreads.chunks(self.heads.len().max(1));
        let spreads = spreads.nth(quantity.place()).unwrap_or_default();
        let heads = self.heads.iter().zip(spreads);
        heads
            .map(|(&head, spread)| spread.of(head).map_or(f64::NAN, |found| found.mean))
            .collect()
    }
}
