//! Shards of a batch into the batch that an unsharded run would have left,
//! byte for byte.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::iter::Peekable;
use std::path::{Path, PathBuf};

use super::merge_scores::MergedScores;
use super::report::{write_page, write_single_page};
use super::scores::derive;
use super::shards::{MergeError, ShardFolder, check_output, open_all};
use crate::checkpoint::FileDigest;
use crate::render::page::many::MOST_INPUTS;
use crate::store::batch_records::{
    BatchCounts, BatchKind, BatchManifest, Claim, INPUTS, InputFile, PAGE, RESULTS, ResultReader,
    ResultRecord, Status, THUMBNAILS,
};
use crate::store::write::assembled::AssembledFolder;
use crate::store::write::batch_folder::BatchFolder;
use crate::store::write::{WriteError, beneath};
use crate::store::{FileRecord, MANIFEST, read_manifest};

/// Joins the shards in `folders` into one batch in `output`, as hard links
/// where the file system can do that. On an error nothing is left of it. A
/// batch that is in `output` is replaced if it is of the same inputs and model,
/// or if `overwrite` says so. Returns the manifest of the whole.
///
/// # Errors
/// When the folders are not all the shards of one batch, each complete, or
/// something cannot be read or written.
pub fn merge(
    folders: &[PathBuf],
    output: &Path,
    overwrite: bool,
) -> Result<BatchManifest, MergeError> {
    let shards = open_all(folders)?;
    let mut manifest = whole(&shards)?;
    let claim = match overwrite {
        true => Claim::Overwrite,
        false => Claim::Again,
    };
    check_output(output, folders)?;
    let folder = BatchFolder::open(output, &manifest, claim, &|_| None)?;
    let merged = AssembledFolder::create(folder)?;
    match manifest.kind {
        BatchKind::Pictures => {
            let results = write_results(&shards, &manifest, &merged, &mut |shard, record| {
                take_over(shard, record, &merged)
            })?;
            let path = merged.path(RESULTS);
            let page = merged.write(PAGE, |out| match manifest.single_file {
                true => write_single_page(&manifest, &merged.path(""), &path, out),
                false => write_page(&manifest, &path, out),
            })?;
            manifest.files = vec![page, results];
        }
        BatchKind::Scores => {
            let mut table = MergedScores::open(&shards, &manifest)?;
            let results = write_results(&shards, &manifest, &merged, &mut |shard, record| {
                table.take_over(shard, record, merged.staged())
            })?;
            table.finish(merged.staged())?;
            derive(&merged, &mut manifest, results)?;
        }
    }
    merged.publish(&manifest)?;
    Ok(manifest)
}

/// Takes what a record of a shard names.
type TakeOver<'a> = &'a mut dyn FnMut(&ShardFolder, &ResultRecord) -> Result<(), MergeError>;

/// Writes the records of all shards in input order.
fn write_results(
    shards: &[ShardFolder],
    manifest: &BatchManifest,
    merged: &AssembledFolder,
    take_over: TakeOver<'_>,
) -> Result<FileDigest, MergeError> {
    let mut failure = None;
    let results = merged.write(RESULTS, |out| {
        merge_results(shards, &manifest.input_files, take_over, out).map_err(|error| {
            let message = error.to_string();
            failure = Some(error);
            io::Error::other(message)
        })
    });
    match (failure, results) {
        // What was wrong with a shard says more than that the file has no end.
        (Some(failure), _) => Err(failure),
        (None, results) => Ok(results?),
    }
}

