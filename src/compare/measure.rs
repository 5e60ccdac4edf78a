//! How far two rows of attention are apart, each measure by its formula, in
//! double precision. P and Q are rows as they are, not normalized again, and
//! M = (P + Q) / 2; 0 · log 0 counts as 0.

use crate::names::closed_set;

/// A number for how far two attention maps are apart; 0 where they are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum DifferenceMeasure {
    /// The Jensen–Shannon divergence in bits, 0 to 1:
    /// ½ Σ P log₂(P / M) + ½ Σ Q log₂(Q / M) (Lin 1991).
    #[default]
    JsBits,
    /// Its square root, a distance, 0 to 1 (Endres and Schindelin 2003); scipy's
    /// `jensenshannon(base=2)`.
    JsDistanceBits,
    /// ½ Σ |P − Q|, 0 to 1: so much of the attention went elsewhere.
    TotalVariation,
    /// The greatest |P − Q| of a cell.
    MaxAbs,
    /// √(½ Σ (√P − √Q)²), 0 to 1 (Hellinger 1909).
    Hellinger,
}

closed_set!(
    DifferenceMeasure,
    "measure",
    JsBits => "js_bits",
    JsDistanceBits => "js_distance_bits",
    TotalVariation => "total_variation",
    MaxAbs => "max_abs",
    Hellinger => "hellinger",
);

impl DifferenceMeasure {
    /// What its numbers count.
    pub fn unit(self) -> &'static str {
        match self {
            Self::JsBits => "bits",
            Self::JsDistanceBits => "√bits",
            Self::TotalVariation => "share",
            Self::MaxAbs => "attention",
            Self::Hellinger => "distance",
        }
    }

    /// Several rows, or several maps, as one number: their mean, and of the
    /// greatest difference of a cell the greatest. `None` of none.
    pub fn joined(self, values: impl IntoIterator<Item = f64>) -> Option<f64> {
        let mut count = 0_u32;
        let total = values.into_iter().fold(0.0, |total, value| {
            count += 1;
            match self {
                Self::JsBits | Self::JsDistanceBits | Self::TotalVariation | Self::Hellinger => {
                    total + value
                }
                Self::MaxAbs => f64::max(total, value),
            }
        });
        (count > 0).then(|| match self {
            Self::JsBits | Self::JsDistanceBits | Self::TotalVariation | Self::Hellinger => {
                total / f64::from(count)
            }
            Self::MaxAbs => total,
        })
    }
}

/// Every measure of a row, in the order of [`DifferenceMeasure::ALL`], and the
/// first key at which it differs most.
pub(super) fn of_row(left: &[f32], right: &[f32]) -> ([f64; 5], usize) {
    let (mut divergence, mut variation, mut hellinger) = (0.0, 0.0, 0.0);
    let (mut greatest, mut greatest_key) = (0.0, 0);
    for (key, (&left, &right)) in left.iter().zip(right).enumerate() {
        let (p, q) = (f64::from(left), f64::from(right));
        let difference = (p - q).abs();
        // Equal cells are 0 in every measure.
        if difference == 0.0 {
            continue;
        }
        // P / M is 1 + d and Q / M is 1 − d: the logarithm of what is nearly 1
        // keeps its digits, and both sides count alike.
        let d = (p - q) / (p + q);
        divergence += 0.25 * (p + q) * (relative_entropy(d) + relative_entropy(-d));
        variation += 0.5 * difference;
        let root = libm::sqrt(p) - libm::sqrt(q);
        hellinger += 0.5 * root * root;
        if difference > greatest {
            (greatest, greatest_key) = (difference, key);
        }
    }
    // Rounding may bring what is nearly 0 below it.
    let bits = f64::max(divergence * std::f64::consts::LOG2_E, 0.0);
    let values = [
        bits,
        libm::sqrt(bits),
        variation,
        greatest,
        libm::sqrt(hellinger),
    ];
    (values, greatest_key)
}

/// (1 + d) ln(1 + d), 0 where d is −1.
fn relative_entropy(d: f64) -> f64 {
    match 1.0 + d > 0.0 {
        true => (1.0 + d) * libm::log1p(d),
        false => 0.0,
    }
}
