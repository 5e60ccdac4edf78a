//! The loop of a batch.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::error::BatchError;
use super::feed::{Feed, Plan};
use super::finish::{finish, finish_scores};
use super::ledger::Ledger;
use super::options::{BatchModel, BatchOptions};
use super::outcome::{BatchEvent, BatchOutcome};
use super::overlap::check_places;
use super::room::{check_count, check_room};
use super::scores::{KeptScores, Table, heads_of};
use super::source::InputSource;
use super::stage::has_thumbnails;
use super::window::{self, Encoded, Finished};
use crate::attention::MapMemory;
use crate::checkpoint::ModelProvenance;
use crate::digest::fingerprint;
use crate::render::page::many::MOST_INPUTS;
use crate::store::OptionsRecord;
use crate::store::batch_records::{
    BATCH_SCHEMA_VERSION, BatchCounts, BatchKind, BatchManifest, InputFile,
};
use crate::store::write::WriteError;
use crate::store::write::batch_folder::BatchFolder;
use crate::tokenizer::{TokenLimit, Tokenizer, TokenizerError};

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
    InputSource::check(&options.sources)?;
    check_places(&options.sources, &options.output, &options.reports)?;
    options.reports.check()?;
    check_limit(options.limit, &model.loaded.tokenizer).map_err(BatchError::Truncate)?;
    let mut manifest = manifest(options, model.provenance);
    let sha256_of = |position: usize| options.sources.get(position)?.sha256();
    let mut folder = BatchFolder::open(&options.output, &manifest, options.claim(), &sha256_of)?;
    let mut feed = Feed::start(
        Plan {
            sources: options.sources.clone(),
            limit: options.limit,
            shard: options.shard,
            maximum_failures: options.maximum_failures,
            unique: true,
        },
        model.loaded.tokenizer.clone(),
    );
    // A pipe tells only now whether there is anything: an earlier batch stays
    // where there is not.
    feed.wait_for_first(PATIENCE, interrupted)?;
    if feed.has_nothing() {
        return Err(InputSource::empty(&options.sources).into());
    }
    if options.single_file {
        check_count(&options.sources, MOST_INPUTS)?;
    }
    if options.kind.is_pictures() {
        let has_thumbnails = has_thumbnails(&options.files);
        check_room(&folder, &options.sources, options.shard, has_thumbnails)?;
    }
    folder.begin(&manifest)?;
    let results = folder.results()?;
    let heads = heads_of(&manifest);
    let (kept, table) = match options.kind {
        BatchKind::Pictures => (None, None),
        BatchKind::Scores => {
            let kept = options.resume.then(|| KeptScores::open(&folder, &heads));
            (kept, Some(Table::new(&folder, heads)))
        }
    };
    let mut ledger = Ledger {
        results,
        table,
        manifest: &mut manifest,
        done_folders: HashSet::new(),
        kept: 0,
        missing_glyphs: BTreeSet::new(),
        is_uniform: None,
        total_bytes: options.sources.iter().map(InputSource::size).sum(),
        offsets: vec![0; options.sources.len()],
        last_file: 0,
        root: folder.root().to_owned(),
        joins_pages: options.single_file,
        page_bytes: 0,
    };
    let window = window::Context {
        options,
        model,
        folder: &folder,
        kept: kept.as_ref(),
        interrupted,
        memory: MapMemory::default(),
    };
    let work = work(&window, &mut feed, &mut ledger, observer);
    if work.is_err() {
        // What stopped it says more than that this failed as well.
        let _ = ledger.keep();
    }
    let Work {
        is_at_end,
        tokens,
        unknown_tokens,
    } = work?;
    let is_full = ledger.is_full(options.maximum_failures);
    let Ledger {
        results,
        table,
        done_folders,
        kept,
        missing_glyphs,
        is_uniform,
        last_file,
        ..
    } = ledger;
    let parts = table.map(Table::finish).transpose()?;
    manifest.complete = feed.is_complete() && is_at_end && !is_full;
    manifest.input_files = feed.input_files(&options.sources);
    if is_full {
        // How far the files were read ahead is chance.
        let files = manifest.input_files.iter_mut().skip(last_file);
        files.for_each(|file| file.sha256 = None);
    }
    if manifest.complete && options.kind.is_pictures() {
        folder.remove_others(|name| done_folders.contains(&fingerprint(name)))?;
    }
    let (manifest, relations) = match parts {
        None => {
            let manifest = finish(folder, results, manifest, &options.reports)?;
            (manifest, Vec::new())
        }
        Some(parts) => finish_scores(folder, results, &parts, manifest)?,
    };
    Ok(BatchOutcome {
        manifest,
        kept,
        missing_glyphs,
        is_uniform: is_uniform == Some(true),
        tokens,
        unknown_tokens,
        file_warnings: feed.warnings(&options.sources),
        relations,
    })
}

