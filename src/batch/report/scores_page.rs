//! `index.html` of a batch of scores: failures first, then the heads by their
//! numbers, to look around in. Without a script each score stands there with the
//! heads that have most of it, and inputs that excite them. One file, without the
//! network.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, PreEscaped, html};

use super::page_frame::{Words, closing, header, put, write_failures};
use super::score_meaning::{meaning, quantile, quantiles_in_words};
use super::scores_data::ScoresContent;
use super::wording::{excerpt, grouped, outcome, visible};
use crate::analysis::{HeadStatistics, RelationDirection, Score, Statistics};
use crate::attention::HeadId;
use crate::render::page::scores::{content, ending, opening};
use crate::store::batch_records::{
    BatchManifest, EXAMPLES, HEADS, HEADS_PICTURE, RELATIONS, RESULTS, SCORES,
};
use crate::store::tables::{End, Example, RankedRelation};

/// A table of more heads than this shows only its two ends.
const MANY_HEADS: usize = 24;
/// So many heads with most of a score, and with least.
const SHOWN_HEADS: [usize; 2] = [15, 5];
/// So many heads with most of a score have examples.
const EXPLAINED_HEADS: usize = 3;
/// So much of an example's text is shown, in characters.
const LONGEST_TEXT: usize = 300;

/// The examples of heads that are explained, by score and head.
type Examples = BTreeMap<(Score, HeadId), Vec<Example>>;

/// Writes the page of a batch whose results and examples are in the folder at
/// `root`.
///
/// # Errors
/// When these cannot be read or are none, or `out` cannot be written.
pub fn write_scores_page(
    manifest: &BatchManifest,
    statistics: &Statistics,
    relations: &[RankedRelation],
    root: &Path,
    out: &mut dyn Write,
) -> io::Result<()> {
    let words = Words {
        heading: "What heads do over",
        skip: "Skip to the scores",
        skip_to: "#main",
        style: "",
    };
    let title = format!(
        "{} · {} · attnviz",
        outcome(manifest),
        manifest.model.name()
    );
    put(out, opening(&title))?;
    put(
        out,
        html! {
            a.skip href=(words.skip_to) { (words.skip) }
            (header(manifest, &words))
        },
    )?;
    write_failures(manifest, &root.join(RESULTS), out)?;
    let ranked: Vec<(Score, Vec<HeadStatistics>)> = Score::ALL
        .iter()
        .map(|&score| (score, ranked(statistics, score)))
        .filter(|(_, heads)| !heads.is_empty())
        .collect();
    out.write_all(b"<main id=\"main\" tabindex=\"-1\"><div class=\"still\" id=\"still\">\n")?;
    let picture = picture(&root.join(HEADS_PICTURE))?;
    put(out, overview(&ranked, manifest.counts.inputs > 0, picture))?;
    let examples = examples(&ranked, &root.join(EXAMPLES))?;
    if !relations.is_empty() {
        put(out, relations_table(relations))?;
    }
    for (score, heads) in &ranked {
        put(out, article(*score, heads, &examples))?;
    }
    out.write_all(b"</section>\n</div>\n")?;
    let ScoresContent { json, blocks } = ScoresContent::new(manifest, statistics, relations, root)?;
    put(out, content(&json, &blocks))?;
    out.write_all(b"</main>\n")?;
    put(out, for_programs(!relations.is_empty()))?;
    put(out, closing(manifest))?;
    put(out, ending())
}

