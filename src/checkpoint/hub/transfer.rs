//! One request to the hub at a time: what a file is, and its bytes. This file
//! is the only one of the crate that opens a socket.
//!
//! The requests go through ureq, the client that hf-hub itself is built on,
//! with hf-hub's `Repo` for the addresses. hf-hub's own calls were left aside
//! for what they lack: time-outs, a look at the status of the answer that
//! carries the content, and the length of a body without `Content-Length`.
//! Whom HTTPS trusts, `certificates` says. `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`
//! and `NO_PROXY` count as ureq reads them; a loopback address is never asked
//! through a proxy, because no proxy can reach it.
//!
//! Redirects are followed here rather than by ureq, so that the token goes to
//! the endpoint's own scheme, host and port and to nobody else.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use ureq::http::{Response, StatusCode, Uri};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body};

use super::address::{is_loopback, join, parse_address, same_origin, shown_host};
use super::answer::{Answer, Chain, Failure, Metadata, Subject};
use super::cache::{cache_io, remove};
use super::certificates::{fault_of, roots, trusted_by};
use super::environment::Token;
use super::headers::{bare_etag, continues_at, number, text};
use super::names::is_safe_name;
use super::part::{open_part, usable_bytes};
use super::refusal::refusal;
use super::{DownloadEvent, HubEnvironment, HubError, Observer, Timeouts};

/// More hops than any hub needs, few enough to end a circle soon.
const MOST_REDIRECTS: usize = 8;

/// Bytes that are read before they are written and reported.
const BUFFER_BYTES: usize = 128 * 1024;

/// The connection to one hub.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    endpoint: Uri,
    token: Option<Token>,
    /// Who says which certificates are trusted.
    trusted_by: String,
    timeouts: Timeouts,
}

#[derive(Clone, Copy, PartialEq)]
enum Method {
    Head,
    Get,
}

