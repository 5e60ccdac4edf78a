//! The page of a comparison of one input.

use std::io;

use super::page::number;
use crate::attention::HeadId;
use crate::batch::report::{DiffPage, HeadTable, PagePicture, PageSide, write_diff_page};
use crate::compare::{Comparison, DifferenceMeasure, Pairing, Thresholds, of_units};
use crate::pipeline::{ShownPicture, side_names};
use crate::render::page::compared::{ComparedRuns, content};
use crate::run::Run;
use crate::store::Format;
use crate::store::diff::{DiffManifest, DiffOptions, HEADS_TABLE, NUMBERS, ROWS_TABLE};

/// So many heads are in the table.
const SHOWN_HEADS: usize = 20;

/// A comparison of one input, or of two on one model, whose page is written.
#[derive(Debug, Clone, Copy)]
pub struct OneComparison<'a> {
    /// What was found.
    pub comparison: &'a Comparison<'a>,
    /// The left run, and the right one.
    pub runs: [&'a Run; 2],
    /// What the two are to one another.
    pub pairing: Pairing,
    /// What was asked for.
    pub options: &'a DiffOptions,
    /// What may not be exceeded.
    pub thresholds: &'a Thresholds,
}

impl OneComparison<'_> {
    /// The page, as its file has it; the pictures lie beside it.
    ///
    /// # Errors
    /// When the maps cannot be written for the script: it is written to memory.
    pub fn page(&self, manifest: &DiffManifest, pictures: &[ShownPicture]) -> io::Result<Vec<u8>> {
        let [left, right] = self.runs;
        let names = side_names(self.runs, self.pairing);
        let captions = |run: &'_ Run| -> Vec<String> {
            let captions = run.input.captions().into_iter();
            captions.map(str::to_owned).collect()
        };
        let texts = [captions(left), captions(right)];
        let of_sides = self.pairing == Pairing::OtherInput;
        let shown = |is_shown: bool, side: usize| -> Vec<&str> {
            let texts = texts[side].iter().filter(|_| is_shown);
            texts.map(String::as_str).collect()
        };
        let unlike = &self.comparison.unlike;
        let selection = &self.comparison.differences.selection;
        let [exceeded, held] = self.limits();
        let numbers: Vec<String> = self
            .options
            .formats
            .iter()
            .filter(|format| matches!(format, Format::Npz | Format::Safetensors))
            .map(|format| format!("{NUMBERS}.{format}"))
            .collect();
        let tables = [
            (HEADS_TABLE, "every head"),
            (ROWS_TABLE, "every row of every head"),
        ];
        let arrays = numbers.iter().map(|name| (name.as_str(), "the numbers"));
        let page = DiffPage {
            sides: [
                PageSide {
                    model: &manifest.left.model,
                    texts: shown(of_sides, 0),
                },
                PageSide {
                    model: &manifest.right.model,
                    texts: shown(of_sides, 1),
                },
            ],
            texts: shown(!of_sides, 0),
            exceeded,
            held,
            notes: manifest.notes.clone(),
            inputs: None,
            shape: [selection.layers.len(), selection.head_indices().len()],
            heads: self.heads(),
            pictures: pictures.iter().map(|shown| self.picture(shown)).collect(),
            unlike: match unlike.is_empty() {
                true => Vec::new(),
                false => vec![(None, unlike.clone())],
            },
            worst: Vec::new(),
            facts: vec![
                ("units", self.options.granularity.to_string()),
                ("sorted by", self.options.measure().to_string()),
            ],
            files: tables.into_iter().chain(arrays).collect(),
            content: content(&ComparedRuns {
                comparison: self.comparison,
                runs: self.runs,
                names: [&names[0], &names[1]],
                pairing: self.pairing,
                ranked_by: self.options.ranked_by,
                is_diff: true,
            })
            .map_err(io::Error::other)?,
        };
        let mut bytes = Vec::new();
        write_diff_page(&page, &mut bytes)?;
        Ok(bytes)
    }

    /// A line for each threshold: those that are exceeded, those that hold.
    fn limits(&self) -> [Vec<String>; 2] {
        let differences = &self.comparison.differences;
        let exceeded = self.thresholds.exceeded(differences);
        let mut lines = [Vec::new(), Vec::new()];
        for (measure, limit) in self.thresholds.limits() {
            let Some((head, value)) = differences.ranked(measure).into_iter().next() else {
                continue;
            };
            let is_exceeded = exceeded.iter().any(|found| found.measure == measure);
            let (place, sign) = if is_exceeded { (0, '>') } else { (1, '≤') };
            let cell = match measure {
                DifferenceMeasure::MaxAbs => self.comparison.greatest_cell(head),
                DifferenceMeasure::JsBits
                | DifferenceMeasure::JsDistanceBits
                | DifferenceMeasure::TotalVariation
                | DifferenceMeasure::Hellinger => None,
            };
            let cell = cell.map(|cell| {
                let [query, key] = cell.names();
                format!(", {query} → {key}")
            });
            let part = of_units(self.comparison.unit_counts().map(|count| count as u64));
            let part = part.map(|part| format!(", {part}"));
            lines[place].push(format!(
                "{measure} {} {sign} {limit}: {head}{}{}",
                number(value),
                cell.unwrap_or_default(),
                part.unwrap_or_default()
            ));
        }
        lines
    }

    fn heads(&self) -> HeadTable {
        let differences = &self.comparison.differences;
        let ids: Vec<HeadId> = differences.selection.head_ids().collect();
        let ranked = differences.ranked(self.options.measure());
        // What is no number differs.
        let is_changed = |(_, value): &(HeadId, f64)| *value != 0.0;
        let changed = ranked.iter().filter(|found| is_changed(found)).count();
        let equal = ranked.len() - changed;
        let row = |id: HeadId| {
            let place = ids.iter().position(|other| *other == id).unwrap_or(0);
            let measures = DifferenceMeasure::ALL.iter().map(|&measure| {
                let value = differences.heads(measure).get(place).copied();
                number(value.unwrap_or(f64::NAN))
            });
            let cell = self.comparison.greatest_cell(id).map(|cell| {
                let [query, key] = cell.names();
                let [left, right] = [cell.left, cell.right].map(|value| number(f64::from(value)));
                format!("{query} → {key}: {left} → {right}")
            });
            let cells = measures.chain([cell.unwrap_or_else(|| "none".to_owned())]);
            (id.to_string(), cells.collect())
        };
        let names = DifferenceMeasure::ALL.iter().map(ToString::to_string);
        HeadTable {
            sorted_by: self.options.measure().to_string(),
            columns: names.chain(["greatest difference".to_owned()]).collect(),
            rows: ranked
                .into_iter()
                .filter(is_changed)
                .take(SHOWN_HEADS)
                .map(|(id, _)| row(id))
                .collect(),
            hidden: changed.saturating_sub(SHOWN_HEADS),
            equal,
            file: HEADS_TABLE,
        }
    }

    fn picture(&self, shown: &ShownPicture) -> PagePicture {
        let measure = self.options.measure();
        PagePicture {
            file: shown.name.clone(),
            size: shown.size,
            bytes: Some(shown.bytes.clone()),
            caption: match shown.head {
                None => format!("{measure} of every head: layers run down, heads across"),
                Some(head) => format!("{head}: left, right, right − left"),
            },
        }
    }
}
