//! SHA-256 of a checkpoint's files: which exact model made a picture.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::FileDigest;
use super::hub::CachedFile;

/// A file of the checkpoint could not be read for its digest.
#[derive(Debug, Error)]
#[error("{}: {source}", path.display())]
pub struct DigestError {
    path: PathBuf,
    source: io::Error,
}

/// A file's digest, or where to compute it from: a large file is only read
/// for it when somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PendingDigest {
    Known(FileDigest),
    File { name: String, path: PathBuf },
}

impl PendingDigest {
    pub(super) fn of_bytes(name: &str, bytes: &[u8]) -> Self {
        Self::known(name, hexadecimal(&Sha256::digest(bytes)))
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

pub(super) fn resolve(digests: &[PendingDigest]) -> Result<Vec<FileDigest>, DigestError> {
    digests
        .par_iter()
        .map(|digest| match digest {
            PendingDigest::Known(digest) => Ok(digest.clone()),
            PendingDigest::File { name, path } => {
                let sha256 = sha256_of_file(path).map_err(|source| DigestError {
                    path: path.clone(),
                    source,
                })?;
                Ok(FileDigest {
                    name: name.clone(),
                    sha256,
                })
            }
        })
        .collect()
}

fn sha256_of_file(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hexadecimal(&hasher.finalize())),
            count => hasher.update(&buffer[..count]),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
