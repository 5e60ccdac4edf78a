//! `index.html` of a check: broken rules first, each with what it shows. One
//! file without the network; where rules broke in maps, the script of
//! [`crate::render::page`] shows those.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::address::address;
use super::check_summary::outcome;
use super::page_frame::{digest, fact, mark, policy, tile};
use super::wording::{excerpt, grouped, short, visible};
use crate::compare::check::number;
use crate::percent::percent_encoded;
use crate::render::page::compared::{ending, opening};
use crate::store::MANIFEST;
use crate::store::check_record::{CheckRecord, FailureRecord, RuleRecord, RuleStatus};

const STYLE: &str = concat!(include_str!("page.css"), include_str!("check_page.css"));

/// A text is cut here, in characters.
const LONGEST_TEXT: usize = 2_000;

/// What the reader can look around in.
#[derive(Debug, Clone, Default)]
pub struct CheckLook {
    /// Inputs in which rules broke.
    pub inputs: Vec<CheckInput>,
    /// For each rule, in the order of the record, the address within the page of
    /// the place where it was found.
    pub rules: Vec<Option<String>>,
    /// The pictures of all rules, by their files.
    pub pictures: BTreeMap<String, Vec<u8>>,
}

/// An input that is opened in place.
#[derive(Debug, Clone)]
pub struct CheckInput {
    /// What it is called; no other one is.
    pub id: String,
    /// Its texts.
    pub texts: Vec<String>,
    /// What the script needs of it.
    pub content: String,
}

/// The page of a check.
pub fn write_check_page(record: &CheckRecord, look: &CheckLook) -> String {
    let title = match &record.error {
        None => format!("{} · {} · attnviz", outcome(record), record.model.name()),
        Some(_) => format!("{} · attnviz", outcome(record)),
    };
    if !look.inputs.is_empty() {
        return with_script(record, look, &title);
    }
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(STYLE));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                @if record.error.is_none() {
                    a.skip href="#attnviz-rules" { "Skip to the rules" }
                }
                (header(record))
                main {
                    @if let Some(error) = &record.error {
                        p.notice role="alert" { (visible(error)) }
                        p { "Nobody can say whether the rules hold." }
                    }
                    (failures(record))
                    @if record.error.is_none() { section.rules aria-labelledby="attnviz-rules" {
                        h2 id="attnviz-rules" tabindex="-1" { "Rules" }
                        ol { @for rule in record.broken_first() { (row(record, rule, look, None)) } }
                    } }
                }
                footer {
                    (meaning())
                    p { "Made by attnviz " (record.attnviz_version) "." }
                }
            }
        }
    };
    page.into_string()
}

/// Broken rules, then the maps in which they broke, then the rules that hold.
fn with_script(record: &CheckRecord, look: &CheckLook, title: &str) -> String {
    let of = |status: RuleStatus| {
        let rules = record.rules.iter().enumerate();
        let rules = rules.filter(move |(_, rule)| rule.status == status);
        html! {
            ol { @for (index, rule) in rules {
                (row(record, rule, look, look.rules.get(index).and_then(Option::as_deref)))
            } }
        }
    };
    let target = |input: &CheckInput| format!("input={}", percent_encoded(&input.id));
    let page = html! {
        (opening(title))
        a.skip href="#attnviz-rules" { "Skip to the rules" }
        (header(record))
        (failures(record))
        section.rules aria-labelledby="attnviz-rules" {
            h2 id="attnviz-rules" tabindex="-1" { "Broken rules" }
            (of(RuleStatus::Broken))
        }
        nav.list id="list" aria-labelledby="attnviz-inputs" {
            h2 id="attnviz-inputs" { "Where rules broke" }
            ol { @for input in &look.inputs { li {
                a href={ "#" (target(input)) } {
                    bdi.id { (excerpt(&visible(&input.id), LONGEST_TEXT)) } " "
                    span.text dir="auto" { (excerpt(&visible(&input.texts.join(" / ")), LONGEST_TEXT)) }
                }
            } } }
        }
        main id="main" tabindex="-1" { div id="inputs" {
            @for input in &look.inputs {
                article.input id=(target(input)) data-id=(percent_encoded(&input.id)) {
                    (PreEscaped(&input.content))
                }
            }
        } }
        @if record.holding > 0 {
            section.rules aria-labelledby="attnviz-holding" {
                h2 id="attnviz-holding" { "Rules that hold" }
                (of(RuleStatus::Holds))
            }
        }
        section.closing aria-label="What a check tells" { (meaning()) }
        (ending())
    };
    page.into_string()
}

fn meaning() -> Markup {
    html! {
        p {
            "A broken rule says that a number is not where it was expected, and where. "
            "Drift is not a fault, and attention is not an explanation: it is where a "
            "model looks, not why it answers."
        }
        p { "For programs: " a href=(MANIFEST) { (MANIFEST) } " has all of it." }
    }
}

