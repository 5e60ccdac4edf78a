//! What `--resume` keeps, and what it does again.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;

use super::{arguments, assert_same_tree, batch, write};
use crate::binary::{Workplace, copy_of_fixture};

const LINES: &str = "one\ntwo\nthree\nfour\n";

/// How many inputs `--resume` kept.
fn kept(workplace: &Workplace, more: &[&str]) -> u64 {
    let mut all = vec!["--resume", "--json"];
    all.extend(more);
    let outcome = batch(workplace, 0, &["in.txt"], "out", &all);
    let report: Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
    report["kept"].as_u64().expect("it is counted")
}

fn modified(path: &Path) -> SystemTime {
    let metadata = fs::metadata(path).expect("the file is there");
    metadata.modified().expect("it has a time")
}

#[test]
fn what_is_done_is_kept_and_what_changed_is_done_again() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    batch(&workplace, 0, &["in.txt"], "out", &[]);
    let first = workplace.path().join("out/inputs/000001/overview.png");
    let before = modified(&first);
    assert_eq!(kept(&workplace, &[]), 4);
    assert_eq!(modified(&first), before);
    write(&workplace, "in.txt", "one\nzwei\nthree\nfour\nfive\n");
    assert_eq!(kept(&workplace, &[]), 3);
    for more in [
        &["--colormap", "magma"][..],
        &["--scale", "head"],
        &["--views", "heads"],
        &["-f", "png,json"],
        &["-f", "json"],
    ] {
        assert_eq!(kept(&workplace, more), 0, "{more:?}");
        assert_eq!(kept(&workplace, more), 5, "{more:?}");
    }
    batch(&workplace, 0, &["in.txt"], "other", &["-f", "json"]);
    let [out, other] = ["out", "other"].map(|folder| workplace.path().join(folder));
    assert_same_tree(&out, &other, "after many changes");
}

#[test]
fn another_model_of_the_same_name_is_noticed() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    let model = workplace.path().join("model");
    let run = || {
        let all = [
            "batch", "in.txt", "-m", "./model", "-o", "out", "--resume", "--json",
        ];
        let report: Value =
            serde_json::from_str(&workplace.succeed(&all).stdout).expect("it is JSON");
        report["kept"].as_u64()
    };
    copy_of_fixture("relu-uncased-vocabulary", &model);
    assert_eq!(run(), Some(0));
    assert_eq!(run(), Some(4));
    let config = fs::read_to_string(model.join("config.json")).expect("a config");
    fs::write(model.join("config.json"), format!("{config}\n")).expect("it can be changed");
    assert_eq!(run(), Some(0));
}

#[test]
fn damaged_results_are_done_again() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    batch(&workplace, 0, &["in.txt"], "out", &[]);
    batch(&workplace, 0, &["in.txt"], "expected", &[]);
    let [out, expected] = ["out", "expected"].map(|folder| workplace.path().join(folder));
    let picture = out.join("inputs/000001/overview.png");
    let thumbnail = out.join("thumbnails/000002.png");
    let damage: [(&str, &dyn Fn()); 5] = [
        ("cut picture", &|| cut(&picture)),
        ("cut thumbnail", &|| cut(&thumbnail)),
        ("lost thumbnail", &|| {
            fs::remove_file(&thumbnail).expect("it can go")
        }),
        ("empty manifest", &|| {
            write(&workplace, "out/inputs/000003/manifest.json", "")
        }),
        ("lost picture", &|| {
            fs::remove_file(&picture).expect("it can go")
        }),
    ];
    for (what, damage) in damage {
        damage();
        assert_eq!(kept(&workplace, &[]), 3, "{what}");
        assert_same_tree(&out, &expected, what);
    }
}

#[test]
fn a_thumbnail_is_believed_by_its_digest_alone() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    batch(&workplace, 0, &["in.txt"], "out", &[]);
    batch(&workplace, 0, &["in.txt"], "expected", &[]);
    let [out, expected] = ["out", "expected"].map(|folder| workplace.path().join(folder));
    // A picture that is whole, and another input's.
    fs::copy(
        out.join("thumbnails/000001.png"),
        out.join("thumbnails/000003.png"),
    )
    .expect("it can be copied");
    assert_eq!(kept(&workplace, &[]), 3);
    assert_same_tree(&out, &expected, "another input's thumbnail");
}

fn cut(path: &Path) {
    let mut bytes = fs::read(path).expect("the file is there");
    bytes.truncate(bytes.len() - 20);
    fs::write(path, bytes).expect("it can be cut");
}

#[test]
fn folders_that_are_no_batchs_are_left_alone() {
    for name in [
        "manifest.json",
        "inputs/mine.txt",
        "index.html",
        "results.jsonl",
    ] {
        let workplace = Workplace::new();
        write(&workplace, "in.txt", LINES);
        fs::create_dir_all(workplace.path().join("out/inputs")).expect("a folder can be made");
        if !name.starts_with("inputs") {
            fs::remove_dir(workplace.path().join("out/inputs")).expect("it can go");
        }
        write(&workplace, &format!("out/{name}"), "{}");
        let outcome = workplace.run(&arguments(&["in.txt"], "out", &[]));
        assert_eq!(outcome.code, Some(1), "{name}: {}", outcome.stderr);
        assert!(
            outcome.stderr.contains("is not a batch's"),
            "{}",
            outcome.stderr
        );
        let left = crate::binary::tree(&workplace.path().join("out"));
        assert_eq!(left.keys().collect::<Vec<_>>(), [name]);
    }
}
