//! The page of the scores of many inputs: its script shows numbers of heads where
//! that of a run shows maps, with what both have in common.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

use super::data::colormaps;
use super::data::compared::colors;
use super::deflated;
use super::document::{Code, begun_with, block, ended_with, json};
use crate::render::colormap::Theme;

const OF_SCORES: Code = Code {
    style: concat!(
        include_str!("../../../assets/page/page.css"),
        include_str!("../../../assets/page/views.css"),
        include_str!("../../../assets/page/compared.css"),
        include_str!("../../../assets/page/scores/scores.css"),
    ),
    script: concat!(
        "(() => {\n\"use strict\";\n",
        include_str!("../../../assets/page/elements.js"),
        include_str!("../../../assets/page/scores/data.js"),
        include_str!("../../../assets/page/heads.js"),
        include_str!("../../../assets/page/scores/numbers.js"),
        include_str!("../../../assets/page/update.js"),
        include_str!("../../../assets/page/scores/state.js"),
        include_str!("../../../assets/page/theme.js"),
        include_str!("../../../assets/page/painter.js"),
        include_str!("../../../assets/page/numbers.js"),
        include_str!("../../../assets/page/scores/colors.js"),
        include_str!("../../../assets/page/overview.js"),
        include_str!("../../../assets/page/scores/heads.js"),
        include_str!("../../../assets/page/scores/head.js"),
        include_str!("../../../assets/page/scores/layers.js"),
        include_str!("../../../assets/page/scores/relations.js"),
        include_str!("../../../assets/page/scores/inputs.js"),
        include_str!("../../../assets/page/fields.js"),
        include_str!("../../../assets/page/save.js"),
        include_str!("../../../assets/page/scores/export.js"),
        include_str!("../../../assets/page/scores/controls.js"),
        include_str!("../../../assets/page/scores/main.js"),
        "})();\n",
    ),
};

/// The page up to its header.
pub fn opening(title: &str) -> Markup {
    begun_with(OF_SCORES, title)
}

/// The end of the page.
pub fn ending() -> Markup {
    ended_with(OF_SCORES)
}

/// What the script needs: `data` as JSON, and bytes under their names.
pub fn content(data: &str, blocks: &[(&str, Vec<u8>)]) -> Markup {
    html! {
        (json(data))
        @for (name, bytes) in blocks { (block(name, &STANDARD.encode(deflated(bytes)))) }
    }
}

/// The colours of numbers: every colour map by its name, and those of what has a
/// sign, on light and on dark paper; 256 times red, green, blue, in base64.
pub fn color_tables() -> (Vec<(&'static str, String)>, [String; 2]) {
    (colormaps(), [Theme::Light, Theme::Dark].map(colors))
}
