//! The way from a model's name to its files: over a hub on the loopback
//! interface, with every fault that a network and a server can have.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use attnviz::checkpoint::hub::{
    CachedFile, DownloadEvent, HubEnvironment, HubError, Repository, Timeouts,
};
use tempfile::TempDir;

use crate::loopback_hub::{
    COMMIT, Fault, FaultKind, LoopbackHub, ServedRepository, git_blob_sha1, sha256,
    unreachable_endpoint,
};

const MODEL: &str = "owner/model";
const FILE: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";
const TOKEN: &str = "hf_thisIsTheSecretOfTheTests";

/// Short enough for a test, long enough for a busy machine.
fn timeouts() -> Timeouts {
    Timeouts {
        connect: Duration::from_secs(2),
        answer: Duration::from_millis(700),
        stall: Duration::from_millis(400),
        first_delay: Duration::from_millis(2),
        longest_delay: Duration::from_millis(20),
        lock: Duration::from_millis(300),
    }
}

/// Bytes without a period that a wrong offset could hide in.
fn content(bytes: usize) -> Vec<u8> {
    (0..bytes as u64)
        .map(|index| (index.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8)
        .collect()
}

fn model() -> ServedRepository {
    ServedRepository::new(MODEL)
        .linked_from(100_000)
        .file(FILE, content(500))
        .file(WEIGHTS, content(300_000))
}

fn environment(endpoint: &str, cache: &Path, more: &[(&str, &str)]) -> HubEnvironment {
    let mut variables: HashMap<String, OsString> = HashMap::from([
        ("HF_ENDPOINT".to_owned(), endpoint.into()),
        ("HF_HUB_CACHE".to_owned(), cache.into()),
        ("HF_HOME".to_owned(), cache.join("home").into()),
    ]);
    variables.extend(
        more.iter()
            .map(|(name, value)| ((*name).to_owned(), value.into())),
    );
    HubEnvironment::from_variables(|name| variables.get(name).cloned()).unwrap()
}

fn open(endpoint: &str, cache: &Path, more: &[(&str, &str)]) -> Repository {
    Repository::open(environment(endpoint, cache, more), MODEL, "main")
        .unwrap()
        .with_timeouts(timeouts())
}

fn fetch(repository: &mut Repository, file: &str) -> Result<CachedFile, HubError> {
    repository.require(file, &mut |_| {})
}

/// The repository's folder of the cache.
fn folder(cache: &Path) -> PathBuf {
    cache.join("models--owner--model")
}

/// Every file below a directory, links and locks included.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .flatten()
        .flat_map(|entry| {
            if entry.file_type().unwrap().is_dir() {
                files_below(&entry.path())
            } else {
                vec![entry.path()]
            }
        })
        .collect()
}

fn assert_nothing_holds(cache: &Path, secret: &str) {
    for path in files_below(cache) {
        let bytes = fs::read(&path).unwrap_or_default();
        let found = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "{} holds {secret}", path.display());
    }
}

fn full_text(error: &HubError) -> String {
    format!("{error} {error:?} {}", error.hint().unwrap_or_default())
}

/// What a fetch under a fault has to come to.
enum Outcome {
    /// The file arrives, after this many requests for its content.
    Arrives { gets: usize },
    /// It ends in an error that this accepts.
    Fails(fn(&HubError) -> bool),
}

/// Fetches a file from a hub with faults, compares the outcome, and lets the
/// same cache be used again without the faults: the file must be right then.
fn check(name: &str, file: &str, faults: Vec<Fault>, outcome: &Outcome) {
    let hub = LoopbackHub::serve([model()]);
    for fault in faults {
        hub.inject(fault);
    }
    let cache = TempDir::new().unwrap();
    let start = Instant::now();
    let mut repository = open(&hub.endpoint(), cache.path(), &[("HF_TOKEN", TOKEN)]);
    let result = fetch(&mut repository, file);
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{name}: too slow"
    );
    let expected = content(if file == FILE { 500 } else { 300_000 });
    match (outcome, result) {
        (Outcome::Arrives { gets }, Ok(cached)) => {
            assert_eq!(fs::read(cached.path).unwrap(), expected, "{name}");
            assert_eq!(hub.count("GET", file), *gets, "{name}");
        }
        (Outcome::Fails(accepts), Err(error)) => {
            assert!(accepts(&error), "{name}: {error:?}");
            let text = full_text(&error);
            assert!(!text.contains(TOKEN), "{name}: {text}");
            assert!(!text.contains("secret-signature"), "{name}: {text}");
            let blobs = files_below(&folder(cache.path()).join("blobs"));
            assert!(
                blobs
                    .iter()
                    .all(|path| path.extension().is_some_and(|end| end == "incomplete")),
                "{name}: something unfinished has its final name: {blobs:?}"
            );
        }
        (Outcome::Arrives { .. }, Err(error)) => panic!("{name}: {error:?}"),
        (Outcome::Fails(_), Ok(cached)) => panic!("{name}: arrived as {cached:?}"),
    }
    // A hub without the faults: the cache heals, whatever was left in it.
    let healthy = LoopbackHub::serve([model()]);
    let mut repository = open(&healthy.endpoint(), cache.path(), &[]);
    let cached = fetch(&mut repository, file).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    assert_eq!(
        fs::read(cached.path).unwrap(),
        expected,
        "{name}, afterwards"
    );
    assert_nothing_holds(cache.path(), TOKEN);
}

