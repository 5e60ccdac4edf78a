//! The numbers of views as tables: comma-separated values (RFC 4180, line feeds
//! alone, UTF-8), for spreadsheets and whatever else reads lines.
//!
//! What each head does has a line a head and a column a score. Everything else
//! is long: a column for each dimension, with the labels of units, and `value`.
//! Numbers have as many digits as it takes to read the same `f32`; what is empty
//! stays empty.

use std::fmt::Write;

use super::super::OutputOptions;
use super::arrays::arrays;
use crate::analysis::{Analyses, Axis, Direction, MapId, Maps, Score, similar_heads};
use crate::attention::{Attention, HeadId, Selection};
use crate::figure::{FigureError, View};
use crate::run::Run;

/// So many heads that attend alike are named.
const ALIKE: usize = 3;

/// A table of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its file in the run's folder.
    pub name: String,
    /// The view that it is of, as it is typed.
    pub view: String,
    /// All of the file.
    pub text: String,
}

/// The tables of all views that have numbers: `files` are their names, each with
/// its view, and of a view with two that of all layers last.
///
/// # Errors
/// When a view is of a unit that is not shown, or there is no rollout.
pub fn tables(
    run: &Run,
    attention: &Attention,
    maps: &Maps<'_>,
    analyses: &Analyses<'_>,
    options: &OutputOptions,
    files: Vec<(String, &View)>,
) -> Result<Vec<Table>, FigureError> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let arrays = arrays(run, attention, maps, analyses, options)?;
    let mut tables = Vec::new();
    let mut before: Option<&View> = None;
    for (name, view) in files {
        let is_second = before.replace(view) == Some(view);
        let array_name = match is_second {
            true => format!("{view}_all"),
            false => view.to_string(),
        };
        let array = arrays.iter().find(|array| array.name == array_name);
        let values = array.map_or(&[][..], |array| array.values.as_ref());
        let layers = || Dimension::numbers("layer", &maps.selection.layer_indices());
        let heads = || Dimension::numbers("head", &maps.selection.head_indices());
        let (queries, keys) = (
            || Dimension::units(["query", "query_token"], &maps.rows),
            || Dimension::units(["key", "key_token"], &maps.columns),
        );
        let text = match view {
            View::Heads | View::Overview | View::Lines => continue,
            View::Scores => score_table(run, attention, analyses),
            View::Mean | View::Max => {
                let layers = (!is_second).then(layers);
                long(
                    layers.into_iter().chain([queries(), keys()]).collect(),
                    values,
                )
            }
            View::Unit(Direction::From, _) | View::Text(_) => long(vec![layers(), keys()], values),
            View::Unit(Direction::To, _) => long(vec![layers(), queries()], values),
            View::Link(..) => long(vec![layers(), heads()], values),
            View::Rollout => {
                let rollout = analyses.rollout()?;
                let of_layer = |id: &MapId| match id {
                    MapId::Layer(layer) => Some(*layer),
                    MapId::Head(_) | MapId::All => None,
                };
                let layers: Vec<usize> = rollout.ids.iter().filter_map(of_layer).collect();
                let dimensions = vec![
                    Dimension::numbers("layer", &layers),
                    Dimension::units(["query", "query_token"], &rollout.rows),
                    Dimension::units(["key", "key_token"], &rollout.columns),
                ];
                long(dimensions, values)
            }
            View::Similarity => {
                let selection = attention.maps().selection();
                let dimensions = vec![
                    Dimension::heads("layer,head", selection),
                    Dimension::heads("other_layer,other_head", selection),
                ];
                long(dimensions, values)
            }
        };
        tables.push(Table {
            name,
            view: view.to_string(),
            text,
        });
    }
    Ok(tables)
}

/// What stands in a line for one dimension of an array.
struct Dimension {
    /// The names of its columns, with commas between.
    names: String,
    /// For each index what stands in these columns.
    cells: Vec<String>,
}

impl Dimension {
    fn numbers(name: &str, numbers: &[usize]) -> Self {
        Self {
            names: name.to_owned(),
            cells: numbers.iter().map(usize::to_string).collect(),
        }
    }

    /// Units by the position of their first one in the run, and by label.
    fn units(names: [&str; 2], axis: &Axis) -> Self {
        let units = axis.units.iter();
        Self {
            names: names.join(","),
            cells: units
                .map(|unit| format!("{},{}", unit.first, quoted(&unit.label)))
                .collect(),
        }
    }

    fn heads(names: &str, selection: &Selection) -> Self {
        let heads = selection.head_ids();
        Self {
            names: names.to_owned(),
            cells: heads
                .map(|HeadId { layer, head }| format!("{layer},{head}"))
                .collect(),
        }
    }
}

/// A line for each value of an array, the last dimension fastest.
fn long(dimensions: Vec<Dimension>, values: &[f32]) -> String {
    let names: Vec<&str> = dimensions.iter().map(|one| one.names.as_str()).collect();
    let mut text = format!("{},value\n", names.join(","));
    for (index, &value) in values.iter().enumerate() {
        let mut stride = values.len();
        let mut rest = index;
        for dimension in &dimensions {
            stride /= dimension.cells.len().max(1);
            let place = rest / stride.max(1);
            rest %= stride.max(1);
            text.push_str(dimension.cells.get(place).map_or("", String::as_str));
            text.push(',');
        }
        text.push_str(&number(value));
        text.push('\n');
    }
    text
}

/// A line a head: every score, the unit that receives most, and the heads that
/// attend most alike with their divergences in bits.
fn score_table(run: &Run, attention: &Attention, analyses: &Analyses<'_>) -> String {
    let scores = analyses.scores();
    let [_, keys] = attention.kind().streams();
    let units = run.units(keys);
    let alike = similar_heads(analyses.similarity(), ALIKE);
    let names: Vec<&str> = Score::ALL.iter().map(|score| score.name()).collect();
    let mut text = format!(
        "layer,head,{},received_unit,received_token,like\n",
        names.join(",")
    );
    for (place, HeadId { layer, head }) in scores.selection.head_ids().enumerate() {
        // Writing into a text cannot fail.
        let _ = write!(text, "{layer},{head}");
        for &score in Score::ALL {
            let value = scores.get(score).get(place);
            let _ = write!(text, ",{}", number(value.copied().unwrap_or(f32::NAN)));
        }
        let unit = scores.received_unit.get(place).copied().unwrap_or_default();
        let label = units.get(unit).map_or("", |unit| unit.label.as_str());
        let like = alike.get(place).into_iter().flatten();
        let like: Vec<String> = like
            .map(|(id, bits)| format!("{}.{}={}", id.layer, id.head, number(*bits)))
            .collect();
        let _ = writeln!(text, ",{unit},{},{}", quoted(label), like.join(" "));
    }
    text
}

/// As few digits as give the same number; nothing for what is empty.
pub(in crate::store) fn number(value: f32) -> String {
    match value.is_nan() {
        true => String::new(),
        false => value.to_string(),
    }
}

/// A text as a field: in quotation marks where it has to be.
pub(in crate::store) fn quoted(text: &str) -> String {
    let is_plain = !text.contains(['"', ',', '\n', '\r']);
    match is_plain && text.trim() == text {
        true => text.to_owned(),
        false => format!("\"{}\"", text.replace('"', "\"\"")),
    }
}
