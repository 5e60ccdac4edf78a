//! `index.html` of a batch with `--single-file`: the pages of all inputs in one.

use std::io::{self, Write};
use std::path::Path;

use super::wording::{INCOMPLETE, excerpt, in_one_line, place, reason, visible};
use crate::render::page::many::{ListedInput, ListedOutcome, Listing, write_single};
use crate::store::batch_records::{BatchManifest, ResultReader, ResultRecord, Status};

/// No text is listed further than this, in characters.
const LONGEST_TEXT: usize = 2_000;
/// No name is shown further than this, in characters.
const LONGEST_REASON: usize = 1_000;

/// Writes the page of a batch whose inputs have pages in `folder`, of which one
/// at a time is held.
///
/// # Errors
/// When `results` or a page cannot be read or is none, or `out` cannot be written.
pub fn write_single_page(
    manifest: &BatchManifest,
    folder: &Path,
    results: &Path,
    out: &mut dyn Write,
) -> io::Result<()> {
    let inputs: Vec<ListedInput> = ResultReader::open(results)?
        .map(|record| Ok(listed(&record?)))
        .collect::<io::Result<_>>()?;
    let model = &manifest.model;
    let mut notices = Vec::new();
    if !manifest.complete {
        notices.push(INCOMPLETE.to_owned());
    }
    if let Some(shard) = manifest.shard {
        notices.push(format!(
            "This is shard {shard} of the inputs. Join all shards with attnviz merge."
        ));
    }
    let listing = Listing {
        nouns: ["input", "inputs"],
        model: format!("{} ({})", model.name(), model.source.in_words()),
        notices,
    };
    write_single(&listing, &inputs, folder, out)
}

fn listed(record: &ResultRecord) -> ListedInput {
    let texts = [&record.text, &record.pair];
    let texts: Vec<&str> = texts.into_iter().flatten().map(String::as_str).collect();
    let text = in_one_line(&texts.join(" / "));
    let outcome = match (&record.page, record.status) {
        (Some(page), Status::Done) => ListedOutcome::Page(page.clone()),
        (None, _) | (_, Status::Failed) => ListedOutcome::Failed {
            reason: format!(
                "{} ({})",
                excerpt(&visible(reason(record)), LONGEST_REASON),
                place(record)
            ),
            hint: record.hint.as_ref().map(|hint| visible(hint).into_owned()),
        },
    };
    ListedInput {
        id: record.id.clone(),
        text: excerpt(&text, LONGEST_TEXT).into_owned(),
        outcome,
    }
}
