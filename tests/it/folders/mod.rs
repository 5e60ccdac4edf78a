//! Folders that several commands write into: nothing is lost, whatever came
//! before.

mod damaged;
mod overlap;
mod owners;
mod pairs;
mod shards;

use std::fs;
use std::path::Path;

use crate::binary::{Outcome, Workplace, fixture};

/// A small model, and one small map an input.
fn small(arguments: &[&str]) -> Vec<String> {
    let model = fixture("masked-lm-bin").display().to_string();
    let options = ["-m", &model, "--layers", "0", "--heads", "0"];
    let all = arguments.iter().chain(options.iter());
    all.map(|argument| (*argument).to_owned()).collect()
}

/// The command is refused with these words and a hint.
fn check_refused(outcome: &Outcome, words: &[&str]) {
    let stderr = &outcome.stderr;
    assert_eq!(outcome.code, Some(1), "{stderr}");
    for word in words.iter().chain(&["hint: "]) {
        assert!(stderr.contains(word), "no {word:?} in {stderr}");
    }
}

fn write(workplace: &Workplace, name: &str, content: impl AsRef<[u8]>) {
    let path = workplace.path().join(name);
    fs::create_dir_all(path.parent().expect("it is below the workplace"))
        .expect("a folder can be made");
    fs::write(path, content).expect("the file can be written");
}

/// A copy of a folder with everything in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for (name, bytes) in crate::binary::tree(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().expect("it is below")).expect("a folder can be made");
        fs::write(path, bytes).expect("a file can be written");
    }
}
