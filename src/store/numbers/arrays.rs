//! Which arrays a file of numbers holds.

use std::borrow::Cow;

use super::super::OutputOptions;
use super::names::{RAW, SHOWN};
use super::neurons::{is_of_neurons, neuron_arrays, value_count};
use super::ragged::by_layer_and_head;
use super::scores::{is_of_scores, score_arrays, values_of_head};
use crate::analysis::{
    Analyses, Direction, MapId, Maps, Profile, Reduction, profile, received_profile,
};
use crate::attention::Attention;
use crate::figure::{FigureError, View, link_between, text_row};
use crate::run::Run;

/// Numbers with a name and a shape, F32, the last dimension fastest.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberArray<'run> {
    /// Its name in the file.
    pub name: String,
    /// The length of each dimension.
    pub shape: Vec<usize>,
    /// All numbers.
    pub values: Cow<'run, [f32]>,
}

impl NumberArray<'_> {
    /// The view that the numbers are of, `None` for what is in every file.
    pub fn view(&self) -> Option<&str> {
        match self.name.as_str() {
            RAW | SHOWN => None,
            name if is_of_neurons(name) => None,
            "mean_all" => Some("mean"),
            "max_all" => Some("max"),
            name if is_of_scores(name) => Some("scores"),
            name => Some(name),
        }
    }

    /// Whether the numbers are of all units of the run, whatever is shown of it:
    /// those of the scores, of how alike heads are, and what scores are made of.
    pub fn is_of_whole_run(&self) -> bool {
        let similarity = View::Similarity.to_string();
        is_of_neurons(&self.name) || is_of_scores(&self.name) || self.name == similarity
    }

    /// Whether it is the maps themselves, which every command writes.
    pub fn is_of_maps(&self) -> bool {
        [RAW, SHOWN].contains(&self.name.as_str())
    }

    /// Where the array stands in a file: what is in every file first.
    pub fn order(&self) -> (bool, bool, &str) {
        (self.name != RAW, self.name != SHOWN, &self.name)
    }

    /// The values, four bytes each.
    pub(super) fn to_le_bytes(&self) -> Vec<u8> {
        let values = self.values.iter();
        values.flat_map(|value| value.to_le_bytes()).collect()
    }
}

/// The raw attention, what is shown where that is something else, and the
/// numbers of the views.
///
/// # Errors
/// When a view is of a unit that is not shown, or there is no rollout.
pub fn arrays<'run>(
    run: &'run Run,
    attention: &'run Attention,
    maps: &'run Maps<'_>,
    analyses: &'run Analyses<'_>,
    options: &OutputOptions,
) -> Result<Vec<NumberArray<'run>>, FigureError> {
    let raw = attention.maps();
    let mut arrays = vec![NumberArray {
        name: RAW.to_owned(),
        shape: raw.shape().to_vec(),
        values: by_layer_and_head(
            raw.selection(),
            raw.values(),
            raw.query_count() * raw.key_count(),
        ),
    }];
    if !std::ptr::eq(maps.values.as_ref(), raw.values()) {
        let [layers, heads, _, _] = raw.shape();
        arrays.push(NumberArray {
            name: SHOWN.to_owned(),
            shape: vec![layers, heads, maps.rows.len(), maps.columns.len()],
            values: by_layer_and_head(raw.selection(), &maps.values, maps.map_size()),
        });
    }
    if let Some(neurons) = &run.neurons {
        let neurons = neuron_arrays(attention, neurons).into_iter();
        arrays.extend(neurons.map(|(name, shape, values)| NumberArray {
            name: name.to_owned(),
            shape,
            values,
        }));
    }
    for view in &options.views {
        match view {
            View::Heads | View::Overview | View::Lines => {}
            View::Mean => arrays.extend(joined("mean", analyses.reduced(Reduction::Mean))),
            View::Max => arrays.extend(joined("max", analyses.reduced(Reduction::Max))),
            View::Unit(direction, choice) => {
                let [_, along] = direction.axes(maps);
                let position = choice.resolve(*direction, run, maps)?;
                let profile = profile(maps, *direction, position);
                arrays.push(by_layer(view, profile, along.len()));
            }
            View::Text(choice) => {
                let profile = match choice {
                    Some(choice) => profile(maps, Direction::From, text_row(run, maps, choice)?),
                    None => received_profile(maps),
                };
                arrays.push(by_layer(view, profile, maps.columns.len()));
            }
            View::Link(from, to) => {
                let link = link_between(run, maps, from, to)?;
                arrays.push(NumberArray {
                    name: view.to_string(),
                    shape: vec![link.layers.len(), link.heads.len()],
                    values: Cow::Owned(link.values),
                });
            }
            View::Rollout => {
                let rollout = analyses.rollout()?;
                arrays.push(NumberArray {
                    name: view.to_string(),
                    shape: vec![rollout.ids.len(), rollout.rows.len(), rollout.columns.len()],
                    values: Cow::Borrowed(&rollout.values),
                });
            }
            View::Similarity => {
                let similarity = analyses.similarity();
                arrays.push(NumberArray {
                    name: view.to_string(),
                    shape: vec![similarity.order.len(); 2],
                    values: Cow::Borrowed(&similarity.values),
                });
            }
            View::Scores => {
                let scores = score_arrays(attention, analyses.scores()).into_iter();
                arrays.extend(scores.map(|(name, shape, values)| NumberArray {
                    name: name.to_owned(),
                    shape,
                    values: Cow::Owned(values),
                }));
            }
        }
    }
    Ok(arrays)
}