fn fault(method: &'static str, file: &str, kind: FaultKind, times: usize) -> Fault {
    Fault {
        method: Some(method),
        file: file.to_owned(),
        kind,
        times,
    }
}

fn status(code: u16) -> FaultKind {
    FaultKind::Status(code, Vec::new())
}

fn coded(code: u16, error: &str) -> FaultKind {
    FaultKind::Status(code, vec![("X-Error-Code", error.to_owned())])
}

#[test]
fn passing_troubles_are_overcome() {
    let retry_after = FaultKind::Status(429, vec![("Retry-After", "0".to_owned())]);
    let long_wait = FaultKind::Status(429, vec![("Retry-After", "86400".to_owned())]);
    let cases = [
        ("no trouble", FILE, vec![], 1),
        (
            "503 twice",
            FILE,
            vec![fault("HEAD", FILE, status(503), 2)],
            1,
        ),
        ("429", FILE, vec![fault("HEAD", FILE, retry_after, 3)], 1),
        (
            "429 for a day",
            FILE,
            vec![fault("HEAD", FILE, long_wait, 1)],
            1,
        ),
        (
            "hung up",
            FILE,
            vec![fault("HEAD", FILE, FaultKind::Hangup, 2)],
            1,
        ),
        (
            "503 for the content",
            FILE,
            vec![fault("GET", FILE, status(503), 2)],
            3,
        ),
        (
            "dropped twice",
            FILE,
            vec![
                fault("GET", FILE, FaultKind::DropAfter(100), 1),
                fault("GET", FILE, FaultKind::DropAfter(333), 1),
            ],
            3,
        ),
        (
            "dropped, range ignored",
            FILE,
            vec![
                fault("GET", FILE, FaultKind::DropAfter(100), 1),
                fault("GET", FILE, FaultKind::IgnoreRange, 1),
            ],
            2,
        ),
        (
            "stalled once",
            FILE,
            vec![fault("GET", FILE, FaultKind::StallAfter(200), 1)],
            2,
        ),
        (
            "a large file dropped",
            WEIGHTS,
            vec![
                fault("GET", WEIGHTS, FaultKind::Hangup, 0),
                fault("HEAD", WEIGHTS, status(500), 1),
            ],
            1,
        ),
        (
            "a short length",
            FILE,
            vec![fault("GET", FILE, FaultKind::ShorterLength(77), 1)],
            2,
        ),
        (
            "an early end without a length",
            FILE,
            vec![fault("GET", FILE, FaultKind::EndWithoutLength(99), 1)],
            2,
        ),
    ];
    for (name, file, faults, gets) in cases {
        check(name, file, faults, &Outcome::Arrives { gets });
    }
}

