//! The rows of the page.

use maud::{Markup, html};

use super::address::{address, fragment, identifier};
use super::wording::{NO_TEXT, counted, excerpt, place, reason, visible};
use crate::input::{SpecialRole, looks_special};
use crate::store::MANIFEST;
use crate::store::batch_records::{ResultRecord, Status};

/// Text longer than this is folded, in characters.
const LONG_TEXT: usize = 600;
/// No text is shown further than this, in characters; `results.jsonl` has all.
const LONGEST_TEXT: usize = 20_000;
/// More tokens than this are folded.
const MANY_TOKENS: usize = 80;
/// A reason is cut here, in characters.
const LONGEST_REASON: usize = 1_000;

/// An item of the list of failures.
pub(super) fn failure(record: &ResultRecord) -> Markup {
    let reason = visible(reason(record));
    html! {
        li id=(identifier(&place(record))) {
            p.reason dir="auto" { (excerpt(&reason, LONGEST_REASON)) }
            (remedy(record))
            p.where {
                bdi { (place(record)) }
                " · " bdi.id { (excerpt(&visible(&record.id), 200)) }
            }
            @match &record.text {
                Some(text) => p.text dir="auto" { (excerpt(&visible(text), 300)) },
                None => p.text.none { (NO_TEXT) },
            }
        }
        "\n"
    }
}

/// An input of a comparison that could not be compared; where no file has it, only
/// its id is known.
pub(super) fn failed_input(record: &ResultRecord) -> Markup {
    html! {
        li {
            p.reason dir="auto" { (excerpt(&visible(reason(record)), LONGEST_REASON)) }
            (remedy(record))
            p.where {
                @if !record.file.is_empty() { bdi { (place(record)) } " · " }
                bdi.id { (excerpt(&visible(&record.id), 200)) }
            }
            @if let Some(text) = &record.text {
                p.text dir="auto" { (excerpt(&visible(text), 300)) }
            }
        }
        "\n"
    }
}

/// How an item of the list of all inputs looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowStyle {
    /// Width and height of thumbnails, in CSS pixels.
    pub(super) thumbnail_size: (u32, u32),
    /// Whether tokens have their positions before them.
    pub(super) shows_positions: bool,
}

/// An item of the list of all inputs.
pub(super) fn row(record: &ResultRecord, style: RowStyle) -> Markup {
    match record.status {
        Status::Done => done(record, style),
        Status::Failed => html! {
            li.failed {
                div.body {
                    (heading(record, &fragment(&identifier(&place(record)))))
                    p.reason dir="auto" { (excerpt(&visible(reason(record)), LONGEST_REASON)) }
                    (remedy(record))
                    (texts(record))
                }
            }
            "\n"
        },
    }
}

/// What can be done about a failure.
fn remedy(record: &ResultRecord) -> Markup {
    html! {
        @if let Some(hint) = &record.hint {
            p.hint dir="auto" { "hint: " (excerpt(&visible(hint), LONGEST_REASON)) }
        }
    }
}

fn done(record: &ResultRecord, style: RowStyle) -> Markup {
    let anchor = identifier(&record.id);
    html! {
        li id=(anchor) {
            @if let Some(thumbnail) = &record.thumbnail {
                (picture(record, thumbnail, style.thumbnail_size))
            }
            div.body {
                (heading(record, &fragment(&anchor)))
                (texts(record))
                (tokens(record, style.shows_positions))
                (links(record))
            }
        }
        "\n"
    }
}

fn picture(record: &ResultRecord, thumbnail: &str, (width, height): (u32, u32)) -> Markup {
    let targets = [&record.page, &record.picture, &record.folder];
    let target = targets.into_iter().flatten().next().map(String::as_str);
    let alt = format!(
        "Attention maps of input {}",
        excerpt(&visible(&record.id), 200)
    );
    html! {
        a.picture href=(address(target.unwrap_or(thumbnail))) {
            img src=(address(thumbnail)) alt=(alt) width=(width) height=(height) loading="lazy" decoding="async";
        }
    }
}

/// Id and place, the first word of every row.
fn heading(record: &ResultRecord, link: &str) -> Markup {
    html! {
        p.where {
            a.id href=(link) { bdi { (excerpt(&visible(&record.id), 200)) } }
            " " bdi { (place(record)) }
            @if record.status == Status::Failed { " " span.badge { "failed" } }
        }
    }
}

fn texts(record: &ResultRecord) -> Markup {
    html! {
        @match &record.text {
            Some(text) => (text_block(text, "text")),
            None => p.text.none { (NO_TEXT) },
        }
        @if let Some(pair) = &record.pair { (text_block(pair, "text pair")) }
    }
}

fn text_block(text: &str, class: &str) -> Markup {
    let text = visible(text);
    let beginning = excerpt(&text, LONG_TEXT);
    html! {
        @if beginning == text {
            p class=(class) dir="auto" { (text) }
        } @else {
            details class=(class) {
                summary dir="auto" { (beginning) }
                p dir="auto" { (excerpt(&text, LONGEST_TEXT)) }
            }
        }
    }
}

fn tokens(record: &ResultRecord, shows_positions: bool) -> Markup {
    let count = record.tokens.len();
    let said = counted(count as u64, "token", "tokens");
    let cut = match record.truncated_tokens {
        0 => String::new(),
        cut => format!(", {cut} more cut off"),
    };
    html! {
        @if count > MANY_TOKENS {
            details.tokens {
                summary { (said) (cut) }
                p { (token_list(record, shows_positions)) }
            }
        } @else if count > 0 {
            p.tokens {
                (token_list(record, shows_positions)) " " span.number { (said) (cut) }
            }
        }
    }
}

/// Isolated from each other, so that a token of one script never reorders its
/// neighbours; special ones as `i`. One that the vocabulary lacks stands for a
/// part of the text, and is shown with it.
fn token_list(record: &ResultRecord, shows_positions: bool) -> Markup {
    let is_added =
        |token: &str| looks_special(token) && SpecialRole::of(token) != SpecialRole::Unknown;
    html! {
        @for (position, token) in record.tokens.iter().enumerate() {
            @let unknown = record.unknown_tokens.get(&position);
            @if shows_positions { small { "@" (position) } " " }
            @if let Some(label) = unknown { bdi { (visible(label)) } }
            @else if is_added(token) { i { (visible(token)) } }
            @else { bdi { (visible(token)) } }
            " "
        }
    }
}

fn links(record: &ResultRecord) -> Markup {
    html! {
        @if let Some(folder) = &record.folder {
            p.links {
                @if let Some(page) = &record.page { a.look href=(address(page)) { "look around" } " " }
                @if let Some(picture) = &record.picture { a href=(address(picture)) { "picture" } " " }
                a href={ (address(folder)) "/" } { "folder" } " "
                a href={ (address(folder)) "/" (MANIFEST) } { "manifest" }
            }
        }
    }
}
