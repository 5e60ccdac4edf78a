//! What the hub answers to a request, and what a failed attempt leaves to hope.

use std::time::Duration;

use ureq::Body;
use ureq::http::Response;

use super::HubError;

/// What a request is about, for its errors.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) id: &'a str,
    pub(super) revision: &'a str,
    pub(super) file: &'a str,
}

/// What the hub says about a file before any of it is downloaded.
#[derive(Debug, Clone)]
pub(super) struct Metadata {
    pub(super) commit: String,
    pub(super) etag: String,
    /// Bytes, where the hub says so.
    pub(super) size: Option<u64>,
}

/// An answer that is no failure.
pub(super) enum Answer {
    Found(Metadata),
    /// The repository is there, the file is not.
    NoSuchFile {
        commit: Option<String>,
    },
}

/// A failed attempt: whether another one may help, and when.
pub(super) enum Failure {
    Final(HubError),
    Transient {
        error: HubError,
        wait: Option<Duration>,
    },
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        Self::Final(error)
    }
}

impl Failure {
    pub(super) fn transient(error: HubError) -> Self {
        Self::Transient { error, wait: None }
    }
}

/// The last answer of a chain of redirects, and what the chain said.
pub(super) struct Chain {
    pub(super) last: Response<Body>,
    pub(super) host: String,
    pub(super) at_endpoint: bool,
    pub(super) commit: Option<String>,
    pub(super) linked_etag: Option<String>,
    pub(super) linked_size: Option<u64>,
}
