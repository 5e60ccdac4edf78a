//! What the page of a check lets its reader look around in: the maps of inputs in
//! which rules broke, beside the baseline where that has them.

use std::collections::BTreeMap;

use super::CheckError;
use crate::analysis::{Analyses, Maps, RolloutOptions};
use crate::batch::report::CheckInput;
use crate::compare::check::Where;
use crate::compare::{
    Alignment, Comparison, DifferenceMeasure, Pairing, Quantity, UnitPair, UnlikeUnits, differences,
};
use crate::figure::FigureOptions;
use crate::percent::percent_encoded;
use crate::pipeline::OutputError;
use crate::render::RenderError;
use crate::render::page::compared::{ComparedRuns, content as compared_content};
use crate::render::page::content;
use crate::run::Run;
use crate::store::batch_records::PAGE;

/// An input with more cells than this in its maps cannot be opened in the page.
const MOST_CELLS: usize = 4_000_000;
/// All inputs that can be opened in the page take so many bytes at most.
const MOST_BYTES: usize = 48_000_000;

/// The inputs that can be opened, in the order in which rules named them.
#[derive(Debug, Default)]
pub(super) struct Looks {
    pub(super) inputs: Vec<CheckInput>,
    /// Whether there was room for an input, by its name.
    known: BTreeMap<String, bool>,
    length: usize,
}

impl Looks {
    /// An address within the page that opens the place where a rule was found;
    /// `None` where the page has no room for the input.
    fn open(
        &mut self,
        name: String,
        texts: Vec<String>,
        place: &Where,
        more: &str,
        cells: usize,
        content: impl FnOnce() -> Result<String, CheckError>,
    ) -> Result<Option<String>, CheckError> {
        if !self.known.contains_key(&name) {
            let content = match cells <= MOST_CELLS {
                true => content()?,
                false => String::new(),
            };
            let has_room = !content.is_empty() && self.length + content.len() <= MOST_BYTES;
            self.known.insert(name.clone(), has_room);
            if has_room {
                self.length += content.len();
                self.inputs.push(CheckInput {
                    id: name.clone(),
                    texts,
                    content,
                });
            }
        }
        let has_room = self.known.get(&name).copied().unwrap_or(false);
        Ok(has_room.then(|| format!("#input={}{}{more}", percent_encoded(&name), fields(place))))
    }

    /// A model's own maps of an input.
    pub(super) fn run(
        &mut self,
        run: &Run,
        maps: &Maps<'_>,
        place: &Where,
        more: &str,
    ) -> Result<Option<String>, CheckError> {
        let Some(attention) = run.attention.first() else {
            return Ok(None);
        };
        let id = id_of(place);
        self.open(id, texts_of(run), place, more, maps.values.len(), || {
            let analyses = Analyses::new(run, attention, maps, RolloutOptions::default());
            content(run, maps, &analyses, &FigureOptions::default()).map_err(failed)
        })
    }

    /// Those of the baseline beside those of the model under check.
    pub(super) fn beside(
        &mut self,
        run: &Run,
        [before, now]: [&Maps<'_>; 2],
        names: [&str; 2],
        place: &Where,
    ) -> Result<Option<String>, CheckError> {
        let id = format!("{} beside the baseline", id_of(place));
        self.open(id, texts_of(run), place, "", now.values.len(), || {
            let found = differences(before, now).map_err(|source| CheckError::Compare {
                head: place
                    .head
                    .unwrap_or(crate::attention::HeadId { layer: 0, head: 0 }),
                source,
            })?;
            let comparison = Comparison {
                rows: same(now.rows.len()),
                columns: same(now.columns.len()),
                left: before.clone(),
                right: now.clone(),
                differences: found,
                scores: None,
                unlike: UnlikeUnits::default(),
                notes: Vec::new(),
            };
            compared(&comparison, [run, run], names, Pairing::SameInput)
        })
    }

    /// Those of a text beside those of the same with words replaced.
    pub(super) fn replaced(
        &mut self,
        comparison: &Comparison<'_>,
        runs: [&Run; 2],
        names: [&str; 2],
        place: &Where,
    ) -> Result<Option<String>, CheckError> {
        let texts = runs.into_iter().flat_map(texts_of).collect();
        let cells = comparison.left.values.len();
        self.open(id_of(place), texts, place, "", cells, || {
            compared(comparison, runs, names, Pairing::OtherInput)
        })
    }
}

fn compared(
    comparison: &Comparison<'_>,
    runs: [&Run; 2],
    names: [&str; 2],
    pairing: Pairing,
) -> Result<String, CheckError> {
    compared_content(&ComparedRuns {
        comparison,
        runs,
        names,
        pairing,
        ranked_by: Quantity::Measure(DifferenceMeasure::default()),
        is_diff: false,
    })
    .map_err(failed)
}

fn failed(source: RenderError) -> CheckError {
    OutputError::Render {
        file: PAGE.to_owned(),
        source,
    }
    .into()
}

fn id_of(place: &Where) -> String {
    let input = place.input.as_ref();
    input.map(|input| input.id.clone()).unwrap_or_default()
}

fn texts_of(run: &Run) -> Vec<String> {
    let captions = run.input.captions().into_iter();
    captions.map(str::to_owned).collect()
}

/// Each unit beside itself.
fn same(count: usize) -> Alignment {
    Alignment {
        pairs: (0..count)
            .map(|unit| UnitPair {
                left: unit,
                right: unit,
                is_same: true,
            })
            .collect(),
        ..Alignment::default()
    }
}

/// The place as the state of the page has it.
fn fields(place: &Where) -> String {
    let mut fields = String::new();
    if let Some(head) = place.head {
        fields.push_str(&format!("&layer={}&heads={}", head.layer, head.head));
    }
    match (&place.query, &place.key) {
        (Some((_, query)), Some((_, key))) => fields.push_str(&format!("&cell={query},{key}")),
        (Some((_, query)), None) => fields.push_str(&format!("&unit={query}")),
        (None, _) => {}
    }
    fields
}
