//! `attnviz batch` through the binary: what it reads, what it leaves, and what
//! becomes of it when something comes in between.

mod columns;
mod encodings;
mod failures;
mod families;
mod file_warnings;
mod identity;
mod ids;
mod inputs;
mod interruption;
mod json;
mod limits;
pub mod memory;
mod ownership;
mod parquet;
mod python;
mod refused;
mod resume;
mod views;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::binary::{Outcome, Workplace, fixture, tree};

/// Two hundred sentences in many scripts, and four lines that cannot be done.
fn sentences() -> PathBuf {
    fixture("sentences.txt")
}

/// A small model, and one small map an input.
fn small_options() -> Vec<String> {
    let model = fixture("masked-lm-bin").display().to_string();
    ["-m", &model, "--layers", "0", "--heads", "0"]
        .map(str::to_owned)
        .to_vec()
}

/// The arguments of a batch with the small model.
fn arguments(files: &[&str], output: &str, more: &[&str]) -> Vec<String> {
    let mut all = vec!["batch"];
    all.extend(files);
    all.extend(["-o", output]);
    all.extend(more);
    all.into_iter()
        .map(str::to_owned)
        .chain(small_options())
        .collect()
}

/// Runs a batch with the small model and expects this exit code.
fn batch(workplace: &Workplace, code: i32, files: &[&str], output: &str, more: &[&str]) -> Outcome {
    let outcome = workplace.run(&arguments(files, output, more));
    assert_eq!(
        outcome.code,
        Some(code),
        "{files:?} {more:?}: {}",
        outcome.stderr
    );
    outcome
}

/// Runs a batch over standard input into `out`.
fn pipe(workplace: &Workplace, content: &[u8], more: &[&str]) -> Outcome {
    workplace.run_with_input(&arguments(&["-"], "out", more), content)
}

/// The results of a batch, in their order.
fn results(folder: &Path) -> Vec<Value> {
    let lines = fs::read_to_string(folder.join("results.jsonl")).expect("there are results");
    lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("every line is JSON"))
        .collect()
}

/// A field of every result as text, `null` as nothing.
fn field(results: &[Value], name: &str) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    results.iter().map(|result| text(&result[name])).collect()
}

/// Says which files differ instead of printing pictures.
fn assert_same_tree(found: &Path, expected: &Path, what: &str) {
    assert_same(&tree(found), &tree(expected), what);
}

fn assert_same(
    found: &BTreeMap<String, Vec<u8>>,
    expected: &BTreeMap<String, Vec<u8>>,
    what: &str,
) {
    let names = found.keys().chain(expected.keys());
    let different: Vec<&String> = names
        .filter(|name| found.get(*name) != expected.get(*name))
        .take(8)
        .collect();
    assert!(different.is_empty(), "{what}: {different:?}");
}

fn write(workplace: &Workplace, name: &str, content: impl AsRef<[u8]>) {
    fs::write(workplace.path().join(name), content).expect("the file can be written");
}
