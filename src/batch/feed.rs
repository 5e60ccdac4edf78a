//! The thread that reads inputs ahead of the encoder: their ids, shards and
//! tokens, in the order of the files.

use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use thiserror::Error;

use super::identity::{id_of, is_in_shard};
use super::in_flight::InFlight;
use super::source::{
    FileWarning, Findings, InputSource, Record, RecordError, RecordText, SourceError,
};
use crate::analysis::Annotation;
use crate::digest::fingerprint;
use crate::input::{Input, Prepared};
use crate::pipeline;
use crate::remedy::Remedy;
use crate::store::batch_records::{InputFile, Shard};
use crate::store::folder::file_stem;
use crate::tokenizer::{TokenLimit, Tokenizer};

/// So many inputs are read ahead.
const READ_AHEAD: usize = 32;
/// The most inputs of a window.
const WINDOW_LENGTH: usize = 32;
/// The most that the inputs of a window may cost, in bytes of attention; one
/// input that costs more is a window of its own.
const WINDOW_COST: usize = 128 << 20;

/// Why an input failed before it reached the encoder.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FeedError {
    /// It could not be read.
    #[error("{error}")]
    Unreadable {
        /// Why.
        error: RecordError,
        /// The file that it is in, as results call it.
        file: String,
    },
    /// Its text could not become tokens.
    #[error("{reason}")]
    NotTokenized {
        /// Why.
        reason: String,
        /// What can be done about it.
        remedy: Option<Remedy>,
    },
    /// An input before it has the same id, or one with the same folder.
    #[error(
        "duplicate id {id:?}: {file}:{line} has the same{}",
        if *is_own { "" } else { "; this input has none of its own, and so has that of its line" }
    )]
    DuplicateId {
        /// The id.
        id: String,
        /// Whether the input itself says it, rather than its line.
        is_own: bool,
        /// The file of the input before it, as results call it.
        file: String,
        /// The line of the input before it.
        line: u64,
    },
}

impl FeedError {
    /// What the user can do about it. It is written down for its input, and the
    /// batch goes on.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Unreadable { error, file } => error.remedy_in(Some(file)),
            Self::NotTokenized {
                remedy: Some(Remedy::GiveText | Remedy::GivePair),
                ..
            } => Some(Remedy::FillOrRemoveLine),
            Self::NotTokenized { remedy, .. } => remedy.clone(),
            Self::DuplicateId { .. } => Some(Remedy::GiveOwnIds),
        }
    }
}

/// What the thread does.
pub(super) struct Plan {
    pub sources: Vec<InputSource>,
    pub limit: TokenLimit,
    pub shard: Option<Shard>,
    pub maximum_failures: Option<u64>,
    /// Whether an input fails whose id, or its folder's name, another one had
    /// before.
    pub unique: bool,
}

/// An input with its place and its units.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Its place among all inputs, those of other shards included.
    pub index: u64,
    pub id: String,
    pub folder_name: String,
    /// As results call it.
    pub file: String,
    pub file_index: usize,
    pub line: u64,
    /// Bytes of its file up to its end.
    pub offset: u64,
    pub text: Option<String>,
    pub pair: Option<String>,
    /// What is known of the words of its text, where that is asked for.
    pub annotation: Option<Annotation>,
    pub prepared: Result<Prepared, FeedError>,
}

impl Item {
    /// Bytes of its texts.
    fn length(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        length(&self.text) + length(&self.pair)
    }
}

enum Message {
    Item(Box<Item>),
    EndOfFile {
        sha256: String,
        /// Of all its inputs, those of other shards and those that failed
        /// included.
        findings: Findings,
    },
    Failed(SourceError),
    /// All files were read to their ends.
    End,
}

/// The receiving end.
pub(super) struct Feed {
    messages: Receiver<Message>,
    in_flight: Arc<InFlight>,
    /// Came already, and waits for the next window.
    waiting: VecDeque<Item>,
    digests: Vec<String>,
    /// Of each file that was read to its end.
    findings: Vec<Findings>,
    has_ended: bool,
    is_complete: bool,
}