#[test]
fn lasting_troubles_end_in_the_error_that_names_them() {
    const FOREVER: usize = usize::MAX;
    type Accepts = fn(&HubError) -> bool;
    let cases: Vec<(&str, Fault, Accepts)> = vec![
        ("503", fault("HEAD", FILE, status(503), FOREVER), |error| {
            matches!(
                error,
                HubError::ServerError {
                    status: 503,
                    attempts: 4,
                    ..
                }
            ) && error.is_unreachable()
        }),
        ("429", fault("GET", FILE, status(429), FOREVER), |error| {
            matches!(error, HubError::ServerError { status: 429, .. }) && !error.is_unreachable()
        }),
        ("401", fault("HEAD", FILE, status(401), FOREVER), |error| {
            matches!(
                error,
                HubError::Unauthorized {
                    authenticated: true,
                    ..
                }
            ) && !error.is_unreachable()
        }),
        (
            "gated",
            fault("HEAD", FILE, coded(403, "GatedRepo"), FOREVER),
            |error| {
                matches!(error, HubError::Gated { .. })
                    && error
                        .hint()
                        .is_some_and(|hint| hint.contains("ask for access"))
            },
        ),
        ("403", fault("HEAD", FILE, status(403), FOREVER), |error| {
            matches!(error, HubError::Forbidden { .. })
        }),
        (
            "HEAD 200 and GET 403",
            fault("GET", FILE, status(403), FOREVER),
            |error| matches!(error, HubError::Forbidden { .. }),
        ),
        (
            "no model for this user",
            fault("HEAD", FILE, coded(401, "RepoNotFound"), FOREVER),
            |error| matches!(error, HubError::ModelMissing { .. }) && !error.is_unreachable(),
        ),
        (
            "no answer",
            fault("HEAD", FILE, FaultKind::NeverAnswer, FOREVER),
            |error| matches!(error, HubError::Unreachable { .. }) && error.is_unreachable(),
        ),
        (
            "no answer with the content",
            fault("GET", FILE, FaultKind::NeverAnswer, FOREVER),
            |error| error.is_unreachable(),
        ),
        (
            "hung up",
            fault("HEAD", FILE, FaultKind::Hangup, FOREVER),
            HubError::is_unreachable,
        ),
        (
            "a stall",
            fault("GET", FILE, FaultKind::StallAfter(200), FOREVER),
            |error| matches!(error, HubError::Stalled { received: 200, .. }),
        ),
        (
            "broken off",
            fault("GET", FILE, FaultKind::DropAfter(200), FOREVER),
            |error| matches!(error, HubError::BrokenTransfer { .. }),
        ),
        (
            "wrong bytes",
            fault("GET", FILE, FaultKind::WrongBytes, FOREVER),
            |error| {
                matches!(error, HubError::HashMismatch { file, .. } if file == FILE)
                    && error.to_string().contains("git blob SHA-1")
            },
        ),
        (
            "another length",
            fault("GET", FILE, FaultKind::ShorterLength(77), FOREVER),
            |error| matches!(error, HubError::BrokenTransfer { .. }),
        ),
        (
            "cut without a length",
            fault("GET", FILE, FaultKind::EndWithoutLength(99), FOREVER),
            |error| matches!(error, HubError::BrokenTransfer { .. }),
        ),
        (
            "no etag",
            fault("HEAD", FILE, FaultKind::WithoutHeader("ETag"), FOREVER),
            |error| matches!(error, HubError::NotAHub { .. }),
        ),
        (
            "no commit",
            fault(
                "HEAD",
                FILE,
                FaultKind::WithoutHeader("X-Repo-Commit"),
                FOREVER,
            ),
            |error| matches!(error, HubError::NotAHub { .. }),
        ),
    ];
    for (name, fault, accepts) in cases {
        check(name, FILE, vec![fault], &Outcome::Fails(accepts));
    }
    let wrong = fault("GET", WEIGHTS, FaultKind::WrongBytes, FOREVER);
    // The first GET is answered with a redirect, the second with wrong bytes.
    check(
        "wrong bytes of a large file",
        WEIGHTS,
        vec![wrong],
        &Outcome::Fails(|error| {
            matches!(error, HubError::HashMismatch { .. }) && error.to_string().contains("SHA-256")
        }),
    );
}

#[test]
fn missing_models_revisions_and_files_are_told_apart() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    let attempt = |id: &str, revision: &str, file: &str| {
        let environment = environment(&hub.endpoint(), cache.path(), &[]);
        let mut repository = Repository::open(environment, id, revision).unwrap();
        fetch(&mut repository, file).unwrap_err()
    };
    let error = attempt("owner/other", "main", FILE);
    assert!(matches!(&error, HubError::ModelMissing { id, .. } if id == "owner/other"));
    assert!(error.hint().unwrap().contains("HF_TOKEN"));
    let error = attempt(MODEL, "v2", FILE);
    assert!(matches!(&error, HubError::RevisionMissing { revision, .. } if revision == "v2"));
    let error = attempt(MODEL, "main", "vocab.txt");
    assert!(matches!(&error, HubError::FileMissing { file, .. } if file == "vocab.txt"));
}

