//! Everything that a user can get wrong: the command says what is wrong with
//! which thing and what to type instead, and leaves nothing behind.

mod checkpoints;
mod disks;
mod pickles;
mod texts;
mod weights;

pub use pickles::{Described, state_dict, text as pickled_text, zip};

use std::ffi::OsStr;
use std::path::Path;

use crate::binary::{Outcome, Workplace, copy_of_fixture};

/// The error has this exit code and every one of these words, a hint at its
/// end, and nothing was written.
pub fn check_refused<A: AsRef<OsStr>>(
    workplace: &Workplace,
    arguments: &[A],
    code: i32,
    words: &[&str],
) -> String {
    let outcome = workplace.run(arguments);
    let shown: Vec<String> = arguments
        .iter()
        .map(|argument| {
            argument
                .as_ref()
                .to_string_lossy()
                .chars()
                .take(80)
                .collect()
        })
        .collect();
    check_error(&outcome, &shown.join(" "), code, words);
    assert!(
        !workplace.default_output().exists(),
        "{shown:?} left something"
    );
    outcome.stderr
}

fn check_error(outcome: &Outcome, what: &str, code: i32, words: &[&str]) {
    let stderr = &outcome.stderr;
    assert_eq!(outcome.code, Some(code), "{what}: {stderr}");
    assert_eq!(outcome.stdout, "", "{what}");
    // What is unknown to a vocabulary is said before a model fails, and how far
    // a batch is on a machine that is slow.
    let mut lines = stderr.lines();
    let is_before = |line: &str| line.starts_with("warning: ") || line.starts_with("progress: ");
    let first = lines.find(|line| !is_before(line));
    let is_error = first.is_some_and(|line| line.starts_with("error: "));
    assert!(is_error, "{what}: {stderr}");
    for word in words {
        assert!(stderr.contains(word), "{what}: no {word:?} in {stderr}");
    }
    let last = stderr.lines().last().unwrap_or_default();
    assert!(last.starts_with("hint: "), "{what}: {stderr}");
    assert!(stderr.len() < 4_000, "{what}: {} bytes", stderr.len());
    for word in [
        "panicked",
        "attnviz itself failed",
        "RUST_BACKTRACE",
        "unwrap",
    ] {
        assert!(!stderr.contains(word), "{what}: {stderr}");
    }
}

/// A checkpoint that is a fixture with something broken in it.
struct Damaged {
    workplace: Workplace,
}

impl Damaged {
    fn copy_of(name: &str) -> Self {
        let workplace = Workplace::new();
        copy_of_fixture(name, &workplace.path().join("model"));
        Self { workplace }
    }

    fn folder(&self) -> std::path::PathBuf {
        self.workplace.path().join("model")
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.file(name)).expect("the file can be read")
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.file(name), bytes).expect("the file can be written");
        self
    }

    fn check_refused(&self, words: &[&str]) -> String {
        let arguments = ["encode", "hello \u{2603}", "--model", "./model"];
        check_refused(&self.workplace, &arguments, 1, words)
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder)
        .expect("the folder can be read")
        .next()
        .is_none()
}
