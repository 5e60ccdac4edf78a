//! `index.html`: what a reviewer opens. One file without a script and without
//! the network, readable from the folder alone. The rows stream through, so
//! that memory does not grow with their number.

use std::io::{self, Write};
use std::path::Path;

use maud::{Markup, PreEscaped, html};

use super::page_frame::{Words, closing, opening, put, write_failures};
use super::page_row::{RowStyle, row};
use super::wording::grouped;
use crate::figure::{Progression, UnitChoice, View};
use crate::render::thumbnail;
use crate::store::OptionsRecord;
use crate::store::batch_records::{BatchManifest, ResultReader};

/// The height of a picture in a row, in CSS pixels.
const TALLEST_PICTURE: u32 = 216;

/// Writes the page of a batch, reading its `results.jsonl` twice: for the
/// failures, which come first, and for every input in order.
///
/// # Errors
/// When `results` cannot be read or is none, or `out` cannot be written.
pub fn write_page(manifest: &BatchManifest, results: &Path, out: &mut dyn Write) -> io::Result<()> {
    let words = Words {
        heading: "Attention of",
        skip: "Skip to the inputs",
        skip_to: "#attnviz-inputs",
        style: include_str!("page.css"),
    };
    put(out, opening(manifest, &words))?;
    write_failures(manifest, results, out)?;
    put(out, inputs_opening(manifest))?;
    let (layers, heads) = (manifest.layers.len(), manifest.heads.len());
    let style = RowStyle {
        thumbnail_size: shown_size(thumbnail::size(layers, heads)),
        shows_positions: uses_positions(&manifest.options),
    };
    for record in ResultReader::open(results)? {
        put(out, row(&record?, style))?;
    }
    out.write_all(b"</ol></section>\n</main>\n")?;
    put(out, closing(manifest))?;
    out.write_all(b"</body>\n</html>\n")
}

/// Whether a view or a stretch counts units.
fn uses_positions(options: &OptionsRecord) -> bool {
    let names_position = |view: &String| {
        let view = view.parse();
        matches!(view, Ok(View::Unit(_, UnitChoice::Position(_))))
    };
    options.crop.is_some() || options.views.iter().any(names_position)
}

/// A tall thumbnail is shown smaller, so that a row stays as high as its words.
fn shown_size((width, height): (u32, u32)) -> (u32, u32) {
    let shown = height.min(TALLEST_PICTURE);
    ((width * shown).div_ceil(height.max(1)).max(1), shown)
}

fn inputs_opening(manifest: &BatchManifest) -> Markup {
    let has = |name: &str| manifest.options.formats.iter().any(|format| format == name);
    let click = match has("html") {
        true => " Click a picture to look around in it.",
        false => " Click a picture to see it whole, with a colour bar.",
    };
    html! {
        (PreEscaped("<section class=\"inputs\" aria-labelledby=\"attnviz-inputs\">\n"))
        h2 id="attnviz-inputs" tabindex="-1" {
            "Every input " span.count { (grouped(manifest.counts.inputs)) }
        }
        @if has("png") && manifest.counts.done > 0 {
            p.legend {
                "One small map per head: layers run down, heads across. In each map queries run "
                "down and keys across. " (colors_legend(&manifest.options))
                (click)
            }
        }
        @if manifest.counts.inputs == 0 { p.legend { "There was no input." } }
        (PreEscaped("\n<ol>\n"))
    }
}

/// How far the colours of small maps reach.
fn colors_legend(options: &OptionsRecord) -> &'static str {
    let is_logarithmic = options.color_scale == Progression::Logarithmic.name();
    let is_own = options.scale.is_none() && options.vmin.is_none() && options.vmax.is_none();
    match (is_logarithmic, is_own) {
        (true, _) => "Colours are logarithmic.",
        (false, true) => "Colours of each picture reach as far as its own values need.",
        (false, false) => "Colours are those of the full picture.",
    }
}
