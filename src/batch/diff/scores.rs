//! Two folders of scores: what heads do on each side, without their maps. Rows
//! stream out of the tables; a row group of each side is in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::compared::{Compared, Failure, Found, Place, other_text};
use super::matching::{Key, Match, matches, two_texts};
use super::options::ManyOptions;
use super::runs::key_of_text;
use super::tally::Tally;
use super::{DiffError, FolderSide};
use crate::attention::{HeadId, Selection};
use crate::batch::scores::{Rows, RowsPlace, ScoredInputs, ScoredRecord, heads_of};
use crate::compare::{CompareError, InputDifferences, NamedUnit, UnlikeUnits, alignment};
use crate::digest::fingerprint;
use crate::remedy::Remedy;
use crate::store::MANIFEST;
use crate::store::batch_records::{
    BatchKind, BatchManifest, RESULTS, ResultReader, ResultRecord, SCORES, Status,
};
use crate::store::tables::{InputScores, ScoredInput};
use crate::store::write::beneath;

/// No model has more heads; a manifest that says so is damaged.
const MOST_HEADS: usize = 1 << 16;

/// The text and the second text of inputs, by their ids.
pub(super) type Texts = BTreeMap<String, [Option<String>; 2]>;

/// Two folders of scores.
#[derive(Debug, Clone)]
pub struct ScoreFolders {
    /// What is compared.
    pub left: PathBuf,
    /// What it is compared with.
    pub right: PathBuf,
}

/// What a folder of scores says of itself.
///
/// # Errors
/// When it is no folder of scores, or its manifest names more heads than any
/// model has.
pub(super) fn manifest_of(folder: &Path) -> Result<BatchManifest, DiffError> {
    let path = folder.join(MANIFEST);
    let damaged = |reason: String| DiffError::Damaged {
        path: path.clone(),
        reason,
    };
    let bytes = beneath::read(folder, MANIFEST).map_err(|source| DiffError::Read {
        path: path.clone(),
        source,
    })?;
    let manifest: BatchManifest =
        serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    let head_count = manifest.layers.len().saturating_mul(manifest.heads.len());
    if manifest.kind != BatchKind::Scores {
        return Err(damaged("it is not that of a folder of scores".to_owned()));
    }
    match head_count {
        0 => Err(damaged("it names no heads".to_owned())),
        count if count > MOST_HEADS => Err(damaged(format!("it names {count} heads"))),
        _ => Ok(manifest),
    }
}

/// An input of one of the folders.
struct Entry {
    id: Box<str>,
    key: Key,
    /// What tells its units from others.
    units: u128,
    /// How many of its tokens were cut off.
    truncated: usize,
    state: State,
}

enum State {
    Done(RowsPlace),
    /// Why there are none.
    Failed(Box<str>),
}

/// The inputs of a folder, read once for their places.
struct Listing {
    root: PathBuf,
    selection: Selection,
    heads: Vec<HeadId>,
    entries: Vec<Entry>,
}

impl Listing {
    fn read(root: &Path, interrupted: &AtomicBool) -> Result<Self, DiffError> {
        let manifest = manifest_of(root)?;
        let selection = Selection::of(&manifest.layers, &manifest.heads);
        let heads = heads_of(&manifest);
        let inputs = ScoredInputs::open(root, heads.clone()).map_err(read_error(root, RESULTS))?;
        let mut entries = Vec::new();
        for input in inputs {
            if interrupted.load(Ordering::Relaxed) {
                return Err(DiffError::Interrupted);
            }
            let input = input.map_err(read_error(root, SCORES))?;
            entries.push(Entry::of(&input));
        }
        Ok(Self {
            root: root.to_owned(),
            selection,
            heads,
            entries,
        })
    }

    fn keys(&self) -> Vec<Key> {
        self.entries.iter().map(|entry| entry.key).collect()
    }

    /// The places of heads among those that the tables have.
    fn places(&self, heads: &[HeadId]) -> Option<Vec<usize>> {
        let place = |head: &HeadId| self.heads.iter().position(|other| other == head);
        heads.iter().map(place).collect()
    }
}

impl Entry {
    fn of(input: &ScoredRecord) -> Self {
        let record = &input.record;
        let state = match &input.scores {
            Some(_) => State::Done(input.place),
            None => {
                let reason = record.error.as_deref();
                State::Failed(reason.unwrap_or("no reason was recorded").into())
            }
        };
        Self {
            truncated: record.truncated_tokens,
            id: record.id.as_str().into(),
            key: Key {
                id: fingerprint(&record.id),
                text: key_of_text(record.text.as_deref(), record.pair.as_deref(), &record.id),
            },
            units: fingerprint(&serde_json::json!(record.tokens).to_string()),
            state,
        }
    }
}

fn read_error(root: &Path, name: &str) -> impl Fn(io::Error) -> DiffError {
    let path = root.join(name);
    move |source| match source.kind() {
        io::ErrorKind::InvalidData => DiffError::Damaged {
            path: path.clone(),
            reason: source.to_string(),
        },
        _ => DiffError::Read {
            path: path.clone(),
            source,
        },
    }
}

