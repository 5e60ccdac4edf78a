//! `manifest.json`: what a run's folder holds and how it was made. No time
//! stamp, no host name, no absolute path: the same run gives the same bytes.

use serde::{Deserialize, Serialize};

use super::{OutputError, OutputOptions};
use crate::analysis::{Shown, ShownToken};
use crate::attention::{RowSums, Selection};
use crate::checkpoint::{FileDigest, ModelProvenance};
use crate::tokenizer::{Token, TokenizedInput};

/// Grows when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// The content of a `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA_VERSION`] of the attnviz that wrote it.
    pub schema_version: u32,
    /// The version of attnviz that wrote it.
    pub attnviz_version: String,
    /// Which model was asked.
    pub model: ModelProvenance,
    /// The first or only text.
    pub text: String,
    /// The second text of a pair.
    pub pair: Option<String>,
    /// How many tokens `--truncate` dropped.
    pub truncated_tokens: usize,
    /// The tokens, in the order of the maps' rows and columns.
    pub tokens: Vec<Token>,
    /// The model's layers that the files show.
    pub layers: Vec<usize>,
    /// The model's heads that the files show.
    pub heads: Vec<usize>,
    /// The options that shaped the files.
    pub options: OptionsRecord,
    /// What the files of numbers hold where it is not the run's own attention:
    /// words, a stretch, no special tokens, or rows that do not sum to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<ShownRecord>,
    /// Every other file of the folder, relative to it, with its SHA-256. Empty
    /// in the copy that a file carries in its own metadata.
    pub files: Vec<FileDigest>,
}

/// What was done to the attention, and the rows and columns that it has since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownRecord {
    /// Rows and columns of every map, and the run's tokens that each stands for.
    pub tokens: Vec<ShownToken>,
    /// What rows sum to.
    pub row_sums: RowSums,
    /// What was done, as sentences.
    pub notes: Vec<String>,
}

impl ShownRecord {
    /// `None` where the shown attention is the run's own, row by row.
    pub fn new(shown: &Shown<'_>) -> Option<Self> {
        let is_as_encoded = shown.notes.is_empty() && shown.row_sums == RowSums::One;
        (!is_as_encoded).then(|| Self {
            tokens: shown.tokens.clone(),
            row_sums: shown.row_sums,
            notes: shown.notes.clone(),
        })
    }
}

/// The options that shaped the files, as they are typed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OptionsRecord {
    /// Names of the views.
    pub views: Vec<String>,
    /// Names of the formats.
    pub formats: Vec<String>,
    /// `--tokens`.
    pub tokens: String,
    /// `--special-tokens`.
    pub special_tokens: String,
    /// `--crop`, `None` for all tokens.
    pub crop: Option<String>,
    /// The scale, `None` where each view has its default.
    pub scale: Option<String>,
    /// `--color-scale`.
    pub color_scale: String,
    /// `--vmin`, `None` where it is the color scale's own.
    pub vmin: Option<f32>,
    /// `--vmax`, `None` where it is the scale's.
    pub vmax: Option<f32>,
    /// The colormap's name.
    pub colormap: String,
    /// Whether the colormap is inverted.
    pub invert: bool,
    /// The theme's name.
    pub theme: String,
    /// How many links are listed beside a map.
    pub top_k: usize,
}

impl OptionsRecord {
    /// As they would be typed.
    pub fn new(options: &OutputOptions) -> Self {
        let (show, figure) = (&options.show, &options.figure);
        Self {
            views: options.views.iter().map(ToString::to_string).collect(),
            formats: options.formats.iter().map(ToString::to_string).collect(),
            tokens: show.unit.to_string(),
            special_tokens: show.special_tokens.to_string(),
            crop: show.crop.map(|crop| crop.to_string()),
            scale: figure.scale.map(|scale| scale.to_string()),
            color_scale: figure.progression.to_string(),
            vmin: figure.minimum,
            vmax: figure.maximum,
            colormap: figure.palette.colormap.to_string(),
            invert: figure.palette.inverted,
            theme: figure.palette.theme.to_string(),
            top_k: figure.top_links,
        }
    }
}

impl Manifest {
    /// The manifest of a run that is shown as it is, its list of files still
    /// empty.
    pub fn new(
        model: &ModelProvenance,
        input: &TokenizedInput,
        selection: &Selection,
        options: &OutputOptions,
    ) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            attnviz_version: env!("CARGO_PKG_VERSION").to_owned(),
            model: model.clone(),
            text: input.text.clone(),
            pair: input.pair.clone(),
            truncated_tokens: input.truncated_tokens,
            tokens: input.tokens.clone(),
            layers: selection.layers.clone(),
            heads: selection.heads.clone(),
            options: OptionsRecord::new(options),
            shown: None,
            files: Vec::new(),
        }
    }

    /// The bytes of `manifest.json`.
    ///
    /// # Errors
    /// When serde_json refuses, which no manifest gives it a reason for.
    pub fn to_json(&self) -> Result<Vec<u8>, OutputError> {
        let mut bytes =
            serde_json::to_vec_pretty(self).map_err(|error| OutputError::Serialize {
                file: super::MANIFEST,
                reason: error.to_string(),
            })?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}
