//! `index.html` of a comparison, of one input or of many: how it ended, both
//! sides, the heads that differ most, the units that are not the same, and the
//! inputs that differ most. One file without the network; where maps are compared,
//! the script of [`crate::render::page`] shows them.

use std::io::{self, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, PreEscaped, html};

use super::address::address;
use super::page_frame::{Words, begun, digest, fact, mark, put, tile};
use super::page_row::failed_input;
use super::wording::{counted, excerpt, grouped, short, visible};
use crate::checkpoint::ModelProvenance;
use crate::compare::UnlikeUnits;
use crate::store::MANIFEST;
use crate::store::batch_records::{BatchCounts, InputFile, RESULTS, ResultReader, Status};

/// So much of a text is shown, in characters.
pub(super) const LONGEST_TEXT: usize = 600;
/// So much of a label or an id is.
pub(super) const LONGEST_LABEL: usize = 200;
/// So many units that differ are shown of an input.
const SHOWN_UNITS: usize = 50;

/// What the page shows. Everything in words is plain text.
#[derive(Debug, Clone)]
pub struct DiffPage<'a> {
    /// What is compared, and what it is compared with.
    pub sides: [PageSide<'a>; 2],
    /// The texts that both sides were given, where they were given the same.
    pub texts: Vec<&'a str>,
    /// A line for each threshold that is exceeded.
    pub exceeded: Vec<String>,
    /// A line for each threshold that holds.
    pub held: Vec<String>,
    /// What the reader has to know, as sentences: that heads may not stand for
    /// one another, what was left out.
    pub notes: Vec<String>,
    /// Of many inputs, how many there were, and where they came from.
    pub inputs: Option<PageInputs<'a>>,
    /// How many layers and heads are compared.
    pub shape: [usize; 2],
    /// The table of heads, the most changed first.
    pub heads: HeadTable,
    /// The grid of all heads, and the pictures of those that differ most.
    pub pictures: Vec<PagePicture>,
    /// Units that are not the same on both sides, of some inputs, each with the
    /// input's id; of a single input without.
    pub unlike: Vec<(Option<String>, UnlikeUnits)>,
    /// The inputs that differ most, the worst first.
    pub worst: Vec<PageWorst>,
    /// How it was made: names and values.
    pub facts: Vec<(&'static str, String)>,
    /// The other files of the folder that are worth a look, with what they hold.
    pub files: Vec<(&'a str, &'static str)>,
    /// What the script needs of a single input; empty where it is one of many.
    pub content: String,
}

/// A side of a comparison.
#[derive(Debug, Clone)]
pub struct PageSide<'a> {
    /// The model.
    pub model: &'a ModelProvenance,
    /// Its own text or pair, where the sides were given others.
    pub texts: Vec<&'a str>,
}

/// What is said of many inputs.
#[derive(Debug, Clone)]
pub struct PageInputs<'a> {
    /// How many there were, were compared, and were not.
    pub counts: BatchCounts,
    /// The files that they came from, where two models read them.
    pub files: &'a [InputFile],
    /// The results, where failures are read from.
    pub results: &'a Path,
}

/// The table of heads.
#[derive(Debug, Clone, Default)]
pub struct HeadTable {
    /// What its heads are sorted by.
    pub sorted_by: String,
    /// What stands over the columns behind the head's name.
    pub columns: Vec<String>,
    /// The head's name and its numbers and words.
    pub rows: Vec<(String, Vec<String>)>,
    /// How many heads that differ are not shown.
    pub hidden: usize,
    /// How many heads are equal on both sides, which have no row.
    pub equal: usize,
    /// The file that has all of them.
    pub file: &'static str,
}

/// A picture of the folder.
#[derive(Debug, Clone)]
pub struct PagePicture {
    /// Its file, relative to the folder.
    pub file: String,
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// What it shows.
    pub caption: String,
    /// Its bytes, where the page has it in itself.
    pub bytes: Option<Vec<u8>>,
}

