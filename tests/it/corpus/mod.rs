//! `attnviz scores` through the binary, and the tables that it writes.

mod folder;
mod interrupted;
mod ownership;
mod relations;
mod shards;
mod statistics;
mod table;

use std::fs::{self, File};
use std::path::Path;

use attnviz::attention::Selection;
use attnviz::store::batch_records::{BatchManifest, ResultReader, ResultRecord};
use attnviz::store::tables::{ScoredInput, ScoresReader};

use crate::binary::{Outcome, Workplace, fixture, tree};

/// The arguments of a run with a small model of 3 layers with 4 heads.
fn arguments(files: &[&str], output: &str, more: &[&str]) -> Vec<String> {
    let model = fixture("masked-lm-bin").display().to_string();
    let mut all = vec!["scores"];
    all.extend(files);
    all.extend(["-o", output, "-m", &model]);
    all.extend(more);
    all.into_iter().map(str::to_owned).collect()
}

/// Runs with the small model and expects this exit code.
fn scores(
    workplace: &Workplace,
    code: i32,
    files: &[&str],
    output: &str,
    more: &[&str],
) -> Outcome {
    let outcome = workplace.run(&arguments(files, output, more));
    assert_eq!(
        outcome.code,
        Some(code),
        "{files:?} {more:?}: {}",
        outcome.stderr
    );
    outcome
}

/// Merges folders into one and expects this exit code.
fn merge(workplace: &Workplace, code: i32, folders: &[String], output: &str) -> Outcome {
    let mut all = vec!["merge".to_owned(), "-o".to_owned(), output.to_owned()];
    all.extend_from_slice(folders);
    let outcome = workplace.run(&all);
    assert_eq!(outcome.code, Some(code), "{folders:?}: {}", outcome.stderr);
    outcome
}

fn manifest(folder: &Path) -> BatchManifest {
    let bytes = fs::read(folder.join("manifest.json")).expect("there is a manifest");
    serde_json::from_slice(&bytes).expect("it is a batch's")
}

fn results(folder: &Path) -> Vec<ResultRecord> {
    let reader = ResultReader::open(&folder.join("results.jsonl")).expect("there are results");
    reader
        .map(|record| record.expect("it is a record"))
        .collect()
}

/// The inputs of one of the files of scores of a folder.
fn inputs_of(folder: &Path, part: &str) -> Vec<ScoredInput> {
    let manifest = manifest(folder);
    let heads = Selection::of(&manifest.layers, &manifest.heads);
    let file = File::open(folder.join("scores.parquet").join(part)).expect("there is a part");
    let reader = ScoresReader::open(file, heads.head_ids().collect()).expect("it is a table");
    let groups = 0..reader.group_count();
    groups
        .flat_map(|group| reader.group(group).expect("it can be read"))
        .collect()
}

/// Says which files of two folders differ.
fn assert_same_tree(found: &Path, expected: &Path, what: &str) {
    let (found, expected) = (tree(found), tree(expected));
    let names = found.keys().chain(expected.keys());
    let different: Vec<&String> = names
        .filter(|name| found.get(*name) != expected.get(*name))
        .collect();
    assert!(different.is_empty(), "{what}: {different:?}");
}

fn write(workplace: &Workplace, name: &str, content: impl AsRef<[u8]>) {
    fs::write(workplace.path().join(name), content).expect("the file can be written");
}
