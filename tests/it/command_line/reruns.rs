//! The same command again: the same bytes; another one: more files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::binary::{Workplace, manifest, sha256, tree};

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
fn other_options_add_their_files_and_delete_none() {
    let workplace = Workplace::new();
    let folder = workplace.default_output().join(FOLDER);
    let run = |arguments: &[&str]| -> BTreeMap<String, Vec<u8>> {
        let mut all = vec!["encode", TEXT, "-m", "builtin", "--json"];
        all.extend(arguments);
        let before = match folder.exists() {
            true => tree(&folder),
            false => BTreeMap::new(),
        };
        let report = workplace.succeed(&all).stdout;
        let report: serde_json::Value = serde_json::from_str(&report).expect("it is JSON");
        let written = names(&report["files"]);
        let kept = names(&report["kept"]);
        let after = tree(&folder);
        for (name, bytes) in &before {
            assert!(after.contains_key(name), "{name} is gone");
            if !written.contains(name) {
                assert!(after[name] == *bytes, "{name} changed");
                assert!(kept.contains(name), "{name} is not told of");
            }
        }
        check_listed(&folder);
        after
    };
    let names_of = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    let first = ["--layers", "0", "--heads", "0-1", "-f", "png,json"];
    let of_first = [
        "attention.json",
        "heads/layer-00-head-00.png",
        "heads/layer-00-head-01.png",
        "manifest.json",
        "overview.png",
    ];
    assert_eq!(names_of(&run(&first)), of_first);
    let second = ["--layers", "1", "--heads", "1", "--views", "heads,from:cat"];
    let of_both = [
        "attention.json",
        "from/cat.png",
        "heads/layer-00-head-00.png",
        "heads/layer-00-head-01.png",
        "heads/layer-01-head-01.png",
        "manifest.json",
        "overview.png",
    ];
    let both = run(&second);
    assert_eq!(names_of(&both), of_both);
    assert!(run(&second) == both, "the same command again");
    run(&first);
    assert!(run(&second) == both, "both commands again");
    let all = run(&["-f", "safetensors"]);
    assert_eq!(all.len(), both.len() + 1);
    assert!(all.contains_key("attention.safetensors"));
}

/// Names in the folder out of a list of paths in JSON.
fn names(list: &serde_json::Value) -> BTreeSet<String> {
    let list = list.as_array().expect("files are a list").iter();
    let prefix = format!("attnviz-out/{FOLDER}/");
    list.map(|path| {
        path.as_str()
            .expect("a path is a string")
            .replace('\\', "/")
    })
    .map(|path| {
        path.strip_prefix(&prefix)
            .expect("a path leads into the folder")
            .to_owned()
    })
    .collect()
}

/// The manifest lists every other file of the folder with its digest.
fn check_listed(folder: &Path) {
    let listed: BTreeMap<String, String> = manifest(folder)["files"]
        .as_array()
        .expect("files are a list")
        .iter()
        .map(|file| {
            let field = |name: &str| file[name].as_str().expect("it is a string").to_owned();
            (field("name"), field("sha256"))
        })
        .collect();
    let found: BTreeMap<String, String> = tree(folder)
        .into_iter()
        .filter(|(name, _)| name != "manifest.json")
        .map(|(name, bytes)| (name, sha256(&bytes)))
        .collect();
    assert_eq!(listed, found);
}

#[test]
fn a_file_that_somebody_changed_stays_and_is_no_longer_listed() {
    let workplace = Workplace::new();
    let encode = |views: &str| {
        let arguments = ["encode", TEXT, "-m", "builtin", "--views", views];
        workplace.succeed(&arguments);
    };
    encode("overview,mean");
    let folder = workplace.default_output().join(FOLDER);
    fs::write(folder.join("mean/all.png"), "mine").expect("a file can be changed");
    encode("max");
    assert_eq!(tree(&folder)["mean/all.png"], b"mine");
    let listed = manifest(&folder)["files"].to_string();
    assert!(listed.contains("mean/layer-00.png") && listed.contains("max/all.png"));
    assert!(!listed.contains("mean/all.png"), "{listed}");
    encode("mean");
    check_listed(&folder);
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
            let text = manifest(&entry.path())["input"]["text"].to_string();
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
        assert_eq!(suffix.len(), 16, "{name}");
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