/// The means as a picture that is part of the page, where the folder has it.
fn picture(path: &Path) -> io::Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(format!(
            "data:image/png;base64,{}",
            STANDARD.encode(bytes)
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where programs, and who wants every number, read on.
fn for_programs(has_relations: bool) -> Markup {
    html! {
        section.closing aria-label="Tables" { p {
            a href=(HEADS) { (HEADS) } " has every head; "
            code { (SCORES) } " every input: " code { "pandas.read_parquet(\"" (SCORES) "\")" } "; "
            a href=(EXAMPLES) { (EXAMPLES) } " the inputs at both ends"
            @if has_relations { "; " a href=(RELATIONS) { (RELATIONS) } " every relation" }
            "."
        } }
        "\n"
    }
}

/// The heads that have a score, the one with most of it first.
fn ranked(statistics: &Statistics, score: Score) -> Vec<HeadStatistics> {
    let mut heads = statistics.of(score);
    heads.sort_by(|one, other| {
        let order = other.mean.total_cmp(&one.mean);
        order.then(one.head.cmp(&other.head))
    });
    heads
}

/// The examples of the heads that have most of each score.
fn examples(ranked: &[(Score, Vec<HeadStatistics>)], path: &Path) -> io::Result<Examples> {
    let explained = ranked.iter().flat_map(|(score, heads)| {
        let heads = heads.iter().take(EXPLAINED_HEADS);
        heads.map(|head| ((*score, head.head), Vec::new()))
    });
    let mut examples: Examples = explained.collect();
    for line in BufReader::new(File::open(path)?).lines() {
        let example: Example = serde_json::from_str(&line?)?;
        let head = HeadId {
            layer: example.layer,
            head: example.head,
        };
        let score = example.score.parse().ok();
        if let Some(of_head) = score.and_then(|score| examples.get_mut(&(score, head))) {
            of_head.push(example);
        }
    }
    Ok(examples)
}

/// Each score in a line, with the heads that have most of it.
fn overview(
    ranked: &[(Score, Vec<HeadStatistics>)],
    has_inputs: bool,
    picture: Option<String>,
) -> Markup {
    let nothing = match has_inputs {
        true => "No input could be scored: what failed stands above.",
        false => "There was no input.",
    };
    html! {
        (PreEscaped("<section class=\"scores\" aria-labelledby=\"attnviz-scores\">\n"))
        h2 id="attnviz-scores" tabindex="-1" {
            "Scores " span.count { (grouped(ranked.len() as u64)) }
        }
        p.legend {
            "Each number is a mean over the inputs in which the score makes sense. Layers and heads count from 0. "
            "This page shows more where its script runs."
        }
        @if ranked.is_empty() { p.legend { (nothing) } }
        @if let Some(picture) = picture {
            p { img src=(picture) alt="The mean of every score for every head: layers down, heads across"; }
        }
        @if !ranked.is_empty() {
            div.scroll { table.summary {
                thead { tr { th { "score" } th { "most of it" } th { "what it says" } } }
                tbody { @for (score, heads) in ranked {
                    tr {
                        td { a href={ "#" (score) } { (score) } }
                        td.heads { @for (place, head) in heads.iter().take(EXPLAINED_HEADS).enumerate() {
                            @if place > 0 { br; }
                            (name(head.head)) " " b { (number(head.mean)) }
                        } }
                        td { (meaning(*score)) }
                    }
                } }
            } }
        }
        "\n"
    }
}

/// The best head of each relation beside the best fixed offset.
fn relations_table(relations: &[RankedRelation]) -> Markup {
    html! {
        article id="relations" {
            h3 { "relations" }
            p.legend {
                "Of the words of each relation, the share whose most attended other word is the \
                 right one (from → to), or which the right one attends to most (to → from), for \
                 the best head, beside the best fixed offset in words (Clark et al. 2019, 4.2)."
            }
            div.scroll { table {
                thead { tr {
                    th { "relation" } th.value { "words" } th { "best head" } th { "direction" }
                    th.value { "right" } th.value { "offset" } th.value { "right" }
                } }
                tbody { @for relation in relations {
                    @let (offset, offset_right) = relation.found.best_offset();
                    @if let Some(best) = relation.heads.first() { tr {
                        td.name { (excerpt(&visible(&relation.name), 60)) }
                        td.value { (grouped(relation.found.words)) }
                        td { (name(best.head)) }
                        td { (direction(best.direction)) }
                        td.value { (percent(relation.share(best.right))) }
                        td.value { (format!("{offset:+}")) }
                        td.value { (percent(relation.share(offset_right))) }
                    } }
                } }
            } }
        }
        "\n"
    }
}

fn direction(direction: RelationDirection) -> &'static str {
    match direction {
        RelationDirection::FromTo => "from → to",
        RelationDirection::ToFrom => "to → from",
    }
}

/// Nothing where nothing was asked.
fn percent(share: Option<f64>) -> String {
    share.map_or_else(String::new, |share| format!("{:.1} %", 100.0 * share))
}

/// The heads of a score in order, and examples.
fn article(score: Score, heads: &[HeadStatistics], examples: &Examples) -> Markup {
    let [most, least] = match heads.len() > MANY_HEADS {
        true => SHOWN_HEADS,
        false => [heads.len(), 0],
    };
    let hidden = heads.len() - most - least;
    let place_of_rest = heads.len() - least;
    html! {
        article id=(score) {
            h3 { (score) }
            p.legend { (meaning(score)) " " (quantiles_in_words(score)) }
            div.scroll { table {
                thead { tr {
                    th.value { "" } th { "head" } th.value { "mean" } th.value { "deviation" }
                    th.value { "5 %" } th.value { "50 %" } th.value { "95 %" } th.value { "inputs" }
                } }
                tbody {
                    @for (place, head) in heads.iter().enumerate().take(most) { (row(score, place, head)) }
                    @if hidden > 0 {
                        tr.gap { td colspan="8" { "… " (grouped(hidden as u64)) " more in " (HEADS) " …" } }
                    }
                    @for (place, head) in heads.iter().enumerate().skip(place_of_rest) { (row(score, place, head)) }
                }
            } }
            @for head in heads.iter().take(EXPLAINED_HEADS) {
                @if let Some(examples) = examples.get(&(score, head.head)) { (explained(head.head, examples)) }
            }
        }
        "\n"
    }
}

fn row(score: Score, place: usize, head: &HeadStatistics) -> Markup {
    let deviation = head.standard_deviation.map(number).unwrap_or_default();
    html! {
        tr {
            td.value { (place + 1) }
            td.name { (name(head.head)) }
            td.value { (number(head.mean)) }
            td.value { (deviation) }
            @for value in head.quantiles { td.value { (quantile(score, value)) } }
            td.value { (grouped(head.count)) }
        }
    }
}

/// The inputs that excite a head most and least.
fn explained(head: HeadId, examples: &[Example]) -> Markup {
    html! {
        details.examples {
            summary { "Inputs at both ends of " (name(head)) }
            @for (end, title) in [(End::Most, "Most"), (End::Least, "Least")] {
                h4 { (title) }
                ol { @for example in examples.iter().filter(|example| example.end == end) {
                    li {
                        p.text dir="auto" { (excerpt(&visible(example.text.as_deref().unwrap_or_default()), LONGEST_TEXT)) }
                        @if let Some(pair) = &example.pair {
                            p.text.pair dir="auto" { (excerpt(&visible(pair), LONGEST_TEXT)) }
                        }
                        p.where {
                            b { (number(f64::from(example.value))) } " · "
                            bdi.id { (excerpt(&visible(&example.id), 200)) }
                            @if let Some(link) = &example.link {
                                " · strongest link " bdi { (visible(&link.query_label)) } " → "
                                bdi { (visible(&link.key_label)) } " " (number(f64::from(link.value)))
                                small { " (@" (link.query) " → @" (link.key) ")" }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn name(head: HeadId) -> String {
    format!("layer {} · head {}", head.layer, head.head)
}

fn number(value: f64) -> String {
    format!("{value:.3}")
}
