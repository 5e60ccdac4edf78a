//! Heads, as a manifest has them.

use serde::{Deserialize, Serialize};

use crate::attention::Selection;

/// Heads of every layer: one list, or one for each layer where they differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HeadsRecord {
    /// The same in each of the layers.
    Same(Vec<usize>),
    /// One list a layer.
    ByLayer(Vec<Vec<usize>>),
}

impl From<&Selection> for HeadsRecord {
    fn from(selection: &Selection) -> Self {
        let all = selection.head_indices();
        let mut layers = selection.layers.iter();
        match layers.all(|layer| layer.heads == all) {
            true => Self::Same(all),
            false => Self::ByLayer(
                selection
                    .layers
                    .iter()
                    .map(|layer| layer.heads.clone())
                    .collect(),
            ),
        }
    }
}
