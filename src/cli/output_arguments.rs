//! What is written and shown, and how it looks: options of every command that
//! draws.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use clap_complete::ArgValueCompleter;

use super::candidates::{layers_or_heads, views};
use super::terminal_view::{TerminalSettings, TerminalView};
use super::values::{in_full, one_of, views_in_full};
use super::view_list::ViewList;
use crate::analysis::{Crop, Fusion, Granularity, LinkChoice, Score, Sink, SpecialTokens};
use crate::attention::IndexList;
use crate::figure::{Colormap, Progression, Scale, Theme};
use crate::store::Format;

/// Which heads of the model are looked at.
#[derive(Debug, Args)]
pub struct HeadArguments {
    /// Layers, such as 0-3,11 or -1
    ///
    /// "all", or numbers and ranges with commas between, counted from 0; -1 is the
    /// last one.
    #[arg(
        long,
        value_name = "LIST",
        default_value = "all",
        allow_hyphen_values = true,
        add = ArgValueCompleter::new(layers_or_heads)
    )]
    pub layers: IndexList,
    /// Heads, such as 0-3,11 or -1
    ///
    /// "all", or numbers and ranges with commas between, counted from 0; -1 is the
    /// last one.
    #[arg(
        long,
        value_name = "LIST",
        default_value = "all",
        allow_hyphen_values = true,
        add = ArgValueCompleter::new(layers_or_heads)
    )]
    pub heads: IndexList,
}

