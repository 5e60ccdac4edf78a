//! Digests of large files that were read before, remembered from one run to the
//! next: reading the weights of a base model for theirs takes longer than
//! encoding a sentence and drawing it.
//!
//! Each file has a record of its own, which says what the system said of the
//! file when it was read: where any of that differs, the file is read again.
//! Only Unix tells enough. What goes wrong here goes unsaid, and the file is
//! read.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::digest::sha256_of;

/// The folder of the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestFolder(pub PathBuf);

/// The digest of a file, out of the folder's record if that is of this very
/// file.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn digest_of_file(path: &Path, folder: Option<&DigestFolder>) -> io::Result<String> {
    let file = File::open(path)?;
    #[cfg(unix)]
    if let Some(folder) = folder
        && let Some(record) = record::Record::of(path, &file, folder)
    {
        return record.digest(file);
    }
    #[cfg(not(unix))]
    let _ = folder;
    sha256_of(file)
}

#[cfg(unix)]
mod record {
    use std::fs::{self, File, Metadata};
    use std::io::{self, Read};
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};
    use std::process;
    use std::time::SystemTime;

    use serde::{Deserialize, Serialize};

    use super::DigestFolder;
    use crate::digest::{sha256, sha256_of};

    /// Smaller files are read faster than a record is kept.
    const MINIMUM_LENGTH: u64 = 4 << 20;

    /// A file that changed so many seconds ago may change again without that
    /// its times show it: some systems count no finer.
    const MINIMUM_AGE: i64 = 2;

    /// Longer records are not ours, in bytes.
    const MAXIMUM_LENGTH: u64 = 4_096;

    /// What the system says of a file: none of it stays when it is written to
    /// or replaced.
    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Identity {
        path: PathBuf,
        device: u64,
        inode: u64,
        length: u64,
        modified: (i64, i64),
        changed: (i64, i64),
    }

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Content {
        file: Identity,
        sha256: String,
    }

    /// Where the record of a file is, and what the file is.
    pub(super) struct Record {
        path: PathBuf,
        identity: Identity,
    }

    impl Identity {
        fn new(path: PathBuf, metadata: &Metadata) -> Self {
            Self {
                path,
                device: metadata.dev(),
                inode: metadata.ino(),
                length: metadata.size(),
                modified: (metadata.mtime(), metadata.mtime_nsec()),
                changed: (metadata.ctime(), metadata.ctime_nsec()),
            }
        }
    }

    impl Record {
        /// `None` of a file that is not worth it, or may be written to now.
        pub(super) fn of(path: &Path, file: &File, folder: &DigestFolder) -> Option<Self> {
            let metadata = file.metadata().ok()?;
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            let now = i64::try_from(now.ok()?.as_secs()).ok()?;
            let is_settled = metadata.ctime() < now.saturating_sub(MINIMUM_AGE);
            if !metadata.is_file() || metadata.size() < MINIMUM_LENGTH || !is_settled {
                return None;
            }
            let path = fs::canonicalize(path).ok()?;
            let name = sha256(path.as_os_str().as_encoded_bytes());
            Some(Self {
                path: folder.0.join(format!("{name}.json")),
                identity: Identity::new(path, &metadata),
            })
        }

        /// The digest that is remembered, or else that of the file, which is
        /// remembered from now on.
        pub(super) fn digest(self, file: File) -> io::Result<String> {
            if let Some(digest) = self.read() {
                return Ok(digest);
            }
            let digest = sha256_of(&file)?;
            let afterwards = Identity::new(self.identity.path.clone(), &file.metadata()?);
            if afterwards == self.identity {
                // What is not remembered is read again.
                let _ = self.write(&digest);
            }
            Ok(digest)
        }

        fn read(&self) -> Option<String> {
            // A pipe of that name would never end.
            if !fs::symlink_metadata(&self.path).ok()?.is_file() {
                return None;
            }
            let mut json = Vec::new();
            let file = File::open(&self.path).ok()?;
            file.take(MAXIMUM_LENGTH).read_to_end(&mut json).ok()?;
            let content: Content = serde_json::from_slice(&json).ok()?;
            let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let is_digest = content.sha256.len() == 64 && content.sha256.bytes().all(is_digit);
            (content.file == self.identity && is_digest).then_some(content.sha256)
        }

        fn write(self, digest: &str) -> io::Result<()> {
            let content = Content {
                file: self.identity,
                sha256: digest.to_owned(),
            };
            let json = serde_json::to_vec(&content)?;
            if let Some(folder) = self.path.parent() {
                fs::create_dir_all(folder)?;
            }
            // Whoever reads it finds all of it or none: two runs may remember
            // at once. Nothing waits for the disk, for what is lost is read
            // again.
            let unfinished = self.path.with_extension(format!("{}.part", process::id()));
            let _ = fs::remove_file(&unfinished);
            let written = File::create_new(&unfinished)
                .and_then(|mut file| io::Write::write_all(&mut file, &json))
                .and_then(|()| fs::rename(&unfinished, &self.path));
            if written.is_err() {
                let _ = fs::remove_file(&unfinished);
            }
            written
        }
    }
}
