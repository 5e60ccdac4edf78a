//! `index.html`: what a reviewer opens. One file without a script and without
//! the network, readable from the folder alone. The rows stream through, so
//! that memory does not grow with their number.

use std::io::{self, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::page_row::{RowStyle, failure, row};
use super::wording::{INCOMPLETE, counted, grouped, listed, outcome, short};
use crate::figure::{Progression, UnitChoice, View};
use crate::render::thumbnail;
use crate::store::batch_records::ResultReader;
use crate::store::batch_records::{BatchManifest, RESULTS, Reading, Status};
use crate::store::{MANIFEST, OptionsRecord};

/// The height of a picture in a row, in CSS pixels.
const TALLEST_PICTURE: u32 = 216;

const STYLE: &str = include_str!("page.css");

/// Writes the page of a batch, reading its `results.jsonl` twice: for the
/// failures, which come first, and for every input in order.
///
/// # Errors
/// When `results` cannot be read or is none, or `out` cannot be written.
pub fn write_page(manifest: &BatchManifest, results: &Path, out: &mut dyn Write) -> io::Result<()> {
    let put = |out: &mut dyn Write, markup: Markup| out.write_all(markup.into_string().as_bytes());
    put(out, opening(manifest))?;
    if manifest.counts.failed > 0 {
        put(out, failures_opening(manifest))?;
        for record in ResultReader::open(results)? {
            let record = record?;
            if record.status == Status::Failed {
                put(out, failure(&record))?;
            }
        }
        out.write_all(b"</ol></section>\n")?;
    }
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

/// What the page may load: its own style, and pictures from its own folder.
/// No script, no frame, no form, no font, no connection.
fn policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self' file:; base-uri 'none'; form-action 'none'"
    )
}

fn opening(manifest: &BatchManifest) -> Markup {
    let title = format!(
        "{} · {} · attnviz",
        outcome(manifest),
        manifest.model.name()
    );
    // Elements whose end comes later are opened by hand; maud closes its own.
    html! {
        (DOCTYPE)
        (PreEscaped("<html lang=\"en\">\n<head>\n"))
        meta charset="utf-8";
        meta http-equiv="Content-Security-Policy" content=(policy());
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
        meta name="referrer" content="no-referrer";
        title { (title) }
        style { (PreEscaped(STYLE)) }
        (PreEscaped("\n</head>\n<body>\n"))
        a.skip href="#attnviz-inputs" { "Skip to the inputs" }
        (header(manifest))
        (PreEscaped("<main>\n"))
    }
}

fn header(manifest: &BatchManifest) -> Markup {
    let counts = manifest.counts;
    let model = &manifest.model;
    html! {
        header.top {
            div.brand { (mark()) span { "attnviz" } }
            h1 { "Attention of " (counted(counts.inputs, "input", "inputs")) }
            p.model {
                bdi { (model.name()) }
                span.source { (model.source.in_words()) }
                @if let Some(commit) = &model.commit {
                    code title=(commit) { (short(commit)) }
                }
            }
            @if !manifest.complete { p.notice role="note" { (INCOMPLETE) } }
            @if let Some(shard) = manifest.shard {
                p.notice.shard role="note" {
                    "This is shard " strong { (shard) } " of the inputs. "
                    "Join all shards with " code { "attnviz merge" } "."
                }
            }
            dl.tiles {
                (tile("inputs", &grouped(counts.inputs), ""))
                (tile("done", &grouped(counts.done), "good"))
                (tile("failed", &grouped(counts.failed), if counts.failed > 0 { "bad" } else { "" }))
                (tile(
                    "layers × heads",
                    &format!("{} × {}", manifest.layers.len(), manifest.heads.len()),
                    "",
                ))
            }
            (facts(manifest))
        }
    }
}

/// A small map of attention, drawn by the page itself.
fn mark() -> Markup {
    const SHADES: [&str; 9] = [
        "#fde725", "#3b528b", "#440154", "#21918c", "#5ec962", "#3b528b", "#440154", "#21918c",
        "#fde725",
    ];
    html! {
        svg.mark viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" {
            @for (index, shade) in SHADES.iter().enumerate() {
                rect x=(index % 3 * 11) y=(index / 3 * 11) width="10" height="10" rx="2" fill=(shade) {}
            }
        }
    }
}

fn tile(name: &str, value: &str, class: &str) -> Markup {
    html! { div.tile.(class) { dt { (name) } dd { (value) } } }
}

