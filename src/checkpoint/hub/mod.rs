//! Models from the Hugging Face Hub, by way of the cache that Python's
//! huggingface_hub uses: what either tool downloaded, the other finds.
//!
//! A [`Repository`] is one model at one revision. Its first [`fetch`] asks the
//! hub which commit the revision is now; every further file comes from that
//! commit, so that no run mixes two versions. When the hub cannot answer, a
//! cached copy stands in, and [`Repository::stand_in_reason`] says why.
//!
//! What holds for every file that comes out of here:
//! - It has the length that the hub announced, and where the hub announced a
//!   hash, it had that hash before it got its final name.
//! - An interrupted download is gathered beside its final place and goes on
//!   from there.
//! - Every wait has an end: see [`Timeouts`].
//! - Offline, no socket is opened.
//! - The token is sent to the endpoint's own host alone, and shown to nobody.
//!
//! The pieces: `environment` reads the variables, `transfer` alone talks to
//! the network (and says how far hf-hub is used, and why no further), with
//! `address` and `headers` for what it asks and is told and `refusal` for the
//! answers that are no success, `certificates` for whom it trusts; `patience` says how often that is tried,
//! `event` what is told of it; `cache` knows the layout on disk, `part` a file
//! that is on its way, `names` keeps out what leads elsewhere, `model_address` reads what was
//! copied out of a browser, `verify`
//! compares contents with etags.
//!
//! [`fetch`]: Repository::fetch

mod address;
mod answer;
mod cache;
mod certificates;
mod environment;
mod error;
mod event;
mod headers;
mod model_address;
mod names;
mod part;
mod patience;
mod refusal;
mod transfer;
mod verify;

use std::fs;
use std::path::{Path, PathBuf};

use hf_hub::{Repo, RepoType};

use self::answer::{Answer, Metadata, Subject};
use self::cache::{RepositoryCache, cache_io, is_full_commit, remove};
use self::names::{check_file_name, check_id, check_revision};
use self::patience::persist;
use self::transfer::Client;
use self::verify::{Verdict, verify};
use crate::percent::{percent_encoded, percent_encoded_path};

pub use self::cache::cached_models;
pub use self::environment::HubEnvironment;
pub use self::error::{CertificateFault, HubError};
pub use self::event::{DownloadEvent, Observer};
pub use self::model_address::{ModelAddress, model_address};
pub use self::patience::Timeouts;

/// A file in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedFile {
    /// `snapshots/<commit>/<file>` in the repository's folder of the cache.
    pub path: PathBuf,
    /// The SHA-256 of the content in hexadecimal digits, where this very call
    /// downloaded it and compared it. For a file that was cached before, see
    /// [`CachedFile::recorded_sha256`].
    pub sha256: Option<String>,
}

impl CachedFile {
    /// The SHA-256 under which the cache keeps the content, where it keeps it
    /// under one. It was right when the file came; the content is not read
    /// again here.
    pub fn recorded_sha256(&self) -> Option<String> {
        let target = fs::read_link(&self.path).ok()?;
        let name = target.file_name()?.to_str()?;
        (name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .then(|| name.to_ascii_lowercase())
    }
}

/// One model at one revision.
#[derive(Debug)]
pub struct Repository {
    environment: HubEnvironment,
    timeouts: Timeouts,
    repository: Repo,
    cache: RepositoryCache,
    /// Made when the first request is, so that offline there is none.
    client: Option<Client>,
    commit: Option<String>,
    /// Whether the hub has answered for any file.
    has_answered: bool,
    /// Why the cache stands in for the hub, if it does.
    stand_in: Option<StandIn>,
}

#[derive(Debug)]
struct StandIn {
    reason: String,
    /// Kept for a file that the cache lacks as well.
    error: Option<HubError>,
}

impl Repository {
    /// A model by its name on the hub (`google-bert/bert-base-uncased`, or
    /// `bert-base-uncased` as it was called once) at a branch, tag or commit.
    /// Nothing is read and no socket opened yet.
    ///
    /// # Errors
    ///
    /// When the name or the revision is none that the hub could have.
    pub fn open(environment: HubEnvironment, id: &str, revision: &str) -> Result<Self, HubError> {
        check_id(id)?;
        check_revision(revision)?;
        let repository = Repo::with_revision(id.to_owned(), RepoType::Model, revision.to_owned());
        let cache =
            RepositoryCache::new(&environment.cache, &repository, environment.without_links);
        Ok(Self {
            commit: is_full_commit(revision).then(|| revision.to_owned()),
            timeouts: Timeouts::default(),
            repository,
            cache,
            client: None,
            has_answered: false,
            stand_in: None,
            environment,
        })
    }

