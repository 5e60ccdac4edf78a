//! `index.html` of a check: broken rules first, each with what it shows. One
//! file without a script and without the network.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::address::address;
use super::check_summary::outcome;
use super::page_frame::{digest, fact, mark, policy, tile};
use super::wording::{excerpt, grouped, short, visible};
use crate::compare::check::number;
use crate::store::MANIFEST;
use crate::store::check_record::{CheckRecord, FailureRecord, RuleRecord, RuleStatus};

const STYLE: &str = concat!(include_str!("page.css"), include_str!("check_page.css"));

/// A text is cut here, in characters.
const LONGEST_TEXT: usize = 2_000;

/// The page of a check.
pub fn write_check_page(record: &CheckRecord) -> String {
    let title = match &record.error {
        None => format!("{} · {} · attnviz", outcome(record), record.model.name()),
        Some(_) => format!("{} · attnviz", outcome(record)),
    };
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
                        ol { @for rule in record.broken_first() { (row(record, rule)) } }
                    } }
                }
                footer {
                    p {
                        "A broken rule says that a number is not where it was expected, and where. "
                        "Drift is not a fault, and attention is not an explanation: it is where a "
                        "model looks, not why it answers."
                    }
                    p { "For programs: " a href=(MANIFEST) { (MANIFEST) } " has all of it." }
                    p { "Made by attnviz " (record.attnviz_version) "." }
                }
            }
        }
    };
    page.into_string()
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
                (tile("inputs checked", &grouped(record.checked), ""))
                (tile("inputs failed", &grouped(record.failed), failed))
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
                bdi { (failure.id) } " "
                code { (failure.file) @if let Some(line) = failure.line { ":" (line) } }
            }
            p.reason { (visible(&failure.error)) }
            @if let Some(hint) = &failure.hint { p.hint { "hint: " (visible(hint)) } }
        }
    }
}

fn row(record: &CheckRecord, rule: &RuleRecord) -> Markup {
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
            @if let Some([before, now]) = &rule.tokens { (tokens(before, now)) }
            @if !rule.pictures.is_empty() {
                div.pictures {
                    @for picture in &rule.pictures {
                        figure {
                            a href=(address(&picture.file)) {
                                img src=(address(&picture.file)) alt=(picture.title)
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
