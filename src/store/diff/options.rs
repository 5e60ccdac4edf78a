//! What is compared of two sides, and what is written of it.

use std::collections::BTreeSet;

use crate::analysis::Granularity;
use crate::compare::{DifferenceMeasure, Quantity};
use crate::figure::Theme;
use crate::store::Format;

/// The formats that a comparison can be written in, beside its table.
pub const FORMATS: [Format; 4] = [Format::Png, Format::Svg, Format::Safetensors, Format::Npz];

/// What is compared of two sides, and what is written of it.
#[derive(Debug, Clone, PartialEq)]
pub struct DiffOptions {
    /// What a row and a column is.
    pub granularity: Granularity,
    /// What sorts the heads and colours the grid; of one input, where it is a score,
    /// [`Self::measure`] does.
    pub ranked_by: Quantity,
    /// So many of the most changed heads are drawn.
    pub top: usize,
    /// The files, of [`FORMATS`].
    pub formats: BTreeSet<Format>,
    /// Paper and ink of the pictures.
    pub theme: Theme,
    /// Whether what is somebody else's may be replaced.
    pub overwrite: bool,
}

impl Default for DiffOptions {
    /// Tokens, the divergence, five heads as PNG.
    fn default() -> Self {
        Self {
            granularity: Granularity::default(),
            ranked_by: Quantity::Measure(DifferenceMeasure::default()),
            top: 5,
            formats: BTreeSet::from([Format::Png]),
            theme: Theme::default(),
            overwrite: false,
        }
    }
}

impl DiffOptions {
    /// What sorts heads by their maps.
    pub fn measure(&self) -> DifferenceMeasure {
        match self.ranked_by {
            Quantity::Measure(measure) => measure,
            Quantity::Score(_) => DifferenceMeasure::default(),
        }
    }
}
