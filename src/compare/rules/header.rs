//! How a rules file writes the heads of its tables, and the keys that they have.

use super::RuleKind;

/// The head of the tables of a key, one or several.
pub(super) fn header(key: &'static str, is_many: bool) -> &'static str {
    match (key, is_many) {
        ("tokens", _) => "[tokens]",
        ("difference", _) => "[difference]",
        ("drift", _) => "[[drift]]",
        ("head", _) => "[[head]]",
        ("layer", _) => "[[layer]]",
        ("link", _) => "[[link]]",
        ("invariant", _) => "[[invariant]]",
        ("input", _) => "[[input]]",
        _ => key,
    }
}

impl RuleKind {
    /// As the file writes it: `[[drift]]`.
    pub fn header(self) -> &'static str {
        header(self.name(), true)
    }
}

/// The names of the measures.
pub(super) const MEASURES: &[&str] = &[
    "js_bits",
    "js_distance_bits",
    "total_variation",
    "max_abs",
    "hellinger",
];

/// The keys of a kind of rule.
pub(super) fn keys(kind: RuleKind) -> &'static [&'static str] {
    match kind {
        RuleKind::Tokens => &["unchanged", "name"],
        RuleKind::Difference => &[
            "max_abs",
            "js_bits",
            "js_distance_bits",
            "total_variation",
            "hellinger",
            "layers",
            "heads",
            "head",
            "name",
        ],
        RuleKind::Drift => &[
            "measure",
            "mean_below",
            "below",
            "above",
            "layers",
            "heads",
            "head",
            "name",
        ],
        RuleKind::Head => &["id", "score", "below", "above", "name"],
        RuleKind::Layer => &["layers", "score", "below", "above", "name"],
        RuleKind::Link => &[
            "text", "pair", "from", "to", "head", "layers", "heads", "above", "below", "name",
        ],
        RuleKind::Invariant => &[
            "text",
            "pair",
            "replace",
            "measure",
            "below",
            "above",
            "mean_below",
            "layers",
            "heads",
            "head",
            "name",
        ],
    }
}
