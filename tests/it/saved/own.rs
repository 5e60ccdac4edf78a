//! Runs that attnviz saved itself.

use std::fs;

use serde_json::json;

use super::{FOLDER, TEXT, encoded, only_folder};
use crate::binary::{Workplace, manifest, tree};

/// `render` with the same options gives every file of `encode`, byte by byte.
fn check_same(text: &str, pair: Option<&str>, options: &[&str]) {
    let workplace = Workplace::new();
    let mut encoding = options.to_vec();
    if let Some(pair) = pair {
        encoding.extend(["--pair", pair]);
    }
    // The numbers that are drawn again are saved without the options.
    let mut saving = vec!["-f", "safetensors,npz"];
    if let Some(pair) = pair {
        saving.extend(["--pair", pair]);
    }
    let saved = encoded(&workplace, text, &saving, "saved");
    let expected = tree(&encoded(&workplace, text, &encoding, "expected"));
    assert!(expected.len() > 1, "{options:?}");
    for (source, output) in [
        (saved.clone(), "from-folder"),
        (saved.join("attention.safetensors"), "from-safetensors"),
        (saved.join("attention.npz"), "from-npz"),
    ] {
        let source = source.to_str().expect("the path is UTF-8").to_owned();
        let mut arguments = vec!["render", &source, "-o", output];
        arguments.extend(options);
        let outcome = workplace.succeed(&arguments);
        assert_eq!(outcome.stderr, "");
        let found = tree(&only_folder(&workplace, output));
        let names = |tree: &std::collections::BTreeMap<String, Vec<u8>>| {
            tree.keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(names(&found), names(&expected), "{options:?}");
        for (name, bytes) in &expected {
            assert!(
                found.get(name) == Some(bytes),
                "{options:?}: {output}/{name} differs"
            );
        }
    }
}

#[test]
fn a_saved_run_is_drawn_as_it_was_encoded() {
    check_same(TEXT, None, &[]);
    check_same(
        TEXT,
        Some("Fine, thanks."),
        &["-f", "png,json,npz,safetensors"],
    );
    check_same(
        TEXT,
        None,
        &[
            "--views",
            "mean,max,overview",
            "--tokens",
            "word",
            "--special-tokens",
            "renormalize",
        ],
    );
    check_same(
        "unbelievable embeddings",
        None,
        &[
            "--theme",
            "dark",
            "--colormap",
            "magma",
            "--invert",
            "--scale",
            "run",
            "--crop",
            "1-3",
            "--color-scale",
            "logarithmic",
            "-f",
            "png,npz",
        ],
    );
}

#[test]
fn layers_and_heads_are_chosen_among_the_saved_ones() {
    check_same(
        TEXT,
        None,
        &["--layers", "0", "--heads", "-1", "-f", "png,json"],
    );
    let workplace = Workplace::new();
    encoded(
        &workplace,
        TEXT,
        &["--layers", "1", "-f", "safetensors"],
        "saved",
    );
    let run = format!("saved/{FOLDER}");
    workplace.succeed(&[
        "render", &run, "--layers", "-1", "--heads", "0", "-o", "drawn",
    ]);
    let files = tree(&only_folder(&workplace, "drawn"));
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "heads/layer-01-head-00.png",
            "manifest.json",
            "overview.png"
        ]
    );
}

