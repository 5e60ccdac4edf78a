//! `encode` that something comes in between of: what is at its final name is
//! whole, and what is not goes with the next command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::binary::{Workplace, manifest, sha256, tree};

const TEXT: &str = "The cat sat on the mat.";
const FOLDER: &str = "the-cat-sat-on-the-mat";

fn arguments<'a>(output: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["encode", TEXT, "-m", "builtin", "-o", output];
    all.extend(more);
    all
}

fn start(workplace: &Workplace, arguments: &[&str]) -> Child {
    workplace
        .command(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts")
}

/// Hidden files and folders that are there.
fn hidden(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.expect("the entry can be read").path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'))
        })
        .collect()
}

/// Every file that the manifest of a run lists is there with its digest.
fn check_whole(folder: &Path) {
    for file in manifest(folder)["files"]
        .as_array()
        .expect("files are a list")
    {
        let name = file["name"].as_str().expect("a file has a name");
        let bytes = fs::read(folder.join(name)).expect("a listed file is there");
        assert_eq!(file["sha256"], sha256(&bytes), "{name}");
    }
}

/// Kills `encode` at twenty moments, spread over all of it. `before` is what
/// was encoded before it.
fn check_killed(before: Option<&[&str]>) {
    let workplace = Workplace::new();
    let prepare = |output: &str| {
        if let Some(before) = before {
            workplace.succeed(&arguments(output, before));
        }
    };
    prepare("expected");
    let start_of_it = Instant::now();
    workplace.succeed(&arguments("expected", &["-f", "png,json"]));
    let duration = start_of_it.elapsed();
    let expected = tree(&workplace.path().join("expected"));
    let mut at_work = 0;
    for attempt in 0..20_u32 {
        let output = format!("out-{attempt}");
        prepare(&output);
        let folder = workplace.path().join(&output);
        let mut child = start(&workplace, &arguments(&output, &["-f", "png,json"]));
        std::thread::sleep(duration * (attempt + 1) / 20);
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        at_work += usize::from(!hidden(&folder).is_empty());
        match folder.join(FOLDER).exists() {
            true => check_whole(&folder.join(FOLDER)),
            false => assert!(before.is_none(), "the earlier run is gone"),
        }
        workplace.succeed(&arguments(&output, &["-f", "png,json"]));
        let after = tree(&folder);
        assert_eq!(
            after.keys().collect::<Vec<_>>(),
            expected.keys().collect::<Vec<_>>(),
            "attempt {attempt}"
        );
        for (name, bytes) in &expected {
            assert!(after[name] == *bytes, "attempt {attempt}: {name}");
        }
    }
    assert!(at_work >= 3, "only {at_work} were killed at work");
}

#[test]
fn a_killed_encode_leaves_nothing_that_the_next_one_keeps() {
    check_killed(None);
}

#[test]
fn a_killed_encode_leaves_the_earlier_run_whole() {
    check_killed(Some(&["--views", "mean,heads", "--theme", "dark"]));
}

#[test]
fn what_an_older_attnviz_left_goes_and_nothing_else() {
    let workplace = Workplace::new();
    let out = workplace.path().join("out");
    for folder in [
        ".attnviz-unfinished-Ab12Cd",
        ".attnviz",
        "attnviz-unfinished-1",
    ] {
        fs::create_dir_all(out.join(folder).join("heads")).expect("a folder can be made");
        fs::write(out.join(folder).join("overview.png"), "x").expect("a file can be written");
    }
    workplace.succeed(&arguments("out", &["--views", "overview"]));
    assert_eq!(hidden(&out), [out.join(".attnviz")]);
    assert!(out.join("attnviz-unfinished-1/overview.png").exists());
}

/// Signals a process that is a child of this one.
#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args([name, &id])
        .status();
    assert!(sent.expect("kill runs").success());
}

#[cfg(unix)]
#[test]
fn what_a_process_still_works_on_stays() {
    let text = "one two three four five six seven ".repeat(12);
    for _ in 0..20 {
        let workplace = Workplace::new();
        let out = workplace.path().join("out");
        let slow = ["encode", &text, "-m", "builtin", "-o", "out"];
        let mut child = start(&workplace, &slow);
        let begin = Instant::now();
        while hidden(&out).len() < 2 {
            assert!(begin.elapsed() < Duration::from_secs(60), "it never begins");
            std::thread::sleep(Duration::from_millis(1));
        }
        signal(&child, "-STOP");
        let at_work = hidden(&out);
        workplace.succeed(&arguments("out", &["--views", "overview"]));
        let left = hidden(&out);
        signal(&child, "-CONT");
        let status = child.wait().expect("it ends");
        assert!(status.success(), "{status}");
        assert!(hidden(&out).is_empty());
        assert_eq!(fs::read_dir(&out).expect("there are results").count(), 2);
        // It may have been ready already when it was stopped.
        if at_work.len() == 2 {
            assert_eq!(left, at_work);
            return;
        }
    }
    panic!("it was never stopped at work");
}

#[cfg(unix)]
#[test]
fn what_ctrl_c_leaves_goes_with_the_next_command() {
    let workplace = Workplace::new();
    let out = workplace.path().join("out");
    let text = "one two three four five six seven ".repeat(12);
    let slow = ["encode", &text, "-m", "builtin", "-o", "out"];
    let mut child = start(&workplace, &slow);
    while hidden(&out).len() < 2 && child.try_wait().expect("it is ours").is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    signal(&child, "-INT");
    child.wait().expect("it ends");
    fs::write(workplace.path().join("in.txt"), "one\n").expect("inputs can be written");
    let batch = ["batch", "in.txt", "-m", "builtin", "-o", "out"];
    match out
        .join("one-two-three-four-five-six-seven-one-two-three-four-five-si")
        .exists()
    {
        // It was faster.
        true => {}
        false => {
            workplace.succeed(&batch);
            assert!(hidden(&out).is_empty());
        }
    }
}
