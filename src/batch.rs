//! Many inputs through the same pipeline: read, tokenize, encode, draw, write.
//!
//! A thread of its own reads and tokenizes (`feed`); it is never far ahead.
//! What it delivers is taken in windows. While one window is drawn and written,
//! the next is encoded, both on all cores, so that memory holds two windows
//! however many inputs there are, and results stand in the order of the inputs.
//! What an input gets does not depend on its window: see
//! [`pipeline::runs`](crate::pipeline::runs).

mod feed;
mod identity;
mod source;
mod window;

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use thiserror::Error;

pub use feed::FeedError;
pub use source::{InputFormat, InputSource, SourceError};

use crate::attention::Selection;
use crate::checkpoint::ModelProvenance;
use crate::output::batch::{
    self as records, BATCH_SCHEMA_VERSION, BatchCounts, BatchManifest, Claim, InputFile, Reports,
    ResultRecord, Shard, Status,
};
use crate::output::write::WriteError;
use crate::output::write::batch_folder::{BatchFolder, BatchFolderError, ResultsFile};
use crate::output::{OptionsRecord, OutputError, OutputOptions};
use crate::pipeline::LoadedModel;
use crate::remedy::Remedy;
use crate::tokenizer::{TokenLimit, Tokenizer, TokenizerError};
use feed::{Feed, Item, Plan};
use window::{Encoded, Finished};

/// What a batch does.
#[derive(Debug, Clone)]
pub struct BatchOptions {
    /// The files, in order.
    pub sources: Vec<InputSource>,
    /// The batch's folder.
    pub output: PathBuf,
    /// What is written of every input.
    pub files: OutputOptions,
    /// The model's layers and heads that are kept.
    pub selection: Selection,
    /// How long inputs may be.
    pub limit: TokenLimit,
    /// The most tokens that the encoder gets at once; a longer input goes
    /// alone.
    pub batch_tokens: usize,
    /// After so many failures the batch ends.
    pub maximum_failures: Option<u64>,
    /// Whether inputs that an earlier batch did are kept.
    pub resume: bool,
    /// The part of the inputs that is done.
    pub shard: Option<Shard>,
    /// Reports beside the folder.
    pub reports: Reports,
}

impl BatchOptions {
    /// What the batch may do with the folder of another.
    fn claim(&self) -> Claim {
        match (self.files.overwrite, self.resume) {
            (true, _) => Claim::Overwrite,
            (false, true) => Claim::Resume,
            (false, false) => Claim::Again,
        }
    }
}

/// Who looks at the inputs.
#[derive(Debug, Clone, Copy)]
pub struct BatchModel<'a> {
    /// Model and tokenizer.
    pub loaded: &'a LoadedModel,
    /// Where they come from.
    pub provenance: &'a ModelProvenance,
}

/// What happens, for a progress bar.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchEvent<'a> {
    /// An input failed, and the batch goes on.
    Failed(&'a ResultRecord),
    /// More inputs are finished.
    Advanced {
        /// How many came to what so far.
        counts: BatchCounts,
        /// How much of all files that is, by their bytes; `None` where a file
        /// has no known size.
        fraction: Option<f64>,
    },
}

/// How a batch ended.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchOutcome {
    /// What the folder's `manifest.json` says.
    pub manifest: BatchManifest,
    /// Inputs that an earlier batch had done.
    pub kept: u64,
    /// Letters of the inputs that no font has, drawn as boxes.
    pub missing_glyphs: BTreeSet<char>,
}

/// Why a batch did not come to its end. Inputs that are done stay.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] BatchFolderError),
    /// A file of inputs cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An input's files could not be written.
    #[error("input {id}: {source}")]
    Output {
        /// The input.
        id: String,
        /// What went wrong.
        source: OutputError,
    },
    /// A file of the batch as a whole could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// `truncate` would fail every input.
    #[error("no input can be cut like this")]
    Truncate(#[source] TokenizerError),
    /// Somebody asked it to stop.
    #[error("interrupted; {done} inputs are done")]
    Interrupted {
        /// Inputs that have their folder.
        done: u64,
    },
}