#[test]
fn an_absent_file_is_no_error_and_is_not_asked_for_twice() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    for _ in 0..2 {
        let mut repository = open(&hub.endpoint(), cache.path(), &[]);
        fetch(&mut repository, FILE).unwrap();
        assert_eq!(repository.fetch("vocab.txt", &mut |_| {}).unwrap(), None);
    }
    assert_eq!(hub.count("HEAD", "vocab.txt"), 1);
}

#[test]
fn a_download_is_reported_from_start_to_finish() {
    let hub = LoopbackHub::serve([model()]);
    hub.inject(fault("GET", FILE, FaultKind::DropAfter(100), 1));
    let cache = TempDir::new().unwrap();
    let mut lines = Vec::new();
    open(&hub.endpoint(), cache.path(), &[])
        .fetch(FILE, &mut |event| {
            lines.push(match event {
                DownloadEvent::Started {
                    file,
                    size,
                    resumed_from,
                } => {
                    format!("{file} of {size} from {resumed_from}")
                }
                DownloadEvent::Advanced { bytes } => format!("{bytes}"),
                DownloadEvent::Finished { file } => format!("{file} done"),
                DownloadEvent::Retrying { file, attempt, .. } => format!("{file} again {attempt}"),
            });
        })
        .unwrap();
    assert_eq!(
        lines,
        [
            "config.json of 500 from 0",
            "100",
            "config.json again 2",
            "config.json of 500 from 100",
            "500",
            "config.json done",
        ]
    );
    let ranges: Vec<_> = hub
        .requests()
        .iter()
        .filter(|request| request.method == "GET")
        .map(|request| request.headers.get("range").cloned())
        .collect();
    assert_eq!(ranges, [None, Some("bytes=100-".to_owned())]);
}

#[test]
fn parts_from_an_earlier_run_are_used_when_they_are_right() {
    let whole = content(300_000);
    let mut damaged = whole[..1000].to_vec();
    damaged[10] ^= 1;
    let longer = [whole.clone(), vec![0; 10]].concat();
    let complete_but_wrong: Vec<u8> = whole.iter().map(|byte| byte ^ 1).collect();
    let cases: [(&str, &[u8], usize); 6] = [
        ("the beginning", &whole[..1000], 1),
        ("all of it", &whole, 0),
        ("longer than the file", &longer, 1),
        ("a damaged beginning", &damaged, 2),
        ("complete and wrong", &complete_but_wrong, 1),
        ("empty", &[], 1),
    ];
    for (name, part, gets) in cases {
        let hub = LoopbackHub::serve([model()]);
        let cache = TempDir::new().unwrap();
        let blobs = folder(cache.path()).join("blobs");
        fs::create_dir_all(&blobs).unwrap();
        let digest = sha256(&whole);
        fs::write(blobs.join(format!("{digest}.incomplete")), part).unwrap();
        let cached = fetch(&mut open(&hub.endpoint(), cache.path(), &[]), WEIGHTS).unwrap();
        assert_eq!(fs::read(&cached.path).unwrap(), whole, "{name}");
        assert_eq!(cached.sha256.as_deref(), Some(digest.as_str()), "{name}");
        assert_eq!(cached.recorded_sha256(), cached.sha256, "{name}");
        assert_eq!(hub.count("GET", WEIGHTS), gets, "{name}");
        assert_eq!(
            files_below(&blobs).len(),
            1,
            "{name}: something is left over"
        );
    }
}

#[test]
fn a_redirect_to_another_port_carries_no_token() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    let mut repository = open(&hub.endpoint(), cache.path(), &[("HF_TOKEN", TOKEN)]);
    fetch(&mut repository, WEIGHTS).unwrap();
    assert!(!format!("{repository:?}").contains(TOKEN));
    let requests = hub.requests();
    assert!(requests.iter().any(|request| request.at_second_port));
    for request in requests {
        let sent = request.headers.get("authorization").map(String::as_str);
        let expected = format!("Bearer {TOKEN}");
        assert_eq!(sent, (!request.at_second_port).then_some(expected.as_str()));
    }
    assert_nothing_holds(cache.path(), TOKEN);
}

#[test]
fn a_lost_store_of_large_files_is_an_error_that_keeps_the_signature() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    // The hub's own port answers first, so the fault waits for the second.
    hub.inject(fault(
        "GET",
        "owner/model/model.safetensors",
        status(403),
        9,
    ));
    let error = fetch(&mut open(&hub.endpoint(), cache.path(), &[]), WEIGHTS).unwrap_err();
    assert!(
        matches!(error, HubError::UnexpectedStatus { status: 403, .. }),
        "{error:?}"
    );
    assert!(!full_text(&error).contains("signature"));
}