fn header(record: &CheckRecord) -> Markup {
    let model = &record.model;
    let broken = if record.broken > 0 { "bad" } else { "" };
    let failed = if record.failed > 0 { "bad" } else { "" };
    html! {
        header.top {
            div.brand { (mark()) span { "attnviz" } }
            h1 { "Check: " (outcome(record)) }
            @if record.error.is_none() { p.model {
                bdi { (model.name()) }
                span.source { (model.source.in_words()) }
                @if let Some(commit) = &model.commit {
                    code title=(commit) { (short(commit)) }
                }
            } }
            @if let Some(baseline) = &record.baseline {
                @if !baseline.is_same_model {
                    p.notice role="note" {
                        "The baseline was made with another model than the one under check: "
                        bdi { (visible(&baseline.in_words(&model.name()))) } ". They are compared all the same."
                    }
                }
            }
            @if record.error.is_none() { dl.tiles {
                (tile("broken", &record.broken.to_string(), broken))
                (tile("hold", &record.holding.to_string(), "good"))
                // Rules with texts of their own need no inputs.
                @if record.checked + record.failed > 0 {
                    (tile("inputs checked", &grouped(record.checked), ""))
                    (tile("inputs failed", &grouped(record.failed), failed))
                }
            }
            @if let Some(cut) = record.cut_in_words() {
                p.notice role="note" { (cut) ", by --truncate. What is behind is not checked." }
            }
            (facts(record)) }
        }
    }
}

fn facts(record: &CheckRecord) -> Markup {
    html! {
        details.facts {
            summary { "What was checked" }
            dl {
                (fact("attnviz", html! { (record.attnviz_version) }))
                (fact("rules", digest(&record.rules_file, Some(&record.rules_sha256))))
                @if let Some(baseline) = &record.baseline {
                    (fact("baseline of", html! { bdi { (baseline.model) } }))
                    (fact("its inputs", html! { (baseline.inputs) }))
                    (fact("its numbers", html! { (baseline.precision) }))
                }
                @for file in &record.model.files {
                    (fact("model file", digest(&file.name, Some(&file.sha256))))
                }
            }
        }
    }
}

fn failures(record: &CheckRecord) -> Markup {
    html! {
        @if !record.failures.is_empty() {
            section.failures aria-labelledby="attnviz-failures" {
                h2 id="attnviz-failures" tabindex="-1" {
                    "Inputs that failed " span.count { (grouped(record.failed)) }
                }
                ol { @for failure in &record.failures { (failed(failure)) } }
            }
        }
    }
}

fn failed(failure: &FailureRecord) -> Markup {
    html! {
        li {
            p {
                bdi { (excerpt(&visible(&failure.id), LONGEST_TEXT)) } " "
                code { (failure.file) @if let Some(line) = failure.line { ":" (line) } }
            }
            p.reason { (visible(&failure.error)) }
            @if let Some(hint) = &failure.hint { p.hint { "hint: " (visible(hint)) } }
        }
    }
}

/// `place` is where the script shows what the rule found.
fn row(record: &CheckRecord, rule: &RuleRecord, look: &CheckLook, place: Option<&str>) -> Markup {
    let source = |file: &str| match look.pictures.get(file) {
        Some(bytes) if !look.inputs.is_empty() => {
            format!("data:image/png;base64,{}", STANDARD.encode(bytes))
        }
        Some(_) | None => address(file),
    };
    let (class, status) = match rule.status {
        RuleStatus::Broken => ("rule broken", "broken"),
        RuleStatus::Holds => ("rule", "holds"),
    };
    html! {
        li class=(class) {
            h3 { span.status { (status) } " " bdi { (visible(&rule.name)) } }
            p.message { (visible(&rule.message)) }
            p.expected {
                "expected " (rule.expected)
                @if let Some(found) = rule.found { ", found " (number(found)) }
                " · " code { (record.rules_file) ":" (rule.line) } " " code { (rule.kind) }
            }
            @for text in &rule.texts { p.text { bdi { (excerpt(&visible(text), LONGEST_TEXT)) } } }
            @for note in &rule.notes { p.note { (note) } }
            @if let Some(place) = place { p { a.look href=(place) { "look around" } } }
            @if let Some([before, now]) = &rule.tokens { (tokens(before, now)) }
            @if !rule.pictures.is_empty() {
                div.pictures {
                    @for picture in &rule.pictures {
                        figure {
                            a href=(address(&picture.file)) {
                                img src=(source(&picture.file)) alt=(picture.title)
                                    width=(picture.width) height=(picture.height) loading="lazy";
                            }
                            figcaption { (picture.title) }
                        }
                    }
                }
            }
        }
    }
}

/// Tokens side by side, those that differ marked.
fn tokens(before: &[String], now: &[String]) -> Markup {
    let length = before.len().max(now.len());
    html! {
        table.tokens {
            thead { tr { th { "position" } th { "baseline" } th { "now" } } }
            tbody {
                @for position in 0..length {
                    @let pair = (before.get(position), now.get(position));
                    tr.differs[pair.0 != pair.1] {
                        td { "@" (position) }
                        td { @if let Some(text) = pair.0 { bdi { (visible(text)) } } }
                        td { @if let Some(text) = pair.1 { bdi { (visible(text)) } } }
                    }
                }
            }
        }
    }
}