impl BatchError {
    /// What the user can do about it. What has been done is kept wherever the
    /// batch stopped in its midst.
    pub fn remedy(&self) -> Option<Remedy> {
        let resume_after = |first| Remedy::Resume {
            first: Some(Box::new(first)),
        };
        match self {
            Self::Folder(error) => error.remedy(),
            Self::Source(error) => error.remedy(),
            Self::Truncate(error) => error.remedy(),
            Self::Output { source, .. } => source.remedy().map(resume_after),
            Self::Write(error) => error.remedy().map(resume_after),
            Self::Interrupted { .. } => Some(Remedy::Resume { first: None }),
        }
    }
}

/// How long the batch waits for another input before it starts with those it
/// has, and how often it looks whether it is to stop.
const PATIENCE: Duration = Duration::from_millis(30);

/// Runs a batch to its end. `interrupted` is looked at between inputs.
///
/// # Errors
/// When the machine fails rather than an input: see [`BatchError`].
pub fn run(
    options: &BatchOptions,
    model: BatchModel<'_>,
    interrupted: &AtomicBool,
    observer: &mut dyn FnMut(BatchEvent<'_>),
) -> Result<BatchOutcome, BatchError> {
    for source in &options.sources {
        source.check()?;
    }
    check_limit(options.limit, &model.loaded.tokenizer)?;
    let mut manifest = manifest(options, model.provenance);
    let sha256_of = |position: usize| options.sources.get(position)?.sha256();
    let mut folder = BatchFolder::open(&options.output, &manifest, options.claim(), &sha256_of)?;
    folder.begin(&manifest)?;
    let results = folder.results()?;
    let mut feed = Feed::start(
        Plan {
            sources: options.sources.clone(),
            limit: options.limit,
            shard: options.shard,
            maximum_failures: options.maximum_failures,
        },
        model.loaded.tokenizer.clone(),
    );
    let mut ledger = Ledger {
        results,
        manifest: &mut manifest,
        done_folders: HashSet::new(),
        kept: 0,
        missing_glyphs: BTreeSet::new(),
        total_bytes: options.sources.iter().map(InputSource::size).sum(),
        offsets: vec![0; options.sources.len()],
        last_file: 0,
    };
    let window = window::Context {
        options,
        model,
        folder: &folder,
        interrupted,
    };
    let mut encoded: Vec<Encoded> = Vec::new();
    loop {
        if interrupted.load(Ordering::Relaxed) {
            return Err(BatchError::Interrupted {
                done: ledger.manifest.counts.done,
            });
        }
        // While there is something to draw, nobody waits for more input.
        let wait = encoded.is_empty();
        let items = feed.window(wait, PATIENCE, interrupted, |length| window.cost(length))?;
        if items.is_empty() && encoded.is_empty() {
            if feed.has_ended() {
                break;
            }
            continue;
        }
        let (drawn, next) = rayon::join(|| window.draw(encoded), || window.encode(items));
        for finished in drawn {
            match finished {
                // It was drawn beside the failure that was one too many.
                Ok(finished) if ledger.is_full(options.maximum_failures) => {
                    take_back(&folder, &finished)?;
                }
                Ok(finished) => ledger.enter(finished, observer)?,
                // The loop's next look at the flag tells how many are done.
                Err(BatchError::Interrupted { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        encoded = next;
        if ledger.is_full(options.maximum_failures) {
            break;
        }
    }
    let is_full = ledger.is_full(options.maximum_failures);
    let Ledger {
        results,
        done_folders,
        kept,
        missing_glyphs,
        last_file,
        ..
    } = ledger;
    manifest.complete = feed.is_complete() && encoded.is_empty() && !is_full;
    manifest.input_files = feed.input_files(&options.sources);
    if is_full {
        // How far the files were read ahead is chance.
        let files = manifest.input_files.iter_mut().skip(last_file);
        files.for_each(|file| file.sha256 = None);
    }
    if manifest.complete {
        folder.remove_others(|name| done_folders.contains(&identity::fingerprint(name)))?;
    }
    let manifest = records::finish(folder, results, manifest, &options.reports)?;
    Ok(BatchOutcome {
        manifest,
        kept,
        missing_glyphs,
    })
}

/// Removes what was made of an input that is not to be done; what an earlier
/// batch made stays.
fn take_back(folder: &BatchFolder, finished: &Finished) -> Result<(), WriteError> {
    match &finished.folder_name {
        Some(name) if !finished.was_kept => folder.remove(name),
        _ => Ok(()),
    }
}

/// A number of tokens that is wrong for any input is wrong for all.
fn check_limit(limit: TokenLimit, tokenizer: &Tokenizer) -> Result<(), BatchError> {
    match tokenizer.tokenize("a", None, limit) {
        Err(error @ TokenizerError::TruncateTo { .. }) => Err(BatchError::Truncate(error)),
        _ => Ok(()),
    }
}

/// What is known of the batch before its first input.
fn manifest(options: &BatchOptions, model: &ModelProvenance) -> BatchManifest {
    let input_file = |source: &InputSource| InputFile {
        name: source.name.clone(),
        sha256: None,
    };
    BatchManifest {
        batch_schema_version: BATCH_SCHEMA_VERSION,
        attnviz_version: env!("CARGO_PKG_VERSION").to_owned(),
        model: model.clone(),
        layers: options.selection.layer_indices(),
        heads: options.selection.head_indices(),
        options: OptionsRecord::new(&options.files),
        truncate: options.limit.truncate,
        shard: options.shard,
        complete: false,
        input_files: options.sources.iter().map(input_file).collect(),
        counts: BatchCounts::default(),
        files: Vec::new(),
    }
}

/// What is written down as inputs are finished, in their order.
struct Ledger<'a> {
    results: ResultsFile,
    manifest: &'a mut BatchManifest,
    /// Fingerprints of the folders that belong to the batch.
    done_folders: HashSet<u128>,
    kept: u64,
    missing_glyphs: BTreeSet<char>,
    total_bytes: Option<u64>,
    /// How far each file is done.
    offsets: Vec<u64>,
    /// Which file the last input is of.
    last_file: usize,
}

impl Ledger<'_> {
    fn enter(
        &mut self,
        finished: Finished,
        observer: &mut dyn FnMut(BatchEvent<'_>),
    ) -> Result<(), WriteError> {
        let record = &finished.record;
        self.results.append(record)?;
        let counts = &mut self.manifest.counts;
        counts.inputs += 1;
        match record.status {
            Status::Done => counts.done += 1,
            Status::Failed => counts.failed += 1,
        }
        if let (Status::Done, Some(name)) = (record.status, &finished.folder_name) {
            self.done_folders.insert(identity::fingerprint(name));
        }
        self.kept += u64::from(finished.was_kept);
        self.last_file = finished.file_index;
        self.missing_glyphs.extend(&finished.missing_glyphs);
        if let Some(offset) = self.offsets.get_mut(finished.file_index) {
            *offset = finished.offset;
        }
        if record.status == Status::Failed {
            observer(BatchEvent::Failed(record));
        }
        let done: u64 = self.offsets.iter().sum();
        let fraction = self.total_bytes.filter(|&total| total > 0);
        observer(BatchEvent::Advanced {
            counts: self.manifest.counts,
            fraction: fraction.map(|total| (done as f64 / total as f64).min(1.0)),
        });
        Ok(())
    }

    fn is_full(&self, maximum_failures: Option<u64>) -> bool {
        maximum_failures.is_some_and(|maximum| self.manifest.counts.failed >= maximum)
    }
}

/// An item's place and name, as its record has it.
fn blank_record(item: &Item) -> ResultRecord {
    ResultRecord {
        id: item.id.clone(),
        file: item.file.clone(),
        line: item.line,
        status: Status::Failed,
        folder: None,
        text: None,
        pair: None,
        tokens: Vec::new(),
        truncated_tokens: 0,
        picture: None,
        thumbnail: None,
        error: None,
    }
}