/// The rows of a folder, an input at a time: the group that was read last stays.
struct Reader<'a> {
    listing: &'a Listing,
    rows: Rows,
    /// Of the table's heads, those that are compared.
    places: Vec<usize>,
    last: Option<((usize, usize), Vec<ScoredInput>)>,
}

impl<'a> Reader<'a> {
    fn new(listing: &'a Listing, places: Vec<usize>) -> Self {
        Self {
            listing,
            rows: Rows::open(&listing.root, listing.heads.clone()),
            places,
            last: None,
        }
    }

    fn scores(&mut self, place: RowsPlace) -> Result<&InputScores, DiffError> {
        let group = (place.file, place.group);
        let is_there = matches!(&self.last, Some((last, _)) if *last == group);
        if !is_there {
            let inputs = self.rows.group(place);
            let inputs = inputs.map_err(read_error(&self.listing.root, SCORES))?;
            self.last = Some((group, inputs));
        }
        let inputs = self.last.as_ref().map(|(_, inputs)| inputs);
        let input = inputs.and_then(|inputs| inputs.get(place.position));
        let input = input.ok_or_else(|| DiffError::Damaged {
            path: self.listing.root.join(SCORES),
            reason: "it changed meanwhile".to_owned(),
        })?;
        Ok(&input.scores)
    }

    /// The scores of the heads that are compared, `[score, head]`, and how many
    /// units the input has.
    fn values(&mut self, place: RowsPlace) -> Result<(Vec<f32>, usize), DiffError> {
        let places = std::mem::take(&mut self.places);
        let read = self.scores(place).map(|scores| {
            let chosen = scores.scores().flat_map(|(_, values)| {
                let value = |&place: &usize| values.get(place).copied().unwrap_or(f32::NAN);
                places.iter().map(value).collect::<Vec<f32>>()
            });
            (chosen.collect(), scores.tokens as usize)
        });
        self.places = places;
        read
    }
}

impl ScoreFolders {
    /// What each side is.
    ///
    /// # Errors
    /// When one is no folder of scores.
    pub fn describe(&self) -> Result<[FolderSide; 2], DiffError> {
        let side = |folder: &Path| {
            let manifest = manifest_of(folder)?;
            Ok::<_, DiffError>(FolderSide {
                selection: Selection::of(&manifest.layers, &manifest.heads),
                model: manifest.model,
            })
        };
        Ok([side(&self.left)?, side(&self.right)?])
    }

    /// The texts and second texts of some inputs of the left side, by their ids.
    pub(super) fn texts(&self, ids: &BTreeSet<&str>) -> Result<Texts, DiffError> {
        let failed = read_error(&self.left, RESULTS);
        let results = beneath::open(&self.left, RESULTS).map_err(&failed)?;
        let mut texts = Texts::new();
        for record in ResultReader::of(results) {
            let record = record.map_err(&failed)?;
            if ids.contains(record.id.as_str()) {
                texts.insert(record.id, [record.text, record.pair]);
            }
        }
        Ok(texts)
    }

    /// Compares input by input.
    pub(super) fn each(
        &self,
        options: &ManyOptions,
        tally: &mut Tally<'_>,
        interrupted: &AtomicBool,
    ) -> Result<(), DiffError> {
        let (left, right) = rayon::join(
            || Listing::read(&self.left, interrupted),
            || Listing::read(&self.right, interrupted),
        );
        let (left, right) = (left?, right?);
        let heads: Vec<HeadId> = options.selection.head_ids().collect();
        let (Some(left_places), Some(right_places)) = (left.places(&heads), right.places(&heads))
        else {
            let sides = [&left, &right].map(|listing| listing.selection.clone());
            return Err(CompareError::OtherHeads {
                sides: Box::new(sides),
            }
            .into());
        };
        let keys = [left.keys(), right.keys()];
        let matches = matches(&keys[0], &keys[1]);
        let two_texts = two_texts(&matches, &keys);
        let is_of_two =
            |entry: Option<&Entry>| entry.is_some_and(|entry| two_texts.contains(&entry.key.id));
        let is_both = |found: &Match| matches!(found, Match::Both { .. });
        if !matches.iter().any(is_both) {
            return Err(DiffError::NothingInCommon);
        }
        let mut readers = [
            Reader::new(&left, left_places),
            Reader::new(&right, right_places),
        ];
        let mut tokens = [TokensReader::new(&left), TokensReader::new(&right)];
        let count = matches.len() as f64;
        for (index, found) in matches.into_iter().enumerate() {
            if interrupted.load(Ordering::Relaxed) {
                return Err(DiffError::Interrupted);
            }
            let (entry, outcome) = match found {
                Match::Both {
                    left: one,
                    right: other,
                } => {
                    let entries = [left.entries.get(one), right.entries.get(other)];
                    (entries[0], both(entries, &mut readers, &mut tokens)?)
                }
                Match::LeftOnly(place) => {
                    let entry = left.entries.get(place);
                    let failure = match is_of_two(entry) {
                        true => other_text("left"),
                        false => only(entry, "left"),
                    };
                    (entry, Err(failure))
                }
                Match::RightOnly(place) => {
                    let entry = right.entries.get(place);
                    let failure = match is_of_two(entry) {
                        true => other_text("right"),
                        false => only(entry, "right"),
                    };
                    (entry, Err(failure))
                }
            };
            let id = entry.map_or("", |entry| entry.id.as_ref());
            let record = ResultRecord::blank(id, "", index as u64 + 1);
            let outcome = outcome.map(|found| (found, Place::Nowhere));
            let compared = Compared::new(index as u64, record, outcome, options);
            tally.enter(compared, Some((index + 1) as f64 / count))?;
        }
        Ok(())
    }
}

