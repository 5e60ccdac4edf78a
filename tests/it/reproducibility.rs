//! The same bytes on every machine: whatever instructions it has, and however
//! many threads it is given.
//!
//! `tests/fixtures/hashes.txt` holds the SHA-256 of every file of a run, so that
//! a machine of another kind notices that it writes others. When files are meant
//! to change:
//!
//! ```sh
//! ATTNVIZ_ACCEPT=1 cargo test --release committed_hashes
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use attnviz::model::InstructionSet;

use crate::binary::{Outcome, Workplace, sha256, tree};

const HASHES: &str = "tests/fixtures/hashes.txt";
const VARIABLE: &str = "ATTNVIZ_INSTRUCTIONS";

/// What the files of every kind come from.
const ENCODE: [&str; 8] = [
    "encode",
    "Hello, how are you?",
    "--model",
    "builtin",
    "--views",
    "heads,overview,mean,from:how,lines,text:how,scores",
    "--output",
    "out",
];
const SCALES: [&str; 2] = ["linear", "logarithmic"];
const NUMBERS: [&str; 4] = ["safetensors", "npz", "json", "csv"];
/// Of these, tables are a file a view.
const FILES_OF_NUMBERS: usize = NUMBERS.len() - 1;

/// The files of a run of the binary on some instructions, by name.
fn files(set: Option<InstructionSet>, arguments: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let workplace = Workplace::new();
    let mut command = workplace.command(&[&ENCODE[..], arguments].concat());
    command.envs(set.map(|set| (VARIABLE, set.name())));
    let outcome = Outcome::of(command.output());
    assert_eq!(outcome.code, Some(0), "{set:?}: {}", outcome.stderr);
    tree(&workplace.path().join("out"))
}

fn check_same(what: &str, found: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>) {
    assert!(found.keys().eq(expected.keys()), "{what}: other files");
    for (name, bytes) in found {
        assert!(*bytes == expected[name], "{what}: {name} differs");
    }
}

fn check_every_set_and_number_of_threads(scale: &str) {
    let format = format!("png,svg,html,{}", NUMBERS.join(","));
    let options = ["--color-scale", scale, "--format", &format];
    let expected = files(None, &options);
    // Of every head a map and lines, the overview, the means, a token's profile and
    // its text, and the scores, twice each; tables of the means, the profile, the
    // text and the scores; the page, files of numbers and the manifest.
    let pictures = 2 * (2 * 72 + 1 + 7 + 1 + 1 + 1);
    let tables = 2 + 1 + 1 + 1;
    assert_eq!(expected.len(), pictures + tables + FILES_OF_NUMBERS + 2);
    for set in InstructionSet::available() {
        for threads in ["1", "2", "7"] {
            let found = files(Some(set), &[&options[..], &["--threads", threads]].concat());
            check_same(
                &format!("{scale}, {set}, {threads} threads"),
                &found,
                &expected,
            );
        }
    }
}

#[test]
fn every_file_is_the_same_on_every_set_of_instructions_at_every_number_of_threads() {
    check_every_set_and_number_of_threads("linear");
}

#[test]
fn every_file_of_a_logarithmic_scale_is_the_same_on_every_set_at_every_number_of_threads() {
    check_every_set_and_number_of_threads("logarithmic");
}

/// As `sha256sum` writes them.
fn hashes() -> String {
    let mut lines = String::new();
    for scale in SCALES {
        let format = format!("png,svg,{}", NUMBERS.join(","));
        let few = ["--layers", "0,5", "--heads", "0,11"];
        let options = [&few[..], &["--color-scale", scale, "--format", &format]].concat();
        for (name, bytes) in files(None, &options) {
            writeln!(lines, "{}  {scale}/{name}", sha256(&bytes)).expect("memory can be written");
        }
    }
    lines
}

#[test]
fn the_files_of_a_run_have_the_committed_hashes_on_every_machine() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(HASHES);
    let found = hashes();
    if std::env::var_os("ATTNVIZ_ACCEPT").is_some() {
        fs::write(&path, &found).expect("the hashes can be written");
    }
    let expected = fs::read_to_string(&path).expect("the hashes are part of the repository");
    assert_eq!(found.lines().count(), expected.lines().count());
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected, "this machine writes another file");
    }
}

#[test]
fn instructions_that_this_machine_lacks_and_unknown_ones_are_told_with_those_that_it_has() {
    let workplace = Workplace::new();
    let available = InstructionSet::available();
    let listed: Vec<&str> = available.iter().map(|set| set.name()).collect();
    let lacking = InstructionSet::ALL
        .iter()
        .filter(|set| !available.contains(set))
        .map(|set| (set.name(), format!("has no {set} instructions")));
    let unknown = ["avx", "AVX2", "best"].map(|name| (name, "unknown instruction set".to_owned()));
    for (name, reason) in lacking.chain(unknown) {
        let mut command = workplace.command(&ENCODE);
        let outcome = Outcome::of(command.env(VARIABLE, name).output());
        assert_eq!(outcome.code, Some(2), "{name}: {}", outcome.stderr);
        let (first, all) = (listed[0], listed.join(", "));
        let hint = format!("{VARIABLE}={first}; this machine has: {all}");
        for words in [VARIABLE, name, &reason, "hint: ", &hint] {
            assert!(
                outcome.stderr.contains(words),
                "{name}: {words}: {}",
                outcome.stderr
            );
        }
        assert!(!workplace.path().join("out").exists(), "{name}");
    }
}

#[test]
fn no_instructions_are_chosen_by_an_empty_variable() {
    let workplace = Workplace::new();
    let mut command = workplace.command(&["encode", "Hi", "-m", "builtin", "--views", "overview"]);
    let outcome = Outcome::of(command.env(VARIABLE, "").output());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}
