//! Parts of the inputs and the whole that `attnviz merge` makes of them.

use std::collections::BTreeSet;
use std::fs;

use proptest::prelude::*;

use super::{assert_same_tree, inputs_of, merge, results, scores, write};
use crate::binary::{Workplace, fixture, tree};

/// The folders of all shards of a file.
fn run_shards(workplace: &Workplace, code: i32, file: &str, count: u32, name: &str) -> Vec<String> {
    let run = |index: u32| {
        let folder = format!("{name}-{index}-of-{count}");
        let shard = format!("{index}/{count}");
        let outcome = workplace.run(&super::arguments(
            &[file],
            &folder,
            &["--shard", &shard, "-q"],
        ));
        let found = outcome.code;
        assert!(
            found == Some(0) || found == Some(code),
            "{}",
            outcome.stderr
        );
        folder
    };
    (1..=count).map(run).collect()
}

#[test]
fn shards_merge_into_what_one_run_leaves() {
    let workplace = Workplace::new();
    let file = fixture("sentences.txt").display().to_string();
    scores(&workplace, 3, &[&file], "whole", &["-q"]);
    let whole = workplace.path().join("whole");
    for count in [1, 2, 3] {
        let mut folders = run_shards(&workplace, 3, &file, count, "shard");
        folders.rotate_left(1);
        let output = format!("merged-{count}");
        merge(&workplace, 3, &folders, &output);
        let merged = workplace.path().join(&output);
        assert_same_tree(&merged, &whole, &format!("{count} shards"));
        // Again into the same folder, where files of the user's stay.
        fs::write(merged.join("notes.txt"), "mine").expect("it can be written");
        merge(&workplace, 3, &folders, &output);
        fs::remove_file(merged.join("notes.txt")).expect("it is still there");
        assert_same_tree(&merged, &whole, &format!("{count} shards again"));
    }
}

#[test]
fn an_interrupted_shard_that_is_resumed_merges_alike() {
    let workplace = Workplace::new();
    write(
        &workplace,
        "in.txt",
        "one\ntwo\nthree\nfour\nfive\nsix\nseven\n",
    );
    scores(&workplace, 0, &["in.txt"], "whole", &[]);
    let folders = run_shards(&workplace, 0, "in.txt", 2, "shard");
    // What is there already is kept, and nothing is another byte.
    for (index, folder) in folders.iter().enumerate() {
        let before = tree(&workplace.path().join(folder));
        let shard = format!("{}/2", index + 1);
        let more = ["--shard", &shard, "--resume", "--json"];
        let outcome = scores(&workplace, 0, &["in.txt"], folder, &more);
        let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        assert_eq!(report["kept"], report["counts"]["done"]);
        assert!(tree(&workplace.path().join(folder)) == before, "{folder}");
    }
    merge(&workplace, 0, &folders, "merged");
    let [merged, whole] = ["merged", "whole"].map(|name| workplace.path().join(name));
    assert_same_tree(&merged, &whole, "resumed shards");
}

#[test]
fn shards_that_do_not_fit_are_refused_and_leave_nothing() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\ntwo\nthree\nfour\nfive\n");
    let folders = run_shards(&workplace, 0, "in.txt", 2, "shard");
    let other = run_shards(&workplace, 0, "in.txt", 3, "other");
    let model = fixture("masked-lm-bin").display().to_string();
    let all = [
        "batch", "in.txt", "-m", &model, "--shard", "2/2", "-o", "pictures",
    ];
    workplace.succeed(&all);
    let refused = |folders: &[String], word: &str| {
        let outcome = merge(&workplace, 1, folders, "merged");
        assert!(
            outcome.stderr.contains(word),
            "no {word:?} in {}",
            outcome.stderr
        );
        assert!(outcome.stderr.contains("hint: "), "{}", outcome.stderr);
        assert!(!workplace.path().join("merged").exists(), "{word}");
    };
    let with = |second: &str| vec![folders[0].clone(), second.to_owned()];
    refused(&folders[..1], "of 2 shards 2 is missing");
    refused(&with(&other[1]), "differ in their number of shards");
    refused(&with("pictures"), "differ in what they were made into");
    // A file of scores that is another one, one too many, or a link.
    let shard = workplace.path().join(&folders[1]);
    let part = shard.join("scores.parquet/part-00000.parquet");
    let whole = fs::read(&part).expect("it can be read");
    fs::write(&part, &whole[1..]).expect("it can be written");
    refused(&folders, "it is not what its manifest lists");
    fs::remove_file(&part).expect("it can be removed");
    refused(&folders, "it is not what its manifest lists");
    #[cfg(unix)]
    {
        let elsewhere = workplace.path().join("elsewhere");
        fs::write(&elsewhere, &whole).expect("it can be written");
        std::os::unix::fs::symlink(&elsewhere, &part).expect("a link can be made");
        refused(&folders, "it is not what its manifest lists");
        fs::remove_file(&part).expect("it can be removed");
    }
    fs::write(&part, &whole).expect("it can be written");
    let more = shard.join("scores.parquet/part-00001.parquet");
    fs::write(&more, &whole).expect("it can be written");
    refused(&folders, "its manifest does not list it");
    fs::remove_file(&more).expect("it can be removed");
    merge(&workplace, 0, &folders, "merged");
}

#[test]
fn the_shards_of_a_run_have_each_input_once() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\ntwo\nthree\nfour\nfive\nsix\n");
    let folders = run_shards(&workplace, 0, "in.txt", 3, "shard");
    let folders = folders.iter().map(|name| workplace.path().join(name));
    let mut indices = BTreeSet::new();
    for folder in folders {
        assert!(results(&folder).len() < 6);
        for input in inputs_of(&folder, "part-00000.parquet") {
            assert_eq!(input.id, format!("{:06}", input.index + 1));
            assert!(
                indices.insert(input.index),
                "{} is there twice",
                input.index
            );
        }
    }
    assert_eq!(indices, (0..6).collect());
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 6,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_split_into_shards_gives_the_same_bytes(
        words in prop::collection::vec("[a-z]{1,9}( [a-z]{1,9}){0,6}", 1..24),
        count in 1_u32..6,
    ) {
        let workplace = Workplace::new();
        write(&workplace, "in.txt", words.join("\n"));
        scores(&workplace, 0, &["in.txt"], "whole", &["-q"]);
        let folders = run_shards(&workplace, 0, "in.txt", count, "shard");
        merge(&workplace, 0, &folders, "merged");
        let [merged, whole] = ["merged", "whole"].map(|name| workplace.path().join(name));
        assert_same_tree(&merged, &whole, &format!("{count} shards of {words:?}"));
    }
}
