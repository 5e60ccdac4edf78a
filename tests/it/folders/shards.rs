//! Shards that say what cannot be: numbers at the ends of their types, names
//! and digests of somebody else's.

use std::fs;

use serde_json::{Value, json};

use super::{check_refused, small, write};
use crate::binary::{Workplace, tree};

/// A change to the manifest and to the first result.
type Change = fn(&mut Value, &mut Value);

#[test]
fn counts_that_no_batch_has_are_refused() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\ntwo\nthree\n");
    workplace.succeed(&small(&[
        "batch", "in.txt", "-o", "shard", "--shard", "1/1",
    ]));
    let [manifest, results] =
        ["shard/manifest.json", "shard/results.jsonl"].map(|name| workplace.path().join(name));
    let read = |path| fs::read_to_string(path).expect("the file is there");
    let [manifest_before, results_before] = [read(&manifest), read(&results)];
    let cases: [(Change, &str); 19] = [
        (
            |it, _| it["counts"]["inputs"] = json!(u64::MAX),
            "its manifest says",
        ),
        (
            |it, _| it["counts"]["done"] = json!(u64::MAX),
            "its manifest says",
        ),
        (
            |it, _| it["counts"]["failed"] = json!(u64::MAX),
            "its manifest says",
        ),
        (
            |it, _| it["counts"]["failed"] = json!(-1),
            "is not the manifest of a batch",
        ),
        (
            |it, _| it["counts"]["done"] = json!(1e300),
            "is not the manifest of a batch",
        ),
        (
            |it, _| it["shard"] = json!({"index": 0, "count": 0}),
            "expected a shard",
        ),
        (
            |it, _| it["shard"] = json!({"index": 0, "count": 1}),
            "expected a shard",
        ),
        (
            |it, _| it["shard"] = json!({"index": 2, "count": 1}),
            "expected a shard",
        ),
        (
            |it, _| it["shard"] = json!({"index": u32::MAX, "count": u32::MAX}),
            "of 4294967295 shards",
        ),
        (
            |it, _| it["shard"]["count"] = json!(u64::MAX),
            "is not the manifest of a batch",
        ),
        (|_, it| it["line"] = json!(-1), "line 1 is no result"),
        (
            |_, it| it["truncated_tokens"] = json!(1e30),
            "line 1 is no result",
        ),
        (
            |_, it| it["thumbnail_sha256"] = json!("0".repeat(64)),
            "000001.png",
        ),
        (
            |_, it| it["status"] = json!("failed"),
            "the input \"000001\" is not what its status says",
        ),
        // The page would lead a reader there.
        (
            |_, it| it["picture"] = json!("../../secret.png"),
            "\"../../secret.png\" is no file of its input",
        ),
        (
            |_, it| it["picture"] = json!("inputs/000002/overview.png"),
            "\"inputs/000002/overview.png\" is no file of its input",
        ),
        (
            |_, it| it["thumbnail"] = json!("thumbnails/000002.png"),
            "\"thumbnails/000002.png\" is not the thumbnail of its input",
        ),
        (
            |_, it| it["folder"] = json!(null),
            "the input \"000001\" is not what its status says",
        ),
        (
            // Its digest is that of the input in whose name it is.
            |_, it| {
                for name in ["folder", "picture", "thumbnail"] {
                    let path = it[name]
                        .as_str()
                        .expect("a path")
                        .replace("000001", "000002");
                    it[name] = json!(path);
                }
                it["thumbnail_sha256"] = json!(null);
            },
            "is there more than once",
        ),
    ];
    for (change, words) in cases {
        let mut edited: Value = serde_json::from_str(&manifest_before).expect("it is JSON");
        let (first, rest) = results_before.split_once('\n').expect("there are lines");
        let mut first: Value = serde_json::from_str(first).expect("it is JSON");
        change(&mut edited, &mut first);
        fs::write(&manifest, edited.to_string()).expect("it can be edited");
        fs::write(&results, format!("{first}\n{rest}")).expect("it can be edited");
        let outcome = workplace.run(&["merge", "shard", "-o", "merged"]);
        check_refused(&outcome, &[words]);
        assert!(!workplace.path().join("merged").exists(), "{words}");
    }
    // Greatest numbers that mean nothing to the whole wrap nowhere.
    let mut line: Value =
        serde_json::from_str(results_before.lines().next().expect("a line")).expect("it is JSON");
    line["truncated_tokens"] = json!(u64::MAX);
    line["line"] = json!(u64::MAX);
    let (_, rest) = results_before.split_once('\n').expect("there are lines");
    fs::write(&manifest, &manifest_before).expect("it can be written");
    fs::write(&results, format!("{rest}{line}\n")).expect("it can be edited");
    workplace.succeed(&["merge", "shard", "-o", "merged"]);
    let page = fs::read_to_string(workplace.path().join("merged/index.html"));
    assert!(
        page.expect("there is a page")
            .contains(&u64::MAX.to_string())
    );
}

#[test]
fn a_ledger_that_anybody_wrote_lets_a_batch_delete_nothing() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\n");
    workplace.succeed(&small(&["batch", "in.txt", "-o", "out"]));
    write(&workplace, "out/inputs/mine/letter.txt", "mine");
    write(&workplace, "mine.txt", "mine");
    let results = workplace.path().join("out/results.jsonl");
    let mut text = fs::read_to_string(&results).expect("there are results");
    for folder in [
        "inputs/mine",
        "inputs/../../mine.txt",
        "/",
        "inputs/",
        "mine",
    ] {
        text += &format!("{}\n", json!({"folder": folder, "thumbnail_sha256": "x"}));
    }
    text += "no JSON\n";
    fs::write(&results, text).expect("they can be edited");
    for more in [&["--resume"][..], &[], &["--overwrite"]] {
        workplace.succeed(&small(&[&["batch", "in.txt", "-o", "out"], more].concat()));
        let left = tree(workplace.path());
        assert_eq!(left["mine.txt"], b"mine");
        assert_eq!(left["out/inputs/mine/letter.txt"], b"mine");
    }
}
