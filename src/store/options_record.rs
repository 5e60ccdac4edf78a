//! The options that shaped a file, as a manifest has them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{HeadsRecord, OutputOptions};
use crate::analysis::{Crop, Fusion, Granularity, LinkChoice, ReshapeOptions, Sink, SpecialTokens};
use crate::attention::Selection;
use crate::figure::{Colormap, Progression, Theme, View};

/// Options as they are typed. Those that have their default are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OptionsRecord {
    /// Names of the views.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<String>,
    /// Names of the formats; none of a single file, which has one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub formats: Vec<String>,
    /// `--tokens`.
    #[serde(skip_serializing_if = "is_default_granularity")]
    pub tokens: String,
    /// `--sink`.
    #[serde(skip_serializing_if = "is_default_sink")]
    pub sink: String,
    /// `--special-tokens`.
    #[serde(skip_serializing_if = "is_default_special_tokens")]
    pub special_tokens: String,
    /// `--crop`, `None` for all units: `@10-@40` counts the run's own units.
    /// Without `@`, as older versions wrote it, it counted what was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<String>,
    /// `--scale`, `None` where each view has its default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// `--color-scale`.
    #[serde(skip_serializing_if = "is_default_progression")]
    pub color_scale: String,
    /// `--vmin`, `None` where it is the color scale's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vmin: Option<f32>,
    /// `--vmax`, `None` where it is the scale's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vmax: Option<f32>,
    /// `--colormap`.
    #[serde(skip_serializing_if = "is_default_colormap")]
    pub colormap: String,
    /// `--invert`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub invert: bool,
    /// `--theme`.
    #[serde(skip_serializing_if = "is_default_theme")]
    pub theme: String,
    /// `--top-k`.
    #[serde(skip_serializing_if = "is_zero")]
    pub top_k: usize,
    /// `--links`.
    #[serde(skip_serializing_if = "is_default_links")]
    pub links: String,
    /// `--fuse` of rollout.
    #[serde(skip_serializing_if = "is_default_fusion")]
    pub fuse: String,
    /// `--no-residual` of rollout.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_residual: bool,
    /// `--start-layer` of rollout.
    #[serde(skip_serializing_if = "is_zero")]
    pub start_layer: usize,
    /// `--measure` of a picture of differences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    /// `--layers` of a file that depends on more than one head, as the model
    /// counts them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<usize>,
    /// `--heads` of such a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heads: Option<HeadsRecord>,
}

fn is_default_granularity(name: &str) -> bool {
    name == Granularity::default().name()
}

fn is_default_sink(name: &str) -> bool {
    name == Sink::default().name()
}

fn is_default_special_tokens(name: &str) -> bool {
    name == SpecialTokens::default().name()
}

fn is_default_progression(name: &str) -> bool {
    name == Progression::default().name()
}

fn is_default_links(name: &str) -> bool {
    name == LinkChoice::default().name()
}

fn is_default_fusion(name: &str) -> bool {
    name == Fusion::default().name()
}

fn is_default_colormap(name: &str) -> bool {
    name == Colormap::default().name()
}