    /// Other time-outs than the usual ones; for tests.
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The commit that the files come from, once the first one was fetched
    /// (or from the start, where the revision is a commit).
    pub fn commit(&self) -> Option<&str> {
        self.commit.as_deref()
    }

    /// Why the files come from the cache although the hub was asked: the
    /// revision may have moved on since. `None` when the hub answered, when it
    /// need not be asked, and offline.
    pub fn stand_in_reason(&self) -> Option<&str> {
        Some(self.stand_in.as_ref()?.reason.as_str())
    }

    /// Whether a file that the cache lacks is simply not to be had: offline, or
    /// while the cache stands in for the hub.
    pub fn relies_on_cache(&self) -> bool {
        self.environment.offline || self.stand_in.is_some()
    }

    /// The path of a file: from the cache if it holds it for this revision,
    /// else downloaded and verified. `None`: the repository has no such file
    /// at this revision, or the cache has not, where only the cache can be
    /// looked at; use [`Repository::require`] for a file that must be there.
    ///
    /// # Errors
    ///
    /// Everything that [`HubError`] names. Offline, it is an error when the
    /// cache holds nothing of this revision.
    pub fn fetch(
        &mut self,
        file_name: &str,
        observer: Observer<'_>,
    ) -> Result<Option<CachedFile>, HubError> {
        check_file_name(file_name)?;
        if let Some(commit) = self.commit.as_deref() {
            // A commit never changes: what is cached for it needs no question.
            if let Some(path) = self.cache.find(commit, file_name) {
                return Ok(Some(CachedFile { path, sha256: None }));
            }
            if self.cache.knows_no(commit, file_name) {
                return Ok(None);
            }
        }
        if self.relies_on_cache() {
            return self.look_in_cache(file_name);
        }
        // Once the hub has answered, its silence on another file is an error.
        let may_stand_in = !self.has_answered;
        match self.ask_hub(file_name, observer) {
            Err(error) if may_stand_in && error.lets_the_cache_stand_in() => {
                self.stand_in_for(file_name, error)
            }
            outcome => outcome,
        }
    }

    /// As [`Repository::fetch`], for a file that must be there.
    ///
    /// # Errors
    ///
    /// As [`Repository::fetch`], and when there is no such file: offline that
    /// is [`HubError::NotCached`], with a cache that stands in for the hub the
    /// error of the hub, else [`HubError::FileMissing`].
    pub fn require(
        &mut self,
        file_name: &str,
        observer: Observer<'_>,
    ) -> Result<CachedFile, HubError> {
        match self.fetch(file_name, observer)? {
            Some(file) => Ok(file),
            None => Err(self.missing(file_name)),
        }
    }

    /// Whether the repository has a file, which is not downloaded for that.
    /// False as well where nobody can be asked.
    pub fn has(&mut self, file_name: &str) -> bool {
        let commit = self.commit.as_deref();
        let is_cached = commit.is_some_and(|commit| self.cache.find(commit, file_name).is_some());
        let can_ask = !self.relies_on_cache() && self.client.is_some();
        is_cached || (can_ask && matches!(self.ask(file_name, &mut |_| ()), Ok(Answer::Found(_))))
    }

