//! The page of a comparison over many inputs.

use std::io::{self, Write};

use super::options::ManyOptions;
use super::outcome::{ManyOutcome, NearestToLimit};
use super::pictures::{DrawnFile, Pictures};
use crate::batch::report::{
    DiffPage, HeadTable, PageInputs, PagePicture, PageSide, PageWorst, write_diff_page,
};
use crate::compare::{DifferenceMeasure, HeadSpread, Quantity, of_units};
use crate::store::batch_records::RESULTS;
use crate::store::diff::{HEADS_TABLE, ROWS_OF_MANY, SideRecord};
use crate::store::write::StagedFolder;

/// So many heads are in the table.
const SHOWN_HEADS: usize = 20;

/// Writes the page; the results are in the staged folder.
pub(super) fn write_page(
    outcome: &ManyOutcome,
    pictures: &Pictures,
    options: &ManyOptions,
    records: [&SideRecord; 2],
    staged: &StagedFolder,
    out: &mut dyn Write,
) -> io::Result<()> {
    let results = staged.path().join(RESULTS);
    let selection = &options.selection;
    let page = DiffPage {
        sides: records.map(|record| PageSide {
            model: &record.model,
            texts: Vec::new(),
        }),
        texts: Vec::new(),
        exceeded: limits(outcome, true),
        held: limits(outcome, false),
        notes: outcome.notes(options),
        inputs: Some(PageInputs {
            counts: outcome.counts,
            files: &outcome.input_files,
            results: &results,
        }),
        shape: [selection.layers.len(), selection.head_indices().len()],
        heads: table(outcome),
        pictures: page_pictures(outcome, pictures),
        unlike: outcome
            .unlike
            .iter()
            .map(|input| (Some(input.id.clone()), input.units.clone()))
            .collect(),
        worst: worst(outcome, pictures),
        facts: vec![
            ("units", options.diff.granularity.to_string()),
            ("sorted by", outcome.ranked_by.name()),
        ],
        files: vec![
            (HEADS_TABLE, "mean, 95 % and worst of every head"),
            (ROWS_OF_MANY, "a row an input, layer and head"),
        ],
        content: String::new(),
    };
    write_diff_page(&page, out)
}

/// A line for each threshold that is exceeded, or for each that holds.
fn limits(outcome: &ManyOutcome, exceeded: bool) -> Vec<String> {
    let limits = outcome.limits.iter();
    let limits = limits.filter(|limit| limit.is_exceeded() == exceeded);
    limits
        .map(|limit| {
            let part = of_units(outcome.units).map(|part| format!("; {part}"));
            limit.in_words() + &part.unwrap_or_default()
        })
        .collect()
}

impl NearestToLimit {
    /// A line for people, without the word that stands before it.
    pub fn in_words(&self) -> String {
        let sign = if self.is_exceeded() { '>' } else { '≤' };
        let cell = self.cell.as_ref();
        let cell = cell.map(|[query, key]| format!(", {query} → {key}"));
        let more = match self.count {
            0 | 1 => String::new(),
            2 => "; 1 other input is above it".to_owned(),
            count => format!("; {} other inputs are above it", count - 1),
        };
        format!(
            "{} {} {sign} {}: {}, input {:?}{}{more}",
            self.measure,
            number(self.value),
            self.limit,
            self.head,
            self.id,
            cell.unwrap_or_default()
        )
    }
}