/// The manifest of all shards together, its list of files still empty.
fn whole(shards: &[ShardFolder]) -> Result<BatchManifest, MergeError> {
    let first = shards.first().ok_or(MergeError::Nothing)?;
    let mut names = BTreeSet::new();
    for file in &first.manifest.input_files {
        if !names.insert(&file.name) {
            let name = file.name.clone();
            return Err(MergeError::SameName { name });
        }
    }
    let mut counts = BatchCounts::default();
    for shard in shards {
        let of_shard = &shard.manifest.counts;
        counts.inputs = counts.inputs.saturating_add(of_shard.inputs);
        counts.done = counts.done.saturating_add(of_shard.done);
        counts.failed = counts.failed.saturating_add(of_shard.failed);
    }
    if first.manifest.single_file && counts.inputs > MOST_INPUTS {
        let found = counts.inputs;
        return Err(MergeError::TooManyForOnePage { found });
    }
    Ok(BatchManifest {
        shard: None,
        counts,
        files: Vec::new(),
        ..first.manifest.clone()
    })
}

/// The results of one shard, one record ahead.
struct Results<'shard> {
    shard: &'shard ShardFolder,
    records: Peekable<ResultReader>,
    counts: BatchCounts,
}

impl<'shard> Results<'shard> {
    fn open(shard: &'shard ShardFolder) -> Result<Self, MergeError> {
        let path = shard.path.join(RESULTS);
        match beneath::open(&shard.path, RESULTS) {
            Ok(file) => Ok(Self {
                shard,
                records: ResultReader::of(file).peekable(),
                counts: BatchCounts::default(),
            }),
            Err(source) => Err(MergeError::Read { path, source }),
        }
    }

    fn damaged(&self, reason: String) -> MergeError {
        let path = self.shard.path.join(RESULTS);
        MergeError::Damaged { path, reason }
    }

    /// Whether all records were there.
    fn check_count(&self) -> Result<(), MergeError> {
        let (expected, found) = (self.shard.manifest.counts, self.counts);
        match found == expected {
            true => Ok(()),
            false => Err(self.damaged(format!(
                "expected {}, as its manifest says, found {}",
                in_words(expected),
                in_words(found)
            ))),
        }
    }

    fn count(&mut self, record: &ResultRecord) {
        self.counts.inputs += 1;
        match record.status {
            Status::Done => self.counts.done += 1,
            Status::Failed => self.counts.failed += 1,
        }
    }

    /// Where the next record is among all inputs: the position of its file,
    /// then its line. An unreadable one comes at once, to be reported.
    fn next_place(&mut self, files: &[InputFile]) -> Option<(usize, u64)> {
        let record = self.records.peek()?;
        Some(record.as_ref().map_or((0, 0), |record| {
            let position = files.iter().position(|file| file.name == record.file);
            (position.unwrap_or(0), record.line)
        }))
    }
}

fn in_words(counts: BatchCounts) -> String {
    let BatchCounts {
        inputs,
        done,
        failed,
    } = counts;
    format!("{inputs} results ({done} done, {failed} failed)")
}

/// The same line by line, each when what it names is taken over.
fn merge_results(
    shards: &[ShardFolder],
    files: &[InputFile],
    take_over: TakeOver<'_>,
    out: &mut dyn Write,
) -> Result<(), MergeError> {
    let mut all: Vec<Results<'_>> = shards
        .iter()
        .map(Results::open)
        .collect::<Result<_, MergeError>>()?;
    type Place = (usize, (usize, u64));
    let earlier = |first: &Place, second: &Place| -> Ordering { first.1.cmp(&second.1) };
    loop {
        let places = all
            .iter_mut()
            .enumerate()
            .filter_map(|(index, results)| Some((index, results.next_place(files)?)));
        let Some((index, _)) = places.min_by(earlier) else {
            return all.iter().try_for_each(Results::check_count);
        };
        let Some(results) = all.get_mut(index) else {
            return Ok(());
        };
        let record = match results.records.next() {
            None => continue,
            Some(record) => record.map_err(|error| results.damaged(error.to_string()))?,
        };
        results.count(&record);
        if !files.iter().any(|file| file.name == record.file) {
            let reason = format!(
                "its manifest does not list the input file {:?}",
                record.file
            );
            return Err(results.damaged(reason));
        }
        take_over(results.shard, &record)?;
        let mut line = serde_json::to_vec(&record).map_err(io::Error::other);
        if let Ok(line) = &mut line {
            line.push(b'\n');
        }
        line.and_then(|line| out.write_all(&line))
            .map_err(|source| WriteError {
                path: PathBuf::from(RESULTS),
                source,
            })?;
    }
}

