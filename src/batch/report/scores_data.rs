//! What the script of a batch of scores' page is told: every number of
//! `heads.csv` and `relations.csv`, and of `examples.jsonl` as much as a page
//! holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde::Serialize;

use super::score_meaning::{meaning, quantiles_in_words};
use super::scores_command::{command, place};
use super::wording::visible;
use crate::analysis::{HeadStatistics, OFFSETS, Score, Statistics, quantile_step};
use crate::attention::HeadId;
use crate::render::page::command::model_words;
use crate::render::page::scores::color_tables;
use crate::store::batch_records::{BatchManifest, EXAMPLES};
use crate::store::tables::{End, Example, RankedRelation};

/// So many examples are in a page: with their texts, some megabytes.
const MOST_EXAMPLES: usize = 120_000;
/// No text is longer, in characters.
const LONGEST_TEXT: usize = 300;

/// All of it but the numbers. `assets/page/scores/data.js` has the same shape as a
/// type.
#[derive(Serialize)]
struct Data<'a> {
    attnviz: &'a str,
    model: String,
    /// Inputs with scores.
    inputs: u64,
    layers: Vec<Layer>,
    scores: Vec<ScoreData>,
    relations: Vec<RelationData<'a>>,
    offsets: [i32; OFFSETS.len()],
    /// So many examples of each end are here.
    examples: usize,
    colormaps: Vec<(&'static str, String)>,
    /// Of what has a sign, on light and on dark paper.
    colors: [String; 2],
    command: Vec<String>,
    /// Where the command finds what it names.
    place: String,
    /// The options that name the model.
    draw: Vec<String>,
}

#[derive(Serialize)]
struct Layer {
    layer: usize,
    heads: Vec<usize>,
}

#[derive(Serialize)]
struct ScoreData {
    name: &'static str,
    unit: &'static str,
    meaning: &'static str,
    /// How far the lowest marks of quantiles are apart.
    step: f64,
    /// How exact they are, in words.
    quantiles: String,
}

#[derive(Serialize)]
struct RelationData<'a> {
    name: &'a str,
    words: u64,
    left_out: u64,
    /// Right answers of each fixed offset.
    right_by_offset: [u64; OFFSETS.len()],
}

/// Inputs at the ends of scores, each named by its place.
#[derive(Serialize, Default)]
struct Examples {
    inputs: Vec<ExampleInput>,
    /// What links are called.
    labels: Vec<String>,
    /// Score, then head: the greatest values first, then the smallest.
    ends: Vec<Vec<[Vec<ExampleData>; 2]>>,
}

#[derive(Serialize)]
struct ExampleInput {
    id: String,
    text: Option<String>,
    pair: Option<String>,
    /// Whether the texts are all there, as they were.
    whole: bool,
}

/// Input, value, and the strongest link: query and its label, key and its label,
/// value.
#[derive(Serialize)]
#[serde(untagged)]
enum ExampleData {
    Linked(usize, f32, usize, usize, usize, usize, f32),
    Plain(usize, f32),
}

/// The data of a page: JSON, and bytes under their names.
pub(super) struct ScoresContent {
    pub json: String,
    pub blocks: Vec<(&'static str, Vec<u8>)>,
}

impl ScoresContent {
    /// # Errors
    /// When the examples in the folder at `root` cannot be read or are none.
    pub fn new(
        manifest: &BatchManifest,
        statistics: &Statistics,
        relations: &[RankedRelation],
        root: &Path,
    ) -> io::Result<Self> {
        let scores: Vec<(Score, Vec<HeadStatistics>)> = Score::ALL
            .iter()
            .map(|&score| (score, statistics.of(score)))
            .filter(|(_, heads)| !heads.is_empty())
            .collect();
        let places: BTreeMap<HeadId, usize> = statistics.heads().iter().copied().zip(0..).collect();
        let examples_of_end = examples_of_end(scores.len(), places.len());
        let examples = examples(&scores, &places, examples_of_end, &root.join(EXAMPLES))?;
        let (colormaps, colors) = color_tables();
        let data = Data {
            attnviz: &manifest.attnviz_version,
            model: manifest.model.name(),
            inputs: manifest.counts.done,
            layers: layers(statistics.heads()),
            scores: scores
                .iter()
                .map(|(score, _)| ScoreData {
                    name: score.name(),
                    unit: score.unit(),
                    meaning: meaning(*score),
                    step: quantile_step(*score),
                    quantiles: quantiles_in_words(*score),
                })
                .collect(),
            relations: relations
                .iter()
                .map(|relation| RelationData {
                    name: &relation.name,
                    words: relation.found.words,
                    left_out: relation.found.left_out,
                    right_by_offset: relation.found.right_by_offset,
                })
                .collect(),
            offsets: OFFSETS,
            examples: examples_of_end,
            colormaps,
            colors,
            command: command(manifest),
            place: place(manifest),
            draw: model_words(&manifest.model),
        };
        Ok(Self {
            json: serde_json::to_string(&data)?,
            blocks: vec![
                ("statistics", statistics_bytes(&scores, &places)),
                ("relations", relation_bytes(relations, places.len())),
                ("examples", serde_json::to_vec(&examples)?),
            ],
        })
    }
}

fn layers(heads: &[HeadId]) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    for head in heads {
        match layers.last_mut() {
            Some(layer) if layer.layer == head.layer => layer.heads.push(head.head),
            _ => layers.push(Layer {
                layer: head.layer,
                heads: vec![head.head],
            }),
        }
    }
    layers
}