impl Feed {
    /// Starts the thread. It ends with its files or when the feed is dropped;
    /// nobody waits for it, since a pipe may keep it waiting for ever.
    pub(super) fn start(plan: Plan, tokenizer: Tokenizer) -> Self {
        let (sender, messages) = mpsc::sync_channel(READ_AHEAD);
        let in_flight = Arc::new(InFlight::default());
        let sending = Arc::clone(&in_flight);
        thread::spawn(move || {
            // A feed that is gone wants no more.
            let _ = read(&plan, &tokenizer, &sender, &sending);
        });
        Self {
            messages,
            in_flight,
            waiting: VecDeque::new(),
            digests: Vec::new(),
            findings: Vec::new(),
            has_ended: false,
            is_complete: false,
        }
    }

    /// Waits until the first input is there, or none is, or the batch is
    /// interrupted.
    pub(super) fn wait_for_first(
        &mut self,
        patience: Duration,
        interrupted: &AtomicBool,
    ) -> Result<(), SourceError> {
        while !self.has_ended && !interrupted.load(Ordering::Relaxed) {
            if let Some(item) = self.next(patience)? {
                self.waiting.push_front(item);
                break;
            }
        }
        Ok(())
    }

    /// Whether all files were read, and none holds an input.
    pub(super) fn has_nothing(&self) -> bool {
        self.is_complete && !self.findings.iter().any(Findings::has_inputs)
    }

    /// What is to be said of the files that were read to their ends, with their
    /// names.
    pub(super) fn warnings(&self, sources: &[InputSource]) -> Vec<(String, FileWarning)> {
        let files = sources.iter().zip(&self.findings);
        let warnings = files.flat_map(|(source, findings)| {
            let warnings = findings.warnings().into_iter();
            warnings.map(|warning| (source.name.clone(), warning))
        });
        warnings.collect()
    }

    /// The next inputs in order: as many as a window holds, as long as they
    /// keep coming. With `wait` there is at least one, unless the files end or
    /// the batch is interrupted; without, there may be none.
    pub(super) fn window(
        &mut self,
        wait: bool,
        patience: Duration,
        interrupted: &AtomicBool,
        cost: impl Fn(usize) -> usize,
    ) -> Result<Vec<Item>, SourceError> {
        let mut window: Vec<Item> = Vec::new();
        let mut total = 0_usize;
        while window.len() < WINDOW_LENGTH && !interrupted.load(Ordering::Relaxed) {
            let Some(item) = self.next(patience)? else {
                if self.has_ended || !wait || !window.is_empty() {
                    break;
                }
                continue;
            };
            let length = item
                .prepared
                .as_ref()
                .map_or(0, |input| input.source().len());
            // Long texts are held several times on their way.
            total = total
                .saturating_add(cost(length))
                .saturating_add(item.length().saturating_mul(4));
            if total > WINDOW_COST && !window.is_empty() {
                self.waiting.push_front(item);
                break;
            }
            window.push(item);
        }
        Ok(window)
    }

    /// The next input, `None` if there is none within `patience` or at all.
    fn next(&mut self, patience: Duration) -> Result<Option<Item>, SourceError> {
        if let Some(item) = self.waiting.pop_front() {
            return Ok(Some(item));
        }
        while !self.has_ended {
            match self.messages.recv_timeout(patience) {
                Ok(Message::Item(item)) => {
                    self.in_flight.remove(item.length());
                    return Ok(Some(*item));
                }
                Ok(Message::EndOfFile { sha256, findings }) => {
                    self.digests.push(sha256);
                    self.findings.push(findings);
                }
                Ok(Message::Failed(error)) => return Err(error),
                Ok(Message::End) => {
                    self.has_ended = true;
                    self.is_complete = true;
                }
                Err(RecvTimeoutError::Timeout) => break,
                // The thread stopped after too many failures.
                Err(RecvTimeoutError::Disconnected) => self.has_ended = true,
            }
        }
        Ok(None)
    }

    /// Whether every input was handed out.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended && self.waiting.is_empty()
    }

    /// Whether all files were read to their ends and handed out.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete && self.waiting.is_empty()
    }

    /// The files, with the hashes of those that were read to their ends.
    pub(super) fn input_files(&self, sources: &[InputSource]) -> Vec<InputFile> {
        let digests = self.digests.iter().cloned().map(Some);
        sources
            .iter()
            .zip(digests.chain(std::iter::repeat(None)))
            .map(|(source, sha256)| InputFile {
                name: source.name.clone(),
                sha256,
            })
            .collect()
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.in_flight.open();
    }
}

