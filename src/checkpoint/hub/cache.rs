//! The cache on disk, in the layout of Python's huggingface_hub:
//!
//! ```text
//! models--org--name/blobs/<etag>                   the contents
//! models--org--name/snapshots/<commit>/<file>      relative links to them
//! models--org--name/refs/<revision>                the commit of a branch or tag
//! models--org--name/.no_exist/<commit>/<file>      known not to be there
//! .locks/models--org--name/<etag>.lock             who downloads it
//! ```
//!
//! hf-hub's `Repo` and `CacheRepo` give the names. Where a model has an old
//! name without an owner and a new one with it, files under either are found;
//! files are written under the name that was asked for, as Python does.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hf_hub::{Cache, CacheRepo, Repo, RepoType};

use super::HubError;
use super::names::is_safe_name;

/// Owner of the models that once had no owner, by how their names begin.
const FORMER_ORPHANS: [(&str, &str); 1] = [("bert-", "google-bert")];

/// The places of one repository in the cache.
#[derive(Debug)]
pub(super) struct RepositoryCache {
    root: PathBuf,
    id: String,
    /// The name that was asked for, then its other name if it has one.
    places: Vec<Place>,
    without_links: bool,
}

#[derive(Debug)]
struct Place {
    layout: CacheRepo,
    folder: PathBuf,
    folder_name: String,
}

impl RepositoryCache {
    pub(super) fn new(root: &Path, repository: &Repo, without_links: bool) -> Self {
        let id = repository.url();
        let places = std::iter::once(id.clone())
            .chain(other_name(&id))
            .map(|id| {
                let repository =
                    Repo::with_revision(id, RepoType::Model, repository.revision().to_owned());
                Place {
                    folder_name: repository.folder_name(),
                    folder: root.join(repository.folder_name()),
                    layout: Cache::new(root.to_owned()).repo(repository),
                }
            })
            .collect();
        Self {
            root: root.to_owned(),
            id,
            places,
            without_links,
        }
    }

    /// The name that was asked for.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The place that is written to.
    fn own(&self) -> &Place {
        &self.places[0]
    }

    /// The commit that the cache has for a revision, preferably one under
    /// which it holds the file.
    pub(super) fn commit_of(&self, revision: &str, file: &str) -> Option<String> {
        let candidates: Vec<String> = if is_full_commit(revision) {
            vec![revision.to_owned()]
        } else {
            self.places
                .iter()
                .filter_map(|place| {
                    fs::read_to_string(place.folder.join("refs").join(revision)).ok()
                })
                .map(|content| content.trim().to_owned())
                .filter(|commit| is_safe_name(commit))
                .collect()
        };
        candidates
            .iter()
            .find(|commit| self.find(commit, file).is_some())
            .or_else(|| candidates.iter().find(|commit| self.has_snapshot(commit)))
            .cloned()
    }

    /// Whether anything of the commit is cached.
    pub(super) fn has_snapshot(&self, commit: &str) -> bool {
        self.places
            .iter()
            .any(|place| place.layout.pointer_path(commit).is_dir())
    }

    /// The file's path if it is there; a link to nothing counts as absent.
    pub(super) fn find(&self, commit: &str, file: &str) -> Option<PathBuf> {
        self.places
            .iter()
            .map(|place| place.layout.pointer_path(commit).join(file))
            .find(|pointer| pointer.is_file())
    }

    /// Whether the hub once said that the commit has no such file.
    pub(super) fn knows_no(&self, commit: &str, file: &str) -> bool {
        self.places.iter().any(|place| {
            place
                .folder
                .join(".no_exist")
                .join(commit)
                .join(file)
                .is_file()
        })
    }

    /// Notes that the commit has no such file. A cache that cannot be written
    /// asks again the next time, so that is no error.
    pub(super) fn note_absence(&self, commit: &str, file: &str) {
        let path = self.own().folder.join(".no_exist").join(commit).join(file);
        if create_parent(&path).is_ok() {
            let _ = File::create(&path);
        }
    }

    /// Notes the commit of a branch or tag, whole or not at all.
    pub(super) fn note_commit(&self, revision: &str, commit: &str) -> Result<(), HubError> {
        if revision == commit {
            return Ok(());
        }
        let path = self.own().folder.join("refs").join(revision);
        if fs::read_to_string(&path).is_ok_and(|content| content == commit) {
            return Ok(());
        }
        create_parent(&path)?;
        let temporary = beside(&path);
        fs::write(&temporary, commit).map_err(|source| cache_io("write", &temporary, source))?;
        fs::rename(&temporary, &path).map_err(|source| {
            let _ = fs::remove_file(&temporary);
            cache_io("write", &path, source)
        })
    }

    /// Where the content with this etag is or will be.
    pub(super) fn blob(&self, etag: &str) -> PathBuf {
        self.own().layout.blob_path(etag)
    }

    /// Where the content is gathered until it is whole and verified.
    pub(super) fn part(&self, etag: &str) -> PathBuf {
        self.own().layout.blob_path(&format!("{etag}.incomplete"))
    }

