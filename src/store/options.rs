//! What is written of a run, and how it looks.

use std::collections::BTreeSet;

use crate::analysis::{ReshapeOptions, RolloutOptions};
use crate::figure::{FigureOptions, View};
use crate::names::closed_set;

/// Which files are written of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// The views as pictures of pixels.
    Png,
    /// The views as vector pictures.
    Svg,
    /// One page with all maps, to look around in.
    Html,
    /// The numbers, with the manifest in the metadata.
    Safetensors,
    /// The numbers and the tokens as NumPy's archive.
    Npz,
    /// The manifest and the numbers as nested arrays.
    Json,
    /// The numbers of each view as a table, without the raw attention.
    Csv,
}

closed_set!(
    Format,
    "format",
    Png => "png",
    Svg => "svg",
    Html => "html",
    Safetensors => "safetensors",
    Npz => "npz",
    Json => "json",
    Csv => "csv",
);

/// What is written of a run, and how it looks.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputOptions {
    /// The pictures.
    pub views: BTreeSet<View>,
    /// The files.
    pub formats: BTreeSet<Format>,
    /// What is done to the run before it is shown.
    pub reshape: ReshapeOptions,
    /// How rollout is computed.
    pub rollout: RolloutOptions,
    /// How the pictures look.
    pub figure: FigureOptions,
    /// Whether a run may take more than [`MAXIMUM_LENGTH`](super::MAXIMUM_LENGTH).
    pub large: bool,
    /// Whether what is somebody else's may be replaced.
    pub overwrite: bool,
}

impl Default for OutputOptions {
    /// The overview as PNG: what a batch draws.
    fn default() -> Self {
        Self {
            views: BTreeSet::from([View::Overview]),
            formats: BTreeSet::from([Format::Png]),
            reshape: ReshapeOptions::default(),
            rollout: RolloutOptions::default(),
            figure: FigureOptions::default(),
            large: false,
            overwrite: false,
        }
    }
}
