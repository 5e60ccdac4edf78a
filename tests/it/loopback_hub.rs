//! A Hugging Face hub on the loopback interface, for tests: the resolve
//! endpoint with HEAD and GET, ranges, etags, commits, error codes, redirects
//! of large files to a second port, and faults on demand.
//!
//! ```ignore
//! let hub = LoopbackHub::serve([ServedRepository::new("owner/name").file("config.json", "{}")]);
//! run_with_environment("HF_ENDPOINT", hub.endpoint());
//! assert_eq!(hub.count("GET", "config.json"), 1);
//! ```

#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The commit of a served repository unless a test sets another.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A repository that the hub serves.
#[derive(Clone)]
pub struct ServedRepository {
    id: String,
    commit: String,
    revisions: BTreeSet<String>,
    files: BTreeMap<String, Vec<u8>>,
    linked_from: usize,
    etag: Option<String>,
}

impl ServedRepository {
    /// An empty repository whose `main` is [`COMMIT`].
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            commit: COMMIT.to_owned(),
            revisions: BTreeSet::from(["main".to_owned()]),
            files: BTreeMap::new(),
            linked_from: 1 << 20,
            etag: None,
        }
    }

    pub fn file(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(name.to_owned(), content.into());
        self
    }

    /// Every file of a directory, not of its folders.
    pub fn directory(mut self, path: &Path) -> Self {
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                let name = entry.file_name().into_string().unwrap();
                let content = fs::read(entry.path()).unwrap();
                self.files.insert(name, content);
            }
        }
        self
    }

    pub fn revision(mut self, name: &str) -> Self {
        self.revisions.insert(name.to_owned());
        self
    }

    pub fn commit(mut self, commit: &str) -> Self {
        self.commit = commit.to_owned();
        self
    }

    /// Files of at least this many bytes are kept on the second port, under
    /// the SHA-256 of their content, as the hub keeps large files.
    pub fn linked_from(mut self, bytes: usize) -> Self {
        self.linked_from = bytes;
        self
    }

    /// An etag for every file in place of the hash of its content.
    pub fn etag(mut self, etag: &str) -> Self {
        self.etag = Some(etag.to_owned());
        self
    }

    fn etag_of(&self, content: &[u8]) -> String {
        match &self.etag {
            Some(etag) => etag.clone(),
            None if content.len() >= self.linked_from => sha256(content),
            None => git_blob_sha1(content),
        }
    }
}

/// What goes wrong, with the requests that it goes wrong for.
#[derive(Clone)]
pub struct Fault {
    /// `HEAD` or `GET`; both if there is none.
    pub method: Option<&'static str>,
    /// The end of the path, without a query.
    pub file: String,
    pub kind: FaultKind,
    /// How many requests it meets.
    pub times: usize,
}

