//! `render` of a folder of several runs: a batch's, or that of `encode`.

use std::fs;

use super::{encoded, model};
use crate::bad_input::check_refused;
use crate::binary::{Workplace, tree};

/// A batch of three texts with their numbers, in `batch`.
fn batch(workplace: &Workplace, options: &[&str]) {
    fs::write(workplace.path().join("lines.txt"), "one\ntwo\nthree\n").expect("it is written");
    let model = model();
    let mut arguments = vec!["batch", "lines.txt", "--model", &model, "-o", "batch"];
    arguments.extend(options);
    workplace.succeed(&arguments);
}

#[test]
fn every_run_of_a_batch_is_drawn_as_the_batch_would_have() {
    let workplace = Workplace::new();
    batch(
        &workplace,
        &["-f", "safetensors,png", "--views", "overview"],
    );
    let outcome = workplace.succeed(&["render", "batch", "-o", "drawn", "--views", "overview"]);
    assert_eq!(outcome.stderr, "");
    assert!(
        outcome.stdout.contains("runs    3 drawn, 0 failed"),
        "{}",
        outcome.stdout
    );
    for name in ["000001", "000002", "000003"] {
        let [batch, drawn] = [format!("batch/inputs/{name}"), format!("drawn/{name}")]
            .map(|folder| fs::read(workplace.path().join(folder).join("overview.png")));
        assert!(
            batch.expect("it is there") == drawn.expect("it is there"),
            "{name}"
        );
    }
    // Options are those of each, and what is there stays.
    workplace.succeed(&[
        "render", "batch", "-o", "drawn", "--views", "mean", "--layers", "0",
    ]);
    let found = tree(&workplace.path().join("drawn/000002"));
    for file in ["overview.png", "manifest.json", "mean/all.png"] {
        assert!(found.contains_key(file), "{file}: {:?}", found.keys());
    }
    // One of its runs by itself.
    workplace.succeed(&["render", "batch/inputs/000002", "-o", "single"]);
}

#[test]
fn a_run_that_cannot_be_drawn_does_not_end_the_rest() {
    let workplace = Workplace::new();
    batch(&workplace, &["-f", "safetensors"]);
    let inputs = workplace.path().join("batch/inputs");
    fs::remove_file(inputs.join("000002/attention.safetensors")).expect("it can be removed");
    let arguments = ["render", "batch", "-o", "drawn", "--views", "overview"];
    let outcome = workplace.run(&arguments);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("000002 is not drawn: "),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stdout.contains("runs    2 drawn, 1 failed"),
        "{}",
        outcome.stdout
    );
    let outcome = workplace.run(&[arguments.as_slice(), &["--json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
    assert_eq!(report["failed"][0]["name"], "000002");
    assert_eq!(report["runs"][1]["name"], "000003");
    assert_eq!(report["open"], "drawn/000001/overview.png");
    assert_eq!(report["warnings"], serde_json::json!([]));
    for run in report["runs"].as_array().expect("it is a list") {
        let files = run["files"].as_array().expect("it is a list");
        assert_eq!(files.len(), 2, "{files:?}");
        for file in files {
            let file = file.as_str().expect("it is a path");
            assert!(workplace.path().join(file).is_file(), "{file}");
        }
    }
    // Nothing is told that is not asked for.
    let outcome = workplace.run(&[arguments.as_slice(), &["-q"]].concat());
    assert_eq!(outcome.stdout, "");
    assert!(outcome.stderr.contains("000002 is not drawn"));
}

#[test]
fn what_to_open_is_told_of_runs_that_are_drawn_alone() {
    let workplace = Workplace::new();
    batch(&workplace, &["-f", "safetensors"]);
    let arguments = ["render", "batch", "-o", "drawn", "-f", "npz", "--invert"];
    let outcome = workplace.succeed(&arguments);
    assert!(
        outcome.stdout.contains("\nopen    drawn/000001/"),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome.stderr.contains("--invert does nothing"),
        "{}",
        outcome.stderr
    );
    // None of them has a layer of this number.
    let arguments = ["render", "batch", "-o", "none", "--layers", "90"];
    let outcome = workplace.run(&arguments);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("runs    0 drawn, 3 failed"));
    for line in ["wrote", "open"] {
        assert!(!outcome.stdout.contains(line), "{}", outcome.stdout);
    }
    assert!(!workplace.path().join("none").exists());
    let outcome = workplace.run(&[arguments.as_slice(), &["--json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
    assert!(report["open"].is_null());
}

#[test]
fn a_batch_is_not_drawn_into_itself() {
    let workplace = Workplace::new();
    batch(&workplace, &["-f", "safetensors"]);
    let before = tree(&workplace.path().join("batch"));
    for output in ["batch", "./batch/more", "batch/inputs"] {
        let words = ["holds the runs that are drawn", "--output FOLDER"];
        check_refused(&workplace, &["render", "batch", "-o", output], 2, &words);
    }
    assert_eq!(tree(&workplace.path().join("batch")), before);
}

#[test]
fn runs_of_encode_beside_one_another_are_drawn() {
    let workplace = Workplace::new();
    for text in ["one", "two"] {
        let model = model();
        let mut arguments = vec!["encode", text, "--model", &model, "-o", "runs"];
        arguments.extend(["-f", "npz", "--views", "overview"]);
        workplace.succeed(&arguments);
    }
    workplace.succeed(&["render", "runs", "-o", "drawn", "--views", "overview"]);
    for name in ["one", "two"] {
        assert!(
            workplace
                .path()
                .join("drawn")
                .join(name)
                .join("overview.png")
                .is_file()
        );
    }
    // Another input's folder is left as it is.
    encoded(&workplace, "three", &["--views", "overview"], "taken");
    fs::rename(
        workplace.path().join("taken/three"),
        workplace.path().join("taken/one"),
    )
    .expect("it can be renamed");
    let outcome = workplace.run(&["render", "runs", "-o", "taken", "--views", "overview"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("one is not drawn"),
        "{}",
        outcome.stderr
    );
}

#[cfg(unix)]
#[test]
fn links_are_no_runs() {
    let workplace = Workplace::new();
    batch(&workplace, &["-f", "safetensors"]);
    let inputs = workplace.path().join("batch/inputs");
    fs::rename(inputs.join("000001"), workplace.path().join("elsewhere")).expect("it moves");
    std::os::unix::fs::symlink("../../elsewhere", inputs.join("000001")).expect("a link is made");
    let numbers = inputs.join("000002/attention.safetensors");
    fs::rename(&numbers, workplace.path().join("numbers")).expect("it moves");
    std::os::unix::fs::symlink("../../../numbers", &numbers).expect("a link is made");
    let outcome = workplace.run(&["render", "batch", "-o", "drawn", "--views", "overview"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    assert!(
        outcome.stdout.contains("runs    1 drawn, 1 failed"),
        "{}",
        outcome.stdout
    );
}
