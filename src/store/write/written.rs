//! What batches have put into a folder, by the name of the input: nothing else
//! there is theirs to replace or to delete, and no thumbnail but theirs is
//! believed.
//!
//! Of a batch that came to its end, `results.jsonl` says it. While one is at
//! work, and after it was killed, the ledger in its state does: a line of
//! fixed length an input, the fingerprints of its name and of its thumbnail's
//! digest, on the disk before the input's files are in their place. A name that
//! is entered again counts as it was entered last.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use serde::Deserialize;

use super::{beneath, durable};
use crate::digest::fingerprint;
use crate::store::batch_records::{INPUTS, RESULTS};

/// The names that earlier batches have used, and the thumbnails they had.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Fingerprint of the name, fingerprint of the thumbnail's digest.
    inputs: HashMap<u128, Option<u128>>,
}

/// A ledger that is being added to.
#[derive(Debug)]
pub(super) struct Ledger(File);

/// What of a result matters here.
#[derive(Deserialize)]
struct Result {
    folder: Option<String>,
    #[serde(default)]
    thumbnail: Option<String>,
    #[serde(default)]
    thumbnail_sha256: Option<String>,
}

impl Written {
    /// What the folder at `root` says of itself; `ledger` is the ledger's name
    /// in it. A line that cannot be read says nothing.
    pub(super) fn read(root: &Path, ledger: &str) -> Self {
        let mut written = Self::default();
        for line in lines(root, RESULTS) {
            let Ok(result) = serde_json::from_str::<Result>(&line) else {
                continue;
            };
            let folder = result.folder.unwrap_or_default();
            let name = folder.strip_prefix(INPUTS);
            if let Some(name) = name.and_then(|name| name.strip_prefix('/')) {
                // Earlier versions say that there is one, and no digest, so it is
                // no thumbnail that is believed.
                let thumbnail = result.thumbnail.map(|_| String::new());
                let thumbnail = result.thumbnail_sha256.or(thumbnail);
                let thumbnail = thumbnail.as_deref().map(fingerprint);
                written.inputs.insert(fingerprint(name), thumbnail);
            }
        }
        for line in lines(root, ledger) {
            let (name, thumbnail) = line.split_once(' ').unwrap_or_default();
            if let Ok(name) = u128::from_str_radix(name, 16) {
                let thumbnail = u128::from_str_radix(thumbnail, 16).ok();
                written.inputs.insert(name, thumbnail);
            }
        }
        written
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// Whether an earlier batch wrote an input of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.inputs.contains_key(&fingerprint(name))
    }

    /// Whether an earlier batch wrote a thumbnail for an input of this name.
    pub(super) fn had_thumbnail(&self, name: &str) -> bool {
        matches!(self.inputs.get(&fingerprint(name)), Some(Some(_)))
    }

    /// Whether the thumbnail of an input had this digest.
    pub(super) fn has_thumbnail(&self, name: &str, sha256: &str) -> bool {
        let thumbnail = self.inputs.get(&fingerprint(name)).copied().flatten();
        thumbnail == Some(fingerprint(sha256))
    }

    /// Begins a ledger at `path` that holds all of this.
    pub(super) fn ledger(&self, path: &Path) -> io::Result<Ledger> {
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".unfinished");
        durable::put(Path::new(&unfinished), path, |out| {
            let mut inputs = self.inputs.iter();
            inputs.try_for_each(|(&name, &thumbnail)| out.write_all(&line(name, thumbnail)))
        })?;
        let mut options = File::options();
        options.append(true);
        let file = beneath::without_following(&options).open(path)?;
        Ok(Ledger(file))
    }
}

impl Ledger {
    /// Adds inputs with the digests of their thumbnails, and brings them to the
    /// disk.
    pub(super) fn enter<'a>(
        &self,
        inputs: impl Iterator<Item = (&'a str, Option<&'a str>)>,
    ) -> io::Result<()> {
        let lines =
            inputs.flat_map(|(name, sha256)| line(fingerprint(name), sha256.map(fingerprint)));
        (&self.0).write_all(&lines.collect::<Vec<u8>>())?;
        durable::sync(&self.0)
    }
}

fn line(name: u128, thumbnail: Option<u128>) -> Vec<u8> {
    let thumbnail = thumbnail.map_or("-".repeat(32), |thumbnail| format!("{thumbnail:032x}"));
    format!("{name:032x} {thumbnail}\n").into_bytes()
}

/// The lines of a file that may be missing or anything.
fn lines(root: &Path, name: &str) -> impl Iterator<Item = String> {
    let file = beneath::open(root, name).ok();
    let lines = file.map(|file| BufReader::new(file).lines());
    lines.into_iter().flatten().map_while(io::Result::ok)
}
