//! Two folders of runs: batches that were saved with numbers, or folders of
//! runs beside one another.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::compared::{Compared, Failure, Found, Place, other_text};
use super::matching::{Key, Match, matches, two_texts};
use super::numbers::without_numbers;
use super::options::ManyOptions;
use super::tally::Tally;
use super::{DiffError, FolderSide};
use crate::attention::Selection;
use crate::digest::fingerprint;
use crate::input::Input;
use crate::pipeline::OutputError;
use crate::run::Run;
use crate::store::batch_records::{INPUTS, RESULTS, ResultReader, ResultRecord, Status};
use crate::store::numbers::FILES;
use crate::store::saved::{self, ForeignNames, SavedError, SavedRuns};
use crate::store::write::beneath;
use crate::store::{MANIFEST, read_manifest};

/// So many inputs are read at once at most.
const WINDOW_LENGTH: usize = 32;
/// Files of so many bytes are read at once; a greater one alone.
const WINDOW_COST: u64 = 128 << 20;

/// So many runs are tried to learn what a folder holds.
const DESCRIBING_RUNS: usize = 64;

/// Two folders of runs.
#[derive(Debug, Clone)]
pub struct RunFolders {
    /// What is compared.
    pub left: SavedRuns,
    /// What it is compared with.
    pub right: SavedRuns,
}

/// An input of one of the folders.
#[derive(Debug)]
struct Entry {
    id: Box<str>,
    key: Key,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The name of its folder.
    Done(Box<str>),
    /// Why there is none.
    Failed(Box<str>),
}

/// The inputs of a folder, and where their folders lie.
struct Listing {
    root: PathBuf,
    entries: Vec<Entry>,
}

/// What tells a text or pair from others.
pub(super) fn key_of_text(text: Option<&str>, pair: Option<&str>, id: &str) -> u128 {
    match text {
        // JSON, so that no two are written alike.
        Some(text) => fingerprint(&serde_json::json!([text, pair]).to_string()),
        // What could not be read is the same input only where it has the same id.
        None => fingerprint(&serde_json::json!({ "id": id }).to_string()),
    }
}

impl Listing {
    /// Of a batch its results say it, in their order, and which inputs failed; of
    /// other folders the runs themselves.
    fn read(runs: &SavedRuns) -> Result<Self, DiffError> {
        let batch = runs.root.parent().filter(|_| runs.root.ends_with(INPUTS));
        let results = batch.and_then(|batch| Some((batch, beneath::open(batch, RESULTS).ok()?)));
        let root = runs.root.clone();
        let entries = match results {
            Some((batch, results)) => {
                let entries = ResultReader::of(results);
                let entries = entries.map(|record| Ok(Entry::of_record(&record?)));
                entries
                    .collect::<io::Result<_>>()
                    .map_err(|source| DiffError::Read {
                        path: batch.join(RESULTS),
                        source,
                    })?
            }
            None => {
                let entries = runs.names.par_iter();
                entries.map(|name| Entry::of_folder(&root, name)).collect()
            }
        };
        Ok(Self { root, entries })
    }

    fn keys(&self) -> Vec<Key> {
        self.entries.iter().map(|entry| entry.key).collect()
    }
}

impl Entry {
    fn of_record(record: &ResultRecord) -> Self {
        let text = key_of_text(record.text.as_deref(), record.pair.as_deref(), &record.id);
        let name = record.folder.as_deref();
        let name = name.and_then(|name| name.strip_prefix(INPUTS)?.strip_prefix('/'));
        let state = match (record.status, name) {
            // Whatever else a record names is not of this folder.
            (Status::Done, Some(name)) if is_name(name) => State::Done(name.into()),
            (Status::Done, _) => State::Failed("its folder is none of the batch's".into()),
            (Status::Failed, _) => {
                let reason = record.error.as_deref();
                State::Failed(reason.unwrap_or("no reason was recorded").into())
            }
        };
        Self {
            id: record.id.as_str().into(),
            key: Key {
                id: fingerprint(&record.id),
                text,
            },
            state,
        }
    }

    fn of_folder(root: &Path, name: &str) -> Self {
        let manifest = beneath::read(&root.join(name), MANIFEST);
        let manifest = manifest.ok().and_then(|bytes| read_manifest(&bytes).ok());
        let text = match manifest.map(|manifest| manifest.input) {
            Some(Input::Text { text, pair }) => key_of_text(Some(&text), pair.as_deref(), name),
            Some(Input::Translation { .. } | Input::Image { .. }) | None => {
                key_of_text(None, None, name)
            }
        };
        Self {
            id: name.into(),
            key: Key {
                id: fingerprint(name),
                text,
            },
            state: State::Done(name.into()),
        }
    }
}