fn is_default_theme(name: &str) -> bool {
    name == Theme::default().name()
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Default for OptionsRecord {
    /// What is meant where an option is left out.
    fn default() -> Self {
        Self {
            views: Vec::new(),
            formats: Vec::new(),
            tokens: Granularity::default().to_string(),
            sink: Sink::default().to_string(),
            special_tokens: SpecialTokens::default().to_string(),
            crop: None,
            scale: None,
            color_scale: Progression::default().to_string(),
            vmin: None,
            vmax: None,
            colormap: Colormap::default().to_string(),
            invert: false,
            theme: Theme::default().to_string(),
            top_k: 0,
            links: LinkChoice::default().to_string(),
            fuse: Fusion::default().to_string(),
            no_residual: false,
            start_layer: 0,
            measure: None,
            layers: Vec::new(),
            heads: None,
        }
    }
}

impl OptionsRecord {
    /// All options.
    pub fn new(options: &OutputOptions) -> Self {
        let figure = &options.figure;
        Self {
            views: options.views.iter().map(ToString::to_string).collect(),
            formats: options.formats.iter().map(ToString::to_string).collect(),
            scale: figure.scale.map(|scale| scale.to_string()),
            color_scale: figure.progression.to_string(),
            vmin: figure.minimum,
            vmax: figure.maximum,
            colormap: figure.palette.colormap.to_string(),
            invert: figure.palette.inverted,
            theme: figure.palette.theme.to_string(),
            top_k: figure.top_links,
            links: figure.links.to_string(),
            ..Self::of_reshape(&options.reshape)
        }
        .with_rollout(options)
    }

    /// The same with the options of rollout, where that is among the views.
    fn with_rollout(self, options: &OutputOptions) -> Self {
        let rollout = View::Rollout.to_string();
        match self.views.contains(&rollout) {
            true => Self {
                fuse: options.rollout.fusion.to_string(),
                no_residual: !options.rollout.residual,
                start_layer: options.rollout.start_layer,
                ..self
            },
            false => self,
        }
    }

    /// The same with another record's options of rollout, where this one has no
    /// rollout: its numbers may be an earlier command's.
    #[must_use]
    pub fn or_rollout_of(self, other: &Self) -> Self {
        match self.views.contains(&View::Rollout.to_string()) {
            true => self,
            false => Self {
                fuse: other.fuse.clone(),
                no_residual: other.no_residual,
                start_layer: other.start_layer,
                ..self
            },
        }
    }

    /// Those that shape a picture of one view; the heads where it depends on
    /// which are there.
    pub fn of_picture(view: &str, heads: Option<&Selection>, options: &OutputOptions) -> Self {
        let of_views = OutputOptions {
            views: BTreeSet::new(),
            ..options.clone()
        };
        Self {
            views: vec![view.to_owned()],
            formats: Vec::new(),
            layers: heads.map(Selection::layer_indices).unwrap_or_default(),
            heads: heads.map(HeadsRecord::from),
            ..Self::new(&of_views)
        }
        .with_rollout(options)
    }

    /// Those that shape a file of numbers, which has some for these views.
    pub fn of_numbers(selection: &Selection, options: &OutputOptions) -> Self {
        let with_numbers = options.views.iter().filter(|view| view.has_numbers());
        let views: BTreeSet<String> = with_numbers.map(ToString::to_string).collect();
        Self {
            views: views.into_iter().collect(),
            layers: selection.layer_indices(),
            heads: Some(HeadsRecord::from(selection)),
            ..Self::of_reshape(&options.reshape)
        }
        .with_rollout(options)
    }

    /// Those that shape a page, which has every view of its own.
    pub fn of_page(selection: &Selection, options: &OutputOptions) -> Self {
        Self {
            views: Vec::new(),
            top_k: 0,
            links: LinkChoice::default().to_string(),
            ..Self::of_picture("", Some(selection), options)
        }
    }

    /// Those that shape a table of the numbers of one view.
    pub fn of_table(view: &str, selection: &Selection, options: &OutputOptions) -> Self {
        Self {
            views: vec![view.to_owned()],
            layers: selection.layer_indices(),
            heads: Some(HeadsRecord::from(selection)),
            ..Self::of_reshape(&options.reshape)
        }
        .with_rollout(options)
    }

    /// Those that shape what is shown.
    fn of_reshape(reshape: &ReshapeOptions) -> Self {
        Self {
            tokens: reshape.granularity.to_string(),
            sink: reshape.sink.to_string(),
            special_tokens: reshape.special_tokens.to_string(),
            crop: reshape
                .crop
                .map(|Crop { first, last }| format!("@{first}-@{last}")),
            ..Self::default()
        }
    }
}
