//! What goes wrong on the way: overcome where that is possible, named where it
//! is not, and never left in the cache.

use std::fs;
use std::time::{Duration, Instant};

use attnviz::checkpoint::hub::{HubError, Repository};
use tempfile::TempDir;

use super::{
    FILE, MODEL, TOKEN, WEIGHTS, assert_nothing_holds, coded, content, environment, fault, fetch,
    files_below, folder, full_text, hint, model, open, status,
};
use crate::loopback_hub::{Fault, FaultKind, LoopbackHub, ServedRepository};

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
                matches!(error, HubError::Gated { .. }) && hint(error).contains("ask for access")
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
    assert!(hint(&error).contains("HF_TOKEN"));
    let error = attempt(MODEL, "v2", FILE);
    assert!(matches!(&error, HubError::RevisionMissing { revision, .. } if revision == "v2"));
    let error = attempt(MODEL, "main", "vocab.txt");
    assert!(matches!(&error, HubError::FileMissing { file, .. } if file == "vocab.txt"));
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
