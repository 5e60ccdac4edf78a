//! Folder names from any text, and whose a folder is.

use std::collections::BTreeMap;
use std::fs;

use attnviz::store::folder::{file_stem, folder_name};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use crate::binary::{Workplace, copy_of_fixture, fixture, manifest, tree};

/// The longest name and the longest thing that is added to one.
const MAXIMUM_LENGTH: usize = 60;
const RESERVED_SUFFIX: &str = "-input";

fn name_of(text: &str, pair: Option<&str>) -> String {
    let texts: Vec<&str> = [text].into_iter().chain(pair).collect();
    folder_name(&texts)
}

fn check(text: &str, pair: Option<&str>) {
    let name = name_of(text, pair);
    let stem = name.strip_suffix(RESERVED_SUFFIX).unwrap_or(&name);
    assert!(!name.is_empty());
    assert!(name != "." && name != "..");
    assert!(stem.chars().count() <= MAXIMUM_LENGTH, "{name}");
    // A file system takes 255 bytes; a stem leaves room for a hash and an ending.
    assert!(name.len() <= 246, "{name}");
    assert!(file_stem(&name.to_uppercase()).len() <= 220, "{name}");
    for letter in name.chars() {
        assert!(letter.is_alphanumeric() || letter == '-', "{letter:?}");
        assert!(letter.to_lowercase().eq([letter]), "{letter:?}");
    }
    assert!(!name.starts_with('-') && !name.ends_with('-'), "{name}");
    assert!(!name.contains("--"), "{name}");
    // A name made from a name is the same, so nothing drifts.
    assert_eq!(name_of(&name, None), name);
    assert_eq!(name_of(text, pair), name);
}

#[test]
fn known_texts_have_known_folder_names() {
    for (text, pair, expected) in [
        ("Hello, how are you?", None, "hello-how-are-you"),
        ("", None, "input"),
        ("..", None, "input"),
        ("../../etc/passwd", None, "etc-passwd"),
        ("C:\\Windows", None, "c-windows"),
        ("CON", None, "con-input"),
        ("com1", None, "com1-input"),
        ("COM¹", None, "com¹-input"),
        ("lpt²", None, "lpt²-input"),
        ("com¹¹", None, "com¹¹"),
        ("com10", None, "com10"),
        ("conin$", None, "conin"),
        ("nul. ", None, "nul-input"),
        ("Thumbnails", None, "thumbnails-input"),
        ("inputs", None, "inputs-input"),
        // As some file systems compare names, this is the same.
        ("inputſ", None, "inputſ-input"),
        ("index.html", None, "index-html"),
        (".attnviz-batch", None, "attnviz-batch"),
        ("manifest.json", None, "manifest-json"),
        ("Größe ΑΒΓ 你好", None, "größe-αβγ-你好"),
        ("a", Some("b"), "a-b"),
        ("?!", Some("b"), "b"),
        ("-q", None, "q"),
    ] {
        assert_eq!(name_of(text, pair), expected, "{text:?} {pair:?}");
        check(text, pair);
    }
    check(&"a b".repeat(1_000), None);
    check(&"𝒜".repeat(1_000), Some("\0"));
}

proptest! {
    #![proptest_config(Config {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_260_101),
        ..Config::with_cases(2_000)
    })]

    #[test]
    fn any_text_has_a_safe_folder_name(text: String, pair: Option<String>) {
        check(&text, pair.as_deref());
    }

    #[test]
    fn any_text_of_hard_letters_has_a_safe_folder_name(
        text in "[./\\\\:*?\"<>|A-Zıİßſ\u{0}\u{300}\u{200f}\u{1F600}¹²٣Ⅷ -]{0,90}",
    ) {
        check(&text, None);
    }
}

const TEXT: &str = "The cat sat on the mat.";
const FOLDER: &str = "the-cat-sat-on-the-mat";

/// Encodes a text with a model into the default folder, one small picture.
fn encode(workplace: &Workplace, text: &[&str], model: &str, more: &[&str]) {
    let mut arguments = vec!["encode", "-m", model, "--views", "overview"];
    arguments.extend(text);
    arguments.extend(more);
    workplace.succeed(&arguments);
}

/// The folders below the default one, each with its files.
fn folders(workplace: &Workplace) -> Vec<(String, BTreeMap<String, Vec<u8>>)> {
    let entries = fs::read_dir(workplace.default_output()).expect("there are results");
    let mut folders: Vec<_> = entries
        .map(|entry| {
            let entry = entry.expect("the entry can be read");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, tree(&entry.path()))
        })
        .collect();
    folders.sort();
    folders
}

