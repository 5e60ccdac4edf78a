//! What the units receive: attention sinks. Gu et al. 2024
//! (<https://arxiv.org/abs/2410.10781>), `eval_sink_open_source.py`.

use super::head_map::HeadMap;

/// A unit that receives more is a sink: ε of the paper.
const SINK: f64 = 0.3;

/// What each unit receives of a head.
#[derive(Debug)]
pub(super) struct Received {
    /// Σ_i A[i,k] / the number of queries that may attend to k: T, and T − k in
    /// a decoder. NaN for a key that none may attend to.
    pub(super) by_key: Vec<f64>,
    /// Which receives most, of equal ones the first.
    pub(super) unit: usize,
}

impl Received {
    pub(super) fn of(map: HeadMap<'_>) -> Self {
        let mut sums = vec![0.0; map.key_count];
        let mut counts = vec![0_usize; map.key_count];
        for (query, row) in map.rows() {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += f64::from(value);
            }
            let allowed = map.mask.allowed(query, map.key_count);
            let seen = counts.get_mut(allowed).unwrap_or_default();
            seen.iter_mut().for_each(|count| *count += 1);
        }
        let means = sums.iter().zip(&counts).map(|(sum, &count)| match count {
            0 => f64::NAN,
            count => sum / count as f64,
        });
        let by_key: Vec<f64> = means.collect();
        let greatest = greatest(&by_key);
        let unit = by_key.iter().position(|&mean| mean == greatest);
        Self {
            by_key,
            unit: unit.unwrap_or_default(),
        }
    }

    /// What that unit receives.
    pub(super) fn maximum(&self) -> Option<f64> {
        self.by_key
            .get(self.unit)
            .copied()
            .filter(|mean| !mean.is_nan())
    }
}

impl HeadMap<'_> {
    /// 1 where a unit receives more than 0.3, else 0; of a decoder the first
    /// unit, as in the paper: the last ones are seen by few queries. Empty where
    /// something is more than a probability.
    pub(super) fn sink(self, received: &Received) -> Option<f64> {
        self.is_of_probabilities().then_some(())?;
        let most = match self.looks_back() {
            true => received.by_key.first().copied(),
            false => received.maximum(),
        };
        Some(f64::from(u8::from(most? > SINK)))
    }
}

fn greatest(means: &[f64]) -> f64 {
    means.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}