    /// The error for a file that is not there and has to be.
    pub fn missing(&mut self, file_name: &str) -> HubError {
        if self.environment.offline {
            return self.not_cached(file_name);
        }
        if let Some(error) = self
            .stand_in
            .as_mut()
            .and_then(|stand_in| stand_in.error.take())
        {
            return error;
        }
        HubError::FileMissing {
            id: self.repository.url(),
            revision: self.repository.revision().to_owned(),
            file: file_name.to_owned(),
        }
    }

    fn not_cached(&self, file_name: &str) -> HubError {
        HubError::NotCached {
            id: self.repository.url(),
            revision: self.repository.revision().to_owned(),
            file: file_name.to_owned(),
            cache: self.environment.cache.clone(),
        }
    }

    /// Answers a file from the cache alone.
    fn look_in_cache(&mut self, file_name: &str) -> Result<Option<CachedFile>, HubError> {
        // What the cache calls a commit need not have the form of one.
        let settled = self.commit.clone();
        let settled = settled.filter(|commit| self.cache.has_snapshot(commit));
        let commit = settled
            .or_else(|| {
                let revision = self.repository.revision();
                self.cache.commit_of(revision, file_name)
            })
            .ok_or_else(|| self.not_cached(file_name))?;
        let path = self.cache.find(&commit, file_name);
        self.commit = Some(commit);
        Ok(path.map(|path| CachedFile { path, sha256: None }))
    }

    /// Lets the cache stand in for a hub that does not answer, if it has the
    /// file that was asked for, or others of the commit that was asked for;
    /// otherwise the hub's error stays.
    fn stand_in_for(
        &mut self,
        file_name: &str,
        error: HubError,
    ) -> Result<Option<CachedFile>, HubError> {
        let settled = self.commit.clone();
        match self.look_in_cache(file_name) {
            Ok(file) if file.is_some() || settled.is_some() => {
                self.stand_in = Some(StandIn {
                    reason: error.to_string(),
                    error: Some(error),
                });
                Ok(file)
            }
            _ => {
                self.commit = settled;
                Err(error)
            }
        }
    }

    /// Asks the hub about a file and brings it into the cache.
    fn ask_hub(
        &mut self,
        file_name: &str,
        observer: Observer<'_>,
    ) -> Result<Option<CachedFile>, HubError> {
        if self.client.is_none() {
            self.client = Some(Client::new(&self.environment, self.timeouts)?);
        }
        let answer = self.ask(file_name, &mut *observer)?;
        self.has_answered = true;
        let metadata = match answer {
            Answer::Found(metadata) => metadata,
            Answer::NoSuchFile { commit } => {
                if let Some(commit) = commit.or_else(|| self.commit.clone()) {
                    self.cache.note_absence(&commit, file_name);
                    let _ = self.cache.note_commit(self.repository.revision(), &commit);
                    self.commit = Some(commit);
                }
                return Ok(None);
            }
        };
        self.settle_on(&metadata)?;
        if let Some(path) = self.cache.find(&metadata.commit, file_name)
            && has_size(&path, metadata.size)
        {
            // The cache may be read-only, and the file is there all the same.
            let _ = self
                .cache
                .note_commit(self.repository.revision(), &metadata.commit);
            return Ok(Some(CachedFile { path, sha256: None }));
        }
        let file = self.bring(file_name, &metadata, observer)?;
        self.cache
            .note_commit(self.repository.revision(), &metadata.commit)?;
        Ok(Some(file))
    }

    /// Takes the commit that the hub names, once, for all files.
    fn settle_on(&mut self, metadata: &Metadata) -> Result<(), HubError> {
        match &self.commit {
            Some(commit) if *commit != metadata.commit => Err(HubError::NotAHub {
                host: self.client.as_ref().map(Client::host).unwrap_or_default(),
                reason: format!(
                    "asked for commit {commit}, it answers with commit {}",
                    metadata.commit
                ),
            }),
            _ => {
                self.commit = Some(metadata.commit.clone());
                Ok(())
            }
        }
    }

