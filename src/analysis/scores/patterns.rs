//! What a head attends to: certain keys, the same token elsewhere, its own text
//! of a pair.

use super::axes::Axes;
use super::head_map::{HeadMap, ratio};

impl HeadMap<'_> {
    /// Σ_i Σ_{j of the keys} A[i,j] / T: `cls`, `sep` and `punct` of Clark et al.
    /// 2019 (<https://arxiv.org/abs/1906.04341>, `General_Analysis.ipynb`).
    /// Empty where there is no such key.
    pub(super) fn to_keys(self, keys: &[usize]) -> Option<f64> {
        (!keys.is_empty()).then_some(())?;
        let of_row = |(_, row): (usize, &[f32])| {
            let of_keys = keys.iter().filter_map(|&key| row.get(key));
            of_keys.copied().map(f64::from).sum::<f64>()
        };
        ratio(self.rows().map(of_row).sum(), self.query_count() as f64)
    }

    /// Σ A∘P / Σ A, P the same token elsewhere; where no query may look ahead,
    /// earlier alone. TransformerLens, `head_detector.py`, `error_measure="mul"`
    /// without exclusions; that encoders look both ways is ours.
    pub(super) fn duplicate_token(self, axes: &Axes, total: f64) -> Option<f64> {
        self.share_of_pattern(axes, total, |query| {
            let places = axes.places_of_token(query).iter().copied();
            places.filter(move |&key| key != query)
        })
    }

    /// Σ A∘P / Σ A, P the token before, as above; empty where queries may look
    /// ahead.
    pub(super) fn previous_token(self, axes: &Axes, total: f64) -> Option<f64> {
        self.looks_back().then_some(())?;
        self.share_of_pattern(axes, total, |query| query.checked_sub(1).into_iter())
    }

    /// Σ A∘P / Σ A, P the token behind an earlier occurrence of the query's, as
    /// above; that may be the query itself. Empty where queries may look ahead:
    /// the mechanism (Olsson et al. 2022, <https://arxiv.org/abs/2209.11895>) is
    /// one of decoders.
    pub(super) fn induction(self, axes: &Axes, total: f64) -> Option<f64> {
        self.looks_back().then_some(())?;
        self.share_of_pattern(axes, total, |query| {
            let places = axes.places_of_token(query).iter();
            let earlier = places.take_while(move |&&place| place < query);
            earlier.map(|place| place + 1)
        })
    }

    /// Σ of A[i,j] with i and j ordinary and in the same text / Σ with i and j
    /// ordinary: ours. Empty where the ordinary units are of one text alone.
    pub(super) fn segment(self, axes: &Axes) -> Option<f64> {
        axes.are_alike.then_some(())?;
        let is_ordinary = |place: usize| axes.ordinary_queries.get(place) == Some(&true);
        let segment = |place: usize| axes.segments.get(place);
        let places = 0..self.key_count;
        let mut ordinary = places.filter(|&place| is_ordinary(place)).map(segment);
        let first = ordinary.next()?;
        ordinary.any(|other| other != first).then_some(())?;
        let between = |query, key| is_ordinary(query) && is_ordinary(key);
        let within = |query, key| between(query, key) && segment(query) == segment(key);
        ratio(self.sum_where(within), self.sum_where(between))
    }

    /// Empty where the pattern has no cell that the mask allows; `keys` are its
    /// cells of a query, ascending.
    fn share_of_pattern<Keys: Iterator<Item = usize>>(
        self,
        axes: &Axes,
        total: f64,
        keys: impl Fn(usize) -> Keys,
    ) -> Option<f64> {
        axes.are_alike.then_some(())?;
        let mut cells = 0_usize;
        let mut of_row = |(query, row): (usize, &[f32])| {
            let allowed = self.mask.allowed(query, self.key_count);
            let of_it = keys(query).filter(|key| allowed.contains(key));
            let of_it = of_it.filter_map(|key| row.get(key));
            of_it
                .inspect(|_| cells += 1)
                .copied()
                .map(f64::from)
                .sum::<f64>()
        };
        let mut sum = 0.0;
        for row in self.rows() {
            sum += of_row(row);
        }
        (cells > 0).then_some(())?;
        ratio(sum, total)
    }
}
