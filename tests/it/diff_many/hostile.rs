//! Folders that somebody else may have filled: what is not as attnviz wrote it
//! ends in an error or a failed input, never in a pass, and nothing behind a
//! link is read or replaced.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{diff, model, workplace};
use crate::binary::{Workplace, tree};

/// Batches and scores of both models on `in.txt`, in `left-…` and `right-…`.
fn saved() -> Workplace {
    let workplace = workplace();
    for (side, model) in [("left", model()), ("right", "changed".to_owned())] {
        let batch = format!("{side}-batch");
        workplace.succeed(&[
            "batch", "in.txt", "-m", &model, "-o", &batch, "-f", "npz", "-q",
        ]);
        let scores = format!("{side}-scores");
        workplace.succeed(&["scores", "in.txt", "-m", &model, "-o", &scores, "-q"]);
    }
    workplace
}

const BATCHES: [&str; 2] = ["left-batch", "right-batch"];
const SCORES: [&str; 2] = ["left-scores", "right-scores"];

fn change_json(path: &Path, change: impl FnOnce(&mut Value)) {
    let bytes = fs::read(path).expect("the file can be read");
    let mut value = serde_json::from_slice(&bytes).expect("JSON");
    change(&mut value);
    fs::write(path, value.to_string()).expect("the file can be written");
}

/// Changes the first line of results.
fn change_result(folder: &Path, change: impl FnOnce(&mut Value)) {
    let path = folder.join("results.jsonl");
    let text = fs::read_to_string(&path).expect("there are results");
    let (first, rest) = text.split_once('\n').expect("there is a line");
    let mut value = serde_json::from_str(first).expect("JSON");
    change(&mut value);
    fs::write(&path, format!("{value}\n{rest}")).expect("the results can be written");
}

/// Damages what lies in a folder.
type Damage = fn(&Path);

#[test]
fn a_damaged_run_is_one_input_that_is_not_compared() {
    let cases: [(&str, &str, Damage); 6] = [
        ("no file of numbers", "000001: right: ", |run| {
            fs::remove_file(run.join("attention.npz")).expect("removed");
        }),
        ("half a file", "000001: right: ", |run| {
            let bytes = fs::read(run.join("attention.npz")).expect("read");
            fs::write(run.join("attention.npz"), &bytes[..bytes.len() / 2]).expect("written");
        }),
        ("no run at all", "000001: right: ", |run| {
            fs::remove_dir_all(run).expect("removed")
        }),
        ("a file in its place", "000001: right: ", |run| {
            fs::remove_dir_all(run).expect("removed");
            fs::write(run, "nothing").expect("written");
        }),
        (
            "another input's run",
            "000001: its folders are of two different texts",
            |run| {
                let other = run.with_file_name("000002").join("attention.npz");
                fs::copy(other, run.join("attention.npz")).expect("copied");
            },
        ),
        ("a link in its place", "000001: right: ", |run| {
            let elsewhere = run.with_file_name("../elsewhere");
            fs::rename(run, &elsewhere).expect("moved");
            link(&elsewhere, run);
        }),
    ];
    let workplace = saved();
    let whole = workplace.path().join("right-batch/inputs/000001");
    let kept = tree(&whole);
    for (what, reason, damage) in cases {
        damage(&whole);
        let found = diff(
            &workplace,
            3,
            BATCHES,
            "out",
            &["--overwrite", "--max-abs", "1"],
        );
        assert!(
            found.stdout.contains("4 compared, 1 not compared"),
            "{what}: {}",
            found.stdout
        );
        assert!(found.stderr.contains(reason), "{what}: {}", found.stderr);
        let results = fs::read_to_string(workplace.path().join("out/results.jsonl"));
        let results = results.expect("there are results");
        let place = workplace.path().display().to_string();
        assert!(
            !results.contains(&place),
            "{what}: a path of this machine: {results}"
        );
        // As it was.
        let _ = fs::remove_file(&whole);
        let _ = fs::remove_dir_all(&whole);
        let _ = fs::remove_dir_all(whole.with_file_name("../elsewhere"));
        fs::create_dir_all(&whole).expect("made");
        for (name, bytes) in &kept {
            fs::write(whole.join(name), bytes).expect("written");
        }
    }
    diff(&workplace, 0, BATCHES, "out", &["--overwrite"]);
}

#[cfg(unix)]
fn link(target: &Path, link: &Path) {
    std::os::unix::fs::symlink(target, link).expect("linked");
}

#[cfg(not(unix))]
fn link(target: &Path, _: &Path) {
    fs::rename(target, target.with_extension("gone")).expect("moved");
}

