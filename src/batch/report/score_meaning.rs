//! What the scores are, for people, with the papers that define them.

use crate::analysis::{Score, quantile_step};

/// How exact quantiles of a score are, a sentence.
pub(super) fn quantiles_in_words(score: Score) -> String {
    let step = quantile_step(score);
    let exact = match score.unit() {
        "tokens" => format!("{:.1} % of 1 + the distance", 100.0 * step),
        "share" => format!("{step:.3}"),
        unit => format!("{step:.3} {unit}"),
    };
    format!("Quantiles are to the nearest {exact}.")
}

/// A quantile in no more digits than it is exact to.
pub(super) fn quantile(score: Score, value: f64) -> String {
    let step = quantile_step(score);
    match (value < step / 2.0, step < 0.01) {
        (true, true) => format!("<{:.4}", step / 2.0),
        (true, false) => format!("<{:.3}", step / 2.0),
        (false, true) => format!("{value:.3}"),
        (false, false) => format!("{value:.2}"),
    }
}

/// What a score says of a head, a sentence or two.
pub(super) fn meaning(score: Score) -> &'static str {
    match score {
        Score::Entropy => {
            "How widely the head attends: the mean over queries of the entropy of their \
             attention, in nats. 0 is one unit alone (Clark et al. 2019)."
        }
        Score::EntropyNormalized => {
            "The same as a share of the greatest entropy that so many units allow, so that \
             inputs of different lengths compare."
        }
        Score::Previous => {
            "Attention to the unit before, a mean over all queries (Clark et al. 2019)."
        }
        Score::Itself => "Attention of units to themselves (Clark et al. 2019).",
        Score::Next => "Attention to the unit behind (Clark et al. 2019).",
        Score::Classification => {
            "Attention to the first special unit, such as [CLS] (Clark et al. 2019)."
        }
        Score::Separator => {
            "Attention to the last special unit, such as [SEP], and all called like it (Clark et \
             al. 2019)."
        }
        Score::Punct => "Attention to full stops and commas (Clark et al. 2019).",
        Score::Punctuation => "Attention to punctuation of any kind (Unicode class P).",
        Score::Distance => {
            "How many units away the head looks: a mean weighted by attention (Vig and Belinkov \
             2019)."
        }
        Score::Confidence => {
            "The mean over queries of their greatest attention, special units left out (Voita et \
             al. 2019)."
        }
        Score::DuplicateToken => {
            "Share of the attention that goes to the same token elsewhere; of a decoder earlier \
             (TransformerLens)."
        }
        Score::PreviousToken => {
            "Of a decoder: share of the attention that goes to the token before (TransformerLens)."
        }
        Score::Induction => {
            "Of a decoder: share of the attention that goes to what followed the same token \
             earlier (TransformerLens; Olsson et al. 2022)."
        }
        Score::Segment => {
            "Of pairs: share of the attention between ordinary units that stays within its text."
        }
        Score::ReceivedMaximum => {
            "The greatest mean attention that one unit receives from the queries that can see it \
             (Gu et al. 2024)."
        }
        Score::SinkShare => {
            "Share of the inputs in which one unit receives more than 0.3, of a decoder the first: \
             an attention sink (Gu et al. 2024)."
        }
        Score::OffsetMinusTwo => {
            "Share of the queries that attend most to the unit two before (Voita et al. 2019)."
        }
        Score::OffsetMinusOne => {
            "Share of the queries that attend most to the unit before (Voita et al. 2019)."
        }
        Score::OffsetZero => {
            "Share of the queries that attend most to themselves (Voita et al. 2019)."
        }
        Score::OffsetPlusOne => {
            "Share of the queries that attend most to the unit behind (Voita et al. 2019)."
        }
        Score::OffsetPlusTwo => {
            "Share of the queries that attend most to the unit two behind (Voita et al. 2019)."
        }
    }
}