fn facts(manifest: &BatchManifest) -> Markup {
    let options = &manifest.options;
    let truncate = manifest.truncate.map_or("never".to_owned(), |count| {
        format!("to {}", counted(count as u64, "token", "tokens"))
    });
    let scale = options
        .scale
        .as_deref()
        .unwrap_or("head for maps, unit for the overview, or as far as values that are not near 0");
    html! {
        details.facts {
            summary { "How these pictures were made" }
            dl {
                (fact("attnviz", html! { (manifest.attnviz_version) }))
                (fact("model", html! { bdi { (manifest.model.name()) } " (" (manifest.model.source.in_words()) ")" }))
                @if let Some(commit) = &manifest.model.commit { (fact("commit", html! { code { (commit) } })) }
                (fact("layers", html! { (listed(&manifest.layers)) }))
                (fact("heads", html! { (listed(&manifest.heads)) }))
                (fact("views", html! { (options.views.join(", ")) }))
                (fact("formats", html! { (options.formats.join(", ")) }))
                (fact("scale", html! { (scale) }))
                (fact("colour scale", html! { (options.color_scale) (ends(options)) }))
                (fact("colormap", html! { (options.colormap) }))
                (fact("truncate", html! { (truncate) }))
                @if let Some(shard) = manifest.shard { (fact("shard", html! { (shard) })) }
                @for (name, column) in named_columns(manifest) { (fact(name, html! { bdi { (column) } })) }
                @for file in &manifest.input_files {
                    (fact("input", digest(&file.name, file.sha256.as_deref())))
                }
                @for file in &manifest.model.files {
                    (fact("model file", digest(&file.name, Some(&file.sha256))))
                }
            }
        }
    }
}

/// The ends of the colours that were asked for.
fn ends(options: &OptionsRecord) -> String {
    let named = |name: &str, end: Option<f32>| end.map(|end| format!(", {name} {end:?}"));
    let ends = [named("from", options.vmin), named("to", options.vmax)];
    ends.into_iter().flatten().collect()
}

/// The columns that were named, by their options.
fn named_columns(manifest: &BatchManifest) -> Vec<(&'static str, &str)> {
    let Some(Reading { columns, .. }) = &manifest.reading else {
        return Vec::new();
    };
    let all = [
        ("text column", &columns.text),
        ("pair column", &columns.pair),
        ("id column", &columns.id),
    ];
    let named = all.into_iter();
    named
        .filter_map(|(name, column)| Some((name, column.as_deref()?)))
        .collect()
}

fn fact(name: &str, value: Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn digest(name: &str, sha256: Option<&str>) -> Markup {
    let name = if name == "-" { "standard input" } else { name };
    html! {
        bdi { (name) }
        @if let Some(sha256) = sha256 { " " code title=(sha256) { "sha256 " (short(sha256)) } }
        @else { " (not read to its end)" }
    }
}

fn failures_opening(manifest: &BatchManifest) -> Markup {
    html! {
        (PreEscaped("<section class=\"failures\" aria-labelledby=\"attnviz-failures\">\n"))
        h2 id="attnviz-failures" tabindex="-1" {
            "Failed " span.count { (grouped(manifest.counts.failed)) }
        }
        (PreEscaped("\n<ol>\n"))
    }
}

fn inputs_opening(manifest: &BatchManifest) -> Markup {
    let has_pictures = manifest
        .options
        .formats
        .iter()
        .any(|format| format == "png");
    html! {
        (PreEscaped("<section class=\"inputs\" aria-labelledby=\"attnviz-inputs\">\n"))
        h2 id="attnviz-inputs" tabindex="-1" {
            "Every input " span.count { (grouped(manifest.counts.inputs)) }
        }
        @if has_pictures && manifest.counts.done > 0 {
            p.legend {
                "One small map per head: layers run down, heads across. In each map queries run "
                "down and keys across. " (colors_legend(&manifest.options))
                " Click a picture to see it whole, with a colour bar."
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

fn closing(manifest: &BatchManifest) -> Markup {
    html! {
        footer {
            p {
                "For programs: " a href=(RESULTS) { (RESULTS) } " has a line an input, "
                a href=(MANIFEST) { (MANIFEST) } " the whole."
            }
            p { "Made by attnviz " (manifest.attnviz_version) "." }
        }
        "\n"
    }
}
