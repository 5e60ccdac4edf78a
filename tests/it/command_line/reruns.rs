//! The same command again: the same bytes, and no leftovers of another.

use std::collections::BTreeMap;
use std::fs;

use crate::binary::{Workplace, manifest, tree};

const TEXT: &str = "The cat sat on the mat.";
const FOLDER: &str = "the-cat-sat-on-the-mat";

#[test]
fn every_thread_count_and_every_rerun_gives_the_same_bytes() {
    let workplace = Workplace::new();
    let run = |output: &str, threads: &str| -> BTreeMap<String, Vec<u8>> {
        workplace.succeed(&[
            "encode",
            TEXT,
            "-m",
            "builtin",
            "-f",
            "png,safetensors,json",
            "--threads",
            threads,
            "-o",
            output,
        ]);
        tree(&workplace.path().join(output))
    };
    let one = run("one", "1");
    assert_eq!(one.len(), 76);
    for (output, threads) in [("one", "1"), ("two", "2"), ("three", "3")] {
        let again = run(output, threads);
        assert_eq!(
            one.keys().collect::<Vec<_>>(),
            again.keys().collect::<Vec<_>>()
        );
        for (name, bytes) in &one {
            assert!(
                bytes == &again[name],
                "{name} differs with {threads} threads"
            );
        }
    }
}

#[test]
fn other_options_leave_no_file_of_the_earlier_run() {
    let workplace = Workplace::new();
    let names = |arguments: &[&str]| -> Vec<String> {
        let mut all = vec!["encode", TEXT, "-m", "builtin"];
        all.extend(arguments);
        workplace.succeed(&all);
        tree(&workplace.default_output()).into_keys().collect()
    };
    let in_folder = |files: &[&str]| -> Vec<String> {
        files
            .iter()
            .map(|file| format!("{FOLDER}/{file}"))
            .collect()
    };
    let first = names(&["--layers", "0", "--heads", "0-1", "-f", "png,json"]);
    let expected = [
        "attention.json",
        "heads/layer-00-head-00.png",
        "heads/layer-00-head-01.png",
        "manifest.json",
        "overview.png",
    ];
    assert_eq!(first, in_folder(&expected));
    let second = names(&["--layers", "1", "--heads", "1", "--views", "heads"]);
    let expected = ["heads/layer-01-head-01.png", "manifest.json"];
    assert_eq!(second, in_folder(&expected));
    let third = names(&["-f", "safetensors"]);
    assert_eq!(
        third,
        in_folder(&["attention.safetensors", "manifest.json"])
    );
    let folder = workplace.default_output().join(FOLDER);
    assert!(!folder.join("heads").exists(), "an empty folder stays");
}

#[test]
fn files_that_are_not_ours_survive_a_rerun() {
    let workplace = Workplace::new();
    let arguments = ["encode", TEXT, "-m", "builtin", "--views", "overview"];
    workplace.succeed(&arguments);
    let folder = workplace.default_output().join(FOLDER);
    fs::write(folder.join("notes.txt"), "mine").expect("a note can be written");
    workplace.succeed(&arguments);
    let files = tree(&folder);
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        ["manifest.json", "notes.txt", "overview.png"]
    );
    assert_eq!(files["notes.txt"], b"mine");
}

#[test]
fn another_input_of_the_same_name_gets_a_folder_of_its_own() {
    let workplace = Workplace::new();
    let inputs: [&[&str]; 3] = [
        &["Good morning"],
        &["Good  morning!"],
        &["Good", "--pair", "morning"],
    ];
    let run_all = || {
        for input in inputs {
            let mut arguments = vec!["encode", "-m", "builtin", "--views", "overview"];
            arguments.extend(input);
            workplace.succeed(&arguments);
        }
    };
    run_all();
    let first = tree(&workplace.default_output());
    run_all();
    let second = tree(&workplace.default_output());
    assert!(first == second, "a rerun finds the folders again");
    let mut texts: Vec<(String, String)> = fs::read_dir(workplace.default_output())
        .expect("the results are there")
        .map(|entry| {
            let entry = entry.expect("the entry can be read");
            let name = entry.file_name().to_string_lossy().into_owned();
            let text = manifest(&entry.path())["text"].to_string();
            (name, text)
        })
        .collect();
    texts.sort();
    assert_eq!(texts.len(), 3);
    assert_eq!(
        texts[0],
        ("good-morning".to_owned(), "\"Good morning\"".to_owned())
    );
    for (name, _) in &texts[1..] {
        let suffix = name.strip_prefix("good-morning-").expect("the same name");
        assert_eq!(suffix.len(), 8, "{name}");
        assert!(
            suffix.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{name}"
        );
    }
}

#[test]
fn a_folder_that_is_no_run_is_left_alone() {
    let workplace = Workplace::new();
    let taken = workplace.default_output().join(FOLDER);
    fs::create_dir_all(&taken).expect("the folder can be made");
    fs::write(taken.join("overview.png"), "mine").expect("a file can be written");
    workplace.succeed(&["encode", TEXT, "-m", "builtin", "--views", "overview"]);
    assert_eq!(tree(&taken)["overview.png"], b"mine");
    assert_eq!(tree(&workplace.default_output()).len(), 3);
}
