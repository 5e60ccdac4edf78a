//! What a batch may replace and delete: what batches wrote, and nothing else.

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{check_refused, small, write};
use crate::binary::{Outcome, Workplace, tree};

const LINES: &str = "one\ntwo\nthree\n";

fn batch(workplace: &Workplace, more: &[&str]) -> Outcome {
    workplace.run(&small(&[&["batch", "in.txt", "-o", "out"], more].concat()))
}

#[test]
fn strangers_files_stay_whatever_a_batch_does() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    assert_eq!(batch(&workplace, &[]).code, Some(0));
    let strangers = [
        "out/notes.txt",
        "out/inputs/notes.txt",
        "out/inputs/mine/notes.txt",
        "out/inputs/000001/notes.txt",
        "out/inputs/000003/more/notes.txt",
        "out/thumbnails/mine.png",
        "out/.attnviz-batch/notes.txt",
    ];
    for name in strangers {
        write(&workplace, name, name);
    }
    // A picture that somebody has drawn on is no longer what was written.
    write(&workplace, "out/inputs/000003/overview.png", "drawn on");
    let check = |what: &str| {
        for name in strangers {
            let found = fs::read_to_string(workplace.path().join(name)).ok();
            assert_eq!(found.as_deref(), Some(name), "{what}");
        }
    };
    for more in [&[][..], &["--resume"], &["-f", "svg"], &["--overwrite"]] {
        let outcome = batch(&workplace, more);
        assert_eq!(outcome.code, Some(0), "{more:?}: {}", outcome.stderr);
        check(&format!("{more:?}"));
    }
    write(&workplace, "out/inputs/000003/overview.png", "drawn on");
    // Fewer inputs: what was written of the others goes.
    write(&workplace, "in.txt", "one\n");
    assert_eq!(batch(&workplace, &["--resume"]).code, Some(0));
    check("fewer inputs");
    let left = tree(&workplace.path().join("out"));
    let left: Vec<&String> = left.keys().filter(|name| name.contains("00000")).collect();
    assert_eq!(
        left,
        [
            "inputs/000001/manifest.json",
            "inputs/000001/notes.txt",
            "inputs/000001/overview.png",
            "inputs/000003/more/notes.txt",
            "inputs/000003/overview.png",
            "thumbnails/000001.png",
        ]
    );
}

#[test]
fn names_that_no_batch_has_used_are_not_taken() {
    for name in ["out/inputs/000002/mine.txt", "out/thumbnails/000002.png"] {
        let workplace = Workplace::new();
        write(&workplace, "in.txt", "one\n");
        assert_eq!(batch(&workplace, &[]).code, Some(0));
        write(&workplace, name, "mine");
        write(&workplace, "in.txt", LINES);
        let outcome = batch(&workplace, &["--resume"]);
        let words = [
            "000002",
            "is there already and is not a batch's",
            "--overwrite",
        ];
        check_refused(&outcome, &words);
        let path = workplace.path().join(name);
        assert_eq!(fs::read(&path).expect("it is there"), b"mine");
        assert_eq!(batch(&workplace, &["--overwrite"]).code, Some(0));
        // What has another name than what is written stays all the same.
        assert!(path.exists());
    }
}

#[test]
fn a_run_below_a_batchs_folders_is_not_the_batchs() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\n");
    assert_eq!(batch(&workplace, &[]).code, Some(0));
    for output in ["out/inputs", "out/thumbnails"] {
        workplace.succeed(&small(&["encode", "Hello", "-o", output]));
    }
    let before = tree(&workplace.path().join("out"));
    for more in [&[][..], &["--resume"], &["--overwrite"]] {
        assert_eq!(batch(&workplace, more).code, Some(0));
        assert!(tree(&workplace.path().join("out")) == before, "{more:?}");
    }
}

#[test]
fn encode_takes_no_name_that_a_batch_uses() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\n");
    let batch = small(&["batch", "in.txt", "-f", "svg"]);
    workplace.succeed(&batch);
    for text in [
        "thumbnails",
        "Inputs",
        "index.html",
        "manifest.json",
        ".attnviz-batch",
    ] {
        workplace.succeed(&small(&["encode", text]));
    }
    let before = tree(&workplace.default_output());
    workplace.succeed(&batch);
    assert!(tree(&workplace.default_output()) == before);
    let runs = before
        .keys()
        .filter(|name| name.ends_with("/manifest.json"));
    assert_eq!(runs.count(), 6);
}

#[test]
fn ids_whose_hashes_begin_alike_are_two() {
    let workplace = Workplace::new();
    // Alike in letters and digits, and in the first 32 bits of their SHA-256.
    let lines = r#"{"id": "a!!;$;b", "text": "one"}
{"id": "a!&*;!b", "text": "two"}
"#;
    write(&workplace, "in.jsonl", lines);
    workplace.succeed(&small(&["batch", "in.jsonl", "-o", "out"]));
    let inputs = fs::read_dir(workplace.path().join("out/inputs"));
    assert_eq!(inputs.expect("there are inputs").count(), 2);
}