impl Client {
    pub(super) fn new(environment: &HubEnvironment, timeouts: Timeouts) -> Result<Self, HubError> {
        let endpoint = parse_address(&environment.endpoint)?;
        let certificates = environment.certificates.as_ref();
        let mut configuration = Agent::config_builder()
            .tls_config(
                TlsConfig::builder()
                    .root_certs(roots(certificates)?)
                    .build(),
            )
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("attnviz/", env!("CARGO_PKG_VERSION")))
            // Lengths and ranges count the bytes of the file itself.
            .accept_encoding("identity")
            .timeout_resolve(Some(timeouts.connect))
            .timeout_connect(Some(timeouts.connect))
            .timeout_send_request(Some(timeouts.answer))
            .timeout_recv_response(Some(timeouts.answer))
            .timeout_per_read(Some(timeouts.stall));
        if is_loopback(&endpoint) {
            configuration = configuration.proxy(None);
        }
        Ok(Self {
            agent: configuration.build().new_agent(),
            endpoint,
            token: environment.token.clone(),
            trusted_by: trusted_by(certificates),
            timeouts,
        })
    }

    /// The endpoint's host and port: all of an address that errors may show.
    pub(super) fn host(&self) -> String {
        shown_host(&self.endpoint)
    }

    /// Asks what the file is. One attempt.
    pub(super) fn metadata(&self, address: &str, about: Subject<'_>) -> Result<Answer, Failure> {
        let chain = self.follow(Method::Head, address, None)?;
        let status = chain.last.status();
        let headers = chain.last.headers();
        if !status.is_success() && !status.is_redirection() {
            return refusal(&chain, self.token.is_some(), about);
        }
        let lacks = |header: &str| HubError::NotAHub {
            host: chain.host.clone(),
            reason: format!("its answer has no usable {header} header"),
        };
        let commit = chain
            .commit
            .clone()
            .filter(|commit| is_safe_name(commit))
            .ok_or_else(|| lacks("X-Repo-Commit"))?;
        let etag = chain
            .linked_etag
            .clone()
            .or_else(|| Some(bare_etag(text(headers, "etag")?)))
            .filter(|etag| is_safe_name(etag))
            .ok_or_else(|| lacks("ETag"))?;
        let size = chain.linked_size.or_else(|| {
            status
                .is_success()
                .then(|| number(headers, "content-length"))
                .flatten()
        });
        Ok(Answer::Found(Metadata { commit, etag, size }))
    }

    /// Brings the file to `part`, going on from the bytes that are there. One
    /// attempt; what has arrived stays in `part` when it fails. The content is
    /// not verified here beyond its length.
    pub(super) fn download(
        &self,
        address: &str,
        metadata: &Metadata,
        part: &Path,
        about: Subject<'_>,
        observer: Observer<'_>,
    ) -> Result<(), Failure> {
        let present = usable_bytes(part, metadata.size)?;
        if present > 0 && metadata.size == Some(present) {
            return Ok(());
        }
        let chain = self.follow(Method::Get, address, (present > 0).then_some(present))?;
        let start = match chain.last.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT if continues_at(chain.last.headers(), present) => present,
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                remove(part)?;
                return Err(broken(about, "the server sends another range than asked"));
            }
            _ => {
                return match refusal(&chain, self.token.is_some(), about)? {
                    Answer::NoSuchFile { .. } | Answer::Found(_) => {
                        Err(Failure::Final(HubError::FileMissing {
                            id: about.id.to_owned(),
                            revision: about.revision.to_owned(),
                            file: about.file.to_owned(),
                        }))
                    }
                };
            }
        };
        let announced = number(chain.last.headers(), "content-length").map(|length| start + length);
        if let (Some(announced), Some(size)) = (announced, metadata.size)
            && announced != size
        {
            let reason = format!("the server sends {announced} bytes where the hub says {size}");
            return Err(broken(about, reason));
        }
        let size = metadata.size.or(announced);
        let mut file = open_part(part, start)?;
        observer(DownloadEvent::Started {
            file: about.file,
            size: size.unwrap_or(0),
            resumed_from: start,
        });
        let body = chain.last.into_body().into_with_config().limit(u64::MAX);
        self.copy(body.reader(), &mut file, start, size, part, about, observer)?;
        file.sync_all()
            .map_err(|source| cache_io("write", part, source).into())
    }

    /// Copies the body behind what the part holds, and refuses another length
    /// than announced.
    #[expect(clippy::too_many_arguments, reason = "all of them are one attempt's")]
    fn copy(
        &self,
        mut body: impl Read,
        file: &mut File,
        start: u64,
        size: Option<u64>,
        part: &Path,
        about: Subject<'_>,
        observer: Observer<'_>,
    ) -> Result<(), Failure> {
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut received = start;
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.interruption(error, received, about)),
            };
            received += count as u64;
            if size.is_some_and(|size| received > size) {
                remove(part)?;
                return Err(broken(about, "the server sends more bytes than announced"));
            }
            file.write_all(&buffer[..count])
                .map_err(|source| cache_io("write", part, source))?;
            observer(DownloadEvent::Advanced { bytes: received });
        }
        match size {
            Some(size) if received < size => {
                let reason = format!("the content ended after {received} of {size} bytes");
                Err(broken(about, reason))
            }
            _ => Ok(()),
        }
    }

    fn interruption(&self, error: io::Error, received: u64, about: Subject<'_>) -> Failure {
        let timed_out = matches!(
            error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<ureq::Error>()),
            Some(ureq::Error::Timeout(_))
        ) || matches!(
            error.kind(),
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
        );
        if timed_out {
            return Failure::transient(HubError::Stalled {
                file: about.file.to_owned(),
                seconds: self.timeouts.stall.as_secs_f32(),
                received,
            });
        }
        broken(about, format!("{error} after {received} bytes"))
    }

    /// Sends a request and follows its redirects.
    ///
    /// A question about a file ends at the redirect that already answers it,
    /// the one with the linked file's etag.
    fn follow(&self, method: Method, address: &str, from: Option<u64>) -> Result<Chain, Failure> {
        let mut address = parse_address(address)?;
        let (mut commit, mut linked_etag, mut linked_size) = (None, None, None);
        for _ in 0..=MOST_REDIRECTS {
            let response = self.send(method, &address, from)?;
            let headers = response.headers();
            let at_endpoint = same_origin(&address, &self.endpoint);
            commit = text(headers, "x-repo-commit").map(str::to_owned).or(commit);
            linked_etag = text(headers, "x-linked-etag")
                .map(bare_etag)
                .or(linked_etag);
            linked_size = number(headers, "x-linked-size").or(linked_size);
            let answered = method == Method::Head && commit.is_some() && linked_etag.is_some();
            let next = response
                .status()
                .is_redirection()
                .then(|| text(headers, "location"))
                .flatten();
            let Some(next) = next.filter(|_| !answered) else {
                return Ok(Chain {
                    host: shown_host(&address),
                    last: response,
                    at_endpoint,
                    commit,
                    linked_etag,
                    linked_size,
                });
            };
            address = self.redirected(&address, next)?;
        }
        Err(self.not_a_hub("it redirects in a circle").into())
    }

    fn redirected(&self, from: &Uri, location: &str) -> Result<Uri, HubError> {
        let next = join(from, location)
            .ok_or_else(|| self.not_a_hub("it redirects to something that is no address"))?;
        if from.scheme_str() == Some("https") && next.scheme_str() != Some("https") {
            return Err(self.not_a_hub("it redirects from an encrypted to a plain connection"));
        }
        Ok(next)
    }

    fn not_a_hub(&self, reason: &str) -> HubError {
        HubError::NotAHub {
            host: self.host(),
            reason: reason.to_owned(),
        }
    }

    fn send(
        &self,
        method: Method,
        address: &Uri,
        from: Option<u64>,
    ) -> Result<Response<Body>, Failure> {
        let mut request = match method {
            Method::Head => self.agent.head(address),
            Method::Get => self.agent.get(address),
        };
        if let Some(token) = &self.token
            && same_origin(address, &self.endpoint)
        {
            request = request.header("Authorization", token.authorization());
        }
        if let Some(from) = from {
            request = request.header("Range", format!("bytes={from}-"));
        }
        if method == Method::Head {
            // The whole of a question fits into the time of one answer.
            request = request
                .config()
                .timeout_per_call(Some(self.timeouts.answer))
                .build();
        }
        request
            .call()
            .map_err(|error| self.no_answer(&error, address))
    }

    /// Sorts a request that got no answer: a connection that broke may work
    /// the next time, a host that is not there will not.
    fn no_answer(&self, error: &ureq::Error, address: &Uri) -> Failure {
        if let Some(fault) = fault_of(error) {
            return Failure::Final(HubError::UntrustedCertificate {
                host: shown_host(address),
                trusted_by: self.trusted_by.clone(),
                fault,
            });
        }
        let reason = match error {
            ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
                format!("no connection within {:?}", self.timeouts.connect)
            }
            ureq::Error::Timeout(_) => format!("no answer within {:?}", self.timeouts.answer),
            ureq::Error::HostNotFound => "the name of the host is not known".to_owned(),
            // The address of a redirect may be signed, so it is not shown.
            ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) => {
                "its address cannot be used".to_owned()
            }
            ureq::Error::Io(error) => error.to_string(),
            other => other.to_string(),
        };
        let broke = match error {
            ureq::Error::Io(error) => matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::UnexpectedEof
            ),
            ureq::Error::Protocol(_) => true,
            _ => false,
        };
        let error = HubError::Unreachable {
            host: shown_host(address),
            reason,
        };
        if broke {
            Failure::transient(error)
        } else {
            Failure::Final(error)
        }
    }
}

fn broken(about: Subject<'_>, reason: impl Into<String>) -> Failure {
    Failure::transient(HubError::BrokenTransfer {
        file: about.file.to_owned(),
        reason: reason.into(),
    })
}
