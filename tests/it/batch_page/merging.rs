//! Shards joined into one batch.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use attnviz::batch::merge;
use attnviz::store::batch_records::{BatchManifest, ResultRecord, Shard};
use tempfile::TempDir;

use super::{done, failed, finish_batch, write_batch};
use crate::binary::Workplace;

/// Every file below a folder with its content.
fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(root).unwrap().to_owned();
                    files.insert(name, fs::read(&path).unwrap());
                }
            }
        }
    }
    files
}

/// Deals the records of a whole batch out to shards.
fn deal(whole: &Path, records: &[ResultRecord], root: &Path, count: u32) -> Vec<PathBuf> {
    let shard = |index: u32| {
        let path = root.join(format!("shard-{index}"));
        fs::create_dir_all(&path).unwrap();
        let own: Vec<ResultRecord> = (0..count)
            .cycle()
            .zip(records)
            .filter(|(turn, _)| *turn == index - 1)
            .map(|(_, record)| record.clone())
            .collect();
        for name in own
            .iter()
            .flat_map(|record| [&record.folder, &record.thumbnail])
        {
            let Some(name) = name else { continue };
            let from = whole.join(name);
            match from.is_dir() {
                false => copy(&from, &path.join(name)),
                true => tree(&from).keys().for_each(|file| {
                    copy(&from.join(file), &path.join(name).join(file));
                }),
            }
        }
        finish_batch(&path, &own, Some(Shard { index, count }));
        path
    };
    (1..=count).map(shard).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap();
}

/// Two shards of inputs without files: enough for everything that is refused.
fn small_shards(root: &Path) -> Vec<PathBuf> {
    let records = [
        failed("a", 1, None, "no token"),
        failed("b", 2, Some("b"), "no token"),
        failed("c", 3, Some("c"), "no token"),
    ];
    deal(root, &records, root, 2)
}

fn change(folder: &Path, change: impl FnOnce(&mut BatchManifest)) {
    let path = folder.join("manifest.json");
    let mut manifest = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut manifest);
    fs::write(path, serde_json::to_vec(&manifest).unwrap()).unwrap();
}

#[test]
fn merged_shards_are_the_unsharded_batch_byte_for_byte() {
    let folder = TempDir::new().unwrap();
    let whole = folder.path().join("whole");
    fs::create_dir(&whole).unwrap();
    let records = write_batch(&whole);
    let mut shards = deal(&whole, &records, folder.path(), 3);
    shards.rotate_left(1);
    let expected = tree(&whole);
    for name in ["merged", "deep/er/merged", "merged"] {
        let output = folder.path().join(name);
        let manifest = merge(&shards, &output, false).unwrap();
        assert_eq!(manifest.counts.inputs, records.len() as u64);
        let merged = tree(&output);
        assert_eq!(
            merged.keys().collect::<Vec<_>>(),
            expected.keys().collect::<Vec<_>>()
        );
        for (path, bytes) in &merged {
            assert_eq!(bytes, &expected[path], "{}", path.display());
        }
        fs::write(output.join("notes.txt"), "mine").unwrap();
        merge(&shards, &output, false).unwrap();
        assert!(
            output.join("notes.txt").exists(),
            "a file of the user's is gone"
        );
        fs::remove_file(output.join("notes.txt")).unwrap();
    }
}

#[test]
fn what_does_not_fit_together_is_refused_and_leaves_nothing() {
    type Spoil = fn(&mut Vec<PathBuf>);
    let cases: [(Spoil, &str); 12] = [
        (|shards| drop(shards.pop()), "of 2 shards 2 is missing"),
        (
            |shards| shards.push(shards[0].clone()),
            "shard 1/2 is both in",
        ),
        (
            |shards| change(&shards[1], |it| it.layers = vec![0]),
            "differ in --layers",
        ),
        (
            |shards| change(&shards[1], |it| it.model.id.push('x')),
            "differ in their model",
        ),
        (
            |shards| change(&shards[1], |it| it.truncate = Some(9)),
            "differ in --truncate",
        ),
        (
            |shards| change(&shards[1], |it| it.options.colormap.clear()),
            "differ in their options",
        ),
        (
            |shards| change(&shards[1], |it| it.input_files.clear()),
            "differ in their input files",
        ),
        (
            |shards| change(&shards[1], |it| it.attnviz_version.clear()),
            "differ in their version",
        ),
        (
            |shards| change(&shards[0], |it| it.complete = false),
            "is not complete",
        ),
        (
            |shards| change(&shards[0], |it| it.shard = None),
            "is not a shard",
        ),
        (
            |shards| fs::create_dir(shards[0].join(".attnviz-batch")).unwrap(),
            "is not complete",
        ),
        (
            |shards| fs::write(shards[0].join("results.jsonl"), "{}\n").unwrap(),
            "line 1 is no result",
        ),
    ];
    for (spoil, expected) in cases {
        let folder = TempDir::new().unwrap();
        let mut shards = small_shards(folder.path());
        spoil(&mut shards);
        let output = folder.path().join("merged");
        let error = merge(&shards, &output, false).unwrap_err().to_string();
        assert!(
            error.contains(expected),
            "expected {expected:?}, found {error:?}"
        );
        assert!(!output.exists(), "{expected}");
    }
}

#[test]
fn no_name_in_a_shard_leads_out_of_it() {
    for name in [
        "../secret",
        "inputs/../../secret",
        "/etc/passwd",
        "inputs/..",
        "inputs/a/b",
    ] {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("shard")).unwrap();
        let mut record = done("a", 1, "a");
        record.folder = Some(name.to_owned());
        record.thumbnail = None;
        let shard = folder.path().join("shard");
        finish_batch(&shard, &[record], Some(Shard { index: 1, count: 1 }));
        let error = merge(&[shard], &folder.path().join("merged"), false).unwrap_err();
        assert!(
            error.to_string().contains("is not in inputs"),
            "{name}: {error}"
        );
    }
}

#[test]
fn an_output_that_is_something_else_is_refused() {
    let folder = TempDir::new().unwrap();
    let shards = small_shards(folder.path());
    let error = merge(&shards, &shards[0].join("."), false).unwrap_err();
    assert!(
        error.to_string().contains("is one of the folders"),
        "{error}"
    );
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    merge(&shards, &taken, false).expect("an empty folder is free");
    fs::remove_file(taken.join("manifest.json")).unwrap();
    let error = merge(&shards, &taken, false).unwrap_err();
    assert!(error.to_string().contains("is not a batch's"), "{error}");
    assert!(taken.join("results.jsonl").exists());
}

#[test]
fn the_command_merges_and_hints() {
    let place = Workplace::new();
    let shards = small_shards(place.path());
    let merge = |folders: &[&str]| {
        let mut arguments = vec!["merge", "--output", "merged"];
        arguments.extend(folders);
        place
            .command(&arguments)
            .current_dir(place.path())
            .output()
            .unwrap()
    };
    assert_eq!(shards.len(), 2);
    let output = merge(&["shard-1"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("2 is missing") && text.contains("hint:"),
        "{text}"
    );
    // As the unsharded batch would: some of its inputs failed.
    let output = merge(&["shard-1", "shard-2"]);
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("0 done, 3 failed") && text.contains("merged/index.html"),
        "{text}"
    );
}
