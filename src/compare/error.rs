//! Why two runs cannot be compared.

use thiserror::Error;

use super::UnlikeUnits;
use crate::analysis::ReshapeError;
use crate::attention::{AttentionKind, Selection};
use crate::ranges::{joined, ranges};
use crate::remedy::Remedy;

/// Why two runs cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CompareError {
    /// They are of different heads.
    #[error("{}", other_heads(sides))]
    OtherHeads {
        /// The left ones, the right ones.
        sides: Box<[Selection; 2]>,
    },
    /// The models have other numbers of layers or heads.
    #[error(
        "the left model has {} × {} heads (layers × heads), the right one {} × {}",
        sides[0][0], sides[0][1], sides[1][0], sides[1][1]
    )]
    OtherSizes {
        /// Layers and heads of the left model, those of the right.
        sides: [[usize; 2]; 2],
    },
    /// They have other numbers of queries or keys.
    #[error(
        "expected the same units on both sides, found {} × {} and {} × {}",
        left[0], left[1], right[0], right[1]
    )]
    OtherUnits {
        /// Queries and keys of the left side.
        left: [usize; 2],
        /// Queries and keys of the right side.
        right: [usize; 2],
    },
    /// The same input became other tokens.
    #[error("{}", units_differ(unlike))]
    UnitsDiffer {
        /// Those that are not the same.
        unlike: UnlikeUnits,
    },
    /// No unit that stands for text is on both sides.
    #[error("the two sides have no word of the text in common")]
    NothingInCommon {
        /// Those that are not the same.
        unlike: UnlikeUnits,
    },
    /// They are runs of two texts.
    #[error(
        "the left run is of {:?}, the right one of {:?}; how far their attention is apart says nothing of a model",
        texts[0], texts[1]
    )]
    OtherTexts {
        /// What each is of, shortened.
        texts: Box<[String; 2]>,
        /// The model of both, where it is one.
        model: Option<String>,
        /// The units that are not the same.
        unlike: UnlikeUnits,
    },
    /// One attends to another sequence than the other.
    #[error("the left side has {} attention, the right one {} attention", kinds[0], kinds[1])]
    OtherKinds {
        /// The left kind, the right kind.
        kinds: [AttentionKind; 2],
    },
    /// There is nothing to compare.
    #[error("a run holds no attention")]
    NoAttention,
    /// A run cannot be brought to the form that is compared.
    #[error(transparent)]
    Reshape(#[from] ReshapeError),
}

impl CompareError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::OtherHeads { sides } => {
                let [left, right] = sides.as_ref();
                let both = left.in_both(right);
                Some(match both.layers.is_empty() {
                    true => Remedy::CompareHeads { both: None },
                    false => Remedy::CompareHeads {
                        both: Some([both.layer_indices(), both.head_indices()]),
                    },
                })
            }
            Self::OtherSizes { sides } => {
                let both = |place: usize| (0..sides[0][place].min(sides[1][place])).collect();
                Some(Remedy::CompareHeads {
                    both: Some([both(0), both(1)]),
                })
            }
            Self::UnitsDiffer { unlike } => Some(match are_numbers(unlike) {
                true => Remedy::NameTokens,
                false => Remedy::CompareWords,
            }),
            Self::NothingInCommon { unlike } => are_numbers(unlike).then_some(Remedy::NameTokens),
            Self::OtherTexts { model, .. } => Some(Remedy::CompareTexts {
                model: model.clone(),
            }),
            Self::Reshape(error) => error.remedy(),
            Self::OtherUnits { .. } | Self::OtherKinds { .. } | Self::NoAttention => None,
        }
    }

    /// The units that are not the same, where those are the reason.
    pub fn unlike(&self) -> Option<&UnlikeUnits> {
        match self {
            Self::UnitsDiffer { unlike }
            | Self::NothingInCommon { unlike }
            | Self::OtherTexts { unlike, .. } => Some(unlike),
            Self::OtherHeads { .. }
            | Self::OtherSizes { .. }
            | Self::OtherUnits { .. }
            | Self::OtherKinds { .. }
            | Self::NoAttention
            | Self::Reshape(_) => None,
        }
    }
}

/// Whether the units of one side are called by their positions, as those of
/// attention without labels are.
fn are_numbers(unlike: &UnlikeUnits) -> bool {
    (0..2).any(|side| {
        let mut units = unlike.iter().filter_map(|row| row[side].as_ref());
        let mut seen = false;
        let all = units.all(|unit| {
            seen = true;
            unit.text == unit.position.to_string()
        });
        seen && all
    })
}

fn units_differ(unlike: &UnlikeUnits) -> String {
    let quoted = |unit: &Option<super::NamedUnit>| match unit {
        Some(unit) => format!("{:?} at {}", unit.text, unit.position),
        None => "nothing".to_owned(),
    };
    let first = unlike.first().map(|[left, right]| {
        format!(
            "; the first: {} on the left, {} on the right",
            quoted(left),
            quoted(right)
        )
    });
    format!(
        "the two sides have other units, and {} of them {}{}",
        unlike.len(),
        if unlike.len() == 1 {
            "differs"
        } else {
            "differ"
        },
        first.unwrap_or_default()
    )
}

fn other_heads(sides: &[Selection; 2]) -> String {
    let size = |selection: &Selection| {
        let (layers, heads) = (selection.layers.len(), selection.head_indices().len());
        match layers * heads == selection.head_count() {
            true => format!("{layers} × {heads} heads (layers × heads)"),
            false => format!("{} heads in {layers} layers", selection.head_count()),
        }
    };
    let [left, right] = sides;
    if size(left) != size(right) {
        return format!(
            "the left side has {}, the right one {}",
            size(left),
            size(right)
        );
    }
    let listed = |indices: Vec<usize>| joined(&ranges(&indices), "-", ",");
    let named = |selection: &Selection| {
        format!(
            "layers {}, heads {}",
            listed(selection.layer_indices()),
            listed(selection.head_indices())
        )
    };
    format!(
        "the left side holds {}, the right one {}",
        named(left),
        named(right)
    )
}
