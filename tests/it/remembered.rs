//! Digests of large weight files are remembered from one run to the next, and
//! never believed of another file.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::binary::{Outcome, Workplace, manifest, sha256, tree};
use crate::memory::model;

/// A file whose times are younger may still be written to.
const SETTLED: Duration = Duration::from_millis(3_100);

fn encode(workplace: &Workplace, caches: &Path) -> String {
    let arguments = [
        "encode",
        "the cat",
        "-m",
        "./model",
        "-o",
        "out",
        "--overwrite",
    ];
    let more = ["--views", "overview", "--layers", "0", "--heads", "0"];
    let mut command = workplace.command(&[&arguments[..], &more].concat());
    let outcome = Outcome::of(command.env("XDG_CACHE_HOME", caches).output());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let run = manifest(&workplace.path().join("out/the-cat"));
    let files = run["model"]["files"].as_array().expect("it has files");
    let mut files = files.iter();
    let weights = files.find(|file| file["name"] == "model.safetensors");
    let digest = weights.and_then(|file| file["sha256"].as_str());
    digest.expect("the weights have a digest").to_owned()
}

fn records(caches: &Path) -> Vec<PathBuf> {
    let folder = caches.join("attnviz/digests");
    let names = tree(&folder).into_keys();
    names.map(|name| folder.join(name)).collect()
}

#[test]
fn a_digest_is_remembered_of_the_very_file_alone() {
    let workplace = Workplace::new();
    let weights = workplace.path().join("model/model.safetensors");
    model(&workplace.path().join("model"));
    let of_weights = || sha256(&fs::read(&weights).expect("there are weights"));
    let caches = workplace.path().join("caches");
    // It may be written to within the same tick of the clock.
    assert_eq!(encode(&workplace, &caches), of_weights());
    assert!(!caches.exists());
    thread::sleep(SETTLED);
    assert_eq!(encode(&workplace, &caches), of_weights());
    let record = match &records(&caches)[..] {
        [record] => record.clone(),
        others => panic!("expected one record, found {others:?}"),
    };
    // Another digest in its place shows that it is read.
    let whole: Value = serde_json::from_slice(&fs::read(&record).expect("it is there")).unwrap();
    assert_eq!(whole["sha256"], json!(of_weights()));
    let marked = "0123456789abcdef".repeat(4);
    let write = |field: &str, value: Value| {
        let mut changed = whole.clone();
        changed["sha256"] = json!(marked);
        match field {
            "sha256" => changed["sha256"] = value,
            field => changed["file"][field] = value,
        }
        fs::write(&record, changed.to_string()).expect("it can be written");
    };
    write("sha256", json!(marked));
    assert_eq!(encode(&workplace, &caches), marked);
    // A record of anything else counts for nothing, and is replaced.
    for (field, value) in [
        ("path", json!("/other")),
        ("device", json!(1)),
        ("inode", json!(1)),
        ("length", json!(1)),
        ("modified", json!([1, 2])),
        ("changed", json!([1, 2])),
        ("unknown", json!(1)),
        ("sha256", json!("ABC")),
        ("sha256", json!(null)),
    ] {
        write(field, value);
        assert_eq!(encode(&workplace, &caches), of_weights(), "{field}");
        let renewed: Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
        assert_eq!(renewed, whole, "{field}");
    }
    for broken in ["", "{", "[]", &"[".repeat(100_000)] {
        fs::write(&record, broken).expect("it can be written");
        assert_eq!(encode(&workplace, &caches), of_weights());
    }
    // Other weights of the same length, and with the same time.
    write("sha256", json!(marked));
    let modified = fs::metadata(&weights).and_then(|found| found.modified());
    let mut bytes = fs::read(&weights).expect("there are weights");
    *bytes.last_mut().expect("they are not empty") ^= 1;
    fs::write(&weights, bytes).expect("they can be written");
    let file = File::options().write(true).open(&weights).expect("a file");
    file.set_modified(modified.expect("there is a time"))
        .expect("it can be set");
    assert_eq!(encode(&workplace, &caches), of_weights());
}

#[test]
fn what_cannot_be_remembered_is_read() {
    let workplace = Workplace::new();
    model(&workplace.path().join("model"));
    let weights = fs::read(workplace.path().join("model/model.safetensors"));
    let digest = sha256(&weights.expect("there are weights"));
    thread::sleep(SETTLED);
    let caches = workplace.path().join("caches");
    // A file in the place of the folder.
    fs::write(&caches, "a file").expect("it can be written");
    assert_eq!(encode(&workplace, &caches), digest);
    assert_eq!(fs::read(&caches).expect("it is there"), b"a file");
    // Folders and links in the place of the record.
    let caches = workplace.path().join("others");
    assert_eq!(encode(&workplace, &caches), digest);
    let record = records(&caches).remove(0);
    fs::remove_file(&record).expect("it can be removed");
    fs::create_dir(&record).expect("a folder can be made");
    assert_eq!(encode(&workplace, &caches), digest);
    assert!(record.is_dir());
    fs::remove_dir(&record).expect("it is empty");
    let stranger = workplace.path().join("stranger");
    fs::write(&stranger, "precious").expect("it can be written");
    std::os::unix::fs::symlink(&stranger, &record).expect("a link can be made");
    assert_eq!(encode(&workplace, &caches), digest);
    assert_eq!(fs::read(&stranger).expect("it is there"), b"precious");
    // Nothing is left half written.
    assert_eq!(records(&caches), [record]);
}
