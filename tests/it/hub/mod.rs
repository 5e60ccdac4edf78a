//! The way from a model's name to its files: over a hub on the loopback
//! interface, with every fault that a network and a server can have.

mod addresses;
mod cache;
mod certificates;
mod default_model;
mod end_to_end;
mod environment;
mod families;
mod faults;
mod home;
mod python;
mod transfer;
mod weights;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use attnviz::checkpoint::hub::{CachedFile, HubEnvironment, HubError, Repository, Timeouts};
use attnviz::cli::in_words;

use crate::loopback_hub::{Fault, FaultKind, ServedRepository};

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

/// What the command line says to do about it.
fn hint(error: &HubError) -> String {
    error.remedy().map(|it| in_words(&it)).unwrap_or_default()
}

fn full_text(error: &HubError) -> String {
    format!("{error} {error:?} {}", hint(error))
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