#[test]
fn a_run_of_another_shape_among_the_others_is_one_that_is_not_compared() {
    let workplace = saved();
    let run = workplace.path().join("right-batch/inputs/000002");
    fs::remove_dir_all(&run).expect("removed");
    let text = "Hello, how are you?";
    let all = [
        "encode", text, "-m", "changed", "--layers", "0", "-o", "one", "-f", "npz", "-q",
    ];
    workplace.succeed(&all);
    fs::rename(workplace.path().join("one/hello-how-are-you"), &run).expect("moved");
    let found = diff(&workplace, 3, BATCHES, "out", &[]);
    assert!(
        found.stderr.contains("000002: right: it has no layer 1"),
        "{}",
        found.stderr
    );
}

#[test]
fn results_that_name_other_places_are_not_followed() {
    let workplace = saved();
    for name in [
        "../../left-batch/inputs/000001",
        "inputs/../inputs/000001",
        "/tmp",
        "inputs/",
    ] {
        change_result(&workplace.path().join("right-batch"), |record| {
            record["folder"] = json!(name);
        });
        let found = diff(&workplace, 3, BATCHES, "out", &["--overwrite"]);
        assert!(
            found.stderr.contains("its folder is none of the batch's"),
            "{name}: {}",
            found.stderr
        );
    }
}

#[test]
fn tables_that_are_not_as_they_were_written_are_errors() {
    let part = "right-scores/scores.parquet/part-00000.parquet";
    let cases: [(&str, Damage); 8] = [
        ("half a table", |root| {
            let path = root.join("scores.parquet/part-00000.parquet");
            let bytes = fs::read(&path).expect("read");
            fs::write(&path, &bytes[..bytes.len() / 2]).expect("written");
        }),
        ("other bytes in it", |root| {
            let path = root.join("scores.parquet/part-00000.parquet");
            let mut bytes = fs::read(&path).expect("read");
            let middle = bytes.len() / 2;
            bytes[middle..middle + 64].fill(0xff);
            let end = bytes.len() - 64;
            bytes[end..end + 32].fill(0xff);
            fs::write(&path, bytes).expect("written");
        }),
        ("no manifest", |root| {
            fs::remove_file(root.join("manifest.json")).expect("removed")
        }),
        ("no results", |root| {
            fs::remove_file(root.join("results.jsonl")).expect("removed")
        }),
        ("results that lack one", |root| {
            let path = root.join("results.jsonl");
            let text = fs::read_to_string(&path).expect("read");
            let (_, rest) = text.split_once('\n').expect("lines");
            fs::write(&path, rest).expect("written");
        }),
        ("results of somebody else", |root| {
            change_result(root, |record| record["id"] = json!("another"));
        }),
        ("more heads than there are", |root| {
            change_json(&root.join("manifest.json"), |manifest| {
                manifest["layers"] = json!((0..100_000).collect::<Vec<u32>>());
                manifest["heads"] = json!((0..100_000).collect::<Vec<u32>>());
            });
        }),
        ("other heads", |root| {
            change_json(&root.join("manifest.json"), |manifest| {
                manifest["heads"] = json!([0, 1, 2, 3, 4, 5, 7]);
            });
        }),
    ];
    let workplace = saved();
    let root = workplace.path().join("right-scores");
    let kept = tree(&root);
    for (what, damage) in cases {
        damage(&root);
        let found = diff(&workplace, 1, SCORES, "out", &[]);
        assert!(found.stderr.contains("error: "), "{what}: {}", found.stderr);
        assert!(!workplace.path().join("out").exists(), "{what}");
        for (name, bytes) in &kept {
            fs::write(root.join(name), bytes).expect("written");
        }
    }
    assert!(workplace.path().join(part).is_file());
    diff(&workplace, 0, SCORES, "out", &[]);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_behind_a_link() {
    let workplace = saved();
    diff(&workplace, 0, BATCHES, "out", &["--top-k", "1"]);
    let elsewhere = workplace.path().join("elsewhere");
    fs::create_dir(&elsewhere).expect("made");
    fs::write(elsewhere.join("mine.txt"), "mine").expect("written");
    let heads = workplace.path().join("out/heads");
    fs::remove_dir_all(&heads).expect("removed");
    link(&elsewhere, &heads);
    let all = super::arguments(BATCHES, "out", &["--top-k", "1"]);
    let found = workplace.run(&all);
    assert_ne!(found.code, Some(0), "{}", found.stdout);
    assert_eq!(tree(&elsewhere).len(), 1);
}
