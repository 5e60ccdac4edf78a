//! Every command after every other one in the same folder, whatever became of
//! the first.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{copy, small, write};
use crate::binary::{Workplace, fixture, tree};

/// What is typed, apart from the folder and the model.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Typed {
    Encode,
    EncodeOtherView,
    Render,
    Batch,
    BatchOtherFormat,
    BatchOtherInputs,
    BatchOtherModel,
    Merge,
}

use Typed::*;

/// What became of the first command.
#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Finished,
    Killed,
    DamagedManifest,
    MissingManifest,
}

const FIRST: [Typed; 5] = [Encode, Render, Batch, BatchOtherInputs, Merge];
const SECOND: [Typed; 8] = [
    Encode,
    EncodeOtherView,
    Render,
    Batch,
    BatchOtherFormat,
    BatchOtherInputs,
    BatchOtherModel,
    Merge,
];
const STATES: [State; 4] = [
    State::Finished,
    State::Killed,
    State::DamagedManifest,
    State::MissingManifest,
];

const LINES: &str = "one\ntwo\nthree\n";
const OTHER_LINES: &str = "uno\ndue\ntre\nquattro\n";
/// Folders of the runs that are encoded and rendered.
const ENCODED: &str = "out/the-cat-sat";
const RENDERED: &str = "out/a-dog-ran";

impl Typed {
    fn arguments(self) -> Vec<String> {
        let other = fixture("relu-uncased-vocabulary").display().to_string();
        let encode = ["encode", "The cat sat.", "-o", "out", "--views"];
        let batch = ["batch", "-o", "out"];
        match self {
            Encode => small(&[&encode[..], &["heads"]].concat()),
            EncodeOtherView => small(&[&encode[..], &["mean"]].concat()),
            Batch => small(&[&batch[..], &["in.txt"]].concat()),
            BatchOtherFormat => small(&[&batch[..], &["in.txt", "-f", "svg"]].concat()),
            BatchOtherInputs => small(&[&batch[..], &["other.txt"]].concat()),
            BatchOtherModel => {
                let own = ["in.txt", "--layers", "0", "--heads", "0", "-m", &other];
                let all = batch.iter().chain(&own);
                all.map(|argument| (*argument).to_owned()).collect()
            }
            Render => ["render", "saved/a-dog-ran", "-o", "out"]
                .map(str::to_owned)
                .to_vec(),
            Merge => ["merge", "shard-1", "shard-2", "-o", "out"]
                .map(str::to_owned)
                .to_vec(),
        }
    }

    fn is_of_batches(self) -> bool {
        match self {
            Encode | EncodeOtherView | Render => false,
            Batch | BatchOtherFormat | BatchOtherInputs | BatchOtherModel | Merge => true,
        }
    }

    /// Where its manifest is.
    fn folder(self) -> &'static str {
        match self {
            Encode | EncodeOtherView => ENCODED,
            Render => RENDERED,
            Batch | BatchOtherFormat | BatchOtherInputs | BatchOtherModel | Merge => "out",
        }
    }
}

/// Why the second command is refused without `--overwrite`, `None` where it is
/// not.
fn refusal(first: Typed, state: State, second: Typed) -> Option<&'static str> {
    if !first.is_of_batches() || !second.is_of_batches() {
        return None;
    }
    let is_known = matches!(state, State::Finished | State::Killed);
    let other_inputs = (first == BatchOtherInputs) != (second == BatchOtherInputs);
    match second {
        _ if !is_known => Some("is not a batch's"),
        BatchOtherModel => Some("holds a batch of another model"),
        _ if other_inputs => Some("holds a batch of other inputs"),
        _ => None,
    }
}

/// A workplace with everything that the commands read.
fn workplace() -> Workplace {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    write(&workplace, "other.txt", OTHER_LINES);
    let saved = ["encode", "A dog ran.", "-o", "saved", "-f", "safetensors"];
    workplace.succeed(&small(&saved));
    for (shard, folder) in [("1/2", "shard-1"), ("2/2", "shard-2")] {
        workplace.succeed(&small(&["batch", "in.txt", "-o", folder, "--shard", shard]));
    }
    workplace
}