/// Takes the folder and the thumbnail of a record over. The page links what the
/// record names, so it names nothing else.
fn take_over(
    shard: &ShardFolder,
    record: &ResultRecord,
    merged: &AssembledFolder,
) -> Result<(), MergeError> {
    let damaged = |reason: String| MergeError::Damaged {
        path: shard.path.join(RESULTS),
        reason,
    };
    let take_over = |name: &str, sha256: Option<&str>| {
        let path = shard.path.join(name);
        // One that is missing says so itself.
        if path.exists() && beneath::file(&shard.path, name).is_none() {
            let reason = beneath::not_a_file().to_string();
            return Err(MergeError::Damaged { path, reason });
        }
        if sha256.is_some_and(|sha256| !beneath::is_as_listed(&shard.path, name, sha256)) {
            let reason = "it is not what its manifest lists".to_owned();
            return Err(MergeError::Damaged { path, reason });
        }
        match merged.take_over(&shard.path, name) {
            Err(error) if error.source.kind() == io::ErrorKind::AlreadyExists => {
                Err(damaged(format!("{name:?} is there more than once")))
            }
            taken => Ok(taken?),
        }
    };
    if record.folder.is_some() != (record.status == Status::Done) {
        let id = &record.id;
        return Err(damaged(format!(
            "the input {id:?} is not what its status says"
        )));
    }
    let mut files = Vec::new();
    let mut thumbnail = None;
    if let Some(folder) = &record.folder {
        let Some(input) = child(folder, INPUTS) else {
            return Err(damaged(format!("{folder:?} is not in {INPUTS}")));
        };
        let name = format!("{folder}/{MANIFEST}");
        for file in files_of(&shard.path, &name)? {
            let name = format!("{folder}/{}", file.name);
            take_over(&name, Some(&file.sha256))?;
            files.push(name);
        }
        take_over(&name, None)?;
        thumbnail = Some(format!("{THUMBNAILS}/{input}.png"));
    }
    if let Some(page) = record.page.as_ref().filter(|page| !files.contains(page)) {
        return Err(damaged(format!("{page:?} is no file of its input")));
    }
    match (&record.picture, &record.thumbnail) {
        (Some(picture), _) if !files.contains(picture) => {
            Err(damaged(format!("{picture:?} is no file of its input")))
        }
        (_, Some(found)) if Some(found) != thumbnail.as_ref() => Err(damaged(format!(
            "{found:?} is not the thumbnail of its input"
        ))),
        (_, Some(found)) => take_over(found, record.thumbnail_sha256.as_deref()),
        (_, None) => Ok(()),
    }
}

/// The files that the manifest of a run names.
fn files_of(shard: &Path, name: &str) -> Result<Vec<FileRecord>, MergeError> {
    let path = shard.join(name);
    let bytes = beneath::read(shard, name).map_err(|source| MergeError::Read {
        path: path.clone(),
        source,
    })?;
    let damaged = |reason| MergeError::Damaged {
        path: path.clone(),
        reason,
    };
    let manifest = read_manifest(&bytes).map_err(damaged)?;
    let files = manifest.files.into_iter();
    files
        .map(|file| match beneath::is_relative(Path::new(&file.name)) {
            true => Ok(file),
            false => Err(damaged(format!("{:?} leads out of its folder", file.name))),
        })
        .collect()
}

/// The last part of a name that is `parent/` and one plain part.
fn child<'name>(name: &'name str, parent: &str) -> Option<&'name str> {
    let below = name.strip_prefix(parent)?.strip_prefix('/')?;
    let is_plain = !below.contains('/') && beneath::is_relative(Path::new(below));
    is_plain.then_some(below)
}