#[test]
fn offline_touches_no_socket() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    for offline in [("HF_HUB_OFFLINE", "1"), ("TRANSFORMERS_OFFLINE", "yes")] {
        let mut repository = open(&hub.endpoint(), cache.path(), &[offline]);
        let error = fetch(&mut repository, FILE).unwrap_err();
        assert!(matches!(error, HubError::NotCached { .. }) && error.is_unreachable());
    }
    assert!(hub.requests().is_empty());
    fetch(&mut open(&hub.endpoint(), cache.path(), &[]), FILE).unwrap();
    let before = hub.requests().len();
    let mut repository = open(&hub.endpoint(), cache.path(), &[("HF_HUB_OFFLINE", "on")]);
    let cached = fetch(&mut repository, FILE).unwrap();
    assert_eq!(fs::read(cached.path).unwrap(), content(500));
    assert_eq!(repository.commit(), Some(COMMIT));
    assert_eq!(repository.fetch("vocab.txt", &mut |_| {}).unwrap(), None);
    assert!(matches!(
        fetch(&mut repository, WEIGHTS),
        Err(HubError::NotCached { .. })
    ));
    assert_eq!(hub.requests().len(), before);
}

#[test]
fn an_unreachable_hub_gives_way_to_the_cache_and_says_so() {
    let cache = TempDir::new().unwrap();
    let endpoint = unreachable_endpoint();
    let error = fetch(&mut open(&endpoint, cache.path(), &[]), FILE).unwrap_err();
    assert!(matches!(error, HubError::Unreachable { .. }) && error.is_unreachable());
    let nowhere = "http://no-such-host.invalid";
    let error = fetch(&mut open(nowhere, cache.path(), &[]), FILE).unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");

    let hub = LoopbackHub::serve([model()]);
    let mut repository = open(&hub.endpoint(), cache.path(), &[]);
    fetch(&mut repository, FILE).unwrap();
    assert_eq!(repository.stand_in_reason(), None);
    let mut repository = open(&endpoint, cache.path(), &[]);
    fetch(&mut repository, FILE).unwrap();
    assert!(
        repository
            .stand_in_reason()
            .unwrap()
            .contains("cannot be reached")
    );
    let error = fetch(&mut repository, WEIGHTS).unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
}

#[test]
fn main_follows_the_hub_and_one_run_keeps_to_one_commit() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    let mut early = open(&hub.endpoint(), cache.path(), &[]);
    fetch(&mut early, FILE).unwrap();
    let moved = "ffff456789abcdef0123456789abcdef01234567";
    hub.replace(model().commit(moved).file(FILE, "{}"));
    let mut late = open(&hub.endpoint(), cache.path(), &[]);
    let cached = fetch(&mut late, FILE).unwrap();
    assert_eq!(fs::read(&cached.path).unwrap(), b"{}");
    assert_eq!(late.commit(), Some(moved));
    assert_eq!(early.commit(), Some(COMMIT));
    // The hub of this test forgets the old commit, and the run that began
    // with it must not go on with the new one.
    assert!(fetch(&mut early, WEIGHTS).is_err());
    let reference = folder(cache.path()).join("refs/main");
    assert_eq!(fs::read_to_string(reference).unwrap(), moved);
}

#[test]
fn the_cache_has_the_layout_of_huggingface_hub() {
    let served = model()
        .revision("refs/pr/1")
        .file("onnx/a/model.onnx", content(50));
    let hub = LoopbackHub::serve([served]);
    let cache = TempDir::new().unwrap();
    let environment = environment(&hub.endpoint(), cache.path(), &[]);
    let mut repository = Repository::open(environment, MODEL, "refs/pr/1").unwrap();
    for file in [FILE, WEIGHTS, "onnx/a/model.onnx"] {
        fetch(&mut repository, file).unwrap();
    }
    let folder = folder(cache.path());
    let reference = fs::read_to_string(folder.join("refs/refs/pr/1")).unwrap();
    assert_eq!(reference, COMMIT);
    let snapshot = folder.join("snapshots").join(COMMIT);
    for (file, etag, up) in [
        (FILE, git_blob_sha1(&content(500)), "../.."),
        (WEIGHTS, sha256(&content(300_000)), "../.."),
        (
            "onnx/a/model.onnx",
            git_blob_sha1(&content(50)),
            "../../../..",
        ),
    ] {
        let blob = folder.join("blobs").join(&etag);
        assert_eq!(
            fs::read(snapshot.join(file)).unwrap(),
            fs::read(&blob).unwrap()
        );
        #[cfg(unix)]
        assert_eq!(
            fs::read_link(snapshot.join(file)).unwrap(),
            Path::new(up).join("blobs").join(etag)
        );
        let _ = up;
    }
}

