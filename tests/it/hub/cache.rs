//! The cache that Python's huggingface_hub shares: its layout, its locks, and
//! what it answers when the hub does not.

use std::fs;
use std::path::Path;

use attnviz::checkpoint::hub::{HubError, Repository};
use tempfile::TempDir;

use super::{FILE, MODEL, WEIGHTS, content, environment, fetch, folder, hint, model, open};
use crate::loopback_hub::{
    COMMIT, LoopbackHub, ServedRepository, git_blob_sha1, sha256, unreachable_endpoint,
};

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
fn what_a_cached_commit_lacks_is_absent_when_nobody_can_be_asked() {
    // Others than the hub's tools call a commit what they like.
    for (commit, revision) in [(COMMIT, "main"), (COMMIT, COMMIT), ("abc", "main")] {
        let cache = TempDir::new().unwrap();
        let snapshot = folder(cache.path()).join("snapshots").join(commit);
        fs::create_dir_all(&snapshot).unwrap();
        fs::create_dir_all(folder(cache.path()).join("refs")).unwrap();
        fs::write(folder(cache.path()).join("refs/main"), commit).unwrap();
        fs::write(snapshot.join(FILE), content(500)).unwrap();
        let nowhere = unreachable_endpoint();
        for more in [&[("HF_HUB_OFFLINE", "1")][..], &[]] {
            let environment = environment(&nowhere, cache.path(), more);
            let mut repository = Repository::open(environment, MODEL, revision).unwrap();
            fetch(&mut repository, FILE).unwrap();
            for absent in ["special_tokens_map.json", "added_tokens.json"] {
                let found = repository.fetch(absent, &mut |_| {});
                let found = found.unwrap_or_else(|error| panic!("{commit} {revision}: {error}"));
                assert_eq!(found, None, "{commit} {revision}");
            }
            assert_eq!(repository.stand_in_reason().is_some(), more.is_empty());
            let error = fetch(&mut repository, WEIGHTS).unwrap_err();
            assert!(error.is_unreachable(), "{error:?}");
        }
        // Where the hub can be asked, it is.
        let hub = LoopbackHub::serve([model().file("added_tokens.json", content(9))]);
        let environment = environment(&hub.endpoint(), cache.path(), &[]);
        let mut repository = Repository::open(environment, MODEL, revision).unwrap();
        fetch(&mut repository, FILE).unwrap();
        fetch(&mut repository, "added_tokens.json").unwrap();
        // A hub that answered and falls silent is no reason to do without.
        hub.inject(super::fault(
            "HEAD",
            "special_tokens_map.json",
            crate::loopback_hub::FaultKind::Status(503, vec![("Retry-After", "0".to_owned())]),
            usize::MAX,
        ));
        let silent = repository.fetch("special_tokens_map.json", &mut |_| {});
        assert!(silent.is_err(), "{commit} {revision}: {silent:?}");
    }
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
    assert!(hint(&error).contains("HF_HUB_CACHE"));
    assert!(!error.is_unreachable());
}