impl ManyOutcome {
    /// What the reader has to know, as sentences.
    pub fn notes(&self, options: &ManyOptions) -> Vec<String> {
        let bits = self
            .many
            .means(Quantity::Measure(DifferenceMeasure::JsBits));
        let caution = options.caution.clone().or_else(|| {
            let known: Vec<f64> = bits.into_iter().filter(|value| !value.is_nan()).collect();
            crate::compare::caution(None, &known)
        });
        let mut notes: Vec<String> = caution.into_iter().collect();
        notes.extend(self.other_ids.clone());
        if let Some(id) = &self.first_truncated {
            notes.push(format!(
                "The inputs were truncated, {} of them; the first: {id:?}. {RESULTS} has how many \
                 tokens are cut off each.",
                self.truncated_count
            ));
        }
        if self.unlike_count > 0 {
            notes.push(format!(
                "Of {} not all units are the same on both sides; what one side has alone \
                 is left out of both, without adding it to the rest: {} of {} units are compared.",
                match self.unlike_count {
                    1 => "1 input".to_owned(),
                    count => format!("{count} inputs"),
                },
                self.units[0],
                self.units[1]
            ));
        }
        if self.other_units_count > 0 {
            notes.push(format!(
                "{} not compared: the units of both sides differ. {RESULTS} has them.",
                match self.other_units_count {
                    1 => "1 input is".to_owned(),
                    count => format!("{count} inputs are"),
                }
            ));
        }
        if self.lacks_scores {
            notes.push(
                "Scores of heads are compared only in inputs whose tokens are the same on both \
                 sides: they depend on the tokens."
                    .to_owned(),
            );
        }
        for (side, is_uniform) in ["left", "right"].into_iter().zip(self.is_uniform) {
            if is_uniform {
                let reason = crate::pipeline::UNIFORM;
                notes.push(format!("On the {side} side, in every input {reason}."));
            }
        }
        notes
    }
}

fn table(outcome: &ManyOutcome) -> HeadTable {
    let ranked = outcome.many.ranked(outcome.ranked_by);
    let is_changed = |found: &HeadSpread| found.worst > 0.0;
    let changed = ranked.iter().filter(|found| is_changed(found)).count();
    let equal = ranked.len() - changed;
    let row = |found: HeadSpread| {
        let id = outcome.id_of(found.worst_index).to_owned();
        let numbers = [found.mean, found.p95, found.worst].map(number);
        let cells = numbers.into_iter().chain([id, found.count.to_string()]);
        (found.head.to_string(), cells.collect())
    };
    let columns = ["mean", "95 %", "worst", "in input", "inputs"];
    HeadTable {
        sorted_by: format!("mean {}", outcome.ranked_by.name()),
        columns: columns.map(str::to_owned).into(),
        rows: ranked
            .into_iter()
            .filter(is_changed)
            .take(SHOWN_HEADS)
            .map(row)
            .collect(),
        hidden: changed.saturating_sub(SHOWN_HEADS),
        equal,
        file: HEADS_TABLE,
    }
}

fn page_pictures(outcome: &ManyOutcome, pictures: &Pictures) -> Vec<PagePicture> {
    let quantity = outcome.ranked_by.name();
    let grid = pictures.grid.as_ref().map(|grid| {
        let caption = format!("Mean {quantity} of every head: layers run down, heads across");
        picture(grid, caption)
    });
    let heads = pictures.heads.iter().map(|(head, id, drawn)| {
        let caption =
            format!("{head} in the input where it differs most, {id}: left, right, right − left");
        picture(drawn, caption)
    });
    grid.into_iter().chain(heads).collect()
}

fn picture(drawn: &DrawnFile, caption: String) -> PagePicture {
    PagePicture {
        file: drawn.file.clone(),
        size: drawn.size,
        caption,
        bytes: Some(drawn.bytes.clone()),
    }
}

fn worst(outcome: &ManyOutcome, pictures: &Pictures) -> Vec<PageWorst> {
    let quantity = outcome.ranked_by.name();
    let inputs = pictures
        .worst
        .iter()
        .map(|(input, drawn, content)| PageWorst {
            id: input.id.clone(),
            texts: [&input.text, &input.pair]
                .into_iter()
                .flatten()
                .cloned()
                .collect(),
            value: format!("{quantity} {} in {}", number(input.value), input.head),
            pictures: drawn
                .iter()
                .map(|drawn| picture(drawn, format!("{}: left, right, right − left", input.head)))
                .collect(),
            content: content.clone(),
        });
    inputs.collect()
}

/// A number of few digits, however small it is.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        0.001..=1_000.0 => format!("{value:.4}"),
        _ => format!("{value:.2e}"),
    }
}
