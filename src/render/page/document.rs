//! The document around values, script and style.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::Packed;
use super::still::Still;
use crate::run::Run;

/// How a page looks, and what it does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Code {
    pub style: &'static str,
    pub script: &'static str,
}

/// Those of a run, of several and of a comparison.
const OF_RUNS: Code = Code {
    style: STYLE,
    script: SCRIPT,
};

const STYLE: &str = concat!(
    include_str!("../../../assets/page/page.css"),
    include_str!("../../../assets/page/views.css"),
    include_str!("../../../assets/page/list.css"),
    include_str!("../../../assets/page/compared.css"),
);

/// What the page does: its files share one scope, in an order that lets each use
/// those before it while it is read.
const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("../../../assets/page/elements.js"),
    include_str!("../../../assets/page/inputs.js"),
    "openInputs(() => {\n",
    include_str!("../../../assets/page/data.js"),
    include_str!("../../../assets/page/heads.js"),
    include_str!("../../../assets/page/values.js"),
    include_str!("../../../assets/page/reshape.js"),
    include_str!("../../../assets/page/bounds.js"),
    include_str!("../../../assets/page/update.js"),
    include_str!("../../../assets/page/state.js"),
    include_str!("../../../assets/page/theme.js"),
    include_str!("../../../assets/page/painter.js"),
    include_str!("../../../assets/page/scale.js"),
    include_str!("../../../assets/page/numbers.js"),
    include_str!("../../../assets/page/compared.js"),
    include_str!("../../../assets/page/overview.js"),
    include_str!("../../../assets/page/small.js"),
    include_str!("../../../assets/page/map.js"),
    include_str!("../../../assets/page/marks.js"),
    include_str!("../../../assets/page/lines.js"),
    include_str!("../../../assets/page/text.js"),
    include_str!("../../../assets/page/tables.js"),
    include_str!("../../../assets/page/neurons.js"),
    include_str!("../../../assets/page/fields.js"),
    include_str!("../../../assets/page/controls.js"),
    include_str!("../../../assets/page/save.js"),
    include_str!("../../../assets/page/export.js"),
    include_str!("../../../assets/page/command.js"),
    include_str!("../../../assets/page/main.js"),
    "});\n})();\n",
);

/// What stands before and behind all of an input. No text of an input holds it:
/// there `<` is always written otherwise.
const BEGIN: &str = "<!--attnviz input-->";
const END: &str = "<!--attnviz input ends-->";

/// The page loads nothing: its script and style are let in by their hashes,
/// pictures by being part of it.
fn policy(code: Code) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data: blob:; base-uri 'none'; form-action 'none'",
        hash(code.script),
        hash(code.style)
    )
}

/// The whole page. `data` is JSON.
pub(super) fn document(
    (run, list): (&Run, Option<&str>),
    data: &str,
    layers: &[Packed],
    neurons: &[String],
    still: &Still,
) -> String {
    let captions = run.input.captions().join(" / ");
    let title = format!("{captions} · {} · attnviz", run.model.name());
    let page = html! {
        (begun(&title))
        (heading(run, list))
        main id="main" {
            div id="inputs" {
                (PreEscaped(BEGIN))
                (without_script(still))
                (content(data, layers, neurons))
                (PreEscaped(END))
            }
        }
        (ended())
    };
    page.into_string()
}

/// All that the script needs of a run.
pub(super) fn content(data: &str, layers: &[Packed], neurons: &[String]) -> Markup {
    html! {
        (json(data))
        @for (index, layer) in layers.iter().enumerate() {
            (block(&format!("codes-{index}"), &layer.codes))
            (block(&format!("ties-{index}"), &layer.ties))
        }
        @for (index, layer) in neurons.iter().enumerate() {
            (block(&format!("neurons-{index}"), layer))
        }
    }
}

/// What the script is told, as JSON.
pub(super) fn json(data: &str) -> Markup {
    html! { script type="application/json" data-name="data" { (PreEscaped(harmless(data))) } }
}

/// Bytes in base64, for the script under a name.
pub(super) fn block(name: &str, base64: &str) -> Markup {
    html! { script type="application/octet-stream" data-name=(name) { (PreEscaped(base64)) } }
}

/// A page of maps up to its header.
pub(super) fn begun(title: &str) -> Markup {
    begun_with(OF_RUNS, title)
}

/// A page up to its header.
pub(super) fn begun_with(code: Code, title: &str) -> Markup {
    // Elements whose end comes later are opened by hand; maud closes its own.
    html! {
        (DOCTYPE)
        (PreEscaped("<html lang=\"en\"><head>"))
        meta charset="utf-8";
        meta http-equiv="Content-Security-Policy" content=(policy(code));
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
        meta name="referrer" content="no-referrer";
        title { (title) }
        style { (PreEscaped(code.style)) }
        (PreEscaped("</head><body>"))
    }
}

/// The end of a page of maps.
pub(super) fn ended() -> Markup {
    ended_with(OF_RUNS)
}

/// The end of a page, with what its script does.
pub(super) fn ended_with(code: Code) -> Markup {
    html! {
        script { (PreEscaped(code.script)) }
        (PreEscaped("</body></html>\n"))
    }
}

/// All of an input, of its page; `None` where it is no page of this version.
pub(super) fn input_of(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once(BEGIN)?;
    let (input, _) = rest.split_once(END)?;
    Some(input)
}

/// JSON that ends no script, whatever its strings say: `<` stands in strings
/// alone, which may write it otherwise.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c")
}

fn heading(run: &Run, list: Option<&str>) -> Markup {
    html! {
        header.top id="top" {
            p.brand { "attnviz" }
            @if let Some(list) = list { p.back { a href=(list) { "‹ all inputs" } } }
            h1 {
                @for (index, caption) in run.input.captions().iter().enumerate() {
                    @if index > 0 { span.slash aria-hidden="true" { " / " } }
                    bdi { (caption) }
                }
            }
            p.model {
                "Attention of " bdi { (run.model.name()) } span.source { " (" (run.model.source.in_words()) ")" }
            }
        }
    }
}

fn without_script(still: &Still) -> Markup {
    let [width, height] = still.size;
    let picture = STANDARD.encode(&still.overview);
    html! {
        section.still aria-label="Overview" {
            p { "This page shows more where its script runs." }
            figure {
                img src={ "data:image/png;base64," (picture) } width=(width) height=(height)
                    alt="The attention maps of all heads, layers from top to bottom, heads from left to right";
                figcaption { "All heads: rows of a map attend to its columns." }
            }
            table {
                caption { "The strongest links, a mean over all heads" }
                thead { tr { th scope="col" { "from" } th scope="col" { "to" } th scope="col" { "attention" } } }
                tbody {
                    @for (query, key, value) in &still.links {
                        tr { th scope="row" { bdi { (query) } } td { bdi { (key) } } td { (format!("{value:.3}")) } }
                    }
                }
            }
        }
    }
}
