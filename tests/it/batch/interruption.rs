//! Batches that something comes in between of.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::time::{Duration, Instant};

use super::{arguments, assert_same_tree, batch, results, sentences, write};
use crate::binary::{Outcome, Workplace, tree};

/// Waits until something is so; a machine under load may take long.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{what} never came"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn done_count(folder: &Path) -> usize {
    fs::read_dir(folder.join("inputs")).map_or(0, Iterator::count)
}

fn start(workplace: &Workplace, arguments: &[String]) -> Child {
    workplace
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

/// A batch that waits for more lines after these.
fn start_with_pipe(workplace: &Workplace, lines: &str, more: &[&str]) -> (Child, ChildStdin) {
    let mut child = start(workplace, &arguments(&["-"], "out", more));
    let mut pipe = child.stdin.take().expect("there is a pipe");
    pipe.write_all(lines.as_bytes()).expect("the pipe takes it");
    (child, pipe)
}

#[test]
fn a_killed_batch_resumes_to_the_same_tree() {
    let workplace = Workplace::new();
    let file = sentences().display().to_string();
    batch(&workplace, 3, &[&file], "expected", &[]);
    let expected = workplace.path().join("expected");
    let mut was_killed_between = 0;
    for attempt in 0..20_u64 {
        let output = format!("out-{attempt}");
        let folder = workplace.path().join(&output);
        let mut child = start(&workplace, &arguments(&[&file], &output, &[]));
        // Spread over the whole of it, at whatever speed this machine has, and
        // at any moment between two inputs.
        let threshold = attempt * 10;
        wait_until("progress", || {
            done_count(&folder) as u64 >= threshold
                || child.try_wait().expect("the child is ours").is_some()
        });
        std::thread::sleep(Duration::from_micros(attempt * 397 % 3_000));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        let unfinished = !folder.join("manifest.json").exists();
        was_killed_between += usize::from(unfinished && done_count(&folder) > 0);
        batch(&workplace, 3, &[&file], &output, &["--resume"]);
        assert_same_tree(&folder, &expected, &format!("attempt {attempt}"));
        fs::remove_dir_all(&folder).expect("it can go");
    }
    assert!(
        was_killed_between >= 5,
        "only {was_killed_between} were killed at work"
    );
}

#[test]
fn lines_of_a_pipe_are_done_before_it_is_closed() {
    let workplace = Workplace::new();
    let (mut child, mut pipe) = start_with_pipe(&workplace, "one\ntwo\n", &[]);
    let folder = workplace.path().join("out");
    wait_until("the first results", || done_count(&folder) == 2);
    pipe.write_all(b"three\n").expect("the pipe takes it");
    wait_until("the third result", || done_count(&folder) == 3);
    assert!(child.try_wait().expect("the child is ours").is_none());
    assert!(!folder.join("manifest.json").exists());
    drop(pipe);
    let outcome = Outcome::of(child.wait_with_output());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(results(&folder).len(), 3);
    assert!(!folder.join(".attnviz-batch").exists());
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let id = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(sent.expect("kill runs").success());
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_whole_inputs_and_says_how_to_go_on() {
    let workplace = Workplace::new();
    let lines = "one\ntwo\nthree\n";
    let (child, pipe) = start_with_pipe(&workplace, lines, &[]);
    let folder = workplace.path().join("out");
    wait_until("the results", || done_count(&folder) == 3);
    interrupt(&child);
    let outcome = Outcome::of(child.wait_with_output());
    drop(pipe);
    assert_eq!(outcome.code, Some(130), "{}", outcome.stderr);
    for word in ["interrupted", "3", "--resume"] {
        assert!(outcome.stderr.contains(word), "{}", outcome.stderr);
    }
    let left = tree(&folder);
    assert!(
        left.keys().all(|name| name.starts_with("inputs/")
            || name.starts_with("thumbnails/")
            || name == ".attnviz-batch/batch.json"
            || name == ".attnviz-batch/written"),
        "{:?}",
        left.keys()
    );
    write(&workplace, "in.txt", lines);
    batch(&workplace, 0, &["in.txt"], "out", &["--resume"]);
    batch(&workplace, 0, &["in.txt"], "expected", &[]);
    assert_same_tree(&folder, &workplace.path().join("expected"), "resumed");
}

#[cfg(unix)]
#[test]
fn ctrl_c_in_full_run_resumes_to_the_same_tree() {
    let workplace = Workplace::new();
    let file = sentences().display().to_string();
    batch(&workplace, 3, &[&file], "expected", &[]);
    let folder = workplace.path().join("out");
    let child = start(&workplace, &arguments(&[&file], "out", &[]));
    wait_until("progress", || done_count(&folder) >= 20);
    interrupt(&child);
    let outcome = Outcome::of(child.wait_with_output());
    // On a fast machine it may have come to its end.
    assert!(matches!(outcome.code, Some(130 | 3)), "{}", outcome.stderr);
    batch(&workplace, 3, &[&file], "out", &["--resume"]);
    assert_same_tree(&folder, &workplace.path().join("expected"), "resumed");
}

#[test]
fn a_second_batch_in_a_folder_is_told_so() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "other\n");
    let (child, pipe) = start_with_pipe(&workplace, "one\n", &[]);
    let folder = workplace.path().join("out");
    wait_until("the first result", || done_count(&folder) == 1);
    for more in [&[][..], &["--resume"]] {
        let outcome = batch(&workplace, 1, &["in.txt"], "out", more);
        for word in ["another batch is writing into", "out", "hint: "] {
            assert!(outcome.stderr.contains(word), "{}", outcome.stderr);
        }
    }
    drop(pipe);
    let outcome = Outcome::of(child.wait_with_output());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let texts = super::field(&results(&folder), "text");
    assert_eq!(texts, ["one"]);
    // The first batch's inputs came through a pipe.
    batch(&workplace, 0, &["in.txt"], "out", &["--overwrite"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_whole_inputs_to_go_on_from() {
    use std::process::Command;
    let workplace = Workplace::new();
    let file = sentences().display().to_string();
    batch(&workplace, 3, &[&file], "expected", &[]);
    for size in ["128k", "700k", "1500k"] {
        fs::create_dir_all(workplace.path().join("disk")).expect("a folder can be made");
        let mount = format!("mount -t tmpfs -o size={size} tmpfs disk");
        let possible = Command::new("unshare")
            .args(["-rm", "sh", "-c", &mount])
            .current_dir(workplace.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if !possible {
            crate::binary::skipped("this machine does not let a test mount a disk");
            return;
        }
        // What the disk holds is brought to where there is room. Where not even
        // one input found its place, it holds nothing.
        let script = format!(
            "{mount} && {{ \"$@\"; code=$?; [ ! -e disk/out ] || cp -a disk/out out; \
             exit $code; }}"
        );
        let inner = workplace.command(&arguments(&[&file], "disk/out", &[]));
        let mut outer = Command::new("unshare");
        outer
            .args(["-rm", "sh", "-c", &script, "sh"])
            .arg(inner.get_program())
            .args(inner.get_args())
            .current_dir(workplace.path());
        let outcome = Outcome::of(outer.output());
        assert_eq!(outcome.code, Some(1), "{size}: {}", outcome.stderr);
        for word in ["No space left on device", "--resume"] {
            assert!(outcome.stderr.contains(word), "{size}: {}", outcome.stderr);
        }
        let out = workplace.path().join("out");
        assert!(!out.join("manifest.json").exists());
        let left = match out.exists() {
            true => tree(&out),
            false => BTreeMap::new(),
        };
        for name in left.keys().filter(|name| !name.starts_with("inputs/")) {
            let is_ours = name.starts_with("thumbnails/") || name.starts_with(".attnviz-batch/");
            assert!(is_ours, "{size}: {name}");
        }
        batch(&workplace, 3, &[&file], "out", &["--resume"]);
        assert_same_tree(&out, &workplace.path().join("expected"), size);
        fs::remove_dir_all(&out).expect("it can go");
    }
}
