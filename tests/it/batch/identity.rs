//! What an input gets depends on nothing but itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{assert_same, assert_same_tree, batch, field, results, sentences, write};
use crate::binary::{Workplace, manifest, sha256, tree};

fn inputs_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    tree(&folder.join("inputs"))
}

#[test]
fn two_hundred_sentences_are_done_and_bad_lines_are_listed() {
    let workplace = Workplace::new();
    let file = sentences().display().to_string();
    let outcome = workplace.run(&["batch", &file, "-m", "builtin", "-o", "out"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    let folder = workplace.path().join("out");
    let results = results(&folder);
    assert_eq!(results.len(), 204);
    let failed: Vec<_> = results
        .iter()
        .filter(|result| result["status"] == "failed")
        .cloned()
        .collect();
    assert_eq!(field(&failed, "line"), ["32", "63", "104", "156"]);
    assert!(
        failed
            .iter()
            .all(|result| result["file"] == "sentences.txt")
    );
    let errors = field(&failed, "error");
    let words = ["UTF-8", "UTF-8", "602 tokens", "becomes no token"];
    for (error, word) in errors.iter().zip(words) {
        assert!(error.contains(word), "{error}");
        assert!(
            outcome.stderr.contains(error.as_str()),
            "{}",
            outcome.stderr
        );
    }
    let whole = manifest(&folder);
    assert_eq!(whole["complete"], true);
    assert_eq!(whole["counts"]["done"], 200);
    assert_eq!(whole["counts"]["failed"], 4);
    let bytes = fs::read(sentences()).expect("the fixture can be read");
    assert_eq!(whole["input_files"][0]["sha256"], sha256(&bytes));
    for file in whole["files"].as_array().expect("files are listed") {
        let name = file["name"].as_str().expect("a file has a name");
        let bytes = fs::read(folder.join(name)).expect("the file is there");
        assert_eq!(file["sha256"], sha256(&bytes), "{name}");
    }
    for result in results.iter().filter(|result| result["status"] == "done") {
        for path in ["picture", "thumbnail"] {
            let path = result[path].as_str().expect("there is a picture");
            assert!(folder.join(path).is_file(), "{path}");
        }
    }
    let all: String = tree(&folder)
        .iter()
        .filter(|(name, _)| !name.ends_with(".png"))
        .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
        .collect();
    let here = workplace.path().display().to_string();
    assert!(
        !all.contains(&here) && !all.contains(&file),
        "an absolute path is told"
    );
}

#[test]
fn an_input_gets_the_files_that_encode_gives_it() {
    let workplace = Workplace::new();
    let options = [
        "-m",
        "builtin",
        "--views",
        "heads,overview",
        "--layers",
        "0,-1",
    ];
    let more = [
        "--heads",
        "2-4",
        "-f",
        "png,safetensors,json",
        "--scale",
        "run",
    ];
    let options: Vec<&str> = options.into_iter().chain(more).collect();
    let inputs = [
        ("one", "Hello, how are you?", None),
        ("two", "人人生而自由，在尊严和权利上一律平等。", None),
        ("three", "It was late.", Some("She went home.")),
    ];
    let lines = inputs.map(|(id, text, pair)| {
        serde_json::json!({"id": id, "text": text, "pair": pair, "more": [1]}).to_string() + "\n"
    });
    write(&workplace, "in.jsonl", lines.concat());
    let mut all = vec!["batch", "in.jsonl", "-o", "out"];
    all.extend(&options);
    workplace.succeed(&all);
    for (id, text, pair) in inputs {
        let mut all = vec!["encode", text, "-o", id];
        all.extend(pair.iter().flat_map(|pair| ["--pair", pair]));
        all.extend(&options);
        workplace.succeed(&all);
        let encoded = fs::read_dir(workplace.path().join(id)).expect("encode has a folder");
        let encoded = encoded.map(|entry| entry.expect("an entry").path()).next();
        let done = workplace.path().join("out/inputs").join(id);
        assert_same_tree(&done, &encoded.expect("encode wrote a run"), id);
        assert_eq!(tree(&done).len(), 1 + 2 * 3 + 2 + 1, "{id}");
    }
}

#[test]
fn neither_threads_nor_batch_size_nor_order_change_a_file() {
    let workplace = Workplace::new();
    let file = sentences().display().to_string();
    batch(&workplace, 3, &[&file], "expected", &[]);
    let expected = workplace.path().join("expected");
    for more in [
        ["--threads", "1", "--batch-tokens", "1024"],
        ["--threads", "2", "--batch-tokens", "1"],
        ["--threads", "5", "--batch-tokens", "100000"],
    ] {
        batch(&workplace, 3, &[&file], "other", &more);
        assert_same_tree(&workplace.path().join("other"), &expected, &more.join(" "));
    }
    // With ids the order of lines matters only to the lists.
    let lines: Vec<String> = (0..60)
        .map(|number| {
            format!(
                "{{\"id\": \"n{number}\", \"text\": \"{}\"}}\n",
                "cat ".repeat(1 + number % 7)
            )
        })
        .collect();
    let backwards: Vec<String> = lines.iter().rev().cloned().collect();
    write(&workplace, "a.jsonl", lines.concat());
    write(&workplace, "b.jsonl", backwards.concat());
    batch(&workplace, 0, &["a.jsonl"], "a", &[]);
    batch(&workplace, 0, &["b.jsonl"], "b", &[]);
    let [a, b] = ["a", "b"].map(|folder| workplace.path().join(folder));
    assert_same(&inputs_of(&a), &inputs_of(&b), "backwards");
    assert_same(
        &tree(&a.join("thumbnails")),
        &tree(&b.join("thumbnails")),
        "backwards",
    );
    let mut ids = field(&results(&b), "id");
    ids.reverse();
    assert_eq!(ids, field(&results(&a), "id"));
}

#[test]
fn shards_together_are_the_whole() {
    let workplace = Workplace::new();
    let file = sentences().display().to_string();
    batch(&workplace, 3, &[&file], "whole", &[]);
    let mut inputs = BTreeMap::new();
    let mut count = 0;
    for shard in ["1/3", "2/3", "3/3"] {
        let output = format!("shard-{}", &shard[..1]);
        // Each has some of the bad lines or none.
        let outcome = workplace.run(&super::arguments(&[&file], &output, &["--shard", shard]));
        assert!(matches!(outcome.code, Some(0 | 3)), "{}", outcome.stderr);
        let folder = workplace.path().join(&output);
        count += results(&folder).len();
        for (name, bytes) in inputs_of(&folder) {
            assert!(inputs.insert(name.clone(), bytes).is_none(), "{name} twice");
        }
    }
    assert_eq!(count, 204);
    let whole = workplace.path().join("whole");
    assert_same(&inputs, &inputs_of(&whole), "shards");
    // Some of its inputs failed, as in the whole.
    let outcome = workplace.run(&["merge", "shard-3", "shard-1", "shard-2", "-o", "merged"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    assert_same_tree(&workplace.path().join("merged"), &whole, "merged");
}

#[test]
fn a_folder_of_another_shard_is_not_written_to() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\ntwo\nthree\n");
    batch(&workplace, 0, &["in.txt"], "out", &["--shard", "1/2"]);
    let before = tree(workplace.path());
    for more in [&["--shard", "2/2"][..], &["--resume"], &[]] {
        let outcome = batch(&workplace, 1, &["in.txt"], "out", more);
        assert!(
            outcome.stderr.contains("holds shard 1/2"),
            "{}",
            outcome.stderr
        );
        assert!(outcome.stderr.contains("hint: "), "{}", outcome.stderr);
    }
    assert_same(&tree(workplace.path()), &before, "refused");
}
