//! What each head does, as numbers: how widely it attends, where to, how far.
//!
//! Everything is computed in f64 over the run's own units, special ones
//! included unless a score says otherwise, and rounded to f32 once. What makes
//! no sense for an input or a kind of attention is empty, never 0.

mod axes;
mod entropy;
mod head_map;
mod offsets;
mod patterns;
mod received;

use rayon::prelude::*;

use self::axes::Axes;
use self::head_map::HeadMap;
use self::received::Received;
use crate::attention::{Attention, Mask, Selection};
use crate::names::closed_set;
use crate::run::Run;

/// A number that says something of a head, by the name that it has in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Score {
    /// Mean over queries of the entropy of their attention, in nats (Clark et
    /// al. 2019, without smoothing).
    Entropy,
    /// The same in shares of ln T, which makes inputs comparable; empty where
    /// there is one unit.
    EntropyNormalized,
    /// Attention to the unit before, a mean over all queries (Clark et al. 2019).
    Previous,
    /// Attention to the query itself.
    Itself,
    /// Attention to the unit behind.
    Next,
    /// Attention to the first special unit and all that are called like it.
    Classification,
    /// Attention to the last special unit and all that are called like it.
    Separator,
    /// Attention to the units `.` and `,` (Clark et al. 2019).
    Punct,
    /// Attention to units of punctuation (Unicode class P).
    Punctuation,
    /// Mean distance between query and key in units, weighted by attention (Vig
    /// and Belinkov 2019).
    Distance,
    /// Mean over queries of their greatest attention, special units left out on
    /// both sides (Voita et al. 2019).
    Confidence,
    /// Share of the attention that goes to the same token elsewhere; of a
    /// decoder earlier (TransformerLens, `mul`).
    DuplicateToken,
    /// Of a decoder: share of the attention that goes to the token before
    /// (TransformerLens, `mul`).
    PreviousToken,
    /// Of a decoder: share of the attention that goes behind an earlier
    /// occurrence of the same token (TransformerLens, `mul`).
    Induction,
    /// Share of the attention between ordinary units that stays within its text
    /// of a pair; empty for single texts.
    Segment,
    /// The greatest mean attention that one unit receives from the queries that
    /// can see it (Gu et al. 2024).
    ReceivedMaximum,
    /// 1 where that is above 0.3, else 0 (of a decoder: of its first unit), so
    /// that its mean over inputs is the share of them in which the head has a
    /// sink (Gu et al. 2024).
    SinkShare,
    /// Share of ordinary queries whose strongest key is two units before (Voita
    /// et al. 2019, as the next four).
    OffsetMinusTwo,
    /// … one unit before.
    OffsetMinusOne,
    /// … the query itself.
    OffsetZero,
    /// … one unit behind.
    OffsetPlusOne,
    /// … two units behind.
    OffsetPlusTwo,
}

closed_set!(
    Score,
    "score",
    Entropy => "entropy",
    EntropyNormalized => "entropy_normalized",
    Previous => "prev",
    Itself => "self",
    Next => "next",
    Classification => "cls",
    Separator => "sep",
    Punct => "punct",
    Punctuation => "punctuation",
    Distance => "distance",
    Confidence => "confidence",
    DuplicateToken => "duplicate_token",
    PreviousToken => "previous_token",
    Induction => "induction",
    Segment => "segment",
    ReceivedMaximum => "received_max",
    SinkShare => "sink_share",
    OffsetMinusTwo => "offset_share_minus_2",
    OffsetMinusOne => "offset_share_minus_1",
    OffsetZero => "offset_share_0",
    OffsetPlusOne => "offset_share_plus_1",
    OffsetPlusTwo => "offset_share_plus_2",
);

impl Score {
    /// What its values are in: shares, of attention or of queries, are from 0 to
    /// 1.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Entropy => "nats",
            Self::Distance => "tokens",
            Self::EntropyNormalized
            | Self::Previous
            | Self::Itself
            | Self::Next
            | Self::Classification
            | Self::Separator
            | Self::Punct
            | Self::Punctuation
            | Self::Confidence
            | Self::DuplicateToken
            | Self::PreviousToken
            | Self::Induction
            | Self::Segment
            | Self::ReceivedMaximum
            | Self::SinkShare
            | Self::OffsetMinusTwo
            | Self::OffsetMinusOne
            | Self::OffsetZero
            | Self::OffsetPlusOne
            | Self::OffsetPlusTwo => SHARE,
        }
    }

    /// Whether its values are from 0 to 1.
    pub fn is_share(self) -> bool {
        self.unit() == SHARE
    }

    /// Where it is defined, as a picture cites it; `None` for what is ours.
    pub fn source(self) -> Option<&'static str> {
        match self {
            Self::Entropy
            | Self::Previous
            | Self::Itself
            | Self::Next
            | Self::Classification
            | Self::Separator
            | Self::Punct => Some("Clark et al. 2019"),
            Self::Distance => Some("Vig and Belinkov 2019"),
            Self::Confidence
            | Self::OffsetMinusTwo
            | Self::OffsetMinusOne
            | Self::OffsetZero
            | Self::OffsetPlusOne
            | Self::OffsetPlusTwo => Some("Voita et al. 2019"),
            Self::DuplicateToken | Self::PreviousToken | Self::Induction => Some("TransformerLens"),
            Self::ReceivedMaximum | Self::SinkShare => Some("Gu et al. 2024"),
            Self::EntropyNormalized | Self::Punctuation | Self::Segment => None,
        }
    }
}

