//! Whether a file's content is what the hub announced: the etag of a large
//! file is the SHA-256 of its content, that of a small one git's SHA-1 of it
//! as a blob. Any other etag says nothing, and then the length has to do.

use std::fs::File;
use std::io;
use std::path::Path;

use sha1::{Digest, Sha1};

use crate::digest::{digest_of, sha256_of};

/// What comparing the content with the etag came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the content that was announced; with its SHA-256 where the etag
    /// is one.
    Right { sha256: Option<String> },
    /// It is another content.
    Wrong { expected: String, found: String },
    /// Neither a hash nor a length was announced.
    Unknown,
}

/// Reads the file and compares it with the etag and the size in bytes.
pub(super) fn verify(path: &Path, etag: &str, size: Option<u64>) -> io::Result<Verdict> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if let Some(size) = size
        && size != length
    {
        return Ok(Verdict::Wrong {
            expected: format!("{size} bytes"),
            found: format!("{length} bytes"),
        });
    }
    let etag = etag.to_ascii_lowercase();
    let hexadecimal = etag.bytes().all(|byte| byte.is_ascii_hexdigit());
    match (hexadecimal, etag.len()) {
        (true, 64) => {
            let found = sha256_of(file)?;
            Ok(judged("SHA-256", etag, found, true))
        }
        (true, 40) => {
            let mut hasher = Sha1::new();
            hasher.update(format!("blob {length}\0"));
            let found = digest_of(hasher, file)?;
            Ok(judged("git blob SHA-1", etag, found, false))
        }
        _ if size.is_some() => Ok(Verdict::Right { sha256: None }),
        _ => Ok(Verdict::Unknown),
    }
}

fn judged(kind: &str, expected: String, found: String, is_sha256: bool) -> Verdict {
    if expected == found {
        Verdict::Right {
            sha256: is_sha256.then_some(found),
        }
    } else {
        Verdict::Wrong {
            expected: format!("{kind} {expected}"),
            found: format!("{kind} {found}"),
        }
    }
}