#[test]
fn without_links_the_cache_holds_copies() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    let without = [("HF_HUB_DISABLE_SYMLINKS", "1")];
    let cached = fetch(&mut open(&hub.endpoint(), cache.path(), &without), FILE).unwrap();
    assert!(fs::symlink_metadata(&cached.path).unwrap().is_file());
    assert_eq!(fs::read(cached.path).unwrap(), content(500));
}

/// A cache as Python leaves it, of one file under one commit.
fn lay_out(cache: &Path, folder: &str, file: &str, content: &[u8], reference: Option<&str>) {
    let folder = cache.join(folder);
    let etag = git_blob_sha1(content);
    let snapshot = folder.join("snapshots").join(COMMIT);
    fs::create_dir_all(folder.join("blobs")).unwrap();
    fs::create_dir_all(&snapshot).unwrap();
    fs::write(folder.join("blobs").join(&etag), content).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(Path::new("../../blobs").join(&etag), snapshot.join(file)).unwrap();
    #[cfg(not(unix))]
    fs::write(snapshot.join(file), content).unwrap();
    if let Some(reference) = reference {
        let path = folder.join("refs").join(reference);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, COMMIT).unwrap();
    }
}

#[test]
fn what_python_downloaded_is_found_under_old_and_new_names() {
    let cases = [
        (
            "bert-base-uncased",
            "models--google-bert--bert-base-uncased",
            "main",
            Some("main"),
        ),
        (
            "google-bert/bert-base-uncased",
            "models--bert-base-uncased",
            "main",
            Some("main"),
        ),
        (
            "bert-base-uncased",
            "models--bert-base-uncased",
            "main",
            Some("main"),
        ),
        (
            "owner/model",
            "models--owner--model",
            "refs/pr/1",
            Some("refs/pr/1"),
        ),
        ("owner/model", "models--owner--model", COMMIT, None),
        (
            "bert-base-uncased",
            "models--google-bert--bert-base-uncased",
            COMMIT,
            None,
        ),
    ];
    for (id, folder, revision, reference) in cases {
        let cache = TempDir::new().unwrap();
        lay_out(cache.path(), folder, FILE, b"{}", reference);
        let offline = [("HF_HUB_OFFLINE", "1")];
        let environment = environment("http://127.0.0.1:1", cache.path(), &offline);
        let mut repository = Repository::open(environment, id, revision).unwrap();
        let cached = fetch(&mut repository, FILE).unwrap();
        let expected = cache
            .path()
            .join(folder)
            .join("snapshots")
            .join(COMMIT)
            .join(FILE);
        assert_eq!(cached.path, expected, "{id} at {revision}");
        assert_eq!(repository.commit(), Some(COMMIT));
    }
}

#[test]
fn a_cached_commit_is_not_downloaded_again_under_the_other_name() {
    let hub = LoopbackHub::serve([
        ServedRepository::new("google-bert/bert-base-uncased").file(FILE, content(500))
    ]);
    hub.rename("bert-base-uncased", "google-bert/bert-base-uncased");
    let cache = TempDir::new().unwrap();
    for id in ["google-bert/bert-base-uncased", "bert-base-uncased"] {
        let environment = environment(&hub.endpoint(), cache.path(), &[]);
        let mut repository = Repository::open(environment, id, "main").unwrap();
        fetch(&mut repository, FILE).unwrap();
    }
    assert_eq!(hub.count("GET", FILE), 1);
}

#[test]
fn damaged_cache_entries_are_replaced() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    let cached = fetch(&mut open(&hub.endpoint(), cache.path(), &[]), FILE).unwrap();
    let blob = fs::canonicalize(&cached.path).unwrap();
    // A link to nothing, then a content of another length.
    for damage in [None, Some("short")] {
        match damage {
            None => fs::remove_file(&blob).unwrap(),
            Some(text) => fs::write(&blob, text).unwrap(),
        }
        let cached = fetch(&mut open(&hub.endpoint(), cache.path(), &[]), FILE).unwrap();
        assert_eq!(fs::read(cached.path).unwrap(), content(500), "{damage:?}");
    }
}