/// What is written, and how it looks.
#[derive(Debug, Args)]
pub struct OutputArguments {
    /// Which heads.
    #[command(flatten)]
    pub heads: HeadArguments,
    /// heads, overview, mean, max, from:TOKEN, to:TOKEN,
    /// link:FROM:TO, rollout, similarity, scores, lines, text,
    /// text:TOKEN
    /// [default: heads,overview; batch: overview]
    #[arg(long, value_name = "LIST", add = ArgValueCompleter::new(views),
        long_help = views_in_full("What is drawn, with commas between; TOKEN, FROM and TO are a text that stands once, or a position such as @3 [default: heads,overview; batch: overview]"))]
    pub views: Option<Vec<ViewList>>,
    /// png, svg, html, safetensors, npz, json, csv
    #[arg(
        short,
        long = "format",
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "png",
        value_parser = one_of::<Format>(),
        hide_possible_values = true, hide_default_value = true,
        long_help = in_full::<Format>("What is written, with commas between [default: png]")
    )]
    pub formats: Vec<Format>,
    /// Folder for the results
    #[arg(short, long, value_name = "FOLDER", default_value = "attnviz-out", value_hint = ValueHint::DirPath)]
    pub output: PathBuf,
    /// Replace what is somebody else's in a folder
    #[arg(long)]
    pub overwrite: bool,
    /// Units: subword, word
    #[arg(long, value_name = "UNIT", default_value_t, value_parser = one_of::<Granularity>(),
        hide_possible_values = true, long_help = in_full::<Granularity>("What a row and a column is"))]
    pub tokens: Granularity,
    /// The first token: keep, hide
    #[arg(long, value_name = "WHAT", default_value_t, value_parser = one_of::<Sink>(),
        hide_possible_values = true, long_help = in_full::<Sink>("What becomes of the first token, which takes most of the attention in many decoders"))]
    pub sink: Sink,
    /// keep, hide, renormalize
    #[arg(long, value_name = "WHAT", default_value_t, value_parser = one_of::<SpecialTokens>(),
        hide_possible_values = true, long_help = in_full::<SpecialTokens>("What becomes of [CLS], [SEP] and the like"))]
    pub special_tokens: SpecialTokens,
    /// Show a stretch of the tokens, such as 10-40
    ///
    /// The first and the last that are shown, counted from 0 as attnviz tokens
    /// lists them.
    #[arg(long, value_name = "FIRST-LAST", allow_hyphen_values = true)]
    pub crop: Option<Crop>,
    /// List so many of the strongest links by a map
    ///
    /// From 0, which lists none, to 100.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true,
        allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(0..=100))]
    pub top_k: u16,
    /// best: one a query; all
    #[arg(long, value_name = "WHICH", default_value_t, value_parser = one_of::<LinkChoice>(),
        hide_short_help = true, hide_possible_values = true, long_help = in_full::<LinkChoice>("Which of the strongest links are listed"))]
    pub links: LinkChoice,
    /// Heads as one in rollout: mean, max, min
    #[arg(long, value_name = "WAY", default_value_t, value_parser = one_of::<Fusion>(),
        hide_short_help = true, hide_possible_values = true, long_help = in_full::<Fusion>("How the heads of a layer become one map in --views rollout"))]
    pub fuse: Fusion,
    /// Without the residual connection in rollout
    ///
    /// The maps are multiplied as they are.
    #[arg(long, hide_short_help = true)]
    pub no_residual: bool,
    /// The layer that rollout begins at
    ///
    /// Counted from 0; the layers below are left out.
    #[arg(
        long,
        value_name = "LAYER",
        default_value_t = 0,
        hide_short_help = true,
        hide_default_value = true,
        allow_negative_numbers = true
    )]
    pub start_layer: usize,
    /// Colours to: head, unit, run [default: by view]
    #[arg(long, value_parser = one_of::<Scale>(),
        hide_possible_values = true, long_help = in_full::<Scale>("What the colours reach to [default: by view]"))]
    pub scale: Option<Scale>,
    /// linear, logarithmic
    #[arg(long, value_name = "WAY", default_value_t, value_parser = one_of::<Progression>(),
        hide_short_help = true, hide_possible_values = true, long_help = in_full::<Progression>("How the colours follow the values"))]
    pub color_scale: Progression,
    /// The value of the first colour
    ///
    /// A number; what is below it is clipped, and the picture says so.
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub vmin: Option<f32>,
    /// The value of the last colour
    ///
    /// A number; what is above it is clipped, and the picture says so.
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub vmax: Option<f32>,
    /// Such as cividis, mako or greys
    #[arg(long, value_name = "NAME", default_value_t, value_parser = one_of::<Colormap>(),
        hide_possible_values = true, long_help = in_full::<Colormap>("The colours"))]
    pub colormap: Colormap,
    /// Turn the colours around
    #[arg(long, hide_short_help = true)]
    pub invert: bool,
    /// Paper and ink: light, dark
    #[arg(long, value_name = "NAME", default_value_t, value_parser = one_of::<Theme>(),
        hide_possible_values = true, long_help = in_full::<Theme>("Paper and ink"))]
    pub theme: Theme,
    /// Write even more than 1 GB for one input
    #[arg(long, hide_short_help = true)]
    pub large: bool,
}

/// What is shown in the terminal; for commands that have `--json` too.
#[derive(Debug, Clone, Args)]
pub struct TerminalArguments {
    /// In the terminal, too: overview, heads, scores
    #[arg(
        long,
        value_name = "VIEW",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "auto",
        conflicts_with = "json",
        value_parser = one_of::<TerminalView>(),
        hide_possible_values = true, long_help = in_full::<TerminalView>("Show in the terminal, too; a value stands behind \"=\", as in --show=heads")
    )]
    pub show: Option<TerminalView>,
    /// Sort the table of --show=scores by a score
    #[arg(long, value_name = "SCORE", value_parser = one_of::<Score>(),
        hide_short_help = true, hide_possible_values = true, long_help = in_full::<Score>("Sort the table of --show=scores, the greatest first [default: by layer and head]"))]
    pub sort: Option<Score>,
}

impl TerminalArguments {
    /// What is shown, `None` where nothing is.
    pub fn settings(&self) -> Option<TerminalSettings> {
        let sort = self.sort;
        self.show.map(|view| TerminalSettings { view, sort })
    }
}