/// Runs a batch whose inputs come slowly, and kills it after they are done. They
/// come through a pipe; the record then names the file that has the same.
fn kill_in_between(workplace: &Workplace, first: Typed) {
    let (name, lines) = match first == BatchOtherInputs {
        true => ("other.txt", OTHER_LINES),
        false => ("in.txt", LINES),
    };
    let mut command = workplace.command(&small(&["batch", "-", "-o", "out"]));
    let command = command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().expect("the binary starts");
    let mut pipe = child.stdin.take().expect("there is a pipe");
    pipe.write_all(lines.as_bytes()).expect("the pipe takes it");
    let start = Instant::now();
    let inputs = workplace.path().join("out/inputs");
    let count = lines.lines().count();
    while fs::read_dir(&inputs).map_or(0, Iterator::count) < count {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing is done");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    let path = workplace.path().join("out/.attnviz-batch/batch.json");
    let record = fs::read_to_string(&path).expect("there is a record");
    let named = record.replace("\"name\": \"-\"", &format!("\"name\": \"{name}\""));
    assert_ne!(named, record);
    fs::write(&path, named).expect("it can be written");
}

/// What somebody else has put there, by the folders that are there.
fn put_strangers(workplace: &Workplace) -> BTreeMap<String, Vec<u8>> {
    let folders = [
        "out",
        "out/inputs",
        "out/inputs/000001",
        "out/inputs/000004",
        "out/thumbnails",
        "out/.attnviz-batch",
        ENCODED,
        RENDERED,
    ];
    let mut strangers = BTreeMap::new();
    for folder in folders {
        if workplace.path().join(folder).is_dir() {
            let name = format!("{folder}/mine.txt");
            write(workplace, &name, &name);
            strangers.insert(name.clone(), name.into_bytes());
        }
    }
    strangers
}

/// A file of `expected` that is not in `found` as it was.
fn lost<'file>(
    found: &BTreeMap<String, Vec<u8>>,
    expected: &'file BTreeMap<String, Vec<u8>>,
) -> Option<&'file String> {
    let mut names = expected.iter();
    names.find_map(|(name, bytes)| (found.get(name) != Some(bytes)).then_some(name))
}

/// What a command leaves in a folder of its own.
fn alone(all: &Workplace, typed: Typed) -> BTreeMap<String, Vec<u8>> {
    let out = all.path().join("out");
    let _ = fs::remove_dir_all(&out);
    all.succeed(&typed.arguments());
    let left = tree(&out);
    fs::remove_dir_all(&out).expect("it can go");
    left
}

fn check(
    all: &Workplace,
    (first, state): (Typed, State),
    (second, expected): &(Typed, BTreeMap<String, Vec<u8>>),
) {
    let second = *second;
    let what = format!("{first:?} {state:?} then {second:?}");
    let out = all.path().join("out");
    let _ = fs::remove_dir_all(&out);
    copy(&all.path().join("template"), &out);
    let strangers = put_strangers(all);
    let before = tree(all.path());
    let outcome = all.run(&second.arguments());
    let after = tree(all.path());
    match refusal(first, state, second) {
        Some(words) => {
            for word in [words, "hint: ", "--overwrite"] {
                let stderr = &outcome.stderr;
                assert!(stderr.contains(word), "{what}: no {word:?} in {stderr}");
            }
            assert_eq!(outcome.code, Some(1), "{what}");
            assert_eq!(lost(&after, &before), None, "{what}");
            let mut overwriting = second.arguments();
            overwriting.push("--overwrite".to_owned());
            let outcome = all.run(&overwriting);
            assert_eq!(outcome.code, Some(0), "{what}: {}", outcome.stderr);
        }
        None => assert_eq!(outcome.code, Some(0), "{what}: {}", outcome.stderr),
    }
    let after = tree(all.path());
    assert_eq!(lost(&after, &strangers), None, "{what}: a stranger's file");
    let left = tree(&out);
    // A damaged run is not known again: it keeps its files, and its input gets
    // another folder.
    let is_elsewhere = first.folder() == second.folder()
        && !second.is_of_batches()
        && matches!(state, State::DamagedManifest | State::MissingManifest);
    let is_same_run = first.folder() == second.folder() && !second.is_of_batches();
    if !is_same_run {
        assert_eq!(lost(&left, expected), None, "{what}: its own files");
    }
    if is_elsewhere || first.is_of_batches() != second.is_of_batches() {
        assert_eq!(lost(&after, &before), None, "{what}: the first one's files");
    }
    if first.is_of_batches() && second.is_of_batches() {
        // All that the first one wrote makes way.
        let mut more = left.keys().filter(|name| !expected.contains_key(*name));
        let more = more.find(|name| !name.ends_with("mine.txt"));
        assert_eq!(more, None, "{what}: what was a batch's");
    }
}

#[test]
fn every_command_after_every_other_loses_nothing() {
    let all = workplace();
    let expected = SECOND.map(|second| (second, alone(&all, second)));
    let out = all.path().join("out");
    let template = all.path().join("template");
    for first in FIRST {
        for state in STATES {
            // Runs are put into place at once, and so are merged batches.
            if state == State::Killed && !matches!(first, Batch | BatchOtherInputs) {
                continue;
            }
            let _ = fs::remove_dir_all(&out);
            match state {
                State::Killed => kill_in_between(&all, first),
                _ => drop(all.succeed(&first.arguments())),
            }
            let manifest = all.path().join(first.folder()).join("manifest.json");
            match state {
                State::Finished | State::Killed => {}
                State::DamagedManifest => fs::write(&manifest, "{").expect("it can be damaged"),
                State::MissingManifest => fs::remove_file(&manifest).expect("it can go"),
            }
            let _ = fs::remove_dir_all(&template);
            fs::rename(&out, &template).expect("it can move");
            for second in &expected {
                check(&all, (first, state), second);
            }
        }
    }
}