/// The differences of an input that both folders have.
fn both(
    entries: [Option<&Entry>; 2],
    readers: &mut [Reader<'_>; 2],
    tokens: &mut [TokensReader<'_>; 2],
) -> Result<Result<Found, Failure>, DiffError> {
    let [Some(left), Some(right)] = entries else {
        return Ok(Err(Failure::of("it is no input")));
    };
    let places = match (&left.state, &right.state) {
        (State::Failed(reason), _) => return Ok(Err(Failure::of(reason.as_ref()).on("left"))),
        (_, State::Failed(reason)) => return Ok(Err(Failure::of(reason.as_ref()).on("right"))),
        (State::Done(left), State::Done(right)) => [*left, *right],
    };
    if left.units != right.units {
        let [of_left, of_right] = tokens;
        let unlike = unlike(&of_left.of(&left.id)?, &of_right.of(&right.id)?);
        let failure = Failure::from(CompareError::UnitsDiffer { unlike });
        return Ok(Err(Failure {
            remedy: Some(Box::new(Remedy::CompareModelsByWords)),
            ..failure
        }));
    }
    let truncated = left.truncated.max(right.truncated);
    let [of_left, of_right] = readers;
    let (left, tokens) = of_left.values(places[0])?;
    let (right, _) = of_right.values(places[1])?;
    let scores = left.iter().zip(&right);
    let scores = scores.map(|(&left, &right)| f64::from(right) - f64::from(left));
    Ok(Ok(Found {
        tokens,
        units: [tokens, tokens],
        truncated,
        other_ids: None,
        differences: InputDifferences {
            measures: Vec::new(),
            scores: scores.collect(),
        },
        greatest_cell: None,
        unlike: UnlikeUnits::new(),
        is_uniform: [None, None],
    }))
}

/// The tokens of a folder's inputs, read once more. They are mostly asked for in
/// their order, so that the results are gone through once.
struct TokensReader<'a> {
    root: &'a Path,
    results: Option<ResultReader>,
}

impl<'a> TokensReader<'a> {
    fn new(listing: &'a Listing) -> Self {
        Self {
            root: &listing.root,
            results: None,
        }
    }

    fn of(&mut self, id: &str) -> Result<Vec<String>, DiffError> {
        let failed = read_error(self.root, RESULTS);
        // From here to the end, then from the start.
        for _ in 0..2 {
            let mut results = match self.results.take() {
                Some(results) => results,
                None => ResultReader::of(beneath::open(self.root, RESULTS).map_err(&failed)?),
            };
            while let Some(record) = results.next() {
                let record = record.map_err(&failed)?;
                if record.id == id && record.status == Status::Done {
                    self.results = Some(results);
                    return Ok(record.tokens);
                }
            }
        }
        Ok(Vec::new())
    }
}

/// The tokens of an input that its two sides do not have in common.
fn unlike(left: &[String], right: &[String]) -> UnlikeUnits {
    let sides = [left, right];
    let found = alignment(left, right);
    let mut unlike = UnlikeUnits::new();
    let mut start = [0, 0];
    let same = found.pairs.iter().filter(|pair| pair.is_same);
    let same = same.map(|pair| [pair.left, pair.right]);
    for ends in same.chain([sides.map(<[String]>::len)]) {
        let named = |side: usize, row: usize| {
            let position = start[side] + row;
            let is_here = position < ends[side];
            let text = sides[side].get(position).filter(|_| is_here)?.clone();
            Some(NamedUnit { position, text })
        };
        let rows = (0..2).map(|side| ends[side].saturating_sub(start[side]));
        let rows = rows.max().unwrap_or(0);
        unlike.extend((0..rows).map(|row| [named(0, row), named(1, row)]));
        start = ends.map(|end| end + 1);
    }
    unlike
}

/// Why an input that only one side has is not compared.
fn only(entry: Option<&Entry>, side: &str) -> Failure {
    match entry.map(|entry| &entry.state) {
        Some(State::Failed(reason)) => Failure::of(format!(
            "only the {side} side has it, where it failed: {reason}"
        )),
        Some(State::Done(_)) | None => Failure::of(format!("only the {side} side has it")),
    }
}
