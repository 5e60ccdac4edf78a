//! What every page of a batch begins and ends with: what was done, with which
//! model, and what failed.

use std::io::{self, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::page_row::failure;
use super::wording::{INCOMPLETE, counted, grouped, listed, outcome, short};
use crate::store::batch_records::ResultReader;
use crate::store::batch_records::{BatchManifest, RESULTS, Reading, Status};
use crate::store::{MANIFEST, OptionsRecord};

/// What differs between the pages of different kinds of batches.
pub(super) struct Words {
    /// The heading, in front of the number of inputs.
    pub(super) heading: &'static str,
    /// The link over the header.
    pub(super) skip: &'static str,
    /// Its address.
    pub(super) skip_to: &'static str,
    /// How it looks.
    pub(super) style: &'static str,
}

pub(super) fn put(out: &mut dyn Write, markup: Markup) -> io::Result<()> {
    out.write_all(markup.into_string().as_bytes())
}

/// Writes the list of failures, where there are any.
pub(super) fn write_failures(
    manifest: &BatchManifest,
    results: &Path,
    out: &mut dyn Write,
) -> io::Result<()> {
    if manifest.counts.failed == 0 {
        return Ok(());
    }
    put(out, failures_opening(manifest))?;
    for record in ResultReader::open(results)? {
        let record = record?;
        if record.status == Status::Failed {
            put(out, failure(&record))?;
        }
    }
    out.write_all(b"</ol></section>\n")
}

/// What the page may load: its own style, and pictures from its own folder.
/// No script, no frame, no form, no font, no connection.
pub(super) fn policy(style: &str) -> String {
    let hash = STANDARD.encode(Sha256::digest(style));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self' file:; base-uri 'none'; form-action 'none'"
    )
}

/// The page up to what it is about.
pub(super) fn opening(manifest: &BatchManifest, words: &Words) -> Markup {
    let title = format!(
        "{} · {} · attnviz",
        outcome(manifest),
        manifest.model.name()
    );
    begun(&title, words, header(manifest, words))
}

/// A page up to what it is about, with this header.
pub(super) fn begun(title: &str, words: &Words, header: Markup) -> Markup {
    // Elements whose end comes later are opened by hand; maud closes its own.
    html! {
        (DOCTYPE)
        (PreEscaped("<html lang=\"en\">\n<head>\n"))
        meta charset="utf-8";
        meta http-equiv="Content-Security-Policy" content=(policy(words.style));
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
        meta name="referrer" content="no-referrer";
        title { (title) }
        style { (PreEscaped(words.style)) }
        (PreEscaped("\n</head>\n<body>\n"))
        a.skip href=(words.skip_to) { (words.skip) }
        (header)
        (PreEscaped("<main>\n"))
    }
}

pub(super) fn header(manifest: &BatchManifest, words: &Words) -> Markup {
    let counts = manifest.counts;
    let model = &manifest.model;
    html! {
        header.top {
            div.brand { (mark()) span { "attnviz" } }
            h1 { (words.heading) " " (counted(counts.inputs, "input", "inputs")) }
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
pub(super) fn mark() -> Markup {
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

pub(super) fn tile(name: &str, value: &str, class: &str) -> Markup {
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
            summary { "How these " (manifest.kind) " were made" }
            dl {
                (fact("attnviz", html! { (manifest.attnviz_version) }))
                (fact("model", html! { bdi { (manifest.model.name()) } " (" (manifest.model.source.in_words()) ")" }))
                @if let Some(commit) = &manifest.model.commit { (fact("commit", html! { code { (commit) } })) }
                (fact("layers", html! { (listed(&manifest.layers)) }))
                (fact("heads", html! { (listed(&manifest.heads)) }))
                @if manifest.kind.is_pictures() {
                    (fact("views", html! { (options.views.join(", ")) }))
                    (fact("formats", html! { (options.formats.join(", ")) }))
                    (fact("scale", html! { (scale) }))
                    (fact("colour scale", html! { (options.color_scale) (ends(options)) }))
                    (fact("colormap", html! { (options.colormap) }))
                }
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

pub(super) fn fact(name: &str, value: Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

pub(super) fn digest(name: &str, sha256: Option<&str>) -> Markup {
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

/// Where programs read on.
pub(super) fn closing(manifest: &BatchManifest) -> Markup {
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
