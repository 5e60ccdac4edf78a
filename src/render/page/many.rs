//! Several inputs in one page, each opened in place of the other, or a page that
//! leads to theirs.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use maud::{Markup, PreEscaped, html};

use super::document;
use crate::percent::{percent_encoded, percent_encoded_path};

/// So many inputs go into one page: more would be too much for a browser.
pub const MOST_INPUTS: u64 = 200;

/// A page of more bytes takes a browser many seconds to open, and much memory.
pub const LARGE_PAGE: u64 = 100_000_000;

/// A comment that every such page begins with, and nothing else does.
const LIST: &str = "<!--attnviz list-->";

/// What stands over the list.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// What the inputs are called: one, and several.
    pub nouns: [&'static str; 2],
    /// The model, and where it comes from; empty where there are several.
    pub model: String,
    /// What is to be known of the whole, a sentence each.
    pub notices: Vec<String>,
}

/// An input in the list.
#[derive(Debug, Clone)]
pub struct ListedInput {
    /// What it is called; no other input has the name.
    pub id: String,
    /// Its texts, in one.
    pub text: String,
    /// What came of it.
    pub outcome: ListedOutcome,
}

/// What came of an input.
#[derive(Debug, Clone)]
pub enum ListedOutcome {
    /// Its page, relative to the folder of the list, `/` between the parts.
    Page(String),
    /// It has none.
    Failed {
        /// Why.
        reason: String,
        /// What can be done about it.
        hint: Option<String>,
    },
}

/// Writes one page of all inputs, failures first in its list. `folder` has their
/// pages, of which one at a time is held.
///
/// # Errors
/// When a page cannot be read or is none of this version, or `out` cannot be
/// written.
pub fn write_single(
    listing: &Listing,
    inputs: &[ListedInput],
    folder: &Path,
    out: &mut dyn Write,
) -> io::Result<()> {
    let target = |id: &str, _: &str| format!("#{}", percent_encoded_target(id));
    put(out, opening(listing, inputs, target))?;
    out.write_all(b"<main id=\"main\"><div id=\"inputs\">")?;
    for input in inputs {
        let ListedOutcome::Page(page) = &input.outcome else {
            continue;
        };
        let text = fs::read_to_string(folder.join(page))?;
        let Some(content) = document::input_of(&text) else {
            let message = format!("{page} is no page of this version of attnviz");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        };
        put(out, article_opening(input))?;
        out.write_all(content.as_bytes())?;
        out.write_all(b"</article>\n")?;
    }
    out.write_all(b"</div></main>")?;
    put(out, document::ended())
}

/// Writes a page that leads to those of all inputs, failures first.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_index(
    listing: &Listing,
    inputs: &[ListedInput],
    out: &mut dyn Write,
) -> io::Result<()> {
    let target = |_: &str, page: &str| percent_encoded_path(page);
    put(out, opening(listing, inputs, target))?;
    put(out, html! { (PreEscaped("</body></html>\n")) })
}

/// Whether a page is one of those above, which may be replaced.
pub fn is_list(page: &str) -> bool {
    page.contains(LIST)
}

fn put(out: &mut dyn Write, markup: Markup) -> io::Result<()> {
    out.write_all(markup.into_string().as_bytes())
}

/// The identifier of an input's article, as an address names it: the state of a
/// page that has the input alone.
fn percent_encoded_target(id: &str) -> String {
    format!("input={}", percent_encoded(id))
}

/// What the page is about, and what came of the inputs where some failed.
fn heading([one, many]: [&str; 2], inputs: &[ListedInput]) -> (String, Option<String>) {
    let is_done = |input: &&ListedInput| matches!(input.outcome, ListedOutcome::Page(_));
    let done = inputs.iter().filter(is_done).count();
    let failed = inputs.len() - done;
    let noun = if inputs.len() == 1 { one } else { many };
    let all = format!("Attention of {} {noun}", inputs.len());
    match (done, failed) {
        (_, 0) => (all, None),
        (0, 1) => (format!("The only {one} failed"), None),
        (0, failed) => (format!("All {failed} {many} failed"), None),
        (done, failed) => (all, Some(format!("{done} done, {failed} failed"))),
    }
}

fn opening(
    listing: &Listing,
    inputs: &[ListedInput],
    target: impl Fn(&str, &str) -> String,
) -> Markup {
    let failed = inputs.iter().filter_map(|input| match &input.outcome {
        ListedOutcome::Failed { reason, hint } => Some((input, reason, hint)),
        ListedOutcome::Page(_) => None,
    });
    let done = inputs.iter().filter_map(|input| match &input.outcome {
        ListedOutcome::Page(page) => Some((input, target(&input.id, page))),
        ListedOutcome::Failed { .. } => None,
    });
    let (heading, outcome) = heading(listing.nouns, inputs);
    let title = [Some(heading.as_str()), outcome.as_deref()];
    let title: Vec<&str> = title.into_iter().flatten().collect();
    let mut failed = failed.peekable();
    html! {
        (document::begun(&format!("{} · attnviz", title.join(", "))))
        (PreEscaped(LIST))
        header.top id="top" {
            p.brand { "attnviz" }
            h1 { (heading) }
            @if let Some(outcome) = &outcome { p.outcome { (outcome) } }
            @if !listing.model.is_empty() { p.model { bdi { (listing.model) } } }
            @for notice in &listing.notices { p.notice role="note" { (notice) } }
        }
        nav.list id="list" aria-label="Inputs" {
            // In a frame of their own, so that what is open scrolls none out of sight.
            @if failed.peek().is_some() {
                div.failed-list tabindex="0" role="region" aria-label="What failed" {
                    ol {
                        @for (input, reason, hint) in failed {
                            li.failed {
                                b.badge { "failed" } bdi.id { (input.id) }
                                p.reason dir="auto" { (reason) }
                                @if let Some(hint) = hint { p.hint dir="auto" { "hint: " (hint) } }
                                @if !input.text.is_empty() { p.text dir="auto" { (input.text) } }
                            }
                            "\n"
                        }
                    }
                }
            }
            ol {
                @for (input, address) in done {
                    li {
                        a href=(address) { bdi.id { (input.id) } " " span.text dir="auto" { (input.text) } }
                    }
                    "\n"
                }
            }
        }
    }
}

fn article_opening(input: &ListedInput) -> Markup {
    let target = percent_encoded_target(&input.id);
    html! {
        (PreEscaped("<article class=\"input\" id=\""))
        // Percent-encoded, it has nothing that means anything here.
        (PreEscaped(&target))
        (PreEscaped("\" data-id=\""))
        (PreEscaped(percent_encoded(&input.id)))
        (PreEscaped("\">"))
        h2 { bdi.id { (input.id) } " " bdi { (input.text) } }
    }
}
