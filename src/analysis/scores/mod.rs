//! What each head does, as numbers: how widely it attends, where to, how far.
//!
//! Everything is computed in f64 over the run's own units, special ones
//! included unless a score says otherwise, and rounded to f32 once. What makes
//! no sense for an input or a kind of attention is empty, never 0.

use crate::attention::{Attention, Selection};
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
    let _ = run;
    let maps = attention.maps();
    let heads = maps.selection().head_count();
    HeadScores {
        selection: maps.selection().clone(),
        values: vec![f32::NAN; heads * Score::ALL.len()],
        received: vec![0.0; heads * maps.key_count()],
        received_unit: vec![0; heads],
    }
}