#[test]
fn an_etag_that_is_no_hash_leaves_the_length_to_be_checked() {
    let served = ServedRepository::new(MODEL)
        .etag("an-etag-2")
        .file(FILE, content(500));
    let hub = LoopbackHub::serve([served.clone()]);
    let cache = TempDir::new().unwrap();
    let cached = fetch(&mut open(&hub.endpoint(), cache.path(), &[]), FILE).unwrap();
    assert_eq!(cached.sha256, None);
    for hostile in ["../../escape", "a/b", "..", ""] {
        let hub = LoopbackHub::serve([served.clone().etag(hostile)]);
        let cache = TempDir::new().unwrap();
        let error = fetch(&mut open(&hub.endpoint(), cache.path(), &[]), FILE).unwrap_err();
        assert!(
            matches!(error, HubError::NotAHub { .. }),
            "{hostile}: {error:?}"
        );
    }
}

#[test]
fn two_downloads_at_the_same_time_do_not_corrupt_each_other() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let mut repository = open(&hub.endpoint(), cache.path(), &[]);
                let cached = fetch(&mut repository, WEIGHTS).unwrap();
                assert_eq!(fs::read(cached.path).unwrap(), content(300_000));
            });
        }
    });
    assert_eq!(hub.count("GET", WEIGHTS), 1);
}

