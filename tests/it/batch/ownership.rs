//! Whose a batch's folder is: that of its inputs and its model.

use std::fs;
use std::path::Path;

use super::{arguments, assert_same_tree, batch, write};
use crate::binary::{Outcome, Workplace, copy_of_fixture, tree};

const LINES: &str = "one\ntwo\nthree\n";

/// The batch is refused with these words and a hint, and changes nothing.
fn check_refused(workplace: &Workplace, arguments: &[String], words: &[&str]) {
    let before = tree(workplace.path());
    let outcome = workplace.run(arguments);
    let stderr = &outcome.stderr;
    assert_eq!(outcome.code, Some(1), "{arguments:?}: {stderr}");
    let hint = stderr.lines().last().unwrap_or_default();
    assert!(hint.starts_with("hint: --output FOLDER"), "{stderr}");
    assert!(hint.contains("--overwrite"), "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "no {word:?} in {stderr}");
    }
    assert!(tree(workplace.path()) == before, "{arguments:?}");
}

#[test]
fn a_batch_of_other_inputs_is_refused() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    write(&workplace, "other.txt", "four\n");
    batch(&workplace, 0, &["in.txt"], "out", &[]);
    let words = ["out holds a batch of other inputs", "--resume"];
    for files in [&["other.txt"][..], &["in.txt", "other.txt"], &["-"]] {
        check_refused(&workplace, &arguments(files, "out", &[]), &words);
    }
    // The same inputs may be drawn in another way, and be called otherwise.
    fs::create_dir(workplace.path().join("more")).expect("a folder can be made");
    write(&workplace, "more/same.txt", LINES);
    batch(&workplace, 0, &["in.txt"], "out", &["-f", "json"]);
    batch(&workplace, 0, &["more/same.txt"], "out", &[]);
    // A file of the same name with another content is another input.
    write(&workplace, "same.txt", "one\nzwei\n");
    check_refused(&workplace, &arguments(&["same.txt"], "out", &[]), &words);
    for more in ["--resume", "--overwrite"] {
        batch(&workplace, 0, &["same.txt"], "out", &[more]);
        batch(&workplace, 0, &["same.txt"], "expected", &[]);
        let [out, expected] = ["out", "expected"].map(|name| workplace.path().join(name));
        assert_same_tree(&out, &expected, more);
    }
}

#[test]
fn a_batch_by_another_model_is_refused() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    let model = workplace.path().join("model");
    copy_of_fixture("relu-uncased-vocabulary", &model);
    let by = |model: &str, more: &[&str]| -> Vec<String> {
        let mut all = vec!["batch", "in.txt", "-o", "out", "-m", model];
        all.extend(more);
        all.into_iter().map(str::to_owned).collect()
    };
    workplace.succeed(&by("./model", &[]));
    let words = ["out holds a batch of another model, model"];
    check_refused(&workplace, &by("builtin", &[]), &words);
    check_refused(&workplace, &by("builtin", &["--resume"]), &words);
    // Another version of it is another model, which `--resume` may follow.
    let config = fs::read_to_string(model.join("config.json")).expect("there is a config");
    fs::write(model.join("config.json"), format!("{config}\n")).expect("it can be changed");
    let words = ["out holds a batch of another version of model", "--resume"];
    check_refused(&workplace, &by("./model", &[]), &words);
    workplace.succeed(&by("./model", &["--resume"]));
    workplace.succeed(&by("./model", &[]));
    workplace.succeed(&by("builtin", &["--overwrite"]));
    check_refused(&workplace, &by("./model", &[]), &[]);
    let both = workplace.run(&by("builtin", &["--overwrite", "--resume"]));
    assert_eq!(both.code, Some(2), "{}", both.stderr);
}

#[test]
fn another_shard_replaces_one_only_when_told_to() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    batch(&workplace, 0, &["in.txt"], "out", &["--shard", "1/2"]);
    let other = ["--shard", "2/2"];
    let refused = arguments(&["in.txt"], "out", &other);
    check_refused(&workplace, &refused, &["holds shard 1/2"]);
    batch(
        &workplace,
        0,
        &["in.txt"],
        "out",
        &[&other[..], &["--overwrite"]].concat(),
    );
    batch(&workplace, 0, &["in.txt"], "expected", &other);
    let [out, expected] = ["out", "expected"].map(|name| workplace.path().join(name));
    assert_same_tree(&out, &expected, "overwritten");
}