/// Whether it is the name of a folder that lies in another.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\\']) && beneath::is_relative(Path::new(name))
}

/// Both folders, each input once.
pub(super) struct RunPairs {
    left: Listing,
    right: Listing,
    matches: Vec<Match>,
    /// The ids under which each side has another text.
    two_texts: HashSet<u128>,
}

impl RunFolders {
    /// What each side is, by the first of its runs that can be read.
    ///
    /// # Errors
    /// When none can.
    pub fn describe(&self) -> Result<[FolderSide; 2], DiffError> {
        let side = |runs: &SavedRuns| {
            let mut failure = DiffError::NoAttention;
            for name in runs.names.iter().take(DESCRIBING_RUNS) {
                match saved::read(&runs.root.join(name), &ForeignNames::default()) {
                    Ok(saved) => {
                        let model = saved.run.model.wait().map_err(OutputError::from)?;
                        let attention = saved.run.attention.first();
                        let maps = attention.ok_or(DiffError::NoAttention)?.maps();
                        let selection = maps.selection().clone();
                        return Ok(FolderSide { model, selection });
                    }
                    // Of a batch the command names all of them.
                    Err(SavedError::NothingInFolder { folder }) => {
                        let is_batch = runs.root.ends_with(INPUTS);
                        let place = if is_batch { &runs.root } else { &folder };
                        failure = without_numbers(place);
                    }
                    Err(error) => failure = error.into(),
                }
            }
            Err(failure)
        };
        Ok([side(&self.left)?, side(&self.right)?])
    }

    pub(super) fn open(&self) -> Result<RunPairs, DiffError> {
        let (left, right) =
            rayon::join(|| Listing::read(&self.left), || Listing::read(&self.right));
        let (left, right) = (left?, right?);
        let keys = [left.keys(), right.keys()];
        let matches = matches(&keys[0], &keys[1]);
        let two_texts = two_texts(&matches, &keys);
        let is_both = |found: &Match| matches!(found, Match::Both { .. });
        if !matches.iter().any(is_both) {
            return Err(DiffError::NothingInCommon);
        }
        Ok(RunPairs {
            left,
            right,
            matches,
            two_texts,
        })
    }
}

impl RunPairs {
    /// Compares input by input.
    pub(super) fn each(
        &self,
        options: &ManyOptions,
        tally: &mut Tally<'_>,
        interrupted: &AtomicBool,
    ) -> Result<(), DiffError> {
        let mut index = 0_usize;
        while index < self.matches.len() {
            if interrupted.load(Ordering::Relaxed) {
                return Err(DiffError::Interrupted);
            }
            let end = index + self.window(index);
            let window = (index..end).into_par_iter();
            let compared: Vec<_> = window.map(|index| self.compared(index, options)).collect();
            let fraction = end as f64 / self.matches.len() as f64;
            for compared in compared {
                tally.enter(compared?, Some(fraction))?;
            }
            index = end;
        }
        Ok(())
    }

    /// How many inputs from this one on are read at once, at least one.
    fn window(&self, start: usize) -> usize {
        let mut total = 0_u64;
        let rest = self.matches.iter().skip(start).take(WINDOW_LENGTH);
        let fitting = rest.take_while(|found| {
            total = total.saturating_add(self.size(found));
            total <= WINDOW_COST
        });
        fitting.count().max(1)
    }

    fn size(&self, found: &Match) -> u64 {
        let Match::Both { left, right } = *found else {
            return 0;
        };
        let of = |listing: &Listing, place: usize| -> u64 {
            let entry = listing.entries.get(place);
            let Some(State::Done(name)) = entry.map(|entry| &entry.state) else {
                return 0;
            };
            let folder = listing.root.join(name.as_ref());
            let lengths = FILES.iter().map(|(_, file)| {
                fs::symlink_metadata(folder.join(file)).map_or(0, |found| found.len())
            });
            lengths.max().unwrap_or(0)
        };
        of(&self.left, left).saturating_add(of(&self.right, right))
    }