#[derive(Clone)]
pub enum FaultKind {
    /// Another status, with headers, and an error page as the body.
    Status(u16, Vec<(&'static str, String)>),
    /// The connection closes after so many bytes of the content.
    DropAfter(usize),
    /// Nothing comes after so many bytes of the content.
    StallAfter(usize),
    /// The request is read and not answered.
    NeverAnswer,
    /// The connection closes before an answer.
    Hangup,
    /// The content is of the right length and wrong.
    WrongBytes,
    /// The content ends after so many bytes, and no length was announced.
    EndWithoutLength(usize),
    /// The answer announces so many bytes as the whole of the content.
    ShorterLength(usize),
    /// The range is ignored and the whole content sent.
    IgnoreRange,
    /// The etag is missing, or the commit, or another header.
    WithoutHeader(&'static str),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    pub method: String,
    pub path: String,
    /// Names in lower-case letters.
    pub headers: BTreeMap<String, String>,
    /// Whether it came to the second port, where large files are.
    pub at_second_port: bool,
}

/// The hub; it ends when it is dropped.
pub struct LoopbackHub {
    shared: Arc<Shared>,
    pub addresses: [SocketAddr; 2],
}

struct Shared {
    repositories: Mutex<Vec<ServedRepository>>,
    faults: Mutex<Vec<Fault>>,
    requests: Mutex<Vec<RecordedRequest>>,
    renamed: Mutex<Vec<(String, String)>>,
    ended: AtomicBool,
    second_port: u16,
}

impl LoopbackHub {
    pub fn serve(repositories: impl IntoIterator<Item = ServedRepository>) -> Self {
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let addresses = [0, 1].map(|index: usize| listeners[index].local_addr().unwrap());
        let shared = Arc::new(Shared {
            repositories: Mutex::new(repositories.into_iter().collect()),
            faults: Mutex::default(),
            requests: Mutex::default(),
            renamed: Mutex::default(),
            ended: AtomicBool::new(false),
            second_port: addresses[1].port(),
        });
        for (listener, second) in listeners.into_iter().zip([false, true]) {
            let shared = Arc::clone(&shared);
            thread::spawn(move || accept(&listener, &shared, second));
        }
        Self { shared, addresses }
    }

    /// The value for `HF_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.addresses[0])
    }

    pub fn inject(&self, fault: Fault) {
        self.shared.faults.lock().unwrap().push(fault);
    }

    /// Answers an old name with a redirect to the new one.
    pub fn rename(&self, from: &str, to: &str) {
        let pair = (format!("/{from}/"), format!("/{to}/"));
        self.shared.renamed.lock().unwrap().push(pair);
    }

    /// Puts a repository in the place of the one of the same name.
    pub fn replace(&self, repository: ServedRepository) {
        let mut repositories = self.shared.repositories.lock().unwrap();
        repositories.retain(|present| present.id != repository.id);
        repositories.push(repository);
    }

    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// How many requests of a method met the hub's own port for a file.
    pub fn count(&self, method: &str, file: &str) -> usize {
        self.requests()
            .iter()
            .filter(|request| {
                request.method == method
                    && !request.at_second_port
                    && request.path.ends_with(&format!("/{file}"))
            })
            .count()
    }
}

impl Drop for LoopbackHub {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        for address in self.addresses {
            // Wakes the thread that waits for a connection.
            let _ = TcpStream::connect(address);
        }
    }
}

/// An address on which nothing listens.
pub fn unreachable_endpoint() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

pub fn sha256(content: &[u8]) -> String {
    hexadecimal(&Sha256::digest(content))
}

pub fn git_blob_sha1(content: &[u8]) -> String {
    let mut hasher = Sha1::new();
    hasher.update(format!("blob {}\0", content.len()));
    hasher.update(content);
    hexadecimal(&hasher.finalize())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, second: bool) {
    for stream in listener.incoming() {
        if shared.ended.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            // A client may go away at any time; that is not the hub's trouble.
            let _ = answer(stream, &shared, second);
        });
    }
}

fn answer(mut stream: TcpStream, shared: &Shared, second: bool) -> std::io::Result<()> {
    let Some(request) = read_request(&stream, second)? else {
        return Ok(());
    };
    shared.requests.lock().unwrap().push(request.clone());
    let fault = take_fault(shared, &request);
    match &fault {
        Some(FaultKind::NeverAnswer) => {
            wait_for_the_end(shared);
            return Ok(());
        }
        Some(FaultKind::Hangup) => return Ok(()),
        _ => {}
    }
    let response = if second {
        linked_content(shared, &request)
    } else {
        resolve(shared, &request)
    };
    response.send(&mut stream, &request, fault, shared)
}

fn read_request(stream: &TcpStream, second: bool) -> std::io::Result<Option<RecordedRequest>> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let (method, path) = (method.to_owned(), path.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => {
                headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            }
            None => break,
        }
    }
    Ok(Some(RecordedRequest {
        method,
        path,
        headers,
        at_second_port: second,
    }))
}

fn take_fault(shared: &Shared, request: &RecordedRequest) -> Option<FaultKind> {
    let mut faults = shared.faults.lock().unwrap();
    let fault = faults.iter_mut().find(|fault| {
        fault.times > 0
            && fault.method.is_none_or(|method| method == request.method)
            && request
                .path
                .split('?')
                .next()
                .is_some_and(|path| path.ends_with(&fault.file))
    })?;
    fault.times -= 1;
    Some(fault.kind.clone())
}

fn wait_for_the_end(shared: &Shared) {
    let start = Instant::now();
    while !shared.ended.load(Ordering::SeqCst) && start.elapsed() < Duration::from_secs(60) {
        thread::sleep(Duration::from_millis(20));
    }
}

/// An answer before a fault changes it.
struct Response {
    status: u16,
    headers: Vec<(&'static str, String)>,
    content: Vec<u8>,
}

impl Response {
    fn error(status: u16, code: &str, commit: Option<&str>) -> Self {
        let mut headers = vec![("X-Error-Code", code.to_owned())];
        headers.extend(commit.map(|commit| ("X-Repo-Commit", commit.to_owned())));
        Self {
            status,
            headers,
            content: b"an error page".to_vec(),
        }
    }