/// One of the inputs that differ most.
#[derive(Debug, Clone)]
pub struct PageWorst {
    /// Its id.
    pub id: String,
    /// Its text or pair; nothing where that is not known.
    pub texts: Vec<String>,
    /// By how much it differs, and where.
    pub value: String,
    /// Its pictures.
    pub pictures: Vec<PagePicture>,
    /// What the script needs of it; empty where there are no maps, or the page
    /// would be too large.
    pub content: String,
}

impl DiffPage<'_> {
    /// The same with pictures from their files: what has no script lets in those.
    pub(super) fn without_bytes(&self) -> Self {
        let mut page = self.clone();
        let worst = page.worst.iter_mut();
        let of_worst = worst.flat_map(|input| input.pictures.iter_mut());
        for picture in page.pictures.iter_mut().chain(of_worst) {
            picture.bytes = None;
        }
        page
    }

    pub(super) fn has_script(&self) -> bool {
        let mut worst = self.worst.iter();
        !self.content.is_empty() || worst.any(|input| !input.content.is_empty())
    }
}

/// The page without a script.
pub(super) fn write_without_script(
    page: &DiffPage<'_>,
    title: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let words = Words {
        heading: "Difference of",
        skip: "Skip to the heads",
        skip_to: "#attnviz-heads",
        style: concat!(include_str!("page.css"), include_str!("diff_page.css")),
    };
    put(out, begun(title, &words, header(page)))?;
    write_failures(page, out)?;
    put(out, heads(page, &page.pictures))?;
    if !page.unlike.is_empty() {
        put(out, unlike(page))?;
    }
    if !page.worst.is_empty() {
        put(out, worst(page))?;
    }
    out.write_all(b"</main>\n")?;
    put(out, closing(page))?;
    out.write_all(b"</body>\n</html>\n")
}

pub(super) fn write_failures(page: &DiffPage<'_>, out: &mut dyn Write) -> io::Result<()> {
    if let Some(inputs) = &page.inputs
        && inputs.counts.failed > 0
    {
        put(out, failures_opening(inputs))?;
        for record in ResultReader::open(inputs.results)? {
            let record = record?;
            if record.status == Status::Failed {
                put(out, failed_input(&record))?;
            }
        }
        out.write_all(b"</ol></section>\n")?;
    }
    Ok(())
}

/// How it ended, as a sentence without its full stop.
pub(super) fn outcome(page: &DiffPage<'_>) -> String {
    let failed = page
        .inputs
        .as_ref()
        .map_or(0, |inputs| inputs.counts.failed);
    match (page.exceeded.len() as u64, failed, page.held.is_empty()) {
        (0, 0, true) => "Compared".to_owned(),
        (0, 0, false) => "Within every threshold".to_owned(),
        (0, failed, _) => format!("{} not compared", counted(failed, "input", "inputs")),
        (count, _, _) => format!("{} exceeded", counted(count, "threshold", "thresholds")),
    }
}