#[test]
fn a_run_is_drawn_beside_the_file_it_is_read_from() {
    let workplace = Workplace::new();
    let options = ["-f", "png,safetensors"];
    let folder = encoded(&workplace, TEXT, &options, "attnviz-out");
    let source = fs::read(folder.join("attention.safetensors")).expect("it is saved");
    let run = format!("attnviz-out/{FOLDER}");
    let encoded = tree(&folder);
    workplace.succeed(&["render", &run, "--views", "mean", "--layers", "0"]);
    let files = tree(&folder);
    assert!(files.get("attention.safetensors") == Some(&source));
    // What `encode` drew is still there.
    let added = ["mean/all.png", "mean/layer-00.png"];
    assert_eq!(files.len(), encoded.len() + added.len());
    for (name, bytes) in &encoded {
        assert!(name == "manifest.json" || files.get(name) == Some(bytes));
    }
    let listed = manifest(&folder)["files"].clone();
    let listed: Vec<&str> = listed
        .as_array()
        .expect("files are a list")
        .iter()
        .filter_map(|file| file["name"].as_str())
        .collect();
    let mut expected: Vec<&str> = files.keys().map(String::as_str).collect();
    expected.retain(|name| *name != "manifest.json");
    assert_eq!(listed, expected);
    assert!(added.iter().all(|name| listed.contains(name)));
    // Nothing may be written over what is read.
    let outcome = workplace.run(&["render", &run, "-f", "safetensors", "--layers", "0"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.contains("would be replaced"),
        "{}",
        outcome.stderr
    );
    assert!(tree(&folder) == files);
}

/// What was done before the numbers were saved is stated when they are drawn,
/// and pictures are those of the first time.
fn check_shown(text: &str, options: &[&str], row_sums: &str, note: &str) {
    let workplace = Workplace::new();
    let mut encoding = vec!["-f", "png,safetensors,npz"];
    encoding.extend(options);
    let first = encoded(&workplace, text, &encoding, "first");
    let recorded = manifest(&first)["shown"].clone();
    assert_eq!(recorded["row_sums"], row_sums);
    for file in ["attention.safetensors", "attention.npz"] {
        let source = first.join(file);
        let source = source.to_str().expect("the path is UTF-8");
        workplace.succeed(&["render", source, "-o", "again", "-f", "png,json"]);
        let again = only_folder(&workplace, "again");
        let shown = manifest(&again)["shown"].clone();
        assert_eq!(shown["row_sums"], row_sums, "{options:?}");
        let notes = shown["notes"].to_string();
        assert!(notes.contains(note), "{options:?}: {notes}");
        let expected: Vec<(String, Vec<u8>)> = tree(&first)
            .into_iter()
            .filter(|(name, _)| name.ends_with(".png"))
            .collect();
        for (name, bytes) in expected {
            assert!(
                tree(&again).get(&name) == Some(&bytes),
                "{options:?}: {name}"
            );
        }
        let tokens = |value: &serde_json::Value| {
            let tokens = value.as_array().expect("tokens are a list").iter();
            tokens
                .map(|token| token["text"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            tokens(&manifest(&again)["tokens"]),
            tokens(&recorded["tokens"])
        );
    }
}

#[test]
fn attention_that_was_saved_as_shown_says_what_was_done() {
    check_shown(
        TEXT,
        &["--special-tokens", "hide"],
        "less",
        "Special tokens are hidden",
    );
    check_shown(
        TEXT,
        &["--special-tokens", "renormalize"],
        "one",
        "scaled back to 1",
    );
    check_shown(
        "unbelievable embeddings",
        &["--tokens", "word"],
        "one",
        "pieces are merged",
    );
    check_shown(TEXT, &["--crop", "1-3"], "less", "Tokens 1 to 3 of");
    check_shown(
        "hello how are you my very good old friend",
        &["--truncate", "7", "--crop", "1-3"],
        "less",
        "truncated",
    );
}

#[test]
fn a_run_that_is_shown_as_it_is_has_no_record_of_it() {
    let workplace = Workplace::new();
    let folder = encoded(&workplace, TEXT, &["-f", "json"], "out");
    assert_eq!(manifest(&folder).get("shown"), None);
}

#[test]
fn the_result_of_render_is_that_of_encode() {
    let workplace = Workplace::new();
    encoded(&workplace, TEXT, &["-f", "safetensors"], "saved");
    let outcome = workplace.succeed(&["render", &format!("saved/{FOLDER}"), "--json"]);
    let report: serde_json::Value =
        serde_json::from_str(&outcome.stdout).expect("the result is JSON");
    assert_eq!(report["text"], TEXT);
    assert_eq!(report["warnings"], json!([]));
    assert_eq!(report["folder"], format!("attnviz-out/{FOLDER}"));
    assert!(report["seconds"].get("encode").is_none());
}