/// `[layer, unit]` of a profile.
fn by_layer(view: &View, profile: Option<Profile>, unit_count: usize) -> NumberArray<'static> {
    let layers = profile.map(|profile| profile.by_layer).unwrap_or_default();
    // What a mask forbids is saved as 0.
    let or_nothing = |value: f32| if value.is_nan() { 0.0 } else { value };
    NumberArray {
        name: view.to_string(),
        shape: vec![layers.len(), unit_count],
        values: Cow::Owned(layers.concat().into_iter().map(or_nothing).collect()),
    }
}

/// How many values [`arrays`] is going to have: of `attention`, of `shown` where
/// it is there, of what scores are made of where that is, then of each view.
pub fn lengths(
    run: &Run,
    attention: &Attention,
    maps: &Maps<'_>,
    options: &OutputOptions,
) -> Vec<u64> {
    let product = |sizes: &[usize]| {
        let sizes = sizes.iter().map(|&size| size as u64);
        sizes.fold(1_u64, u64::saturating_mul)
    };
    let raw = attention.maps();
    let [layers, heads, _, _] = raw.shape();
    let (rows, columns) = (maps.rows.len(), maps.columns.len());
    let mut lengths = vec![product(&raw.shape())];
    if !std::ptr::eq(maps.values.as_ref(), raw.values()) {
        lengths.push(product(&[layers, heads, rows, columns]));
    }
    lengths.extend(
        run.neurons
            .iter()
            .map(|neurons| value_count(neurons, [layers, heads])),
    );
    lengths.extend(options.views.iter().map(|view| match view {
        View::Heads | View::Overview | View::Lines => 0,
        View::Mean | View::Max => product(&[layers + 1, rows, columns]),
        View::Unit(Direction::From, _) | View::Text(_) => product(&[layers, columns]),
        View::Unit(Direction::To, _) => product(&[layers, rows]),
        View::Link(..) => product(&[layers, heads]),
        View::Rollout => product(&[layers, rows, columns]),
        View::Similarity => product(&[raw.selection().head_count(); 2]),
        View::Scores => product(&[layers, heads, values_of_head(raw.key_count())]),
    }));
    lengths
}

/// `NAME` of every layer, `[layer, query, key]`, and `NAME_all`, `[query, key]`.
fn joined<'maps>(name: &str, maps: &'maps Maps<'_>) -> [NumberArray<'maps>; 2] {
    let (rows, columns) = (maps.rows.len(), maps.columns.len());
    let layers = maps.selection.layers.len();
    let all = maps.map(MapId::All).unwrap_or_default();
    let by_layer = maps.values.get(..layers * maps.map_size());
    [
        NumberArray {
            name: name.to_owned(),
            shape: vec![layers, rows, columns],
            values: Cow::Borrowed(by_layer.unwrap_or_default()),
        },
        NumberArray {
            name: format!("{name}_all"),
            shape: vec![rows, columns],
            values: Cow::Borrowed(all),
        },
    ]
}
