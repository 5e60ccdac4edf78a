//! When a batch is to stop at failures, and what it says of them.

use serde_json::Value;

use super::{batch, field, results, write};
use crate::binary::{Workplace, manifest};

/// Ten lines, of which the third, sixth and ninth are bad.
fn lines() -> Vec<u8> {
    let lines = (1..=10).map(|number| match number % 3 {
        0 => b"\xff\n".to_vec(),
        _ => format!("line {number}\n").into_bytes(),
    });
    lines.flatten().collect()
}

#[test]
fn a_batch_stops_at_as_many_failures_as_it_may_have() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", lines());
    for (more, expected, complete) in [
        (&["--fail-fast"][..], 3, false),
        (&["--max-failures", "1"], 3, false),
        (&["--max-failures", "2"], 6, false),
        (&["--max-failures", "4"], 10, true),
        (&[], 10, true),
        (&["--fail-fast", "--resume"], 3, false),
    ] {
        batch(&workplace, 3, &["in.txt"], "out", more);
        let folder = workplace.path().join("out");
        let results = results(&folder);
        assert_eq!(results.len(), expected, "{more:?}");
        let manifest = manifest(&folder);
        assert_eq!(manifest["complete"], complete, "{more:?}");
        assert_eq!(manifest["counts"]["inputs"], expected, "{more:?}");
        let is_read_to_its_end = manifest["input_files"][0]["sha256"].is_string();
        assert_eq!(is_read_to_its_end, complete, "{more:?}");
        assert!(folder.join("index.html").is_file());
    }
}

#[test]
fn a_batch_that_stops_at_a_drawing_leaves_the_inputs_before_it_alone() {
    // The third, sixth and ninth have no cat.
    let lines: String = (1..=10)
        .map(|number| match number % 3 {
            0 => "no such animal\n",
            _ => "a cat\n",
        })
        .collect();
    let view = ["--views", "from:cat"];
    for (more, expected, complete) in [
        (&["--max-failures", "1"][..], 3, false),
        (&["--max-failures", "2"], 6, false),
        (&["--max-failures", "3"], 9, false),
        (&["--max-failures", "4"], 10, true),
    ] {
        for threads in ["1", "4"] {
            let workplace = Workplace::new();
            write(&workplace, "in.txt", &lines);
            let more: Vec<&str> = [more, &view, &["--threads", threads]].concat();
            batch(&workplace, 3, &["in.txt"], "out", &more);
            let folder = workplace.path().join("out");
            let results = results(&folder);
            assert_eq!(results.len(), expected, "{more:?}");
            let done = results.iter().filter(|result| result["status"] == "done");
            let inputs = std::fs::read_dir(folder.join("inputs")).expect("some are done");
            assert_eq!(inputs.count(), done.count(), "{more:?}");
            let manifest = manifest(&folder);
            assert_eq!(manifest["complete"], complete, "{more:?}");
            let is_read_to_its_end = manifest["input_files"][0]["sha256"].is_string();
            assert_eq!(is_read_to_its_end, complete, "{more:?}");
        }
    }
}

#[test]
fn the_result_as_json_counts_and_lists_no_inputs() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", lines());
    let outcome = batch(&workplace, 3, &["in.txt"], "out", &["--json"]);
    let report: Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
    assert_eq!(report["counts"]["inputs"], 10);
    assert_eq!(report["counts"]["failed"], 3);
    assert_eq!(report["folder"], "out");
    assert!(report["seconds"]["work"].is_f64());
    assert!(!outcome.stdout.contains("line 4"));
}

#[test]
fn quiet_hides_no_input_that_fails() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", lines());
    let outcome = batch(&workplace, 3, &["in.txt"], "out", &["-q"]);
    assert!(outcome.stderr.contains("UTF-8"), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "");
}

#[test]
fn long_inputs_are_cut_where_that_is_asked_for() {
    let workplace = Workplace::new();
    write(
        &workplace,
        "in.txt",
        format!("short\n{}\n", "a b c ".repeat(400)),
    );
    batch(&workplace, 3, &["in.txt"], "out", &["-f", "json"]);
    let folder = workplace.path().join("out");
    assert_eq!(field(&results(&folder), "status"), ["done", "failed"]);
    batch(
        &workplace,
        0,
        &["in.txt"],
        "out",
        &["-f", "json", "--truncate", "16"],
    );
    let cut = &results(&folder)[1];
    assert_eq!(cut["tokens"].as_array().map(Vec::len), Some(16));
    assert_eq!(cut["truncated_tokens"], 1_202 - 16);
}

#[test]
fn reports_are_written_where_they_are_asked_for() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", lines());
    write(&workplace, "summary.md", "before\n");
    let mut command = workplace.command(&super::arguments(
        &["in.txt"],
        "out",
        &["--junit", "junit.xml"],
    ));
    let summary = workplace.path().join("summary.md");
    let output = command.env("GITHUB_STEP_SUMMARY", &summary).output();
    assert_eq!(crate::binary::Outcome::of(output).code, Some(3));
    let read = |name: &str| std::fs::read_to_string(workplace.path().join(name)).expect("a report");
    assert!(read("summary.md").starts_with("before\n"));
    assert!(read("summary.md").len() > "before\n".len());
    let junit = read("junit.xml");
    assert!(
        junit.contains("tests=\"10\"") && junit.contains("failures=\"3\""),
        "{junit}"
    );
}
