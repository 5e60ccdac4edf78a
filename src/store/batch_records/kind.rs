//! What a batch makes of its inputs.

use serde::{Deserialize, Serialize};

use super::{EXAMPLES, HEADS, HEADS_PICTURE, INPUTS, PAGE, RELATIONS, RESULTS, SCORES, THUMBNAILS};
use crate::names::closed_set;
use crate::store::MANIFEST;

/// What a batch makes of its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchKind {
    /// A folder of pictures and numbers each: `attnviz batch`.
    #[default]
    Pictures,
    /// Rows of tables of head scores: `attnviz scores`.
    Scores,
}

closed_set!(BatchKind, "kind of batch", Pictures => "pictures", Scores => "scores");

impl BatchKind {
    /// What lies in the batch's folder, the manifest last.
    pub fn places(self) -> &'static [&'static str] {
        match self {
            Self::Pictures => &[INPUTS, THUMBNAILS, PAGE, RESULTS, MANIFEST],
            Self::Scores => &[
                SCORES,
                HEADS,
                HEADS_PICTURE,
                EXAMPLES,
                RELATIONS,
                PAGE,
                RESULTS,
                MANIFEST,
            ],
        }
    }

    /// Whether it is that of a manifest that does not say so.
    pub fn is_pictures(&self) -> bool {
        match self {
            Self::Pictures => true,
            Self::Scores => false,
        }
    }
}