    /// Makes the snapshot's entry for a blob: a relative link, or a copy where
    /// the file system has no links. Whatever was there gives way.
    pub(super) fn link(&self, etag: &str, commit: &str, file: &str) -> Result<PathBuf, HubError> {
        let pointer = self.own().layout.pointer_path(commit).join(file);
        create_parent(&pointer)?;
        let temporary = beside(&pointer);
        // From snapshots/<commit>/<folders of the file> up to the repository.
        let mut target = PathBuf::from("../..");
        for _ in file.split('/').skip(1) {
            target.push("..");
        }
        target.push("blobs");
        target.push(etag);
        if self.without_links || symbolic_link(&target, &temporary).is_err() {
            let blob = self.blob(etag);
            fs::copy(&blob, &temporary).map_err(|source| {
                let _ = fs::remove_file(&temporary);
                cache_io("write", &temporary, source)
            })?;
        }
        fs::rename(&temporary, &pointer).map_err(|source| {
            let _ = fs::remove_file(&temporary);
            cache_io("write", &pointer, source)
        })?;
        Ok(pointer)
    }

    /// Removes a content that is wrong, finished or not, and the entry that
    /// leads to it.
    pub(super) fn discard(&self, etag: &str, commit: &str, file: &str) -> Result<(), HubError> {
        let pointer = self.own().layout.pointer_path(commit).join(file);
        remove(&self.part(etag))?;
        remove(&self.blob(etag))?;
        remove(&pointer)
    }

    /// Makes the directory of the contents.
    pub(super) fn prepare(&self, etag: &str) -> Result<(), HubError> {
        create_parent(&self.blob(etag))
    }

    /// Waits until no other process downloads the same content, for as long
    /// as the other one makes progress and for `patience` after that.
    ///
    /// Python's huggingface_hub takes the same lock. On a file system without
    /// locks there is none to wait for.
    pub(super) fn lock(
        &self,
        etag: &str,
        file: &str,
        patience: Duration,
    ) -> Result<Option<File>, HubError> {
        let path = self
            .root
            .join(".locks")
            .join(&self.own().folder_name)
            .join(format!("{etag}.lock"));
        create_parent(&path)?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|source| cache_io("open the lock", &path, source))?;
        let mut last_bytes = self.bytes_on_the_way(etag);
        let mut last_progress = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Some(lock)),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(None);
                }
                Err(TryLockError::Error(source)) => return Err(cache_io("lock", &path, source)),
                Err(TryLockError::WouldBlock) => {}
            }
            thread::sleep(Duration::from_millis(50));
            let bytes = self.bytes_on_the_way(etag);
            if bytes != last_bytes {
                (last_bytes, last_progress) = (bytes, Instant::now());
            } else if last_progress.elapsed() > patience {
                return Err(HubError::Locked {
                    file: file.to_owned(),
                    lock: path,
                    seconds: patience.as_secs_f32(),
                });
            }
        }
    }

    /// Bytes of all files, whole or not, that belong to the content: Python's
    /// unfinished files carry a random name behind the etag.
    fn bytes_on_the_way(&self, etag: &str) -> u64 {
        let blobs = self.own().folder.join("blobs");
        let Ok(entries) = fs::read_dir(blobs) else {
            return 0;
        };
        entries
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(etag))
            .filter_map(|entry| entry.metadata().ok())
            .map(|metadata| metadata.len())
            .sum()
    }
}

/// The models that a cache holds, by their names on the hub, in the order of
/// these; none where it cannot be read.
pub fn cached_models(cache: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(cache) else {
        return Vec::new();
    };
    let mut models: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("snapshots").is_dir())
        .filter_map(|entry| {
            let name = entry.file_name();
            Some(name.to_str()?.strip_prefix("models--")?.replace("--", "/"))
        })
        .collect();
    models.sort();
    models
}

/// Whether a revision is a commit in full, which never changes its content.
pub(super) fn is_full_commit(revision: &str) -> bool {
    revision.len() == 40
        && revision
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The other name of a model that got an owner later.
fn other_name(id: &str) -> Option<String> {
    FORMER_ORPHANS
        .iter()
        .find_map(|(beginning, owner)| match id.split_once('/') {
            None => id.starts_with(beginning).then(|| format!("{owner}/{id}")),
            Some((given, name)) => {
                (given == *owner && name.starts_with(beginning)).then(|| name.to_owned())
            }
        })
}

fn create_parent(path: &Path) -> Result<(), HubError> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    fs::create_dir_all(parent).map_err(|source| cache_io("create the directory", parent, source))
}

/// A name in the same directory that no other process and thread uses.
fn beside(path: &Path) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{number}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    // Left over by a process that had the same number and did not finish.
    let _ = fs::remove_file(&temporary);
    temporary
}

#[cfg(unix)]
fn symbolic_link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symbolic_link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
}

#[cfg(not(any(unix, windows)))]
fn symbolic_link(_target: &Path, _link: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Removes a file, which need not be there.
pub(super) fn remove(path: &Path) -> Result<(), HubError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(cache_io("remove", path, error))
        }
        _ => Ok(()),
    }
}

/// The error of a file or directory of the cache.
pub(super) fn cache_io(action: &'static str, path: &Path, source: io::Error) -> HubError {
    HubError::CacheIo {
        action,
        path: path.to_owned(),
        source,
    }
}