/// Nobody wants more.
struct Unwanted;

impl<T> From<mpsc::SendError<T>> for Unwanted {
    fn from(_: mpsc::SendError<T>) -> Self {
        Self
    }
}

/// File and line of the first input of every folder.
#[derive(Default)]
struct Seen(HashMap<u128, (usize, u64)>);

impl Seen {
    /// The place of an input before this one that has the folder already.
    fn earlier(&mut self, folder_name: &str, place: (usize, u64)) -> Option<(usize, u64)> {
        match self.0.entry(fingerprint(folder_name)) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(free) => {
                free.insert(place);
                None
            }
        }
    }
}

fn duplicate(plan: &Plan, id: &str, is_own: bool, (file, line): (usize, u64)) -> FeedError {
    let file = plan.sources.get(file).map(|source| source.name.clone());
    FeedError::DuplicateId {
        id: id.to_owned(),
        is_own,
        file: file.unwrap_or_default(),
        line,
    }
}

fn read(
    plan: &Plan,
    tokenizer: &Tokenizer,
    sender: &SyncSender<Message>,
    in_flight: &InFlight,
) -> Result<(), Unwanted> {
    let mut seen = Seen::default();
    let mut failures = 0_u64;
    let mut indices = 0_u64..;
    for (file_index, source) in plan.sources.iter().enumerate() {
        let mut records = match source.open() {
            Ok(records) => records,
            Err(error) => return Ok(sender.send(Message::Failed(error))?),
        };
        let mut findings = Findings::default();
        loop {
            let record = match records.next(source) {
                Ok(Some(record)) => record,
                Ok(None) => break,
                Err(error) => return Ok(sender.send(Message::Failed(error))?),
            };
            findings.see(source, &record);
            let index = indices.next().unwrap_or(u64::MAX);
            let (id, is_own) = id_of(&record, source);
            let folder_name = file_stem(&id);
            if !is_in_shard(&folder_name, plan.shard) {
                continue;
            }
            // A line that is no input takes no folder.
            let earlier = match &record.content {
                Ok(_) if plan.unique => seen.earlier(&folder_name, (file_index, record.line)),
                Ok(_) | Err(_) => None,
            };
            let duplicate = earlier.map(|place| duplicate(plan, &id, is_own, place));
            let prepare = |text: &RecordText| match duplicate {
                Some(error) => Err(error),
                None => {
                    let input = Input::pair(&text.text, text.pair.clone());
                    pipeline::prepare(tokenizer, &input, plan.limit).map_err(|error| {
                        FeedError::NotTokenized {
                            reason: error.to_string(),
                            remedy: error.remedy(),
                        }
                    })
                }
            };
            let name = (index, id, folder_name);
            let item = item(record, name, (source, file_index), prepare);
            failures += u64::from(item.prepared.is_err());
            in_flight.add(item.length());
            sender.send(Message::Item(Box::new(item)))?;
            if plan
                .maximum_failures
                .is_some_and(|maximum| failures >= maximum)
            {
                return Ok(());
            }
        }
        let sha256 = match records.sha256(source) {
            Ok(sha256) => sha256,
            Err(error) => return Ok(sender.send(Message::Failed(error))?),
        };
        sender.send(Message::EndOfFile { sha256, findings })?;
    }
    Ok(sender.send(Message::End)?)
}

fn item(
    record: Record,
    (index, id, folder_name): (u64, String, String),
    (source, file_index): (&InputSource, usize),
    prepare: impl FnOnce(&RecordText) -> Result<Prepared, FeedError>,
) -> Item {
    let prepared = match &record.content {
        Err(error) => Err(FeedError::Unreadable {
            error: error.clone(),
            file: source.name.clone(),
        }),
        Ok(text) => prepare(text),
    };
    let (text, pair, annotation) = match record.content {
        Ok(text) => (Some(text.text), text.pair, text.annotation),
        Err(_) => (None, None, None),
    };
    Item {
        index,
        id,
        folder_name,
        file: source.name.clone(),
        file_index,
        line: record.line,
        offset: record.offset,
        text,
        pair,
        annotation,
        prepared,
    }
}
