//! How long things may take, and how often they are tried.

use std::thread;
use std::time::Duration;

use super::answer::Failure;
use super::{DownloadEvent, HubError, Observer};

/// How often a request is made before its error counts.
const ATTEMPTS: u32 = 4;

/// An attempt that brought this many new bytes was no failure of the server:
/// the count of attempts begins again.
const PROGRESS_BYTES: u64 = 1 << 20;

/// How long things may take. The defaults are for use, other values for tests.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For finding the host, and for connecting to it: 10 s each.
    pub connect: Duration,
    /// For the first answer to a request: 10 s.
    pub answer: Duration,
    /// Without a byte in the middle of a file: 30 s.
    pub stall: Duration,
    /// Before the second attempt; doubled before each further one: 0.5 s.
    pub first_delay: Duration,
    /// The most that a `Retry-After` header can ask for: 20 s.
    pub longest_delay: Duration,
    /// For another process that downloads the same file and makes no
    /// progress: 60 s.
    pub lock: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(20),
            lock: Duration::from_secs(60),
        }
    }
}

/// Repeats an attempt while another one may help, with growing delays.
/// `bytes` says how many bytes of the file are there, `file_name` which file
/// the observer is told about.
pub(super) fn persist<T>(
    timeouts: Timeouts,
    file_name: &str,
    observer: Observer<'_>,
    bytes: impl Fn() -> u64,
    mut attempt: impl FnMut(Observer<'_>) -> Result<T, Failure>,
) -> Result<T, HubError> {
    let mut attempts = 1;
    let mut furthest = bytes();
    loop {
        let (error, wait) = match attempt(&mut *observer) {
            Ok(value) => return Ok(value),
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Transient { error, wait }) => (error, wait),
        };
        let reached = bytes();
        if reached >= furthest.saturating_add(PROGRESS_BYTES) {
            attempts = 1;
        }
        furthest = furthest.max(reached);
        if attempts >= ATTEMPTS {
            return Err(after(attempts, error));
        }
        let delay = wait
            .unwrap_or(timeouts.first_delay * 2_u32.pow(attempts - 1))
            .min(timeouts.longest_delay);
        attempts += 1;
        observer(DownloadEvent::Retrying {
            file: file_name,
            attempt: attempts,
            delay,
            reason: error.to_string(),
        });
        thread::sleep(delay);
    }
}

/// Writes down how often a server was asked before its error counted.
fn after(attempts: u32, error: HubError) -> HubError {
    if let HubError::ServerError { host, status, .. } = error {
        return HubError::ServerError {
            host,
            status,
            attempts,
        };
    }
    error
}