#[test]
fn every_model_and_every_version_of_one_has_a_folder_of_its_own() {
    let workplace = Workplace::new();
    let model = workplace.path().join("model");
    copy_of_fixture("relu-uncased-vocabulary", &model);
    let config = fs::read_to_string(model.join("config.json")).expect("there is a config");
    let encode_all = || {
        for model in ["builtin", &fixture("masked-lm-bin").display().to_string()] {
            encode(&workplace, &[TEXT], model, &[]);
        }
        for ending in ["\n", "\n\n"] {
            let config = format!("{}{ending}", config.trim_end());
            fs::write(model.join("config.json"), config).expect("it can be changed");
            encode(&workplace, &[TEXT], "./model", &[]);
        }
    };
    encode_all();
    let first = folders(&workplace);
    let names: Vec<&String> = first.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert_eq!(names[0], FOLDER);
    for name in &names[1..] {
        let hash = name.strip_prefix("the-cat-sat-on-the-mat-");
        let hash = hash.expect("it is named after the text");
        assert!(hash.len() == 16 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()));
    }
    let id = |name: &str| manifest(&workplace.default_output().join(name))["model"]["id"].clone();
    assert_eq!(id(FOLDER), "sentence-transformers/all-MiniLM-L6-v2");
    encode_all();
    assert!(first == folders(&workplace), "every folder is found again");
}

#[test]
fn overwriting_takes_the_folder_of_another_run_and_leaves_none_of_its_files() {
    let workplace = Workplace::new();
    let other = fixture("masked-lm-bin").display().to_string();
    encode(&workplace, &[TEXT], &other, &["--format", "png,json"]);
    let folder = workplace.default_output().join(FOLDER);
    fs::write(folder.join("notes.txt"), "mine").expect("a note can be written");
    encode(&workplace, &[TEXT], "builtin", &["--overwrite"]);
    let all = folders(&workplace);
    assert_eq!(all.len(), 1);
    let files: Vec<&String> = all[0].1.keys().collect();
    assert_eq!(files, ["manifest.json", "notes.txt", "overview.png"]);
    // It is the new owner's from then on.
    encode(&workplace, &[TEXT], "builtin", &["--views", "mean"]);
    assert_eq!(folders(&workplace).len(), 1);
    encode(&workplace, &[TEXT], &other, &[]);
    assert_eq!(folders(&workplace).len(), 2);
}

#[test]
fn overwriting_deletes_nothing_that_no_manifest_lists() {
    let workplace = Workplace::new();
    let folder = workplace.default_output().join(FOLDER);
    fs::create_dir_all(&folder).expect("a folder can be made");
    fs::write(folder.join("overview.png"), "old").expect("a file can be written");
    fs::write(folder.join("notes.txt"), "mine").expect("a file can be written");
    encode(&workplace, &[TEXT], "builtin", &["--overwrite"]);
    let files = tree(&folder);
    assert_eq!(files.len(), 3);
    assert_eq!(files["notes.txt"], b"mine");
    assert_ne!(files["overview.png"], b"old");
}

#[test]
fn commands_side_by_side_lose_nothing_of_each_other() {
    let workplace = Workplace::new();
    let other = fixture("masked-lm-bin").display().to_string();
    let mut children = Vec::new();
    for model in ["builtin", &other] {
        for views in ["overview", "heads", "mean", "max", "from:cat", "to:mat"] {
            let views = format!("{views},overview");
            let arguments = [
                "encode", TEXT, "-m", model, "--layers", "0", "--views", &views,
            ];
            let mut command = workplace.command(&arguments);
            children.push(command.spawn().expect("the binary starts"));
        }
    }
    for mut child in children {
        let status = child.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }
    let folders = folders(&workplace);
    assert_eq!(folders.len(), 2);
    for (name, files) in folders {
        // An overview, the heads of a layer, two reductions, two tokens.
        let heads = files.keys().filter(|file| file.starts_with("heads/"));
        assert_eq!(files.len(), 2 + heads.count() + 2 * 2 + 2, "{name}");
        let manifest = manifest(&workplace.default_output().join(&name));
        let listed = manifest["files"].as_array().map(Vec::len);
        assert_eq!(listed, Some(files.len() - 1), "{name}");
    }
}
