//! What a head attends to: certain keys, the same token elsewhere, its own text
//! of a pair.

use super::axes::Axes;
use super::{HeadMap, ratio};

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
    pub(super) fn duplicate_token(self, axes: &Axes) -> Option<f64> {
        self.share_of_pattern(axes, |query, key| {
            query != key && axes.are_same_token(query, key)
        })
    }

    /// Σ A∘P / Σ A, P the token before, as above; empty where queries may look
    /// ahead.
    pub(super) fn previous_token(self, axes: &Axes) -> Option<f64> {
        self.looks_back().then_some(())?;
        self.share_of_pattern(axes, |query, key| key + 1 == query)
    }

    /// Σ A∘P / Σ A, P the token behind an earlier occurrence of the query's, as
    /// above; that may be the query itself. Empty where queries may look ahead:
    /// the mechanism (Olsson et al. 2022, <https://arxiv.org/abs/2209.11895>) is
    /// one of decoders.
    pub(super) fn induction(self, axes: &Axes) -> Option<f64> {
        self.looks_back().then_some(())?;
        self.share_of_pattern(axes, |query, key| {
            key.checked_sub(1)
                .is_some_and(|before| before < query && axes.are_same_token(query, before))
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

    /// Empty where the pattern has no cell that the mask allows.
    fn share_of_pattern(
        self,
        axes: &Axes,
        is_of_pattern: impl Fn(usize, usize) -> bool,
    ) -> Option<f64> {
        axes.are_alike.then_some(())?;
        let is_of_pattern = |query, key| is_of_pattern(query, key) && self.allows(query, key);
        let queries = 0..self.query_count();
        let is_there = |query| (0..self.key_count).any(|key| is_of_pattern(query, key));
        queries.into_iter().any(is_there).then_some(())?;
        ratio(self.sum_where(is_of_pattern), self.total())
    }
}