/// `[field, score, head]`: mean, standard deviation, 5 %, 50 % and 95 % as `f32`,
/// NaN for what is empty, then the number of inputs as `u32`.
fn statistics_bytes(
    scores: &[(Score, Vec<HeadStatistics>)],
    places: &BTreeMap<HeadId, usize>,
) -> Vec<u8> {
    let count = places.len();
    let mut numbers = vec![f32::NAN; 5 * scores.len() * count];
    let mut counts = vec![0_u32; scores.len() * count];
    for (score, (_, heads)) in scores.iter().enumerate() {
        for head in heads {
            let Some(&place) = places.get(&head.head) else {
                continue;
            };
            let [low, middle, high] = head.quantiles;
            let deviation = head.standard_deviation.unwrap_or(f64::NAN);
            let fields = [head.mean, deviation, low, middle, high];
            for (field, value) in fields.into_iter().enumerate() {
                let is_empty = value.is_nan();
                numbers[(field * scores.len() + score) * count + place] = match is_empty {
                    true => f32::NAN,
                    false => value as f32,
                };
            }
            counts[score * count + place] = u32::try_from(head.count).unwrap_or(u32::MAX);
        }
    }
    let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
    let counts = counts.iter().flat_map(|count| count.to_le_bytes());
    numbers.chain(counts).collect()
}

/// `[relation, direction, head]`: right answers, as `u32`.
fn relation_bytes(relations: &[RankedRelation], head_count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for relation in relations {
        for direction in 0..2 {
            for head in 0..head_count {
                let right = relation.found.right.get(head);
                let right = right.map_or(0, |right| right[direction]);
                bytes.extend(u32::try_from(right).unwrap_or(u32::MAX).to_le_bytes());
            }
        }
    }
    bytes
}

/// How many examples of each end a page has room for: `examples.jsonl` has three.
fn examples_of_end(score_count: usize, head_count: usize) -> usize {
    let ends = 2 * score_count * head_count;
    (MOST_EXAMPLES / ends.max(1)).min(3)
}

/// Reads as many of each end as there is room for.
fn examples(
    scores: &[(Score, Vec<HeadStatistics>)],
    places: &BTreeMap<HeadId, usize>,
    most: usize,
    path: &Path,
) -> io::Result<Examples> {
    if most == 0 {
        return Ok(Examples::default());
    }
    let score_places: BTreeMap<&str, usize> = scores
        .iter()
        .enumerate()
        .map(|(place, (score, _))| (score.name(), place))
        .collect();
    let of_heads = || places.iter().map(|_| <[Vec<_>; 2]>::default()).collect();
    let mut found = Examples {
        ends: scores.iter().map(|_| of_heads()).collect(),
        ..Examples::default()
    };
    let mut inputs: BTreeMap<u64, usize> = BTreeMap::new();
    let mut labels: BTreeMap<String, usize> = BTreeMap::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let example: Example = serde_json::from_str(&line?)?;
        let head = HeadId {
            layer: example.layer,
            head: example.head,
        };
        let score = score_places.get(example.score.as_str());
        let (Some(&score), Some(&place)) = (score, places.get(&head)) else {
            continue;
        };
        if example.rank > most {
            continue;
        }
        let input = *inputs.entry(example.index).or_insert_with(|| {
            found.inputs.push(ExampleInput::new(&example));
            found.inputs.len() - 1
        });
        let mut label = |label: &str| {
            let next = labels.len();
            *labels.entry(visible(label).into_owned()).or_insert(next)
        };
        let data = match &example.link {
            Some(link) => ExampleData::Linked(
                input,
                example.value,
                link.query,
                label(&link.query_label),
                link.key,
                label(&link.key_label),
                link.value,
            ),
            None => ExampleData::Plain(input, example.value),
        };
        let end = match example.end {
            End::Most => 0,
            End::Least => 1,
        };
        found.ends[score][place][end].push(data);
    }
    let by_place: BTreeSet<(usize, String)> = labels
        .into_iter()
        .map(|(name, place)| (place, name))
        .collect();
    found.labels = by_place.into_iter().map(|(_, name)| name).collect();
    Ok(found)
}

impl ExampleInput {
    fn new(example: &Example) -> Self {
        let mut whole = example.text.is_some();
        let mut shown = |text: &str| {
            let cut: String = text.chars().take(LONGEST_TEXT).collect();
            // A file of examples ends what it cut with this.
            whole &= cut == text && !text.ends_with('…') && visible(text) == text;
            match cut == text {
                true => visible(&cut).into_owned(),
                false => format!("{}…", visible(&cut)),
            }
        };
        let [text, pair] =
            [&example.text, &example.pair].map(|text| text.as_deref().map(&mut shown));
        Self {
            id: visible(&example.id).into_owned(),
            text,
            pair,
            whole,
        }
    }
}