#[test]
fn a_lock_that_another_process_keeps_is_waited_for_within_bounds() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    let locks = cache.path().join(".locks/models--owner--model");
    fs::create_dir_all(&locks).unwrap();
    let etag = git_blob_sha1(&content(500));
    let lock = fs::File::create(locks.join(format!("{etag}.lock"))).unwrap();
    lock.lock().unwrap();
    let error = fetch(&mut open(&hub.endpoint(), cache.path(), &[]), FILE).unwrap_err();
    assert!(matches!(error, HubError::Locked { .. }), "{error:?}");
    drop(lock);
    fetch(&mut open(&hub.endpoint(), cache.path(), &[]), FILE).unwrap();
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let hub = LoopbackHub::serve([model()]);
    let directory = TempDir::new().unwrap();
    let cache = directory.path().join("a-file");
    fs::write(&cache, "").unwrap();
    let error = fetch(&mut open(&hub.endpoint(), &cache, &[]), FILE).unwrap_err();
    assert!(matches!(error, HubError::CacheIo { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("HF_HUB_CACHE"));
    assert!(!error.is_unreachable());
}

#[test]
fn names_that_lead_elsewhere_are_refused_before_any_path_is_made() {
    let hub = LoopbackHub::serve([model()]);
    let cache = TempDir::new().unwrap();
    let environment = environment(&hub.endpoint(), cache.path(), &[]);
    for id in [
        "", "..", "../x", "/x", "a/b/c", "a//b", "a--b", "a/..", ".a", "a-", "x.git", "a b", "ä",
    ] {
        let error = Repository::open(environment.clone(), id, "main").unwrap_err();
        assert!(matches!(error, HubError::InvalidId { .. }), "{id}");
    }
    for revision in [
        "", "..", "a/../b", "/a", "a/", "-a", "a b", "a\\b", ".hidden", "a:b", "a\n",
    ] {
        let error = Repository::open(environment.clone(), MODEL, revision).unwrap_err();
        assert!(
            matches!(error, HubError::InvalidRevision { .. }),
            "{revision:?}"
        );
    }
    let mut repository = Repository::open(environment, MODEL, "main").unwrap();
    for file in [
        "",
        "..",
        "../x",
        "/etc/passwd",
        "a//b",
        "a\\b",
        "c:x",
        "a/./b",
    ] {
        let error = fetch(&mut repository, file).unwrap_err();
        assert!(
            matches!(error, HubError::InvalidFileName { .. }),
            "{file:?}"
        );
    }
    assert!(hub.requests().is_empty());
    assert!(files_below(cache.path()).is_empty());
}

type Variables<'a> = &'a [(&'a str, &'a str)];

fn read(variables: Variables<'_>) -> Result<HubEnvironment, HubError> {
    let variables: HashMap<&str, OsString> = variables
        .iter()
        .map(|(name, value)| (*name, value.into()))
        .collect();
    HubEnvironment::from_variables(|name| variables.get(name).cloned())
}

#[test]
#[cfg(unix)]
fn the_cache_is_where_huggingface_hub_has_it() {
    let home = ("HOME", "/h");
    let cases: [(Variables<'_>, &str); 8] = [
        (&[home], "/h/.cache/huggingface/hub"),
        (&[home, ("XDG_CACHE_HOME", "/x")], "/x/huggingface/hub"),
        (
            &[home, ("XDG_CACHE_HOME", "/x"), ("HF_HOME", "/f")],
            "/f/hub",
        ),
        (
            &[home, ("HF_HOME", "/f"), ("HUGGINGFACE_HUB_CACHE", "/old")],
            "/old",
        ),
        (
            &[
                home,
                ("HF_HUB_CACHE", "/new"),
                ("HUGGINGFACE_HUB_CACHE", "/old"),
            ],
            "/new",
        ),
        (&[home, ("HF_HOME", "~/models")], "/h/models/hub"),
        (
            &[
                home,
                ("DISK", "/d"),
                ("HF_HUB_CACHE", "${DISK}/$DISK/$NONE/c"),
            ],
            "/d//d/$NONE/c",
        ),
        (&[home, ("HF_HOME", "")], "/h/.cache/huggingface/hub"),
    ];
    for (variables, expected) in cases {
        let environment = read(variables).unwrap();
        assert_eq!(environment.cache, Path::new(expected), "{variables:?}");
    }
}

#[test]
fn offline_and_endpoint_are_read_as_huggingface_hub_reads_them() {
    let home = ("HF_HOME", "/h");
    for (value, expected) in [
        ("1", true),
        ("on", true),
        ("Yes", true),
        ("TRUE", true),
        ("0", false),
        ("2", false),
        ("", false),
    ] {
        let environment = read(&[home, ("HF_HUB_OFFLINE", value)]).unwrap();
        assert_eq!(environment.offline, expected, "{value}");
    }
    let both = [home, ("HF_HUB_OFFLINE", "0"), ("TRANSFORMERS_OFFLINE", "1")];
    assert!(!read(&both).unwrap().offline);
    assert_eq!(read(&[home]).unwrap().endpoint, "https://huggingface.co");
    let mirror = [home, ("HF_ENDPOINT", "http://mirror/hf//")];
    assert_eq!(read(&mirror).unwrap().endpoint, "http://mirror/hf");
    for wrong in [
        "mirror",
        "ftp://mirror",
        "https://",
        "not an address",
        "http://h/?q=1",
    ] {
        let error = read(&[home, ("HF_ENDPOINT", wrong)]).unwrap_err();
        assert!(matches!(error, HubError::InvalidEndpoint { .. }), "{wrong}");
    }
}

#[test]
fn the_token_comes_from_the_first_place_that_has_one() {
    let directory = TempDir::new().unwrap();
    let home = directory.path().to_str().unwrap();
    let other = directory.path().join("other-token");
    fs::write(directory.path().join("token"), "hf_home\r\n").unwrap();
    fs::write(&other, "  hf_path\n").unwrap();
    let other = other.to_str().unwrap();
    let cases: [(Variables<'_>, Option<&str>); 7] = [
        (&[], Some("hf_home")),
        (&[("HF_TOKEN_PATH", other)], Some("hf_path")),
        (&[("HF_TOKEN_PATH", "/none/token")], None),
        (&[("HUGGING_FACE_HUB_TOKEN", "hf_old")], Some("hf_old")),
        (
            &[
                ("HUGGING_FACE_HUB_TOKEN", "hf_old"),
                ("HF_TOKEN", " hf_new\n"),
            ],
            Some("hf_new"),
        ),
        (&[("HF_TOKEN", " ")], Some("hf_home")),
        (&[("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")], None),
    ];
    for (variables, expected) in cases {
        let hub = LoopbackHub::serve([model()]);
        let cache = TempDir::new().unwrap();
        let mut variables = variables.to_vec();
        variables.push(("HF_HOME", home));
        let environment = environment(&hub.endpoint(), cache.path(), &variables);
        assert!(
            !format!("{environment:?}").contains("hf_"),
            "{environment:?}"
        );
        let mut repository = Repository::open(environment, MODEL, "main").unwrap();
        fetch(&mut repository, FILE).unwrap();
        let sent = hub.requests()[0].headers.get("authorization").cloned();
        assert_eq!(
            sent,
            expected.map(|token| format!("Bearer {token}")),
            "{variables:?}"
        );
    }
    let error = read(&[("HF_HOME", home), ("HF_TOKEN", "hf_se cret")]).unwrap_err();
    assert!(matches!(
        error,
        HubError::InvalidToken { origin: "HF_TOKEN" }
    ));
    assert!(!full_text(&error).contains("cret"));
}