/// What came of all windows.
struct Work {
    /// Whether nothing was left behind.
    is_at_end: bool,
    tokens: usize,
    unknown_tokens: usize,
}

/// Takes inputs window by window until there are no more, or too many failed.
fn work(
    window: &window::Context<'_>,
    feed: &mut Feed,
    ledger: &mut Ledger<'_, '_>,
    observer: &mut dyn FnMut(BatchEvent<'_>),
) -> Result<Work, BatchError> {
    let options = window.options;
    let mut encoded: Vec<Encoded> = Vec::new();
    let (mut tokens, mut unknown_tokens) = (0, 0);
    loop {
        if window.interrupted.load(Ordering::Relaxed) {
            return Err(BatchError::Interrupted {
                done: ledger.manifest.counts.done,
            });
        }
        // While there is something to draw, nobody waits for more input.
        let wait = encoded.is_empty();
        let items = feed.window(wait, PATIENCE, window.interrupted, |length| {
            window.cost(length)
        })?;
        if items.is_empty() && encoded.is_empty() {
            if feed.has_ended() {
                break;
            }
            continue;
        }
        if options.single_file && items.iter().any(|item| item.index >= MOST_INPUTS) {
            return Err(BatchError::TooManyForOnePage);
        }
        for input in items.iter().filter_map(|item| item.prepared.as_ref().ok()) {
            tokens += input.source().len();
            unknown_tokens += input.unknown_count();
        }
        let (drawn, next) = rayon::join(|| window.draw(encoded), || window.encode(items));
        for finished in drawn {
            match finished {
                // It was drawn beside the failure that was one too many.
                Ok(finished) if ledger.is_full(options.maximum_failures) => {
                    take_back(window.folder, &finished)?;
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
    Ok(Work {
        is_at_end: encoded.is_empty(),
        tokens,
        unknown_tokens,
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
pub(super) fn check_limit(limit: TokenLimit, tokenizer: &Tokenizer) -> Result<(), TokenizerError> {
    let tokens = tokenizer.tokenize("a", None, limit);
    if let Err(error @ TokenizerError::TruncateTo { .. }) = tokens {
        return Err(error);
    }
    Ok(())
}

/// What is known of the batch before its first input.
fn manifest(options: &BatchOptions, model: &ModelProvenance) -> BatchManifest {
    let input_file = |source: &InputSource| InputFile {
        name: source.name.clone(),
        sha256: None,
    };
    BatchManifest {
        batch_schema_version: BATCH_SCHEMA_VERSION,
        kind: options.kind,
        attnviz_version: env!("CARGO_PKG_VERSION").to_owned(),
        model: model.clone(),
        layers: options.selection.layer_indices(),
        heads: options.selection.head_indices(),
        options: OptionsRecord::new(&options.files),
        truncate: options.limit.truncate,
        shard: options.shard,
        complete: false,
        input_files: options.sources.iter().map(input_file).collect(),
        reading: Some(InputSource::reading(&options.sources)),
        single_file: options.single_file,
        counts: BatchCounts::default(),
        files: Vec::new(),
    }
}