/// The unit of shares.
const SHARE: &str = "share";

/// The scores of all heads of one kind of attention of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadScores {
    /// The heads, in the order of everything below.
    pub selection: Selection,
    /// `[score, head]`, the scores in the order of [`Score::ALL`]; NaN for what
    /// is empty.
    values: Vec<f32>,
    /// Mean attention that each key receives from the queries that can see it:
    /// `[head, key]`.
    pub received: Vec<f32>,
    /// The key that receives most, of equal ones the first: `[head]`.
    pub received_unit: Vec<usize>,
    /// The labels of the units that [`Score::Classification`] and
    /// [`Score::Separator`] are of; `None` where there is no such one.
    pub ends: [Option<String>; 2],
}

impl HeadScores {
    /// A score of every head: `[head]`; NaN where it is empty.
    pub fn get(&self, score: Score) -> &[f32] {
        let heads = self.selection.head_count();
        let place = Score::ALL.iter().position(|other| *other == score);
        let start = place.unwrap_or_default() * heads;
        self.values.get(start..start + heads).unwrap_or_default()
    }
}

/// The scores of every head of `attention`, which is the run's.
pub fn head_scores(run: &Run, attention: &Attention) -> HeadScores {
    let maps = attention.maps();
    let axes = Axes::new(run, attention);
    let layers = maps.selection().layers.iter().zip(attention.masks());
    let masks = layers.flat_map(|(layer, mask)| layer.heads.iter().map(move |_| mask));
    let heads: Vec<(Mask, &[f32])> = masks.zip(maps.iter().map(|(_, map)| map)).collect();
    // Each head is computed by one thread, in one order.
    let scored: Vec<(Vec<f32>, Received)> = heads
        .par_iter()
        .map(|&(mask, values)| {
            let map = HeadMap {
                values,
                key_count: maps.key_count(),
                mask,
            };
            let reading = Reading::of(map);
            let score = |score: &Score| map.score(*score, &axes, &reading);
            // NaN stands for what is empty.
            let rounded = |value: Option<f64>| value.map_or(f32::NAN, |value| value as f32);
            (
                Score::ALL.iter().map(score).map(rounded).collect(),
                reading.received,
            )
        })
        .collect();
    let by_score = (0..Score::ALL.len()).flat_map(|place| {
        let heads = scored.iter();
        heads.map(move |(values, _)| values.get(place).copied().unwrap_or(f32::NAN))
    });
    HeadScores {
        selection: maps.selection().clone(),
        values: by_score.collect(),
        received: scored
            .iter()
            .flat_map(|(_, received)| received.by_key.iter().map(|&share| share as f32))
            .collect(),
        received_unit: scored.iter().map(|(_, received)| received.unit).collect(),
        ends: axes.ends,
    }
}

/// What several scores ask of a head's whole map, computed once.
#[derive(Debug)]
struct Reading {
    received: Received,
    /// See [`HeadMap::entropy`].
    entropy: Option<f64>,
    /// The sum of all values.
    total: f64,
    /// The strongest key of every query, of equal ones the first; `None` of one
    /// that attends to nothing.
    strongest: Vec<Option<usize>>,
}

impl Reading {
    fn of(map: HeadMap<'_>) -> Self {
        Self {
            received: Received::of(map),
            entropy: map.entropy(),
            total: map.total(),
            strongest: map.rows().map(|(_, row)| offsets::strongest(row)).collect(),
        }
    }
}

impl HeadMap<'_> {
    /// One score of the head, `None` where it makes no sense.
    fn score(self, score: Score, axes: &Axes, reading: &Reading) -> Option<f64> {
        match score {
            Score::Entropy => reading.entropy,
            Score::EntropyNormalized => self.entropy_normalized(reading.entropy),
            Score::Previous => self.to_offset(axes, -1),
            Score::Itself => self.to_offset(axes, 0),
            Score::Next => self.to_offset(axes, 1),
            Score::Classification => self.to_keys(&axes.classification),
            Score::Separator => self.to_keys(&axes.separator),
            Score::Punct => self.to_keys(&axes.punct),
            Score::Punctuation => self.to_keys(&axes.punctuation),
            Score::Distance => self.distance(axes, reading.total),
            Score::Confidence => self.confidence(axes),
            Score::DuplicateToken => self.duplicate_token(axes, reading.total),
            Score::PreviousToken => self.previous_token(axes, reading.total),
            Score::Induction => self.induction(axes, reading.total),
            Score::Segment => self.segment(axes),
            Score::ReceivedMaximum => reading.received.maximum(),
            Score::SinkShare => self.sink(&reading.received),
            Score::OffsetMinusTwo => self.strongest_at(axes, &reading.strongest, -2),
            Score::OffsetMinusOne => self.strongest_at(axes, &reading.strongest, -1),
            Score::OffsetZero => self.strongest_at(axes, &reading.strongest, 0),
            Score::OffsetPlusOne => self.strongest_at(axes, &reading.strongest, 1),
            Score::OffsetPlusTwo => self.strongest_at(axes, &reading.strongest, 2),
        }
    }
}
