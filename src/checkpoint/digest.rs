//! SHA-256 of a checkpoint's files: which exact model made a picture.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, mpsc};

use rayon::prelude::*;
use thiserror::Error;

use super::file_digest::FileDigest;
use super::hub::CachedFile;
use super::remembered::{DigestFolder, digest_of_file};
use crate::digest::sha256;
use crate::remedy::Remedy;

/// A file of the checkpoint could not be read for its digest.
#[derive(Debug, Clone, Error)]
#[error("{}: {source}", path.display())]
pub struct DigestError {
    path: PathBuf,
    source: Arc<io::Error>,
}

impl DigestError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::LookAtFile)
    }
}

/// A file's digest, or where to compute it from: a large file is only read
/// for it when somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PendingDigest {
    Known(FileDigest),
    File { name: String, path: PathBuf },
}

impl PendingDigest {
    /// The file's name.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Known(digest) => &digest.name,
            Self::File { name, .. } => name,
        }
    }

    pub(super) fn of_bytes(name: &str, bytes: &[u8]) -> Self {
        Self::known(name, sha256(bytes))
    }

    pub(super) fn known(name: &str, sha256: String) -> Self {
        Self::Known(FileDigest {
            name: name.to_owned(),
            sha256,
        })
    }

    /// A file of the hub's cache, which is named by its SHA-256 where the hub
    /// told it, or any other file.
    pub(super) fn of_cached(name: &str, file: CachedFile) -> Self {
        match file.sha256.clone().or_else(|| file.recorded_sha256()) {
            Some(sha256) => Self::known(name, sha256),
            None => Self::File {
                name: name.to_owned(),
                path: file.path,
            },
        }
    }
}

type Outcome = Result<Vec<FileDigest>, DigestError>;

/// The digests of a checkpoint's files, which may still be computed; clones
/// share the work.
#[derive(Debug, Clone)]
pub(super) struct Digests(Arc<LazyLock<Outcome, Box<dyn FnOnce() -> Outcome + Send>>>);

impl Digests {
    /// Nothing is left to do.
    pub(super) fn known(digests: Vec<FileDigest>) -> Self {
        Self::from_last_step(move || Ok(digests))
    }

    /// Begins to read the files whose digests are not known, side by side and
    /// on threads of their own: reading a large one takes longer than encoding
    /// a sentence and drawing it.
    pub(super) fn start(digests: Vec<PendingDigest>, folder: Option<DigestFolder>) -> Self {
        let is_file = |digest: &&PendingDigest| matches!(digest, PendingDigest::File { .. });
        let file_count = digests.iter().filter(is_file).count();
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(file_count.min(rayon::current_num_threads()))
            .thread_name(|_| "digests".to_owned());
        // Zero threads would be as many as there are cores.
        let threads = match file_count {
            0 => None,
            _ => threads.build().ok(),
        };
        // On one thread: a step that shares its work could meet itself, where
        // several runs wait for the same files.
        let of_file = {
            let folder = folder.clone();
            move |digest: &PendingDigest| resolve(digest, folder.as_ref())
        };
        let one_by_one =
            move |digests: &[PendingDigest]| digests.iter().map(&of_file).collect::<Outcome>();
        let Some(threads) = threads else {
            return Self::from_last_step(move || one_by_one(&digests));
        };
        let (sender, receiver) = mpsc::channel();
        let files = digests.clone();
        // Nobody receives it where the command failed before it asked.
        threads.spawn(move || {
            let of_file = |digest: &PendingDigest| resolve(digest, folder.as_ref());
            let outcome: Outcome = files.par_iter().map(of_file).collect();
            drop(sender.send(outcome));
        });
        Self::from_last_step(move || receiver.recv().unwrap_or_else(|_| one_by_one(&digests)))
    }

    /// Waits for the last of them.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(super) fn wait(&self) -> Outcome {
        LazyLock::force(&self.0).clone()
    }

    fn from_last_step(step: impl FnOnce() -> Outcome + Send + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(step))))
    }
}

fn resolve(
    digest: &PendingDigest,
    folder: Option<&DigestFolder>,
) -> Result<FileDigest, DigestError> {
    match digest {
        PendingDigest::Known(digest) => Ok(digest.clone()),
        PendingDigest::File { name, path } => {
            let sha256 = digest_of_file(path, folder).map_err(|source| DigestError {
                path: path.clone(),
                source: Arc::new(source),
            })?;
            Ok(FileDigest {
                name: name.clone(),
                sha256,
            })
        }
    }
}