/// The colour of how it ended: what was not compared is not within a threshold.
fn verdict(page: &DiffPage<'_>) -> &'static str {
    let is_whole = page
        .inputs
        .as_ref()
        .is_none_or(|inputs| inputs.counts.failed == 0);
    match (is_whole && page.exceeded.is_empty(), page.held.is_empty()) {
        (false, _) => "bad",
        (true, true) => "plain",
        (true, false) => "good",
    }
}

pub(super) fn header(page: &DiffPage<'_>) -> Markup {
    let [left, right] = &page.sides;
    html! {
        header.top {
            div.brand { (mark()) span { "attnviz" } }
            h1 { "Difference of attention" }
            div.verdict.(verdict(page)) role="status" {
                (outcome(page))
                @if !page.exceeded.is_empty() || !page.held.is_empty() {
                    ul {
                        @for line in &page.exceeded { li { (visible(line)) } }
                        @for line in &page.held { li { (visible(line)) } }
                    }
                }
            }
            div.sides { (side("left", left)) (side("right", right)) }
            @for text in &page.texts {
                p.text dir="auto" { (excerpt(&visible(text), LONGEST_TEXT)) }
            }
            @for note in &page.notes { p.notice role="note" { (visible(note)) } }
            dl.tiles {
                @if let Some(inputs) = &page.inputs {
                    @let failed = inputs.counts.failed;
                    (tile("inputs", &grouped(inputs.counts.inputs), ""))
                    (tile("compared", &grouped(inputs.counts.done), if inputs.counts.done > 0 { "good" } else { "" }))
                    (tile("not compared", &grouped(failed), if failed > 0 { "bad" } else { "" }))
                }
                (tile("layers × heads", &format!("{} × {}", page.shape[0], page.shape[1]), ""))
            }
            (facts(page))
        }
    }
}

fn side(name: &str, side: &PageSide<'_>) -> Markup {
    let model = side.model;
    html! {
        div.side {
            h2 { (name) }
            p.model {
                bdi { (visible(&model.name())) }
                span.source { (model.source.in_words()) }
                @if let Some(commit) = &model.commit { code title=(commit) { (short(commit)) } }
            }
            @for text in &side.texts {
                p.text dir="auto" { (excerpt(&visible(text), LONGEST_TEXT)) }
            }
        }
    }
}

fn facts(page: &DiffPage<'_>) -> Markup {
    let files = page.inputs.as_ref().map_or(&[][..], |inputs| inputs.files);
    let sides = page
        .sides
        .iter()
        .zip(["left model file", "right model file"]);
    html! {
        details.facts {
            summary { "How this was made" }
            dl {
                (fact("attnviz", html! { (env!("CARGO_PKG_VERSION")) }))
                @for (name, value) in &page.facts { (fact(name, html! { bdi { (visible(value)) } })) }
                @for file in files { (fact("input", digest(&file.name, file.sha256.as_deref()))) }
                @for (side, name) in sides {
                    @for file in &side.model.files { (fact(name, digest(&file.name, Some(&file.sha256)))) }
                }
            }
        }
    }
}

fn failures_opening(inputs: &PageInputs<'_>) -> Markup {
    html! {
        (PreEscaped("<section class=\"failures\" aria-labelledby=\"attnviz-failures\">\n"))
        h2 id="attnviz-failures" tabindex="-1" {
            "Not compared " span.count { (grouped(inputs.counts.failed)) }
        }
        (PreEscaped("\n<ol>\n"))
    }
}

/// The table of heads, and pictures under it.
pub(super) fn heads(page: &DiffPage<'_>, below: &[PagePicture]) -> Markup {
    let table = &page.heads;
    html! {
        section aria-labelledby="attnviz-heads" {
            h2 id="attnviz-heads" tabindex="-1" { "The most changed heads" }
            p.legend {
                "By " (table.sorted_by) ". Layers and heads count from 0; what has a sign is "
                "right − left. A difference is not a fault, and attention is where a model looks, "
                "not why it answers."
            }
            @if table.rows.is_empty() {
                p.legend {
                    @if table.equal == 0 { "There is nothing to compare." }
                    @else { "No head differs: both sides are equal." }
                }
            } @else {
                div.scroll tabindex="0" role="region" aria-label="Numbers of heads" { table {
                    thead { tr {
                        th { "head" }
                        @for column in &table.columns { th.value { (column) } }
                    } }
                    tbody {
                        @for (head, cells) in &table.rows { tr {
                            td.name { (head) }
                            @for cell in cells { td.value { bdi { (excerpt(&visible(cell), LONGEST_LABEL)) } } }
                        } }
                        @if table.hidden > 0 { tr.gap {
                            td colspan=(table.columns.len() + 1) {
                                "… " (grouped(table.hidden as u64)) " more in " a href=(address(table.file)) { (table.file) } " …"
                            }
                        } }
                    }
                } }
                @if table.equal > 0 {
                    p.legend { (counted(table.equal as u64, "head is", "heads are")) " equal on both sides." }
                }
            }
            (pictures(below, "eager"))
        }
        "\n"
    }
}

/// Those at the top of the page are loaded with it.
pub(super) fn pictures(pictures: &[PagePicture], loading: &str) -> Markup {
    html! {
        @if !pictures.is_empty() {
            div.pictures { @for picture in pictures {
                figure {
                    figcaption { (visible(&picture.caption)) }
                    a href=(address(&picture.file)) {
                        img src=(source(picture)) alt=(visible(&picture.caption))
                            width=(picture.size[0]) height=(picture.size[1]) loading=(loading) decoding="async";
                    }
                }
            } }
        }
    }
}

/// Where a picture comes from: out of the page itself, or its file.
fn source(picture: &PagePicture) -> String {
    let Some(bytes) = &picture.bytes else {
        return address(&picture.file);
    };
    let kind = match picture.file.ends_with(".svg") {
        true => "svg+xml",
        false => "png",
    };
    format!("data:image/{kind};base64,{}", STANDARD.encode(bytes))
}

fn table_name(id: Option<&str>) -> String {
    match id {
        Some(id) => format!("Units of {}", excerpt(&visible(id), LONGEST_LABEL)),
        None => "Units of both sides".to_owned(),
    }
}

pub(super) fn unlike(page: &DiffPage<'_>) -> Markup {
    html! {
        section.units aria-labelledby="attnviz-units" {
            h2 id="attnviz-units" { "Units that are not the same" }
            @for (id, units) in &page.unlike {
                @if let Some(id) = id { p.where { bdi.id { (excerpt(&visible(id), LONGEST_LABEL)) } } }
                div.scroll tabindex="0" role="region" aria-label=(table_name(id.as_deref())) { table {
                    thead { tr { th { "left" } th { "right" } } }
                    tbody {
                        @for row in units.iter().take(SHOWN_UNITS) { tr {
                            @for unit in row { td {
                                @if let Some(unit) = unit {
                                    bdi { (excerpt(&visible(&unit.text), LONGEST_LABEL)) } " "
                                    small { "@" (unit.position) }
                                }
                            } }
                        } }
                        @if units.len() > SHOWN_UNITS { tr.gap {
                            td colspan="2" { "… " (grouped((units.len() - SHOWN_UNITS) as u64)) " more …" }
                        } }
                    }
                } }
            }
        }
        "\n"
    }
}

fn worst(page: &DiffPage<'_>) -> Markup {
    html! {
        section.worst aria-labelledby="attnviz-worst" {
            h2 id="attnviz-worst" { "The inputs that differ most" }
            ol { @for input in &page.worst {
                li {
                    p.where {
                        bdi.id { (excerpt(&visible(&input.id), LONGEST_LABEL)) } " "
                        (visible(&input.value))
                    }
                    @for (place, text) in input.texts.iter().enumerate() {
                        p.text.pair[place > 0] dir="auto" { (excerpt(&visible(text), LONGEST_TEXT)) }
                    }
                    (pictures(&input.pictures, "lazy"))
                }
            } }
        }
        "\n"
    }
}

/// Where programs read on.
pub(super) fn for_programs(page: &DiffPage<'_>) -> Markup {
    html! {
        p {
            "For programs: "
            @for (name, content) in &page.files { a href=(address(name)) { (name) } " has " (content) ", " }
            @if page.inputs.is_some() { a href=(RESULTS) { (RESULTS) } " a line an input, " }
            a href=(MANIFEST) { (MANIFEST) } " the whole."
        }
    }
}

fn closing(page: &DiffPage<'_>) -> Markup {
    html! {
        footer {
            (for_programs(page))
            p { "Made by attnviz " (env!("CARGO_PKG_VERSION")) "." }
        }
        "\n"
    }
}
