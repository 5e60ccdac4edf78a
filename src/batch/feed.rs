//! The thread that reads inputs ahead of the encoder: their ids, shards and
//! tokens, in the order of the files.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use thiserror::Error;

use super::identity::{fingerprint, is_in_shard};
use super::source::{InputSource, Record, RecordText, SourceError};
use crate::output::batch::{InputFile, Shard};
use crate::output::folder::file_stem;
use crate::tokenizer::{TokenLimit, TokenizedInput, Tokenizer};

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
    #[error("{0}")]
    Unreadable(String),
    /// Its text could not become tokens.
    #[error("{0}")]
    NotTokenized(String),
    /// An input before it has the same id, or one with the same folder.
    #[error("duplicate id {id:?}: an input before it has the same")]
    DuplicateId {
        /// The id.
        id: String,
    },
}

/// What the thread does.
pub(super) struct Plan {
    pub sources: Vec<InputSource>,
    pub limit: TokenLimit,
    pub shard: Option<Shard>,
    pub maximum_failures: Option<u64>,
}

/// An input with its place and its tokens.
#[derive(Debug, Clone)]
pub(super) struct Item {
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
    pub tokens: Result<TokenizedInput, FeedError>,
}

enum Message {
    Item(Box<Item>),
    EndOfFile {
        sha256: String,
    },
    Failed(SourceError),
    /// All files were read to their ends.
    End,
}

/// The receiving end.
pub(super) struct Feed {
    messages: Receiver<Message>,
    /// Came already, and waits for the next window.
    waiting: VecDeque<Item>,
    digests: Vec<String>,
    has_ended: bool,
    is_complete: bool,
}

impl Feed {
    /// Starts the thread. It ends with its files or when the feed is dropped;
    /// nobody waits for it, since a pipe may keep it waiting for ever.
    pub(super) fn start(plan: Plan, tokenizer: Tokenizer) -> Self {
        let (sender, messages) = mpsc::sync_channel(READ_AHEAD);
        thread::spawn(move || {
            // A feed that is gone wants no more.
            let _ = read(&plan, &tokenizer, &sender);
        });
        Self {
            messages,
            waiting: VecDeque::new(),
            digests: Vec::new(),
            has_ended: false,
            is_complete: false,
        }
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
            let length = item.tokens.as_ref().map_or(0, |input| input.tokens.len());
            total = total.saturating_add(cost(length));
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
                Ok(Message::Item(item)) => return Ok(Some(*item)),
                Ok(Message::EndOfFile { sha256 }) => self.digests.push(sha256),
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

/// Nobody wants more.
struct Unwanted;

impl<T> From<mpsc::SendError<T>> for Unwanted {
    fn from(_: mpsc::SendError<T>) -> Self {
        Self
    }
}

fn read(plan: &Plan, tokenizer: &Tokenizer, sender: &SyncSender<Message>) -> Result<(), Unwanted> {
    let mut seen: HashSet<u128> = HashSet::new();
    let mut failures = 0_u64;
    for (file_index, source) in plan.sources.iter().enumerate() {
        let mut records = match source.open() {
            Ok(records) => records,
            Err(error) => return Ok(sender.send(Message::Failed(error))?),
        };
        loop {
            let record = match records.next(source) {
                Ok(Some(record)) => record,
                Ok(None) => break,
                Err(error) => return Ok(sender.send(Message::Failed(error))?),
            };
            let id = id_of(&record, source);
            let folder_name = file_stem(&id);
            if !is_in_shard(&folder_name, plan.shard) {
                continue;
            }
            // A line that is no input takes no folder.
            let is_new = record.content.is_err() || seen.insert(fingerprint(&folder_name));
            let item = item(
                record,
                (id, folder_name, is_new),
                (source, file_index),
                |text| {
                    let limit = plan.limit;
                    tokenizer
                        .tokenize(&text.text, text.pair.as_deref(), limit)
                        .map_err(|error| FeedError::NotTokenized(error.to_string()))
                },
            );
            failures += u64::from(item.tokens.is_err());
            sender.send(Message::Item(Box::new(item)))?;
            if plan
                .maximum_failures
                .is_some_and(|maximum| failures >= maximum)
            {
                return Ok(());
            }
        }
        let sha256 = records.sha256();
        sender.send(Message::EndOfFile { sha256 })?;
    }
    Ok(sender.send(Message::End)?)
}

/// The input's own id, or its place.
fn id_of(record: &Record, source: &InputSource) -> String {
    let own = record
        .content
        .as_ref()
        .ok()
        .and_then(|text| text.id.clone());
    own.unwrap_or_else(|| format!("{}{:06}", source.id_prefix, record.line))
}

fn item(
    record: Record,
    (id, folder_name, is_new): (String, String, bool),
    (source, file_index): (&InputSource, usize),
    tokenize: impl Fn(&RecordText) -> Result<TokenizedInput, FeedError>,
) -> Item {
    let tokens = match &record.content {
        Err(reason) => Err(FeedError::Unreadable(reason.clone())),
        Ok(_) if !is_new => Err(FeedError::DuplicateId { id: id.clone() }),
        Ok(text) => tokenize(text),
    };
    let (text, pair) = match record.content {
        Ok(text) => (Some(text.text), text.pair),
        Err(_) => (None, None),
    };
    Item {
        id,
        folder_name,
        file: source.name.clone(),
        file_index,
        line: record.line,
        offset: record.offset,
        text,
        pair,
        tokens,
    }
}
