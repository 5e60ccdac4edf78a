//! Runs that something comes in between of.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::time::{Duration, Instant};

use super::{arguments, assert_same_tree, scores, write};
use crate::binary::{Outcome, Workplace, tree};

/// Lines that are all different.
fn lines(count: usize) -> String {
    let line = |number: usize| format!("line {number} of {} cats\n", number % 7);
    (0..count).map(line).collect()
}

/// A run that waits for more lines after these.
fn start_with_pipe(workplace: &Workplace, lines: &str, more: &[&str]) -> (Child, ChildStdin) {
    let mut child = workplace
        .command(&arguments(&["-"], "out", more))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut pipe = child.stdin.take().expect("there is a pipe");
    pipe.write_all(lines.as_bytes()).expect("the pipe takes it");
    (child, pipe)
}

/// Folders of scores that are on the disk in a run's state.
fn kept_folders(folder: &Path) -> usize {
    fs::read_dir(folder.join(".attnviz-batch/rows")).map_or(0, Iterator::count)
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        let waited = start.elapsed();
        assert!(waited < Duration::from_secs(120), "{what} never came");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// How many inputs `--resume` keeps.
fn kept(workplace: &Workplace, file: &str) -> u64 {
    let outcome = scores(workplace, 0, &[file], "out", &["--resume", "--json", "-q"]);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
    report["kept"].as_u64().expect("it is counted")
}

#[test]
fn a_killed_run_resumes_to_the_same_tree() {
    let workplace = Workplace::new();
    let text = lines(1_300);
    write(&workplace, "in.txt", &text);
    scores(&workplace, 0, &["in.txt"], "expected", &["-q"]);
    let folder = workplace.path().join("out");
    // Killed, gone on from and killed again.
    for (more, folders) in [(&["-q"][..], 1), (&["-q", "--resume"], 2)] {
        let (mut child, pipe) = start_with_pipe(&workplace, &text, more);
        wait_until("the scores", || kept_folders(&folder) >= folders);
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        drop(pipe);
    }
    let kept = kept(&workplace, "in.txt");
    assert!(kept >= 64, "{kept} of 1,300 were kept");
    assert_same_tree(&folder, &workplace.path().join("expected"), "resumed");
}

#[cfg(unix)]
#[test]
fn ctrl_c_loses_nothing_and_says_how_to_go_on() {
    let workplace = Workplace::new();
    let text = lines(5);
    let (child, pipe) = start_with_pipe(&workplace, &text, &[]);
    let folder = workplace.path().join("out");
    // All five are one window, and then it waits.
    let log = folder.join(".attnviz-batch/staging");
    wait_until("the rows", || {
        fs::read_dir(&log).is_ok_and(|entries| entries.count() > 0)
    });
    std::thread::sleep(Duration::from_millis(300));
    let sent = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
    let outcome = Outcome::of(child.wait_with_output());
    drop(pipe);
    assert_eq!(outcome.code, Some(130), "{}", outcome.stderr);
    for word in ["interrupted; 5 inputs are done", "--resume"] {
        assert!(outcome.stderr.contains(word), "{}", outcome.stderr);
    }
    let left = tree(&folder);
    let is_state = |name: &String| name.starts_with(".attnviz-batch/");
    assert!(left.keys().all(is_state), "{:?}", left.keys());
    write(&workplace, "in.txt", &text);
    assert_eq!(kept(&workplace, "in.txt"), 5);
    scores(&workplace, 0, &["in.txt"], "expected", &[]);
    assert_same_tree(&folder, &workplace.path().join("expected"), "resumed");
}

#[test]
fn a_finished_run_goes_on_from_what_is_still_the_same() {
    let workplace = Workplace::new();
    let first = lines(40);
    write(&workplace, "in.txt", &first);
    scores(&workplace, 0, &["in.txt"], "out", &[]);
    assert_eq!(kept(&workplace, "in.txt"), 40);
    // One is new, one changed, one is gone, and the rest has other places.
    let mut changed: Vec<&str> = first.lines().collect();
    changed.insert(0, "a new one");
    changed[7] = "another one";
    changed.remove(20);
    write(&workplace, "in.txt", changed.join("\n"));
    assert_eq!(kept(&workplace, "in.txt"), 38);
    let folder = workplace.path().join("out");
    scores(&workplace, 0, &["in.txt"], "expected", &[]);
    assert_same_tree(&folder, &workplace.path().join("expected"), "changed");
    // Other heads are other scores, and so is another length.
    for more in [&["--heads", "0"][..], &["--heads", "0", "--truncate", "3"]] {
        let all = [more, &["--resume", "--json"]].concat();
        let outcome = scores(&workplace, 0, &["in.txt"], "out", &all);
        let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        assert_eq!(report["kept"], 0, "{more:?}");
        scores(
            &workplace,
            0,
            &["in.txt"],
            "expected",
            &[more, &["--overwrite"]].concat(),
        );
        assert_same_tree(&folder, &workplace.path().join("expected"), "other options");
    }
}

#[test]
fn scores_that_are_not_what_the_manifest_lists_are_computed_again() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", lines(5));
    scores(&workplace, 0, &["in.txt"], "out", &[]);
    let folder = workplace.path().join("out");
    let expected = tree(&folder);
    let part = folder.join("scores.parquet/part-00000.parquet");
    let mut bytes = fs::read(&part).expect("it can be read");
    let middle = bytes.len() / 3;
    bytes[middle] ^= 1;
    fs::write(&part, bytes).expect("it can be written");
    assert_eq!(kept(&workplace, "in.txt"), 0);
    assert!(tree(&folder) == expected, "other bytes");
}