#[test]
fn a_merge_replaces_another_batch_only_when_told_to() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    write(&workplace, "other.txt", "four\n");
    for (shard, output) in [("1/2", "shard-1"), ("2/2", "shard-2")] {
        batch(&workplace, 0, &["in.txt"], output, &["--shard", shard]);
    }
    batch(&workplace, 0, &["in.txt"], "whole", &[]);
    batch(&workplace, 0, &["other.txt"], "out", &[]);
    let merge = |more: &[&str]| -> Outcome {
        let mut all = vec!["merge", "shard-1", "shard-2", "-o", "out"];
        all.extend(more);
        workplace.run(&all)
    };
    let [out, whole] = ["out", "whole"].map(|name| workplace.path().join(name));
    let before = tree(&out);
    let refused = merge(&[]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    for word in ["out holds a batch of other inputs", "hint: ", "--overwrite"] {
        assert!(refused.stderr.contains(word), "{}", refused.stderr);
    }
    assert!(tree(&out) == before);
    // Once it is there, it is the same batch again.
    for more in [&["--overwrite"][..], &[]] {
        let merged = merge(more);
        assert_eq!(merged.code, Some(0), "{}", merged.stderr);
        assert_same_tree(&out, &whole, "merged");
    }
}

#[test]
fn a_shard_of_a_schema_that_nobody_knows_yet_is_refused() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    batch(&workplace, 0, &["in.txt"], "shard", &["--shard", "1/1"]);
    let path = workplace.path().join("shard/manifest.json");
    let manifest = fs::read_to_string(&path).expect("the manifest is there");
    let later = manifest.replacen(
        "\"batch_schema_version\": 2",
        "\"batch_schema_version\": 3",
        1,
    );
    assert_ne!(later, manifest);
    fs::write(&path, later).expect("the manifest can be written");
    let refused = workplace.run(&["merge", "shard", "-o", "whole"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    for word in ["expected batch schema version 1 to 2, found 3", "hint: "] {
        assert!(refused.stderr.contains(word), "{}", refused.stderr);
    }
    assert!(!workplace.path().join("whole").exists());
}

/// A merge of one damaged shard is refused with these words and leaves nothing.
fn check_damaged(damage: impl Fn(&Path), output: &str, words: &[&str]) {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    batch(&workplace, 0, &["in.txt"], "shard", &["--shard", "1/1"]);
    let shard = workplace.path().join("shard");
    damage(&shard);
    let before = tree(&shard);
    let refused = workplace.run(&["merge", "shard", "-o", output]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    for word in words.iter().chain(&["hint: "]) {
        assert!(refused.stderr.contains(word), "{}", refused.stderr);
    }
    assert!(tree(&shard) == before);
    assert!(!workplace.path().join(output).exists());
}

#[test]
fn a_merge_takes_no_shard_that_is_damaged_and_none_that_it_would_lie_in() {
    let picture = "inputs/000002/overview.png";
    check_damaged(
        |shard| fs::write(shard.join(picture), "x").expect("it can be written"),
        "whole",
        &["overview.png", "not what its manifest lists"],
    );
    check_damaged(
        |shard| {
            let path = shard.join("results.jsonl");
            let results = fs::read_to_string(&path).expect("there are results");
            let cut = results.trim_end().rfind('\n').expect("there are lines") + 1;
            fs::write(&path, &results[..cut]).expect("it can be written");
        },
        "whole",
        &["results.jsonl", "expected 3 results", "found 2"],
    );
    check_damaged(|_| {}, "shard/within", &["within one"]);
}

#[test]
fn a_stranger_among_the_inputs_is_met_before_anything_goes() {
    let workplace = Workplace::new();
    let folder = workplace.path().join("out");
    for (stranger, ids) in [
        ("inputs/seven/letter.txt", ["one", "seven"]),
        ("inputs/seven", ["one", "seven"]),
        ("thumbnails/seven.png", ["one", "seven"]),
    ] {
        let _ = fs::remove_dir_all(&folder);
        write(&workplace, "in.csv", "id,text\none,One.\ntwo,Two.\n");
        batch(&workplace, 0, &["in.csv"], "out", &[]);
        let place = folder.join(stranger);
        fs::create_dir_all(place.parent().expect("it has one")).expect("it can be made");
        fs::write(&place, "mine").expect("it can be written");
        // Many inputs, so that some would be done before it is met.
        let mut lines = String::from("id,text\n");
        for number in 0..80 {
            lines += &format!("{number},Some text.\n");
        }
        for id in ids {
            lines += &format!("{id},Another text.\n");
        }
        write(&workplace, "in.csv", &lines);
        let refused = arguments(&["in.csv"], "out", &["--resume"]);
        check_refused(&workplace, &refused, &["seven"]);
        // What is in nobody's way is nobody's concern.
        write(&workplace, "in.csv", "id,text\none,One.\nthree,Three.\n");
        batch(&workplace, 0, &["in.csv"], "out", &["--resume"]);
        assert_eq!(fs::read(&place).expect("it is there"), b"mine");
    }
}