#[test]
fn a_batch_that_stopped_early_leaves_the_names_to_the_next() {
    let workplace = Workplace::new();
    write(
        &workplace,
        "in.jsonl",
        "{\"text\": \"one\"}\n{\"text\": \"two\"}\n",
    );
    let batch = |more: &[&str]| {
        workplace.run(&small(
            &[&["batch", "in.jsonl", "-o", "out"], more].concat(),
        ))
    };
    assert_eq!(batch(&[]).code, Some(0));
    write(&workplace, "in.jsonl", "{}\n{\"text\": \"two\"}\n");
    let stopped = batch(&["--resume", "--fail-fast"]);
    assert_eq!(stopped.code, Some(3), "{}", stopped.stderr);
    // Both are known to be a batch's still.
    write(
        &workplace,
        "in.jsonl",
        "{\"text\": \"one\"}\n{\"text\": \"zwei\"}\n",
    );
    let again = batch(&["--resume"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(!workplace.path().join("out/.attnviz-batch").exists());
}

#[test]
fn a_batch_at_work_is_told_by_every_command() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\n");
    workplace.succeed(&small(&[
        "batch", "in.txt", "-o", "shard", "--shard", "1/1",
    ]));
    let mut child = workplace
        .command(&small(&["batch", "-", "-o", "out"]))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut pipe = child.stdin.take().expect("there is a pipe");
    pipe.write_all(b"one\n").expect("the pipe takes it");
    let start = Instant::now();
    while !workplace.path().join("out/inputs/000001").exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing is done");
        std::thread::sleep(Duration::from_millis(2));
    }
    for more in [&[][..], &["--overwrite"]] {
        let words = [
            "another batch is writing into out",
            "wait for the other batch",
        ];
        check_refused(&batch(&workplace, more), &words);
        let merge = [&["merge", "shard", "-o", "out"], more].concat();
        check_refused(&workplace.run(&merge), &words);
    }
    let words = ["a batch is writing into out", "wait for the other batch"];
    check_refused(&workplace.run(&["merge", "out", "-o", "merged"]), &words);
    // One input's folder is in nobody's way.
    workplace.succeed(&small(&["encode", "Hello", "-o", "out"]));
    drop(pipe);
    assert!(child.wait().expect("it ends").success());
    assert!(workplace.path().join("out/hello/manifest.json").exists());
}

#[test]
fn a_file_in_the_place_of_a_thumbnail_that_no_batch_made_stays() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\n");
    let svg = ["--format", "svg"];
    assert_eq!(batch(&workplace, &svg).code, Some(0));
    let thumbnails = workplace.path().join("out/thumbnails");
    fs::create_dir(&thumbnails).expect("a folder can be made");
    let file = thumbnails.join("000001.png");
    fs::write(&file, "precious").expect("it can be written");
    let is_there = || fs::read(&file).is_ok_and(|bytes| bytes == b"precious");
    assert_eq!(batch(&workplace, &svg).code, Some(0));
    assert!(is_there(), "it is none of a batch without thumbnails");
    let words = ["000001.png is there already", "--overwrite"];
    check_refused(&batch(&workplace, &[]), &words);
    assert!(is_there(), "it would be in the way");
}

#[test]
fn a_finished_batch_without_its_results_is_left_as_it_is() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\ntwo\n");
    assert_eq!(batch(&workplace, &[]).code, Some(0));
    fs::remove_file(workplace.path().join("out/results.jsonl")).expect("it can go");
    let before = tree(&workplace.path().join("out"));
    for more in [&[][..], &["--resume"]] {
        let words = ["results.jsonl is missing", "--overwrite"];
        check_refused(&batch(&workplace, more), &words);
        assert!(tree(&workplace.path().join("out")) == before, "{more:?}");
    }
    assert_eq!(batch(&workplace, &["--overwrite"]).code, Some(0));
}

/// The other backend gives other bits: its runs are another model's.
#[test]
fn what_another_backend_computed_is_another_models() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "Hello\n");
    let plain = ["--backend", "plain"];
    let models = |folder: &str| -> Vec<Option<String>> {
        let files = tree(&workplace.path().join(folder));
        let manifests = files
            .iter()
            .filter(|(name, _)| name.ends_with("manifest.json"));
        let backend = |(_, bytes): (&String, &Vec<u8>)| {
            let manifest: Value = serde_json::from_slice(bytes).expect("it is JSON");
            manifest["model"]["backend"].as_str().map(str::to_owned)
        };
        manifests.map(backend).collect()
    };
    let encode = ["encode", "Hello", "-o", "runs", "-f", "npz"];
    workplace.succeed(&small(&encode));
    let before = tree(&workplace.path().join("runs"));
    workplace.succeed(&small(&[&encode[..], &plain].concat()));
    workplace.succeed(&small(&[&encode[..], &plain].concat()));
    // Each has its folder, and the first one's is as it was.
    assert_eq!(models("runs"), [Some("plain".to_owned()), None]);
    let after = tree(&workplace.path().join("runs"));
    for (name, bytes) in &before {
        assert!(after.get(name) == Some(bytes), "{name}");
    }
    assert_eq!(batch(&workplace, &[]).code, Some(0));
    let resumed = batch(&workplace, &[&["--resume"], &plain[..]].concat());
    check_refused(&resumed, &["another model, masked-lm-bin"]);
    assert_eq!(batch(&workplace, &["--resume"]).code, Some(0));
}