    fn send(
        mut self,
        stream: &mut TcpStream,
        request: &RecordedRequest,
        fault: Option<FaultKind>,
        shared: &Shared,
    ) -> std::io::Result<()> {
        let whole = self.content.len();
        let mut start = 0;
        let ignores_range = matches!(fault, Some(FaultKind::IgnoreRange));
        if let Some(range) = request.headers.get("range")
            && self.status == 200
            && !ignores_range
        {
            let bounds = range.strip_prefix("bytes=").unwrap_or_default();
            let (first, last) = bounds.split_once('-').unwrap_or_default();
            start = first.parse().unwrap_or(0);
            let end = last
                .parse()
                .map_or(whole, |last: usize| last + 1)
                .min(whole);
            if start >= whole {
                self.status = 416;
                self.content.clear();
            } else {
                self.status = 206;
                let range = format!("bytes {start}-{}/{whole}", end - 1);
                self.headers.push(("Content-Range", range));
                self.content = self.content[start..end].to_vec();
            }
        }
        let mut announced = Some(self.content.len());
        let mut sent = self.content.len();
        match &fault {
            Some(FaultKind::Status(status, headers)) => {
                self.status = *status;
                self.headers = headers.clone();
                self.content = b"an error page".to_vec();
                (announced, sent) = (Some(self.content.len()), self.content.len());
            }
            Some(FaultKind::DropAfter(bytes) | FaultKind::StallAfter(bytes)) => {
                sent = bytes.saturating_sub(start).min(sent);
            }
            Some(FaultKind::EndWithoutLength(bytes)) => (announced, sent) = (None, *bytes),
            Some(FaultKind::ShorterLength(bytes)) => (announced, sent) = (Some(*bytes), *bytes),
            Some(FaultKind::WrongBytes) => self.content.iter_mut().for_each(|byte| *byte ^= 1),
            Some(FaultKind::WithoutHeader(name)) => {
                self.headers.retain(|(present, _)| present != name);
            }
            _ => {}
        }
        let mut head = format!("HTTP/1.1 {} Loopback\r\nConnection: close\r\n", self.status);
        if let Some(announced) = announced {
            head.push_str(&format!("Content-Length: {announced}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        if request.method != "HEAD" {
            stream.write_all(&self.content[..sent])?;
        }
        stream.flush()?;
        if matches!(fault, Some(FaultKind::StallAfter(_))) {
            wait_for_the_end(shared);
        }
        Ok(())
    }
}

/// `/<id>/resolve/<revision>/<file>` at the hub's own port.
fn resolve(shared: &Shared, request: &RecordedRequest) -> Response {
    for (from, to) in shared.renamed.lock().unwrap().iter() {
        if request.path.starts_with(from) {
            return Response {
                status: 307,
                headers: vec![("Location", request.path.replacen(from, to, 1))],
                content: Vec::new(),
            };
        }
    }
    let repositories = shared.repositories.lock().unwrap();
    let path = request.path.trim_start_matches('/').replace("%2F", "/");
    let Some((id, rest)) = path.split_once("/resolve/") else {
        return Response::error(404, "RepoNotFound", None);
    };
    let Some(repository) = repositories.iter().find(|repository| repository.id == id) else {
        return Response::error(404, "RepoNotFound", None);
    };
    let named = repository.revisions.iter().chain([&repository.commit]);
    let Some(file) = named
        .filter_map(|revision| rest.strip_prefix(revision)?.strip_prefix('/'))
        .next()
    else {
        return Response::error(404, "RevisionNotFound", None);
    };
    let Some(content) = repository.files.get(file) else {
        return Response::error(404, "EntryNotFound", Some(&repository.commit));
    };
    let etag = format!("\"{}\"", repository.etag_of(content));
    let commit = ("X-Repo-Commit", repository.commit.clone());
    if content.len() >= repository.linked_from {
        let place = format!("http://127.0.0.1:{}/{id}/{file}", shared.second_port);
        return Response {
            status: 302,
            headers: vec![
                commit,
                ("X-Linked-Etag", etag),
                ("X-Linked-Size", content.len().to_string()),
                ("Location", format!("{place}?signature=secret-signature")),
            ],
            content: Vec::new(),
        };
    }
    Response {
        status: 200,
        headers: vec![commit, ("ETag", etag)],
        content: content.clone(),
    }
}

/// `/<id>/<file>` at the second port.
fn linked_content(shared: &Shared, request: &RecordedRequest) -> Response {
    let repositories = shared.repositories.lock().unwrap();
    let path = request.path.trim_start_matches('/');
    let path = path.split('?').next().unwrap_or_default();
    repositories
        .iter()
        .find_map(|repository| {
            let file = path.strip_prefix(&repository.id)?.strip_prefix('/')?;
            Some(Response {
                status: 200,
                headers: vec![("ETag", "\"an-etag-of-the-store-2\"".to_owned())],
                content: repository.files.get(file)?.clone(),
            })
        })
        .unwrap_or_else(|| Response::error(404, "", None))
}