    /// Brings the content into the cache unless it is there under another
    /// file's name, and makes the snapshot's entry.
    fn bring(
        &self,
        file_name: &str,
        metadata: &Metadata,
        observer: Observer<'_>,
    ) -> Result<CachedFile, HubError> {
        let etag = &metadata.etag;
        self.cache.prepare(etag)?;
        let _lock = self.cache.lock(etag, file_name, self.timeouts.lock)?;
        let blob = self.cache.blob(etag);
        let mut sha256 = None;
        if !has_size(&blob, metadata.size) {
            sha256 = self.download(file_name, metadata, &mut *observer)?;
            let part = self.cache.part(etag);
            fs::rename(&part, &blob).map_err(|source| cache_io("write", &blob, source))?;
            observer(DownloadEvent::Finished { file: file_name });
        }
        let path = self.cache.link(etag, &metadata.commit, file_name)?;
        Ok(CachedFile { path, sha256 })
    }

    /// Gathers the content beside its final place and verifies it there;
    /// returns its SHA-256 where the hub announced one.
    fn download(
        &self,
        file_name: &str,
        metadata: &Metadata,
        observer: Observer<'_>,
    ) -> Result<Option<String>, HubError> {
        let part = self.cache.part(&metadata.etag);
        let mut builds_on_old_bytes = part.exists();
        loop {
            self.transfer(file_name, metadata, &part, &mut *observer)?;
            let verdict = verify(&part, &metadata.etag, metadata.size)
                .map_err(|source| cache_io("read", &part, source))?;
            match verdict {
                Verdict::Right { sha256 } => return Ok(sha256),
                Verdict::Wrong { .. } if builds_on_old_bytes => {
                    // The old bytes may be the wrong ones: once more without.
                    remove(&part)?;
                    builds_on_old_bytes = false;
                }
                Verdict::Wrong { expected, found } => {
                    self.cache
                        .discard(&metadata.etag, &metadata.commit, file_name)?;
                    return Err(HubError::HashMismatch {
                        file: file_name.to_owned(),
                        removed: part,
                        expected,
                        found,
                    });
                }
                Verdict::Unknown => {
                    remove(&part)?;
                    return Err(HubError::NotAHub {
                        host: self.client()?.host(),
                        reason: format!("it announces neither hash nor length of `{file_name}`"),
                    });
                }
            }
        }
    }

    fn transfer(
        &self,
        file_name: &str,
        metadata: &Metadata,
        part: &Path,
        observer: Observer<'_>,
    ) -> Result<(), HubError> {
        let client = self.client()?;
        let address = self.address(&metadata.commit, file_name);
        let bytes = || fs::metadata(part).map_or(0, |metadata| metadata.len());
        persist(self.timeouts, file_name, observer, bytes, |observer| {
            client.download(&address, metadata, part, self.subject(file_name), observer)
        })
    }

    fn ask(&self, file_name: &str, observer: Observer<'_>) -> Result<Answer, HubError> {
        let client = self.client()?;
        let revision = self.commit.as_deref().unwrap_or(self.repository.revision());
        let address = self.address(revision, file_name);
        persist(
            self.timeouts,
            file_name,
            observer,
            || 0,
            |_| client.metadata(&address, self.subject(file_name)),
        )
    }

    fn client(&self) -> Result<&Client, HubError> {
        // Only reached behind `ask_hub`, which makes the client.
        self.client.as_ref().ok_or(HubError::InvalidEndpoint {
            reason: "no connection was set up",
        })
    }

    fn subject<'a>(&'a self, file: &'a str) -> Subject<'a> {
        Subject {
            id: self.cache.id(),
            revision: self.repository.revision(),
            file,
        }
    }

    /// The address of a file's content, as hf-hub and huggingface_hub form it.
    fn address(&self, revision: &str, file_name: &str) -> String {
        format!(
            "{}/{}/resolve/{}/{}",
            self.environment.endpoint,
            self.repository.url(),
            percent_encoded(revision),
            percent_encoded_path(file_name),
        )
    }
}

/// Whether the file is there and, where a size in bytes is known, has it.
fn has_size(path: &Path, size: Option<u64>) -> bool {
    fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && size.is_none_or(|size| size == metadata.len()))
}
