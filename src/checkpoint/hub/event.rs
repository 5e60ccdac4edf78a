//! What a download tells those who wait for it.

use std::time::Duration;

/// What happens during a download, for a progress bar.
#[derive(Debug, Clone, PartialEq)]
pub enum DownloadEvent<'a> {
    /// Bytes of the file begin to arrive; once per attempt.
    Started {
        /// The file's name in the repository.
        file: &'a str,
        /// Its size in bytes; 0 if the hub does not say.
        size: u64,
        /// How many of the bytes were there already.
        resumed_from: u64,
    },
    /// More bytes are there.
    Advanced {
        /// Bytes of the file so far, those from before included.
        bytes: u64,
    },
    /// The file is whole, verified and in its place.
    Finished {
        /// The file's name in the repository.
        file: &'a str,
    },
    /// An attempt failed, and another one follows after the delay.
    Retrying {
        /// The file's name in the repository.
        file: &'a str,
        /// The number of the attempt that follows, from 2.
        attempt: u32,
        /// How long it waits.
        delay: Duration,
        /// Why the last one failed.
        reason: String,
    },
}

/// Who is told about a download.
pub type Observer<'a> = &'a mut dyn FnMut(DownloadEvent<'_>);