    fn compared(&self, index: usize, options: &ManyOptions) -> Result<Compared, DiffError> {
        let found = self.matches.get(index).copied();
        let entry = match found {
            Some(Match::Both { left, .. } | Match::LeftOnly(left)) => self.left.entries.get(left),
            Some(Match::RightOnly(right)) => self.right.entries.get(right),
            None => None,
        };
        let id = entry.map_or("", |entry| entry.id.as_ref());
        let line = index as u64 + 1;
        let mut record = ResultRecord::blank(id, "", line);
        let pair = match found {
            Some(Match::Both { left, right }) => self.both(left, right, options),
            Some(Match::LeftOnly(left)) => Err(self.only(&self.left, left, "left")),
            Some(Match::RightOnly(right)) => Err(self.only(&self.right, right, "right")),
            None => Err(Failure::of("it is no input")),
        };
        let compared = match pair {
            Err(failure) => Err(failure),
            Ok((names, runs)) => {
                if let Input::Text { text, pair } = &runs[0].input {
                    record.text = Some(text.clone());
                    record.pair.clone_from(pair);
                }
                let found = Found::of(&runs, options);
                let found = found.map_err(|source| DiffError::of_input(id, source))?;
                found.map(|found| (found, Place::Runs(Arc::new(names))))
            }
        };
        Ok(Compared::new(index as u64, record, compared, options))
    }

    /// Why an input that only one side has is not compared: the other may have
    /// another text under its id.
    fn only(&self, listing: &Listing, place: usize, side: &str) -> Failure {
        let id = listing.entries.get(place).map(|entry| entry.key.id);
        match id.is_some_and(|id| self.two_texts.contains(&id)) {
            true => other_text(side),
            false => only(listing, place, side),
        }
    }

    /// Both runs of an input, and the names of their folders.
    fn both(
        &self,
        left: usize,
        right: usize,
        options: &ManyOptions,
    ) -> Result<([String; 2], [Run; 2]), Failure> {
        let name = |listing: &Listing, place: usize, side: &str| match listing
            .entries
            .get(place)
            .map(|entry| &entry.state)
        {
            Some(State::Done(name)) => Ok(name.to_string()),
            Some(State::Failed(reason)) => Err(Failure::of(reason.as_ref()).on(side)),
            None => Err(Failure::of("it is no input").on(side)),
        };
        let names = [
            name(&self.left, left, "left")?,
            name(&self.right, right, "right")?,
        ];
        let runs = self.read(&names, &options.selection)?;
        match runs[0].input == runs[1].input {
            true => Ok((names, runs)),
            false => Err(Failure::of("its folders are of two different texts")),
        }
    }

    fn read(&self, names: &[String; 2], selection: &Selection) -> Result<[Run; 2], Failure> {
        let [left, right] = names;
        Ok([
            read(&self.left.root, left, selection).map_err(|failure| failure.on("left"))?,
            read(&self.right.root, right, selection).map_err(|failure| failure.on("right"))?,
        ])
    }

    /// Both runs of an input, once more.
    pub(super) fn again(
        &self,
        names: &[String; 2],
        selection: &Selection,
    ) -> Result<[Run; 2], DiffError> {
        let read = self.read(names, selection);
        read.map_err(|failure| DiffError::Changed {
            reason: failure.reason,
        })
    }
}

/// Why an input that only one side has is not compared.
fn only(listing: &Listing, place: usize, side: &str) -> Failure {
    match listing.entries.get(place).map(|entry| &entry.state) {
        Some(State::Failed(reason)) => Failure::of(format!(
            "only the {side} side has it, where it failed: {reason}"
        )),
        Some(State::Done(_)) | None => Failure::of(format!("only the {side} side has it")),
    }
}

/// A run of a folder that is no link, with the heads that are compared.
fn read(root: &Path, name: &str, selection: &Selection) -> Result<Run, Failure> {
    let folder = root.join(name);
    if !beneath::is_real_folder(&folder) {
        return Err(Failure::of(
            "it has no folder, or a symbolic link in its place",
        ));
    }
    let saved = saved::read(&folder, &ForeignNames::default())
        .map_err(|error| Failure::new(without_folder(&error.to_string(), root), error.remedy()))?;
    let Some(attention) = saved.run.attention.first() else {
        return Err(Failure::of("it holds no attention"));
    };
    let held = attention.maps().selection();
    let missing = selection
        .head_ids()
        .find(|head| !held.head_ids().any(|other| other == *head));
    match missing {
        Some(head) => Err(Failure::of(format!(
            "it has no layer {} · head {}, which other inputs have",
            head.layer, head.head
        ))),
        None => Ok(saved.run.select(selection)),
    }
}

/// What an error says without the folder in front: outputs name no places of a
/// machine.
fn without_folder(reason: &str, root: &Path) -> String {
    let root = format!("{}{}", root.display(), std::path::MAIN_SEPARATOR);
    reason.replace(&root, "")
}
