//! The page of a comparison: where there are maps, the script of
//! [`crate::render::page`] shows them.

use std::io::{self, Write};

use maud::{Markup, PreEscaped, html};

use super::diff_page::{
    DiffPage, LONGEST_LABEL, LONGEST_TEXT, PageWorst, for_programs, header, heads, outcome,
    pictures, unlike, write_failures, write_without_script,
};
use super::page_frame::put;
use super::wording::{excerpt, visible};
use crate::percent::percent_encoded;
use crate::render::page::compared::{ending, opening};

/// Writes the page.
///
/// # Errors
/// When the results cannot be read or are none, or `out` cannot be written.
pub fn write_diff_page(page: &DiffPage<'_>, out: &mut dyn Write) -> io::Result<()> {
    let names = page.sides.each_ref().map(|side| side.model.name());
    let title = format!(
        "{} · {} and {} · attnviz",
        outcome(page),
        names[0],
        names[1]
    );
    match page.has_script() {
        true => write_with_script(page, &title, out),
        false => write_without_script(&page.without_bytes(), &title, out),
    }
}

/// First come the maps, of many inputs those that differ most, each opened in
/// place of the others; then what is said of all of them in tables.
fn write_with_script(page: &DiffPage<'_>, title: &str, out: &mut dyn Write) -> io::Result<()> {
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
