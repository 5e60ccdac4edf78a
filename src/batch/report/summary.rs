//! The Markdown summary that a CI system shows beside a job, as GitHub's
//! `GITHUB_STEP_SUMMARY` asks for it.

use std::io::{self, Write};
use std::path::Path;

use super::wording::{
    INCOMPLETE, NO_TEXT, counted, excerpt, grouped, in_one_line, outcome, place, short,
    whole_reason,
};
use crate::store::batch_records::ResultReader;
use crate::store::batch_records::{BatchManifest, PAGE, ResultRecord, Status};

/// So many failures are listed. With the limits below, the summary stays
/// under half of the 1 MiB that GitHub takes.
const LISTED_FAILURES: usize = 50;
/// So many of the first inputs are listed.
const LISTED_INPUTS: usize = 20;
/// No cell of a table holds more, in characters.
const LONGEST_CELL: usize = 240;

/// Writes a summary in Markdown: counts, model, failures with their reasons,
/// the first inputs.
///
/// # Errors
/// When `results` cannot be read or is none, or `out` cannot be written.
pub fn write_summary(
    manifest: &BatchManifest,
    results: &Path,
    out: &mut dyn Write,
) -> io::Result<()> {
    let sign = if manifest.counts.failed > 0 {
        "❌"
    } else {
        "✅"
    };
    writeln!(out, "## {sign} attnviz: {}\n", outcome(manifest))?;
    if !manifest.complete {
        writeln!(out, "⚠️ {}\n", cell(INCOMPLETE))?;
    }
    write_facts(manifest, out)?;
    if manifest.counts.failed > 0 {
        write_failures(manifest, results, out)?;
    }
    write_first_inputs(manifest, results, out)?;
    writeln!(
        out,
        "\nOpen `{PAGE}` in the batch's folder to see every picture.\n"
    )
}

fn write_facts(manifest: &BatchManifest, out: &mut dyn Write) -> io::Result<()> {
    let counts = manifest.counts;
    let model = &manifest.model;
    let mut rows = vec![
        ("inputs", grouped(counts.inputs)),
        ("done", grouped(counts.done)),
        ("failed", grouped(counts.failed)),
        (
            "model",
            format!("{} ({})", model.name(), model.source.in_words()),
        ),
    ];
    let commit = model.commit.as_deref();
    rows.extend(commit.map(|commit| ("commit", short(commit).to_owned())));
    rows.extend(manifest.shard.map(|shard| ("shard", shard.to_string())));
    rows.push(("attnviz", manifest.attnviz_version.clone()));
    for (index, (name, value)) in rows.iter().enumerate() {
        write_row(&[name, value], out)?;
        if index == 0 {
            // A table needs a head; the first row is as good as any.
            writeln!(out, "| --- | --- |")?;
        }
    }
    writeln!(out)
}

fn write_failures(manifest: &BatchManifest, results: &Path, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "### Failed\n\n| where | id | reason |\n| --- | --- | --- |"
    )?;
    let mut listed = 0;
    for record in ResultReader::open(results)? {
        let record = record?;
        if record.status == Status::Failed {
            let (place, reason) = (place(&record), whole_reason(&record));
            write_row(&[&place, &record.id, &reason], out)?;
            listed += 1;
        }
        if listed == LISTED_FAILURES {
            break;
        }
    }
    let more = manifest.counts.failed.saturating_sub(listed as u64);
    if more > 0 {
        writeln!(out, "\n… and {} more.", grouped(more))?;
    }
    writeln!(out)
}

fn write_first_inputs(
    manifest: &BatchManifest,
    results: &Path,
    out: &mut dyn Write,
) -> io::Result<()> {
    if manifest.counts.inputs == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "### Inputs\n\n| id | text | tokens | |\n| --- | --- | ---: | --- |"
    )?;
    for record in ResultReader::open(results)?.take(LISTED_INPUTS) {
        let record = record?;
        let text = text_of(&record);
        let tokens = record.tokens.len().to_string();
        let (tokens, status) = match record.status {
            Status::Done => (tokens.as_str(), "done"),
            Status::Failed => ("", "failed"),
        };
        write_row(&[&record.id, &text, tokens, status], out)?;
    }
    let more = manifest.counts.inputs.saturating_sub(LISTED_INPUTS as u64);
    if more > 0 {
        writeln!(
            out,
            "\n… and {}.",
            counted(more, "more input", "more inputs")
        )?;
    }
    Ok(())
}

fn text_of(record: &ResultRecord) -> String {
    match (&record.text, &record.pair) {
        (Some(text), None) => text.clone(),
        (Some(text), Some(pair)) => format!("{text} ‖ {pair}"),
        (None, _) => NO_TEXT.to_owned(),
    }
}

pub(super) fn write_row(cells: &[&str], out: &mut dyn Write) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    writeln!(out, "| {} |", cells.join(" | "))
}

/// Text in one line of a table in which nothing means anything: what Markdown
/// or HTML could read as its own is written as a character reference, which
/// by CommonMark's rules never is structure.
pub(super) fn cell(text: &str) -> String {
    let line = in_one_line(text);
    let mut escaped = String::with_capacity(line.len());
    for letter in excerpt(&line, LONGEST_CELL).chars() {
        match letter {
            // Harmless alone, and what most sentences are full of.
            ',' | '?' | '\'' | ';' | '%' | '/' => escaped.push(letter),
            letter if letter.is_ascii_punctuation() => {
                escaped.push_str(&format!("&#{};", u32::from(letter)));
            }
            letter => escaped.push(letter),
        }
    }
    escaped.trim().to_owned()
}
