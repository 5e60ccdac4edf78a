//! Runs that attnviz saved itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use attnviz::store::saved::{ForeignNames, read};
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

/// What is saved is raw, whatever was shown: the files of numbers hold what the
/// model returned, and `render` makes the same pictures of it with the same
/// options.
fn check_raw(text: &str, options: &[&str], row_sums: &str, note: &str) {
    let workplace = Workplace::new();
    let mut encoding = vec!["-f", "png,safetensors,npz"];
    encoding.extend(options);
    let first = encoded(&workplace, text, &encoding, "first");
    let truncation: Vec<&str> = options
        .windows(2)
        .filter(|pair| pair[0] == "--truncate")
        .flatten()
        .copied()
        .collect();
    let mut plain = vec!["-f", "safetensors"];
    plain.extend(&truncation);
    let raw = encoded(&workplace, text, &plain, "raw");
    let recorded = manifest(&first)["shown"].clone();
    assert_eq!(recorded["row_sums"], row_sums);
    assert!(recorded["notes"].to_string().contains(note), "{recorded}");
    let of = |folder: &Path| read(folder, &ForeignNames::default()).expect("it is a run");
    let (saved, plain) = (of(&first), of(&raw));
    assert_eq!(saved.run.attention, plain.run.attention, "{options:?}");
    assert_eq!(saved.run.streams, plain.run.streams, "{options:?}");
    let drawing: Vec<&str> = options
        .iter()
        .copied()
        .filter(|option| !truncation.contains(option))
        .collect();
    for file in ["attention.safetensors", "attention.npz"] {
        let source = first.join(file);
        let source = source.to_str().expect("the path is UTF-8");
        let mut arguments = vec!["render", source, "-o", "again", "-f", "png"];
        arguments.extend(&drawing);
        workplace.succeed(&arguments);
        let again = tree(&only_folder(&workplace, "again"));
        for (name, bytes) in tree(&first) {
            if name.ends_with(".png") {
                assert!(again.get(&name) == Some(&bytes), "{options:?}: {name}");
            }
        }
    }
}

#[test]
fn what_is_saved_is_raw_whatever_was_shown() {
    check_raw(
        TEXT,
        &["--special-tokens", "hide"],
        "less",
        "Special tokens are hidden",
    );
    check_raw(
        TEXT,
        &["--special-tokens", "renormalize"],
        "one",
        "scaled back to 1",
    );
    check_raw(
        "unbelievable embeddings",
        &["--tokens", "word"],
        "one",
        "pieces are merged",
    );
    check_raw(TEXT, &["--crop", "1-3"], "less", "Tokens @1 to @3 of");
    check_raw(
        "hello how are you my very good old friend",
        &["--truncate", "7", "--crop", "1-3"],
        "less",
        "Tokens @1 to @3 of",
    );
}

/// The arrays of a safetensors file by name, with their shapes.
fn shapes(folder: &Path) -> BTreeMap<String, Vec<usize>> {
    let bytes = fs::read(folder.join("attention.safetensors")).expect("it is saved");
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("it is whole");
    let tensors = file.tensors().into_iter();
    tensors
        .map(|(name, tensor)| (name, tensor.shape().to_vec()))
        .collect()
}

#[test]
fn numbers_of_views_lie_beside_the_raw_attention_with_or_without_pictures() {
    let workplace = Workplace::new();
    let views = "mean,max,from:Hello,to:how";
    for formats in ["safetensors", "png,safetensors"] {
        let options = ["-f", formats, "--views", views, "--special-tokens", "hide"];
        let folder = encoded(&workplace, TEXT, &options, formats);
        let expected = [
            ("attention", vec![4, 3, 8, 8]),
            ("shown", vec![4, 3, 6, 6]),
            ("mean", vec![4, 6, 6]),
            ("mean_all", vec![6, 6]),
            ("max", vec![4, 6, 6]),
            ("max_all", vec![6, 6]),
            ("from:Hello", vec![4, 6]),
            ("to:how", vec![4, 6]),
        ];
        let expected = expected.map(|(name, shape)| (name.to_owned(), shape));
        assert_eq!(shapes(&folder), BTreeMap::from(expected), "{formats}");
    }
}

#[test]
fn numbers_of_other_views_stay_and_the_order_of_commands_does_not_matter() {
    let workplace = Workplace::new();
    let formats = "safetensors,npz,json";
    let numbers = |output: &str, views: &[&str]| {
        for view in views {
            encoded(&workplace, TEXT, &["-f", formats, "--views", view], output);
        }
        tree(&only_folder(&workplace, output))
    };
    let (one, other) = (
        numbers("one", &["mean", "to:how"]),
        numbers("other", &["to:how", "mean"]),
    );
    let together = numbers("together", &["mean,to:how"]);
    assert_eq!(one.len(), 4);
    assert!(one == other, "{:?}", one.keys());
    assert!(one == together, "{:?}", one.keys());
    let folder = only_folder(&workplace, "one");
    let names: Vec<String> = shapes(&folder).into_keys().collect();
    assert_eq!(names, ["attention", "mean", "mean_all", "to:how"]);
    // What is of other units cannot stay beside these; what is of the whole run can.
    let of_run = ["-f", formats, "--views", "scores,similarity"];
    encoded(&workplace, TEXT, &of_run, "one");
    let of_whole_run: Vec<String> = shapes(&folder).into_keys().collect();
    encoded(
        &workplace,
        TEXT,
        &["-f", formats, "--views", "max", "--special-tokens", "hide"],
        "one",
    );
    let mut expected: BTreeSet<String> = of_whole_run.into_iter().collect();
    assert!(expected.contains("entropy") && expected.contains("similarity"));
    for gone in ["mean", "mean_all", "to:how"] {
        assert!(expected.remove(gone), "{gone}");
    }
    expected.extend(["max", "max_all", "shown"].map(str::to_owned));
    let names: BTreeSet<String> = shapes(&folder).into_keys().collect();
    assert_eq!(names, expected);
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
    assert_eq!(report["input"]["text"], TEXT);
    assert_eq!(report["warnings"], json!([]));
    assert_eq!(report["folder"], format!("attnviz-out/{FOLDER}"));
    assert!(report["seconds"].get("encode").is_none());
}
