//! The page of a comparison whose maps the script of [`crate::render::page`] shows.

use std::io::{self, Write};

use maud::{Markup, PreEscaped, html};

use super::diff_page::{
    DiffPage, LONGEST_LABEL, LONGEST_TEXT, PageWorst, for_programs, header, heads, pictures,
    unlike, write_failures,
};
use super::page_frame::put;
use super::wording::{excerpt, visible};
use crate::percent::percent_encoded;
use crate::render::page::compared::{ending, opening};

/// First come the maps, of many inputs those that differ most, each opened in
/// place of the others; then what is said of all of them in tables.
pub(super) fn write_with_script(
    page: &DiffPage<'_>,
    title: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    put(out, opening(title))?;
    put(
        out,
        html! {
            a.skip href="#main" { "Skip to the maps" }
            (header(page))
        },
    )?;
    write_failures(page, out)?;
    if page.inputs.is_some() {
        put(out, list(page))?;
        out.write_all(b"<main id=\"main\" tabindex=\"-1\"><div id=\"inputs\">")?;
        for input in page.worst.iter().filter(|input| !input.content.is_empty()) {
            put(out, opened_input(input))?;
        }
        out.write_all(b"</div></main>\n")?;
        put(out, heads(page, &page.pictures))?;
    } else {
        put(
            out,
            html! {
                main id="main" tabindex="-1" { div id="inputs" {
                    div.still { (pictures(&page.pictures, "eager")) }
                    (PreEscaped(&page.content))
                } }
                (heads(page, &[]))
            },
        )?;
    }
    if !page.unlike.is_empty() {
        put(out, unlike(page))?;
    }
    put(
        out,
        html! { section.closing aria-label="Other files" { (for_programs(page)) } },
    )?;
    put(out, ending())
}

/// The inputs that differ most, the worst first.
fn list(page: &DiffPage<'_>) -> Markup {
    let line = |input: &PageWorst| {
        html! {
            bdi.id { (excerpt(&visible(&input.id), LONGEST_LABEL)) } " "
            span.value { (visible(&input.value)) } " "
            span.text dir="auto" { (excerpt(&visible(&input.texts.join(" / ")), LONGEST_TEXT)) }
        }
    };
    html! {
        nav.list id="list" aria-labelledby="attnviz-worst" {
            h2 id="attnviz-worst" { "The inputs that differ most" }
            ol { @for input in &page.worst {
                li {
                    @if input.content.is_empty() { div.unopened { (line(input)) } }
                    @else { a href={ "#" (target(input)) } { (line(input)) } }
                }
            } }
        }
    }
}

/// An address that opens an input.
fn target(input: &PageWorst) -> String {
    format!("input={}", percent_encoded(&input.id))
}

fn opened_input(input: &PageWorst) -> Markup {
    html! {
        article.input id=(target(input)) data-id=(percent_encoded(&input.id)) {
            div.still {
                h2 { bdi.id { (excerpt(&visible(&input.id), LONGEST_LABEL)) } " " (visible(&input.value)) }
                @for text in &input.texts { p.text dir="auto" { (excerpt(&visible(text), LONGEST_TEXT)) } }
                (pictures(&input.pictures, "lazy"))
            }
            (PreEscaped(&input.content))
        }
        "\n"
    }
}
